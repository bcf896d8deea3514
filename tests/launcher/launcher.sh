#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The launcher in a tree of its own, with stand-ins for everything it would call outside of it.
set -u
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=/dev/null
. "$here/lib"

mkdir -p "$T/tree/tests" "$T/bin" "$T/elsewhere"
cp "$here/../../vop-bench" "$T/tree/vop-bench"
ln -s "$T/tree/vop-bench" "$T/elsewhere/link"
export T

tool() { # tool NAME: a stand-in, its body on standard input
  { echo '#!/bin/sh' && cat; } >"$T/bin/$1"
  chmod +x "$T/bin/$1"
}

# Prints what dpkg-query would for packages in $T/packages; says no otherwise, as dpkg-query does.
tool dpkg-query <<'END'
shift 3
status=0
for p; do
  grep "^$p=" "$T/packages" | tr '\n' ' ' || status=1
done
exit $status
END
tool apt-get <<'END'
echo "apt-get $DEBIAN_FRONTEND $*" >>"$T/calls"
if [ -e "$T/apt-fails" ]; then
  echo "E: the mirror is on fire" >&2
  exit 100
fi
END
tool id <<'END'
cat "$T/uid"
END
tool ninja <<'END'
echo "ninja $* in $(pwd)" >>"$T/calls"
if [ -e "$T/build-fails" ]; then
  echo "x.c:1: error: expected something else"
  exit 1
fi
cp "$T/program" build/vop-bench
END
cat >"$T/program" <<'END'
#!/bin/sh
pwd
for a; do echo "[$a]"; done
exit 7
END
cat >"$T/tree/tests/run-all" <<'END'
#!/bin/sh
echo "run-all $* in $(pwd)"
echo "3 passed, 0 failed"
END
chmod +x "$T/program" "$T/tree/tests/run-all"

have() { # have PACKAGE...: these, and only these, are installed
  for p; do echo "$p=installed"; done >"$T/packages"
}
run() { # run ARGUMENT...: from another directory
  rm -f "$T/calls"
  (cd "$T/elsewhere" && PATH="$T/bin:$PATH" ../tree/vop-bench "$@" >"$T/out" 2>"$T/err" </dev/null)
  status=$?
}
status_is() { [ "$status" = "$1" ]; }
called() { grep -qxF -- "$1" "$T/calls"; }

build_set='gcc libc6-dev ninja-build pkg-config libjansson-dev'
# shellcheck disable=SC2086
have $build_set
echo 0 >"$T/uid"

run net 'a b' '' --size=64
ok "arguments arrive as they are, in the caller's directory" \
  out_is "$(printf '%s\n[net]\n[a b]\n[]\n[--size=64]' "$T/elsewhere")"
ok "the program's status is the launcher's" status_is 7
ok "the build runs in the tree" called "ninja --quiet build/vop-bench in $T/tree"
ok "nothing is said when nothing is to be done" [ ! -s "$T/err" ]
ok "nothing is installed when all is there" not called 'apt-get noninteractive -q update'

rm -f "$T/calls"
PATH="$T/bin:$PATH" "$T/elsewhere/link" x >"$T/out" 2>"$T/err"
ok "called through a symbolic link" out_has '[x]'
ok "it builds in the tree it points to" called "ninja --quiet build/vop-bench in $T/tree"

have gcc libc6-dev ninja-build pkgconf
run net
ok "says what it installs, in one line" \
  [ "$(cat "$T/err")" = 'vop-bench: installing with apt: libjansson-dev' ]
ok "updates the package lists first" [ "$(head -n 1 "$T/calls")" = 'apt-get noninteractive -q update' ]
ok "installs only what is missing" \
  called 'apt-get noninteractive -q -y install --no-install-recommends libjansson-dev'
ok "and goes on" out_has '[net]'

echo 1000 >"$T/uid"
run net
ok "without root: the exact line" \
  err_has 'apt-get install --no-install-recommends libjansson-dev'
ok "without root: one line" [ "$(wc -l <"$T/err")" = 1 ]
ok "without root: exit 2" status_is 2
ok "without root: nothing is run" [ ! -e "$T/calls" ]

echo 0 >"$T/uid"
# shellcheck disable=SC2086
have $build_set
sed -i 's/^gcc=.*/gcc=config-files/' "$T/packages"
run net
ok "a removed package is missing" \
  called 'apt-get noninteractive -q -y install --no-install-recommends gcc'

touch "$T/apt-fails"
run net
ok "apt fails: its words" err_has 'the mirror is on fire'
ok "apt fails: exit 2" status_is 2
ok "apt fails: nothing is built" not called "ninja --quiet build/vop-bench in $T/tree"
rm "$T/apt-fails"

# shellcheck disable=SC2086
have $build_set
touch "$T/build-fails"
run net
ok "the build fails: the compiler's words" err_has 'x.c:1: error: expected something else'
ok "the build fails: exit 2" status_is 2
ok "the build fails: an older program is not run" [ ! -s "$T/out" ]
rm "$T/build-fails"

run plot a.json -o a.png
ok "plot needs gnuplot" \
  called 'apt-get noninteractive -q -y install --no-install-recommends gnuplot-nox'
ok "and then draws" out_has '[a.png]'
run report a.json -o a.html
ok "report needs gnuplot" \
  called 'apt-get noninteractive -q -y install --no-install-recommends gnuplot-nox'
echo 1000 >"$T/uid"
run plot a.json -o a.png
ok "without root, plot: the exact line" \
  err_has 'apt-get install --no-install-recommends gnuplot-nox'
run report a.json -o a.html
ok "without root, report: it goes without pictures" out_has '[a.html]'
echo 0 >"$T/uid"
run compare a.json b.json
ok "nothing else does" not called 'apt-get noninteractive -q update'
# shellcheck disable=SC2086
have $build_set gnuplot-qt
run plot a.json -o a.png
ok "any gnuplot will do" not called 'apt-get noninteractive -q update'
# shellcheck disable=SC2086
have $build_set

run test
ok "test needs more: CUnit" grep -q 'install .* libcunit1-dev' "$T/calls"
ok "test needs more: gnuplot" grep -q 'install .* gnuplot-nox' "$T/calls"
ok "test needs more: the foreign compilers" grep -q 'install .* gcc-s390x-linux-gnu' "$T/calls"
ok "test does not install twice" not grep -q 'install .* libjansson-dev' "$T/calls"
ok "test builds everything" called "ninja --quiet -k 0 build/vop-bench tests in $T/tree"
ok "test ends with the count" [ "$(tail -n 1 "$T/out")" = '3 passed, 0 failed' ]
run test 'unit-*'
ok "test passes its patterns on" out_has "run-all unit-* in $T/tree"

finish
