//! What `harden` would do for an image and why: the planner is asked about a pod that says nothing but the image, so
//! that the answer is what a run would do.

use std::fmt::Write as _;
use std::path::Path;

use super::facts;
use super::layout::paragraph;
use super::surroundings::Surroundings;
use crate::checks::Level;
use crate::context::Context;
use crate::harden_text;
use crate::options::Rules;
use crate::outcome::WorkloadOutcome;
use crate::profiles::{Match, ReadOnlyRoot};
use crate::report::value_text;
use crate::survey::Survey;

/// The answer to `harden explain IMAGE`; `known` is what is known of it.
pub(super) fn explain(image: &str, known: Option<&Match>, surroundings: &Surroundings) -> String {
    let mut out = match known {
        Some(known) => facts::heading(image, known),
        None => format!("{image}\nnothing is known of this image\n"),
    };
    if let Some(contested) = surroundings.contested(image) {
        out.push_str(&paragraph("", 0, &contested));
    }
    if let Some(workload) = plan(image, surroundings) {
        out.push_str(&planned(&workload));
    }
    match known {
        Some(known) => {
            let _ = write!(
                out,
                "\nWhat is known, and who says so:\n\n{}",
                facts::table(known, surroundings)
            );
            out.push_str(&on_request(known));
        }
        None => out.push_str(&how_to_state_facts(image)),
    }
    out
}

/// What would become of a pod that says nothing but the image.
fn plan(image: &str, surroundings: &Surroundings) -> Option<WorkloadOutcome> {
    // Whatever the config asks of some namespace or path: the question is about `restricted`.
    let rules = Rules {
        level: Some(Level::Restricted),
        ..Rules::default()
    };
    let context = Context {
        rules: &rules,
        config: &surroundings.config,
        library: &surroundings.library,
        survey: &Survey::empty(),
        root: &surroundings.root,
        relative: Path::new("pod.json"),
        standings: None,
    };
    // An image reference has no character that JSON would escape.
    let manifest = format!(
        r#"{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"pod"}},"spec":{{"containers":[{{"name":"c","image":"{image}"}}]}}}}"#
    );
    harden_text(Path::new("pod.json"), manifest.as_bytes(), &context)
        .workloads
        .pop()
}

/// The changes with their reasons, or why there are none.
fn planned(workload: &WorkloadOutcome) -> String {
    let mut out = String::new();
    if !workload.blockers.is_empty() {
        out.push_str("\nA pod with this image cannot pass as it is:\n\n");
        for blocker in &workload.blockers {
            out.push_str(&paragraph(
                "",
                2,
                &format!("{}; {}", blocker.message, blocker.suggestion.what),
            ));
        }
        return out;
    }
    out.push_str("\nA pod that says nothing but this image gets:\n\n");
    for change in &workload.changes {
        let field = change.field.to_string();
        let field = field.strip_prefix("spec.").unwrap_or(&field);
        let value = change.to.as_ref().map(value_text).unwrap_or_default();
        let _ = writeln!(out, "  {field}: {value}");
        let reason = format!("{}: {}", change.basis.name(), change.because);
        out.push_str(&paragraph("", 6, &reason));
    }
    out
}

/// What one line of config would turn on.
fn on_request(known: &Match) -> String {
    let possible = known
        .facts
        .read_only_root
        .as_ref()
        .is_some_and(|root| root.value == ReadOnlyRoot::Possible);
    if !possible {
        return String::new();
    }
    let text = "The root file system stays writable unless harden.yaml says otherwise:";
    format!(
        "\n{text}\n\nimages:\n- name: {}\n  read-only-root: recommended\n",
        known.profile
    )
}

/// An entry for `images:` that a person can paste and correct.
fn how_to_state_facts(image: &str) -> String {
    let name = image.split('@').next().unwrap_or(image);
    let tag = name
        .rfind(':')
        .filter(|colon| name.rfind('/').is_none_or(|slash| slash < *colon));
    let repository = tag.and_then(|colon| name.get(..colon)).unwrap_or(name);
    format!(
        "
Such values carry the comment `# harden: assumed`. To replace them by facts, add this to harden.yaml and correct it;
`docker image inspect --format '{{{{.Config.User}}}}' {image}` says which user the image has:

images:
- repositories: [{repository}]
  user: 65532        # the uid it runs as, never a name
  group: 65532
  read-only-root: recommended    # or `possible`: only on request; or `no`
  writable:          # what it writes; each path gets an emptyDir under a read-only root
  - path: /tmp
    why: scratch space
"
    )
}
