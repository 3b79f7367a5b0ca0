//! One file to its facts: filters by bytes first, parses only the documents that can matter.

use std::panic::{self, AssertUnwindSafe};
use std::path::Path;

use memchr::memmem;

use super::claims::{self, Use};
use super::kustomize::{self, Kustomization};
use super::namespaces::{self, LABEL_PREFIX, Labelled};
use super::services::{self, Service};
use crate::kube::workload;
use crate::yaml::{self, Chunk, NodeRef};

/// Larger documents are not parsed for their facts: the arena takes many times their size.
const MAX_DOCUMENT_BYTES: usize = 8 * 1024 * 1024;

/// What one file says.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub(super) shows_containers: bool,
    pub(super) namespaces: Vec<Labelled>,
    pub(super) kustomization: Option<Kustomization>,
    pub(super) claims: Vec<Use>,
    pub(super) services: Vec<Service>,
}

/// The facts of a file. A template says nothing but whether it shows containers.
pub(super) fn scan(path: &Path, bytes: &[u8], is_template: bool) -> Facts {
    let shows_containers = memmem::find(bytes, b"containers").is_some();
    let wanted = Wanted::in_bytes(bytes, path, shows_containers);
    if is_template || !wanted.any() {
        return Facts {
            shows_containers,
            ..Facts::default()
        };
    }
    // A defect in the parser must not end the run; it is reported when the file is hardened.
    let facts = panic::catch_unwind(AssertUnwindSafe(|| read(path, bytes, wanted))).unwrap_or_default();
    Facts {
        shows_containers,
        ..facts
    }
}

/// The facts that a text may hold, by words that they cannot do without.
#[derive(Debug, Clone, Copy)]
struct Wanted {
    kustomization: bool,
    labels: bool,
    claims: bool,
    services: bool,
}

impl Wanted {
    fn in_bytes(bytes: &[u8], path: &Path, shows_containers: bool) -> Wanted {
        Wanted {
            kustomization: kustomize::is_kustomization(path),
            labels: memmem::find(bytes, LABEL_PREFIX.as_bytes()).is_some(),
            claims: shows_containers && memmem::find(bytes, b"claimName").is_some(),
            services: has_word(bytes, b"Service"),
        }
    }

    /// Of those, the ones in one of the documents.
    fn in_document(self, document: &str) -> Wanted {
        let has = |word: &str| memmem::find(document.as_bytes(), word.as_bytes()).is_some();
        Wanted {
            kustomization: self.kustomization,
            labels: self.labels && has(LABEL_PREFIX),
            claims: self.claims && has("claimName") && has("containers"),
            services: self.services && has("selector") && has_word(document.as_bytes(), b"Service"),
        }
    }

    fn any(self) -> bool {
        self.kustomization || self.labels || self.claims || self.services
    }
}

/// Whether `word` stands somewhere on its own: `Service` but not `ServiceAccount`.
fn has_word(bytes: &[u8], word: &[u8]) -> bool {
    let is_letter = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_alphanumeric);
    memmem::find_iter(bytes, word).any(|at| !is_letter(at.checked_sub(1)) && !is_letter(Some(at + word.len())))
}

fn read(path: &Path, bytes: &[u8], wanted: Wanted) -> Facts {
    let mut facts = Facts::default();
    let Ok(text) = yaml::gate(bytes) else {
        return facts;
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
    let Ok(parsed) = yaml::parse(chunk) else { return };
    if parsed.template_line().is_some() {
        return;
    }
    let Some(root) = parsed.root() else { return };
    if wanted.kustomization && facts.kustomization.is_none() {
        facts.kustomization = Some(kustomize::read(root, path));
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
        facts.namespaces.extend(objects(root).filter_map(namespaces::read));
    }
    if wanted.services {
        facts
            .services
            .extend(objects(root).filter_map(|object| services::read(object, path)));
    }
}

/// The object of a document, or the items of a list of objects.
fn objects<'d>(root: NodeRef<'d>) -> impl Iterator<Item = NodeRef<'d>> {
    let kind = root.get("kind").and_then(NodeRef::as_str).unwrap_or("");
    let items = root
        .get("items")
        .filter(|items| kind.ends_with("List") && items.is_sequence());
    let single = items.is_none().then_some(root);
    single.into_iter().chain(items.into_iter().flat_map(NodeRef::items))
}
