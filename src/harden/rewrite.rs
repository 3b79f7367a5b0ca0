//! The new text of a document and its proof: edits for what was planned, both readers, the checks and the plan once
//! more. What is planned, `workloads` and `namespaces` say.

use super::namespaces::{self, Labelled};
use super::parsed::Parsed;
use super::workloads::{Judged, judge_all};
use crate::context::Context;
use crate::outcome::{Finding, Reason, ReasonCode, WorkloadStatus};
use crate::plan::{Basis, MARKED, MARKER};
use crate::verify::{self, Doubt, EditedDocument};
use crate::yaml::{self, Change, Chunk, Document, EditRules, Placement, Refusal, RefusalKind};

/// New `securityContext`s go where most manifests have them.
const RULES: EditRules = EditRules {
    placements: &[Placement {
        key: "securityContext",
        before: &["initContainers", "containers", "volumeMounts"],
    }],
    marker: MARKER,
    marked: MARKED,
};

/// All that is planned for a document.
pub(super) struct Plans {
    pub(super) judged: Vec<Judged>,
    pub(super) labelled: Vec<Labelled>,
}

/// A document's new text in place of its old.
pub(super) struct Rewritten<'t> {
    pub(super) chunk: Chunk<'t>,
    pub(super) text: String,
}

/// The new text of a document. Workloads whose changes cannot be written are left alone, the others go on.
pub(super) fn rewrite<'t>(
    document: &Parsed<'t>,
    plans: &mut Plans,
    context: &Context,
) -> Result<Option<Rewritten<'t>>, Reason> {
    let document = &document.written;
    let Some((changes, edits)) = plan_edits(document, plans) else {
        return Ok(None);
    };
    let new = yaml::splice(document.text, &edits);
    let edited = EditedDocument {
        old: document,
        changes: &changes,
        edits: &edits,
    };
    let parsed = Parsed::parse(&chunk(document, &new))
        .map_err(|e| defect(&format!("the new text is not YAML: {}", e.what), e.line))?;
    match verify::verify(&edited, &parsed.written, MARKER) {
        Ok(()) => {}
        Err(Doubt::SecondReader { line, what }) => {
            let message =
                format!("a second YAML reader, which reads as kubectl does, rejects the document: {what}; mend it");
            leave_all_alone(plans, ReasonCode::SecondReader, &message, line);
            return Ok(None);
        }
        Err(Doubt::TooLarge { line }) => {
            let message = format!(
                "its document holds more than {} values, aliases followed, which are not compared; split the document, \
                 or write out its aliases",
                verify::MAX_VALUES
            );
            leave_all_alone(plans, ReasonCode::TooLarge, &message, line);
            return Ok(None);
        }
        Err(Doubt::Mismatch { line, what }) => return Err(defect(&what, line)),
    }
    prove_labels(&parsed, plans, context)?;
    prove_plan(&parsed, &mut plans.judged, context)?;
    drop(parsed);
    Ok(Some(Rewritten {
        chunk: chunk(document, document.text),
        text: new,
    }))
}

/// A text in the place of a document: its own, or the one to put there.
fn chunk<'c>(document: &Document, text: &'c str) -> Chunk<'c> {
    Chunk {
        text,
        offset: document.offset,
        line: document.line,
        content_on_separator: false,
        whole: document.json,
    }
}

fn leave_all_alone(plans: &mut Plans, code: ReasonCode, message: &str, line: usize) {
    let reason = Reason {
        code,
        message: message.to_string(),
        line: Some(line),
    };
    for one in plans.judged.iter_mut().filter(|one| !one.changes.is_empty()) {
        one.outcome.leave_alone(reason.clone());
    }
    for one in plans.labelled.iter_mut().filter(|one| !one.changes.is_empty()) {
        one.outcome.leave_alone(reason.clone());
    }
}

impl Plans {
    fn changes(&self) -> impl Iterator<Item = &Change> {
        let of_workloads = self.judged.iter().flat_map(|one| &one.changes);
        of_workloads.chain(self.labelled.iter().flat_map(|one| &one.changes))
    }

