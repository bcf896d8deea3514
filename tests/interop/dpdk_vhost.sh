#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# tests/interop/dpdk_vhost.sh [PROGRAM]: DPDK's vhost as a network device under our driver.
# What is started, by hand:
#   dpdk-testpmd --no-pci --no-huge -m 256 --vdev net_vhost0,iface=PATH,queues=1 -- -i --no-flush-rx
#     set fwd rxonly | txonly | io; start
# rxonly takes frames, txonly makes them, io sends back what comes.
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/interop/testpmd.sh
. tests/interop/testpmd.sh

net() { # net NAME DIRECTION OPTIONS...
  dir=$2
  name=$1
  shift 2
  timeout -k 5 120 "$vop" run net --target "vhost-user:$work/$name.sock" --rounds 2 --duration 50ms --no-save --quiet \
    --dir "$dir" --size 64,1518 "$@" >"$work/out" 2>"$work/err" </dev/null
  got=$?
  [ $got = 0 ] && grep -q "^$dir" "$work/out"
  check $? "$name: run net --dir $dir $* (status $got)" "$work/out" "$work/err" "$work/$tell.log"
}

device() { # device NAME MODE QUEUES
  pmd "$1" "$3" "net_vhost0,iface=$work/$1.sock,queues=$3"
  tell "set fwd $2"
  tell start
  soon listens "$work/$1.sock"
  check $? "$1: it listens"
}

device take rxonly 1
net take tx --ring split
net take tx --ring packed
stops
n=$(forwarded RX)
[ "${n:-0}" -gt 1000 ]
check $? "take: testpmd has counted frames, too ($n)" "$work/$tell.log"
quits
device back io 1
net back both --ring split
net back both --ring packed
quits
finish
