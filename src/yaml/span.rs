//! Where things end. yaml-rust2's events say where a node starts; these functions find its end (and the start of
//! what is not written or hides behind a header) in the bytes. All offsets are relative to the document's text and
//! every function answers `None` rather than guess.

/// The lens: one `char` per byte, so that the parser's indices are byte offsets.
pub(super) const LENS: char = '\u{7f}';

pub(super) fn lens(byte: u8) -> char {
    if byte.is_ascii() { char::from(byte) } else { LENS }
}

/// Whether `value` is what the text says at an offset. A value with a lens character never is: the gate has refused it.
pub(super) fn stands_at(text: &str, at: usize, value: &str) -> bool {
    text.as_bytes()
        .get(at..)
        .is_some_and(|rest| rest.starts_with(value.as_bytes()))
}

/// End of a plain scalar that starts at `start` and reads `value` under the lens. Over several lines, the value's
/// characters are walked along the source: line folding only changes blanks.
pub(super) fn plain(text: &str, start: usize, value: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = start;
    for wanted in value.chars().filter(|c| !is_blank(*c)) {
        while bytes.get(at).is_some_and(|b| is_blank(char::from(*b))) {
            at += 1;
        }
        if lens(*bytes.get(at)?) != wanted {
            return None;
        }
        at += 1;
    }
    Some(at)
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

/// End of `'...'`, where `''` is a quote.
pub(super) fn single_quoted(text: &str, start: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = start + 1;
    loop {
        at += memchr::memchr(b'\'', bytes.get(at..)?)?;
        if bytes.get(at + 1) != Some(&b'\'') {
            return Some(at + 1);
        }
        at += 2;
    }
}

/// End of `"..."`, where a backslash escapes.
pub(super) fn double_quoted(text: &str, start: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = start + 1;
    loop {
        at += memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes.get(at) == Some(&b'"') {
            return Some(at + 1);
        }
        at += 2;
    }
}

/// Span of a `|` or `>` scalar, header included, whose header stands after `from`. Ends before the line end of the
/// last line that is content: blank lines count only where the value keeps them (`+`).
pub(super) fn block_scalar(text: &str, from: usize, value: &str) -> Option<(usize, usize)> {
    let start = content_after(text, from);
    if !matches!(text.as_bytes().get(start)?, b'|' | b'>') {
        return None;
    }
    let header_end = line_end(text, start);
    let keeps = text.get(start..header_end)?.split('#').next()?.contains('+');
    let first_content = value.trim_start_matches('\n');
    let mut end = header_end;
    let mut indent = None;
    let mut next = after_line_end(text, header_end);
    while next < text.len() {
        let stop = line_end(text, next);
        let line = text.get(next..stop)?;
        let spaces = line.bytes().take_while(|b| *b == b' ').count();
        let blank = line.trim_end_matches('\r').trim_start_matches(' ').is_empty();
        if !blank && indent.is_none() && !first_content.is_empty() {
            indent = Some(spaces.checked_sub(first_content.bytes().take_while(|b| *b == b' ').count())?);
        }
        let content = match indent {
            Some(indent) => spaces >= indent && !blank || blank && spaces > indent,
            None => false,
        };
        if content || blank && keeps {
            end = stop - usize::from(line.ends_with('\r'));
        } else if !blank {
            break;
        }
        next = after_line_end(text, stop);
    }
    Some((start, end))
}

/// The value of a block scalar. At the end of a text yaml-rust2 adds a line end to it that is not there.
pub(super) fn block_value<'v>(text: &str, (start, end): (usize, usize), value: &'v str) -> &'v str {
    let header_end = line_end(text, start);
    if value.bytes().all(|b| b == b'\n') {
        let body = after_line_end(text, header_end)..after_line_end(text, line_end(text, end));
        let body = text.get(body).filter(|_| end > header_end).unwrap_or("");
        let kept = body.bytes().filter(|b| *b == b'\n').count();
        return value.get(..kept).unwrap_or(value);
    }
    if end == text.len() {
        return value.strip_suffix('\n').unwrap_or(value);
    }
    let header = text.get(start..header_end).unwrap_or("");
    if header.split('#').next().unwrap_or("").contains('+') {
        return value;
    }
    let content = value.trim_end_matches('\n').len();
    value.get(..content + 1).unwrap_or(value)
}

