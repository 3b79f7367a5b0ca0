//! Notices when the parser's markers change: `src/yaml` computes spans against these very numbers. A difference here
//! means that every span rule must be looked at again before the version is raised.
#![allow(clippy::unwrap_used)]

use harden::yaml;
use yaml_rust2::parser::{Event, Parser};
use yaml_rust2::scanner::TScalarStyle;

/// Every event with its offset, the text shown as one character per byte.
fn events(text: &str) -> String {
    let mut parser = Parser::new(
        text.bytes()
            .map(|b| if b.is_ascii() { char::from(b) } else { '\u{7f}' }),
    );
    let mut seen = Vec::new();
    loop {
        let (event, marker) = match parser.next_token() {
            Ok(next) => next,
            Err(error) => {
                seen.push(format!("error@{} {}", error.marker().index(), error.info()));
                break;
            }
        };
        let word = match event {
            Event::StreamEnd => break,
            Event::Scalar(value, style, anchor, tag) => {
                let style = match style {
                    TScalarStyle::Plain => "",
                    TScalarStyle::SingleQuoted => "'",
                    TScalarStyle::DoubleQuoted => "\"",
                    TScalarStyle::Literal => "|",
                    TScalarStyle::Folded => ">",
                };
                let tag = tag.map_or(String::new(), |tag| format!("!{}", tag.suffix));
                let anchor = if anchor > 0 { "&" } else { "" };
                format!("{anchor}{tag}{style}{}", value.replace('\u{7f}', "~").escape_debug())
            }
            Event::SequenceStart(..) => "[".into(),
            Event::SequenceEnd => "]".into(),
            Event::MappingStart(..) => "{".into(),
            Event::MappingEnd => "}".into(),
            Event::Alias(_) => "*".into(),
            Event::DocumentStart => "---".into(),
            _ => continue,
        };
        seen.push(format!("{word}@{}", marker.index()));
    }
    seen.join(" ")
}

