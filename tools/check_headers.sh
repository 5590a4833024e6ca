#!/usr/bin/env bash
# Every public header compiles on its own, and none but those named after it brings in xtensor. Argument: a configured
# build folder, for <xtape/version.hpp>.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build/dev}
includes=(-Iautodiff/include -Ioptim/include -Imodels/include "-I$build/autodiff/include")
failed=0

for header in $(find autodiff/include optim/include models/include -name '*.hpp' | sed 's|.*/include/||' | sort); do
  used=$("${CXX:-g++}" -std=c++20 -Wall -Wextra -Wpedantic -Werror "${includes[@]}" -x c++ -fsyntax-only -H - 2>&1 \
    <<< "#include <$header>") || { echo "$used" | grep -v '^\.'; echo "$header does not compile on its own"; failed=1; }
  if [[ $header != *xtensor* ]] && grep -qE '^\.+ .*/(xtensor|xtl|xsimd)/' <<< "$used"; then
    echo "$header brings in xtensor"
    failed=1
  fi
done
exit $failed
