#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# tests/e2e/run_chaos.sh [PROGRAM]: processes that are killed: the two ends by the program itself, the program by us.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

for ring in split packed; do
  before
  timeout -k 5 200 "$vop" run net --chaos 15 --size 256 --ring $ring --no-huge --quiet \
    >"$work/out" 2>"$work/err" </dev/null
  got=$?
  [ $got = 0 ] && grep -q '^15 kills' "$work/out"
  check $? "chaos, $ring: exit 0 (was $got)" "$work/out" "$work/err"
  soon clean
  check $? "chaos, $ring: nothing is left"
done

running() { # running COUNT: so many processes of ours
  [ "$(processes | wc -l)" = "$1" ]
}

# Killed, or told to end, in the middle of a long measurement: the agents follow and tidy up.
long() { # long SIGNAL RING
  before
  "$vop" run net --rounds 1 --duration 60s --size 64 --dir both --ring "$2" --no-huge --quiet --no-save \
    >"$work/out" 2>"$work/err" </dev/null &
  pid=$!
  pids=$pid
  soon running 3
  check $? "$1, $2: the run has two agents" "$work/err"
  sleep "$3"
  kill "-$1" $pid
  wait $pid 2>/dev/null
  got=$?
  pids=
  soon clean
  check $? "$1, $2, after $3 s: nothing is left" "$work/err"
}

# At the start, while the limits are measured, while frames run.
for after in 0 0.3 1.5; do
  long KILL packed $after
  long KILL split $after
done
[ "$got" = 137 ]
check $? "killed: the shell saw 137 (was $got)"
long TERM packed 0.5
[ "$got" != 0 ] && [ "$(wc -l <"$work/err")" = 1 ]
check $? "told to end: not 0 (was $got), one line" "$work/err"

finish
