#!/usr/bin/env bash
# Sources are laid out as .clang-format says; with the argument -i, they are made to.
set -euo pipefail
cd "$(dirname "$0")/.."
mode=(--dry-run -Werror --ferror-limit=1)
[[ ${1:-} != -i ]] || mode=(-i)
find autodiff optim models tests bench examples -name '*.[ch]pp' -print0 | xargs -0 clang-format "${mode[@]}"
