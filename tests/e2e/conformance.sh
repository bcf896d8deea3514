#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# tests/e2e/conformance.sh [PROGRAM]: the command line of conformance: what is selected, told, gated, and what becomes of
# targets that die, hang, talk nonsense or never come up.  What the checks themselves are worth: conformance_suite.sh.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

judge() { # judge STATUS WHAT ARGUMENTS...: output in $work/out and $work/err
  want=$1
  what=$2
  shift 2
  before
  timeout -k 5 200 "$vop" conformance "$@" >"$work/out" 2>"$work/err" </dev/null
  got=$?
  [ $got = "$want" ]
  check $? "$what: exit $want (was $got)" "$work/out" "$work/err"
  soon clean
  check $? "$what: nothing is left"
}

says() { # says FILE PATTERN WHAT
  grep -qE -e "$2" "$work/$1"
  check $? "$3" "$work/$1"
}

refused() { # refused WORD WHAT ARGUMENTS...
  word=$1
  shift
  one_line 2 "$@"
  grep -qF -e "$word" "$work/err"
  check $? "$1: the line says $word" "$work/err"
}

# --- usage ---

refused "nothing" "a pattern that matches nothing" conformance --only 'nothing/*'
refused "robustnes" "an unknown profile" conformance --profile robustnes
refused "ftp:" "an unknown target" conformance --target ftp:x
refused "no mutant" "an unknown mutant" conformance --target ref:split/used-id:upside-down
refused "$work/none" "a gate that is not there" conformance --target ref: --gate "$work/none"
refused "no/such" "a result that cannot be written" conformance --target ref: --junit "$work/no/such/file"

judge 0 "the list" --list --only 2.7
says out '^split/' "checks of that section"
! grep -q '^packed/' "$work/out"
check $? "and no others" "$work/out"
judge 0 "coverage" --coverage --verbose
says out '^2\.1\.2:dev:1 .*judged' "a statement that is judged"
says out '^2\.12.*not offered here' "one that cannot be"
judge 0 "an older specification" --list --spec-version 1.0
! grep -q '^packed/' "$work/out"
check $? "has no packed rings" "$work/out"

# --- outputs ---

judge 0 "the sound reference device" --target ref: --only '*/serves' --junit "$work/j.xml" --json "$work/r.json"
says out 'passed' "the total"
xmllint --noout "$work/j.xml" 2>/dev/null || ! command -v xmllint >/dev/null
check $? "JUnit is XML" "$work/j.xml"
says j.xml 'split/serves \(net/tx, split\)' "a case for each run"
python3 -m json.tool "$work/r.json" >/dev/null 2>&1 || ! command -v python3 >/dev/null
check $? "JSON is JSON" "$work/r.json"
judge 1 "a mutant" --target ref:split/used-id:plus --device net --only split/serves --tap --junit "$work/j.xml"
says out '^TAP version 13$' "TAP begins"
says out '^not ok 1 - split/serves' "a line of TAP"
says out '^1\.\.[0-9]+$' "the plan of TAP"
says j.xml '<failure' "a failure in JUnit"
judge 1 "a mutant in words" --target ref:split/used-id:plus --device net --only split/serves
says out 'expected +' "what was expected"
says out 'again +vop-bench conformance .*--only' "the command to run just this one"

# --- the gate ---

mutant='--target ref:split/used-id:plus --device net --only split/serves --only packed/serves'
gated() { # gated STATUS WHAT LINE
  printf '# known\n%s\n' "$3" >"$work/gate"
  # shellcheck disable=SC2086 # options
  set -f
  # shellcheck disable=SC2086
  judge "$1" "$2" $mutant --gate "$work/gate"
  set +f
}
gated 0 "an expected failure" "split/serves   ids are off by one, ticket 7"
says out 'as expected: ids are off by one' "its reason is told"
gated 0 "an expected failure with a date" "split/serves until 2999-01-01 ids are off by one"
gated 1 "an expired one" "split/serves until 2020-01-01 ids are off by one"
says out 'expired' "it says so"
gated 1 "a failure nobody expects" ""
says out 'nothing says that it may' "it says so"
gated 1 "an unexpected pass" "split/serves off by one
packed/serves this one, too"
says out 'line 3 says that it fails' "the entry is named"
gated 2 "an entry without a reason" "split/serves"
gated 2 "an entry for no check" "split/unheard-of because"
gated 2 "a date that is none" "split/serves until tomorrow because"

