#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# tests/e2e/run_net_vhost_user.sh [PROGRAM]: `run net` against a vhost-user back-end, our own node.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

backend() { # backend BACKEND [KEYS]: a node that offers one device
  rm -f "$work/s"
  "$vop" node --serve "vhost-user:$work/s" --create "net,backend=$1" --no-huge --stats 50ms \
    >"$work/node" 2>&1 &
  node=$!
  pids=$node
  soon test -S "$work/s"
  check $? "the node listens ($1)" "$work/node"
}

away() { # the node ends in good order
  kill -TERM $node
  wait $node
  got=$?
  pids=
  [ $got = 0 ]
  check $? "the node ends with 0 (was $got)" "$work/node"
}

against() { # against STATUS WHAT ARGUMENTS...
  want=$1
  what=$2
  shift 2
  before
  timeout -k 5 60 "$vop" run net --target "vhost-user:$work/s" --rounds 1 --duration 20ms \
    --no-huge --json "$work/result.json" --quiet "$@" >"$work/out" 2>"$work/err" </dev/null
  got=$?
  [ $got = "$want" ]
  check $? "$what: exit $want (was $got)" "$work/out" "$work/err" "$work/node"
}

says() { # says FILE TEXT WHAT
  grep -q -- "$2" "$work/$1"
  check $? "$3" "$work/$1"
}

one() { # the only line of an error
  [ "$(wc -l <"$work/err")" = 1 ]
  check $? "$1: one line" "$work/err"
}

backend null
for ring in split packed; do
  against 0 "null, $ring, tx" --ring $ring --size 64,1518
  says out '^tx  *64 ' "null, $ring: tx in the table"
  says out "the device's own pace" "null, $ring: the table says what the limit is"
  says result.json '"limit_name": "device_ceiling"' "null, $ring: the ceiling is the limit"
  # More than nothing: the rings did drain.
  grep -q '"limit": [1-9]' "$work/result.json"
  check $? "null, $ring: a ceiling was measured" "$work/result.json"
done
against 0 "null, a frame an entry" --ring split --features -in_order --size 64
against 0 "null, a large ring" --queue-size 32768 --depth 32768 --size 64
against 0 "null, bodies kept" --payload kept --size 64,1518,9000
says result.json '"copies": "none at the driver"' "null, bodies kept: no copy is said"
against 0 "null, without limits" --no-limit --size 64
if grep -q device_ceiling "$work/result.json"; then
  check 1 "null: --no-limit measures no ceiling" "$work/result.json"
fi
# The kernel tells whose socket it is, and what time it had.
against 0 "null, CPU time" --size 256
says result.json '"metric": "cpu_per_frame_device"' "null: CPU time of the back-end is in the result"
# What the driver sent is what the device got: its books are a program's of its own.
soon grep -q 'transmit [1-9][0-9]* frames' "$work/node"
check $? "null: the node counted frames" "$work/node"
against 2 "more pairs than there are" --queues 2 --size 64
says err 'queue pairs' "more pairs: the line says so"
one "more pairs"
against 1 "latency against null" --size 64 --dir latency --timeout 2s
says err 'backend=echo' "latency against null: the line names an echo"
against 1 "rx against null" --size 64 --dir rx
says err 'backend=source' "rx against null: the line names a source"
against 2 "two devices" --devices 2
one "two devices"
against 2 "--no-verify without rx" --no-verify
one "--no-verify without rx"
against 2 "--payload kept, both ways" --payload kept --dir both
one "--payload kept, both ways"
away

backend echo,pairs=2
for ring in split packed; do
  against 0 "echo, $ring" --ring $ring --size 64,1518 --dir tx,both,latency
  against 0 "echo, $ring, two pairs" --ring $ring --size 256 --dir both --queues 2
  against 0 "echo, $ring, by events" --ring $ring --size 64 --dir tx,both,latency --notify event
done
says result.json '"verified": true' "echo: what came back was verified"
against 0 "echo, two pairs by events" --size 64 --dir both --queues 2 --notify event
against 0 "echo, one pair of two" --size 64 --dir both
against 0 "echo, more frames than receive buffers" --size 64 --dir both --queue-size 64
against 0 "echo, frames over several buffers" --size 9000 --dir both --features +mrg_rxbuf \
  --small-rx
against 0 "echo, the back-end polls" --size 64 --dir both --device-polls
away

backend source,size=256
against 0 "source, rx" --size 256 --dir rx
against 0 "source, rx, split, uncounted" --size 256 --dir rx --ring split --no-verify
says result.json '"verified": false' "source, --no-verify: marked as unverified"
against 1 "source, another size" --size 512 --dir rx --no-verify
says err 'no frames of 512 bytes' "source, another size: the line says so"
# --- the back-end goes away while traffic runs ---
"$vop" run net --target "vhost-user:$work/s" --dir rx --size 256 --rounds 400 --no-save --quiet \
  --no-huge >"$work/out" 2>"$work/err" </dev/null &
run=$!
pids="$node $run"
soon grep -q 'receive [1-9][0-9]* frames, [1-9]' "$work/node"
check $? "traffic runs" "$work/node"
kill -9 $node
wait $run
got=$?
wait $node 2>/dev/null
pids=
[ $got = 1 ]
check $? "the back-end was killed: exit 1 (was $got)" "$work/out" "$work/err"
says err 'the device is gone' "the back-end was killed: the line says so"
one "the back-end was killed"

before
one_line 2 "--device-polls without vhost-user" run net --device-polls --quiet --no-save

finish
