#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# tests/e2e/conformance_vhost_user_faults.sh [PROGRAM]: every check of the protocol vhost-user can fail: for each there is a
# back-end (tests/vhost_back.c) with a fault that it must see; back-ends that are odd but sound pass all of them.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

back=$PWD/build/release/vhost_back
if [ ! -x "$back" ]; then
  echo "not ok - $back is not built"
  echo "0 passed, 1 failed"
  exit 1
fi

against() { # against FAULT TYPE CHECK...: output in $work/out and $work/err; the status
  fault=$1
  device=$2
  shift 2
  for id; do
    shift
    set -- "$@" --only "$id"
  done
  timeout -k 5 120 "$vop" conformance --target vhost-user: --device "$device" --patience 500ms --timeout 2s \
    --spawn "exec $back $fault $device" "$@" >"$work/out" 2>"$work/err" </dev/null
}

seen() { # seen CHECK: it did not pass
  grep -qE "^ *(warn|fail|crash|hang) +$1 " "$work/out"
}

"$back" --list >"$work/faults"
before
: >"$work/covered"
while read -r fault checks; do
  if [ "$checks" = - ]; then
    for type in net blk; do
      against "$fault" $type 'vhost-user/*'
      got=$?
      [ $got = 0 ]
      check $? "$fault, sound ($type): exit 0 (was $got)" "$work/out" "$work/err"
    done
    continue
  fi
  # shellcheck disable=SC2086 # a list
  against "$fault" net $checks
  for id in $checks; do
    seen "$id"
    got=$?
    check $got "$id sees the fault $fault" "$work/out" "$work/err"
    [ $got != 0 ] || echo "$id" >>"$work/covered"
  done
done <"$work/faults"
soon clean
check $? "nothing is left"

"$vop" conformance --list --only 'vhost-user/*' | grep -oE 'vhost-user/[^ ]+' | sort -u >"$work/checks"
[ -s "$work/checks" ]
check $? "there are checks"
while read -r id; do
  grep -qx "$id" "$work/covered"
  check $? "a fault fails $id"
done <"$work/checks"

finish
