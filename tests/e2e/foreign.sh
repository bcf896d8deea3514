#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# tests/e2e/foreign.sh [PROGRAM]: `run net` against a node that somebody else started.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

endpoint() { # endpoint BACKEND [KEYS]: a node that serves one device
  "$vop" node endpoint --at "$work/link" --create "net,backend=$1" --no-huge >"$work/node" 2>&1 &
  node=$!
  pids=$node
}

away() { # the node ends in good order
  kill -TERM $node
  wait $node
  got=$?
  pids=
  [ $got = 0 ]
  check $? "the node ends with 0 (was $got)" "$work/node"
  [ ! -e "$work/link" ]
  check $? "its socket is gone"
}

against() { # against STATUS WHAT ARGUMENTS...
  want=$1
  what=$2
  shift 2
  before
  timeout -k 5 60 "$vop" run net --target "vop:$work/link" --rounds 1 --duration 20ms --no-save --no-huge \
    --quiet "$@" >"$work/out" 2>"$work/err" </dev/null
  got=$?
  [ $got = "$want" ]
  check $? "$what: exit $want (was $got)" "$work/out" "$work/err" "$work/node"
}

table() { # table DIRECTION...
  for r in "$@"; do
    grep -q "^$r " "$work/out" || return 1
  done
}

hint() { # hint WORD: one line that says what to give the target instead
  [ "$(wc -l <"$work/err")" = 1 ] && grep -q "backend=$1" "$work/err"
  check $? "the line names backend=$1" "$work/err"
}

endpoint echo
for ring in split packed; do
  against 0 "echo, $ring, tx" --ring $ring --size 64,1518 --dir tx
  table tx
  check $? "echo, $ring: tx in the table" "$work/out"
  against 0 "echo, $ring, latency" --ring $ring --size 64 --dir latency
  table latency
  check $? "echo, $ring: latency in the table" "$work/out"
  against 0 "echo, $ring, both" --ring $ring --size 256 --dir both
  against 0 "echo, $ring, all that it can" --ring $ring --size 64 --dir tx,both,latency --notify event
done
against 1 "rx from an echo" --size 64 --dir rx
hint source
away

endpoint null
against 0 "null, tx by default" --size 64,9000
table tx
check $? "null: tx in the table" "$work/out"
against 1 "latency against null" --size 64 --dir latency --timeout 2s
hint echo
against 0 "null, after a failure" --size 64 --ring split --dir tx
away

endpoint source,size=256
against 0 "source, rx" --size 256 --dir rx
table rx
check $? "source: rx in the table" "$work/out"
against 0 "source, split, rx" --size 256 --dir rx --ring split
against 1 "latency against a source" --size 256 --dir latency --timeout 2s
hint echo
away

# Nobody there any more.
one_line 2 "after the node has gone" run net --target "vop:$work/link" --timeout 200ms --quiet --no-save

finish
