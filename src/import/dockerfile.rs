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
    /// The body of a here-document that `RUN` executes, its lines parted by semicolons.
    pub(super) script: String,
}

pub(super) fn instructions(text: &str) -> Vec<Instruction> {
    let text = text.trim_start_matches('\u{feff}');
    let escape = escape_of(text);
    let mut found = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((index, first)) = lines.next() {
        if is_comment(first) || first.trim().is_empty() {
            continue;
        }
        let mut whole = String::new();
        let mut part = first;
        while let Some(start) = continued(part, escape) {
            whole.push_str(start);
            // Comments and empty lines do not end a continued instruction.
            let next = lines.find(|(_, line)| !is_comment(line) && !line.trim().is_empty());
            part = next.map_or("", |(_, line)| line);
        }
        whole.push_str(part);
        let mut script = Vec::new();
        for HereDocument {
            end,
            indented,
            executed,
        } in here_documents(&whole)
        {
            let unindented = |line: &'_ str| line.trim_start_matches('\t').to_string();
            let body = lines
                .by_ref()
                .map(|(_, line)| if indented { unindented(line) } else { line.to_string() });
            let body: Vec<String> = body.take_while(|line| *line != end).collect();
            if executed {
                script.extend(body);
            }
        }
        let (keyword, rest) = whole
            .trim()
            .split_once(char::is_whitespace)
            .unwrap_or((whole.trim(), ""));
        found.push(Instruction {
            line: index + 1,
            keyword: keyword.to_ascii_uppercase(),
            rest: rest.trim().to_string(),
            script: joined(&script, escape),
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

/// The line without the character that continues it on the next; two of them are one that does not.
fn continued(line: &str, escape: char) -> Option<&str> {
    let start = line.trim_end().strip_suffix(escape)?;
    (!start.ends_with(escape)).then_some(start)
}

/// A script on one line.
fn joined(lines: &[String], escape: char) -> String {
    let mut script = String::new();
    for line in lines.iter().filter(|line| !is_comment(line)) {
        match continued(line, escape) {
            Some(start) => script.push_str(start),
            None => {
                script.push_str(line);
                script.push(';');
            }
        }
    }
    script
}

struct HereDocument {
    /// The line that ends it.
    end: String,
    /// `<<-`: tabs before its lines do not count.
    indented: bool,
    /// Whether its body is what `RUN` executes, and not the input of a command.
    executed: bool,
}

/// The here-documents of an instruction, in order. As Docker sees it: a word that starts with `<<`.
fn here_documents(instruction: &str) -> Vec<HereDocument> {
    let words = words(instruction);
    let keyword = words.first().map_or(String::new(), |word| word.to_ascii_uppercase());
    if !["RUN", "COPY", "ADD"].contains(&keyword.as_str()) {
        return Vec::new();
    }
    let is_flag = |word: &&String| word.starts_with("--");
    let command = words.iter().skip(1).find(|word| !is_flag(word));
    let documents = words.iter().filter_map(|word| {
        let behind = word
            .trim_start_matches(|c: char| c.is_ascii_digit())
            .strip_prefix("<<")?;
        let end = behind.strip_prefix('-').unwrap_or(behind);
        // `<<<` is a here-string.
        (!end.is_empty() && !end.contains('<')).then(|| HereDocument {
            end: end.to_string(),
            indented: behind.starts_with('-'),
            executed: keyword == "RUN" && command == Some(word),
        })
    });
    documents.collect()
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
    fn only_words_of_their_own_start_here_documents() {
        let lines = |text: &str| instructions(text).iter().map(|i| i.line).collect::<Vec<_>>();
        for run in [
            "echo $((1<<n))",
            "echo \"a <<EOF\"",
            "cat <<<EOF",
            "echo a << EOF",
            "echo a \\\\",
        ] {
            assert_eq!(lines(&format!("FROM a\nRUN {run}\nUSER 7\n")), [1, 2, 3], "{run}");
        }
        for run in ["cat <<'EOF' > /x", "cat <<-EOF", "--mount=type=x <<EOF sh"] {
            assert_eq!(
                lines(&format!("FROM a\nRUN {run}\nUSER 0\nEOF\nUSER 7\n")),
                [1, 2, 5],
                "{run}"
            );
        }
        assert_eq!(lines("FROM a\nRUN cat <<EOF\n\tEOF\nEOF\nUSER 7\n"), [1, 2, 5]);
    }

    #[test]
    fn a_body_is_a_script_where_run_executes_it() {
        let script = |text: &str| instructions(text).iter().map(|i| i.script.clone()).collect::<String>();
        assert_eq!(script("RUN <<EOF\n# no\none \\\n two\nthree\nEOF\n"), "one  two;three;");
        assert_eq!(
            script("RUN cat <<EOF\none\nEOF\n") + &script("COPY <<EOF /x\none\nEOF\n"),
            ""
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
