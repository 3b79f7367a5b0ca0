//! A Dockerfile to instructions: comments, continued lines, here-documents, and the words of a shell command.
//! Knows no instruction's meaning.

/// More instructions are no Dockerfile that somebody wrote.
const MAX_INSTRUCTIONS: usize = 10_000;

/// One instruction, on one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Instruction {
    /// 1-based, of its first line.
    pub(super) line: usize,
    /// In upper case.
    pub(super) keyword: String,
    /// Without the keyword and without the body of a here-document.
    pub(super) rest: String,
}

pub(super) fn instructions(text: &str) -> Vec<Instruction> {
    let escape = escape_of(text);
    let mut found = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((index, first)) = lines.next() {
        if is_comment(first) || first.trim().is_empty() {
            continue;
        }
        let mut whole = String::new();
        let mut part = first;
        while let Some(start) = part.trim_end().strip_suffix(escape) {
            whole.push_str(start);
            // Comments and empty lines do not end a continued instruction.
            let next = lines.find(|(_, line)| !is_comment(line) && !line.trim().is_empty());
            part = next.map_or("", |(_, line)| line);
        }
        whole.push_str(part);
        for end in here_documents(&whole) {
            let is_end = |line: &str| line.trim_start_matches('\t').trim_end() == end;
            let _body = lines.find(|(_, line)| is_end(line));
        }
        let (keyword, rest) = whole
            .trim()
            .split_once(char::is_whitespace)
            .unwrap_or((whole.trim(), ""));
        found.push(Instruction {
            line: index + 1,
            keyword: keyword.to_ascii_uppercase(),
            rest: rest.trim().to_string(),
        });
        if found.len() >= MAX_INSTRUCTIONS {
            break;
        }
    }
    found
}

/// The directive `# escape=` counts only before everything else.
fn escape_of(text: &str) -> char {
    for line in text.lines() {
        let Some(directive) = line.trim().strip_prefix('#') else {
            break;
        };
        let Some((name, value)) = directive.split_once('=') else {
            break;
        };
        if name.trim().eq_ignore_ascii_case("escape") && value.trim() == "`" {
            return '`';
        }
    }
    '\\'
}

fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with('#')
}

/// The words that end the here-documents of an instruction, in order.
fn here_documents(instruction: &str) -> Vec<String> {
    let takes_them = ["RUN", "COPY", "ADD"].iter().any(|keyword| {
        let start = instruction.trim_start().get(..keyword.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(keyword))
    });
    if !takes_them {
        return Vec::new();
    }
    let ends = instruction.split("<<").skip(1).filter_map(|rest| {
        let rest = rest.strip_prefix('-').unwrap_or(rest);
        let rest = rest.strip_prefix(['"', '\'']).unwrap_or(rest);
        let end: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        // `<<<` is a here-string, and `1<<3` a shift.
        end.starts_with(|c: char| c.is_alphabetic() || c == '_').then_some(end)
    });
    ends.collect()
}

/// The words of a shell command, quotes taken off; `&&`, `||`, `;` and `|` are words of their own.
pub(super) fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    for c in command.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), c) => word.get_or_insert_default().push(c),
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (None, '&' | '|' | ';') => {
                words.extend(word.take());
                words.push(c.to_string());
            }
            (None, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// The elements of `["a", "b"]`, or else the words of a plain list.
pub(super) fn list(rest: &str) -> Vec<String> {
    serde_json::from_str(rest).unwrap_or_else(|_| words(rest))
}

#[cfg(test)]
mod tests {
    use super::{instructions, words};

    #[test]
    fn continued_lines_comments_and_here_documents_are_one_instruction() {
        let text =
            "# escape=\\\nfrom a\nRUN one \\\n  # not this\n\n  two \\\n  three\nCOPY <<EOF /x\nUSER no\nEOF\nUser 7\n";
        let found: Vec<String> = instructions(text)
            .iter()
            .map(|i| {
                format!(
                    "{} {} {}",
                    i.line,
                    i.keyword,
                    i.rest.split_whitespace().collect::<Vec<_>>().join(" ")
                )
            })
            .collect();
        assert_eq!(
            found,
            ["2 FROM a", "3 RUN one two three", "8 COPY <<EOF /x", "11 USER 7"]
        );
    }

    #[test]
    fn the_escape_directive_changes_what_continues_a_line() {
        let found = instructions("# escape=`\nFROM a\nRUN x `\n y\nWORKDIR C:\\\nUSER 5\n");
        assert_eq!(found.iter().map(|i| i.line).collect::<Vec<_>>(), [2, 3, 5, 6]);
    }

    #[test]
    fn words_keep_what_is_quoted_together() {
        let expected = ["adduser", "--gecos", "A B", "", "app", "&", "&", "x", ";"];
        assert_eq!(words("adduser --gecos 'A B' \"\" app&&x;"), expected);
    }
}
