#!/usr/bin/env bash
# Files with lanes on xsimd batches use no `!=`: xsimd 8.1's x != x is false for NaN on AVX2 and AVX-512. Write
# !(a == b), or xs::isnan. The parts that only the baseline build sees are rules, and exempt.
set -euo pipefail
cd "$(dirname "$0")/.."
grep -lE 'xs::|^(UN|BIN)ARY' autodiff/src/ops/elementwise/*.cpp autodiff/src/kernels/isa/* autodiff/src/kernels/lanes.hpp |
  xargs awk '
    FNR == 1 { exempt = 0 }
    /^#ifdef XTAPE_ISA_BASELINE/ { exempt = 1 }
    /^#endif/ { exempt = 0 }
    !exempt && /!=/ && !/^ *\/\// { print FILENAME ":" FNR ": " $0; failed = 1 }
    END { exit failed }'
