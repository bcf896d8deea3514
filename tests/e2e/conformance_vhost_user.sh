#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# tests/e2e/conformance_vhost_user.sh [PROGRAM]: the VOP's own devices, offered over vhost-user, keep
# what conformance judges there, all of it; and a device that is killed meanwhile is one that crashed.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

before
for device in net,backend=echo,pairs=2 blk,size=64M console,backend=echo,ports=2 rng; do
  type=${device%%,*}
  timeout -k 5 300 "$vop" conformance --target vhost-user: --device "$type" --quiet --json "$work/$type.json" \
    --spawn "exec $vop node --serve vhost-user:\$VOP_SOCKET --create $device --notify event --quiet" \
    >"$work/out" 2>"$work/err" </dev/null
  got=$?
  [ $got = 0 ]
  check $? "$type: exit 0 (was $got)" "$work/out" "$work/err"
  grep -qE '^[0-9]+ checks in [0-9]+ runs' "$work/out" && ! grep -qE ' (failed|crashed|hung|errors)' "$work/out"
  check $? "$type: nothing but passes and skips" "$work/out"
  grep -q '"id": *"vhost-user/base/resumes"' "$work/$type.json"
  check $? "$type: the protocol was judged" "$work/out"
done

timeout -k 5 60 "$vop" conformance --target vhost-user: --device rng --quiet --patience 200ms --timeout 2s --only 'status/*' \
  --spawn "exec timeout -s KILL 0.5 $vop node --serve vhost-user:\$VOP_SOCKET --create rng --quiet" --seed 7 \
  --only 'split/*' --only 'packed/*' >"$work/out" 2>"$work/err" </dev/null
got=$?
[ $got = 1 ]
check $? "a device that is killed: exit 1 (was $got)" "$work/out" "$work/err"
grep -qE 'crash' "$work/out"
check $? "a device that is killed has crashed" "$work/out" "$work/err"
soon clean
check $? "nothing is left"

finish
