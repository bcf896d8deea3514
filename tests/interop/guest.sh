# SPDX-License-Identifier: BSD-2-Clause
# Sourced after lib.sh by the tests that start a guest: what it meets outside, and what it said.
# Not executable: tests/run-all takes it for no test.
# shellcheck shell=sh
need busybox busybox-static
need ip iproute2

image() { # image qemu | uml: skips the test when it cannot be made
  why=$("$root/tests/interop/image" "$1")
  case $? in
  0) ;;
  3) without "$why" ;;
  *)
    check 1 "the guest's image is made"
    finish
    ;;
  esac
  images=$root/build/interop
}

# The other end of a net device: 10.77.0.1 on a TAP interface, with files to fetch and places to call.
meet() { # meet TAP BYTES [PAIRS]: the interface is made before the device opens it
  if [ "${3:-1}" = 1 ]; then
    ip tuntap add dev "$1" mode tap
  else
    ip tuntap add dev "$1" mode tap multi_queue
  fi && ip addr add "$ip/24" dev "$1" && ip link set "$1" up
  check $? "a TAP interface"
  # What the guest counts as damaged is to be damage: every checksum is in the frame, none is left to the device.
  ! command -v ethtool >/dev/null || ethtool -K "$1" tx off >/dev/null 2>&1
  [ ! -d "$work/www" ] || return 0
  mkdir "$work/www"
  cp -r "$root/tests/interop/host/cgi-bin" "$work/www/"
  head -c "$2" /dev/urandom >"$work/www/down"
  sha256sum "$work/www/down" | cut -d ' ' -f 1 >"$work/www/down.sum"
  INTEROP=$work start httpd busybox httpd -f -h "$work/www" -p "$ip:80"
}

csum_errors() { # what came in damaged on this side, since the name space was made
  awk '$1 ~ /^(Icmp|Tcp|Udp):$/ {
    if (!($1 in names)) { names[$1] = $0; next }
    split(names[$1], n)
    for (i = 2; i <= NF; i++) if (n[i] == "InCsumErrors") s += $i
  } END { print s + 0 }' /proc/net/snmp
}

# How long a guest may take before it is held for hung, and how long it thinks it may.
patience=${VOP_INTEROP_PATIENCE:-60}

told() { # told NAME: the sum the guest told for NAME
  sed -n "s/^.*vop: sum $1 \([0-9a-f]*\).*/\1/p" "$work/$guest.console" | tail -n 1
}

# Runs a guest to its end and counts what it says as tests of its own.
guest_runs() { # guest_runs NAME BOOTS COMMAND...
  guest=$1
  boots=$2
  shift 2
  console=$work/$guest.console
  begin=$(date +%s)
  start "$guest" "$@"
  ends "$pid" $((patience + 20))
  status=$?
  took=$(($(date +%s) - begin))
  [ -f "$console" ] || cp "$work/$guest.log" "$console" # UML's console is its output
  tr -d '\r' <"$console" >"$console.clean" 2>/dev/null
  mv "$console.clean" "$console"
  sed -n 's/^.*vop: note \(.*\)/#   \1/p' "$console"
  sed -n 's/^.*vop: pass \(.*\)/\1/p' "$console" >"$work/lines"
  while read -r line; do
    check 0 "$guest: $line"
  done <"$work/lines"
  heard=$(wc -l <"$work/lines")
  sed -n 's/^.*vop: fail \(.*\)/\1/p' "$console" >"$work/lines"
  while read -r line; do
    check 1 "$guest: $line"
  done <"$work/lines"
  sums=$(sed -n 's/^.*vop: done \([0-9]*\).*/\1/p' "$console")
  # shellcheck disable=SC2086 # numbers
  said=$(printf '%s\n' $sums | awk '{ s += $1 } END { print s + 0 }')
  # shellcheck disable=SC2086 # numbers
  [ "$(printf '%s\n' $sums | grep -c .)" = "$boots" ] && [ "$said" = "$heard" ]
  check $? "$guest: came to its end $boots times, $said of $heard lines heard" "$console" "$work/$guest.log"
  # UML now and then (once in thirty) aborts after its kernel has halted and all is said and done.
  if [ $status = 134 ] && tail -n 1 "$console" | grep -q 'reboot: System halted'; then
    echo "#   UML aborted after its kernel had halted"
    status=0
  fi
  [ $status = 0 ]
  check $? "$guest: ends with 0 (was $status), after $took s" "$console" "$work/$guest.log"
}

net_outside() { # net_outside: what the guest sent is what arrived outside
  for when in first again; do
    want=$(told "up-$when")
    [ -n "$want" ] && [ "$(sha256sum "$work/up-$when" | cut -d ' ' -f 1)" = "$want" ] &&
      [ "$(sha256sum "$work/fetched-$when" | cut -d ' ' -f 1)" = "$want" ]
    check $? "$guest: net, $when: outside, both files have the sum the guest told"
    rm -f "$work/up-$when" "$work/fetched-$when"
  done
  n=$(csum_errors)
  [ "$n" = 0 ]
  check $? "$guest: net: no frame came out damaged ($n)"
}

disk_outside() { # disk_outside FILE: the file that was served holds what the guest wrote
  e2fsck -fn "$1" >"$work/e2fsck" 2>&1
  check $? "$guest: blk: e2fsck outside finds nothing" "$work/e2fsck"
  debugfs -R "dump /SUMS $work/SUMS" "$1" >"$work/debugfs" 2>&1
  want=$(told disk)
  [ -n "$want" ] && [ "$(sha256sum "$work/SUMS" | cut -d ' ' -f 1)" = "$want" ]
  check $? "$guest: blk: the list of sums is in the file" "$work/debugfs"
  rm -rf "$work/out"
  mkdir "$work/out"
  debugfs -R "rdump / $work/out" "$1" >"$work/debugfs" 2>&1
  [ "$(cd "$work/out" && sha256sum -c "$work/SUMS" 2>&1 | grep -c ': OK$')" = 41 ]
  check $? "$guest: blk: outside, 41 files have the sums the guest told" "$work/debugfs"
  rm -rf "$work/out"
}
