//! The summary on standard error: at most ten lines, the last of which say what to do next.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::Rendering;
use super::command::{arguments, paths, quoted};
use super::lines::{count, list, shown};
use super::namespaces;
use super::paint::printable;
use super::tally::Tally;
use crate::change::Basis;
use crate::options::{Mode, Options};
use crate::outcome::{FileStatus, Ground, NamespaceStatus, WorkloadStatus};

/// What the summary has to know of the run besides the counts.
#[derive(Debug, Default)]
pub struct Scene {
    /// What was asked for, for the commands that are suggested too.
    pub options: Options,
    /// Hidden folders and manifests that were passed over.
    pub hidden: usize,
    /// Symbolic links that were passed over.
    pub links: usize,
    /// What was printed.
    pub rendering: Option<Rendering>,
    /// Folders outside the working directory in which parts of the diff apply.
    pub outside: Vec<PathBuf>,
    /// Whether it has been said, file by file, what was skipped and why.
    pub told: bool,
}

/// The lines, without colour and without newlines.
pub fn summary(tally: &Tally, scene: &Scene) -> Vec<String> {
    if tally.seen == 0 {
        let places = if scene.options.paths.is_empty() {
            " here".to_string()
        } else {
            format!(" in{}", paths(&scene.options))
        };
        let mut lines = vec![format!("no manifests (.yaml, .yml, .json) found{places}")];
        lines.extend(passed_over(scene));
        return lines;
    }
    let mut lines = Vec::new();
    if scene.options.mode != Mode::Filter {
        lines.push(files(tally, scene));
    }
    lines.extend(workloads(tally, scene));
    lines.extend(changes(tally));
    lines.extend(containers(tally));
    lines.extend(exempt(tally));
    lines.extend(carriers(tally));
    lines.extend(passed_over(scene));
    lines.extend(where_to_apply(scene));
    lines.extend(next_for_changes(tally, scene).map(|next| next + &namespaces::before_labels(tally)));
    lines.extend(next_for_blockers(tally, scene));
    lines
}

fn files(tally: &Tally, scene: &Scene) -> String {
    let skipped = skipped(&tally.skipped_files);
    let hardened = hardened_word(scene.options.mode);
    let parts = [
        (tally.files(FileStatus::Hardened), hardened),
        (tally.files(FileStatus::Unchanged), "unchanged"),
        (tally.files(FileStatus::Skipped), skipped.as_str()),
        (tally.files(FileStatus::Failed), "failed"),
    ];
    format!("{}: {}", count(tally.seen, "file"), list(&parts))
}

fn workloads(tally: &Tally, scene: &Scene) -> Option<String> {
    let skipped = skipped(&tally.skipped_workloads);
    let hardened = hardened_word(scene.options.mode);
    let parts = [
        (tally.workloads(WorkloadStatus::Hardened), hardened),
        (tally.workloads(WorkloadStatus::Compliant), "compliant"),
        (tally.workloads(WorkloadStatus::Partial), "partial"),
        (tally.workloads(WorkloadStatus::Blocked), "blocked"),
        (tally.workloads(WorkloadStatus::Exempt), "exempt"),
        (tally.workloads(WorkloadStatus::Skipped), skipped.as_str()),
    ];
    let all = tally.all_workloads();
    let newest = tally.newest.as_ref().map_or(String::new(), |(since, place)| {
        let place = format!("{}:{}", shown(&place.path), place.line);
        match tally.relaxed {
            1 => format!("; 1 passes only on a cluster from {since} on ({place})"),
            n => format!("; {n} pass only on newer clusters ({place} from {since} on, ...)"),
        }
    });
    let workloads = (all > 0).then(|| format!("{}: {}{newest}", count(all, "workload"), list(&parts)));
    let lines: Vec<String> = workloads
        .into_iter()
        .chain(namespaces::counts(tally, scene.options.mode))
        .collect();
    (!lines.is_empty()).then(|| lines.join("; "))
}

/// The word with the commonest reasons: `skipped (3 template, 1 merge key)`.
fn skipped(reasons: &BTreeMap<&'static str, usize>) -> String {
    const NAMED: usize = 3;
    let mut named: Vec<(usize, String)> = reasons.iter().map(|(code, n)| (*n, code.replace('-', " "))).collect();
    named.sort_by_key(|(n, _)| std::cmp::Reverse(*n));
    let more = if named.len() > NAMED { ", ..." } else { "" };
    match named.as_slice() {
        [] => "skipped".to_string(),
        [(_, only)] => format!("skipped ({only})"),
        _ => {
            let named: Vec<(usize, &str)> = named.iter().take(NAMED).map(|(n, code)| (*n, code.as_str())).collect();
            format!("skipped ({}{more})", list(&named))
        }
    }
}

