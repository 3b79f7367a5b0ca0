//! Reads shell scripts as far as it takes to see which programs they start: words, quotes, comments, here-documents,
//! and commands whose failure is forgiven (`|| true`). Runs and expands nothing.

use std::iter::Peekable;
use std::str::Chars;

/// The words of one simple command.
pub(super) type Command = Vec<String>;

/// The simple commands of a script in their order, without those whose failure is forgiven. What stands in quotes is
/// text, also where a shell would run `$(...)` in it.
pub(super) fn commands(script: &str) -> Vec<Command> {
    let mut reader = Reader {
        rest: script.chars().peekable(),
        word: None,
        command: Vec::new(),
        chain: Vec::new(),
        done: Vec::new(),
        heredocs: Vec::new(),
    };
    while let Some(c) = reader.rest.next() {
        reader.take(c);
    }
    reader.end_chain();
    reader.done
}

struct Reader<'s> {
    rest: Peekable<Chars<'s>>,
    word: Option<String>,
    command: Command,
    /// Commands joined by `&&`: a `||` behind them forgives them all.
    chain: Vec<Command>,
    done: Vec<Command>,
    /// Words that end the here-documents which begin on the next line.
    heredocs: Vec<String>,
}

impl Reader<'_> {
    fn take(&mut self, c: char) {
        match c {
            '\\' => match self.rest.next() {
                Some('\n') | None => self.end_word(),
                Some(escaped) => self.push(escaped),
            },
            '\'' | '"' => self.quoted(c),
            '#' if self.word.is_none() => while self.rest.next_if(|c| *c != '\n').is_some() {},
            '$' if self.rest.peek() == Some(&'{') => self.parameter(),
            '<' if self.rest.next_if_eq(&'<').is_some() => self.heredoc(),
            '\n' => {
                self.end_chain();
                self.skip_heredocs();
            }
            ';' | '(' | ')' | '`' => self.end_chain(),
            '&' if self.rest.next_if_eq(&'&').is_some() => self.end_command(),
            '|' if self.rest.next_if_eq(&'|').is_some() => self.forgive(),
            // `2>&1` and `&>file` name no command.
            '&' if self.word.as_ref().is_some_and(|w| w.ends_with('>')) || self.rest.peek() == Some(&'>') => {
                self.push(c)
            }
            '&' | '|' => self.end_chain(),
            c if c.is_whitespace() => self.end_word(),
            c => self.push(c),
        }
    }

    fn push(&mut self, c: char) {
        self.word.get_or_insert_default().push(c);
    }

    fn quoted(&mut self, quote: char) {
        self.word.get_or_insert_default();
        while let Some(c) = self.rest.next() {
            match c {
                c if c == quote => return,
                '\\' if quote == '"' => self.rest.next().into_iter().for_each(|c| self.push(c)),
                c => self.push(c),
            }
        }
    }

    /// `${NAME}`, whose braces are no group of commands.
    fn parameter(&mut self) {
        self.push('$');
        while let Some(c) = self.rest.next() {
            self.push(c);
            if c == '}' {
                return;
            }
        }
    }

    /// `<<WORD`, `<<-'WORD'`; `<<<` is a word of text.
    fn heredoc(&mut self) {
        self.end_word();
        if self.rest.next_if_eq(&'<').is_some() {
            return;
        }
        while self.rest.next_if(|c| matches!(c, '-' | ' ')).is_some() {}
        let mut end = String::new();
        while let Some(c) = self.rest.next_if(|c| !c.is_whitespace() && !";|&)".contains(*c)) {
            end.push(c);
        }
        self.heredocs.push(end.replace(['\'', '"', '\\'], ""));
    }

    fn skip_heredocs(&mut self) {
        for end in std::mem::take(&mut self.heredocs) {
            loop {
                let mut line = String::new();
                while let Some(c) = self.rest.next_if(|c| *c != '\n') {
                    line.push(c);
                }
                if self.rest.next().is_none() || line.trim() == end {
                    break;
                }
            }
        }
    }

    fn end_word(&mut self) {
        self.command.extend(self.word.take());
    }

    fn end_command(&mut self) {
        self.end_word();
        if !self.command.is_empty() {
            self.chain.push(std::mem::take(&mut self.command));
        }
    }

    fn end_chain(&mut self) {
        self.end_command();
        self.done.append(&mut self.chain);
    }

    /// `|| exit 1` forgives nothing.
    fn forgive(&mut self) {
        self.end_command();
        let next: String = self.rest.clone().take_while(|c| !";|&)\n".contains(*c)).collect();
        let mut words = next.split_whitespace();
        let gives_up = match words.next() {
            Some("exit" | "return") => words.next() != Some("0"),
            first => first == Some("false"),
        };
        if !gives_up {
            self.chain.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::commands;

    #[test]
    fn giving_up_forgives_nothing() {
        let table: [(&str, &[&str]); 4] = [
            ("a || exit 1; b", &["a", "exit 1", "b"]),
            ("a && b || return", &["a", "b", "return"]),
            ("a || exit 0", &["exit 0"]),
            ("a || false", &["a", "false"]),
        ];
        for (script, wanted) in table {
            let found: Vec<String> = commands(script).iter().map(|words| words.join(" ")).collect();
            assert_eq!(found, wanted, "{script:?}");
        }
    }

    #[test]
    fn scripts_fall_into_their_simple_commands() {
        let table: [(&str, &[&str]); 16] = [
            ("a b; c", &["a b", "c"]),
            ("a && b || true; c", &["true", "c"]),
            ("a || b", &["b"]),
            ("a | b & c", &["a", "b", "c"]),
            ("echo 'x; y' \"p && \\\" q\"", &["echo x; y p && \" q"]),
            ("a \\\n  b\nc", &["a b", "c"]),
            ("# a; b\nc # d", &["c"]),
            ("x#y", &["x#y"]),
            ("x=$(a b)", &["x=$", "a b"]),
            ("cp ${A;B} c", &["cp ${A;B} c"]),
            ("cat <<EOF > f; b\nrm x\nEOF\nc", &["cat > f", "b", "c"]),
            ("cat <<-'E'\n\trm x\n\tE\nc", &["cat", "c"]),
            ("cat <<< x; b", &["cat x", "b"]),
            ("a 2>&1 b", &["a 2>&1 b"]),
            ("cat <<EOF\nnever ends", &["cat"]),
            ("'never ends; x", &["never ends; x"]),
        ];
        for (script, wanted) in table {
            let found: Vec<String> = commands(script).iter().map(|words| words.join(" ")).collect();
            assert_eq!(found, wanted, "{script:?}");
        }
    }
}
