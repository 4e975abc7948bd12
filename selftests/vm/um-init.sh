#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# um-init.sh: first process of User-Mode Linux, whose root is the host's, read
# only: puts that under an overlay and hands over to guest.sh there.
#
# coldsend_job, of the kernel's command line: what to have as /run/job

export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc

halt() {
	echo "coldsend-vm: $*"
	echo o >/proc/sysrq-trigger
	while :; do sleep 1; done
}

mount -t sysfs sys /sys
mountpoint -q /dev || mount -t devtmpfs dev /dev
mount -t tmpfs -o size=60%,mode=755 tmpfs /mnt || halt "no tmpfs"
mkdir /mnt/data /mnt/work /mnt/root
mount -t overlay -o lowerdir=/,upperdir=/mnt/data,workdir=/mnt/work,xino=off \
	overlay /mnt/root || halt "cannot mount the overlay"
for dir in proc sys dev; do
	mkdir -p "/mnt/root/$dir"
	mount --move "/$dir" "/mnt/root/$dir"
done
mount -t tmpfs -o mode=755 tmpfs /mnt/root/run
mkdir /mnt/root/run/job /mnt/root/run/host
mount -t hostfs -o "${coldsend_job:?}" job /mnt/root/run/job || halt "cannot mount the job"

{ cd /mnt/root && pivot_root . run/host; } || halt "cannot change the root"
umount -l /run/host
rmdir /run/host
unset coldsend_job
exec /bin/bash /run/job/guest.sh </dev/console >/dev/console 2>&1
