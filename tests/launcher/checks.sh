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


# The tables: three statements in scope, one of a driver, one of a transport.
row() { # row FIELD...: one line of a table
  (
    IFS='	'
    printf '%s\n' "$*"
  )
}
tables() {
  tree
  mkdir -p "$T/tree/conformance"
  {
    row id section role level since title file line
    row 2.1:dev:1 2.1 device MUST 1.0 a a.tex 1
    row 2.1:drv:1 2.1 driver MUST 1.0 a a.tex 2
    row 4.1:dev:1 4.1 device MUST 1.0 b b.tex 1
    row 5.1.2:dev:1 5.1.2 device 'SHOULD NOT' 1.4 c c.tex 1
    row 5.2.1:dev:1 5.2.1 device MAY 1.0 d d.tex 1
  } >"$T/tree/conformance/clauses.tsv"
  {
    echo '# comment'
    row clause vop vhost-user needs family reason-or-how
    row 2.1:dev:1 observable internal status core 'the bit is missing'
    row 5.1.2:dev:1 observable 'not offered here' 'VIRTIO_NET_F_IPSEC,!VIRTIO_NET_F_MQ' \
      net-optional:ipsec 'no such thing'
    row 5.2.1:dev:1 internal internal - blk 'a permission cannot be violated'
  } >"$T/tree/conformance/observability.tsv"
}
wrong_table() { # wrong_table WHAT SED WORDS: the table edited fails with these words
  tables
  cp "$T/tree/conformance/observability.tsv" "$T/before"
  sed -i "$2" "$T/tree/conformance/observability.tsv"
  ok "observability: $1: an edit" not cmp -s "$T/before" "$T/tree/conformance/observability.tsv"
  ok "observability: $1" fails_with check-observability "$3"
}

tables
ok "observability: good tables pass" passes check-observability
wrong_table "no row for a statement" '/^5\.1\.2/d' 'no row for 5.1.2:dev:1'
wrong_table "a row twice" '/^2\.1:/p' '2.1:dev:1 for the second time'
wrong_table "rows in another order" '/^5\.1\.2/{h;d};/^5\.2/{G}' '5.1.2:dev:1 is out of order'
wrong_table "an unknown statement" 's/^2\.1:dev:1/2.1:dev:9/' 'no such statement: 2.1:dev:9'
wrong_table "a driver's statement" 's/^2\.1:dev:1/2.1:drv:1/' 'out of scope: 2.1:drv:1'
wrong_table "a transport's statement" 's/^2\.1:dev:1/4.1:dev:1/' 'out of scope: 4.1:dev:1'
wrong_table "an unknown word" 's/	observable	internal/	visible	internal/' \
  'not a word for a transport: visible'
wrong_table "an unknown fact" 's/	status	/	statuz	/' 'not a feature or fact: statuz'
wrong_table "an unknown family" 's/	core	/	cor	/' 'family cor beside section 2.1'
wrong_table "a family of another section" 's/	blk	/	net	/' 'family net beside section 5.2.1'
wrong_table "no reason" 's/no such thing$/-/' 'no reason'
wrong_table "an empty column" 's/	status	/		/' 'column 4 is empty or padded'
wrong_table "a column too few" 's/	status	/	/' 'not 6 columns'
wrong_table "an observable permission" 's/	internal	internal	/	observable	internal	/' \
  'a permission cannot be observable'
wrong_table "a high feature over vhost-user" 's/	not offered here	/	observable	/' \
  'vhost-user has no feature above 63: VIRTIO_NET_F_IPSEC'
wrong_table "other columns" 's/^clause/id/' 'other columns'
tables
sed -i 's/^2\.1:drv:1	\(.*\)	2$/2.1:dev:1	\1	2/' "$T/tree/conformance/clauses.tsv"
ok "observability: a statement listed twice" \
  fails_with check-observability '2.1:dev:1 for the second time'
rm "$T/tree/conformance/observability.tsv"
ok "observability: no table" fails_with check-observability 'observability.tsv is not there'

finish
