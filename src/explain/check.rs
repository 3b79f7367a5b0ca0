//! What there is to say about a check: all of it from the constants that the checks themselves use.

use std::fmt::Write as _;

use super::layout::{markdown, paragraph};
use crate::checks::{CHECKS, Check, Level, Revision};

const UPSTREAM: &str = "https://github.com/kubernetes/pod-security-admission/blob/master/policy/";
const INDENT: usize = 10;
/// Of what a check demands, behind its id, its level and its first version.
const LIST_INDENT: usize = 47;

/// The list of all checks, and what else can be asked.
pub(super) fn list() -> String {
    let mut out = String::from("The checks of Pod Security, in the order in which they are reported:\n\n");
    for check in CHECKS {
        let head = format!("{:27} {:11} {:5}", check.id, check.level.name(), since(check));
        out.push_str(&paragraph(&head, LIST_INDENT, &first_sentence(check.guide.demands)));
    }
    out.push_str(
        "\n`harden explain CHECK` says more about one of them, for example `harden explain runAsNonRoot`.\n\
         `harden explain IMAGE` says what is done for an image and why: `harden explain postgres:16-alpine`.\n",
    );
    out
}

/// Checks by their id, in whatever case, or by what two ids have in common before `_`.
pub(super) fn named(word: &str) -> Vec<&'static Check> {
    let exact = CHECKS
        .iter()
        .filter(|check| check.id.eq_ignore_ascii_case(word))
        .collect::<Vec<_>>();
    if !exact.is_empty() {
        return exact;
    }
    let stem = |check: &&Check| {
        check
            .id
            .split('_')
            .next()
            .is_some_and(|stem| stem.eq_ignore_ascii_case(word))
    };
    CHECKS.iter().filter(stem).collect()
}

pub(super) fn explain(check: &Check) -> String {
    let mut out = format!("{} ({})\n\n", check.id, check.level.name());
    let mut say = |head: &str, text: &str| out.push_str(&paragraph(head, INDENT, text));
    say("Demands", check.guide.demands);
    for (i, revision) in check.revisions.iter().enumerate() {
        let earlier = i.checked_sub(1).and_then(|i| check.revisions.get(i));
        let head = if i == 0 { "Since" } else { "" };
        say(head, &history(revision, earlier));
    }
    if let Some(text) = overriding(check) {
        say("", &text);
    }
    if let Some(values) = check
        .revisions
        .last()
        .map(|r| r.allowed)
        .filter(|values| !values.is_empty())
    {
        say("Allowed", &spelled(values).join(", "));
    }
    say("harden", check.guide.remedy);
    say("Risk", check.guide.risk);
    say("Upstream", &format!("{UPSTREAM}{}", check.guide.source));
    out
}

/// The checks as a Markdown table, for the README.
pub fn checks_table() -> String {
    let row = |check: &Check| {
        vec![
            format!("[`{}`]({UPSTREAM}{})", check.id, check.guide.source),
            check.level.name().to_string(),
            since(check),
            check.guide.demands.to_string(),
            check.guide.remedy.to_string(),
        ]
    };
    let rows: Vec<Vec<String>> = CHECKS.iter().map(row).collect();
    markdown(&["check", "level", "since", "demands", "what `harden` does"], &rows)
}

fn since(check: &Check) -> String {
    check
        .revisions
        .first()
        .map_or_else(String::new, |first| format!("v1.{}", first.since))
}

/// What is new from a policy version on.
fn history(revision: &Revision, earlier: Option<&Revision>) -> String {
    let mut news = Vec::new();
    if let Some(earlier) = earlier {
        let added: Vec<&str> = revision
            .allowed
            .iter()
            .filter(|v| !earlier.allowed.contains(v))
            .copied()
            .collect();
        let kept = revision.allowed.len() - added.len();
        if !added.is_empty() {
            let also = if kept > 0 { "also allowed" } else { "allowed instead" };
            news.push(format!("{also}: {}", spelled(&added).join(", ")));
        }
        if kept == 0 && !added.is_empty() {
            news.push(format!("no longer: {}", spelled(earlier.allowed).join(", ")));
        }
    }
    if let Some(exemption) = revision
        .exempt
        .filter(|_| revision.exempt != earlier.and_then(|e| e.exempt))
    {
        news.push(format!("not of pods with `{}`", exemption.field()));
    }
    let mut out = format!("v1.{}", revision.since);
    if !news.is_empty() {
        let _ = write!(out, ": {}", news.join("; "));
    }
    out
}

/// At which level another check stands in for this one, or the other way round.
fn overriding(check: &Check) -> Option<String> {
    if let Some(other) = CHECKS.iter().find(|other| other.overrides.contains(&check.id)) {
        return Some(format!("at `{}` {} takes its place", other.level.name(), other.id));
    }
    let replaced = check.overrides.first()?;
    Some(format!(
        "takes the place of {replaced} at `{}`",
        Level::Restricted.name()
    ))
}

/// Values as people write them; the empty one has no spelling of its own.
fn spelled(values: &[&str]) -> Vec<String> {
    let spell = |value: &&str| {
        if value.is_empty() {
            "the empty value".to_string()
        } else {
            format!("`{value}`")
        }
    };
    values.iter().map(spell).collect()
}

fn first_sentence(text: &str) -> String {
    text.split_once(". ")
        .map_or_else(|| text.to_string(), |(first, _)| format!("{first}."))
}
