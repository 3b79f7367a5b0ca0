//! Plain text in columns and paragraphs, for a terminal of ordinary width.

/// Lines are not longer where words allow it.
const WIDTH: usize = 96;

/// Words of `text` in lines that start at `indent`; the first line has `head` there in place of blanks, which pushes
/// the rest to the right if it is longer.
pub(super) fn paragraph(head: &str, indent: usize, text: &str) -> String {
    let mut out = String::new();
    let mut line = format!("{head:indent$}");
    if head.chars().count() >= indent && !head.is_empty() {
        line.push(' ');
    }
    let mut filled = false;
    for word in text.split_whitespace() {
        if filled && line.chars().count() + 1 + word.chars().count() > WIDTH {
            out.push_str(line.trim_end());
            out.push('\n');
            line = " ".repeat(indent);
            filled = false;
        }
        if filled {
            line.push(' ');
        }
        line.push_str(word);
        filled = true;
    }
    out.push_str(line.trim_end());
    out.push('\n');
    out
}

/// Rows with columns as wide as their longest cell; the last one is not filled up.
pub(super) fn columns(rows: &[Vec<String>]) -> String {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..count).map(width).collect();
    let mut out = String::new();
    for row in rows {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        out.push_str(cells.join("  ").trim_end());
        out.push('\n');
    }
    out
}

/// A Markdown table; bars in cells are escaped.
pub(super) fn markdown(head: &[&str], rows: &[Vec<String>]) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut out = line(head.iter().map(ToString::to_string).collect());
    out.push_str(&line(head.iter().map(|_| "---".to_string()).collect()));
    for row in rows {
        out.push_str(&line(row.iter().map(|cell| cell.replace('|', "\\|")).collect()));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_break_between_words_and_keep_their_indent() {
        let text = "word ".repeat(40);
        let out = paragraph("head", 8, &text);
        assert!(out.starts_with("head    word word"));
        assert!(out.lines().all(|line| line.chars().count() <= WIDTH));
        assert!(out.lines().skip(1).all(|line| line.starts_with("        word")));
        assert_eq!(out.split_whitespace().count(), 41);
        assert_eq!(paragraph("longer head", 4, "x"), "longer head x\n");
        assert_eq!(paragraph("", 2, "x"), "  x\n");
    }

    #[test]
    fn columns_are_as_wide_as_needed() {
        let row = |cells: [&str; 2]| cells.map(String::from).to_vec();
        assert_eq!(columns(&[row(["a", "b"]), row(["long", "c"])]), "a     b\nlong  c\n");
    }
}
