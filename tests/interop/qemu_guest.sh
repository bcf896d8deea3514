#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# tests/interop/qemu_guest.sh [PROGRAM]: the drivers of a Linux guest under QEMU find our devices.
# What is started, by hand:
#   vop-bench node --serve vhost-user:PATH --create DEVICE
#   qemu-system-x86_64 -object memory-backend-memfd,id=m,size=256M,share=on -machine q35,memory-backend=m
#     -chardev socket,id=c,path=PATH
#     -netdev vhost-user,id=n,chardev=c,queues=2 -device virtio-net-pci,netdev=n,mq=on,packed=on
#     -device vhost-user-blk-pci,chardev=c,packed=on      (or -device vhost-user-rng-pci,chardev=c)
# The kernel comes over the network, which the name spaces of the test do not have.
[ -n "${VOP_INTEROP-}" ] || "$(dirname "$0")/image" qemu >/dev/null 2>&1 || :
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/interop/guest.sh
. tests/interop/guest.sh

need qemu-system-x86_64 qemu-system-x86
need debugfs e2fsprogs
image qemu

# A software CPU unless told otherwise: not every machine that has KVM can use it.
accel=${VOP_INTEROP_ACCEL:-tcg}
# QEMU 7.2 without KVM takes its own network device down when the guest uses MSI-X with vhost-user: it
# writes to the table of vectors for KVM, which is not there.  Without vectors there is one interrupt.
vectors=
case $accel:$(qemu-system-x86_64 --version | sed -n 's/.*version \([0-9]*\).*/\1/p') in
tcg:[5-8]) vectors=,vectors=0 ;;
esac

boot() { # boot NAME PAIRS PACKED JOBS DISK
  guest=$1
  pairs=$2
  packed=$3
  jobs=$4
  disk=$5
  size=67108864
  times=1
  common="packed=$packed,disable-legacy=on"
  set -- -accel "$accel" -machine q35,memory-backend=m -smp 2 -m 256M \
    -object memory-backend-memfd,id=m,size=256M,share=on \
    -nodefaults -no-user-config -display none -monitor none \
    -chardev "file,id=serial,path=$work/$guest.console" -serial chardev:serial \
    -kernel "$images/qemu.kernel" -initrd "$images/qemu.cpio"
  case ,$jobs, in *,net,*)
    serve "$guest-net" "net,backend=tap,ifname=$tap,pairs=$pairs,mac=$mac"
    set -- "$@" -chardev "socket,id=cnet,path=$work/$guest-net.sock" \
      -netdev "vhost-user,id=net,chardev=cnet,queues=$pairs" \
      -device "virtio-net-pci,netdev=net,mac=$mac,mq=$([ "$pairs" = 1 ] && echo off || echo on),romfile=,$common$vectors"
    ;;
  esac
  case ,$jobs, in *,blk,*)
    if [ "$disk" = memory ]; then
      serve "$guest-blk" "blk,size=$size,queues=$pairs"
    else
      truncate -s $size "$disk"
      serve "$guest-blk" "blk,file=$disk,queues=$pairs"
    fi
    set -- "$@" -chardev "socket,id=cblk,path=$work/$guest-blk.sock" \
      -device "vhost-user-blk-pci,chardev=cblk,num-queues=$pairs,$common"
    ;;
  esac
  case ,$jobs, in *,rng,*)
    serve "$guest-rng" rng
    set -- "$@" -chardev "socket,id=crng,path=$work/$guest-rng.sock" -device "vhost-user-rng-pci,chardev=crng,packed=$packed"
    ;;
  esac
  case ,$jobs, in *,reboot,*) times=2 ;; esac
  guest_runs "$guest" $times qemu-system-x86_64 "$@" -append "console=ttyS0 quiet panic=-1 vop.jobs=$jobs \
vop.pairs=$pairs vop.mac=$mac vop.bytes=2000000 vop.size=$size vop.patience=$patience"
  case ,$jobs, in *,net,*) net_outside ;; esac
  case ,$jobs, in *,blk,*) [ "$disk" = memory ] || disk_outside "$disk" ;; esac
  dismiss
}

tap=one
meet $tap 2000000
boot split-1 1 off net,blk,rng "$work/disk.1"
boot packed-1 1 on net,blk,rng memory
ip link del $tap
tap=two
meet $tap 2000000 2
boot split-2 2 off net,blk,rng memory
boot packed-2 2 on net,blk,rng "$work/disk.2"
boot reboot 1 off blk,reboot "$work/disk.3"
finish