/// Where the markers stand, per construct. The comments say what they should be, where they are not that.
#[test]
fn the_parser_marks_what_the_span_rules_expect() {
    let table = [
        // A mapping starts at the colon of its first key, and ends with what follows it.
        ("a: b # c\n", "---@1 {@1 a@0 b@3 }@9"),
        (
            "a:\n  b: c\n\n# d\ne: f\n",
            "---@1 {@1 a@0 {@6 b@5 c@8 }@15 e@15 f@18 }@20",
        ),
        // One byte is one character.
        ("é: 日 # ß\nb: c\n", "---@2 {@2 ~~@0 ~~~@4 b@13 c@16 }@18"),
        (
            "a: |\n  日本 0123\nb: c\n",
            "---@1 {@1 a@0 |~~~~~~ 0123\\n@7 b@19 c@22 }@24",
        ),
        // A list starts at its dash where that is indented, else behind it.
        ("a:\n  - e\n", "---@1 {@1 a@0 [@5 e@7 ]@9 }@9"),
        ("a:\n- e\n- f\n", "---@1 {@1 a@0 [@5 e@5 f@9 ]@11 }@11"),
        ("- - x\n  - y\n", "---@0 [@0 [@2 x@4 y@10 ]@12 ]@12"),
        ("-\n  # c\n  k: v\n", "---@0 [@0 {@11 k@10 v@13 }@15 ]@15"),
        // What is not written stands at the next token.
        ("a:\n\n# c\nb: x\n", "---@1 {@1 a@0 @8 b@8 x@11 }@13"),
        ("a:\n", "---@1 {@1 a@0 @3 }@3"),
        ("-\n- x\n", "---@0 [@0 @4 x@4 ]@6"),
        // A block of text starts at its first character, not at its header.
        ("a: |2-\n    x\n  y\nb: 1\n", "---@1 {@1 a@0 |  x\\ny@9 b@17 1@20 }@22"),
        (
            "a: >+ # c\n\n  x\n\nb: 1\n",
            "---@1 {@1 a@0 >\\nx\\n\\n@13 b@16 1@19 }@21",
        ),
        ("a: |\nb: 1\n", "---@1 {@1 a@0 |@5 b@5 1@8 }@10"),
        // At the end of the text a line end is added.
        ("a: |\n", "---@1 {@1 a@0 |\\n@3 }@5"),
        ("a: |\n  x", "---@1 {@1 a@0 |x\\n@7 }@8"),
        // Anchors and tags are not part of what they stand before.
        ("a: &x !!str b\nc: *x\n", "---@1 {@1 a@0 &!strb@12 c@14 *@17 }@20"),
        ("a: &x\n  - b\n", "---@1 {@1 a@0 [@8 b@10 ]@12 }@12"),
        // Flow: brackets, exactly; but a mapping with a trailing comma ends at the comma.
        (
            "a: {b: [c, d]} # e\n",
            "---@1 {@1 a@0 {@3 b@4 [@7 c@8 d@11 ]@12 }@13 }@19",
        ),
        ("a: [\n  b,\n]\n", "---@1 {@1 a@0 [@3 b@7 ]@10 }@12"),
        ("a: [{b: c}, # d\n]\n", "---@1 {@1 a@0 [@3 {@4 b@5 c@8 }@9 ]@16 }@18"),
        ("{a: {b: 1,\n }, # c\n}\n", "---@0 {@0 a@1 {@4 b@5 1@8 }@9 }@13"),
        ("[a: b, c]\n", "---@0 [@0 {@3 a@1 b@4 }@5 c@7 ]@8"),
        ("{\"a\":1,'b': 2}", "---@0 {@0 \"a@1 1@5 'b@7 2@12 }@13"),
        // Over several lines.
        (
            "a: one\n  two\nb: \"x\n  y\"\n",
            "---@1 {@1 a@0 one two@3 b@13 \"x y@16 }@24",
        ),
        ("a: b\r\nc: |\r\n  x\r\n", "---@1 {@1 a@0 b@3 c@6 |x\\n@14 }@17"),
        ("? a\n: b\n", "---@0 {@0 a@2 b@6 }@8"),
        // The errors that `pads` makes room for.
        (
            "a:\n  b: [\n  c,\n  ]\n",
            "---@1 {@1 a@0 {@6 b@5 [@8 error@12 invalid indentation",
        ),
        ("a:\n  b: [ c\n  ]\n", "---@1 {@1 a@0 {@6 b@5 [@8 c@10 ]@14 }@16 }@16"),
        (
            "a:\n  b: \"c\n  d\"\n",
            "---@1 {@1 a@0 {@6 b@5 error@8 invalid indentation in quoted scalar",
        ),
    ];
    let wrong: Vec<String> = table
        .iter()
        .map(|(text, wanted)| (text, wanted, events(text)))
        .filter(|(_, wanted, seen)| seen != *wanted)
        .map(|(text, wanted, seen)| format!("({text:?}, {seen:?}),\n    not {wanted:?}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_parser_knows_its_limits() {
    let brackets = |n: usize| events(&"[".repeat(n));
    assert!(
        brackets(256).ends_with("recursion limit exceeded"),
        "{:.400}",
        brackets(256)
    );
    assert!(!brackets(200).contains("recursion limit exceeded"));
    // An anchor lives on in the next document: documents are therefore read one by one.
    assert!(!events("a: &x 1\n---\nb: *x\n").contains("error"));
    // Everything behind a NUL is ignored: the gate refuses it.
    assert_eq!(events("a: b\n\0c: d\n"), events("a: b\n"));
}

/// The spans themselves, on a text with a bit of everything: what stands between scalars is syntax and comments only.
#[test]
fn between_scalars_stands_only_syntax() {
    let text = "a: &x {b: 'c''d', \"é\": [1, ] } # no 'scalar'\ne:\n- |+ # c\n  text # no comment\n\n- *x\n- k: plain\n    text\n  ? l\n  : >-\n   m\n\n";
    let chunks = yaml::split(text);
    let document = yaml::parse(&chunks[0]).unwrap();
    let mut spans: Vec<(usize, usize)> = document.scalar_spans().collect();
    spans.sort_unstable();
    let scalars: Vec<&str> = spans.iter().map(|(start, end)| &text[*start..*end]).collect();
    assert_eq!(
        scalars,
        [
            "a",
            "b",
            "'c''d'",
            "\"é\"",
            "1",
            "e",
            "|+ # c\n  text # no comment\n",
            "k",
            "plain\n    text",
            "l",
            ">-\n   m"
        ]
    );
}
