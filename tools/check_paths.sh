#!/usr/bin/env bash
# No file names a folder of somebody's machine.
set -euo pipefail
cd "$(dirname "$0")/.."
! find . \( -path ./.git -o -path ./build -o -path ./data \) -prune -o -type f -not -name check_paths.sh -print0 |
  xargs -0 grep -nHIE '(^|[^A-Za-z0-9_.}/])/(home|root|work|tmp|Users|opt)/'
