//! Writes a tree down as YAML in a random layout. Knows what it wrote: the comments, and whether all is block style.

use crate::choices::Choices;

/// A document without layout. Scalars are as written, plain.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Tree {
    Map(Vec<(&'static str, Tree)>),
    List(Vec<Tree>),
    Scalar(String),
    /// `|` with these lines.
    Block(Vec<&'static str>),
    /// A key without a value.
    Nothing,
}

pub(crate) fn scalar(text: &str) -> Tree {
    Tree::Scalar(text.to_string())
}

pub(crate) struct Written {
    pub(crate) text: String,
    /// In order, each of them different.
    pub(crate) comments: Vec<String>,
    pub(crate) has_flow: bool,
}

pub(crate) struct Layout<'c, 'b> {
    choices: &'c mut Choices<'b>,
    step: usize,
    dash: usize,
    gap: usize,
    /// One in so many collections is written in flow style; 0 for none.
    flow: usize,
    /// One in so many lines has a comment; 0 for none.
    comment: usize,
    eol: &'static str,
    written: Written,
}

impl<'c, 'b> Layout<'c, 'b> {
    pub(crate) fn random(choices: &'c mut Choices<'b>) -> Layout<'c, 'b> {
        let step = choices.of(&[2, 4, 3, 1]);
        Layout {
            step,
            dash: choices.of(&[0, step]),
            gap: choices.of(&[2, 2, 4, 3]),
            flow: choices.of(&[0, 0, 5, 2]),
            comment: choices.of(&[0, 6, 3]),
            eol: choices.of(&["\n", "\n", "\r\n"]),
            choices,
            written: Written {
                text: String::new(),
                comments: Vec::new(),
                has_flow: false,
            },
        }
    }

    /// Several documents after one another.
    pub(crate) fn write(mut self, documents: &[Tree]) -> Written {
        for (i, document) in documents.iter().enumerate() {
            if i > 0 || self.choices.rarely(3) {
                self.push("---");
                self.end_line();
            }
            self.own_lines(0);
            self.inside(document, 0);
            self.own_lines(0);
        }
        if self.choices.rarely(3) {
            let end = self.written.text.trim_end_matches(['\r', '\n']).len();
            // A block of text loses its last line end with it.
            self.written.text.truncate(end);
        }
        self.written
    }

    fn push(&mut self, text: &str) {
        self.written.text.push_str(text);
    }

    fn new_comment(&mut self) -> String {
        let tail = self
            .choices
            .of(&["", " - x", ": y", " é", " {{ a }}", "  \"", " # two"]);
        let comment = format!("# c{}c{tail}", self.written.comments.len());
        self.written.comments.push(comment.clone());
        comment
    }

    fn has_comment(&mut self) -> bool {
        self.comment > 0 && self.choices.rarely(self.comment)
    }

    fn end_line(&mut self) {
        if self.has_comment() {
            // kubectl takes no tab behind a dash.
            let tab = if self.written.text.ends_with('-') { " " } else { "\t" };
            let gap = self.choices.of(&[" ", "   ", tab]);
            let comment = self.new_comment();
            self.push(gap);
            self.push(&comment);
        } else if self.choices.rarely(30) {
            self.push("  ");
        }
        self.push(self.eol);
    }

    /// Blank lines and comments on lines of their own, at this column or near it.
    fn own_lines(&mut self, column: usize) {
        while self.has_comment() {
            if self.choices.rarely(3) {
                self.push(self.eol);
            }
            let column = (column + self.choices.of(&[2, 2, 4, 0])).saturating_sub(2);
            let comment = self.new_comment();
            self.push(&" ".repeat(column));
            self.push(&comment);
            self.push(self.eol);
        }
    }

    fn key(&mut self, key: &str) {
        let quote = self.choices.of(&["", "", "", "", "", "\"", "'"]);
        self.push(&format!("{quote}{key}{quote}:"));
    }

    /// Lines of a collection whose keys or dashes stand at `column`.
    fn inside(&mut self, tree: &Tree, column: usize) {
        match tree {
            Tree::Map(entries) => {
                for (i, (key, value)) in entries.iter().enumerate() {
                    if i > 0 {
                        self.own_lines(column);
                    }
                    self.push(&" ".repeat(column));
                    self.entry(key, value, column);
                }
            }
            Tree::List(items) => {
                for item in items {
                    self.own_lines(column);
                    self.push(&" ".repeat(column));
                    self.item(item, column);
                }
            }
            _ => unreachable!("only collections have an inside"),
        }
    }

    fn entry(&mut self, key: &str, value: &Tree, column: usize) {
        self.key(key);
        match value {
            Tree::Nothing => self.end_line(),
            Tree::Block(lines) => self.block(lines, column + self.step),
            Tree::Map(entries) if !entries.is_empty() && !self.in_flow() => {
                self.end_line();
                self.own_lines(column + self.step);
                self.inside(value, column + self.step);
            }
            Tree::List(items) if !items.is_empty() && !self.in_flow() => {
                self.end_line();
                self.inside(value, column + self.dash);
            }
            _ => {
                self.push(" ");
                self.flow_value(value, column);
                self.end_line();
            }
        }
    }

    fn item(&mut self, item: &Tree, column: usize) {
        self.push("-");
        let below = column + self.gap;
        match item {
            Tree::Map(entries) if !entries.is_empty() && !self.in_flow() => {
                if self.choices.rarely(12) {
                    self.end_line();
                    self.own_lines(below);
                    self.push(&" ".repeat(below));
                } else {
                    self.push(&" ".repeat(self.gap - 1));
                }
                for (i, (key, value)) in entries.iter().enumerate() {
                    if i > 0 {
                        self.own_lines(below);
                        self.push(&" ".repeat(below));
                    }
                    self.entry(key, value, below);
                }
            }
            Tree::Block(lines) => self.block(lines, below),
            Tree::Nothing => self.end_line(),
            _ => {
                self.push(&" ".repeat(self.gap - 1));
                self.flow_value(item, column);
                self.end_line();
            }
        }
    }

    fn in_flow(&mut self) -> bool {
        let flow = self.flow > 0 && self.choices.rarely(self.flow);
        self.written.has_flow |= flow;
        flow
    }

    fn block(&mut self, lines: &[&str], column: usize) {
        let header = self.choices.of(&["|", "|-", "|+", ">"]);
        self.push(&format!(" {header}"));
        self.end_line();
        for line in lines {
            if !line.is_empty() {
                self.push(&" ".repeat(column));
                self.push(line);
            }
            self.push(self.eol);
        }
    }

    fn flow_value(&mut self, value: &Tree, column: usize) {
        match value {
            Tree::Scalar(text) => self.scalar(text),
            Tree::Nothing => self.push("null"),
            Tree::Block(lines) => {
                let text = lines.join(" ").replace(['"', '\\'], "");
                self.push(&format!("\"{text}\""));
            }
            Tree::Map(entries) => {
                let many = !entries.is_empty() && self.choices.rarely(3);
                self.bracketed('{', '}', entries.len(), column, many, |layout, i| {
                    let (key, value) = &entries[i];
                    layout.key(key);
                    layout.push(" ");
                    layout.flow_value(value, column + layout.step);
                });
            }
            Tree::List(items) => {
                let many = !items.is_empty() && self.choices.rarely(3);
                self.bracketed('[', ']', items.len(), column, many, |layout, i| {
                    layout.flow_value(&items[i], column + layout.step);
                });
            }
        }
    }

    fn bracketed(
        &mut self,
        open: char,
        close: char,
        count: usize,
        column: usize,
        many_lines: bool,
        mut write: impl FnMut(&mut Self, usize),
    ) {
        let (comma, inner) = (self.choices.of(&[", ", ", ", " , "]), column + self.step);
        self.push(&open.to_string());
        for i in 0..count {
            if many_lines {
                self.end_line();
                self.own_lines(inner);
                self.push(&" ".repeat(inner));
            }
            write(self, i);
            if i + 1 < count {
                self.push(if many_lines { "," } else { comma });
            }
        }
        if many_lines {
            if self.choices.rarely(2) {
                self.push(",");
            }
            self.end_line();
            // At the parent's column or deeper.
            let back = self.choices.of(&[column, column, inner]);
            self.push(&" ".repeat(back));
        }
        self.push(&close.to_string());
    }

    fn scalar(&mut self, text: &str) {
        let typed = text.parse::<f64>().is_ok() || matches!(text, "true" | "false" | "null" | "~" | "yes");
        let quote = if typed {
            ""
        } else {
            self.choices.of(&["", "", "\"", "'"])
        };
        self.push(&format!("{quote}{text}{quote}"));
    }
}
