//! Which config holds for a folder: the nearest upwards to the root of its repository, one and whole.

use std::cell::LazyCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{anyhow, bail};

use super::lines::{self, Lines, Problem};
use super::{Config, Dockerfile, shared};
use crate::files::{self, ByPath, CONFIG_NAMES};
use crate::outcome::ReasonCode;

/// Larger configs are refused; the reader's limits on nesting and aliases hold below that.
const MAX_CONFIG_BYTES: u64 = 1024 * 1024;

/// The configs of a run, each read once.
#[derive(Debug)]
pub struct Configs {
    /// The one that holds everywhere: that of `--config`, or none at all.
    everywhere: Option<Arc<Config>>,
    none: Arc<Config>,
    /// Messages name configs relative to it.
    cwd: PathBuf,
    /// Whether folders hold a config, as far as somebody looked.
    looked_at: ByPath<bool>,
    known: ByPath<Arc<Config>>,
}

impl Configs {
    /// For each folder the nearest config. `cwd` must be absolute and without symbolic links.
    pub fn nearest(cwd: PathBuf) -> Configs {
        Configs {
            everywhere: None,
            none: Arc::default(),
            cwd,
            looked_at: ByPath::new(),
            known: ByPath::new(),
        }
    }

    /// With what is known already of folders: whether they hold one.
    #[must_use]
    pub fn knowing(self, looked_at: ByPath<bool>) -> Configs {
        Configs { looked_at, ..self }
    }

    /// No config for any folder.
    pub fn none(cwd: PathBuf) -> Configs {
        Configs {
            everywhere: Some(Arc::default()),
            ..Configs::nearest(cwd)
        }
    }

    /// The config at `path`, wherever it is, for every folder. Its patterns count from the root of each file's
    /// repository, its `profile-dirs` from its own folder.
    ///
    /// # Errors
    /// As `Configs::of`.
    pub fn file(path: &Path, cwd: PathBuf) -> anyhow::Result<Configs> {
        let place = cwd.join(path);
        if !files::exists(&place) {
            bail!("{}: there is no such config; check the path", path.display());
        }
        let folder = place.parent().unwrap_or(&cwd);
        let config = load(&place, path, folder, folder, &cwd)?;
        Ok(Configs {
            everywhere: Some(Arc::new(config)),
            ..Configs::nearest(cwd)
        })
    }

    /// The config for the files directly in `dir` of the repository at `root`, both absolute and without links.
    ///
    /// # Errors
    /// `PATH:LINE:COLUMN: what, and what to do` for a config that cannot be read or used; a run should not start then.
    pub fn of(&mut self, dir: &Path, root: &Path) -> anyhow::Result<Arc<Config>> {
        if let Some(config) = &self.everywhere {
            return Ok(Arc::clone(config));
        }
        let mut passed = Vec::new();
        let mut found = Arc::clone(&self.none);
        for ancestor in dir.ancestors().take_while(|ancestor| ancestor.starts_with(root)) {
            if let Some(known) = self.known.get(ancestor.as_os_str()) {
                found = Arc::clone(known);
                break;
            }
            passed.push(ancestor.as_os_str().to_os_string());
            if self.looked_at.get(ancestor.as_os_str()) == Some(&false) {
                continue;
            }
            if let Some(path) = only_config(ancestor, &self.cwd)? {
                let shown = shown(&path, &self.cwd);
                if !files::exists(&path) {
                    bail!("{}:1: is a link to nothing; mend or remove it", shown.display());
                }
                if !files::is_below(&path, root) {
                    bail!(
                        "{}:1: is a link to a place outside the repository; put a file there",
                        shown.display()
                    );
                }
                let mut config = load(&path, shown, ancestor, root, &self.cwd)?;
                config.base = Some(ancestor.to_path_buf());
                found = Arc::new(config);
                break;
            }
        }
        self.known
            .extend(passed.into_iter().map(|dir| (dir, Arc::clone(&found))));
        Ok(found)
    }
}

fn shown<'a>(path: &'a Path, cwd: &Path) -> &'a Path {
    path.strip_prefix(cwd).unwrap_or(path)
}

