#!/usr/bin/env bash
# Prints the lines of tests for each line of source; comments and blank lines count in neither.
set -euo pipefail
cd "$(dirname "$0")/.."
lines() { find "$@" -name '*.[ch]pp' -exec cat {} + | grep -cvE '^ *(//.*)?$'; }
source=$(lines autodiff optim models)
tests=$(lines tests)
awk -v s="$source" -v t="$tests" 'BEGIN { printf "%d lines of source, %d of tests: %.2f\n", s, t, t / s }'
