# SPDX-License-Identifier: BSD-2-Clause
# Sourced by the tests of this directory, which are called as TEST [PROGRAM].
# Not executable: tests/run-all takes it for no test.
#
# A test runs in name spaces of its own: of processes, so that the kernel ends every one of them with
# the first, however that one ends; of the network, so that its interfaces are nobody else's; and of
# mounts, so that its directory ($work) is memory that goes with them.  Nothing has to be tidied up,
# and so nothing is left behind when the test is killed with SIGKILL.
# shellcheck shell=sh
set -u
self=$(cd "$(dirname "$0")" && pwd)/$(basename "$0") || exit 2
cd "$(dirname "$0")/../.." || exit 2
root=$(pwd)
passed=0
failed=0
skipped=0

finish() {
  [ $skipped = 0 ] || skips=", $skipped skipped"
  echo "$passed passed, $failed failed${skips-}"
  [ $failed = 0 ]
  exit
}

skip() { # skip REASON
  skipped=$((skipped + 1))
  echo "skip - $(basename "$self" .sh): $1"
}

without() { # without REASON: none of this test can run here
  skip "$1"
  finish
}

need() { # need COMMAND PACKAGE: skips the whole test without it
  command -v "$1" >/dev/null || without "package $2 is not installed ($1)"
}

PATH=$PATH:/usr/sbin:/sbin

# The outer half: makes the name spaces, waits for the inner half.
if [ -z "${VOP_INTEROP-}" ]; then
  case ${1-} in
  '') set -- "${VOP_BENCH:-build/vop-bench}" ;;
  esac
  case $1 in
  /*) vop=$1 ;;
  *) vop=$root/$1 ;;
  esac
  [ -x "$vop" ] || {
    echo "${0##*/}: $vop is not there; ninja builds it" >&2
    exit 2
  }
  need unshare util-linux
  need setpriv util-linux
  apart="unshare --mount --net --pid --fork --kill-child=KILL --mount-proc"
  [ "$(id -u)" = 0 ] || apart="$apart --user --map-root-user"
  $apart true 2>/dev/null || without "name spaces cannot be made here; run it as root"
  VOP_INTEROP=$vop setpriv --pdeathsig KILL $apart sh "$self" </dev/null &
  inner=$!
  # unshare takes no notice of mild signals while it waits.
  trap 'kill -KILL $inner; wait $inner; exit 2' INT TERM HUP
  wait $inner
  exit
fi

# The inner half.
vop=$VOP_INTEROP
work=
for d in /mnt /media /srv; do
  case $root/:$vop in
  $d/* | *:$d/*) ;;
  *) [ -n "$work" ] || [ ! -d $d ] || work=$d ;;
  esac
done
[ -n "$work" ] || without "there is none of /mnt, /media and /srv to mount a directory on"
mount -t tmpfs -o mode=755 interop "$work" || without "no memory can be mounted on $work"
TMPDIR=$work
RUNTIME_DIRECTORY=$work # DPDK's
HOME=$work
export TMPDIR RUNTIME_DIRECTORY HOME
unset NO_COLOR
cd "$root" || exit 2 # by its name, in case it lies below
ulimit -c 0
ip link set lo up 2>/dev/null
ip=10.77.0.1
guest_ip=10.77.0.2
mac=02:56:4f:50:00:01

check() { # check STATUS WHAT [LOG...]
  if [ "$1" = 0 ]; then
    passed=$((passed + 1))
    echo "ok - $2"
    return
  fi
  failed=$((failed + 1))
  echo "not ok - $2"
  shift 2
  for log in "$@"; do
    echo "# the end of ${log##*/}:"
    tail -n 60 "$log" | awk '{ print "#   " $0 }' # also what ends without a line's end
  done
}

soon() { # soon COMMAND...: until it succeeds; the time is against hangs only
  i=0
  until "$@"; do
    i=$((i + 1))
    [ $i -lt 600 ] || return 1
    sleep 0.05
  done
}

start() { # start NAME COMMAND...: in the background; output in $work/NAME.log, its number in $pid
  log=$work/$1.log
  shift
  "$@" >"$log" 2>&1 </dev/null &
  pid=$!
}

runs() { # runs PID
  case $(ps -o stat= -p "$1") in
  '' | Z*) return 1 ;;
  esac
}

ends() { # ends PID [SECONDS]: its status, or 124 when it had to be killed; the time is against hangs only
  i=$((${2:-30} * 10))
  while runs "$1"; do
    i=$((i - 1))
    if [ $i = 0 ]; then
      kill -KILL "$1"
      wait "$1" 2>/dev/null
      return 124
    fi
    sleep 0.1
  done
  wait "$1"
}

says() { # says NAME TEXT: it is in the output of NAME
  grep -qF -- "$2" "$work/$1.log"
}

listens() { # listens PATH: somebody accepts connections there; nobody is connected to
  awk -v p="$1" '$4 == "00010000" && $8 == p { n++ } END { exit !n }' /proc/net/unix
}

comes() { # comes NAME PATH: the program NAME, started last, listens on PATH
  ready() { listens "$1" || ! runs "$pid"; }
  soon ready "$2"
  runs "$pid" && listens "$2"
  check $? "$1 listens" "$work/$1.log"
}

served=
serve() { # serve NAME DEVICE: our device on $work/NAME.sock; what it says is in NAME.log
  name=$1
  start "$name" "$vop" node --serve "vhost-user:$work/$name.sock" --create "$2" --stats 1s
  served="$served $name:$pid"
  comes "$name" "$work/$name.sock"
}

counted() { # counted NAME WORD: the number after WORD in the last report of NAME
  sed -n "s/.*[:;,] $2 \([0-9]*\).*/\1/p" "$work/$1.log" | tail -n 1
}

dismiss() { # all that serve has started have seen no violation, and end in good order
  for s in $served; do
    name=${s%:*}
    n=$(counted "$name" violations)
    [ "$n" = 0 ]
    check $? "$name has seen no violation ($n)" "$work/$name.log"
    kill -TERM "${s#*:}"
    ends "${s#*:}"
    got=$?
    [ $got = 0 ]
    check $? "$name ends with 0 on SIGTERM (was $got)" "$work/$name.log"
    [ ! -e "$work/$name.sock" ]
    check $? "the socket of $name is gone"
  done
  served=
}
