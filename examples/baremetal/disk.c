/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads a disk through the SMMU, each piece to other IOVAs and pages, and
 * compares its sum with the one in the boot arguments: CRC and length as POSIX
 * defines them for cksum. A piece read again after its pages were unmapped changes no memory, and
 * there is an event of it.
 */
#include <iom/base/mem.h>

#include "devs.h"
#include "world.h"

#define PIECE		(2 * NVME_PAGE)
#define QUEUES_AT	UINT64_C(0x80000000)
#define DATA_AT		UINT64_C(0x7fff0000)	/* pieces to either side of 2 GiB */

struct disk {
	struct nvme nvme;
	struct iom_domain *d;
	uint8_t *data;			/* PIECE bytes */
	uint64_t data_pa;
};

/* The CRC of POSIX cksum: polynomial 0x04c11db7, the most significant bit first. */
static uint32_t cksum(uint32_t crc, uint8_t byte)
{
	unsigned int i;

	crc ^= (uint32_t)byte << 24;
	for (i = 0; i < 8; i++)
		crc = crc << 1 ^ (crc >> 31 ? 0x04c11db7u : 0);
	return crc;
}

static uint32_t cksum_end(uint32_t crc, uint64_t bytes)
{
	for (; bytes; bytes >>= 8)
		crc = cksum(crc, (uint8_t)bytes);
	return ~crc;
}

/* Two pages that do not follow each other, in the order of the bus or against it. */
static void pages_of(uint64_t at, struct iom_range page[2])
{
	uint64_t base = DATA_AT + at % 61 * (4 * NVME_PAGE) - (at & PIECE ? 0x2000000 : 0);
	unsigned int first = at / PIECE % 2;

	page[first] = (struct iom_range){ base, base + NVME_PAGE - 1 };
	base += 2 * NVME_PAGE;
	page[!first] = (struct iom_range){ base, base + NVME_PAGE - 1 };
}

static void map_pages(struct disk *k, const struct iom_range page[2])
{
	unsigned int i;

	for (i = 0; i < 2; i++)
		CHECK(!iom_domain_map(k->d, page[i], k->data_pa + i * NVME_PAGE,
				      IOM_PT_READ | IOM_PT_WRITE | IOM_PT_CACHE));
}

static void read_piece(struct disk *k, uint64_t at)
{
	struct iom_range page[2];
	unsigned int i;

	pages_of(at, page);
	map_pages(k, page);
	memset(k->data, 0, PIECE);
	CHECK(nvme_read(&k->nvme, at / 512, PIECE, page[0].start, page[1].start));
	CHECK(!world_faults());
	for (i = 0; i < 2; i++)
		CHECK(!iom_domain_unmap(k->d, page[i]));
}

/*
 * The same piece, now that nothing is mapped. QEMU's NVMe does not notice that its
 * write was refused; one event for each four bytes, of which the queue keeps some.
 */
static void read_nowhere(struct disk *k, uint64_t at)
{
	struct iom_range page[2];
	unsigned int i;

	pages_of(at, page);
	memset(k->data, 0x5a, PIECE);
	(void)nvme_read(&k->nvme, at / 512, PIECE, page[0].start, page[1].start);
	CHECK(world_faults());
	CHECK(world.fault[0].kind == IOM_FAULT_TRANSLATION);
	CHECK(iom_range_has(page[0], world.fault[0].iova) ||
	      iom_range_has(page[1], world.fault[0].iova));
	for (i = 0; i < PIECE; i++)
		CHECK(k->data[i] == 0x5a);
}

static void read_all(struct disk *k, uint64_t bytes, uint32_t want)
{
	uint32_t crc = 0;
	uint64_t at;
	unsigned int i;

	for (at = 0; at < bytes; at += PIECE) {
		read_piece(k, at);
		for (i = 0; i < PIECE; i++)
			crc = cksum(crc, k->data[i]);
	}
	CHECK(cksum_end(crc, bytes) == want);
	read_nowhere(k, 0);
	read_nowhere(k, bytes - PIECE);
}

void disk_run(struct pci_fn *fn, unsigned int stage)
{
	const struct iom_range queues = { QUEUES_AT, QUEUES_AT + NVME_MEMORY - 1 };
	uint64_t bytes = machine_arg_number(&world.m, "bytes", 0), queues_pa;
	void *mem, *data;
	struct disk k;

	if (!bytes || bytes % PIECE)
		return;
	CHECK(!port.dmem.ops.alloc(&port.dmem, NVME_MEMORY, NVME_PAGE, &mem, &queues_pa));
	CHECK(!port.dmem.ops.alloc(&port.dmem, PIECE, NVME_PAGE, &data, &k.data_pa));
	k.data = data;
	CHECK(!world_domain(stage, &k.d));
	CHECK(!iom_domain_map(k.d, queues, queues_pa, IOM_PT_READ | IOM_PT_WRITE | IOM_PT_CACHE));
	CHECK(!iom_smmuv3_drv_attach(world_stream(fn), k.d));
	CHECK(nvme_start(&k.nvme, fn->bar, mem, queues.start));
	read_all(&k, bytes, (uint32_t)machine_arg_number(&world.m, "sum", 0));
	nvme_stop(&k.nvme);
	CHECK(!iom_smmuv3_drv_block(world_stream(fn)));
	CHECK(!iom_domain_destroy(k.d));
	port.dmem.ops.free(&port.dmem, data, k.data_pa, PIECE);
	port.dmem.ops.free(&port.dmem, mem, queues_pa, NVME_MEMORY);
	port_print("stage %u: the disk's %lu bytes have the right sum\n", stage, bytes);
}
