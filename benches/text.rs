//! How long one text takes through all stages: `cargo bench`. A small manifest that is hardened, one that passes already,
//! and one without a workload, which most files of a repository are. `scripts/perf.sh` measures whole runs.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

const ROUNDS: usize = 40;

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/bookstore/k8s");
    for (name, copies) in [("db.yaml", 400), ("namespace.yaml", 400)] {
        let text = std::fs::read(shop.join(name)).unwrap();
        let tree = folder.path().join(name);
        std::fs::create_dir(&tree).unwrap();
        for copy in 0..copies {
            std::fs::write(tree.join(format!("{copy}.yaml")), &text).unwrap();
        }
        println!("{name:<16} {:>7.1} µs a file", microseconds(&tree) / f64::from(copies));
        harden(&tree, "--write");
        println!(
            "{name:<16} {:>7.1} µs a file, hardened before",
            microseconds(&tree) / f64::from(copies)
        );
    }
}

/// Median of one `--check`, start-up included.
fn microseconds(tree: &Path) -> f64 {
    let mut times: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            black_box(harden(tree, "--check"));
            start.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[ROUNDS / 2]
}

fn harden(tree: &Path, mode: &str) -> std::process::Output {
    Command::new(env!("CARGO_BIN_EXE_harden"))
        .args([mode, "--quiet"])
        .arg(tree)
        .output()
        .unwrap()
}
