#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# tests/e2e/run_errors.sh [PROGRAM]: what `run` cannot do it says in one line on standard error, and ends with 2.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

refused() { # refused WORD WHAT ARGUMENTS...: and the line holds the word
  word=$1
  shift
  one_line 2 "$@"
  grep -qF -e "$word" "$work/err"
  check $? "$1: the line says $word" "$work/err"
}

refused workload "no workload" run
refused netz "an unknown workload" run netz
refused --size "an option misspelt" run net --sise 64
refused --help "an unknown option" run net --qqqqqqqqqq
refused --size "a bad unit" run net --size 64x
refused --rounds "no number" run net --rounds some
refused --rounds "a number out of range" run net --rounds 0
refused --size "a missing value" run net --size
refused 64 "an argument too many" run net 64
refused vop: "an unknown scheme" run net --target bogus:x
refused vop: "no scheme" run net --target /tmp/x
refused "$work/none" "a socket that nobody serves" run net --target "vop:$work/none" --timeout 200ms
refused "$work/no/such" "a place that cannot be" run net --target "vop:$work/no/such" --timeout 200ms
refused split "posted rings, packed" run net --placement posted --ring packed
refused packed "an odd queue size, split" run net --ring split --queue-size 100
refused mrg_rxbuf "small buffers, not mergeable" run net --small-rx
refused "two numbers" "one CPU" run net --cpus 0
refused 9999 "a CPU that is not there" run net --cpus 0,9999
refused --cpus "no CPU at all" run net --cpus zero,one
refused --target "chaos with a foreign target" run net --target "vop:$work/none" --chaos 1
refused --stride "a stride too small" run net --size 1518 --stride 128
refused telepathy "an unknown feature" run net --features +telepathy
refused --ring "an unknown ring" run net --ring round
refused --spawn "run fs without a target" run fs
refused "serves no file system" "run fs on a node of ours" run fs --target "vop:$work/none"
refused SCHEME:PATH "run fs without a scheme" run fs --target /tmp/x
refused "$work/none" "run fs where nobody serves" run fs --target "vhost-user:$work/none" --timeout 200ms
refused vhost-user "run fs with an unknown scheme" run fs --target bogus:x
refused "status 3" "run fs with a command that ends" run fs --spawn "exit 3" --timeout 2s
refused "status 3" "run fs with a command and the way to reach it" run fs --target vhost-user: --spawn "exit 3" --timeout 2s
refused --pattern "an unknown pattern of run fs" run fs --target vhost-user:x --pattern seqdelete
refused --span "run fs with too few blocks" run fs --target vhost-user:x --span 64K --size 64K --files 1
refused "power of two" "run fs with an odd queue" run fs --target vhost-user:x --queue-size 100
refused --disk "run blk with a disk that cannot be" run blk --disk "$work/no/such/disk"
refused --rounds "a bad number of run ring" run ring --rounds x
refused --rounds "a bad number of run limits" run limits --rounds x

# A result that cannot be written is known before anything is measured, or at least said in one line.
before
timeout -k 5 60 "$vop" run net --rounds 1 --duration 10ms --size 64 --dir tx --no-huge --quiet \
  --json "$work/no/such/result.json" >"$work/out" 2>"$work/err"
got=$?
sed '/one CPU for both sides/d' "$work/err" >"$work/line"
[ $got = 2 ] && [ "$(wc -l <"$work/line")" = 1 ] && grep -qF "$work/no/such/result.json" "$work/line"
check $? "a result that cannot be written: exit 2 (was $got), one line that names it" "$work/err"
soon clean
check $? "a result that cannot be written: nothing is left"

finish
