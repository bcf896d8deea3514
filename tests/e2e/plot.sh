#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# tests/e2e/plot.sh [PROGRAM]: pictures are what they claim to be; what cannot be drawn is said in one line,
# and nothing half-written is left.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

real=$vop
out=$work/out.d
mkdir "$out" "$work/nothing" "$work/fake"

# A run that was kept; the same with more queues, and without its distributions.
cp tests/data/net-schema1.json "$work/a.json"
sed 's/"queues": 1,/"queues": 2,/' "$work/a.json" >"$work/b.json"
sed 's/"histogram":/"not_known":/' "$work/a.json" >"$work/c.json"
! cmp -s "$work/a.json" "$work/b.json" && ! cmp -s "$work/a.json" "$work/c.json"
check $? "there is something to draw"

is_picture() { # is_picture FILE: what its name says, from its first byte to its last
  case $1 in
  *.svg) [ "$(head -c 5 "$1")" = '<?xml' ] && [ "$(tail -n 1 "$1")" = '</svg>' ] && grep -q '<path' "$1" ;;
  *.png) [ "$(head -c 8 "$1" | od -An -tx1)" = ' 89 50 4e 47 0d 0a 1a 0a' ] && tail -c 8 "$1" | grep -aq '^IEND' ;;
  *.pdf) [ "$(head -c 5 "$1")" = '%PDF-' ] && tail -n 1 "$1" | grep -aq '^%%EOF' ;;
  *) false ;;
  esac
}

draws() { # draws FILE ARGUMENTS...: silently, and it is one
  file=$out/$1
  shift
  timeout -k 5 60 "$real" plot "$@" -o "$file" >"$work/said" 2>&1 && [ ! -s "$work/said" ] && is_picture "$file"
  check $? "plot $* -o $file" "$work/said"
}

before
for ending in svg png pdf; do
  draws "a.$ending" "$work/a.json"
  draws "vs.$ending" "$work/a.json" --vs "$work/c.json"
done
for kind in size latency cdf rounds; do
  draws "$kind.svg" "$work/a.json" --kind "$kind"
done
grep -q 'over the frame size' "$out/a.svg"
check $? "without --kind, the first that can be: size" "$out/a.svg"
draws queues.svg "$work/b.json" "$work/c.json" --kind queues
draws title.svg "$work/a.json" --title 'a & "title" <b>'
grep -q 'a &amp; &quot;title&quot; &lt;b&gt;' "$out/title.svg"
check $? "a title of one's own" "$out/title.svg"
soon clean
check $? "nothing is left"
[ "$(find "$out" -name '.*' -type f)" = "" ]
check $? "nothing hidden either"

# Names are text: what they would do in a shell or in gnuplot's language is not done.
mkdir "$work/odd"
odd="$work/odd/'\`touch pwned\`\"; system('touch pwned'); @x.json"
cp "$work/a.json" "$odd"
cp "$work/a.json" "$work/odd/b.json"
(cd "$work/odd" && timeout 60 "$real" plot "$odd" b.json -o odd.svg >"$work/said" 2>&1)
check $? "a file with an odd name" "$work/said"
grep -q 'touch pwned' "$work/odd/odd.svg" && [ ! -e "$work/odd/pwned" ]
check $? "its name is shown, not run"

# --- what cannot be done ---

