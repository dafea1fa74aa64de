# SPDX-License-Identifier: BSD-2-Clause
#
# The guest's test: a virtio-mmio disk whose registers stand in a BAR. Linux has
# given the BAR its address and no PCI driver takes the function, so nobody
# turned on decoding and bus mastering: that is done here, by hand, before
# virtio_mmio is loaded. Sourced by /init. From /params:
#   FN BAR     address of the function, where the device tree says the BAR is
#   NEW_FILES  number of files to write

d=/sys/bus/pci/devices/$FN
[ -e $d/config ] || fail "no PCI function $FN"
read start rest < $d/resource
[ $((start)) = $((BAR)) ] || fail "BAR 0 is at $start, not $BAR as the device tree says"
[ ! -e $d/driver ] || fail "$FN has a PCI driver"
[ ! -e /dev/vda ] || fail "a disk before its driver"
printf '\006' | dd of=$d/config bs=1 seek=4 conv=notrunc 2> /dev/null ||
	fail "command register"
load virtio_mmio virtio_blk
wait_for 10 /dev/vda || fail "no /dev/vda"
n=$(basename $(readlink /sys/class/block/vda/device))
result driver=$(basename $(readlink /sys/class/block/vda/device/../driver))
result features=$(cat /sys/class/block/vda/device/features)

load ext4
mount -t ext4 /dev/vda /mnt || fail "mount"
( cd /mnt && sha256sum -c /sums > /tmp/verified ) || fail "checksums"
result verified=$(grep -c ': OK$' /tmp/verified)
mkdir /mnt/guest
i=0
while [ $i -lt $NEW_FILES ]; do
	dd if=/dev/urandom of=/mnt/guest/$i bs=1000 count=$((i * 7 + 1)) 2> /dev/null ||
		fail "write"
	i=$((i + 1))
done
( cd /mnt && find guest -type f | xargs sha256sum > guest.sums ) || fail "sums"
sync
umount /mnt || fail "umount"
result irqs=$(sed -n "s/^ *[0-9]*: *\([0-9]*\) .* $n\$/\1/p" /proc/interrupts)
