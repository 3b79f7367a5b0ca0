//! What becomes of every shape of file, byte for byte. Each folder of `tests/bytes` is one case:
//!
//! * `before.yaml` (or `.json`): the file.
//! * `after.yaml`: what it becomes. Missing: not one byte changes.
//! * `reason`: what is said about what was left alone, a line each. Missing: nothing was.
//! * `harden.yaml`: the config, in place of `CONFIG`.
//!
//! `HARDEN_BLESS=1` writes `after` and `reason` anew; look at the difference before you keep it.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

use harden::config::Config;
use harden::context::Context;
use harden::harden_text;
use harden::options::Rules;
use harden::outcome::{FileStatus, Outcome, Reason, ReasonCode, WorkloadStatus};
use harden::profiles::Library;
use harden::survey::Survey;

/// One image whose user is known, and nothing about its files: the edits stay short.
const CONFIG: &str = "\
read-only-root: never
images:
- repositories: [example.com/app]
  user: 1000
  evidence: {class: tested}
";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bytes")
}

fn harden(name: &str, text: &[u8], config: &str) -> Outcome {
    let (name, shown) = (Path::new(name), Path::new("harden.yaml"));
    let config = Config::parse(config, shown).unwrap();
    let library = Library::with_config(config.images.clone(), config.mirrors.clone()).unwrap();
    let survey = Survey::of_texts(&[(name.to_path_buf(), text)]);
    let context = Context {
        rules: &Rules::default(),
        config: &config,
        library: &library,
        survey: &survey,
        root: Path::new("/"),
        relative: name,
        standings: None,
    };
    harden_text(name, text, &context)
}

/// What is said about the parts that were left alone.
fn reasons(outcome: &Outcome) -> String {
    let line = |what: &str, reason: &Reason| {
        let place = reason.line.map_or(String::new(), |line| format!(" line {line}:"));
        format!("{what} {}:{place} {}\n", reason.code.code(), reason.message)
    };
    let mut said = String::new();
    if let Some(reason) = &outcome.reason {
        said += &line(outcome.status.name(), reason);
    }
    for workload in &outcome.workloads {
        if let Some(reason) = &workload.reason {
            said += &line(&format!("{} {}", workload.name, workload.status.name()), reason);
        }
        for blocker in &workload.blockers {
            let (name, status) = (&workload.name, workload.status.name());
            said += &format!("{name} {status} {}: {}\n", blocker.code, blocker.message);
        }
    }
    for carrier in &outcome.unknown_carriers {
        said += &format!("unknown {}: line {}\n", carrier.kind, carrier.line);
    }
    said
}

struct Case {
    folder: PathBuf,
    /// `yaml` or `json`.
    extension: String,
}

impl Case {
    fn all() -> Vec<Case> {
        let mut folders: Vec<PathBuf> = fs::read_dir(folder()).unwrap().map(|e| e.unwrap().path()).collect();
        folders.sort();
        let extension = |folder: &Path| {
            ["yaml", "json"]
                .into_iter()
                .find(|e| folder.join(format!("before.{e}")).exists())
        };
        let case = |folder: PathBuf| Case {
            extension: extension(&folder)
                .unwrap_or_else(|| panic!("{} has no before file", folder.display()))
                .into(),
            folder,
        };
        folders.into_iter().map(case).collect()
    }

    fn name(&self) -> String {
        self.folder.file_name().unwrap().to_string_lossy().into_owned()
    }

    fn read(&self, name: &str) -> Option<Vec<u8>> {
        fs::read(self.folder.join(name)).ok()
    }

    fn bless(&self, name: &str, text: Option<&[u8]>) {
        let path = self.folder.join(name);
        match text {
            Some(text) => fs::write(path, text).unwrap(),
            None => drop(fs::remove_file(path)),
        }
    }

    /// Everything that is wrong with the case.
    fn faults(&self) -> Vec<String> {
        let (before_name, after_name) = (
            format!("before.{}", self.extension),
            format!("after.{}", self.extension),
        );
        let before = self.read(&before_name).unwrap();
        let config = self
            .read("harden.yaml")
            .map_or(CONFIG.into(), |text| String::from_utf8(text).unwrap());
        let outcome = harden(&before_name, &before, &config);
        let new = outcome.hardened.as_ref().map(|hardened| hardened.new.as_bytes());
        let said = reasons(&outcome);
        if std::env::var_os("HARDEN_BLESS").is_some() {
            self.bless(&after_name, new);
            self.bless("reason", Some(said.as_bytes()).filter(|said| !said.is_empty()));
        }
        let mut faults = Vec::new();
        let wanted = self.read(&after_name);
        if wanted.as_deref() != new {
            let show = |text: Option<&[u8]>| {
                text.map_or("unchanged".into(), |t| {
                    t.escape_ascii().to_string().replace("\\n", "\\n\n")
                })
            };
            faults.push(format!(
                "expected:\n{}\nbut it is:\n{}",
                show(wanted.as_deref()),
                show(new)
            ));
        }
        let wanted_said = String::from_utf8(self.read("reason").unwrap_or_default()).unwrap();
        if wanted_said != said {
            faults.push(format!("expected it to say:\n{wanted_said}but it says:\n{said}"));
        }
        if outcome
            .reason
            .as_ref()
            .is_some_and(|r| matches!(r.code, ReasonCode::Verification | ReasonCode::Panic))
        {
            faults.push(format!("a defect: {said}"));
        }
        if outcome.workloads.iter().any(|w| w.status == WorkloadStatus::Partial) {
            faults.push("partly done, though nobody asked for that".into());
        }
        if new.is_some() != (outcome.status == FileStatus::Hardened) {
            faults.push(format!("{:?} does not fit the text", outcome.status));
        }
        if let Some(new) = new {
            let again = harden(&before_name, new, &config);
            if again.hardened.is_some() || again.status == FileStatus::Failed {
                faults.push(format!("a second run: {:?} {}", again.status, reasons(&again)));
            }
        }
        faults
            .into_iter()
            .map(|fault| format!("== {}\n{fault}", self.name()))
            .collect()
    }
}

#[test]
fn every_shape_becomes_what_its_folder_says() {
    let cases = Case::all();
    assert!(cases.len() >= 60, "only {} cases were found", cases.len());
    let faults: Vec<String> = cases.iter().flat_map(Case::faults).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn git_leaves_these_bytes_alone() {
    let attributes = fs::read_to_string(folder().join("../../.gitattributes")).unwrap();
    assert!(
        attributes.lines().any(|line| line == "tests/bytes/** -text"),
        "{attributes}"
    );
}
