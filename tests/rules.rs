//! The planning rules as tables: manifests in, changes or blockers out. The cases stand in `tests/rules/*.txt`, written
//! by hand from the rules; `tests/rules/README.md` explains their form. Nothing here blesses what the planner says.
#![allow(clippy::unwrap_used)]

mod texts;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use harden::config::Config;
use harden::options::Rules;
use harden::outcome::{FileStatus, Outcome, WorkloadOutcome};
use harden::plan::Planned;
use harden::yaml::Value;

use texts::hardened;

/// Fewer cases than this mean that a file was lost or is not read any more.
const LEAST_CASES: usize = 150;
/// Lines that are shown on request besides changes.
const EXTRAS: &[&str] = &["note", "after", "assumed", "apply", "level"];

#[derive(Debug, Default, Clone)]
struct Case {
    /// File and line of the case.
    place: String,
    name: String,
    show: Vec<String>,
    flags: String,
    config: String,
    /// Path and text; the manifest under test is the last.
    files: Vec<(PathBuf, String)>,
    manifest: Option<(PathBuf, String)>,
    expected: Vec<String>,
}

#[test]
fn every_rule_decides_as_its_table_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules");
    let mut tables: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    tables.retain(|path| path.extension().is_some_and(|e| e == "txt"));
    tables.sort();
    let cases: Vec<Case> = tables.iter().flat_map(|path| read_table(path)).collect();
    assert!(cases.len() >= LEAST_CASES, "only {} cases were found", cases.len());
    let mut report = String::new();
    let only = std::env::var("RULE").unwrap_or_default();
    let mut wrong = 0;
    for case in cases.iter().filter(|c| c.place.contains(&only)) {
        if let Some(difference) = difference(case) {
            wrong += 1;
            write!(report, "\n{}: {}\n{difference}", case.place, case.name).unwrap();
        }
    }
    assert!(wrong == 0, "{wrong} of {} cases differ:\n{report}", cases.len());
}

fn read_table(path: &Path) -> Vec<Case> {
    let file = path.file_name().unwrap().to_string_lossy().into_owned();
    let text = fs::read_to_string(path).unwrap();
    let mut cases: Vec<Case> = Vec::new();
    let mut show = Vec::new();
    let mut section: Option<String> = None;
    for (number, line) in text.lines().enumerate() {
        if let Some(name) = line.strip_prefix("=== ") {
            cases.push(Case {
                place: format!("{file}:{}", number + 1),
                name: name.to_string(),
                show: show.clone(),
                ..Case::default()
            });
            section = None;
            continue;
        }
        let directive = line.strip_prefix('@').map(|d| d.split_once(' ').unwrap_or((d, "")));
        match (directive, cases.last_mut()) {
            (Some(("show", words)), case) => {
                let words = words.split_whitespace().map(str::to_string).collect();
                *case.map_or(&mut show, |case| &mut case.show) = words;
            }
            (Some((name, value)), Some(case)) => section = Some(open_section(case, name, value)),
            (None, Some(case)) => add_line(case, section.as_deref(), line),
            (_, None) => {}
        }
    }
    cases
}

/// Starts a part of a case; answers its name.
fn open_section(case: &mut Case, name: &str, value: &str) -> String {
    match name {
        "flags" => case.flags = value.to_string(),
        "file" => case.files.push((value.into(), String::new())),
        "manifest" => {
            let path = if value.is_empty() { "app.yaml" } else { value };
            case.manifest = Some((path.into(), String::new()));
        }
        "pod" => {
            let head = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: app\nspec:\n";
            case.manifest = Some(("app.yaml".into(), head.to_string()));
        }
        "config" | "expect" => {}
        _ => panic!("{}: @{name} is unknown", case.place),
    }
    name.to_string()
}

fn add_line(case: &mut Case, section: Option<&str>, line: &str) {
    let text = match section {
        None | Some("flags") => return,
        Some("expect") => {
            if !line.trim().is_empty() {
                case.expected.push(line.trim_end().to_string());
            }
            return;
        }
        Some("config") => &mut case.config,
        Some("file") => &mut case.files.last_mut().unwrap().1,
        Some("pod") => {
            let indent = if line.is_empty() { "" } else { "  " };
            case.manifest.as_mut().unwrap().1.push_str(indent);
            &mut case.manifest.as_mut().unwrap().1
        }
        Some(_) => &mut case.manifest.as_mut().unwrap().1,
    };
    text.push_str(line);
    text.push('\n');
}

/// What is expected against what came out, or nothing where they agree.
fn difference(case: &Case) -> Option<String> {
    let (path, text) = case.manifest.as_ref().expect(&case.place);
    let (outcome, new) = harden(case, path, text);
    let actual = shown(case, &outcome);
    let (texts, wanted): (Vec<&String>, Vec<&String>) = case
        .expected
        .iter()
        .partition(|l| l.starts_with("| ") || l.starts_with("!| "));
    let mut out = String::new();
    if actual.iter().collect::<Vec<_>>() != wanted {
        let list = |lines: &[&String]| lines.iter().fold(String::new(), |all, line| all + "    " + line + "\n");
        let actual: Vec<&String> = actual.iter().collect();
        write!(out, "  expected\n{}  came out\n{}", list(&wanted), list(&actual)).unwrap();
    }
    for line in texts {
        let (unwanted, line) = match line.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, line.as_str()),
        };
        let is_there = new.lines().any(|l| l.trim() == line.trim_start_matches('|').trim());
        if is_there == unwanted {
            writeln!(
                out,
                "  the new text should {}have `{line}`\n{new}",
                if unwanted { "not " } else { "" }
            )
            .unwrap();
        }
    }
    if let Some(more) = second_run(case, path, &new) {
        writeln!(out, "  a second run changes {more}").unwrap();
    }
    (!out.is_empty()).then_some(out)
}

