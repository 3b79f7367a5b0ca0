//! The comment at the end of a line that marks its values, however people spell it: blanks and capitals do not count.
//! What it means and which values it may mark, others know.

/// What stands on a line, or on the rest of one, before a last comment that is the marker; `None` where it is not.
pub fn without_marker<'t>(line: &'t str, marker: &str) -> Option<&'t str> {
    let (head, comment) = line.rsplit_once('#')?;
    let letters = |text: &'t str| {
        text.bytes()
            .filter(|b| !b.is_ascii_whitespace())
            .map(|b| b.to_ascii_lowercase())
    };
    let marker = marker.bytes().filter(|b| !b.is_ascii_whitespace());
    let starts_comment = head.is_empty() || head.ends_with([' ', '\t']);
    (starts_comment && letters(comment).eq(marker)).then_some(head)
}

#[cfg(test)]
mod tests {
    use super::without_marker;

    #[test]
    fn blanks_and_capitals_do_not_count() {
        let table = [
            (" # harden: assumed", Some(" ")),
            (" #harden:assumed  ", Some(" ")),
            (" # Harden: Assumed\t", Some(" ")),
            ("#  harden :assumed", Some("")),
            ("}, # why # harden: assumed", Some("}, # why ")),
            (" # harden: assumed (note)", None),
            (" # harden: assumed, or not", None),
            (" # not harden: assumed", None),
            ("a# harden: assumed", None),
            (" harden: assumed", None),
            ("", None),
        ];
        for (line, wanted) in table {
            assert_eq!(without_marker(line, "harden: assumed"), wanted, "{line:?}");
        }
    }
}