    /// Leaves alone those whose changes cannot be written, each by the refusal that `refused` gives for them.
    fn refuse(&mut self, refused: impl Fn(&[Change]) -> Option<Refusal>) {
        let refusal = |changes: &[Change]| refused(changes).filter(|_| !changes.is_empty()).map(reason_of);
        for one in &mut self.judged {
            if let Some(reason) = refusal(&one.changes) {
                one.leave_alone(reason);
            }
        }
        for one in &mut self.labelled {
            if let Some(reason) = refusal(&one.changes) {
                one.outcome.leave_alone(reason);
                one.changes.clear();
            }
        }
    }
}

/// Rounds in which anchors are looked for that objects share with what does not need the same change.
const ANCHORS: usize = 16;

/// Edits for all objects together, or for those whose own changes can be written.
fn plan_edits(document: &Document, plans: &mut Plans) -> Option<(Vec<Change>, Vec<yaml::Edit>)> {
    let own = |changes: &[Change]| yaml::edit(document, changes, RULES).err();
    let together = |plans: &Plans| {
        let changes: Vec<Change> = plans.changes().cloned().collect();
        let edits = yaml::edit(document, &changes, RULES);
        edits.map(|edits| (changes, edits))
    };
    let mut rounds = 0;
    loop {
        plans.changes().next()?;
        let refusal = match together(plans) {
            Ok(planned) => return Some(planned),
            Err(refusal) => refusal,
        };
        if refusal.kind == RefusalKind::Alias && rounds < ANCHORS {
            // Alone, an object is refused every anchor that it shares; only together they show what stands in the way.
            let is_it = |own: &Refusal| own.kind == refusal.kind && own.line == refusal.line;
            let before = plans.changes().count();
            plans.refuse(|changes| own(changes).filter(is_it).map(|_| refusal.clone()));
            rounds += 1;
            if plans.changes().count() < before {
                continue;
            }
        }
        plans.refuse(own);
        let planned = together(plans).ok();
        if planned.is_none() {
            plans.refuse(|_| Some(refusal.clone()));
        }
        return planned.filter(|(changes, _)| !changes.is_empty());
    }
}

fn reason_of(refusal: Refusal) -> Reason {
    let code = match refusal.kind {
        RefusalKind::Alias => ReasonCode::Alias,
        RefusalKind::MergeKey => ReasonCode::MergeKey,
        RefusalKind::DuplicateKey => ReasonCode::DuplicateKey,
        RefusalKind::Unsupported => ReasonCode::Unsupported,
    };
    Reason {
        code,
        message: refusal.what,
        line: Some(refusal.line),
    }
}

fn defect(what: &str, line: usize) -> Reason {
    let message = format!("{what}; this is a defect of harden, please report it; nothing is written");
    Reason {
        code: ReasonCode::Verification,
        message,
        line: Some(line),
    }
}

/// A second run must find nothing to label.
fn prove_labels(new: &Parsed, plans: &Plans, context: &Context) -> Result<(), Reason> {
    let again = new.root().map(|root| namespaces::label(0, root, context));
    let again = again.unwrap_or_default();
    if again.len() != plans.labelled.len() {
        return Err(defect("the new text holds other namespaces", new.written.line));
    }
    let more = again.iter().zip(&plans.labelled);
    let mut more = more.filter(|(again, first)| !first.changes.is_empty() && !again.changes.is_empty());
    match more.next() {
        Some((again, _)) => {
            let what = format!("a second run would label {} again", again.outcome.name);
            Err(defect(&what, new.written.line))
        }
        None => Ok(()),
    }
}

/// The new text must pass the target (but for what is ignored or blocked) and need nothing more.
fn prove_plan(new: &Parsed, judged: &mut [Judged], context: &Context) -> Result<(), Reason> {
    let line = new.written.line;
    if new.root().is_none() {
        return Err(defect("the new text is empty", line));
    }
    let (all_again, _) = judge_all(0, new, context);
    if all_again.len() != judged.len() {
        return Err(defect("the new text holds other workloads", line));
    }
    for (again, one) in all_again.into_iter().zip(judged.iter_mut()) {
        if one.changes.is_empty() {
            continue;
        }
        let name = format!("{} {}", one.outcome.kind, one.outcome.name);
        if !again.changes.is_empty() {
            let more = again
                .outcome
                .changes
                .first()
                .map(|c| c.field.to_string())
                .unwrap_or_default();
            return Err(defect(&format!("a second run would change {more} of {name}"), line));
        }
        let left = |f: &&Finding| one.outcome.status == WorkloadStatus::Hardened && !one.ignored.contains(&f.check);
        if let Some(finding) = again.outcome.before.iter().find(left) {
            let overridden = one.outcome.changes.iter().any(|c| c.basis == Basis::Override);
            return Err(if overridden {
                half_override(&name, finding, line)
            } else {
                still_violates(&name, finding, line)
            });
        }
        one.outcome.after = again.outcome.before;
        one.outcome.relaxed = again.outcome.relaxed;
    }
    Ok(())
}

