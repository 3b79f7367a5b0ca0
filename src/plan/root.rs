//! The root file system: `readOnlyRootFilesystem` and the emptyDirs that containers need to write to.

use std::collections::BTreeSet;

use super::case::Case;
use super::draft::{Draft, Reasoned, basis};
use super::seat::{self, Seat, is_replaceable};
use super::superuser::stays_root;
use super::user::User;
use super::{Basis, environment, laid, users, writes};
use crate::config::ReadOnlyRoot as Mode;
use crate::kube::pod::Class;
use crate::profiles::{Class as Evidence, Fact, Medium, Origin, ReadOnlyRoot, When, WritablePath, clean, is_within};
use crate::yaml::{NodeRef, Value};

/// The only place where nearly every program writes; all that an unknown image gets.
const TMP: &str = "/tmp";
const MAX_NAME: usize = 63;

/// What a container's root becomes.
struct Root {
    /// Why it becomes read-only; `None` leaves it as it is.
    read_only: Option<Reasoned>,
    /// Why it does not, where a patch of a kustomization is against it.
    kept_by: Option<String>,
    paths: Vec<(WritablePath, Reasoned)>,
}

impl Root {
    fn places(&self) -> Vec<&str> {
        places(&self.paths)
    }
}

pub(super) fn write(case: &Case, users: &[User], draft: &mut Draft) {
    if case.pod.is_windows() {
        return;
    }
    let mut names = taken_names(case);
    for (seat, user) in case.seats.iter().zip(users) {
        // Root finds more places to write than anybody listed.
        if seat.container.class != Class::Ephemeral && !seat.held && !stays_root(case, seat) {
            let root = decide(case, seat, user);
            if let Some(why) = &root.kept_by {
                draft.note(format!("container {} keeps a writable root: {why}", seat.name()));
            }
            note_closed(seat, user, draft);
            write_root(case, seat, root, &mut names, draft);
        }
    }
}

/// A read-only root for workloads that pass already, where evidence of the strongest classes or config allows it and
/// nothing else must change for it.
pub(super) fn improve(case: &Case, draft: &mut Draft) {
    if case.pod.is_windows() {
        return;
    }
    let is_sound = |fact: &Fact<ReadOnlyRoot>| match fact.origin {
        Origin::Config => true,
        Origin::Profile => matches!(fact.class, Some(Evidence::Tested | Evidence::Dockerfile)),
        Origin::Assumed => false,
    };
    let mut names = taken_names(case);
    for seat in case.seats.iter().filter(|s| s.container.class != Class::Ephemeral) {
        let user = users::of_manifest(case, seat);
        if fact(seat).is_some_and(is_sound) {
            let root = decide(case, seat, &user);
            if root.read_only.is_some() && !environment::goes_with_root(seat, &user, &root.places()) {
                write_root(case, seat, root, &mut names, draft);
            }
        }
    }
}

fn fact<'s>(seat: &'s Seat) -> Option<&'s Fact<ReadOnlyRoot>> {
    seat.known.as_ref()?.facts.read_only_root.as_ref()
}

fn decide(case: &Case, seat: &Seat, user: &User) -> Root {
    let read_only = wanted(case, seat, user);
    let mut paths = paths(seat, user, read_only.as_ref());
    paths.retain(|(path, _)| !laid::covers(case, seat, &path.path));
    if let Some(why) = read_only.as_ref().and_then(|_| laid_against(case, seat, &paths)) {
        paths.retain(|(path, _)| seat.known.is_some() && is_needed(path, seat, user));
        return Root {
            read_only: None,
            kept_by: Some(why),
            paths,
        };
    }
    // A mount that cannot be written exactly where (or above where) the image must write leaves the root as it is.
    let hindered = |path: &str| seat.mount_over(path).is_some_and(|m| !m.is_writable());
    let shipped = |path: &WritablePath| path.ships_content && seat.mount_over(&path.path).is_none();
    let elsewhere = read_only.is_some()
        && (writes_elsewhere(seat, &paths) || environment::keeps_data_elsewhere(seat, &places(&paths)));
    if elsewhere || paths.iter().any(|(p, _)| hindered(&p.path) || shipped(p)) {
        let kept = paths
            .into_iter()
            .filter(|(p, _)| is_needed(p, seat, user) && !hindered(&p.path) && !shipped(p));
        return Root {
            read_only: None,
            kept_by: None,
            paths: kept.collect(),
        };
    }
    Root {
        read_only,
        kept_by: None,
        paths,
    }
}

/// Whether a path must be writable, whatever becomes of the root.
fn is_needed(path: &WritablePath, seat: &Seat, user: &User) -> bool {
    user.is_new() && (path.when != When::ReadOnlyRoot || seat.has_read_only_root())
}

