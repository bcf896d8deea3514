# shellcheck shell=sh
# SPDX-License-Identifier: BSD-2-Clause
# What the peers share: a place that is always cleaned up, processes that are stopped and continued,
# huge pages that are given back, probes of the round trip, rounds, and the table they end in.
# shellcheck disable=SC2034,SC2154 # set here, used there, and the other way round
# Sourced by the scripts beside it, which set me (their name) and root (the project).

# Bounds of bench/stats.c: a round is only ever compared with rounds of its own regime.
near_below=200
mid_below=350
drift_max=0.30

vop=${VOP_BENCH:-$root/build/vop-bench}

die() {
  printf '%s: %s\n' "$me" "$1" >&2
  exit 2
}

note() { # note TEXT: a line of progress, on a terminal only
  [ ! -t 2 ] || printf '\r\033[K%s: %s' "$me" "$1" >&2
}

need() { # need COMMAND PACKAGES
  command -v "$1" >/dev/null 2>&1 ||
    die "$1 is not here; as root: apt-get install --no-install-recommends $2"
}

number() { # number OPTION VALUE: digits, above zero
  case $2 in
  '' | *[!0-9]* | 0*) die "$1 takes a number above zero, not '$2'" ;;
  esac
}

# --- a place, and a guard that clears it ---
# The guard waits for the end of a pipe that this script holds open, so it works however the script
# ends, kill -9 included: it ends what was started, gives the huge pages back, removes the place.

place_open() {
  work=$(mktemp -d "${TMPDIR:-/tmp}/vop-peer.XXXXXX") || die "cannot make a directory for the run"
  mkfifo "$work/life"
  : >"$work/pids"
  : >"$work/rounds"
  # A session of its own: what kills the whole group of this script leaves it alone.
  # shellcheck disable=SC2016 # expanded there
  setsid sh -c '. "$0"; guard "$1"' "$root/bench/peers/lib.sh" "$work" &
  guard=$!
  exec 9>"$work/life"
  trap place_close EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
}

guard() { # guard PLACE
  trap '' INT TERM HUP PIPE
  cat <"$1/life" >/dev/null
  while read -r pid since; do
    [ "$(started_at "$pid")" != "$since" ] || kill -KILL "$pid" 2>/dev/null || :
  done <"$1/pids"
  if [ -s "$1/huge" ]; then
    sleep 0.2 # pages are free only when the processes that had them are gone
    cat "$1/huge" >/proc/sys/vm/nr_hugepages
  fi
  rm -rf "$1"
}

place_close() {
  trap '' INT TERM HUP
  trap - EXIT
  note ''
  exec 9>&-
  wait "$guard" || :
}

started_at() { # started_at PID: when it was started, so that a pid used again is not taken for it
  [ -r "/proc/$1/stat" ] || return 0
  sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20
}

mine() { # mine PID: the guard ends it
  printf '%s %s\n' "$1" "$(started_at "$1")" >>"$work/pids"
}

huge_reserve() { # huge_reserve PAGES of 2 MiB, on top of what there is
  [ "$(sed -n 's/^Hugepagesize: *\([0-9]*\) kB/\1/p' /proc/meminfo)" = 2048 ] ||
    die "the default huge page of this machine is not 2 MiB"
  old=$(cat /proc/sys/vm/nr_hugepages)
  want=$((old + $1))
  printf '%s\n' "$old" >"$work/huge"
  echo "$want" >/proc/sys/vm/nr_hugepages
  [ "$(cat /proc/sys/vm/nr_hugepages)" -ge "$want" ] ||
    die "the kernel has no $1 free huge pages of 2 MiB; free some memory, or restart"
}

only_one() { # huge pages are counted for the whole machine: one run at a time
  exec 8</proc/sys/vm/nr_hugepages
  flock -n 8 || die "another $me is running"
}

# --- time, CPUs ---

now_us() { # microseconds
  ns=$(date +%s%N)
  echo "${ns%???}"
}

cpu_list() { # cpu_list OPTION VALUE
  case $2 in
  *[!0-9,]* | ,* | *, | *,*,*) ;;
  *,*) return ;;
  esac
  die "$1 takes two CPUs, like 0,1, not '$2'"
}

