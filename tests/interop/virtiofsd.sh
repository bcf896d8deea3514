#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# tests/interop/virtiofsd.sh [PROGRAM]: virtiofsd of QEMU as a file system device under our driver.
# What is started, by hand (as root; sandbox=chroot needs fewer rights than namespace, none is not allowed):
#   /usr/lib/qemu/virtiofsd --socket-path=PATH -o source=DIRECTORY -o sandbox=chroot -o cache=none
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/lib.sh"
daemon=
for d in /usr/lib/qemu/virtiofsd /usr/libexec/virtiofsd; do
  [ -n "$daemon" ] || [ ! -x $d ] || daemon=$d
done
[ -n "$daemon" ] || without 'package qemu-system-common has no virtiofsd (virtiofsd)'
[ "$daemon" = /usr/lib/qemu/virtiofsd ] || without "$daemon is not that of QEMU"

mkdir "$work/shared"
start fsd "$daemon" --socket-path="$work/fsd.sock" -o source="$work/shared" -o sandbox=chroot -o cache=none \
  --thread-pool-size=1
fsd=$pid
comes fsd "$work/fsd.sock"
timeout -k 5 120 "$vop" run fs --target "vhost-user:$work/fsd.sock" --rounds 2 --duration 50ms --no-save --quiet \
  >"$work/out" 2>"$work/err" </dev/null
got=$?
[ $got = 0 ] && [ "$(wc -l <"$work/out")" -gt 3 ]
check $? "run fs: a session, every byte verified (status $got)" "$work/out" "$work/err" "$work/fsd.log"
# It takes one front-end in its life.
ends "$fsd"
got=$?
[ $got -le 1 ]
check $? "virtiofsd ends with its front-end (status $got)" "$work/fsd.log"
[ -z "$(ls -A "$work/shared")" ]
check $? 'the shared directory is as empty as before'
finish