/// What a patch of a kustomization has against one of the mounts that a read-only root would need: emptyDirs, and what the
/// manifest mounts itself.
fn laid_against(case: &Case, seat: &Seat, paths: &[(WritablePath, Reasoned)]) -> Option<String> {
    let planned = paths
        .iter()
        .filter_map(|(path, _)| laid::hinders(case, seat, &path.path));
    let own = seat.mounts.iter().filter(|mount| mount.is_writable());
    let own = own.filter_map(|mount| laid::uncovers(case, seat, &mount.path));
    let (over, does) = planned.chain(own).next()?;
    Some(format!("{} {does}", laid::place(over)))
}

fn places(paths: &[(WritablePath, Reasoned)]) -> Vec<&str> {
    paths.iter().map(|(p, _)| p.path.as_str()).collect()
}

/// Under a root that the manifest closes, what the image writes beside its own files stays closed.
fn note_closed(seat: &Seat, user: &User, draft: &mut Draft) {
    let facts = seat.known.as_ref().map(|known| &known.facts);
    let Some(facts) = facts.filter(|_| user.is_new() && seat.has_read_only_root()) else {
        return;
    };
    for fact in facts.writable_in(&user.setting(seat, true)) {
        let WritablePath { path, why, .. } = &fact.value;
        if fact.value.ships_content && seat.mount_over(path).is_none() {
            draft.note(format!(
                "container {} has a read-only root, and {} writes to {path}{}: an empty volume there would hide the files \
                 of the image",
                seat.name(),
                seat.image_name(),
                why.as_ref().map_or(String::new(), |why| format!(" ({why})")),
            ));
        }
    }
}

/// Whether the manifest shows that the container writes to its root beside the paths that are known.
fn writes_elsewhere(seat: &Seat, paths: &[(WritablePath, Reasoned)]) -> bool {
    let is_planned = |path: &str| paths.iter().any(|(p, _)| is_within(path, &p.path));
    let covers_tmp = is_planned(TMP) || seat.mount_over(TMP).is_some_and(seat::Mount::is_writable);
    let written = writes::uncovered(seat).into_iter().filter(|write| !write.may_exist);
    written.into_iter().any(|write| !is_planned(&write.path)) || !covers_tmp && names_tmp(seat)
}

/// Why the root becomes read-only, if it does.
fn wanted(case: &Case, seat: &Seat, user: &User) -> Option<Reasoned> {
    let is_decided = seat
        .context(&["readOnlyRootFilesystem"])
        .is_some_and(|node| !is_replaceable(node));
    if is_decided || case.read_only_root() == Mode::Never {
        return None;
    }
    let why = match fact(seat) {
        Some(fact) if fact.value == ReadOnlyRoot::Recommended => {
            let because = format!("{} is known to run with a read-only root", seat.image_name());
            Reasoned::new(basis(fact.origin), because)
        }
        None if seat.known.is_none() && user.is_assumed() && !names_tmp(seat) => Reasoned::new(
            Basis::Assumed,
            "under a foreign uid little but /tmp could be written anyway",
        ),
        _ => return None,
    };
    let may_assume = case.read_only_root() == Mode::Auto && case.accepts(Basis::Assumed);
    (why.basis != Basis::Assumed || may_assume).then_some(why)
}

/// Paths that need an emptyDir of their own.
fn paths(seat: &Seat, user: &User, read_only: Option<&Reasoned>) -> Vec<(WritablePath, Reasoned)> {
    let facts = seat.known.as_ref().map(|known| &known.facts);
    let is_closed = seat.has_read_only_root();
    let setting = user.setting(seat, read_only.is_some() || is_closed);
    let known = facts.map(|f| f.writable_in(&setting)).unwrap_or_default();
    // A container that keeps its user and its root boots today as it is.
    let known = known.into_iter().filter(|_| user.is_new() || read_only.is_some());
    let mut paths: Vec<(WritablePath, Reasoned)> = known
        .map(|fact| {
            let why = fact
                .value
                .why
                .clone()
                .unwrap_or_else(|| format!("{} writes there", seat.image_name()));
            (fact.value.clone(), Reasoned::new(basis(fact.origin), why))
        })
        .collect();
    if let Some(why) = read_only.filter(|_| seat.known.is_none()) {
        paths.push((
            WritablePath::plain(TMP),
            Reasoned::new(why.basis, "scratch space under a read-only root"),
        ));
    }
    paths.retain(|(p, _)| !seat.mount_over(&p.path).is_some_and(seat::Mount::is_writable));
    // What the image has there may be why the author's root works.
    paths.retain(|(p, _)| !(is_closed && p.path == TMP && names_tmp(seat)));
    paths
}

