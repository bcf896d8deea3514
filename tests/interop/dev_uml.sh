#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# tests/interop/uml_guest.sh [PROGRAM]: the drivers of a User Mode Linux guest find our devices.
# What is started, by hand:
#   vop-bench node --serve vhost-user:PATH --create DEVICE
#   linux.uml mem=128M initrd=FILE virtio_uml.device=PATH:NUMBER
# NUMBER is the type of the device as VIRTIO counts them: 1 net, 2 block, 3 console.
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/lib.sh"
. tests/interop/guest.sh
serve() {
  name=$1
  case $2 in
  blk*)
    case $2 in
    *file=*) f=${2#*file=}; f=${f%%,*} ;;
    *) f=$work/mem.$1; truncate -s 64M $f ;;
    esac
    start "$name" qemu-storage-daemon --blockdev driver=file,node-name=d,filename=$f --export type=vhost-user-blk,id=e,addr.type=unix,addr.path=$work/$name.sock,node-name=d,writable=on,num-queues=2 ;;
  net*)
    ip link del $tap
    start "$name" dpdk-testpmd --no-pci --no-huge -m 256 --file-prefix $name --vdev net_vhost0,iface=$work/$name.sock,queues=2 --vdev net_tap0,iface=$tap -- --total-num-mbufs=4096 --forward-mode=io --auto-start --stats-period 2
    ;;
  esac
  served="$served $name:$pid"
  comes "$name" "$work/$name.sock"
  case $2 in net*) ip addr add 10.77.0.1/24 dev $tap; ip link set $tap up;; esac
}

need linux.uml user-mode-linux
need debugfs e2fsprogs
image uml

boot() { # boot NAME JOBS DISK
  guest=$1
  jobs=$2
  disk=$3
  size=67108864
  times=1
  set --
  case ,$jobs, in *,net,*)
    serve "$guest-net" "net,backend=tap,ifname=$tap,mac=$mac"
    set -- "$@" "virtio_uml.device=$work/$guest-net.sock:1"
    ;;
  esac
  case ,$jobs, in *,blk,*)
    if [ "$disk" = memory ]; then
      serve "$guest-blk" "blk,size=$size"
    else
      truncate -s $size "$disk"
      serve "$guest-blk" "blk,file=$disk"
    fi
    set -- "$@" "virtio_uml.device=$work/$guest-blk.sock:2"
    ;;
  esac
  case ,$jobs, in *,console,*)
    serve "$guest-console" console,backend=echo,ports=3
    set -- "$@" "virtio_uml.device=$work/$guest-console.sock:3"
    ;;
  esac
  case ,$jobs, in *,reboot,*) times=2 ;; esac
  # Its memory is a file in TMPDIR.  Standard input must not end: it would take that for a key.
  guest_runs "$guest" $times linux.uml mem=128M "umid=$guest" "uml_dir=$work" "initrd=$images/uml.cpio" con=null \
    con0=null,fd:1 ssl=null "$@" quiet panic=1 "vop.jobs=$jobs" "vop.mac=$mac" vop.bytes=8000000 \
    "vop.size=$size" "vop.patience=$patience"
  case ,$jobs, in *,net,*) net_outside ;; esac
  case ,$jobs, in *,blk,*) [ "$disk" = memory ] || disk_outside "$disk" ;; esac
  dismiss
}

tap=one
meet $tap 8000000
$PLAN
finish
