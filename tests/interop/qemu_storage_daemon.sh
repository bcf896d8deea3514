#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# tests/interop/qemu_storage_daemon.sh [PROGRAM]: QEMU's storage daemon as a block device under our driver.
# What is started, by hand:
#   qemu-storage-daemon --blockdev driver=file,node-name=d,filename=FILE
#     --export type=vhost-user-blk,id=e,addr.type=unix,addr.path=PATH,node-name=d,writable=on,num-queues=2
#   (driver=null-co,node-name=d,size=67108864,read-zeroes=on: a disk that forgets what is written)
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/lib.sh"
need qemu-storage-daemon qemu-utils

daemon() { # daemon NAME BLOCKDEV
  start "$1" qemu-storage-daemon --blockdev "$2,node-name=d" --export \
    "type=vhost-user-blk,id=e,addr.type=unix,addr.path=$work/$1.sock,node-name=d,writable=on,num-queues=2"
  daemon=$pid
  comes "$1" "$work/$1.sock"
}

away() { # away NAME
  runs "$daemon"
  check $? "$1: the daemon still runs" "$work/$1.log"
  kill -TERM "$daemon"
  ends "$daemon"
  got=$?
  [ $got = 0 ]
  check $? "$1: the daemon ends with 0 (was $got)" "$work/$1.log"
}

blk() { # blk NAME WHAT OPTIONS...
  name=$1
  what=$2
  shift 2
  timeout -k 5 120 "$vop" run blk --target "vhost-user:$work/$name.sock" --rounds 2 --duration 50ms --no-save --quiet \
    "$@" >"$work/out" 2>"$work/err" </dev/null
  got=$?
  [ $got = 0 ] && grep -q '^rand' "$work/out"
  check $? "$name: run blk, $what (status $got)" "$work/out" "$work/err" "$work/$name.log"
}

truncate -s 64M "$work/disk"
daemon file "driver=file,filename=$work/disk"
blk file 'reads only' --size 4K --depth 1,32 --pattern randread
before=$(sha256sum "$work/disk")
[ "$before" = "$(truncate -s 64M "$work/zero" && sha256sum "$work/zero" | sed "s|zero|disk|")" ]
check $? 'file: nothing is written without --destroy'
blk file 'writes, reads, verifies' --destroy --size 512,64K --depth 1,32 --pattern randread,randwrite,randrw
blk file 'two queues' --destroy --queues 2 --size 4K --depth 16 --pattern randrw
[ "$(sha256sum "$work/disk")" != "$before" ]
check $? 'file: what was written is in the file'
away file

daemon null driver=null-co,size=67108864,read-zeroes=on
blk null 'depths 1 to 128' --destroy --no-verify --size 4K --depth 1,16,128 --pattern randread,randwrite
away null

# Judged: our suite comes to its end, and the daemon has not fallen over.
timeout -k 5 200 "$vop" conformance --target vhost-user: --device blk --only 'split/*' --spawn "exec qemu-storage-daemon \
  --blockdev driver=file,node-name=d,filename=$work/disk --export \
  type=vhost-user-blk,id=e,addr.type=unix,addr.path=\$VOP_SOCKET,node-name=d,writable=on,num-queues=2" \
  >"$work/out" 2>"$work/err" </dev/null
got=$?
[ $got -le 1 ] && grep -Eq '[0-9]+ (checks|pass)' "$work/out" && ! grep -q 'harness error' "$work/out"
check $? "conformance on split rings comes to its end (status $got)" "$work/out" "$work/err"
finish
