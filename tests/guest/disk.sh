# SPDX-License-Identifier: BSD-2-Clause
#
# The guest's test: disk and rng behind the IOMMU, then the DMA test function
# through VFIO. Sourced by /init. From /params:
#   LATE           seconds to wait before the IOMMU's driver is loaded
#   BOOTS          reboot until this many boots are done
#   DISK RNG VFIO  non-empty: there is such a function; VFIO is its address
#   VFIO_ARGS      arguments of vfio_dma
#   NEW_FILES      number of files to write
#   ROUNDS         times that vfio_dma runs; in between, the functions of
#   REPLUG         come and go: address=file of the device

start_drivers()
{
	if [ -n "$LATE" ]; then
		load virtio_blk
		sleep $LATE
		# The IOMMU is described but its driver is absent: nothing binds.
		[ ! -e /dev/vda ] || fail "disk bound before its IOMMU"
		result late=waited
		load virtio_iommu
	else
		load virtio_iommu virtio_blk
	fi
	[ -z "$RNG" ] || load virtio_rng
	[ -z "$DISK" ] || wait_for 20 /dev/vda || fail "no /dev/vda"
}

# One process a CPU, so that several CPUs map and unmap at once.
verify()
{
	local cpus=$(nproc) i=0
	while [ $i -lt $cpus ]; do
		awk "NR % $cpus == $i" $1 > /tmp/sums.$i
		( cd /mnt && sha256sum -c /tmp/sums.$i > /tmp/verified.$i ) &
		i=$((i + 1))
	done
	wait
	cat /tmp/verified.* > /tmp/verified
	! grep -v ': OK$' /tmp/verified ||
		fail "checksums: $(grep -v ': OK$' /tmp/verified | head -3)"
	[ $(wc -l < /tmp/verified) = $(wc -l < $1) ] || fail "files missing"
}

check_disk()
{
	load ext4
	mount -t ext4 /dev/vda /mnt || fail "mount"
	step mounted
	verify /sums
	result verified=$(grep -c ': OK$' /tmp/verified)
}

write_disk()
{
	local i
	mkdir -p /mnt/guest
	i=1
	while [ $i -le $NEW_FILES ]; do
		dd if=/dev/urandom of=/mnt/guest/$i bs=$((i * 1021)) count=1 \
			iflag=fullblock 2> /dev/null || fail "write of file $i"
		i=$((i + 1))
	done
	( cd /mnt && sha256sum guest/* > guest.sums ) || fail "sums"
	sync
	echo 3 > /proc/sys/vm/drop_caches
	verify /mnt/guest.sums
	result written=$(grep -c ': OK$' /tmp/verified)
	step written
}

check_rng()
{
	wait_for 5 /dev/hwrng || fail "no /dev/hwrng"
	dd if=/dev/hwrng of=/tmp/rng bs=64 count=64 iflag=fullblock \
		2> /dev/null || fail "read of /dev/hwrng"
	[ $(wc -c < /tmp/rng) = 4096 ] || fail "short read of /dev/hwrng"
	[ $(gzip -c /tmp/rng | wc -c) -gt 4000 ] || fail "rng is not random"
	result rng_bytes=4096
}

# Takes a function off the bus and finds it again: a new IOMMU group, domain
# and stream. Then some DMA.
replug()
{
	local dev=/sys/bus/pci/devices/$1
	echo 1 > $dev/remove
	[ ! -e $dev ] || fail "$1 is still there"
	echo 1 > /sys/bus/pci/rescan
	wait_for 20 $2 || fail "no $2 after a rescan"
	dd if=$2 of=/dev/null bs=4096 count=64 iflag=fullblock 2> /dev/null ||
		fail "read of $2 after a rescan"
}

# A container, a domain and an attach each.
again()
{
	local i=1 d
	echo 0 > $T/tracing_on
	while [ $i -lt $ROUNDS ]; do
		/bin/vfio_dma $VFIO $1 $VFIO_ARGS seed=$i > /tmp/vfio || true
		grep -q '^end=ok$' /tmp/vfio ||
			fail "round $i: $(grep '^error=' /tmp/vfio)"
		for d in $REPLUG; do
			replug ${d%=*} ${d#*=}
		done
		i=$((i + 1))
	done
	result rounds=$i
}

check_vfio()
{
	local dev=/sys/bus/pci/devices/$VFIO group
	[ -e $dev ] || fail "no PCI function $VFIO"
	load vfio_iommu_type1 vfio-pci
	# These machines isolate no interrupts; the user says so by name.
	echo Y > /sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts
	echo vfio-pci > $dev/driver_override
	echo $VFIO > /sys/bus/pci/drivers_probe
	[ -e $dev/iommu_group ] || fail "$VFIO is in no IOMMU group"
	group=$(basename $(readlink $dev/iommu_group))
	step vfio
	/bin/vfio_dma $VFIO $group $VFIO_ARGS > /tmp/vfio || true
	sed 's/^/vfio./' /tmp/vfio >&3
	grep -q '^end=ok$' /tmp/vfio || fail "vfio_dma: $(grep '^error=' /tmp/vfio)"
	# The first one: DMA to what was unmapped. The kernel limits their rate.
	[ -z "$ROUNDS" ] || again $group
	result "page_fault=$(dmesg | sed -n 's/.*\(page fault from .*\|event: F_.*\)/\1/p' | head -1)"
}

# Takes the drivers away, so that nothing is mapped any more and trace and log
# end at the same operation. A lazy unmap is pending for 10 ms at most.
quiesce()
{
	local d
	for d in /sys/bus/virtio/drivers/virtio_blk/virtio* \
		 /sys/bus/virtio/drivers/virtio_rng/virtio*; do
		[ -e $d ] && echo $(basename $d) > $(dirname $d)/unbind
	done
	usleep 100000
	result quiesced=y
	report_groups
}

start_drivers
[ -z "$DISK" ] || check_disk
if [ -n "$BOOTS" ]; then
	n=$(cat /mnt/boots 2> /dev/null || echo 0)
	n=$((n + 1))
	echo $n > /mnt/boots
	result boot=$n
fi
if [ -n "$BOOTS" ] && [ $n -lt $BOOTS ]; then
	umount /mnt
	quiesce
	echo 0 > $T/tracing_on
	send_logs
	exec 3>&-
	reboot -f
	sleep 60
fi
[ -z "$NEW_FILES" ] || write_disk
[ -z "$DISK" ] || umount /mnt || fail "umount"
[ -z "$RNG" ] || check_rng
[ -z "$VFIO" ] || check_vfio
quiesce
