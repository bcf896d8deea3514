#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# tests/e2e/run_net.sh [PROGRAM]: short runs in every arrangement: they end with 0, say what was asked for, leave nothing.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

net() { # net ARGUMENTS...: a short run; output in $work/out and $work/err
  before
  timeout -k 5 120 "$vop" run net --rounds 1 --duration 20ms --no-huge --quiet "$@" \
    >"$work/out" 2>"$work/err" </dev/null
}

# A single round of 20 ms on a busy machine may come out above the limit probed around it. The program
# then says so and ends with 1, which is right of it and nothing that these arrangements are about.
above='a figure stands above its limit'
ended() { # ended STATUS: the run came to its end
  [ "$1" = 0 ] || { [ "$1" = 1 ] && [ "$(grep -c "$above" "$work/err")" = 1 ]; }
}

# On a machine with one CPU each run says so; nothing else may stand there.
silent() {
  ! grep -qv -e 'one CPU for both sides' -e "$above" "$work/err"
}

rows() { # rows DIRECTION...: the tables have a line for each
  for r in "$@"; do
    grep -q "^$r " "$work/out" || return 1
  done
}

works() { # works "WHAT" "ROWS" ARGUMENTS...
  what=$1
  lines=$2
  shift 2
  net --no-save "$@"
  got=$?
  # shellcheck disable=SC2086 # a list of words
  ended $got && silent && rows $lines
  check $? "$what: exit 0 (was $got)" "$work/out" "$work/err"
  soon clean
  check $? "$what: nothing is left"
}

for ring in split packed; do
  works "$ring" "tx rx both latency" --ring $ring --size 64
  works "$ring, large frames" "tx rx" --ring $ring --size 1518,65550 --dir tx,rx
  for place in driver device driver+push device+push; do
    works "$ring, $place" "tx rx latency" --ring $ring --placement $place --size 256 --dir tx,rx,latency
  done
  for notify in poll event adaptive; do
    works "$ring, $notify" "tx rx latency" --ring $ring --notify $notify --size 64 --dir tx,rx,latency
  done
  works "$ring, two pairs" "tx both" --ring $ring --queues 2 --size 64 --dir tx,both
  works "$ring, three devices" "tx both" --ring $ring --devices 3 --size 64 --dir tx,both
  works "$ring, small mergeable buffers" "rx both" --ring $ring --features +mrg_rxbuf --small-rx \
    --size 9000 --dir rx,both
  works "$ring, not in order" "tx rx latency" --ring $ring --features -in_order --size 64,1518 \
    --dir tx,rx,latency
  works "$ring, no ring features" "tx rx" --ring $ring --features mac --size 64 --dir tx,rx
done
for place in posted posted+push; do
  works "split, $place" "tx rx latency" --ring split --placement $place --size 256 --dir tx,rx,latency
done
works "an odd packed queue" "tx rx both" --ring packed --queue-size 37 --size 64 --dir tx,rx,both
works "an odd packed queue, not in order" "tx rx" --ring packed --queue-size 101 --features -in_order \
  --size 64 --dir tx,rx
for on in host endpoint; do
  for by in host endpoint; do
    works "device on $on, created by $by" "tx rx latency" --device-on $on --created-by $by --size 64 \
      --dir tx,rx,latency
  done
done
works "a rate" "latency" --rate 20000 --dir latency --size 64

# What the search finds depends on the machine; that it ends, and with which table, does not.
net --no-save --ndr --size 64 --dir tx
got=$?
ended $got && silent && [ -s "$work/out" ]
check $? "no-drop rate: exit 0 (was $got)" "$work/out" "$work/err"

valid() { # valid FILE: JSON, by whatever can read it
  if command -v jq >/dev/null; then
    jq -e '.schema == "vop-bench/1" and (.results | length > 0)
      and all(.results[]; has("name") and has("metric") and has("unit") and has("rounds"))' "$1" >/dev/null
  else
    python3 -m json.tool "$1" >/dev/null
  fi
}

net --json "$work/result.json" --size 64,256
got=$?
ended $got && valid "$work/result.json"
check $? "a result file: exit 0 (was $got), valid" "$work/out" "$work/err"
[ "$(find "$work" -name 'result.json*' | wc -l)" = 1 ]
check $? "and no other file beside it"

# One CPU for both: it works, and says what that changes.
cpu=$(sed -n 's/^Cpus_allowed_list:[^0-9]*\([0-9]*\).*/\1/p' /proc/self/status)
before
timeout -k 5 120 taskset -c "$cpu" "$vop" run net --rounds 1 --duration 20ms --no-huge --quiet --no-save \
  --size 64 >"$work/out" 2>"$work/err" </dev/null
got=$?
ended $got && rows tx rx both latency
check $? "one CPU: exit 0 (was $got)" "$work/out" "$work/err"
[ "$(grep -c 'one CPU for both sides' "$work/err")" = 1 ] && silent
check $? "one CPU: one line says what that changes" "$work/err"
soon clean
check $? "one CPU: nothing is left"

finish