/// In the modes that put the hardened text somewhere it is done; in the others it is only shown.
fn hardened_word(mode: Mode) -> &'static str {
    match mode {
        Mode::Write | Mode::Filter => "hardened",
        Mode::Diff | Mode::Check => "to harden",
    }
}

fn changes(tally: &Tally) -> Option<String> {
    const BASES: [Basis; 6] = [
        Basis::Standard,
        Basis::Manifest,
        Basis::Config,
        Basis::Profile,
        Basis::Assumed,
        Basis::Override,
    ];
    let parts = BASES.map(|basis| (tally.changes(basis), basis.name()));
    let all = parts.iter().map(|(n, _)| n).sum();
    let recreate = match tally.recreate {
        0 => String::new(),
        1 => "; 1 object must be recreated for it".to_string(),
        n => format!("; {n} objects must be recreated for it"),
    };
    (all > 0).then(|| {
        format!(
            "{} by what they rest on: {}{recreate}",
            count(all, "change"),
            list(&parts)
        )
    })
}

/// Who runs the containers, and how much of that rests on facts.
fn containers(tally: &Tally) -> Option<String> {
    const GROUNDS: [Ground; 5] = [
        Ground::Manifest,
        Ground::Config,
        Ground::Profile,
        Ground::Dockerfile,
        Ground::Assumed,
    ];
    let decided = GROUNDS.map(|ground| (tally.containers(Some(ground)), ground.name()));
    let all: usize = decided.iter().map(|(n, _)| n).sum();
    if all == 0 {
        return None;
    }
    let undecided = tally.containers(None);
    let open = [(undecided, "undecided")];
    let number = all + undecided;
    let whose = if number == 1 { "its" } else { "their" };
    let parts: Vec<(usize, &str)> = decided.into_iter().chain(open).collect();
    let assumed = tally.containers(Some(Ground::Assumed));
    let of = match undecided {
        0 => String::new(),
        _ => format!(" of the {all} decided"),
    };
    let advice = match assumed {
        0 => String::new(),
        // Rounded down: with one assumption left it is not all of them.
        _ => format!(
            "; {}%{of} rest on facts: review the lines marked `# harden: assumed`, or state the image in harden.yaml",
            (all - assumed) * 100 / all
        ),
    };
    Some(format!(
        "{} by what {whose} user rests on: {}{advice}",
        count(number, "container"),
        list(&parts)
    ))
}

fn exempt(tally: &Tally) -> Option<String> {
    let partly = match tally.partly_exempt {
        0 => None,
        n => Some(format!(
            "{n} hardened but for the checks that `harden: ignore` names there"
        )),
    };
    let most = tally
        .exempt
        .iter()
        .max_by(|a, b| a.1.cmp(b.1).then_with(|| b.0.cmp(a.0)));
    let Some((place, most)) = most else { return partly };
    let partly = partly.map_or(String::new(), |partly| format!("; {partly}"));
    let because = format!("{most} left alone because of {}:{}", shown(&place.path), place.line);
    let others = tally.exempt.len() - 1;
    if others == 0 {
        return Some(because + &partly);
    }
    let rest: usize = tally.exempt.values().sum::<usize>() - most;
    let places = if others == 1 {
        "1 other line".to_string()
    } else {
        format!("{others} other lines")
    };
    Some(format!("{because}, {rest} because of {places} (-v names them){partly}"))
}

fn carriers(tally: &Tally) -> Option<String> {
    const NAMED: usize = 3;
    if tally.carriers.is_empty() {
        return None;
    }
    let named: Vec<String> = tally
        .carriers
        .iter()
        .take(NAMED)
        .map(|(kind, (n, place))| format!("{n} {} ({}:{})", printable(kind), shown(&place.path), place.line))
        .collect();
    let more = tally.carriers.len().saturating_sub(NAMED);
    let more = if more > 0 {
        format!(" and {more} more kinds (--output-format text names all)")
    } else {
        String::new()
    };
    Some(format!(
        "pods in a shape that harden does not know, left alone: {}{more}; where they hold pod specs, `kinds` in harden.yaml says where",
        named.join(", ")
    ))
}

