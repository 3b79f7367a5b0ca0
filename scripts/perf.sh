#!/usr/bin/env bash
# How fast `harden --check` is, beside `cat` of the same files: builds the tree of 10,000 files (and one of a tenth of
# it) from the corpus and measures both programs in turns. --quick takes fewer turns.
set -euo pipefail
cd "$(dirname "$0")/.."
shared=${HARDEN_SHARED:-$PWD/../shared}
turns=15
[ "${1:-}" = --quick ] && turns=5
cargo build --quiet --locked --release
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/corpus"
tar -xzf "$shared/data/corpus.tar.gz" -C "$work/corpus"
for mode in mix dense; do
    python3 "$shared/tools/make_perf.py" "$work/corpus" "$work/$mode" 10000 "$mode"
    python3 "$shared/tools/make_perf.py" "$work/corpus" "$work/$mode-tenth" 1000 "$mode"
done
program=${CARGO_TARGET_DIR:-target}/release/harden
python3 scripts/perf.py "$program" "$turns" "$work"/mix "$work"/mix-tenth "$work"/dense "$work"/dense-tenth
