#!/usr/bin/env bash
# Who may include whom: tape and ops never the planner's or the differentiator's files (but for the Tape class itself,
# which stands before them all), differentiate and transform never the planner's, kernels nothing of the tape and those of
# the instruction sets nothing but kernels, none of them a Function's or the debug folder's (but for the Tape class), and the
# checker (but for converting a program), optim, models and examples public headers only.
set -euo pipefail
cd "$(dirname "$0")/.."
failed=0

# forbid <folder> <pattern of an include> [<file apart>]
forbid() {
  if grep -rnE "^ *#include $2" "$1" --include='*.[ch]pp' --exclude="${3:-}"; then
    echo "$1 must not include $2"
    failed=1
  fi
}

forbid autodiff/src/tape '"(plan|execute|differentiate)/' tape.cpp
forbid autodiff/src/ops '"(plan|execute|differentiate)/'
forbid autodiff/src/differentiate '"(plan|execute)/'
forbid autodiff/src/transform '"(plan|execute)/'
forbid autodiff/src/kernels '"(plan|execute|differentiate|tape)/'
forbid autodiff/src/kernels/isa '"(plan|execute|differentiate|tape|ops)/'
for folder in tape ops differentiate plan execute kernels transform; do
  forbid autodiff/src/$folder '"function/'
  forbid autodiff/src/$folder '"debug/' tape.cpp
done
forbid autodiff/src/check '"(tape|ops|plan|execute|differentiate|kernels|function)/' replayed.cpp
for folder in optim models; do
  forbid $folder/include '"'
  forbid $folder/src '"(tape|ops|plan|execute|differentiate|kernels|function)/'
done
forbid examples '"'
exit $failed
