#!/usr/bin/env bash
# No source file is longer than 500 lines, and no line longer than 120 characters.
set -euo pipefail
cd "$(dirname "$0")/.."
find autodiff optim models tests bench examples \( -name '*.[ch]pp' -o -name '*.in' \) -print0 | xargs -0 awk '
  FNR == 501 { print FILENAME ": more than 500 lines"; failed = 1 }
  length($0) > 120 { print FILENAME ":" FNR ": more than 120 characters"; failed = 1 }
  END { exit failed }'
