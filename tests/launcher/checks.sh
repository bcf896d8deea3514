#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The checks of the tree find what they are for: each is shown a small tree with one thing wrong.
set -u
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=/dev/null
. "$here/lib"
tests=$here/..

tree() { # tree: a fresh one with nothing wrong
  rm -rf "$T/tree"
  mkdir -p "$T/tree/include/vop" "$T/tree/vop" "$T/tree/target" "$T/tree/bench" "$T/tree/report" \
    "$T/tree/tests/unit" "$T/tree/ninja" "$T/tree/.ci"
  printf '#include <stdint.h>\n#include <vop/b.h>\n' >"$T/tree/include/vop/a.h"
  printf '#include "x.h"\n#include "vop/x.h"\n#include <vop/a.h>\n' >"$T/tree/vop/x.c"
  printf '#include "vop/x.h"\n#include "report/r.h"\n' >"$T/tree/target/t.c"
  printf '#include "target/t.h"\n#include <jansson.h>\n' >"$T/tree/bench/b.c"
  printf '#include "r.h"\n' >"$T/tree/report/r.c"
  printf 'int suite_a(void);\n' >"$T/tree/tests/unit/test_a.c"
  printf 'SUITE(a)\n' >"$T/tree/tests/unit/suites.h"
  printf '#!/bin/sh\necho a\n' | tee "$T/tree/vop-bench" >"$T/tree/.ci/run"
  : >"$T/tree/build.ninja"
  # shellcheck disable=SC2016 # ninja's variables
  for c in vop/x target/t bench/b report/r tests/unit/test_a; do
    echo 'build build/$v/'"$c.o: cc $c.c | "'$m'
    echo 'build build/$v/lib'"${c##*/}"'.a: ar build/$v/'"$c.o"
  done >"$T/tree/ninja/list.ninja"
  cp "$tests/../.clang-format" "$T/tree"
}
passes() { "$tests/$1" "$T/tree" >"$T/out" 2>&1; }
fails_with() { # fails_with CHECK WORDS
  "$tests/$1" "$T/tree" >"$T/out" 2>&1 && return 1
  grep '^not ok' "$T/out" | grep -qF -- "$2"
}
wrong_include() { # wrong_include FILE INCLUDE
  tree
  echo "#include $2" >>"$T/tree/$1"
  ok "$1 may not include $2" fails_with check-layers "$1"
}

tree
ok "layers: a good tree passes" passes check-layers
wrong_include include/vop/a.h '"vop/x.h"'
wrong_include include/vop/a.h '"b.h"'
wrong_include include/vop/a.h '<jansson.h>'
wrong_include vop/x.c '"target/t.h"'
wrong_include vop/x.c '<bench/b.h>'
wrong_include vop/x.c '"../bench/b.h"'
wrong_include vop/x.c '"report/r.h"'
wrong_include target/t.c '"bench/b.h"'
wrong_include target/t.c '"conformance/c.h"'
wrong_include report/r.c '<vop/a.h>'
wrong_include report/r.c '"bench/b.h"'

tree
ok "build-lists: a good tree passes" passes check-build-lists
echo 'int y;' >"$T/tree/vop/y.c"
ok "build-lists: a source in no list" fails_with check-build-lists 'vop/y.c is in no ninja list'
tree
# shellcheck disable=SC2016
sed -i 's|^build build/$v/libx.a.*||' "$T/tree/ninja/list.ninja"
ok "build-lists: an object that is not linked" fails_with check-build-lists 'vop/x.o'
tree
: >"$T/tree/tests/unit/suites.h"
ok "build-lists: a suite that is not run" fails_with check-build-lists 'tests/unit/suites.h'
tree
echo '#include "bench/b.h"' >>"$T/tree/tests/unit/test_a.c"
ok "build-lists: a suite of the harness among the product's" \
  fails_with check-build-lists 'test_a.c needs the harness'

tree
ok "format: a good tree passes" passes check-format
printf 'int  y ;\n' >"$T/tree/vop/y.c"
ok "format: a file that is not formatted" fails_with check-format 'vop/y.c'
tree
printf '/*%0100d*/\n' 0 >"$T/tree/vop/y.c"
ok "format: a line that is too long" fails_with check-format 'vop/y.c: lines beyond'
tree
# shellcheck disable=SC2016
printf '#!/bin/sh\nrm $1\n' >"$T/tree/.ci/run"
ok "format: a script shellcheck objects to" fails_with check-format '.ci/run'

finish