fn only_config(dir: &Path, cwd: &Path) -> anyhow::Result<Option<PathBuf>> {
    let mut found = files::configs_in(dir).into_iter();
    match (found.next(), found.next()) {
        (Some(one), Some(other)) => {
            let (one, other) = (shown(&one, cwd).display(), shown(&other, cwd).display());
            bail!(
                "{one}: {other} is a config of the same folder; keep one of {}",
                CONFIG_NAMES.join(", ")
            )
        }
        (found, _) => Ok(found),
    }
}

/// Reads the config at `path`, `named` so in messages. `folder` is what its relative paths start from, `root` what they must not leave.
fn load(path: &Path, named: &Path, folder: &Path, root: &Path, cwd: &Path) -> anyhow::Result<Config> {
    let name = named.display();
    let bytes = files::read_at_most(path, MAX_CONFIG_BYTES).map_err(|reason| match reason.code {
        ReasonCode::TooLarge => anyhow!("{name}: is larger than 1 MiB, which no config needs; move it away"),
        _ => anyhow!("{name}: {}", reason.message),
    })?;
    let text =
        lines::utf8(bytes).map_err(|place| anyhow!("{name}:{place}: is not UTF-8 from here on; save it as UTF-8"))?;
    let mut config = Config::parse(&text, named)?;
    let beside = Beside { folder, root, cwd };
    // Most configs name nothing beside them.
    let lines = LazyCell::new(|| Lines::of(&text));
    let in_config = |(entry, what): Problem| anyhow!("{name}:{}: {entry}: {what}", lines.place(&entry));
    for (index, dir) in config.profile_dirs.iter_mut().enumerate() {
        *dir = beside
            .profile_dir(dir)
            .map_err(|what| in_config((format!("profile-dirs[{index}]"), what)))?;
        let profiles = shared::read_folder(dir, shown(dir, cwd)).map_err(anyhow::Error::msg)?;
        config.shared.extend(profiles);
    }
    shared::check_claims(&config.shared).map_err(anyhow::Error::msg)?;
    for (index, image) in config.images.iter().enumerate() {
        if let Some(dockerfile) = &image.dockerfile {
            let entry = format!("images[{index}].dockerfile");
            let read = beside.dockerfile(dockerfile, lines.line(&entry));
            let read = read.map_err(|what| in_config((entry, format!("`{dockerfile}` {what}"))))?;
            config.dockerfiles.push((index, read));
        }
    }
    Ok(config)
}

/// Where what a config names is looked for. Errors say what is wrong, without the place.
struct Beside<'a> {
    folder: &'a Path,
    root: &'a Path,
    cwd: &'a Path,
}

impl Beside<'_> {
    fn profile_dir(&self, dir: &Path) -> Result<PathBuf, String> {
        let (place, dir) = (self.folder.join(dir), dir.display());
        if !files::is_directory(&place) {
            return Err(format!("`{dir}` is no folder beside the config; create or remove it"));
        }
        if !files::is_below(&place, self.root) {
            return Err(format!(
                "`{dir}` links to a place outside the repository; put a folder there"
            ));
        }
        Ok(place)
    }

    fn dockerfile(&self, name: &str, line: usize) -> Result<Dockerfile, String> {
        let path = self.folder.join(name);
        if !files::exists(&path) {
            return Err("does not exist; its path starts from the folder of the config".to_string());
        }
        if !files::is_below(&path, self.root) {
            return Err("is outside the repository; name one inside".to_string());
        }
        let bytes = files::read_at_most(&path, MAX_CONFIG_BYTES).map_err(|reason| match reason.code {
            ReasonCode::TooLarge => "is larger than 1 MiB, which no Dockerfile needs; name another".to_string(),
            _ => reason.message,
        })?;
        let text = lines::utf8(bytes)
            .map_err(|place| format!("is not UTF-8 from its line {} on; save it as UTF-8", place.line))?;
        Ok(Dockerfile {
            path: shown(&path, self.cwd).to_path_buf(),
            text,
            line,
        })
    }
}
