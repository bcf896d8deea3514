#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# tests/e2e/compare.sh [PROGRAM]: `compare` on reference runs and on files that are none.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
ref=results/reference

refused() { # refused WORD WHAT ARGUMENTS...: one line, exit 2, and the line holds the word
  word=$1
  shift
  one_line 2 "$@"
  grep -qF -e "$word" "$work/err"
  check $? "$1: the line says $word" "$work/err"
}

run() { # run STATUS WHAT ARGUMENTS...: a comparison that ends with STATUS
  want=$1
  what=$2
  shift 2
  timeout -k 5 60 "$vop" compare "$@" >"$work/out" 2>"$work/err" </dev/null
  got=$?
  [ $got = "$want" ]
  check $? "$what: exit $want (was $got)" "$work/out" "$work/err"
}

says() { # says TEXT WHAT
  grep -qF -e "$1" "$work/out"
  check $? "$2: the output says '$1'" "$work/out"
}

scaled() { # scaled FACTOR IN OUT: all figures of rates times a factor, and of times and costs over it, consistently
  awk -v k="$1" '
    /"metric":/ { up = /"rate"|"goodput"/; on = 1 }
    /"histogram":/ { on = 0 }
    /"rounds":/ { on = 1 }
    on && match($0, /"(median|min|max|q1|q3|mad|value|limit)": -?[0-9.e+-]+/) {
      text = substr($0, RSTART, RLENGTH)
      split(text, part, ": ")
      rest = substr($0, RSTART + RLENGTH)
      printf "%s%s: %.17g%s\n", substr($0, 1, RSTART - 1), part[1], up ? part[2] * k : part[2] / k, rest
      next
    }
    { print }' "$2" >"$3"
}

# --- usage and bad files ---

a=$ref/equal-a.json
b=$ref/equal-b.json
refused "compare OLD NEW" "no file" compare
refused "compare OLD NEW" "one file" compare "$a"
refused "--vs" "three files without --vs" compare "$a" "$b" $ref/ring.json
refused "--vs" "--vs twice" compare "$a" --vs "$b" --vs "$b"
refused "--vs" "nothing after --vs" compare "$a" --vs
refused "--gate" "an odd gate" compare "$a" "$b" --gate much
refused "--confidence" "a certainty that is none" compare "$a" "$b" --confidence 100
refused "--help" "an unknown option" compare "$a" "$b" --qqqqqqqq
refused "$work/none.json" "a file that is not there" compare "$a" "$work/none.json"
refused "$work" "a directory" compare "$a" "$work"
head -c 5000 "$a" >"$work/cut.json"
refused "$work/cut.json" "a truncated file" compare "$a" "$work/cut.json"
echo '{"schema": "somebody/1"}' >"$work/foreign.json"
refused "$work/foreign.json" "a foreign file" compare "$work/foreign.json" "$b"
echo 'not JSON' >"$work/text.json"
refused "$work/text.json" "no JSON" compare "$a" "$work/text.json"
sed 's/"median": \([0-9]\)/"median": 9\1/' "$a" >"$work/edited.json"
refused "$work/edited.json" "a file edited by hand" compare "$work/edited.json" "$b"
refused "cannot write" "a place that cannot be" compare "$a" "$b" --json "$work/no/such.json"
refused "nothing to compare" "two workloads" compare "$a" $ref/ring.json

# --- like with like ---

run 0 "equals in turn" "$a" "$b" --all
says "in turn" "equals in turn"
says "0 better, 0 worse" "equals in turn"
says "latency_p50" "equals in turn"
run 0 "one made slower" $ref/slower-a.json $ref/slower-b.json
says "worse" "one made slower"
grep -q "^0 better, [1-9]" "$work/out"
check $? "one made slower: some are worse, none better" "$work/out"
run 1 "one made slower, with a gate" $ref/slower-a.json $ref/slower-b.json --gate 1
says "gate at 1 %: broken" "one made slower, with a gate"
run 0 "equals, with a gate" "$a" "$b" --gate 5
says "gate at 5 %: kept" "equals, with a gate"
refused "ring differs" "split and packed" compare $ref/net-packed.json $ref/net-split.json
run 0 "split and packed, let pass" $ref/net-packed.json $ref/net-split.json --ignore ring --ignore features
says "differs on purpose: ring packed | split" "split and packed, let pass"
says "not compared" "split and packed, let pass"
says "1 run a side: 10 % allowed" "split and packed, let pass"

# A loss of 30 % shows even between two single runs; one of 3 % does not, nor breaks a gate.
scaled 0.7 $ref/net-packed.json "$work/much.json"
scaled 0.97 $ref/net-packed.json "$work/little.json"
run 1 "a great loss" $ref/net-packed.json "$work/much.json" --gate 5
says "worse, gate" "a great loss"
run 0 "a small loss" $ref/net-packed.json "$work/little.json" --gate 5
says "0 better, 0 worse" "a small loss"
run 0 "a gain" "$work/much.json" $ref/net-packed.json --gate 5
grep -q "^[1-9][0-9]* better, 0 worse" "$work/out"
check $? "a gain: some are better, none worse" "$work/out"

# Several a side: runs of one revision, told apart by nobody.
for i in 1 2 3 4 5 6; do
  scaled 0.99$i $ref/net-packed.json "$work/old$i.json"
  scaled 0.98$i $ref/net-packed.json "$work/new$i.json"
done
run 0 "six runs a side" "$work"/old?.json --vs "$work"/new?.json --all --gate 5
says "0 better, 0 worse" "six runs a side"
grep -q "allowed for" "$work/out" && bad=1 || bad=0
check "$bad" "six runs a side need no allowance" "$work/out"
for i in 1 2 3 4 5 6; do scaled 0.9$i $ref/net-packed.json "$work/new$i.json"; done
run 1 "six runs a side, one side slower" "$work"/old?.json --vs "$work"/new?.json --gate 2

# --- what is written ---

run 1 "files for machines" $ref/slower-a.json $ref/slower-b.json --gate 1 --json "$work/c.json" --junit "$work/c.xml"
grep -q '"schema": "vop-bench-compare/1"' "$work/c.json" && grep -q '"verdict": "worse"' "$work/c.json" &&
  grep -q '"gate_broken": true' "$work/c.json"
check $? "the comparison as JSON" "$work/c.json"
grep -q '<testsuite' "$work/c.xml" && grep -q '<failure' "$work/c.xml"
check $? "the comparison as JUnit XML" "$work/c.xml"
if command -v xmllint >/dev/null 2>&1; then
  xmllint --noout "$work/c.xml" 2>"$work/err"
  check $? "the XML is well-formed" "$work/err"
fi
for kind in json junit; do
  timeout 60 "$vop" compare "$a" "$b" --$kind /dev/full >"$work/out" 2>"$work/err"
  got=$?
  [ $got = 2 ] && [ "$(wc -l <"$work/err")" = 1 ]
  check $? "--$kind on a full disk: exit 2 (was $got), one line" "$work/err"
done

# --- deals ---

run 0 "deals" "$a" "$b" --deal 20 --deal-slower 20 --seed 3
says "20 deals of the same rounds to both sides at random" "deals"
says "one side made slower" "deals"
cp "$work/out" "$work/first"
run 0 "deals again" "$a" "$b" --deal 20 --deal-slower 20 --seed 3
cmp -s "$work/out" "$work/first"
check $? "the same seed deals the same" "$work/out"

finish
