//! The proof is fed rewrites that went wrong, one damage at a time: each must be refused, and for the right reason.

use super::{Doubt, EditedDocument, untouched_elsewhere, verify};
use crate::yaml::{Change, Chunk, Edit, FieldPath, Value, parse, split};

const MARKER: &str = "harden: assumed";

const OLD: &str = "\
# what it is
kind: X
text: \"1\" # why
list:
- a
- b
map:
  x: 1
  # about y
  y: yes
";

/// `OLD` with `map.z: true`, as it should be.
const NEW: &str = "\
# what it is
kind: X
text: \"1\" # why
list:
- a
- b
map:
  x: 1
  # about y
  y: yes
  z: true
";

fn z_is_true() -> Change {
    Change {
        path: FieldPath::keys(&["map", "z"]),
        to: Some(Value::Bool(true)),
        comment: None,
    }
}

/// A text as a whole file of one document.
fn document(text: &str) -> Chunk<'_> {
    Chunk {
        text,
        offset: 0,
        line: 1,
        content_on_separator: false,
        whole: true,
    }
}

/// What the proof says of a rewrite: `None` where it is content.
fn doubt(old: &str, changes: &[Change], edits: &[Edit], new: &str) -> Option<Doubt> {
    let old = parse(&document(old)).expect(old);
    let new = parse(&document(new)).expect(new);
    let edited = EditedDocument {
        old: &old,
        changes,
        edits,
    };
    verify(&edited, &new, MARKER).err()
}

/// The words of a doubt about the new text.
fn defect(old: &str, changes: &[Change], edits: &[Edit], new: &str) -> Option<String> {
    match doubt(old, changes, edits, new)? {
        Doubt::Mismatch { what, .. } => Some(what),
        old_text => panic!("{new:?}: doubts the old text: {old_text:?}"),
    }
}

fn edit(start: usize, end: usize, text: &str) -> Edit {
    Edit {
        start,
        end,
        text: text.to_string(),
    }
}

fn replaced(text: &str, from: &str, to: &str) -> String {
    assert_eq!(text.matches(from).count(), 1, "{from:?}");
    text.replacen(from, to, 1)
}

const FIRST: &str = "the first reader sees something else than was planned";
const SECOND: &str = "the second reader sees something else than was planned";
const COMMENT: &str = "a comment would be lost or moved";
const TORN: &str = "a comment would be torn from the line it belongs to";
const OUTSIDE: &str = "an edit lies outside its document";

#[test]
fn the_planned_text_is_accepted_and_each_damage_refused() {
    assert_eq!(defect(OLD, &[z_is_true()], &[], NEW), None);
    let table = [
        ("a value changed", "x: 1", "x: 2", FIRST),
        ("a field lost", "  x: 1\n", "", FIRST),
        ("a field more", "x: 1", "x: 1\n  w: 1", FIRST),
        (
            "a field moved to another mapping",
            "  x: 1\n",
            "  v:\n    x: 1\n",
            FIRST,
        ),
        ("a field renamed", "  x: 1", "  X: 1", FIRST),
        ("a key twice", "  x: 1\n", "  x: 1\n  x: 1\n", FIRST),
        ("a list reordered", "- a\n- b\n", "- b\n- a\n", FIRST),
        ("an item lost", "- b\n", "", FIRST),
        ("an item twice", "- b\n", "- b\n- b\n", FIRST),
        ("a text became a number", "\"1\"", "1", FIRST),
        ("a number became a text", "x: 1", "x: '1'", FIRST),
        ("a boolean became a text", "yes", "\"yes\"", FIRST),
        ("a value got a tag", "x: 1", "x: !t 1", FIRST),
        ("the change left out", "  z: true\n", "", FIRST),
        ("the change in another place", "  z: true", "z: true", FIRST),
        ("the change with another value", "z: true", "z: false", FIRST),
        ("the change with another type", "z: true", "z: 'true'", FIRST),
        ("a comment lost", " # why", "", COMMENT),
        ("a comment changed", "# why", "# way", COMMENT),
        ("a comment more", "z: true", "z: true # new", COMMENT),
        (
            "a comment twice",
            "  # about y\n",
            "  # about y\n  # about y\n",
            COMMENT,
        ),
        ("comments in one", "# what it is\n", "# what it is # why\n", COMMENT),
        ("a comment became a text", "\"1\" # why", "\"1 # why\"", COMMENT),
    ];
    for (damage, from, to, wanted) in table {
        let new = replaced(NEW, from, to);
        let said = defect(OLD, &[z_is_true()], &[], &new);
        assert_eq!(said.as_deref(), Some(wanted), "{damage}");
    }
    let moved = replaced(&replaced(NEW, " # why", ""), "y: yes", "y: yes # why");
    assert_eq!(defect(OLD, &[z_is_true()], &[], &moved).as_deref(), Some(COMMENT));
}

