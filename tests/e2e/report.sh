#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# tests/e2e/report.sh [PROGRAM]: pages made of real results: what is in them, foreign names, and what cannot be done.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

report() { # report ARGUMENTS...: the page is $work/page.html
  timeout -k 5 120 "$vop" report -o "$work/page.html" "$@" >"$work/out" 2>"$work/err" </dev/null
  status=$?
  [ $status = 0 ] && [ ! -s "$work/out" ]
  check $? "report of $#: exit 0 (was $status), nothing printed" "$work/out" "$work/err"
}

has() { # has WHAT TEXT...: every text is in the page
  what=$1
  shift
  for text; do
    grep -qF -e "$text" "$work/page.html"
    check $? "$what: the page has $text"
  done
}

lacks() { # lacks WHAT TEXT...
  what=$1
  shift
  for text; do
    ! grep -qF -e "$text" "$work/page.html"
    check $? "$what: the page does not have $text"
  done
}

alone() { # alone WHAT: nothing is fetched or run, and a parser finds no fault but new elements
  grep -oE '<script|<img|<link|<iframe|@import|url\([^#)]*\)|<[a-z]+ (src|href="[^#"])' "$work/page.html" >"$work/fetched"
  [ ! -s "$work/fetched" ]
  check $? "$1: the page fetches nothing" "$work/fetched"
  command -v xmllint >/dev/null 2>&1 || return 0
  # From memory: read in pieces, libxml2 2.9 stumbles over a "/>" that two pieces share.
  xmllint --memory --html --noout "$work/page.html" 2>&1 | grep 'error :' | grep -vE 'Tag [a-zA-Z]+ invalid' >"$work/faults"
  [ ! -s "$work/faults" ]
  check $? "$1: the page is well-formed" "$work/faults"
  wrong='//@src | //@srcset | //@background | //@style | //@action | //@*[starts-with(name(), "on")]'
  wrong="$wrong"' | //@href[not(starts-with(., "#"))] | //@*[name() = "xlink:href" and not(starts-with(., "#"))] | //script | //iframe | //object | //embed | //form | //base'
  xmllint --memory --html --xpath "$wrong" "$work/page.html" >"$work/fetched" 2>/dev/null
  [ ! -s "$work/fetched" ]
  check $? "$1: no element fetches or runs anything" "$work/fetched"
}

# Runs kept on purpose, and one made now.
cp results/reference/net-packed.json "$work/a.json"
cp results/reference/net-split.json "$work/b.json"
cp results/reference/limits.json "$work/limits.json"
cp "$work/a.json" "$work/keep.json"
timeout -k 5 120 "$vop" run ring --rounds 3 --duration 10ms --quiet --json "$work/ring.json" >"$work/log" 2>&1
[ -s "$work/ring.json" ]
check $? "a run of now" "$work/log"

# One file, whole.
report "$work/a.json"
alone "one file"
has "one file" '<html lang="en">' '<h1>vop-bench: net' 'id="summary"' 'id="warnings"' 'Share of the limit' \
  '<code>net.tx</code>' '<code>net.latency</code>' 'Limit line_rate' '--ring</th><td>packed' 'git revision' \
  './vop-bench run net --size 64,1518,65536 --rounds 8 --quiet' "./vop-bench report $work/a.json -o $work/page.html" 'schema vop-bench/1'
lacks "one file" 'id="comparison"'
if command -v gnuplot >/dev/null 2>&1; then
  has "one file" '<figure><svg'
  [ ! -s "$work/err" ]
  check $? "one file: nothing on standard error" "$work/err"
fi

# Several: named, told apart.
report "$work/a.json" "$work/b.json" "$work/ring.json"
alone "three files"
has "three files" 'Results of net' 'Results of ring' '<th scope="col">run</th><th scope="col">ring</th>' \
  'buffers through a bare virtqueue' '--ring (differs)'

# Two sides: the comparison stands before everything else.
report "$work/a.json" --vs "$work/b.json" --ignore ring --ignore features
alone "two sides"
has "two sides" 'New against old: of' 'Method: '
first=$(grep -oE 'id="(comparison|warnings|results1)"' "$work/page.html" | head -n 1)
[ "$first" = 'id="comparison"' ]
check $? "two sides: the comparison comes first (was $first)"

# Many: summed up, not drawn one by one, the files in a list.
mkdir "$work/many"
for i in 1 2 3 4 5 6 7 8 9; do
  cp "$work/a.json" "$work/many/run$i.json"
