#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# tests/e2e/node.sh [PROGRAM]: two nodes by hand. Either first; errors; orderly end; kill -9 and back.
set -u
cd "$(dirname "$0")/../.." || exit 2
vop=${1:-build/vop-bench}
work=$(mktemp -d "${TMPDIR:-/tmp}/vop-node.XXXXXX") || exit 2
sock=$work/link
passed=0
failed=0
pids=

stop() {
  # shellcheck disable=SC2086 # a list of numbers
  [ -z "$pids" ] || kill -9 $pids 2>/dev/null
  wait
  rm -rf "$work"
}
trap 'stop; exit 2' INT TERM HUP

check() { # check STATUS WHAT [LOG...]
  if [ "$1" = 0 ]; then
    passed=$((passed + 1))
    return
  fi
  failed=$((failed + 1))
  echo "not ok - $2"
  shift 2
  for log in "$@"; do
    echo "# $log:"
    cat "$log"
  done
}

node() { # node LOG ARGUMENTS...: starts it, its number in $pid
  log=$work/$1
  shift
  : >"$log"
  "$vop" node "$@" --window 4M --no-huge >"$log" 2>&1 &
  pid=$!
  pids="$pids $pid"
}

says() { # says LOG TEXT [TIMES]: waits until it does; the time is against hangs only
  i=0
  while [ $i -lt 300 ]; do
    [ "$(grep -cF -- "$2" "$work/$1")" -ge "${3:-1}" ] && return 0
    sleep 0.1
    i=$((i + 1))
  done
  return 1
}

ends() { # ends PID STATUS
  wait "$1"
  got=$?
  [ $got = "$2" ] || echo "# ended with $got"
  [ $got = "$2" ]
}

gone() { # nothing is left at the meeting place
  [ -z "$(find "$work" ! -name '*.log' ! -path "$work")" ]
}

together() { # together FIRST SECOND
  node first.log "$1" --at "$sock"
  a=$pid
  node second.log "$2" --at "$sock"
  b=$pid
  says first.log "link up: peer $2" && says second.log "link up: peer $1"
  check $? "$1 first, $2 second: the link comes up" "$work/first.log" "$work/second.log"
  says first.log "created by endpoint, device endpoint, driver host" &&
    says second.log "created by endpoint, device endpoint, driver host"
  check $? "$1 first: both see the device" "$work/first.log" "$work/second.log"

  "$vop" node host --at "$sock" --timeout 5 >"$work/third.log" 2>&1
  [ $? = 2 ] && [ "$(wc -l <"$work/third.log")" = 1 ]
  check $? "a third node is refused in one line" "$work/third.log"

  kill -TERM "$a"
  ends "$a" 0
  check $? "$1 ends with 0 on SIGTERM" "$work/first.log"
  says second.log "peer gone, waiting for it to come back"
  check $? "$2 says that its peer has gone" "$work/second.log"
  kill -INT "$b"
  ends "$b" 0
  check $? "$2 ends with 0 on SIGINT while it waits" "$work/second.log"
  gone
  check $? "nothing is left behind"
}

refused() { # refused WHAT ARGUMENTS...
  what=$1
  shift
  "$vop" node "$@" >"$work/out.log" 2>"$work/err.log"
  [ $? = 2 ] && [ "$(wc -l <"$work/err.log")" = 1 ] && [ ! -s "$work/out.log" ]
  check $? "$what: exit 2, one line" "$work/out.log" "$work/err.log"
}

together host endpoint
together endpoint host

# A node that is alone ends in good order.
node alone.log host --at "$sock"
sleep 0.3
kill -TERM "$pid"
ends "$pid" 0
check $? "a node that waits for its peer ends with 0" "$work/alone.log"
gone
check $? "and leaves nothing behind"

# Two of one kind.
node one.log host --at "$sock"
a=$pid
sleep 0.3
refused "two hosts" host --at "$sock" --timeout 5
kill -TERM "$a"
ends "$a" 0
check $? "the first host does not care" "$work/one.log"

# Over vhost-user there is no other node.
node vu.log --serve "vhost-user:$sock" --create rng
says vu.log "waiting for a front-end"
check $? "a device is offered to vhost-user front-ends" "$work/vu.log"
refused "two processes at one socket" --serve "vhost-user:$sock" --create rng
kill -9 "$pid"
wait "$pid" 2>/dev/null
node vu.log --serve "vhost-user:$sock" --create rng
says vu.log "waiting for a front-end"
check $? "a socket that was left behind is replaced" "$work/vu.log"
kill -TERM "$pid"
ends "$pid" 0
check $? "it ends with 0" "$work/vu.log"
gone
check $? "and leaves nothing behind"
refused "nobody comes to the socket" --serve "vhost-user:$sock" --quiet --timeout 1
refused "nobody listens" --serve "vhost-user:$sock" --connect --quiet --timeout 1
refused "vhost-user at no path" --serve vhost-user:
refused "vhost-user and a node" host --serve "vhost-user:$sock"
refused "vhost-user and another node" --at "$sock" --serve "vhost-user:$sock"
refused "two devices at one socket" --serve "vhost-user:$sock" --create rng --create blk
refused "a device the front-end plays" --serve "vhost-user:$sock" --create rng,device=host
refused "a name without its backend" --serve "vhost-user:$sock" --create net,ifname=x
refused "a backend that is not there" host --at "$sock" --serve bogus
refused "a way to serve that is not there" --serve "bogus:$sock" --create rng
refused "a connection, and not over vhost-user" host --at "$sock" --connect

