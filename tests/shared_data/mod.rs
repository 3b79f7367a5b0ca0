//! Finds data that is too large for the repository: in the folder that `HARDEN_SHARED` names, or in `shared` beside the
//! repository.

use std::path::{Path, PathBuf};

/// `name` below the shared folder; where it is missing, a line that `.ci/run` counts, and `None`.
pub(crate) fn shared(name: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let folder = std::env::var_os("HARDEN_SHARED").map_or(beside, PathBuf::from);
    let path = folder.join(name);
    if path.exists() {
        return Some(path);
    }
    #[allow(clippy::print_stdout)] // seen with `--show-output`, and counted by .ci/run
    {
        println!("skipped: 1 (shared data not found: {name}; set HARDEN_SHARED)");
    }
    None
}