fn passed_over(scene: &Scene) -> Option<String> {
    let mut parts = Vec::new();
    if scene.hidden > 0 {
        parts.push(format!(
            "{} (name them to include them)",
            count(scene.hidden, "hidden path")
        ));
    }
    if scene.links > 0 {
        parts.push(count(scene.links, "symbolic link"));
    }
    (!parts.is_empty()).then(|| format!("passed over: {}", parts.join(", ")))
}

fn where_to_apply(scene: &Scene) -> Option<String> {
    let first = scene.outside.first()?;
    let command = format!("patch -p1 -d {}", quoted(first));
    Some(match scene.outside.len() {
        1 => format!("the diff of {} is relative to it: apply with `{command}`", shown(first)),
        n => format!(
            "the diff is relative to {n} different folders ({}, ...): make and apply one diff for each, `{command}`",
            shown(first)
        ),
    })
}

fn next_for_changes(tally: &Tally, scene: &Scene) -> Option<String> {
    let arguments = arguments(&scene.options);
    let hardened = tally.files(FileStatus::Hardened);
    match scene.options.mode {
        _ if hardened == 0 && is_solved(tally) && tally.files(FileStatus::Failed) == 0 => Some(nothing(tally, scene)),
        _ if hardened == 0 => None,
        Mode::Check if scene.options.stdin => Some(format!("next: `harden{arguments}` prints it hardened")),
        Mode::Diff if scene.rendering == Some(Rendering::Diff) && scene.outside.is_empty() => Some(format!(
            "next: `harden --write{arguments}` writes this, or pipe the diff to `git apply`"
        )),
        Mode::Diff => Some(format!("next: `harden --write{arguments}` writes this")),
        Mode::Check => Some(format!(
            "next: `harden{arguments}` shows the changes, `harden --write{arguments}` writes them"
        )),
        Mode::Write => Some("next: review with `git diff`, then commit".to_string()),
        Mode::Filter => None,
    }
}

/// There is nothing to do only where nothing was passed over that might need something.
fn nothing(tally: &Tally, scene: &Scene) -> String {
    let files = tally.files(FileStatus::Skipped);
    let objects = tally.workloads(WorkloadStatus::Skipped) + tally.namespaces(NamespaceStatus::Skipped);
    if files + objects == 0 && tally.carriers.is_empty() {
        return "nothing to do".to_string();
    }
    let untold = if scene.options.stdin { objects } else { files + objects };
    if untold == 0 || scene.told {
        return "nothing to harden beside what was left alone".to_string();
    }
    let arguments = arguments(&scene.options);
    format!("nothing to harden beside what was skipped: `harden -v{arguments}` says why, and what to do about it")
}

fn next_for_blockers(tally: &Tally, scene: &Scene) -> Option<String> {
    if is_solved(tally) {
        return None;
    }
    let parts = [
        (tally.unsolved(), "blocked workload"),
        (tally.uneditable, "skipped workload"),
        (tally.unlabelled(), "namespace"),
    ];
    let named: Vec<String> = parts
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, noun)| count(*n, noun))
        .collect();
    let needs = if tally.left() == 1 { "needs" } else { "need" };
    let first = if tally.waits_for_as_it_is {
        ": harden first what is hidden, excluded or hard-linked"
    } else {
        ""
    };
    let what = match (tally.unsolved() + tally.unlabelled(), tally.uneditable) {
        (_, 0) => "a decision",
        (0, _) => "an edit by hand",
        _ => "a decision or an edit by hand",
    };
    let counted = format!("{} {needs} {what}{first}", enumerated(&named));
    if scene.rendering == Some(Rendering::Text) {
        return Some(format!("next: {counted}; the report names each way out"));
    }
    let arguments = arguments(&scene.options);
    Some(format!(
        "next: {counted}; `harden --output-format text{arguments}` names each way out"
    ))
}

/// `a`, `a and b`, `a, b and c`.
fn enumerated(parts: &[String]) -> String {
    match parts {
        [before @ .., last] if !before.is_empty() => format!("{} and {last}", before.join(", ")),
        _ => parts.concat(),
    }
}

fn is_solved(tally: &Tally) -> bool {
    tally.left() == 0
}