refused "no side" node --at "$sock"
refused "no path" host
refused "a path that cannot be" host --at "$work/no/such/link"
refused "a path that is too long" host --at "$work/$(printf '%0200d' 0)"
refused "nobody comes" host --at "$sock" --timeout 1
refused "an unknown option" host --at "$sock" --bogus
refused "an unknown device type" host --at "$sock" --create toaster
refused "a number out of range" host --at "$sock" --create net,pairs=99
refused "a key without value" host --at "$sock" --create net,pairs
refused "a key that is not there" host --at "$sock" --create net,bogus=1
grep -q "keys are backend, size, pairs, mtu, mac, ifname, device, notify, queue-size and name" "$work/err.log"
check $? "the line names the keys of the type" "$work/err.log"
refused "a disk of half a block" host --at "$sock" --create blk,size=4608,block=4096
refused "an identity that is too long" host --at "$sock" --create blk,id=twenty-one-characters
refused "a key of another type" host --at "$sock" --create blk,mtu=1500
grep -q "keys are size, file, ro, queues, block, cache, id, device, notify, queue-size and name" "$work/err.log"
check $? "the line names the keys of that type" "$work/err.log"
refused "a group address" host --at "$sock" --create net,mac=01:00:00:00:00:01
refused "a time that is none" host --at "$sock" --reconnect soon
refused "too many devices" host --at "$sock" --create net --create net --count 40
gone
check $? "nothing is left behind by any of them"

# Devices of all kinds, many of them.
node many.log endpoint --at "$sock" --create net,name=eth7,pairs=4,mac=02:00:00:00:00:07 \
  --create net,device=host,backend=null,notify=event --create net,backend=source,size=1518 --count 10
a=$pid
node host.log host --at "$sock" --create net,device=endpoint
b=$pid
says host.log "created by endpoint" 30 && says many.log "created by host, device endpoint"
check $? "thirty devices one way, one the other" "$work/many.log" "$work/host.log"
! grep -q "not served" "$work/many.log" "$work/host.log"
check $? "all are served" "$work/many.log" "$work/host.log"
kill -TERM "$a" "$b"
ends "$a" 0 && ends "$b" 0
check $? "both end with 0 at the same time" "$work/many.log" "$work/host.log"

# Disks: in memory, in a file that is made, on one that is served from the other side, and one too many.
node disks.log endpoint --at "$sock" --create blk,queues=4,block=4096,name=ram \
  --create "blk,file=$work/disk.log,size=1M,name=made" --create "blk,file=$work/disk.log,ro=on,name=twice" --stats 200ms
a=$pid
node host.log host --at "$sock" --create blk,device=endpoint,name=theirs
b=$pid
says disks.log "created by host, device endpoint" && says disks.log "made: read 0 requests, 0/s; write 0 requests, 0/s;"
check $? "disks both ways, with counters of their own" "$work/disks.log" "$work/host.log"
[ "$(grep -c "not served" "$work/disks.log")" = 1 ] && grep -q "twice is not served: .*disk.log is in use" "$work/disks.log"
check $? "all are served but the second on one file" "$work/disks.log"
[ "$(wc -c <"$work/disk.log")" = 1048576 ]
check $? "the file was made as large as it was told"
kill -TERM "$a" "$b"
ends "$a" 0 && ends "$b" 0
check $? "both end with 0" "$work/disks.log" "$work/host.log"

# Other types of device beside net.
refused "more ports than there are" host --at "$sock" --create console,ports=16
refused "a console without width" host --at "$sock" --create console,cols=0
refused "a backend of another type" host --at "$sock" --create console,backend=source
refused "a key of a type that has none" host --at "$sock" --create rng,backend=null
node types.log endpoint --at "$sock" --create rng,name=dice --create console,name=tty,ports=3,cols=132 \
  --create console,backend=null,device=host --create rng,device=host
a=$pid
node host.log host --at "$sock" --create rng,device=endpoint --create console,device=endpoint,ports=15
b=$pid
says host.log "created by endpoint" 4 && says types.log "created by host, device endpoint" 2
check $? "entropy and console devices, played by either" "$work/types.log" "$work/host.log"
! grep -q "not served" "$work/types.log" "$work/host.log"
check $? "all of them are served" "$work/types.log" "$work/host.log"
kill -TERM "$a" "$b"
ends "$a" 0 && ends "$b" 0
check $? "both nodes end with 0" "$work/types.log" "$work/host.log"

# Killed and back: a new link, the devices made anew.
node stay.log endpoint --at "$sock"
a=$pid
round=1
while [ $round -le 3 ]; do
  node "life$round.log" host --at "$sock"
  says "life$round.log" "link up"
  check $? "life $round: the host joins" "$work/life$round.log" "$work/stay.log"
  says stay.log "link up" $round
  check $? "life $round: the endpoint sees it" "$work/stay.log"
  kill -9 "$pid"
  wait "$pid" 2>/dev/null
  says stay.log "peer gone, waiting for it to come back" $round
  check $? "life $round: the endpoint says that it was killed" "$work/stay.log"
  round=$((round + 1))
done
# The other one too, the one that made the socket: its name is stale then.
kill -9 "$a"
wait "$a" 2>/dev/null
together endpoint host

node never.log endpoint --at "$sock" --reconnect never
a=$pid
node short.log host --at "$sock"
b=$pid
says never.log "link up"
kill -9 "$b"
wait "$b" 2>/dev/null
ends "$a" 2
check $? "--reconnect never: ends with 2" "$work/never.log"
node brief.log endpoint --at "$sock" --reconnect 1
a=$pid
node short.log host --at "$sock"
b=$pid
says brief.log "link up"
kill -9 "$b"
wait "$b" 2>/dev/null
ends "$a" 2
check $? "--reconnect 1: ends with 2" "$work/brief.log"
gone
check $? "nothing is left behind at the end"

pids=
stop
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
