# SPDX-License-Identifier: BSD-2-Clause
# Sourced by the tests of this directory: counts, a place of their own, what is left behind.
# Not executable: tests/run-all takes it for no test.
# shellcheck shell=sh
set -u
cd "$(dirname "$0")/../.." || exit 2
vop=${1:-${VOP_BENCH:-build/vop-bench}}
case $vop in
*/*) vop=$(cd "$(dirname "$vop")" && pwd)/$(basename "$vop") || exit 2 ;;
esac
# The programs' temporary directories go there, too. A short name: theirs must fit a socket's.
work=$(mktemp -d "${TMPDIR:-/tmp}/e.XXXXXX") || exit 2
TMPDIR=$work
export TMPDIR
unset NO_COLOR
group=$(ps -o pgid= -p $$ | tr -d ' ')
passed=0
failed=0
pids=

stop() {
  # shellcheck disable=SC2086 # a list of numbers
  [ -z "$pids" ] || kill -9 $pids 2>/dev/null
  wait
  rm -rf "$work"
}
trap 'stop; exit 2' INT TERM HUP

check() { # check STATUS WHAT [LOG...]
  if [ "$1" = 0 ]; then
    passed=$((passed + 1))
    return
  fi
  failed=$((failed + 1))
  echo "not ok - $2"
  shift 2
  for log in "$@"; do
    echo "# $log:"
    cat "$log"
  done
}

temporary() { # the programs' temporary directories that are there
  find "$work" /tmp -maxdepth 1 -name 'vop-bench-*' 2>/dev/null | sort
}

name=$(basename "$vop" | cut -c1-15)
processes() { # numbers of our programs and their agents that run; an agent is called after /proc/self/exe
  ps -eo pgid=,pid=,stat=,comm= |
    awk -v g="$group" -v n="$name" '$1 == g && $3 !~ /^Z/ && ($4 == "exe" || $4 == n) { print $2 }'
}

soon() { # soon COMMAND...: until it succeeds; the time is against hangs only
  i=0
  until "$@"; do
    i=$((i + 1))
    [ $i -lt 200 ] || return 1
    sleep 0.05
  done
}

clean() { # nothing has been left behind since the last `before`
  [ "$(temporary)" = "$there" ] && [ -z "$(processes)" ]
}
before() {
  there=$(temporary)
}

finish() {
  pids=
  stop
  echo "$passed passed, $failed failed"
  [ "$failed" = 0 ]
}

# The whole output of a program that is to say one thing and end: status, one line, nothing else.
one_line() { # one_line STATUS WHAT ARGUMENTS...
  want=$1
  what=$2
  shift 2
  before
  timeout -k 5 60 "$vop" "$@" >"$work/out" 2>"$work/err" </dev/null
  got=$?
  [ $got = "$want" ] && [ "$(wc -l <"$work/err")" = 1 ] && [ ! -s "$work/out" ]
  check $? "$what: exit $want (was $got), one line" "$work/out" "$work/err"
  soon clean
  check $? "$what: nothing is left"
}
