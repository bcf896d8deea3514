#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# tests/e2e/run_blk.sh [PROGRAM]: short runs on our own disk and on one behind a link: every pattern, both rings; what
# cannot be is refused in one line, a disk of somebody else's is not written unasked, a lost device is told.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

blk() { # blk ARGUMENTS...: a short run; output in $work/out and $work/err
  before
  timeout -k 5 120 "$vop" run blk --rounds 1 --duration 10ms --span 4M --no-huge --quiet "$@" \
    >"$work/out" 2>"$work/err" </dev/null
}

# As in run_net.sh: a round that short may come out above the limit around it.
above='a figure stands above its limit'
ended() { # ended STATUS: the run came to its end
  [ "$1" = 0 ] || { [ "$1" = 1 ] && [ "$(grep -c "$above" "$work/err")" = 1 ]; }
}
silent() {
  ! grep -qv -e 'one CPU for both sides' -e "$above" "$work/err"
}
rows() { # rows PATTERN...: the table has a line for each
  for r in "$@"; do
    grep -q "^$r " "$work/out" || return 1
  done
}
works() { # works "WHAT" "ROWS" ARGUMENTS...
  what=$1
  lines=$2
  shift 2
  blk --no-save "$@"
  got=$?
  # shellcheck disable=SC2086 # a list of words
  ended $got && silent && rows $lines && grep -q 'all accounted for' "$work/out"
  check $? "$what: exit 0 (was $got)" "$work/out" "$work/err"
  soon clean
  check $? "$what: nothing is left"
}
says() { # says STATUS "WHAT" WORDS ARGUMENTS...: it fails, and one line holds the words
  want=$1
  what=$2
  words=$3
  shift 3
  blk --no-save "$@"
  got=$?
  [ $got = "$want" ] && [ "$(wc -l <"$work/err")" = 1 ] && grep -qF -e "$words" "$work/err"
  check $? "$what: exit $want (was $got), one line that says '$words'" "$work/err"
  soon clean
  check $? "$what: nothing is left"
}

all="read write randread randwrite randrw flush"
for ring in split packed; do
  works "$ring" "$all" --ring $ring --size 512,4K --depth 8
  works "$ring, deep and large" "read randrw" --ring $ring --pattern read,randrw --size 64K,12K --depth 1,32 --span 8M
  works "$ring, two queues" "read randrw" --ring $ring --queues 2 --pattern read,randrw --depth 8 --size 4K
  works "$ring, no ring features" "write randread" --ring $ring --features flush --pattern write,randread \
    --size 4K --depth 8
  works "$ring, not in order" "randrw" --ring $ring --features -in_order --pattern randrw --size 4K --depth 16
  for notify in event adaptive; do
    works "$ring, $notify" "randwrite flush" --ring $ring --notify $notify --pattern randwrite,flush --size 4K \
      --depth 4
  done
done
works "an odd packed queue" "randrw" --ring packed --queue-size 37 --depth 17 --pattern randrw --size 4K
works "a rate" "randread" --rate 5000 --pattern randread --size 4K --depth 16
works "two passes" "write" --passes 2 --pattern write --size 4K --depth 4
works "no limits" "write" --no-limit --pattern write --size 4K --depth 4
works "a file" "randrw flush" --pattern randrw,flush --disk "$work/disk" --size 4K --depth 8
rm -f "$work/disk"
works "not verified" "read write" --no-verify --pattern read,write --size 4K --depth 8
grep -q UNVERIFIED "$work/out"
check $? "not verified: and it says so" "$work/out"

blk --json "$work/result.json" --size 4K --depth 1,8 --no-limit
got=$?
ended $got && jq -e '.schema == "vop-bench/1" and .run.workload == "blk"
  and ([.results[] | select(.metric == "rate") | .params.depth] | unique) == [1, 8]
  and ([.results[].name] | unique | length) == 6
  and all(.results[]; .verified and (.rounds | length) > 0)' "$work/result.json" >/dev/null
