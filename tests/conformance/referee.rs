//! Talks to the Go program in `conformance/`: builds it, feeds it manifests, reads its verdicts.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use harden::checks::Level;
use serde::Deserialize;

const MODULE: &str = "k8s.io/pod-security-admission";

/// The upstream evaluator's verdicts on one manifest.
#[derive(Deserialize)]
pub(crate) struct Row {
    pub(crate) manifest: String,
    /// The API server would refuse the pod before any check.
    #[serde(default)]
    pub(crate) undecodable: bool,
    #[serde(default)]
    pub(crate) baseline: Steps,
    #[serde(default)]
    pub(crate) restricted: Steps,
}

/// Texts, each with the minor version from which on it holds.
pub(crate) type Steps = Vec<(u32, String)>;

/// A file of the module's own test data.
pub(crate) struct Fixture {
    pub(crate) level: Level,
    pub(crate) minor: u32,
    pub(crate) passes: bool,
    pub(crate) name: String,
    pub(crate) text: String,
}

/// The built program.
pub(crate) struct Referee {
    program: PathBuf,
}

impl Referee {
    /// Builds the program; where Go or the module is not to be had, prints a counted skip. `name` keeps the tests of one
    /// run apart.
    pub(crate) fn start(name: &str) -> Option<Referee> {
        let available = go(&["mod", "download"])
            .output()
            .is_ok_and(|output| output.status.success());
        if !available {
            println!("skipped: 1 (needs Go and {MODULE}; see conformance/README.md)");
            return None;
        }
        let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("referee-{name}"));
        let built = go(&["build", "-o"]).arg(&program).arg(".").output().unwrap();
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        Some(Referee { program })
    }

    /// The verdicts on manifests, in their order.
    pub(crate) fn judge<S: AsRef<str>>(&self, manifests: impl IntoIterator<Item = S>) -> Vec<Row> {
        let lines: Vec<String> = manifests
            .into_iter()
            .map(|manifest| serde_json::json!({"manifest": manifest.as_ref()}).to_string() + "\n")
            .collect();
        let input = self.program.with_extension("jsonl");
        fs::write(&input, lines.concat()).unwrap();
        let output = Command::new(&self.program)
            .stdin(Stdio::from(fs::File::open(&input).unwrap()))
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let rows = read_rows(&output.stdout);
        assert_eq!(rows.len(), lines.len());
        rows
    }

    /// All fixtures of the module: `LEVEL/v1.N/pass|fail/NAME.yaml`, read from the module cache.
    pub(crate) fn fixtures(&self) -> Vec<Fixture> {
        let listed = go(&["list", "-m", "-f", "{{.Dir}}", MODULE]).output().unwrap();
        let module = PathBuf::from(String::from_utf8(listed.stdout).unwrap().trim());
        let mut fixtures = Vec::new();
        for level in [Level::Baseline, Level::Restricted] {
            let folder = module.join("test/testdata").join(level.name());
            for version in entries(&folder) {
                let minor = file_name(&version).trim_start_matches("v1.").parse().unwrap();
                for (verdict, passes) in [("pass", true), ("fail", false)] {
                    fixtures.extend(entries(&version.join(verdict)).into_iter().map(|file| Fixture {
                        level,
                        minor,
                        passes,
                        name: file_name(&file),
                        text: fs::read_to_string(&file).unwrap(),
                    }));
                }
            }
        }
        fixtures
    }
}

pub(crate) fn read_rows(lines: &[u8]) -> Vec<Row> {
    let lines = std::str::from_utf8(lines).unwrap().lines();
    lines.map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The text that holds at a version.
pub(crate) fn text_at(steps: &Steps, minor: u32) -> &str {
    let step = steps.iter().rfind(|(from, _)| *from <= minor);
    &step.expect("a verdict for every version").1
}

fn go(arguments: &[&str]) -> Command {
    let mut command = Command::new("go");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance");
    command.args(arguments).current_dir(folder);
    command
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    paths
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_string()
}
