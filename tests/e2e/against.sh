#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# tests/e2e/against.sh [PROGRAM]: two runs in turn; what they leave behind, also when one of them ends badly.
# Nothing is said here of which verdicts come out: that is luck on a busy machine.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
# Without limits: in rounds of 2 ms a figure may stand above its limit, and that run then ends with 1.
short='--size 64 --dir tx --passes 2 --rounds 1 --duration 2ms --no-limit --no-huge --quiet'

refused() { # refused WORD WHAT ARGUMENTS...: one line, exit 2, and the line holds the word
  word=$1
  shift
  one_line 2 "$@"
  grep -qF -e "$word" "$work/err"
  check $? "$1: the line says $word" "$work/err"
}

turns() { # turns WHAT ARGUMENTS...: both sides ran to their end; what they found may be nothing that compares
  what=$1
  shift
  before
  # shellcheck disable=SC2086 # options
  timeout -k 5 120 "$vop" run net $short --json "$work/$what.json" "$@" >"$work/out" 2>"$work/err" </dev/null
  got=$?
  [ $got = 0 ] || { [ $got = 2 ] && grep -qF "nothing to compare" "$work/err"; }
  check $? "$what: exit 0 or nothing to compare (was $got)" "$work/out" "$work/err"
  [ -s "$work/$what-a.json" ] && [ -s "$work/$what-b.json" ]
  check $? "$what: two results" "$work/err"
  soon clean
  check $? "$what: nothing is left"
}

numbers() { # numbers FILE: pass and number of each round of the rate
  awk '/"metric":/ { on = /"rate"/ } on && /"pass":/ { p = $2 } on && /"number":/ { print p, $2 }' "$1" | sort
}

stopped() { # processes of ours that are stopped
  ps -eo pgid=,stat=,comm= | awk -v g="$group" '$1 == g && $2 ~ /^T/'
}

# --- usage ---

refused "--against" "nothing named" run net --against ""
refused "no such program" "something that is not there" run net --against "$work/none"
mkdir "$work/checkout"
refused "build it first" "a checkout that was not built" run net --against "$work/checkout"
refused "not a program" "a file that is no program" run net --against README.md
refused "add --against" "a gate without --against" run net --gate 5
refused "--turns" "turns by hand" run net --turns a:1
refused "leave out" "chaos against something" run net --against . --chaos 1
# shellcheck disable=SC2086
refused "cannot write" "a place that cannot be" run net $short --against . --json "$work/no/such.json"
# shellcheck disable=SC2086
refused "B" "an option the second does not know" run net $short --no-save --against=--qqqqqqq
# shellcheck disable=SC2086
refused "B" "a program that is none of ours" run net $short --no-save --against /bin/true
# shellcheck disable=SC2086
refused "B" "a target that is not there" run net $short --no-save --timeout 200ms --against "vop:$work/nobody"

# --- what comes out ---

turns equal --against .
grep -q "results: $work/equal-a.json $work/equal-b.json" "$work/out" || grep -q "nothing to compare" "$work/err"
check $? "the results are named" "$work/out"
numbers "$work/equal-a.json" >"$work/na"
numbers "$work/equal-b.json" >"$work/nb"
[ -s "$work/na" ] && cmp -s "$work/na" "$work/nb"
check $? "both sides have rounds of the same passes and numbers" "$work/na" "$work/nb"
id() { sed -n 's/.*"id": "\(.*\)".*/\1/p' "$1"; }
[ -n "$(id "$work/equal-a.json")" ] && [ "$(id "$work/equal-a.json")" = "$(id "$work/equal-b.json")" ]
check $? "both sides know that they belong together"
turns options --against=--batch=8
grep -q '"batch": 8' "$work/options-b.json" && grep -q '"batch": 32' "$work/options-a.json"
check $? "the second run has options of its own"
cp "$vop" "$work/other"
turns build --against "$work/other"
mkdir "$work/checkout/build" && cp "$vop" "$work/checkout/build/vop-bench"
turns checkout --against "$work/checkout --depth 64"

before
# shellcheck disable=SC2086
(cd "$work" && mkdir here && cd here && timeout -k 5 120 "$vop" run net $short --no-save --against .) \
  >"$work/out" 2>"$work/err"
[ -z "$(ls -A "$work/here")" ]
check $? "--no-save leaves nothing" "$work/out" "$work/err"
soon clean
check $? "--no-save: no processes, no directories"
for workload in ring limits; do
  # shellcheck disable=SC2046
  timeout -k 5 120 "$vop" run $workload --rounds 1 --duration 2ms --quiet --json "$work/$workload.json" --against . \
    $([ $workload = limits ] && echo --only rtt) >"$work/out" 2>"$work/err" </dev/null
  got=$?
  [ $got -le 2 ] && [ -s "$work/$workload-a.json" ] && [ -s "$work/$workload-b.json" ]
  check $? "run $workload in turn (exit $got)" "$work/out" "$work/err"
done

# --- bad ends ---

long='--size 64 --dir tx --passes 1000 --rounds 1 --duration 20ms --no-huge --quiet --no-save'
begin() { # begin: a long comparison in the background; its number in $conductor, its sides running
  before
  # shellcheck disable=SC2086
  "$vop" run net $long --against . >"$work/out" 2>"$work/err" </dev/null &
  conductor=$!
  pids=$conductor
  # Two sides with two workers each.
  soon sh -c "[ \$(ps -eo pgid=,comm= | awk -v g=$group '\$1 == g && \$2 == \"exe\"' | wc -l) -ge 4 ]"
  check $? "the two sides are there"
}
end() { # end WHAT STATUS...: the conductor ended with one of these, and nothing is left
  what=$1
  shift
  wait "$conductor"
  got=$?
  pids=
  case " $* " in
  *" $got "*) ok=0 ;;
  *) ok=1 ;;
  esac
  check $ok "$what: exit $* (was $got)" "$work/err"
  soon clean
  check $? "$what: no processes, no directories"
  [ -z "$(stopped)" ]
  check $? "$what: none is left stopped"
}
for signal in INT TERM; do
  begin
  kill -$signal "$conductor"
  end "$signal" 2
done
begin
side=$(ps -o pid= --ppid "$conductor" | head -n 1)
# shellcheck disable=SC2086 # a number
kill -9 $side
end "one side killed" 1 2
[ "$(wc -l <"$work/err")" = 1 ]
check $? "one side killed: one line" "$work/err"
begin
kill -9 "$conductor"
end "the conductor killed" 137

finish
