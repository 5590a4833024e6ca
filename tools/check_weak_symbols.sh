#!/usr/bin/env bash
# The builds of the kernel files for different instruction sets share no weak symbol: the linker keeps any one
# copy, and that could be the AVX-512 one on a machine without it. Argument: a build folder.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build/dev}/autodiff/CMakeFiles

weak_symbols() {
  find "$build/xtape_kernels_$1.dir" -name '*.o' -exec nm --defined-only {} + |
    awk '$2 ~ /^[WVu]$/ && $3 !~ /^DW\.ref\./ { print $3 }' | sort -u
}

compare() {
  local shared
  shared=$(comm -12 <(weak_symbols "$1") <(weak_symbols "$2"))
  [[ $shared ]] || return 0
  echo "weak symbols in both $1 and $2:"
  c++filt <<< "$shared"
  return 1
}

[[ -d $build/xtape_kernels_avx2.dir ]] || exit 0
failed=0
compare baseline avx2 || failed=1
compare baseline avx512 || failed=1
compare avx2 avx512 || failed=1
exit $failed