/// Texts that mean the same to one of the readers: the other alone stands between them and the file.
#[test]
fn each_reader_notices_what_the_other_cannot_see() {
    let table = [
        // YAML 1.1 reads a boolean, YAML 1.2 a text either way.
        ("yes", "\"yes\"", FIRST),
        ("off", "'off'", FIRST),
        ("y", "'y'", FIRST),
        // YAML 1.1 reads the same twice, YAML 1.2 a text once.
        ("yes", "true", SECOND),
        ("no", "false", SECOND),
        ("010", "8", SECOND),
        ("1_000", "1000", SECOND),
    ];
    for (old, new, wanted) in table {
        let text = |value: &str| format!("a: {value}\n");
        let said = defect(&text(old), &[], &[], &text(new));
        assert_eq!(said.as_deref(), Some(wanted), "{old} became {new}");
    }
}

/// kubectl reads a line end where the text has none; the readers here do not.
#[test]
fn a_block_of_text_at_the_end_is_read_with_and_without_a_line_end() {
    let set = |key| Change {
        path: FieldPath::keys(&[key]),
        ..z_is_true()
    };
    for header in ["|", "|+", ">"] {
        let old = format!("b: {header}\n  x");
        let above = format!("z: true\n{old}");
        assert_eq!(defect(&old, &[set("z")], &[], &above), None, "{header}");
        let below = "b: |-\n  x\nz: true";
        assert_eq!(
            defect(&old, &[set("z")], &[], below).as_deref(),
            Some(SECOND),
            "{header}"
        );
    }
    assert_eq!(defect("b: |-\n  x", &[set("z")], &[], "b: |-\n  x\nz: true"), None);
}

/// What YAML allows beside is no JSON, and what JSON allows no YAML.
#[test]
fn json_is_to_stay_json() {
    let set = Change {
        path: FieldPath::keys(&["z"]),
        ..z_is_true()
    };
    let (old, new) = (
        "{\"a\": \"\\ud83d\\ude00\"}",
        "{\"a\": \"\\ud83d\\ude00\", \"z\": true}",
    );
    assert_eq!(doubt(old, std::slice::from_ref(&set), &[], new), None);
    let said = defect("{\"a\": 1}", &[set], &[], "{\"a\": 1, \"z\": true,}");
    assert_eq!(said.as_deref(), Some("the second reader rejects the new text"));
}

#[test]
fn what_the_second_reader_rejects_is_refused() {
    // libyaml knows this character only escaped.
    let (escaped, bare) = ("a: 1\nb: \"\\x80\"\n", "a: 1\nb: \"\u{80}\"\n");
    assert_eq!(doubt(escaped, &[], &[], escaped), None);
    let rejected = "the second reader rejects the new text";
    assert_eq!(defect(escaped, &[], &[], bare).as_deref(), Some(rejected));
    assert!(matches!(
        doubt(bare, &[], &[], escaped),
        Some(Doubt::SecondReader { .. })
    ));
    let no_number = "a: 1\nb: !!int x\n";
    let said = doubt(no_number, &[], &[], no_number);
    assert!(matches!(said, Some(Doubt::SecondReader { line: 2, .. })), "{said:?}");
}

#[test]
fn aliases_that_leave_the_meaning_open_are_refused() {
    let twice = |value: &str| format!("a: &x {value}\nb: &x 2\nc: *x\n");
    match doubt(&twice("yes"), &[], &[], &twice("true")) {
        Some(Doubt::SecondReader { line: 2, what }) => assert!(what.contains("`x` stands twice"), "{what}"),
        other => panic!("{other:?}"),
    }
    let mut bomb = "a0: &a0 [1,1,1,1,1,1,1,1,1,1]\n".to_string();
    for n in 1..7 {
        let many = vec![format!("*a{}", n - 1); 10].join(",");
        bomb.push_str(&format!("a{n}: &a{n} [{many}]\n"));
    }
    assert_eq!(doubt(&bomb, &[], &[], &bomb), Some(Doubt::TooLarge { line: 1 }));
}

#[test]
fn tags_belong_to_the_meaning() {
    let said = defect("a: !x 1\n", &[], &[], "a: !y 1\n");
    assert_eq!(said.as_deref(), Some(FIRST));
}

#[test]
fn an_item_is_set_in_place_or_appended() {
    let set = |index| Change {
        path: FieldPath::keys(&["list"]).index(index),
        to: Some(Value::str("c")),
        comment: None,
    };
    let (in_place, appended) = (replaced(OLD, "- a\n", "- c\n"), replaced(OLD, "- b\n", "- b\n- c\n"));
    assert_eq!(defect(OLD, &[set(0)], &[], &in_place), None);
    assert_eq!(defect(OLD, &[set(2)], &[], &appended), None);
    assert_eq!(defect(OLD, &[set(0)], &[], &appended).as_deref(), Some(FIRST));
}

#[test]
fn a_change_that_cannot_be_made_is_refused() {
    let change = Change {
        path: FieldPath::keys(&["list"]).index(7),
        ..z_is_true()
    };
    let said = defect(OLD, &[change], &[], OLD);
    assert_eq!(said.as_deref(), Some("the first reader cannot reach list[7]"));
}