fn still_violates(name: &str, finding: &Finding, line: usize) -> Reason {
    defect(&format!("{name} would still violate {}", finding.check), line)
}

/// What config or `--accept override` put in place of a decision is not enough: that is not ours to mend.
fn half_override(name: &str, finding: &Finding, line: usize) -> Reason {
    let message = format!(
        "what overrides {name} leaves this: {}; mend the override; nothing is written",
        finding.message
    );
    Reason {
        code: ReasonCode::Verification,
        message,
        line: Some(line),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::Config;
    use crate::harden::harden_text;
    use crate::options::Rules;
    use crate::profiles::Library;
    use crate::survey::Survey;

    const OLD: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: app}
spec:
  containers:
  - name: cache
    image: memcached:1.6
";

    fn in_context<T>(rules: &Rules, ask: impl FnOnce(&Context) -> T) -> T {
        let config = Config::default();
        let library = Library::with_config(Vec::new(), Vec::new()).expect("the built-in profiles");
        let survey = Survey::of_texts(&[]);
        ask(&Context {
            rules,
            config: &config,
            library: &library,
            survey: &survey,
            root: Path::new("/repository"),
            relative: Path::new("app.yaml"),
            standings: None,
        })
    }

    fn file(text: &str) -> Chunk<'_> {
        Chunk {
            text,
            offset: 0,
            line: 1,
            content_on_separator: false,
            whole: true,
        }
    }

    /// What the proof says where `new` comes of the plan for `OLD`.
    fn doubt(new: &str, rules: &Rules) -> Option<String> {
        in_context(rules, |context| {
            let old = Parsed::parse(&file(OLD)).expect("YAML");
            let (mut judged, _) = judge_all(0, &old, context);
            let new = Parsed::parse(&file(new)).expect("YAML");
            let refused = prove_plan(&new, &mut judged, context).err()?;
            assert_eq!(refused.code, ReasonCode::Verification);
            Some(refused.message)
        })
    }

    fn good(rules: &Rules) -> String {
        let outcome = in_context(rules, |context| {
            harden_text(Path::new("app.yaml"), OLD.as_bytes(), context)
        });
        outcome.hardened.expect("it is hardened").new
    }

    fn replaced(text: &str, from: &str, to: &str) -> String {
        assert_eq!(text.matches(from).count(), 1, "{from:?} in {text}");
        text.replacen(from, to, 1)
    }

    #[test]
    fn what_does_not_pass_or_is_not_done_is_refused() {
        let rules = Rules::default();
        let good = good(&rules);
        assert_eq!(doubt(&good, &rules), None);
        let table = [
            ("nothing is done", "", "", "a second run would change"),
            (
                "a field is left out",
                "      allowPrivilegeEscalation: false\n",
                "",
                "a second run would change",
            ),
            (
                "a user is left out",
                "runAsNonRoot: true",
                "runAsNonRoot: false",
                "would still violate runAsNonRoot",
            ),
            (
                "on the host's network",
                "spec:\n",
                "spec:\n  hostNetwork: true\n",
                "would still violate hostNamespaces",
            ),
            ("no workload", "kind: Pod", "kind: Secret", "holds other workloads"),
            (
                "another workload",
                "kind: Pod",
                "kind: Deployment",
                "holds other workloads",
            ),
        ];
        for (damage, from, to, wanted) in table {
            let new = if from.is_empty() {
                OLD.to_string()
            } else {
                replaced(&good, from, to)
            };
            let said = doubt(&new, &rules).unwrap_or_default();
            assert!(said.contains(wanted), "{damage}: {said:?}");
        }
        let said = doubt("# nothing\n", &rules);
        assert!(said.is_some_and(|said| said.starts_with("the new text is empty")));
    }
}