done
report "$work"/many/*.json
alone "nine files"
has "nine files" 'All 9 files' 'More than 8 files' 'run7.json'
lacks "nine files" '<figure'

# Names, titles and what a file says are text, whatever stands in them.
mkdir "$work/names"
# shellcheck disable=SC2016 # nothing is to be expanded
for evil in '<img src=x onerror=alert(1)>' "a\"b'c&d" "$(printf 'two\nlines \033[31m \377')" '-dash' '$(touch x)'; do
  cp "$work/a.json" "$work/names/$evil.json"
done
sed 's/"target": "vop:"/"target": "<script>alert(2)<\/script>"/' "$work/b.json" >"$work/names/target.json"
report --title '</title><script>alert(3)</script>' -- "$work"/names/*.json
alone "hostile names"
lacks "hostile names" '<script' '<img' "$(printf '\033')"
has "hostile names" '&lt;img src=x onerror=alert(1)&gt;' '&lt;script&gt;alert(2)' \
  '<h1>&lt;/title&gt;&lt;script&gt;alert(3)' 'a&quot;b&#39;c&amp;d'
iconv -f UTF-8 -t UTF-8 "$work/page.html" >/dev/null 2>&1
check $? "hostile names: the page is UTF-8"

# Standard output, a table, both.
timeout -k 5 60 "$vop" report "$work/a.json" --no-plots -o - >"$work/page.html" 2>"$work/err" && [ ! -s "$work/err" ]
check $? "the page on standard output" "$work/err"
has "standard output" '</html>'
lacks "--no-plots" '<figure' 'No plots'
rm -f "$work/page.html"
timeout -k 5 60 "$vop" report "$work/a.json" --csv "$work/rounds.csv" >"$work/out" 2>&1 && [ ! -s "$work/out" ] &&
  [ ! -e "$work/page.html" ] && [ "$(head -c 5 "$work/rounds.csv")" = file, ]
check $? "a table alone" "$work/out"
alone_lines=$(wc -l <"$work/rounds.csv")
report "$work/a.json" --vs "$work/ring.json" --csv "$work/rounds.csv"
has "both" '</html>'
[ "$(wc -l <"$work/rounds.csv")" -gt "$alone_lines" ]
check $? "a table of both sides has the rounds of both"

# Without gnuplot: the page is written all the same, and says what it lacks; so does one line.
PATH=$work/nowhere "$vop" report "$work/a.json" -o "$work/page.html" >"$work/out" 2>"$work/err" &&
  [ ! -s "$work/out" ] && [ "$(wc -l <"$work/err")" = 1 ] && grep -q gnuplot "$work/err"
check $? "without gnuplot: exit 0, one line that names it" "$work/err"
has "without gnuplot" 'No plots.' '<code>net.tx</code>'
lacks "without gnuplot" '<figure'
alone "without gnuplot"

# What cannot be done: one line, status 2, nothing left behind and nothing lost.
refused() { # refused WORD WHAT ARGUMENTS...: and the line holds the word
  word=$1
  shift
  find "$work" -type f ! -name out ! -name err | sort >"$work/before.list"
  one_line 2 "$@"
  grep -qF -e "$word" "$work/err"
  check $? "$1: the line says $word" "$work/err"
  find "$work" -type f ! -name out ! -name err | sort >"$work/after.list"
  cmp -s "$work/before.list" "$work/after.list"
  check $? "$1: no file is left or gone" "$work/after.list"
}
touch "$work/before.list" "$work/after.list"
head -c 3000 "$work/a.json" >"$work/cut.json"
echo '{"schema": "something else"}' >"$work/foreign.json"
refused RESULT "nothing named" report
refused --csv "no output" report "$work/a.json"
refused --vs "an empty side" report "$work/a.json" --vs -o "$work/new.html"
refused none.json "a file that is not there" report "$work/none.json" -o "$work/new.html"
refused none.json "a new file that is not there" report "$work/a.json" --vs "$work/none.json" -o "$work/new.html"
refused cut.json "half a file" report "$work/a.json" "$work/cut.json" -o "$work/new.html"
refused foreign.json "another program's file" report "$work/foreign.json" -o "$work/new.html"
refused "$work/no/such/page.html" "a place that cannot be" report "$work/a.json" -o "$work/no/such/page.html"
refused "$work/no/such/table" "a table's place that cannot be" report "$work/a.json" -o "$work/new.html" --csv "$work/no/such/table"
refused /dev/full "a full disk" report "$work/a.json" -o /dev/full
refused /dev/full "a full disk for the table" report "$work/a.json" -o "$work/new.html" --csv /dev/full
refused a.json "a result as output" report "$work/a.json" "$work/b.json" -o "$work/a.json"
refused b.json "a result as table" report "$work/a.json" --vs "$work/b.json" --csv "$work/b.json"
refused page.html "one place for both" report "$work/a.json" -o "$work/page.html" --csv "$work/page.html"
refused --no-plots "an option misspelt" report "$work/a.json" --no-plot -o "$work/new.html"
cmp -s "$work/a.json" "$work/keep.json"
check $? "results are as they were"

# A page that is there stays when the new one cannot be written.
cp "$work/page.html" "$work/old.html"
(
  ulimit -f 8
  "$vop" report "$work/a.json" --no-plots -o "$work/page.html" >"$work/out" 2>"$work/err"
)
[ $? = 2 ] && [ "$(wc -l <"$work/err")" = 1 ] && cmp -s "$work/page.html" "$work/old.html"
check $? "no room for the page: exit 2, one line, the old page stays" "$work/err"
[ -z "$(find "$work" -maxdepth 1 -name '.vop-bench-*')" ]
check $? "no room for the page: nothing half-written is left"

"$vop" report --help >"$work/out" 2>"$work/err" && grep -q -e --vs "$work/out" && [ ! -s "$work/err" ]
check $? "report --help" "$work/out" "$work/err"

finish
