#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# init.sh: first process of the test machine: puts the host's root under an
# overlay and hands over to guest.sh there.

export PATH=/bin
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev

halt() { echo "coldsend-vm: $*"; sync; poweroff -f; }

case " $(cat /proc/cmdline) " in *" coldsend.probe "*) halt "probe ok" ;; esac

for module in /modules/*.ko; do
	insmod "$module" 2>/dev/null || true
done

host=trans=virtio,version=9p2000.L,msize=262144,cache=loose
mount -t 9p -o "ro,$host" hostroot /lower || halt "cannot mount the host's root"
mount -t tmpfs -o size=60%,mode=755 tmpfs /upper
mkdir /upper/data /upper/work
mount -t overlay -o lowerdir=/lower,upperdir=/upper/data,workdir=/upper/work,xino=off \
	overlay /root || halt "cannot mount the overlay"
for dir in proc sys dev; do
	mkdir -p "/root/$dir"
	mount --move "/$dir" "/root/$dir"
done
mount -t tmpfs -o mode=755 tmpfs /root/run
mkdir -p /root/run/job
mount -t 9p -o "rw,${host%,*},cache=none" job /root/run/job || halt "cannot mount the job"

exec switch_root /root /bin/bash /run/job/guest.sh
