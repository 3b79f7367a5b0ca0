#!/bin/sh
# Judges every manifest of golden.jsonl anew. Needs Go.
set -eu
cd "$(dirname "$0")"
go run . < golden.jsonl > golden.new
mv golden.new golden.jsonl
