//! The unified diff that `git apply` and GNU `patch -p1` both take. Compares texts; knows nothing of manifests.

use std::io::Write;
use std::path::Path;

use similar::udiff::UnifiedHunkHeader;
use similar::{Algorithm, DiffOp, DiffTag, capture_diff_slices, group_diff_ops};

use super::paint::{Paint, Role};

/// Unchanged lines shown around a change, as `diff -u` and git do.
const CONTEXT_LINES: usize = 3;

/// The diff of one file: two header lines and the hunks; empty where the texts are equal.
///
/// `name` is the path in the headers, below the folder in which the diff is to be applied. There is no `diff --git`
/// line: with one, `git apply` would take the path from the top of the repository instead of from the working directory.
pub fn unified(name: &Path, old: &str, new: &str, paint: Paint) -> Vec<u8> {
    let old_lines: Vec<&str> = old.split_inclusive('\n').collect();
    let new_lines: Vec<&str> = new.split_inclusive('\n').collect();
    // Bounded work on any input: 40 MB with 200,000 edits take three seconds.
    let ops = capture_diff_slices(Algorithm::Myers, &old_lines, &new_lines);
    let mut out = Vec::new();
    for hunk in group_diff_ops(ops, CONTEXT_LINES) {
        if hunk.iter().all(|op| op.tag() == DiffTag::Equal) {
            continue;
        }
        if out.is_empty() {
            paint.line(&mut out, Role::Heading, &header("--- ", "a/", name));
            paint.line(&mut out, Role::Heading, &header("+++ ", "b/", name));
        }
        write_hunk(&mut out, &hunk, &old_lines, &new_lines, paint);
    }
    out
}

fn write_hunk(out: &mut Vec<u8>, hunk: &[DiffOp], old: &[&str], new: &[&str], paint: Paint) {
    paint.line(out, Role::Position, UnifiedHunkHeader::new(hunk).to_string().as_bytes());
    for op in hunk {
        let (tag, old_range, new_range) = op.as_tag_tuple();
        let removed = old.get(old_range).unwrap_or_default();
        if tag == DiffTag::Equal {
            write_lines(out, b' ', removed, paint);
            continue;
        }
        write_lines(out, b'-', removed, paint);
        write_lines(out, b'+', new.get(new_range).unwrap_or_default(), paint);
    }
}

fn write_lines(out: &mut Vec<u8>, sign: u8, lines: &[&str], paint: Paint) {
    let role = match sign {
        b'-' => Role::Removed,
        b'+' => Role::Added,
        _ => Role::Plain,
    };
    for line in lines {
        let body = line.strip_suffix('\n');
        let mut text = vec![sign];
        text.extend_from_slice(body.unwrap_or(line).as_bytes());
        paint.line(out, role, &text);
        if body.is_none() {
            out.extend_from_slice(b"\\ No newline at end of file\n");
        }
    }
}

/// One header line without its newline, the path spelled as git spells it: quoted like a C string where a byte asks
/// for it, else followed by a tab where it holds a space (without which `patch` would cut the name there).
fn header(mark: &str, side: &str, name: &Path) -> Vec<u8> {
    let mut path = side.as_bytes().to_vec();
    path.extend(
        name.as_os_str()
            .as_encoded_bytes()
            .iter()
            .map(|&b| if b == b'\\' && cfg!(windows) { b'/' } else { b }),
    );
    let mut line = mark.as_bytes().to_vec();
    // `patch` drops spaces at the end of an unquoted name even before a tab.
    if path.iter().any(|&byte| escape(byte).is_some()) || path.ends_with(b" ") {
        line.push(b'"');
        for &byte in &path {
            match escape(byte) {
                Some(escaped) => line.extend_from_slice(&escaped),
                None => line.push(byte),
            }
        }
        line.push(b'"');
    } else {
        line.extend_from_slice(&path);
    }
    if path.contains(&b' ') {
        line.push(b'\t');
    }
    line
}

/// How git writes this byte inside a quoted path; `None` if as itself.
fn escape(byte: u8) -> Option<Vec<u8>> {
    let letter = match byte {
        7 => b'a',
        8 => b'b',
        b'\t' => b't',
        b'\n' => b'n',
        11 => b'v',
        12 => b'f',
        b'\r' => b'r',
        b'"' | b'\\' => byte,
        0..=31 | 127.. => {
            let mut octal = Vec::with_capacity(4);
            // Writing to a vector cannot fail.
            let _ = write!(octal, "\\{byte:03o}");
            return Some(octal);
        }
        _ => return None,
    };
    Some(vec![b'\\', letter])
}