# --- the VOP of this build, and the same twice ---

for run in a b; do
  judge 0 "the shipped net device ($run)" --device net --only '*/serves' --only 2.1 --seed 7 --json "$work/$run.json"
  grep -v -e '"seconds"' -e '"log"' "$work/$run.json" >"$work/$run"
done
cmp -s "$work/a" "$work/b"
check $? "the same seed gives the same outcomes" "$work/a" "$work/b"

# --- targets that are no good ---

# shellcheck disable=SC2016 # the shell that is spawned expands them
node='"$NODE" node endpoint --at "$VOP_SOCKET" --create net,backend=echo --no-huge --quiet --reconnect never'
NODE=$vop
export NODE
judge 0 "a command that serves" --spawn "exec $node" --only split/serves
one_line 2 "a command that ends at once" conformance --spawn 'echo no luck; exit 3' --only split/serves
says err 'ended with status 3: no luck' "its last words are told"
one_line 2 "a command that never serves" conformance --spawn 'exec sleep 100' --timeout 300ms --only split/serves
one_line 2 "a link that nobody serves" conformance --target "vop:$work/nobody" --timeout 300ms --only split/serves
# Talks nonsense to whoever comes.
cat >"$work/garbage.pl" <<'EOF'
use Socket;
socket(S, AF_UNIX, SOCK_SEQPACKET, 0) or die;
bind(S, sockaddr_un($ENV{VOP_SOCKET})) or die;
listen(S, 5);
while (accept(C, S)) { syswrite(C, "\xff" x 64); close(C); }
EOF
one_line 2 "a peer that talks nonsense" conformance --spawn "exec perl $work/garbage.pl" --timeout 1s --only split/serves

# Dies, and later hangs, in the middle of a run: told for the check it happened in, and the run goes on.
dies="$node & sleep 0.5; kill -9 \$!"
judge 1 "a target that dies" --spawn "$dies" --only 2.1 --only 2.2 --only 2.7 --ring split --json "$work/r.json"
says out 'crash' "a crash is told"
says r.json '"outcome": "pass"' "and other checks passed"
! grep -q '"outcome": "error"' "$work/r.json"
check $? "none was left out" "$work/r.json"
hangs="if [ -e $work/once ]; then exec $node; fi; touch $work/once; $node & p=\$!; sleep 0.3; kill -STOP \$p; wait"
judge 1 "a target that hangs" --spawn "$hangs" --only 2.1 --only 2.2 --only 2.7 --ring split --timeout 500ms \
  --patience 500ms --json "$work/r.json"
says out 'hang|fail' "a hang is told"
says r.json '"outcome": "pass"' "and other checks passed"

# A node of somebody else's: what it has is found, and it is none of ours to end.
"$vop" node endpoint --at "$work/link" --create rng --create net,backend=echo --no-huge --quiet &
pid=$!
pids=$pid
timeout -k 5 100 "$vop" conformance --target "vop:$work/link" --only 2.1 >"$work/out" 2>"$work/err" </dev/null
got=$?
[ $got = 0 ]
check $? "a node of somebody else's: exit 0 (was $got)" "$work/out" "$work/err"
says out 'net device' "its net device"
says out 'entropy source' "its entropy source"
kill -0 "$pid"
check $? "it goes on"
kill "$pid"
wait "$pid"
pids=

# Killed in the middle: nothing is left.
before
"$vop" conformance --device net >"$work/out" 2>"$work/err" </dev/null &
pid=$!
pids=$pid
sleep 0.3
kill -9 $pid
wait $pid 2>/dev/null
pids=
no_processes() {
  [ -z "$(processes)" ]
}
soon no_processes
check $? "killed: no process is left"
rm -rf "$work"/vop-bench-*

finish
