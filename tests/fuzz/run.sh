#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# tests/fuzz/run.sh [SECONDS [NAME...]]: builds the fuzz targets and runs each (or those named, as in
# fuzz_NAME.c) for SECONDS, 5 by default. One line a target; what failed prints its output, and the
# input that did it is kept as build/fuzz/fuzz_NAME.*.
set -eu
cd "$(dirname "$0")/../.."

seconds=${1:-5}
case $seconds in
'' | *[!0-9]*)
  echo "usage: tests/fuzz/run.sh [SECONDS [NAME...]]" >&2
  exit 2
  ;;
esac
[ $# = 0 ] || shift
if [ $# = 0 ]; then
  for c in tests/fuzz/fuzz_*.c; do
    name=${c#tests/fuzz/fuzz_}
    set -- "$@" "${name%.c}"
  done
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
trap 'exit 1' INT TERM HUP

passed=0
failed=0
for name in "$@"; do
  if ninja "build/fuzz/fuzz_$name" >"$log" 2>&1 &&
    tests/run-fuzz "fuzz_$name" "$seconds" >"$log" 2>&1; then
    passed=$((passed + 1))
    echo "ok - fuzz_$name"
  else
    failed=$((failed + 1))
    cat "$log"
    echo "not ok - fuzz_$name"
  fi
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
