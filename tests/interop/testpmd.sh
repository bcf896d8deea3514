# SPDX-License-Identifier: BSD-2-Clause
# Sourced after lib.sh by the tests that start DPDK's testpmd: it is told what to do line by line.
# Not executable: tests/run-all takes it for no test.
# shellcheck shell=sh
need dpdk-testpmd dpdk-dev
for lib in vhost virtio pcap; do
  [ -n "$(find /usr/lib /usr/lib64 /usr/local/lib -name "librte_net_$lib.so*" 2>/dev/null | head -n 1)" ] ||
    without "package librte-net-${lib}23 is not installed"
done

# No huge pages: the memory of vhost-user is a memfd then.  Two threads, one forwards and the other
# listens to us, on whatever CPUs there are: two testpmd would sit on the same one otherwise.
cpus=$(sed -n 's/^Cpus_allowed_list:[^0-9]*//p' /proc/self/status)
lcores="0@($cpus),1@($cpus)"

pmd() { # pmd NAME QUEUES VDEV...: a testpmd that waits for `tell`; its number in $pmd
  tell=$1
  queues=$2
  shift 2
  vdevs=
  for v in "$@"; do
    vdevs="$vdevs --vdev $v"
  done
  rm -f "$work/$tell.in"
  mkfifo "$work/$tell.in"
  # shellcheck disable=SC2086 # a list of options
  # Line by line: it is read while it runs.
  stdbuf -oL dpdk-testpmd --lcores "$lcores" --no-pci --no-huge -m 256 --no-telemetry --file-prefix "$tell" $vdevs -- -i \
    --total-num-mbufs=8192 --rxq="$queues" --txq="$queues" --no-lsc-interrupt --no-flush-rx \
    >"$work/$tell.log" 2>&1 <"$work/$tell.in" &
  pid=$!
  pmd=$pid
  exec 8>"$work/$tell.in"
  prompt() { says "$tell" 'testpmd>' || ! runs "$pmd"; }
  soon prompt
  runs "$pmd"
  check $? "$tell: testpmd starts" "$work/$tell.log"
}

tell() { # tell COMMAND: nobody waits for an answer
  echo "$1" >&8
}

forwarded() { # forwarded RX|TX [PORT]: packets that testpmd counted itself, after `stop`
  sed -n "/Forward statistics for port ${2:-0} /,/----\$/s/^ *$1-packets: \([0-9]*\).*/\1/p" "$work/$tell.log" | tail -n 1
}

stops() { # it stops forwarding, and says what it did
  n=$(grep -c 'Accumulated forward statistics' "$work/$tell.log")
  tell stop
  stopped() { [ "$(grep -c 'Accumulated forward statistics' "$work/$tell.log")" -gt "$n" ] || ! runs "$pmd"; }
  soon stopped
}

quits() {
  tell quit
  exec 8>&-
  ends "$pmd"
  got=$?
  [ $got = 0 ]
  check $? "$tell: testpmd ends with 0 (was $got)" "$work/$tell.log"
}