two_cpus() { # two_cpus [LIST]: sets cpu_a and cpu_b, by default the first two this process may use
  list=${1-}
  [ -n "$list" ] ||
    list=$(sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/self/status | awk -F, '{
      for (i = 1; i <= NF; i++) {
        n = split($i, range, "-")
        for (c = range[1] + 0; c <= range[n] + 0 && k < 2; c++) printf "%s%d", k++ ? "," : "", c
      }
    }')
  cpu_a=${list%%,*}
  cpu_b=${list#*,}
  [ "$cpu_a" != "$cpu_b" ] || die "two CPUs are needed, and only CPU $cpu_a is here"
}

hz=$(getconf CLK_TCK)

steal() { # sets ticks: what the hypervisor took from the two CPUs; no fork
  ticks=0
  while read -r key _ _ _ _ _ _ _ stolen _; do
    case $key in
    "cpu$cpu_a" | "cpu$cpu_b") ticks=$((ticks + stolen)) ;;
    esac
  done </proc/stat
}

# --- JSON, as far as results of vop-bench need it ---

json_flat() { # json_flat FILE: one line "path<TAB>value" for every scalar
  awk '
  function emit(v) {
    printf "%s\t%s\n", path[d] (type[d] == "a" ? "." at[d]++ : "." key[d]), v
    want[d] = 1
  }
  {
    s = $0
    while (s != "") {
      if (match(s, /^[ \t\r,:]+/)) { s = substr(s, RLENGTH + 1); continue }
      c = substr(s, 1, 1)
      if (c == "{" || c == "[") {
        p = d ? path[d] "." (type[d] == "a" ? at[d]++ : key[d]) : ""
        if (d) want[d] = 1
        d++; path[d] = p; type[d] = c == "[" ? "a" : "o"; at[d] = 0; want[d] = 1
        s = substr(s, 2)
      } else if (c == "}" || c == "]") {
        d--; s = substr(s, 2)
      } else if (c == "\"") {
        match(s, /^"([^"\\]|\\.)*"/)
        v = substr(s, 2, RLENGTH - 2); s = substr(s, RLENGTH + 1)
        if (type[d] == "o" && want[d]) { key[d] = v; want[d] = 0 } else emit(v)
      } else {
        match(s, /^[^] \t\r,:}]+/)
        if (RLENGTH < 1) exit 1
        emit(substr(s, 1, RLENGTH)); s = substr(s, RLENGTH + 1)
      }
    }
  }' "$1"
}

# --- ours ---

ours() { # ours FILE RUN_ARGUMENTS...: run vop-bench, result into FILE; its words only on failure
  result=$1
  shift
  rm -f "$result"
  status=0
  "$vop" run "$@" --cpus "$cpu_a,$cpu_b" --json "$result" >"$work/ours.log" 2>&1 8>&- ||
    status=$?
  # A share above its limit fails the run, but only spoils this round: it is kept and marked.
  if [ "$status" = 1 ] && grep -q "\"limit_exceeded\": *true" "$result" 2>/dev/null; then
    return 0
  fi
  [ "$status" = 0 ] || {
    note ""
    cat "$work/ours.log" >&2
    printf "%s: vop-bench run %s ended with %s, its words are above\n" "$me" "$*" "$status" >&2
    exit "$status"
  }
}

probe() { # sets rtt: the cache-line round trip now, in ns, the middle one of three
  ours "$work/rtt.json" limits --only rtt --rounds 3
  rtt=$(json_flat "$work/rtt.json" | sed -n 's/^\.results\.[0-9]*\.rounds\.[0-9]*\.value\t//p' |
    sort -n | sed -n 2p)
  [ -n "$rtt" ] || die "no round trip in the result of: vop-bench run limits --only rtt"
}

# --- rounds ---
# $work/rounds: series, value, round trip before and after, marks (comma list or -), one line each.

round_add() { # round_add SERIES VALUE RTT_BEFORE RTT_AFTER MARKS
  printf '%s\t%s\t%s\t%s\t%s\n' "$@" >>"$work/rounds"
}