check $? "a result file: exit 0 (was $got), valid" "$work/out" "$work/err"
# The same figures twice: two runs can meet two grounds, and then compare rightly refuses.
cp "$work/result.json" "$work/second.json"
"$vop" compare "$work/result.json" "$work/second.json" >"$work/out" 2>"$work/err"
got=$?
[ $got = 0 ] && grep -q blk.randread "$work/out"
check $? "compare takes it (was $got)" "$work/out" "$work/err"
"$vop" report "$work/result.json" -o "$work/page.html" >"$work/out" 2>"$work/err" &&
  grep -q blk.randread "$work/page.html"
check $? "report takes it" "$work/out" "$work/err"
blk --json "$work/result.json" --size 4K --depth 4 --no-verify --pattern write
jq -e 'all(.results[]; .verified == false)' "$work/result.json" >/dev/null
check $? "not verified is marked in the file"

# A disk behind a link: of somebody else's.
disk=$work/foreign
node() { # node KEYS...: serve $disk, or memory
  "$vop" node endpoint --at "$work/link" --create "blk,$1" --quiet --no-huge --window 32M >"$work/node" 2>&1 &
  pids="$pids $!"
  node=$!
  soon test -S "$work/link"
}
says 2 "a target that may not be written" "--destroy" --target "vop:$work/link" --pattern write
says 2 "nobody serves there" "$work/link" --target "vop:$work/link" --timeout 200ms
head -c 8388608 /dev/urandom >"$disk"
before_sum=$(cksum <"$disk")
node "file=$disk"
there_too() { # as works, but the node stays
  what=$1
  lines=$2
  shift 2
  blk --no-save --target "vop:$work/link" "$@"
  got=$?
  # shellcheck disable=SC2086 # a list of words
  ended $got && silent && rows $lines
  check $? "$what: exit 0 (was $got)" "$work/out" "$work/err" "$work/node"
}
there_too "a disk of somebody else's" "read randread flush" --size 4K --depth 8
! rows write && grep -q 'compared with what was read first' "$work/out"
check $? "it is read only, and compared for being stable" "$work/out"
[ "$(cksum <"$disk")" = "$before_sum" ]
check $? "it holds what it held"
there_too "the same, to be destroyed" "$all" --size 4K --depth 8 --destroy
[ "$(cksum <"$disk")" != "$before_sum" ]
check $? "now it does not"

# Somebody else writes to it meanwhile: found.
(
  while :; do
    dd if=/dev/zero of="$disk" bs=4096 count=1 seek=17 conv=notrunc 2>/dev/null
  done
) &
writer=$!
pids="$pids $writer"
blk --no-save --target "vop:$work/link" --size 4K --depth 8 --destroy --pattern randread --duration 200ms
got=$?
kill $writer
wait $writer 2>/dev/null
[ $got = 1 ] && [ "$(wc -l <"$work/err")" = 1 ] && grep -q 'of sector 136 is not what was written' "$work/err"
check $? "a sector that somebody overwrites: exit 1 (was $got), and which" "$work/err"

# Its device dies during the run.
dd if=/dev/zero of="$disk" bs=4096 count=1 conv=notrunc 2>/dev/null
zero=$(dd if=/dev/zero bs=4096 count=1 2>/dev/null | cksum)
busy() {
  [ "$(dd if="$disk" bs=4096 count=1 2>/dev/null | cksum)" != "$zero" ]
}
blk --no-save --target "vop:$work/link" --size 4K --depth 16 --destroy --pattern randrw --duration 30s &
run=$!
pids="$pids $run"
# Writes to the file say that it is under way.
soon busy
kill -9 $node
wait $node 2>/dev/null
wait $run
got=$?
[ $got = 1 ] && [ "$(wc -l <"$work/err")" = 1 ] && grep -q 'requests were outstanding' "$work/err"
check $? "a device that dies: exit 1 (was $got), one line" "$work/err"
rm -f "$work/link"

says 2 "an unknown pattern" "--pattern" --pattern readd
says 2 "half a sector" "sector" --size 700
says 2 "too little disk" "--span" --span 64K --depth 128 --size 4K
says 2 "an odd split queue" "power of two" --queue-size 100
says 2 "a ring too small" "--queue-size" --queue-size 16 --depth 32
says 2 "no target" "SCHEME:PATH" --target nowhere
says 2 "a command that ends" "ended with status 3" --spawn "exit 3" --pattern read --timeout 2s

finish
