#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The runner in a tree of its own: what counts as a failure, and that nothing outlives it.
set -u
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=/dev/null
. "$here/lib"

mkdir -p "$T/tree/tests/e2e"
cp "$here/../run-all" "$T/tree/tests/run-all"
export TMPDIR="$T" # a runner that is killed outright cannot remove its own

script() { # script NAME: an end-to-end test, its body on standard input
  { echo '#!/bin/sh' && cat; } >"$T/tree/tests/e2e/$1.sh"
  chmod +x "$T/tree/tests/e2e/$1.sh"
}
run() { # run PATTERN...
  "$T/tree/tests/run-all" "$@" >"$T/out" 2>"$T/err" </dev/null
  status=$?
}
status_is() { [ "$status" = "$1" ]; }
last_is() { [ "$(tail -n 1 "$T/out")" = "$1" ]; }
says() { grep -qF -- "$1" "$T/out"; }

echo 'echo noise; echo "3 passed, 0 failed, 1 skipped"' | script good
echo 'echo "2 passed, 0 failed"' | script also
echo 'echo why; echo "1 passed, 2 failed"; exit 1' | script bad
echo 'echo "4 passed, 0 failed"; exit 3' | script liar
echo 'echo "4 passed, 0 failed"; echo more' | script nocount
echo 'echo "0 passed, 0 failed"' | script empty
echo 'echo "skip - it: not here"; echo "0 passed, 0 failed, 1 skipped"' | script skipper
echo 'kill -SEGV $$' | script crash
# shellcheck disable=SC2016
echo ': >"$TMPDIR/x"; echo "1 passed, 0 failed"' | script file
echo 'sleep 1000 & echo "1 passed, 0 failed"' | script process
# shellcheck disable=SC2016
echo 'sleep 1000 & echo $! >"$PIDFILE"; wait' | script hang
export PIDFILE="$T/pid"

run e2e-good e2e-also
ok "totals over all parts" last_is '5 passed, 0 failed, 1 skipped'
ok "passed: status 0" status_is 0
ok "passed: no noise" not out_has noise
run e2e-good e2e-bad
ok "failures are summed" last_is '4 passed, 2 failed, 1 skipped'
ok "failed: status 1" status_is 1
ok "failed: the whole output" out_has why
run e2e-liar
ok "a bad status without a failed test is a failure" last_is '4 passed, 1 failed'
run e2e-nocount
ok "no count is a failure" last_is '0 passed, 1 failed'
run e2e-empty
ok "nothing tested is a failure" last_is '0 passed, 1 failed'
run e2e-skipper
ok "all skipped is none, when it says why" last_is '0 passed, 0 failed, 1 skipped'
ok "and what was skipped is named" says 'skip - it: not here'
run e2e-crash
ok "a crash is a failure" last_is '0 passed, 1 failed'
run e2e-file
ok "a file left behind is a failure" last_is '1 passed, 1 failed'
ok "and is named" says 'left files behind: ./x'
run e2e-process
ok "a process left behind is a failure" last_is '1 passed, 1 failed'
run unit-release
ok "a program that is not there is a failure" last_is '0 passed, 1 failed'
run nothing-like-this
ok "no part of that name: status 2" status_is 2

gone() { # gone: the process of e2e-hang has ended, whether or not its parent knows yet
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    state=$(ps -o stat= -p "$(cat "$PIDFILE")")
    case $state in
    '' | Z*) return 0 ;;
    esac
    sleep 1
  done
  return 1
}
VOP_TEST_TIMEOUT=1 run e2e-hang
ok "a hang is a failure" last_is '0 passed, 1 failed'
ok "and is ended with its children" gone

# The runner is killed while a part runs: mildly, then not.
for signal in TERM KILL; do
  rm -f "$PIDFILE"
  "$T/tree/tests/run-all" e2e-hang >"$T/out" 2>&1 </dev/null &
  runner=$!
  while [ ! -s "$PIDFILE" ]; do sleep 0.1; done
  kill -"$signal" "$runner"
  wait "$runner" 2>/dev/null
  ok "killed by $signal, it takes its children along" gone
done
finish
