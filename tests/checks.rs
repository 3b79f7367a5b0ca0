//! The checks against tables: golden verdicts of the upstream evaluator, and edge cases by hand.
#![allow(clippy::unwrap_used)]

use std::io::{BufRead, BufReader};
use std::path::PathBuf;

use harden::checks::{self, Level, PolicyVersion};
use harden::kube::pod::Pod;
use harden::yaml::{self, FieldPath};

/// Runs `judge` on the pod of a `Pod` or of a template that is written as YAML or JSON.
fn with_pod<T>(manifest: &str, is_pod_kind: bool, judge: impl FnOnce(Pod) -> T) -> T {
    let chunks = yaml::split(manifest);
    let document = yaml::parse(&chunks[0]).unwrap_or_else(|e| panic!("{e:?}\n{manifest}"));
    let template = document.root().unwrap();
    judge(Pod::in_template(template, &FieldPath::default(), is_pod_kind).unwrap())
}

fn golden_file() -> Option<PathBuf> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let shared = std::env::var_os("HARDEN_SHARED").map_or(beside, PathBuf::from);
    Some(shared.join("data/pss-golden.jsonl.gz")).filter(|path| path.is_file())
}

/// The text that holds at a version, from steps of `[first minor, text]`.
fn text_at(steps: &serde_json::Value, minor: u32) -> &str {
    let holds = |step: &&serde_json::Value| step[0].as_u64().unwrap() <= u64::from(minor);
    let step = steps.as_array().unwrap().iter().rfind(holds);
    step.map_or("", |step| step[1].as_str().unwrap())
}

#[test]
fn golden_rows_of_the_upstream_evaluator() {
    let Some(path) = golden_file() else {
        println!("skipped: 1 (pss-golden.jsonl.gz is not beside the repository; set HARDEN_SHARED)");
        return;
    };
    let reader = BufReader::new(flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()));
    let mut compared = 0;
    for line in reader.lines() {
        let row: serde_json::Value = serde_json::from_str(&line.unwrap()).unwrap();
        with_pod(&row["pod"].to_string(), true, |pod| {
            let pod = pod.without_defaults();
            for (level, steps) in [
                (Level::Baseline, &row["baseline"]),
                (Level::Restricted, &row["restricted"]),
            ] {
                for minor in 0..=38 {
                    let found = checks::evaluate(level, PolicyVersion::Minor(minor), &pod);
                    assert_eq!(
                        checks::message(&found),
                        text_at(steps, minor),
                        "{level} v1.{minor}: {}",
                        row["pod"]
                    );
                    compared += 1;
                }
            }
        });
    }
    println!("{compared} comparisons");
    assert_eq!(compared, 1500 * 2 * 39);
}