/// Whether the container says that it uses `/tmp` for something that an empty directory would hide.
fn names_tmp(seat: &Seat) -> bool {
    let node = seat.container.node;
    let env = seat.env().filter_map(|e| e.get("value"));
    let probes = ["livenessProbe", "readinessProbe", "startupProbe"]
        .iter()
        .filter_map(|p| node.at(&[p, "exec", "command"]));
    let texts = env
        .chain(probes.flat_map(NodeRef::items))
        .chain(node.get("workingDir"))
        .filter_map(NodeRef::text);
    let mut texts = texts.chain(seat.words.iter().copied());
    texts.any(|text| text.match_indices(TMP).any(|(at, _)| names_tmp_at(seat, text, at)))
}

/// Whether a path begins there, and no volume is mounted at it.
fn names_tmp_at(seat: &Seat, text: &str, at: usize) -> bool {
    let before = text.get(..at).and_then(|t| t.chars().next_back());
    let rest = text.get(at..).unwrap_or_default();
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '/' | '-' | '_' | '.');
    let path = rest
        .get(..rest.find(|c| !is_part(c)).unwrap_or(rest.len()))
        .unwrap_or(rest);
    let path = clean(path);
    !before.is_some_and(is_part) && is_within(&path, TMP) && seat.mount_over(&path).is_none()
}

fn write_root(case: &Case, seat: &Seat, root: Root, names: &mut BTreeSet<String>, draft: &mut Draft) {
    if let Some(why) = root.read_only {
        let keys = ["securityContext", "readOnlyRootFilesystem"];
        draft.set_container(seat, &keys, Value::Bool(true), why);
    }
    for (path, why) in root.paths {
        let name = volume_name(&path.path, seat.name(), names);
        let volume = Value::map([("name", Value::str(name.clone())), ("emptyDir", empty_dir(&path))]);
        let mount = Value::map([
            ("name", Value::str(name.clone())),
            ("mountPath", Value::str(path.path.clone())),
        ]);
        let container = Some(seat.name());
        let (pod, pod_path) = (case.pod.spec, &case.pod.path);
        draft.append(pod, pod_path, &["volumes"], container, volume, why.clone());
        let (node, path) = (seat.container.node, &seat.container.path);
        draft.append(node, path, &["volumeMounts"], container, mount, why);
        names.insert(name);
    }
}

fn empty_dir(path: &WritablePath) -> Value {
    let medium = path
        .medium
        .map(|Medium::Memory| (Value::str("medium"), Value::str("Memory")));
    let size = path
        .size_limit
        .as_deref()
        .map(|size| (Value::str("sizeLimit"), Value::str(size.to_string())));
    Value::Map(medium.into_iter().chain(size).collect())
}

fn taken_names(case: &Case) -> BTreeSet<String> {
    let volumes = case.pod.spec.list("volumes");
    let volumes = volumes.filter_map(|v| v.get("name").and_then(NodeRef::text));
    let own = volumes.chain(seat::claim_templates(case.workload)).map(str::to_string);
    own.chain(laid::volume_names(case)).collect()
}

/// `/var/cache/nginx` is `var-cache-nginx`; where that is taken, with the container's name, then with a number.
fn volume_name(path: &str, container: &str, taken: &BTreeSet<String>) -> String {
    let base = label(path);
    let numbered = (2..).map(|n| {
        label(&format!(
            "{}-{n}",
            base.get(..base.len().min(MAX_NAME - 4)).unwrap_or(&base)
        ))
    });
    let mut candidates = [base.clone(), label(&format!("{base}-{container}"))]
        .into_iter()
        .chain(numbered);
    candidates.find(|name| !taken.contains(name)).unwrap_or(base)
}

/// A DNS label of a text.
fn label(text: &str) -> String {
    let words = text
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|w| !w.is_empty());
    let joined = words.collect::<Vec<_>>().join("-").to_ascii_lowercase();
    let cut = joined.get(..joined.len().min(MAX_NAME)).unwrap_or("").trim_matches('-');
    if cut.is_empty() {
        "writable".to_string()
    } else {
        cut.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_readable_unique_and_short() {
        let mut taken = BTreeSet::new();
        for (path, wanted) in [
            ("/var/cache/nginx", "var-cache-nginx"),
            ("/tmp", "tmp"),
            ("/tmp", "tmp-web"),
            ("/tmp", "tmp-2"),
            ("/", "writable"),
        ] {
            let name = volume_name(path, "web", &taken);
            assert_eq!(name, wanted);
            taken.insert(name);
        }
        let long = format!("/{}", "a".repeat(80));
        let first = volume_name(&long, "web", &taken);
        taken.insert(first.clone());
        let second = volume_name(&long, "web", &taken);
        assert!(
            first.len() <= 63 && second.len() <= 63 && first != second,
            "{first} {second}"
        );
    }
}
