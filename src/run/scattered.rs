//! Folders of the command line that fall apart into many repositories, since nothing makes one of them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::job::Job;
use crate::files::{self, File, RepositoryKind};
use crate::outcome::Diagnostic;

/// One for each named folder in which several folders have manifests and are looked at one by one.
pub(super) fn remarks(named: &[PathBuf], jobs: &[Job], cwd: &Path) -> Vec<Diagnostic> {
    let is_alone = |file: &&File| file.repository.kind == RepositoryKind::Folder;
    let alone: BTreeSet<&Path> = jobs
        .iter()
        .filter_map(Job::file)
        .filter(is_alone)
        .map(|file| file.repository.root.as_path())
        .collect();
    if alone.len() < 2 {
        return Vec::new();
    }
    let folders = named.iter().filter_map(|path| files::resolved(&cwd.join(path)));
    let folders: BTreeSet<PathBuf> = folders.filter(|path| files::is_directory(path)).collect();
    folders
        .into_iter()
        .filter_map(|folder| {
            let count = alone.iter().filter(|root| root.starts_with(&folder)).count();
            let below = folder
                .strip_prefix(cwd)
                .ok()
                .filter(|path| !path.as_os_str().is_empty());
            (count > 1).then(|| Diagnostic {
                code: "no-repository",
                path: Some(below.unwrap_or(&folder).to_path_buf()),
                line: None,
                message: message(count),
            })
        })
        .collect()
}

fn message(count: usize) -> String {
    format!(
        "is no repository: {count} folders with manifests in it are looked at one by one, without what the others say (labels \
         of namespaces, patches, shared claims); run harden in the folder that belongs together, make it a repository \
         (`git init`), or put a harden.yaml there"
    )
}