/// Offset of the first byte of content at or after `from`: past blanks, line ends, comments, anchor and tag.
pub(super) fn content_after(text: &str, from: usize) -> usize {
    let bytes = text.as_bytes();
    let mut at = from;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => at += 1,
            b'&' | b'!' => at += bytes.iter().skip(at).take_while(|b| !b.is_ascii_whitespace()).count(),
            b'#' => at = line_end(text, at),
            _ => break,
        }
    }
    at
}

/// The closing bracket at `at`, or behind the trailing comma that the parser's marker names instead.
pub(super) fn closing_bracket(text: &str, at: usize) -> usize {
    match text.as_bytes().get(at) {
        Some(b',') => content_after(text, at + 1),
        _ => at,
    }
}

/// Offset of the anchor of the node that starts at `start`; `start` where there is none.
pub(super) fn anchor(text: &str, start: usize) -> usize {
    let head = text.get(..start).unwrap_or("");
    // The first one with nothing but what may stand between: a comment may hold another.
    let mut signs = head.match_indices('&').map(|(at, _)| at);
    signs.find(|at| content_after(text, *at) == start).unwrap_or(start)
}

/// End of `*name`.
pub(super) fn alias(text: &str, start: usize) -> usize {
    let name = text.as_bytes().get(start..).unwrap_or_default();
    let ends = |b: &u8| b.is_ascii_whitespace() || matches!(b, b',' | b']' | b'}' | b'[' | b'{');
    start + name.iter().take_while(|b| !ends(b)).count()
}

/// Just after the colon that follows a key, or the key's end where there is none (`? key`, `{key}`).
pub(super) fn after_colon(text: &str, key_end: usize) -> usize {
    let bytes = text.as_bytes();
    let blanks = bytes
        .get(key_end..)
        .unwrap_or_default()
        .iter()
        .take_while(|b| is_blank(char::from(**b)))
        .count();
    if bytes.get(key_end + blanks) == Some(&b':') {
        key_end + blanks + 1
    } else {
        key_end
    }
}

/// Just after the `-` that starts the item at or after `from`; `from` where there is none.
pub(super) fn after_dash(text: &str, from: usize) -> usize {
    let at = content_after(text, from);
    if text.as_bytes().get(at) == Some(&b'-') {
        at + 1
    } else {
        from
    }
}

/// The value as it is in the source: each lens character replaced by the next non-ASCII character of `source`.
/// A value without one is returned as it is. `None` where the counts differ.
pub(super) fn rebuild(value: &str, source: &str) -> Option<Box<str>> {
    if !value.contains(LENS) {
        return Some(value.into());
    }
    let mut rest = source.chars().filter(|c| !c.is_ascii());
    let mut rebuilt = String::with_capacity(value.len());
    let mut characters = value.chars().peekable();
    while let Some(c) = characters.next() {
        if c != LENS {
            rebuilt.push(c);
            continue;
        }
        let original = rest.next()?;
        for _ in 1..original.len_utf8() {
            characters.next_if_eq(&LENS)?;
        }
        rebuilt.push(original);
    }
    rest.next().is_none().then(|| rebuilt.into_boxed_str())
}

/// Start of the line of an offset.
pub(super) fn line_start(text: &str, at: usize) -> usize {
    let before = text.as_bytes().get(..at).unwrap_or_default();
    memchr::memrchr(b'\n', before).map_or(0, |i| i + 1)
}

/// Offset of the line feed that ends the line of `at`, or the text's end.
pub(super) fn line_end(text: &str, at: usize) -> usize {
    let after = text.as_bytes().get(at..).unwrap_or_default();
    memchr::memchr(b'\n', after).map_or(text.len(), |i| at + i)
}

/// Start of the next line, or the text's end.
pub(super) fn after_line_end(text: &str, line_end: usize) -> usize {
    (line_end + 1).min(text.len())
}
