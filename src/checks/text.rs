//! The upstream evaluator's wording: plurals, quoted lists, and who is at fault. Decides nothing.

use std::collections::BTreeSet;

use super::check::Site;
use crate::kube::pod::Scope;

/// Who fails a check and with which values, collected in visiting order.
#[derive(Debug, Default)]
pub(super) struct Offenders<'d> {
    pod: bool,
    containers: Vec<&'d str>,
    /// Offending values, without duplicates and in byte order.
    pub(super) values: BTreeSet<&'d str>,
    pub(super) sites: Vec<Site>,
}

impl<'d> Offenders<'d> {
    /// Notes a scope and what is wrong there; a scope without sites is no offender.
    pub(super) fn add(&mut self, scope: &Scope<'_, 'd>, sites: impl IntoIterator<Item = Site>) {
        let before = self.sites.len();
        self.sites.extend(sites);
        if self.sites.len() == before {
            return;
        }
        match scope.container {
            Some(name) => self.containers.push(name),
            None => self.pod = true,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.sites.is_empty()
    }

    /// How many containers offend.
    pub(super) fn count(&self) -> usize {
        self.containers.len()
    }

    /// `container "a"`, `containers "a", "b"`.
    pub(super) fn containers(&self) -> String {
        format!(
            "{} {}",
            plural(self.count(), "container", "containers"),
            quoted(&self.containers)
        )
    }

    /// `pod and containers "a", "b"`, or the part of it that applies.
    pub(super) fn setters(&self) -> String {
        let pod = self.pod.then(|| "pod".to_string());
        let containers = (!self.containers.is_empty()).then(|| self.containers());
        pod.into_iter().chain(containers).collect::<Vec<_>>().join(" and ")
    }

    /// The offending values as a quoted list.
    pub(super) fn quoted_values(&self) -> String {
        quoted(&self.values)
    }
}

pub(super) fn plural(count: usize, one: &'static str, many: &'static str) -> &'static str {
    if count == 1 { one } else { many }
}

/// `"a", "b"`: nothing is escaped.
pub(super) fn quoted<S: AsRef<str>>(items: impl IntoIterator<Item = S>) -> String {
    let items: Vec<String> = items.into_iter().map(|item| format!("\"{}\"", item.as_ref())).collect();
    items.join(", ")
}

/// A Go string literal, as `%q` prints it: annotation values are shown so.
pub(super) fn go_literal(text: &str) -> String {
    let mut literal = String::with_capacity(text.len() + 2);
    literal.push('"');
    for c in text.chars() {
        push_escaped(&mut literal, c);
    }
    literal.push('"');
    literal
}

fn push_escaped(literal: &mut String, c: char) {
    let code = u32::from(c);
    match c {
        '"' | '\\' => literal.extend(['\\', c]),
        '\u{7}' => literal.push_str("\\a"),
        '\u{8}' => literal.push_str("\\b"),
        '\u{c}' => literal.push_str("\\f"),
        '\n' => literal.push_str("\\n"),
        '\r' => literal.push_str("\\r"),
        '\t' => literal.push_str("\\t"),
        '\u{b}' => literal.push_str("\\v"),
        c if is_printable(c) => literal.push(c),
        c if c.is_ascii() => literal.push_str(&format!("\\x{code:02x}")),
        _ if code < 0x1_0000 => literal.push_str(&format!("\\u{code:04x}")),
        _ => literal.push_str(&format!("\\U{code:08x}")),
    }
}

/// Whether Go prints a character as it is: letters, marks, numbers, punctuation, symbols and the ASCII blank. Rust
/// decides alike when it shows a string for debugging (but for characters that only the newer of both Unicode tables
/// has); the `x` is there because a combining mark is escaped at the start of a string.
fn is_printable(c: char) -> bool {
    c == '\'' || format!("x{c}").escape_debug().nth(1) != Some('\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn annotation_values_are_shown_as_go_literals() {
        let table = [
            ("", r#""""#),
            ("unconfined", r#""unconfined""#),
            ("a\"b\\c'd", r#""a\"b\\c'd""#),
            (
                "\u{7}\u{8}\u{c}\n\r\t\u{b}\0\u{1b}\u{7f}",
                r#""\a\b\f\n\r\t\v\x00\x1b\x7f""#,
            ),
            ("é日\u{1f600}\u{301} ", "\"é日\u{1f600}\u{301} \""),
            (
                "\u{a0}\u{ad}\u{200b}\u{2028}\u{e000}\u{10ffff}",
                r#""\u00a0\u00ad\u200b\u2028\ue000\U0010ffff""#,
            ),
        ];
        for (text, wanted) in table {
            assert_eq!(go_literal(text), wanted);
        }
    }
}