/// The outcome and the text that a write would leave.
fn harden(case: &Case, path: &Path, text: &str) -> (Outcome, String) {
    let rules = rules(&case.flags);
    let config = match case.config.as_str() {
        "" => Config::default(),
        text => Config::parse(text, Path::new("harden.yaml")).expect(&case.place),
    };
    let mut files: Vec<(PathBuf, &[u8])> = case.files.iter().map(|(p, t)| (p.clone(), t.as_bytes())).collect();
    files.push((path.to_path_buf(), text.as_bytes()));
    let outcome = hardened(&files, &config, &rules);
    let new = outcome.hardened.as_ref().map_or(text, |h| h.new.as_str()).to_string();
    (outcome, new)
}

fn second_run(case: &Case, path: &Path, new: &str) -> Option<String> {
    let (outcome, newer) = harden(case, path, new);
    let first = outcome.workloads.iter().flat_map(|w| &w.changes).next();
    (newer != new).then(|| first.map_or("the text".to_string(), |c| c.field.to_string()))
}

fn rules(flags: &str) -> Rules {
    let mut rules = Rules::default();
    let mut words = flags.split_whitespace();
    while let Some(word) = words.next() {
        match word {
            "--level" => rules.level = Some(words.next().unwrap().parse().unwrap()),
            "--policy-version" => rules.policy_version = Some(words.next().unwrap().parse().unwrap()),
            "--kube-version" => rules.kube_version = Some(words.next().unwrap().parse().unwrap()),
            "--accept" => rules.accept = Some(words.next().unwrap().parse().unwrap()),
            "--best-effort" => rules.best_effort = true,
            "--improve" => rules.improve = true,
            "--no-ignore" => rules.no_ignore = true,
            _ => panic!("{word} is no flag of these tests"),
        }
    }
    rules
}

fn shown(case: &Case, outcome: &Outcome) -> Vec<String> {
    if matches!(outcome.status, FileStatus::Failed | FileStatus::Skipped) {
        let reason = outcome.reason.as_ref().map_or("", |r| r.message.as_str());
        return vec![format!("{}: {reason}", outcome.status.name())];
    }
    let several = outcome.workloads.len() > 1;
    outcome
        .workloads
        .iter()
        .flat_map(|w| shown_workload(case, w, several))
        .collect()
}

fn shown_workload(case: &Case, workload: &WorkloadOutcome, several: bool) -> Vec<String> {
    let status = workload.status.name();
    let mut lines = vec![if several {
        format!("{}/{}: {status}", workload.kind, workload.name)
    } else {
        status.to_string()
    }];
    lines.extend(workload.changes.iter().filter(|c| is_shown(case, c)).map(change));
    lines.extend(
        workload
            .blockers
            .iter()
            .map(|b| format!("blocked {} {} {}", b.check, b.code, b.field)),
    );
    if let Some(reason) = &workload.reason {
        let place = workload.decided_by.as_ref();
        let place = place.map_or(String::new(), |p| format!(" {}:{}", p.path.display(), p.line));
        lines.push(format!("because {}{place}", reason.code.code()));
    }
    let extras = EXTRAS.iter().filter(|extra| case.show.iter().any(|s| s == *extra));
    lines.extend(extras.flat_map(|extra| extra_lines(workload, extra)));
    lines
}

fn extra_lines(workload: &WorkloadOutcome, extra: &str) -> Vec<String> {
    match extra {
        "note" => workload.notes.iter().map(|n| format!("note {n}")).collect(),
        "after" => workload.after.iter().map(|f| format!("after {}", f.check)).collect(),
        "assumed" => workload.assumed_users.iter().map(|c| format!("assumed {c}")).collect(),
        "apply" => vec![format!("apply {}", workload.apply.name())],
        _ => vec![format!("level {} {}", workload.level, workload.policy_version)],
    }
}

fn is_shown(case: &Case, change: &Planned) -> bool {
    let field = change.field.to_string();
    case.show.iter().any(|s| s == "all" || field.contains(s.as_str()))
}

fn change(change: &Planned) -> String {
    let basis = change.basis.name();
    match &change.to {
        Some(value) => format!("{} = {}  {basis}", change.field, flow(value)),
        None => format!("{} removed  {basis}", change.field),
    }
}

/// A value as flow YAML, strings bare.
fn flow(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Bool(b) => b.to_string(),
        Value::Int(i) => i.to_string(),
        Value::Float(text) | Value::Str(text) => text.to_string(),
        Value::List(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::Map(entries) => {
            let pairs: Vec<String> = entries
                .iter()
                .map(|(k, v)| format!("{}: {}", flow(k), flow(v)))
                .collect();
            format!("{{{}}}", pairs.join(", "))
        }
        Value::Tagged(tag, value) => format!("{tag} {}", flow(value)),
    }
}
