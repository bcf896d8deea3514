#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# tests/e2e/report_page.sh [PROGRAM]: a page as a browser draws it: light and dark, wide and as narrow as a phone.
# Needs chromium and netpbm; without them it says so and counts what it skipped.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
skipped=0

# Results that have everything a page can show, long names included.
cp results/reference/net-packed.json "$work/a.json"
long=$work/a-file-with-a-name-that-does-not-fit-on-the-line-of-any-telephone-whatever-it-cost.json
sed 's/"verified": true/"verified": false/' results/reference/net-split.json >"$long"
timeout -k 5 120 "$vop" report "$work/a.json" --vs "$long" --ignore ring --ignore features -o "$work/page.html" >"$work/log" 2>&1
check $? "a page of it" "$work/log"
if [ ! -s "$work/page.html" ]; then
  finish
  exit
fi

missing=
for tool in chromium pngtopnm ppmhist pamsumm; do
  command -v $tool >/dev/null 2>&1 || missing="$missing $tool"
done
if [ -n "$missing" ]; then
  echo "ok - skipped: pictures of the page, for want of:$missing"
  skipped=1
  stop
  echo "$passed passed, $failed failed, $skipped skipped"
  [ "$failed" = 0 ]
  exit
fi

chrome() { # chrome SCHEME ARGUMENTS...: 0 dark, 1 light; a fresh profile each time
  scheme=$1
  shift
  home=$(mktemp -d "$work/home.XXXXXX")
  HOME=$home timeout -k 5 120 chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
    --disable-background-networking --disable-component-update --disable-sync --disable-dev-shm-usage \
    --user-data-dir="$home/profile" --hide-scrollbars --allow-file-access-from-files \
    --blink-settings="preferredColorScheme=$scheme" "$@" 2>"$work/chrome.all"
  # It misses services a machine without a desktop does not have.
  grep -v ':ERROR:dbus/' "$work/chrome.all" >"$work/chrome.log"
  rm -rf "$home"
}

# The page in a frame of a given width: a window has a least width, a frame has none. The frame measures
# what the page looks like: how far it reaches, and how well each text stands out from its ground.
frame() { # frame WIDTH
  cat <<END
<!doctype html><html><head><meta name="color-scheme" content="light dark"><style>body { margin: 0 }</style></head>
<body><iframe id="f" src="page.html" style="border: 0; width: $1px; height: 3000px"></iframe><pre id="seen"></pre>
<script>
function luminance(c) {
  var v = c.slice(0, 3).map(function (x) {
    x /= 255;
    return x <= 0.04045 ? x / 12.92 : Math.pow((x + 0.055) / 1.055, 2.4);
  });
  return 0.2126 * v[0] + 0.7152 * v[1] + 0.0722 * v[2];
}
function colour(text) {
  var n = (text.match(/[0-9.]+/g) || []).map(Number);
  return n.length < 3 ? [0, 0, 0, 0] : n.length < 4 ? n.concat(1) : n;
}
onload = function () {
  var d = document.getElementById('f').contentDocument, w = d.defaultView, root = d.documentElement;
  var worst = 99, where = '', wide = '';
  d.querySelectorAll('details').forEach(function (e) { e.open = true; });
  d.body.querySelectorAll('*').forEach(function (e) {
    var style = w.getComputedStyle(e), ground = e, a, b, ratio;
    var text = Array.prototype.some.call(e.childNodes, function (n) {
      return n.nodeType === 3 && n.data.trim() !== '';
    });
    if (e.closest('.scroll, figure') === null && e.getBoundingClientRect().right > $1 + 0.5)
      wide = e.tagName + '.' + e.className;
    if (!text || e.closest('title, desc'))
      return;
    while (ground && colour(w.getComputedStyle(ground).backgroundColor)[3] === 0)
      ground = ground.parentElement;
    a = luminance(colour(e.ownerSVGElement ? style.fill : style.color));
    b = luminance(colour(w.getComputedStyle(ground || root).backgroundColor));
    ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < worst) {
      worst = ratio;
      where = e.tagName + '.' + e.className + ' ' + e.textContent.slice(0, 30);
    }
  });
  document.getElementById('seen').textContent =
    'width ' + root.scrollWidth + ' of ' + root.clientWidth + ', wide ' + (wide || 'none') +
    ', dark ' + w.matchMedia('(prefers-color-scheme: dark)').matches +
    ', contrast ' + (worst >= 4.5 ? 'enough' : 'poor: ' + worst.toFixed(2) + ' ' + where) +
    ', figures ' + d.querySelectorAll('figure svg').length + '.';
};
</script></body></html>
END
}

plots=$(grep -c '<figure>' "$work/page.html")
for scheme in 0 1; do
  dark=false
  [ $scheme = 1 ] || dark=true
  for width in 1280 390 320; do
    frame $width >"$work/frame.html"
    chrome "$scheme" --window-size=1400,1000 --virtual-time-budget=10000 --dump-dom "file://$work/frame.html" >"$work/dom"
    seen=$(sed -n 's/.*<pre id="seen">\(.*\)<\/pre>.*/\1/p' "$work/dom")
    [ "$seen" = "width $width of $width, wide none, dark $dark, contrast enough, figures $plots." ]
    check $? "$width wide, dark $dark: reaches no further, every text can be read (was: $seen)" "$work/chrome.log"
  done
done

picture() { # picture SCHEME: the first screen, as colours in $work/shot.ppm
  rm -f "$work/shot.png"
  chrome "$1" --window-size=1280,1000 --screenshot="$work/shot.png" "file://$work/page.html" >/dev/null
  pngtopnm "$work/shot.png" >"$work/shot.ppm" 2>>"$work/chrome.log"
  check $? "a picture of the page" "$work/chrome.log"
  mean=$(ppmtopgm "$work/shot.ppm" | pamsumm -mean -brief | cut -d. -f1)
  colours=$(ppmhist -noheader "$work/shot.ppm" | wc -l)
}

picture 1
[ "$mean" -gt 200 ]
check $? "light: the page is light (mean $mean of 255)"
[ "$colours" -gt 100 ]
check $? "light: there is something on it ($colours colours)"
picture 0
[ "$mean" -lt 70 ]
check $? "dark: the page is dark (mean $mean of 255)"
[ "$colours" -gt 100 ]
check $? "dark: there is something on it ($colours colours)"

# On paper: dark on light whatever the screen is, and not endless.
chrome 0 --no-pdf-header-footer --print-to-pdf="$work/page.pdf" "file://$work/page.html" >/dev/null
[ "$(head -c 5 "$work/page.pdf" 2>/dev/null)" = %PDF- ]
check $? "the page prints" "$work/chrome.log"
if command -v pdftoppm >/dev/null 2>&1; then
  pdftoppm -r 40 -f 1 -l 1 -gray "$work/page.pdf" "$work/paper" 2>"$work/chrome.log"
  mean=$(pamsumm -mean -brief "$work"/paper*.pgm 2>/dev/null | cut -d. -f1)
  [ "${mean:-0}" -gt 200 ]
  check $? "on paper it is dark on light (mean ${mean:-none} of 255)" "$work/chrome.log"
fi

finish
