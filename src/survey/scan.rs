//! One file to its facts: filters by bytes first, parses only the documents that can matter.

use std::panic::{self, AssertUnwindSafe};
use std::path::Path;

use memchr::memmem;

use super::aliases::is_alias_bomb;
use super::builds::{Build, Format};
use super::claims::{self, Use};
use super::compose;
use super::kustomize::{self, Kustomization};
use super::namespaces::{self, Labelled};
use super::services::{self, Service};
use super::skaffold;
use crate::kube::namespace::LABEL_PREFIX;
use crate::kube::objects::objects;
use crate::kube::{kinds, namespace, workload};
use crate::yaml::{self, Chunk, Precedence};

/// Larger documents are not parsed for their facts: the arena takes many times their size.
const MAX_DOCUMENT_BYTES: usize = 8 * 1024 * 1024;

/// What one file says.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub(super) shows_pods: bool,
    pub(super) namespaces: Vec<Labelled>,
    pub(super) kustomization: Option<Kustomization>,
    pub(super) claims: Vec<Use>,
    pub(super) services: Vec<Service>,
    pub(super) builds: Vec<Build>,
    pub(super) composed: Vec<compose::Service>,
}

/// The facts of a file. A template says nothing but whether it shows containers.
pub(super) fn scan(path: &Path, bytes: &[u8], is_template: bool) -> Facts {
    // UTF-16 hides the words from a search for bytes; the second look decides.
    let is_utf16 = bytes.starts_with(&[0xFE, 0xFF]) || bytes.starts_with(&[0xFF, 0xFE]);
    let shows_pods = is_utf16 || kinds::shows_pods(bytes);
    let wanted = Wanted::in_bytes(bytes, path, shows_pods);
    if is_template || !wanted.any() {
        return Facts {
            shows_pods,
            ..Facts::default()
        };
    }
    // A defect in the parser must not end the run; it is reported when the file is hardened.
    let facts = panic::catch_unwind(AssertUnwindSafe(|| read(path, bytes, wanted))).unwrap_or_default();
    Facts { shows_pods, ..facts }
}

/// The facts that a text may hold, by words that they cannot do without.
#[derive(Debug, Clone, Copy)]
struct Wanted {
    kustomization: bool,
    labels: bool,
    claims: bool,
    services: bool,
    builds: Option<Format>,
}

impl Wanted {
    fn in_bytes(bytes: &[u8], path: &Path, shows_pods: bool) -> Wanted {
        Wanted {
            kustomization: kustomize::is_kustomization(path),
            labels: memmem::find(bytes, LABEL_PREFIX.as_bytes()).is_some(),
            claims: shows_pods && memmem::find(bytes, b"claimName").is_some(),
            services: names_kind(bytes, "Service"),
            builds: Format::in_bytes(path, bytes),
        }
    }

    /// Of those, the ones in one of the documents.
    fn in_document(self, document: &str) -> Wanted {
        let has = |word: &str| memmem::find(document.as_bytes(), word.as_bytes()).is_some();
        Wanted {
            kustomization: self.kustomization,
            labels: self.labels && has(LABEL_PREFIX) && namespace::shows_namespace(document.as_bytes()),
            claims: self.claims && has("claimName") && kinds::may_hold_workload(document),
            services: self.services && has("selector") && names_kind(document.as_bytes(), "Service"),
            builds: self.builds,
        }
    }

    fn any(self) -> bool {
        self.kustomization || self.labels || self.claims || self.services || self.builds.is_some()
    }
}

/// Whether `kind` is named as the kind of some object: `kind: Service`, `"kind":"Service"`, but not `ServiceAccount`.
/// Comments and text in strings may say so too; then the parser decides.
fn names_kind(bytes: &[u8], kind: &str) -> bool {
    memmem::find_iter(bytes, kind.as_bytes()).any(|at| {
        let after = bytes.get(at + kind.len());
        let before = bytes.get(..at).unwrap_or_default();
        !after.is_some_and(u8::is_ascii_alphanumeric) && is_behind_kind(before)
    })
}

/// Whether a text ends in `kind:` as far as quotes and white space do not matter.
fn is_behind_kind(before: &[u8]) -> bool {
    trim_end(before)
        .strip_suffix(b":")
        .is_some_and(|key| trim_end(key).ends_with(b"kind"))
}

fn trim_end(text: &[u8]) -> &[u8] {
    let filling = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'');
    let end = text.iter().rposition(|byte| !filling(byte)).map_or(0, |last| last + 1);
    text.get(..end).unwrap_or_default()
}

fn read(path: &Path, bytes: &[u8], wanted: Wanted) -> Facts {
    let mut facts = Facts::default();
    let text = match yaml::gate(bytes) {
        Ok(text) => text,
        Err(error) => {
            let broken = || kustomize::broken(path, error.line, &error.what);
            facts.kustomization = wanted.kustomization.then(broken);
            return facts;
        }
    };
    for (index, chunk) in yaml::split(text).iter().enumerate() {
        let wanted = wanted.in_document(chunk.text);
        if wanted.any() && chunk.text.len() <= MAX_DOCUMENT_BYTES {
            document(path, index, chunk, wanted, &mut facts);
        }
    }
    facts
}

fn document(path: &Path, index: usize, chunk: &Chunk<'_>, wanted: Wanted, facts: &mut Facts) {
    let parsed = match yaml::parse(chunk) {
        Ok(parsed) => parsed,
        Err(error) => {
            if wanted.kustomization {
                facts.kustomization = Some(kustomize::broken(path, error.line, &error.what));
            }
            return;
        }
    };
    if parsed.template_line().is_some() {
        return;
    }
    let is_read_by_kubectl = wanted.builds.is_none() && !wanted.kustomization;
    let precedence = if is_read_by_kubectl {
        Precedence::Last
    } else {
        Precedence::Own
    };
    let Ok(parsed) = parsed.into_merged(precedence) else {
        return;
    };
    let Some(root) = parsed.root() else { return };
    if is_alias_bomb(root, chunk.text.len()) {
        return;
    }
    if wanted.kustomization && facts.kustomization.is_none() {
        facts.kustomization = Some(kustomize::read(root, path));
    }
    match wanted.builds {
        Some(Format::Compose) => facts.composed.extend(compose::read(root, path)),
        Some(Format::Skaffold) => facts.builds.extend(skaffold::read(root, path)),
        None => {}
    }
    if wanted.claims {
        let workloads = workload::find(root).workloads;
        facts.claims.extend(
            workloads
                .iter()
                .flat_map(|workload| claims::read(workload, path, index)),
        );
    }
    if wanted.labels {
        facts
            .namespaces
            .extend(namespace::find(root).iter().filter_map(namespaces::read));
    }
    if wanted.services {
        facts
            .services
            .extend(objects(root).iter().filter_map(|object| services::read(object, path)));
    }
}

#[cfg(test)]
mod tests {
    use super::names_kind;

    #[test]
    fn a_kind_is_found_in_every_spelling_and_longer_words_are_not() {
        let table = [
            ("kind: Service", true),
            ("a: b\n  kind:  \"Service\"\n", true),
            ("{'kind':'Service'}", true),
            ("\"kind\" :\n\t\"Service\"", true),
            ("? kind\n: Service\n", true),
            ("kind: ServiceAccount\nb: Service\nkind: Service", true),
            ("kind: ServiceAccount", false),
            ("kind: MyService", false),
            ("name: Service", false),
            ("Service", false),
            (": Service", false),
            ("kind Service", false),
        ];
        for (text, wanted) in table {
            assert_eq!(names_kind(text.as_bytes(), "Service"), wanted, "{text:?}");
        }
    }
}