round_ours() { # round_ours SERIES NAME METRIC FILE: rounds of one figure in a result file
  json_flat "$4" | awk -F '\t' -v series="$1" -v name="$2" -v metric="$3" '
    split($1, p, ".") >= 4 && p[2] == "results" {
      r = p[3]; if (r + 1 > n) n = r + 1
      if (p[4] == "name") nm[r] = $2
      if (p[4] == "metric") me[r] = $2
      if (p[4] == "limit_exceeded" && $2 == "true") over[r] = 1
      if (p[4] == "rounds") {
        i = p[5]; if (i + 1 > k[r]) k[r] = i + 1
        if (p[6] == "marked") mk[r, i] = mk[r, i] (mk[r, i] == "" ? "" : ",") $2
        else v[r, i, p[6]] = $2
      }
    }
    END {
      for (r = 0; r < n; r++) {
        if (nm[r] != name || me[r] != metric) continue
        for (i = 0; i < k[r]; i++) {
          if (over[r]) mk[r, i] = mk[r, i] (mk[r, i] == "" ? "" : ",") "limit_exceeded"
          printf "%s\t%s\t%s\t%s\t%s\n", series, v[r, i, "value"], v[r, i, "rtt_before_ns"],
            v[r, i, "rtt_after_ns"], mk[r, i] == "" ? "-" : mk[r, i]
          found = 1
        }
      }
      exit !found
    }' >>"$work/rounds" || die "no $2 ($3) in the result of vop-bench"
}

# Marks of bench/stats.c from what was seen; figures that are not known are passed as 0.
marks_of() { # marks_of RTT_BEFORE RTT_AFTER SECONDS STOLEN_TICKS SWITCHES
  awk -v a="$1" -v b="$2" -v s="$3" -v ticks="$4" -v hz="$hz" -v sw="$5" \
    -v near="$near_below" -v mid="$mid_below" -v drift="$drift_max" '
    function bin(x) { return x < near ? 0 : x < mid ? 1 : 2 }
    BEGIN {
      lo = a < b ? a : b; hi = a < b ? b : a; allow = 20 * s > 2 ? 20 * s : 2
      m = ""
      if (bin(a) != bin(b)) m = m ",regime_changed"
      if (hi - lo > drift * lo) m = m ",rtt_drift"
      if (ticks / hz > 0.01 * s) m = m ",steal"
      if (sw > allow) m = m ",switched"
      print m == "" ? "-" : substr(m, 2)
    }'
}

# --- what comes out ---
# $work/series: series, words for people, side (peer, extra or ours), copies per frame; in order.
# extra: a peer with options beyond the comparison that was agreed on; never the best peer.

# Like is compared with like: disturbed rows only with a disturbed best peer, and only where there
# is no better one. The last column is the multiple of the best peer, "best", or "-": no like.
summary() { # $work/summary, a line per regime and series
  awk -F '\t' -v near="$near_below" -v mid="$mid_below" '
    function sort(v, n,   i, j, t) {
      for (i = 2; i <= n; i++) {
        t = v[i]
        for (j = i - 1; j && v[j] > t; j--) v[j + 1] = v[j]
        v[j + 1] = t
      }
    }
    function median(v, n) { return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2 }
    FNR == NR { order[++ns] = $1; peer[$1] = $3 == "peer"; next }
    {
      rtt = ($3 + $4) / 2
      k = (rtt < near ? 1 : rtt < mid ? 2 : 3) SUBSEP $1
      n = ++all[k]
      value[k, n] = $2; trip[k, n] = rtt; bad[k, n] = $5 != "-"; marked[k] += bad[k, n]
    }
    END {
      split("near mid far", name, " ")
      for (r = 1; r <= 3; r++) {
        best = ""
        for (s = 1; s <= ns; s++) {
          k = r SUBSEP order[s]
          disturbed[k] = marked[k] == all[k]
          count[k] = 0
          for (i = 1; i <= all[k]; i++)
            if (disturbed[k] || !bad[k, i]) {
              v[++count[k]] = value[k, i]
              t[count[k]] = trip[k, i]
            }
          if (!count[k]) continue
          sort(v, count[k]); sort(t, count[k])
          mid_v[k] = median(v, count[k]); mid_t[k] = median(t, count[k])
          lo[k] = v[1]; hi[k] = v[count[k]]
          if (peer[order[s]] && (best == "" || disturbed[k] < disturbed[best] ||
              (disturbed[k] == disturbed[best] && mid_v[k] > mid_v[best]))) best = k
        }
        for (s = 1; s <= ns; s++) {
          k = r SUBSEP order[s]
          if (!count[k]) continue
          ratio = "-"
          if (k == best) ratio = "best"
          else if (best != "" && disturbed[k] == disturbed[best] && mid_v[best] > 0)
            ratio = sprintf("%.4f", mid_v[k] / mid_v[best])
          printf "%s\t%s\t%.0f\t%.0f\t%.0f\t%d\t%d\t%d\t%.1f\t%s\n", name[r], order[s],
            mid_v[k], lo[k], hi[k], count[k], marked[k], disturbed[k], mid_t[k], ratio
        }
      }
    }' "$work/series" "$work/rounds" >"$work/summary"
}

