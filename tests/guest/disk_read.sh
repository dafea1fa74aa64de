# SPDX-License-Identifier: BSD-2-Clause
#
# The guest's half of bench/disk. From /params: READ_ARGS, for disk_read.

# The trace costs time of its own.
echo 0 > $T/tracing_on
load virtio_iommu virtio_blk
wait_for 20 /dev/vda || fail "no /dev/vda"
report_groups
[ -e /sys/block/vda/device/driver ] || fail "no driver"
g=$(readlink /sys/block/vda/device/../iommu_group)
[ -n "$g" ] || fail "the disk is in no IOMMU group"
result disk_type=$(cat /sys/kernel/iommu_groups/$(basename $g)/type)
/bin/disk_read /dev/vda $READ_ARGS > /tmp/read || fail "$(grep error= /tmp/read)"
cat /tmp/read | grep -v '^end=' >&3
