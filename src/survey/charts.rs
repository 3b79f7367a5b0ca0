//! Which files are templates of a Helm chart: those in the `templates` folder beside a `Chart.yaml`, at any depth.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use memchr::memmem;

use crate::files::{self, Repository, RepositoryKind};

/// The folder of a chart's templates.
const TEMPLATES: &str = "templates";
/// Beside it.
const CHART: &str = "Chart.yaml";

/// The folders that hold a chart.
#[derive(Debug, Default)]
pub(super) struct Charts(HashSet<PathBuf>);

impl Charts {
    /// From all files of the repository; their names suffice.
    pub(super) fn of(paths: &[PathBuf]) -> Charts {
        let chart_file = |path: &&PathBuf| path.file_name().is_some_and(|name| name == CHART);
        let folder = |path: &PathBuf| path.parent().map(Path::to_path_buf);
        Charts(paths.iter().filter(chart_file).filter_map(folder).collect())
    }

    pub(super) fn is_template(&self, path: &Path) -> bool {
        // Taking a path apart is slow, and few have such a folder.
        if memmem::find(path.as_os_str().as_encoded_bytes(), TEMPLATES.as_bytes()).is_none() {
            return false;
        }
        path.ancestors()
            .skip(1)
            .filter(|folder| folder.file_name().is_some_and(|name| name == TEMPLATES))
            .any(|templates| templates.parent().is_some_and(|chart| self.0.contains(chart)))
    }
}

/// Whether the root itself lies in the `templates` folder of a chart. Only a folder that is nobody's repository can.
pub(super) fn is_inside(repository: &Repository) -> bool {
    let is_templates = |folder: &&Path| folder.file_name().is_some_and(|name| name == TEMPLATES);
    let beside_chart = |folder: &Path| folder.parent().is_some_and(|chart| files::exists(&chart.join(CHART)));
    repository.kind == RepositoryKind::Folder && repository.root.ancestors().filter(is_templates).any(beside_chart)
}