table() { # table UNIT: what $work/summary says
  awk -F '\t' -v unit="$1" '
    FNR == NR { words[$1] = $2; next }
    $1 != last {
      printf "%s%s\n  %-42s %9s %9s %9s %4s %7s %9s  %s\n", last == "" ? "" : "\n", "regime " $1,
        "in million " unit, "median", "min", "max", "n", "marked", "trip ns", "of best peer"
      last = $1
    }
    {
      share = $10 == "best" ? "best peer" : $10 == "-" ? "no like" : sprintf("%.2f", $10)
      if ($8) share = share " (all disturbed)"
      printf "  %-42s %9.2f %9.2f %9.2f %4d %7d %9.0f  %s\n", words[$2], $3 / 1e6, $4 / 1e6,
        $5 / 1e6, $6, $7, $9, share
    }' "$work/series" "$work/summary"
}

json() { # json FILE NAME METRIC UNIT: the same and every round; written beside, then put in place
  note ''
  if ! awk -F '\t' -v name="$2" -v metric="$3" -v unit="$4" -v me="$me" -v about="$about" \
    -v started="$started" -v cpus="$cpu_a, $cpu_b" -v kernel="$(uname -sr)" \
    -v near="$near_below" -v mid="$mid_below" '
    function q(s) { gsub(/\\/, "\\\\", s); gsub(/"/, "\\\"", s); return "\"" s "\"" }
    function marks(list,   w, k, i, out) {
      if (list == "-") return ""
      k = split(list, w, ",")
      for (i = 1; i <= k; i++) out = out (i > 1 ? ", " : "") q(w[i])
      return out
    }
    function pair(key, value, more) { return sprintf("\"%s\": %s%s", key, value, more) }
    FILENAME ~ /series$/ { words[$1] = $2; side[$1] = $3; copies[$1] = $4; seen[$1] = $5; next }
    FILENAME ~ /rounds$/ {
      rtt = ($3 + $4) / 2
      k = (rtt < near ? "near" : rtt < mid ? "mid" : "far") SUBSEP $1
      rounds[k] = rounds[k] (rounds[k] == "" ? "\n" : ",\n") "      {" \
        pair("value", sprintf("%.0f", $2), ", ") pair("rtt_before_ns", $3, ", ") \
        pair("rtt_after_ns", $4, ", ") pair("marked", "[" marks($5) "]", "}")
      next
    }
    { line[++n] = $0 }
    END {
      print "{" pair("schema", q("vop-peer/1"), ",")
      print " " pair("run", "{" pair("peer", q(me), ", ") pair("about", q(about), ","))
      print "  " pair("started", q(started), ", ") pair("kernel", q(kernel), ", ") \
        pair("cpus", "[" cpus "]", "},")
      printf " \"results\": ["
      for (i = 1; i <= n; i++) {
        split(line[i], f, "\t")
        printf "%s", (i > 1 ? "," : "") "\n  {" pair("name", q(name), ", ")
        print pair("metric", q(metric), ", ") \
          pair("unit", q(unit), ", ") pair("better", q("more"), ",")
        print "    " pair("series", q(words[f[2]]), ", ") pair("side", q(side[f[2]]), ", ") \
          pair("verified", seen[f[2]], ",")
        print "    " pair("copies", q(copies[f[2]]), ",")
        print "    " pair("regime", q(f[1]), ", ") pair("median", f[3], ", ") \
          pair("min", f[4], ", ") pair("max", f[5], ",")
        print "    " pair("rounds_counted", f[6], ", ") pair("rounds_marked", f[7], ", ") \
          pair("disturbed", f[8] ? "true" : "false", ",")
        print "    " pair("of_best_peer", f[10] == "best" ? 1 : f[10] == "-" ? "null" : f[10], ",")
        printf "    \"rounds\": [%s]}", rounds[f[1], f[2]]
      }
      print "\n]}"
    }' "$work/series" "$work/rounds" "$work/summary" >"$1.part" || ! mv "$1.part" "$1"; then
    rm -f "$1.part"
    die "cannot write $1"
  fi
}
