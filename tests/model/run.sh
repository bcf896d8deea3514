#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Check the Promela models of this directory with spin against the table cases.txt.
#
#   run.sh [GLOB]    only the cases whose name matches, for example 'notify-*'
#
# One line per case, then "N passed, N failed". Exit status: 0 all as the table says, 1 not, 2 spin
# or the C compiler is missing or the table is wrong. A sound model must be explored to the end: no
# truncated search, enough states, and no printf("KEY ...") left unreached (a verifier prints
# nothing; it only lists them).

set -u

here=$(cd "$(dirname "$0")" && pwd) || exit 2
only=${1:-*}
cc=${CC:-gcc}
least_states=1000

for tool in spin "$cc"; do
  if ! command -v "$tool" >/dev/null 2>&1; then
    echo "tests/model: $tool is missing; install it: apt-get install spin gcc" >&2
    exit 2
  fi
done

tmp=$(mktemp -d) || exit 2
trap 'rm -rf "$tmp"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# explore FILE DEFINES: leaves pan's words in $tmp/out; false with a reason in $why.
explore() {
  rm -rf "$tmp/pan"
  mkdir "$tmp/pan" || return 1
  flags=
  if [ "$2" != - ]; then
    flags=$(printf '%s' "-D$2" | sed 's/,/ -D/g')
  fi
  # -o3: statements are not merged, so that every one is told apart in the list of unreached ones.
  # spin's own exit status says little: a model it refuses leaves no pan.c or an error message.
  # shellcheck disable=SC2086 # $flags is a list
  (cd "$tmp/pan" && spin -a -o3 $flags "$here/$1") >"$tmp/spin" 2>&1
  if [ ! -s "$tmp/pan/pan.c" ] || grep -q 'Error' "$tmp/spin"; then
    why="spin refuses the model: $(grep -m 1 . "$tmp/spin")"
    return 1
  fi
  # Not optimised: compiling takes longer than nearly every search.
  if ! "$cc" -w -O0 -DSAFETY -DMEMLIM=900 -o "$tmp/pan/pan" "$tmp/pan/pan.c" 2>"$tmp/cc"; then
    why="the verifier does not compile: $(grep -m 1 . "$tmp/cc")"
    return 1
  fi
  (cd "$tmp/pan" && ./pan -m20000 -w20) >"$tmp/out" 2>&1
  if ! grep -q 'errors: [0-9]' "$tmp/out"; then
    why="no verdict: $(grep -m 1 . "$tmp/out")"
    return 1
  fi
}

# What was found, as one word of the table: pass, or the kind of the error.
verdict() {
  line=$(grep -m 1 '^pan:[0-9]*: ' "$tmp/out")
  case $line in
  '') echo pass ;;
  *'invalid end state'*) echo lost ;;
  *'assertion violated 0 '*) echo end ;;
  *'assertion violated'*late_payload*) echo late ;;
  *'assertion violated'*dev_* | *'assertion violated'*drv_*) echo stale ;;
  *'assertion violated'*free*) echo twice ;;
  *) echo "something else (${line#pan:*: })" ;;
  esac
}

# explored FILE: true when a search without error was also a complete one.
explored() {
  if ! grep -q 'errors: 0$' "$tmp/out" ||
    grep -q -e 'max search depth too small' -e 'Search not completed' -e 'out of memory' \
      -e 'memory limit' "$tmp/out"; then
    why="the search was cut short"
    return 1
  fi
  states=$(sed -n 's/^ *\([0-9][0-9]*\) states, stored.*/\1/p' "$tmp/out")
  if [ "${states:-0}" -lt "$least_states" ]; then
    why="only ${states:-0} states"
    return 1
  fi
  if ! grep -q 'KEY ' "$tmp/pan/pan.t" "$tmp/pan/pan.m"; then
    why="$1 marks no statement KEY"
    return 1
  fi
  missed=$(sed -n "s/.*state [0-9]*, \"printf(.KEY \(.*\).)\"$/\1/p" "$tmp/out" | head -n 1)
  if [ -n "$missed" ]; then
    why="never reached: $missed"
    return 1
  fi
}

check() { # FILE EXPECT DEFINES
  explore "$1" "$3" || return 1
  found=$(verdict)
  if [ "$found" != "$2" ]; then
    why="expected $2, found $found"
    return 1
  fi
  if [ "$found" = pass ]; then
    explored "$1" || return 1
  fi
}

passed=0
failed=0
while read -r name file expect defines words; do
  case $name in
  '' | '#'*) continue ;;
  esac
  # shellcheck disable=SC2254 # a pattern is wanted
  case $name in
  $only) ;;
  *) continue ;;
  esac
  case $expect in
  pass | stale | late | twice | lost | end) ;;
  *)
    echo "tests/model/cases.txt: $name: bad expectation '$expect'" >&2
    exit 2
    ;;
  esac
  if [ -z "$words" ]; then
    echo "tests/model/cases.txt: $name: no words" >&2
    exit 2
  fi
  why=
  if check "$file" "$expect" "$defines"; then
    echo "ok model/$name"
    passed=$((passed + 1))
  else
    echo "not ok model/$name: $why"
    failed=$((failed + 1))
  fi
done <"$here/cases.txt"

if [ $((passed + failed)) -eq 0 ]; then
  echo "tests/model: no case matches '$only'" >&2
  exit 2
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
