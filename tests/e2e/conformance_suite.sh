#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# tests/e2e/conformance_suite.sh [PROGRAM]: what the checks are worth. Every check can fail, every mutant is caught, the
# sound devices, reference and shipped, fail nothing; under sanitizers the shipped devices give nothing to find; coverage
# holds what docs/conformance.md says.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

before
timeout -k 5 1500 "$vop" conformance --self-check --json "$work/self.json" >"$work/out" 2>"$work/err" </dev/null
got=$?
[ $got = 0 ]
check $? "the self-check: exit 0 (was $got)" "$work/out" "$work/err"
for what in "no check fails the mutant" "no mutant fails the check" "fails the sound reference" "could not do"; do
  ! grep -qF "$what" "$work/out"
  check $? "it does not say: $what"
done
# N checks, M mutants: C caught, S of them still pass most checks
checks=$(sed -n 's/^\([0-9]*\) checks, .*mutants.*/\1/p' "$work/out")
serving=$(sed -n 's/.*caught, \([0-9]*\) of them.*/\1/p' "$work/out")
[ "${checks:-0}" -ge 250 ]
check $? "at least 250 checks (${checks:-none})" "$work/out"
[ "${serving:-0}" -ge 120 ]
check $? "at least 120 mutants that still serve (${serving:-none})" "$work/out"
soon clean
check $? "nothing is left"

# The shipped devices, built with sanitizers, against everything that breaks rules.
asan=build/asan/vop-bench
if [ -x "$asan" ]; then
  before
  timeout -k 5 600 "$asan" conformance --profile robustness >"$work/out" 2>"$work/err" </dev/null
  got=$?
  [ $got = 0 ]
  check $? "the shipped devices under sanitizers: exit 0 (was $got)" "$work/out" "$work/err"
  soon clean
  check $? "nothing is left"
fi

# Of what can be seen, in percent: the share that is judged, by group.
"$vop" conformance --coverage >"$work/out"
judged() { # judged "GROUP" PERCENT
  got=$(awk -v g="$1" 'index($0, g) == 1 && / MUST / { print $(NF - 1); exit }' "$work/out")
  [ "${got:-0}" -ge "$2" ]
  check $? "$1: at least $2 % judged (${got:-none})" "$work/out"
}
judged "2, 3, 6 every device" 95
judged "5.1 net  " 70
judged "5.2 block  " 95
judged "5.2 block, zoned" 95
judged "5.3 console" 95
judged "5.4 entropy" 95

finish