rm -f "$out"/*
refused() { # refused WORD WHAT ARGUMENTS...: the line holds the word; no file comes of it
  word=$1
  shift
  one_line 2 "$1" plot "$@"
  grep -qF -e "$word" "$work/err"
  check $? "$1: the line says $word" "$work/err"
  [ -z "$(ls -A "$out")" ]
  check $? "$1: no file"
  rm -rf "${out:?}"/* # what a broken program left is not held against the next
}
# one_line takes the text for itself, plot does not know it
one_line() {
  want=$1
  what=$2
  shift 4
  before
  timeout -k 5 60 "$vop" plot "$@" >"$work/out" 2>"$work/err" </dev/null
  got=$?
  [ $got = "$want" ] && [ "$(wc -l <"$work/err")" = 1 ] && [ ! -s "$work/out" ]
  check $? "$what: exit $want (was $got), one line" "$work/out" "$work/err"
  soon clean
  check $? "$what: nothing is left"
}

refused 'plot what' "no files" -o "$out/x.svg"
refused '-o FILE' "no output" "$work/a.json"
refused .pdf "an ending that is none of a picture" "$work/a.json" -o "$out/x.html"
refused .svg "no ending" "$work/a.json" -o "$out/x"
refused 'needs a value' "an output forgotten" "$work/a.json" -o
refused latency "an unknown kind" "$work/a.json" -o "$out/x.svg" --kind laten
refused 'there is: size, latency, cdf, rounds' "a kind that is not there" "$work/a.json" -o "$out/x.svg" --kind queues
refused 'there is: size, rounds' "latencies of none" "$work/c.json" -o "$out/x.svg" --kind latency
refused '--vs' "a comparison of one side" "$work/a.json" -o "$out/x.svg" --kind compare
refused 'OLD' "--vs nothing" "$work/a.json" --vs -o "$out/x.svg"
refused 'once' "--vs twice" "$work/a.json" --vs "$work/a.json" --vs "$work/a.json" -o "$out/x.svg"
refused '--kind size' "--vs and another kind" "$work/a.json" --vs "$work/a.json" -o "$out/x.svg" --kind size
refused 'nothing in common' "no like" "$work/a.json" --vs "$work/b.json" -o "$out/x.svg"
refused none.json "a file that is not there" "$work/a.json" "$work/none.json" -o "$out/x.svg"
head -c 1000 "$work/a.json" >"$work/cut.json"
refused cut.json "half a file" "$work/cut.json" -o "$out/x.svg"
mkdir "$work/d.svg"
refused d.svg "a directory of that name" "$work/a.json" -o "$work/d.svg"
refused 'No such' "a place that is not there" "$work/a.json" -o "$out/no/such/x.svg"
refused 'Not a directory' "a place below a file" "$work/a.json" -o "$work/a.json/x.svg"
ln -s /dev/full "$work/full.png"
refused 'No space' "a full disk" "$work/a.json" -o "$work/full.png"
[ -c /dev/full ] && [ -L "$work/full.png" ]
check $? "what was written into is still there"
if [ "$(id -u)" != 0 ]; then
  mkdir -m 555 "$work/locked"
  refused 'denied' "a directory that cannot be written" "$work/a.json" -o "$work/locked/x.svg"
fi

# --- another gnuplot, or none ---

printf '#!/bin/sh\nPATH=%s exec %s "$@"\n' "$work/nothing" "$real" >"$work/without"
printf '#!/bin/sh\nPATH=%s:%s exec %s "$@"\n' "$work/fake" "$PATH" "$real" >"$work/with"
chmod +x "$work/without" "$work/with"
fake() { # fake BODY
  printf '#!/bin/sh\n%s\n' "$1" >"$work/fake/gnuplot"
  chmod +x "$work/fake/gnuplot"
}

vop=$work/without
refused 'plot needs gnuplot: install the package gnuplot-nox' "no gnuplot" "$work/a.json" -o "$out/x.svg"
vop=$work/with
fake 'echo "     line 0: undefined terminal" >&2; exit 1'
refused 'undefined terminal' "a gnuplot that fails" "$work/a.json" -o "$out/x.svg"
fake 'exit 0'
refused 'drew nothing' "a gnuplot that draws nothing" "$work/a.json" -o "$out/x.svg"
fake 'echo hello'
for ending in svg png pdf; do
  refused 'no picture' "a gnuplot that draws something else, $ending" "$work/a.json" -o "$out/x.$ending"
done
fake "printf '\\211PNG\\r\\n\\032\\n and no more of it'"
refused 'no picture' "half a picture" "$work/a.json" -o "$out/x.png"
fake 'sleep 1000 & exec sleep 1000'
refused 'did not end' "a gnuplot that hangs" "$work/a.json" -o "$out/x.svg" --timeout 300ms
# A picture that is there stays what it is.
echo old >"$work/old.svg"
timeout 60 "$vop" plot "$work/a.json" -o "$work/old.svg" --timeout 100ms >/dev/null 2>&1
[ "$(cat "$work/old.svg")" = old ]
check $? "a failure leaves the old picture alone"

# Killed while gnuplot draws: it goes too, and there is no file.
gone() {
  ! kill -0 "$(cat "$work/pid")" 2>/dev/null
}
for signal in TERM KILL; do
  rm -f "$work/pid"
  fake "echo \$\$ >'$work/pid.new'; mv '$work/pid.new' '$work/pid'; exec sleep 1000"
  before
  PATH=$work/fake:$PATH "$real" plot "$work/a.json" -o "$out/x.svg" >"$work/said" 2>&1 &
  pids=$!
  soon [ -s "$work/pid" ]
  check $? "gnuplot runs" "$work/said"
  kill -s $signal $pids
  wait $pids 2>/dev/null
  pids=
  soon gone
  check $? "killed by $signal: gnuplot is gone"
  [ -z "$(ls -A "$out")" ] && soon clean
  check $? "killed by $signal: nothing is left"
done

finish
