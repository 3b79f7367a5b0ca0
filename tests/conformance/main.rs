//! The checks against the upstream evaluator: a golden file that it made, and where Go is installed itself, on random
//! pods and on all fixtures of its own test data. `conformance/README.md` says how to regenerate the golden file.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod random;
mod referee;
mod words;

use std::collections::BTreeSet;
use std::path::Path;

use harden::checks::{self, Level, PolicyVersion};
use harden::kube::pod::Pod;
use harden::kube::schema::wrong_types;
use harden::yaml::{self, FieldPath};
use random::Random;
use referee::{Referee, Row};

/// Random pods of a live run; each is judged at 2 levels and [`VERSIONS`] versions.
const PODS: u64 = 1500;
const VERSIONS: std::ops::RangeInclusive<u32> = 0..=checks::NEWEST_MINOR + 1;

#[test]
fn golden_file_of_the_upstream_evaluator() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance/golden.jsonl");
    let rows = referee::read_rows(&std::fs::read(path).unwrap());
    assert!(rows.len() >= 300);
    println!("golden file: {} comparisons, 0 differ", compare(&rows));
}

#[test]
fn random_pods_are_judged_as_upstream_judges_them() {
    let Some(referee) = Referee::start("random") else {
        return;
    };
    let seed = std::env::var("HARDEN_SEED").map_or(1, |seed| seed.parse().unwrap());
    let mut random = Random::new(seed);
    let manifests: Vec<String> = (0..PODS).map(|_| random::pod(&mut random)).collect();
    let rows = referee.judge(&manifests);
    let undecodable = rows.iter().filter(|row| row.undecodable).count();
    let compared = compare(&rows);
    println!("random pods (seed {seed}): {compared} comparisons, {undecodable} undecodable pods, 0 differ");
    assert!(compared >= 100_000 && undecodable > 10);
}

#[test]
fn upstream_fixtures_pass_and_fail_as_they_should() {
    let Some(referee) = Referee::start("fixtures") else {
        return;
    };
    let fixtures = referee.fixtures();
    assert!(fixtures.len() > 4000, "{} fixtures", fixtures.len());
    for fixture in &fixtures {
        let version = PolicyVersion::Minor(fixture.minor);
        let found = with_pod(&fixture.text, |pod| checks::evaluate(fixture.level, version, &pod));
        let at = format!("{} v1.{} {}", fixture.level, fixture.minor, fixture.name);
        if fixture.passes {
            assert_eq!(found, [], "{at}");
        } else {
            let expected = expected_check(&fixture.name);
            let denied = |id: &str| id == expected || checks::find(id).unwrap().overrides.contains(&expected);
            assert!(found.iter().any(|violation| denied(violation.check)), "{at}: {found:?}");
        }
    }
    let texts: BTreeSet<&String> = fixtures.iter().map(|fixture| &fixture.text).collect();
    let compared = compare(&referee.judge(texts));
    let passing = fixtures.iter().filter(|fixture| fixture.passes).count();
    println!(
        "fixtures: {passing} allowed, {} denied by the right check; {compared} comparisons, 0 differ",
        fixtures.len() - passing
    );
}

/// Writes random pods for the golden file to standard output: see `conformance/README.md`.
#[test]
#[ignore = "makes input for the golden file"]
fn print_random_pods() {
    let mut random = Random::new(2);
    for _ in 0..200 {
        println!("{}", serde_json::json!({"manifest": random::pod(&mut random)}));
    }
}

/// Compares every row at both levels and all versions, without the API server's defaults; returns how often.
fn compare(rows: &[Row]) -> usize {
    let mut compared = 0;
    for row in rows {
        with_pod(&row.manifest, |pod| {
            let wrong = wrong_types(&pod);
            assert_eq!(!wrong.is_empty(), row.undecodable, "{wrong:?}\n{}", row.manifest);
            if row.undecodable {
                return;
            }
            let pod = pod.without_defaults();
            for (level, steps) in [(Level::Baseline, &row.baseline), (Level::Restricted, &row.restricted)] {
                for minor in VERSIONS {
                    let found = checks::message(&checks::evaluate(level, PolicyVersion::Minor(minor), &pod));
                    assert_eq!(
                        found,
                        referee::text_at(steps, minor),
                        "{level} v1.{minor}: {}",
                        row.manifest
                    );
                    compared += 1;
                }
            }
        });
    }
    compared
}

/// Runs `judge` on the pod of a manifest.
fn with_pod<T>(manifest: &str, judge: impl FnOnce(Pod) -> T) -> T {
    let chunks = yaml::split(manifest);
    let document = yaml::parse(&chunks[0]).unwrap_or_else(|e| panic!("{e:?}\n{manifest}"));
    let pod = Pod::in_template(document.root().unwrap(), &FieldPath::default(), true);
    judge(pod.unwrap_or_else(|| panic!("no spec: {manifest}")))
}

/// The id of the check that a fixture is about: its file's name is the id in lower case and a number.
fn expected_check(name: &str) -> &'static str {
    let stem = name
        .trim_end_matches(".yaml")
        .trim_end_matches(|c: char| c.is_ascii_digit());
    let found = checks::CHECKS.iter().find(|check| check.id.to_lowercase() == stem);
    found
        .unwrap_or_else(|| panic!("a fixture of an unknown check: {name}"))
        .id
}