#[test]
fn only_the_marker_may_come_and_go() {
    let marked = replaced(NEW, "z: true", "z: true # harden: assumed");
    let behind = replaced(NEW, "# why", "# why # harden: assumed");
    let alone = replaced(NEW, " # why", "");
    let as_word = replaced(NEW, "# why", "# why harden: assumed");
    let longer = replaced(NEW, "z: true", "z: true # harden: assumed, maybe");
    let table = [
        ("comes", NEW, marked.as_str(), None),
        ("goes", &marked, NEW, None),
        ("comes behind a comment", NEW, &behind, None),
        ("takes its comment along", &behind, &alone, Some(COMMENT)),
        ("in the words of a comment", NEW, &as_word, Some(COMMENT)),
        ("with more words", NEW, &longer, Some(COMMENT)),
    ];
    for (damage, old, new, wanted) in table {
        assert_eq!(defect(old, &[], &[], new).as_deref(), wanted, "{damage}");
    }
}

#[test]
fn edits_stay_in_their_document_and_tear_no_comment_from_its_line() {
    let at = |line: &str| OLD.find(line).expect(line);
    let end = OLD.len();
    let table = [
        ("at the start", edit(0, 0, "z: true\n"), None),
        ("at the end", edit(end, end, "  z: true\n"), None),
        (
            "begins behind the end",
            edit(end + 1, end + 1, "  z: true\n"),
            Some(OUTSIDE),
        ),
        ("ends behind the end", edit(end, end + 1, "  z: true\n"), Some(OUTSIDE)),
        (
            "ends before it begins",
            edit(end, end - 1, "  z: true\n"),
            Some(OUTSIDE),
        ),
        (
            "between a comment and its line",
            edit(at("  y:"), at("  y:"), "  z: true\n"),
            Some(TORN),
        ),
        (
            "between a comment and the first line",
            edit(at("kind"), at("kind"), "z: true\n"),
            Some(TORN),
        ),
        (
            "above the comment",
            edit(at("  # about"), at("  # about"), "  z: true\n"),
            None,
        ),
        (
            "behind a comment on a line",
            edit(at("list"), at("list"), "z: true\n"),
            None,
        ),
        ("in the line below the comment", edit(at("yes"), at("yes"), ""), None),
    ];
    for (place, edit, wanted) in table {
        let said = defect(OLD, &[z_is_true()], &[edit], NEW);
        assert_eq!(said.as_deref(), wanted, "{place}");
    }
    // A comment that is indented deeper ends what stands above it.
    let ends = "a:\n  b: 1\n  # no more\nc: 2\n";
    let behind = ends.find("c:").expect("a line");
    assert_eq!(defect(ends, &[], &[edit(behind, behind, "d: 3\n")], ends), None);
    // What looks like a comment in a string is none.
    let script = "s: |\n  # a\n  b\nt: 1\n";
    let inside = script.find("  b").expect("a line");
    assert_eq!(defect(script, &[], &[edit(inside, inside, "  c\n")], script), None);
}

/// Three documents, of which the second was rewritten.
#[test]
fn the_other_documents_keep_their_bytes() {
    let old = "a: 1\n---\nb: 2\n---\nc: 3\n";
    let chunks = split(old);
    let table = [
        ("as planned", "b: 4\n", "a: 1\n---\nb: 4\n---\nc: 3\n", true),
        ("nothing is rewritten", "b: 2\n", old, true),
        ("a byte before", "b: 4\n", "a: 2\n---\nb: 4\n---\nc: 3\n", false),
        ("a byte behind", "b: 4\n", "a: 1\n---\nb: 4\n---\nc: 4\n", false),
        ("another text", "b: 4\n", "a: 1\n---\nb: 5\n---\nc: 3\n", false),
        (
            "a byte more at the end",
            "b: 4\n",
            "a: 1\n---\nb: 4\n---\nc: 3\n\n",
            false,
        ),
        ("the end missing", "b: 4\n", "a: 1\n---\nb: 4\n---\n", false),
        ("a separator changed", "b: 4\n", "a: 1\n--- \nb: 4\n---\nc: 3\n", false),
        (
            "a document more",
            "b: 4\n---\nd: 5\n",
            "a: 1\n---\nb: 4\n---\nd: 5\n---\nc: 3\n",
            false,
        ),
        ("a document less", "b: 4", "a: 1\n---\nb: 4---\nc: 3\n", false),
    ];
    for (damage, text, new, wanted) in table {
        assert_eq!(untouched_elsewhere(old, new, &[(chunks[1], text)]), wanted, "{damage}");
    }
    let (first, last) = ((chunks[0], "a: 9\n"), (chunks[2], "c: 9\n"));
    let new = "a: 9\n---\nb: 2\n---\nc: 9\n";
    assert!(untouched_elsewhere(old, new, &[first, last]));
    assert!(!untouched_elsewhere(old, new, &[last, first]), "out of order");
    assert!(!untouched_elsewhere(old, new, &[first]), "one of two is told");
}
