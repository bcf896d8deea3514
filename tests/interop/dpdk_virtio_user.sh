#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# tests/interop/dpdk_virtio_user.sh [PROGRAM]: DPDK's virtio-user driver finds our net device.
# What is started, by hand:
#   vop-bench node --serve vhost-user:PATH --create net,backend=null
#   dpdk-testpmd --no-pci --no-huge -m 256 --vdev net_virtio_user0,path=PATH,queues=1,packed_vq=0 -- -i
#     set fwd txonly; start; stop; show fwd stats all
# shellcheck disable=SC2317 # functions that are waited for
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/interop/testpmd.sh
. tests/interop/testpmd.sh

need busybox busybox-static
enough=20000

at_least() { # at_least NAME WORD NUMBER: NAME has reported as many
  seen=$(counted "$1" "$2")
  [ "${seen:-0}" -ge "$3" ]
}

same() { # same NAME WORD NUMBER
  [ "$(counted "$1" "$2")" = "$3" ]
}

# Every frame that left the driver has reached the device.
sends() { # sends NAME QUEUES OPTIONS
  serve "$1" "net,backend=null,pairs=$2"
  pmd "$1-pmd" "$2" "net_virtio_user0,path=$work/$1.sock,queues=$2,$3"
  for size in 64 1518; do
    before=$(counted "$1" transmit)
    tell "set txpkts $size"
    tell 'set fwd txonly'
    tell start
    soon at_least "$1" transmit $((${before:-0} + enough))
    check $? "$1: $enough frames of $size bytes arrive" "$work/$1.log" "$work/$tell.log"
    stops
    sent=$(forwarded TX)
    soon same "$1" transmit $((${before:-0} + ${sent:-0}))
    check $? "$1: sent $sent, arrived $(($(counted "$1" transmit) - ${before:-0})) of $size bytes" "$work/$1.log" "$work/$tell.log"
  done
  quits
  dismiss
}

# Every frame the device delivered has reached the driver, but for those that lie in its rings at the end, and those that
# lay there when the port was started: virtio_dev_start() throws these away.
receives() { # receives NAME QUEUES OPTIONS
  serve "$1" "net,backend=source,size=300,pairs=$2"
  pmd "$1-pmd" "$2" "net_virtio_user0,path=$work/$1.sock,queues=$2,$3"
  tell 'set fwd rxonly'
  tell start
  soon at_least "$1" receive $enough
  check $? "$1: $enough frames are delivered" "$work/$1.log" "$work/$tell.log"
  stops
  settled() { # two reports in a row say the same
    [ "$(sed -n 's/.*; receive \([0-9]*\) .*/\1/p' "$work/$1.log" | tail -n 2 | uniq | wc -l)" = 1 ]
  }
  got=$(forwarded RX)
  soon at_least "$1" receive "${got:-0}" && soon settled "$1"
  had=$(counted "$1" receive)
  [ "${got:-0}" -ge $enough ] && [ "$got" -le "$had" ] && [ $((had - got)) -le $(($2 * 2 * 256)) ]
  check $? "$1: delivered $had, received $got, the rest in the rings" "$work/$1.log" "$work/$tell.log"
  quits
  dismiss
}

# A capture file of 250 frames, fewer than a ring has buffers: 60 to 1514 bytes, nothing alike in them.
capture() {
  for k in $(seq 250); do
    echo $((60 + (k * 761) % 1455))
  done >"$work/sizes"
  od -An -v -tx1 -w1 -N 300000 /dev/urandom | tr -d ' ' | awk -v sizes="$work/sizes" '
    function le(n) { return sprintf("%02x%02x%02x%02x", n % 256, int(n / 256) % 256, 0, 0) }
    BEGIN { printf "d4c3b2a1020004000000000000000000ffff000001000000" }
    { b[NR] = $1 }
    END {
      while ((getline n <sizes) > 0) {
        printf "%s%s%s%s", le(0), le(0), le(n), le(n)
        for (i = 1; i <= n; i++) { at = at % NR + 1; printf "%s", i == 1 ? "02" : b[at] }
      }
    }' | busybox xxd -r -p >"$work/in.pcap"
}

frames_of() { # frames_of FILE: a line a frame, in hexadecimal
  od -An -v -tx1 -w1 "$1" | tr -d ' ' | awk '
    function hex(s,  i, n) {
      for (i = 1; i <= 2; i++) n = n * 16 + index("0123456789abcdef", substr(s, i, 1)) - 1
      return n
    }
    { b[NR] = $1 }
    END {
      for (at = 25; at + 16 <= NR; at += 16 + n) {
        n = hex(b[at + 8]) + 256 * hex(b[at + 9])
        line = ""
        for (i = 0; i < n; i++) line = line b[at + 16 + i]
        print line
      }
    }'
}

# What is sent comes back, byte for byte, in order.
echoes() { # echoes NAME OPTIONS
  serve "$1" net,backend=echo
  rm -f "$work/out.pcap"
  pmd "$1-pmd" 1 "net_pcap0,rx_pcap=$work/in.pcap,tx_pcap=$work/out.pcap" \
    "net_virtio_user0,path=$work/$1.sock,queues=1,$2"
  tell 'set fwd io'
  tell start
  soon at_least "$1" receive 250
  # What the device has delivered lies in the driver's ring at the latest now; let it forward that.
  tell 'show port stats all'
  back() { [ "$(frames_of "$work/out.pcap" | wc -l)" -ge 250 ]; }
  soon back
  stops
  quits
  frames_of "$work/in.pcap" >"$work/in.hex"
  frames_of "$work/out.pcap" >"$work/out.hex"
  [ "$(wc -l <"$work/in.hex")" = 250 ] && cmp "$work/in.hex" "$work/out.hex" >"$work/cmp" 2>&1
  check $? "$1: 250 frames of 60 to 1514 bytes come back as they were" "$work/cmp" "$work/$1.log" "$work/$tell.log"
  dismiss
}

# Back and forth on every queue, as fast as it goes.
bounces() { # bounces NAME QUEUES OPTIONS
  serve "$1" "net,backend=echo,pairs=$2"
  pmd "$1-pmd" "$2" "net_virtio_user0,path=$work/$1.sock,queues=$2,$3"
  tell 'set fwd io'
  tell 'start tx_first 2'
  soon at_least "$1" receive $enough
  check $? "$1: $enough frames go back and forth" "$work/$1.log" "$work/$tell.log"
  stops
  tell 'show port xstats all'
  soon says "$tell" "tx_q$(($2 - 1))_good_packets"
  for q in $(seq 0 $(($2 - 1))); do
    n=$(sed -n "s/^rx_q${q}_good_packets: \([0-9]*\)/\1/p" "$work/$tell.log" | tail -n 1)
    [ "${n:-0}" -gt 100 ]
    check $? "$1: queue $q has received ($n)" "$work/$1.log" "$work/$tell.log"
  done
  quits
  dismiss
}

capture
for ring in split packed; do
  case $ring in
  split) o=packed_vq=0 ;;
  packed) o=packed_vq=1 ;;
  esac
  sends "tx-$ring" 1 "$o"
  sends "tx2-$ring" 2 "$o"
  receives "rx-$ring" 1 "$o"
  receives "rx2-$ring" 2 "$o"
  echoes "echo-$ring" "$o"
  echoes "echo-$ring-plain" "$o,mrg_rxbuf=0,in_order=0"
  bounces "bounce-$ring" 1 "$o"
  bounces "bounce2-$ring" 2 "$o"
done
finish
