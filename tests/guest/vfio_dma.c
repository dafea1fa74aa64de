/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs in a guest, as a user-space driver would: gives the DMA test function
 * to this program by VFIO (type 1 v2), maps memory at IOVAs of our choice and
 * lets the function read, write, copy and fill there. Then takes mappings
 * away and sees that the same accesses are refused and nothing was touched.
 *
 *   vfio_dma BDF GROUP [irq=msix|msi|intx|none] [stress=N] [seed=N] [big=BYTES]
 *                      [top=skip]
 *
 * top=skip: leave out the last page of the 64-bit space. VFIO of Linux before
 * 6.18 maps it and cannot unmap it.
 *
 * Prints lines key=value. The last is end=ok, or error=... and end=failed.
 *
 * What is asserted of each DMA: the status, the count of bytes, the faulting
 * address, and the contents of *all* memory that any mapping ever covered:
 * what a command had to write is written, everything else is as it was.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/vfio.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define PAGE		4096u
#define MAX_RANGES	16
#define MAX_VECTORS	4

/* The test function's registers (BAR 0) and buffer (BAR 2). */
#define DMA_PCI_ID	0xd1a0fffeu
#define DMA_ID		0x00
#define DMA_ID_VALUE	0x54414d44u
#define DMA_VERSION	0x04
#define DMA_SRC		0x08
#define DMA_DST		0x10
#define DMA_LEN		0x18
#define DMA_PATTERN	0x1c
#define DMA_CMD		0x20
#define   DMA_READ	1u
#define   DMA_WRITE	2u
#define   DMA_COPY	3u
#define   DMA_FILL	4u
#define   DMA_IRQ	5u
#define   DMA_CMD_VECTOR(v)	((v) << 8)
#define   DMA_CMD_IRQ	(1u << 31)
#define DMA_STATUS	0x24
#define   DMA_BUSY	1u
#define   DMA_DONE_OK	2u
#define   DMA_FAULT	3u
#define   DMA_BAD_CMD	4u
#define   DMA_NO_MASTER	5u
#define DMA_DONE	0x28
#define DMA_FAULT_ADDR	0x2c
#define DMA_INTX	0x34
#define DMA_BUFFER_SIZE	65536u

struct range {
	uint64_t start, last;
};

struct vfio {
	int container, group, device;
	uint64_t bar0, bar2, config;	/* offsets in the device's file */
	struct range valid[MAX_RANGES];
	unsigned int nr_valid;
	uint64_t pgsizes;
};

static void fail(const char *fmt, ...)
{
	va_list ap;

	printf("error=");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\nend=failed\n");
	exit(1);
}

#define CHECK(cond, ...) do { if (!(cond)) fail(__VA_ARGS__); } while (0)

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static uint64_t rng_state;

static uint64_t rnd(uint64_t below)
{
	rng_state ^= rng_state << 13;
	rng_state ^= rng_state >> 7;
	rng_state ^= rng_state << 17;
	return rng_state % below;
}

/* ---- VFIO ------------------------------------------------------------- */

static void print_ranges(struct vfio *v)
{
	union {
		struct vfio_iommu_type1_info info;
		uint8_t bytes[4096];
	} u = { .info.argsz = sizeof(u) };
	struct vfio_info_cap_header *h;
	uint32_t off;

	CHECK(!ioctl(v->container, VFIO_IOMMU_GET_INFO, &u), "GET_INFO: %s",
	      strerror(errno));
	v->pgsizes = u.info.iova_pgsizes;
	printf("pgsizes=0x%" PRIx64 "\n", v->pgsizes);
	CHECK(u.info.flags & VFIO_IOMMU_INFO_CAPS, "no capabilities");
	for (off = u.info.cap_offset; off; off = h->next) {
		struct vfio_iommu_type1_info_cap_iova_range *r;
		uint32_t i;

		h = (void *)(u.bytes + off);
		if (h->id != VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE)
			continue;
		r = (void *)h;
		for (i = 0; i < r->nr_iovas && i < MAX_RANGES; i++) {
			v->valid[i].start = r->iova_ranges[i].start;
			v->valid[i].last = r->iova_ranges[i].end;
			printf("valid=0x%" PRIx64 "-0x%" PRIx64 "\n",
			       v->valid[i].start, v->valid[i].last);
		}
		v->nr_valid = i;
	}
	CHECK(v->nr_valid, "no valid IOVA ranges");
}

static uint64_t region(struct vfio *v, uint32_t index, uint64_t min)
{
	struct vfio_region_info r = { .argsz = sizeof(r), .index = index };

	CHECK(!ioctl(v->device, VFIO_DEVICE_GET_REGION_INFO, &r), "region %u",
	      index);
	CHECK(r.size >= min, "region %u has 0x%llx bytes", index, r.size);
	return r.offset;
}

static void open_device(struct vfio *v, const char *bdf, const char *group)
{
	struct vfio_group_status st = { .argsz = sizeof(st) };
	char path[64];
	uint32_t id;
	double t;

	v->container = open("/dev/vfio/vfio", O_RDWR);
	CHECK(v->container >= 0, "/dev/vfio/vfio: %s", strerror(errno));
	CHECK(ioctl(v->container, VFIO_CHECK_EXTENSION, VFIO_TYPE1v2_IOMMU) > 0,
	      "no type 1 v2");
	snprintf(path, sizeof(path), "/dev/vfio/%s", group);
	v->group = open(path, O_RDWR);
	CHECK(v->group >= 0, "%s: %s", path, strerror(errno));
	CHECK(!ioctl(v->group, VFIO_GROUP_GET_STATUS, &st), "group status");
	CHECK(st.flags & VFIO_GROUP_FLAGS_VIABLE, "group is not viable");
	CHECK(!ioctl(v->group, VFIO_GROUP_SET_CONTAINER, &v->container),
	      "SET_CONTAINER: %s", strerror(errno));
	t = now_us();
	CHECK(!ioctl(v->container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU),
	      "SET_IOMMU: %s", strerror(errno));
	printf("set_iommu_us=%.0f\n", now_us() - t);
	print_ranges(v);
	v->device = ioctl(v->group, VFIO_GROUP_GET_DEVICE_FD, bdf);
	CHECK(v->device >= 0, "GET_DEVICE_FD: %s", strerror(errno));
	v->bar0 = region(v, VFIO_PCI_BAR0_REGION_INDEX, 0x1000);
	v->bar2 = region(v, VFIO_PCI_BAR2_REGION_INDEX, DMA_BUFFER_SIZE);
	v->config = region(v, VFIO_PCI_CONFIG_REGION_INDEX, 256);
	CHECK(pread(v->device, &id, 4, (off_t)v->config) == 4, "config");
	CHECK(id == DMA_PCI_ID, "%s has PCI id 0x%08x", bdf, id);
}

static int map(struct vfio *v, void *mem, uint64_t iova, uint64_t size,
	       uint32_t prot)
{
	struct vfio_iommu_type1_dma_map m = {
		.argsz = sizeof(m), .flags = prot,
		.vaddr = (uintptr_t)mem, .iova = iova, .size = size,
	};

	return ioctl(v->container, VFIO_IOMMU_MAP_DMA, &m) ? -errno : 0;
}

static uint64_t unmap(struct vfio *v, uint64_t iova, uint64_t size)
{
	struct vfio_iommu_type1_dma_unmap u = {
		.argsz = sizeof(u), .iova = iova, .size = size,
	};

	CHECK(!ioctl(v->container, VFIO_IOMMU_UNMAP_DMA, &u), "unmap: %s",
	      strerror(errno));
	return u.size;
}

#define RW (VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)

/* ---- the function ------------------------------------------------------ */

static uint32_t get(struct vfio *v, uint32_t reg)
{
	uint32_t x;

	CHECK(pread(v->device, &x, 4, (off_t)(v->bar0 + reg)) == 4,
	      "read of register 0x%x", reg);
	return x;
}

static void put(struct vfio *v, uint32_t reg, uint32_t x)
{
	CHECK(pwrite(v->device, &x, 4, (off_t)(v->bar0 + reg)) == 4,
	      "write of register 0x%x", reg);
}

static void put64(struct vfio *v, uint32_t reg, uint64_t x)
{
	put(v, reg, (uint32_t)x);
	put(v, reg + 4, (uint32_t)(x >> 32));
}

static void buffer_put(struct vfio *v, const void *p, uint32_t len)
{
	CHECK(pwrite(v->device, p, len, (off_t)v->bar2) == (ssize_t)len,
	      "write of the buffer");
}

static void buffer_get(struct vfio *v, void *p, uint32_t len)
{
	CHECK(pread(v->device, p, len, (off_t)v->bar2) == (ssize_t)len,
	      "read of the buffer");
}

static void bus_master(struct vfio *v, bool on)
{
	uint16_t cmd;
	off_t at = (off_t)v->config + 4;

	CHECK(pread(v->device, &cmd, 2, at) == 2, "read of config");
	cmd = (uint16_t)(on ? cmd | 6 : (cmd & ~4) | 2);
	CHECK(pwrite(v->device, &cmd, 2, at) == 2, "write of config");
}

/* Runs one command and returns its status. */
static uint32_t command(struct vfio *v, uint32_t cmd, uint64_t src,
			uint64_t dst, uint32_t len)
{
	double limit = now_us() + 5e6;
	uint32_t st;

	put64(v, DMA_SRC, src);
	put64(v, DMA_DST, dst);
	put(v, DMA_LEN, len);
	put(v, DMA_CMD, cmd);
	while ((st = get(v, DMA_STATUS)) == DMA_BUSY)
		CHECK(now_us() < limit, "command 0x%x is busy for 5 s", cmd);
	return st;
}

static void expect_done(struct vfio *v, const char *what, uint32_t cmd,
			uint64_t src, uint64_t dst, uint32_t len)
{
	uint32_t st = command(v, cmd, src, dst, len);

	CHECK(st == DMA_DONE_OK && get(v, DMA_DONE) == len,
	      "%s: status %u, %u of %u bytes, fault address 0x%x", what, st,
	      get(v, DMA_DONE), len, get(v, DMA_FAULT_ADDR));
}

static void expect_fault(struct vfio *v, const char *what, uint32_t cmd,
			 uint64_t src, uint64_t dst, uint32_t len,
			 uint64_t fault, uint32_t done)
{
	uint32_t st = command(v, cmd, src, dst, len);
	uint64_t at = get(v, DMA_FAULT_ADDR) |
		      (uint64_t)get(v, DMA_FAULT_ADDR + 4) << 32;

	CHECK(st == DMA_FAULT, "%s: status %u, not a fault", what, st);
	CHECK(at == fault, "%s: fault at 0x%" PRIx64 ", not 0x%" PRIx64, what,
	      at, fault);
	CHECK(get(v, DMA_DONE) == done, "%s: %u bytes moved, not %u", what,
	      get(v, DMA_DONE), done);
}

/* ---- memory whose every byte is accounted for -------------------------- */

struct mem {
	uint8_t *p, *want;
	size_t size;
};

static struct mem mem_new(size_t size)
{
	struct mem m = { .size = size };
	size_t i;

	m.p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	m.want = malloc(size);
	CHECK(m.p != MAP_FAILED && m.want, "no memory");
	for (i = 0; i < size; i++)
		m.p[i] = (uint8_t)(i * 7 + (i >> 12) * 13 + (i >> 20));
	memcpy(m.want, m.p, size);
	return m;
}

static void mem_check(const struct mem *m, const char *what)
{
	size_t i;

	if (!memcmp(m->p, m->want, m->size))
		return;
	for (i = 0; m->p[i] == m->want[i]; i++)
		;
	fail("%s: byte 0x%zx is 0x%02x, not 0x%02x", what, i, m->p[i],
	     m->want[i]);
}

/* ---- the tests ---------------------------------------------------------- */

static void test_bus_master(struct vfio *v)
{
	bus_master(v, false);
	CHECK(command(v, DMA_READ, 0, 0, 64) == DMA_NO_MASTER,
	      "DMA without bus mastering: status %u", get(v, DMA_STATUS));
	bus_master(v, true);
}

/* What the function refuses by itself; no DMA comes of it. */
static void test_bad_commands(struct vfio *v, struct mem *m, uint64_t iova)
{
	CHECK(command(v, 9, iova, iova, 64) == DMA_BAD_CMD, "operation 9");
	CHECK(command(v, DMA_WRITE, 0, iova, 0) == DMA_BAD_CMD, "length 0");
	CHECK(command(v, DMA_FILL, 0, 0 - 64ull, 65) == DMA_BAD_CMD,
	      "a range that wraps");
	CHECK(command(v, DMA_COPY, iova, iova + 8, 64) == DMA_BAD_CMD,
	      "a copy onto itself");
	mem_check(m, "bad commands");
}

/* All four operations on one mapping, at places that cross pages. */
static void test_ops(struct vfio *v, struct mem *m, uint64_t iova)
{
	static uint8_t buf[DMA_BUFFER_SIZE];
	uint32_t i, pattern = 0xa5c3e187;

	expect_done(v, "read", DMA_READ, iova + 3, 0, 2 * PAGE);
	buffer_get(v, buf, 2 * PAGE);
	CHECK(!memcmp(buf, m->p + 3, 2 * PAGE), "read: wrong bytes");

	for (i = 0; i < 3 * PAGE; i++)
		buf[i] = (uint8_t)(i * 31 + 5);
	buffer_put(v, buf, 3 * PAGE);
	expect_done(v, "write", DMA_WRITE, 0, iova + 5 * PAGE + 1, 3 * PAGE);
	memcpy(m->want + 5 * PAGE + 1, buf, 3 * PAGE);
	mem_check(m, "write");

	expect_done(v, "copy", DMA_COPY, iova + 5 * PAGE,
		    iova + m->size - 4 * PAGE, 4 * PAGE);
	memcpy(m->want + m->size - 4 * PAGE, m->want + 5 * PAGE, 4 * PAGE);
	mem_check(m, "copy");

	put(v, DMA_PATTERN, pattern);
	expect_done(v, "fill", DMA_FILL, 0, iova + 32 * PAGE, 16 * PAGE);
	for (i = 0; i < 16 * PAGE; i += 4)
		memcpy(m->want + 32 * PAGE + i, &pattern, 4);
	mem_check(m, "fill");
	printf("ops=ok\n");
}

/* Read-only and write-only mappings; the last byte of a mapping. */
static void test_permissions(struct vfio *v, uint64_t iova)
{
	struct mem m = mem_new(2 * PAGE);
	unsigned int i;

	CHECK(!map(v, m.p, iova, PAGE, VFIO_DMA_MAP_FLAG_READ), "map r");
	expect_done(v, "read of r", DMA_READ, iova, 0, PAGE);
	expect_fault(v, "write to r", DMA_WRITE, 0, iova, 64, iova, 0);
	CHECK(!map(v, m.p + PAGE, iova + PAGE, PAGE, RW), "map rw");
	expect_fault(v, "read past the end", DMA_READ, iova + 2 * PAGE - 8, 0,
		     16, iova + 2 * PAGE, 8);
	put(v, DMA_PATTERN, 0x11223344);
	expect_fault(v, "fill past the end", DMA_FILL, 0, iova + 2 * PAGE - 100,
		     PAGE, iova + 2 * PAGE, 100);
	for (i = 0; i < 100; i++)
		m.want[2 * PAGE - 100 + i] = (uint8_t)(0x44 - 0x11 * (i & 3));
	mem_check(&m, "permissions");
	CHECK(unmap(v, iova, 2 * PAGE) == 2 * PAGE, "unmap");
	printf("permissions=ok\n");
}

/* The first and last page of every valid range; a map outside is refused. */
static void test_edges(struct vfio *v, bool skip_top)
{
	struct mem m = mem_new(2 * PAGE);
	unsigned int i;

	for (i = 0; i < v->nr_valid; i++) {
		uint64_t first = v->valid[i].start;
		uint64_t last = v->valid[i].last - (PAGE - 1);

		if (skip_top && v->valid[i].last == UINT64_MAX)
			last -= PAGE;
		CHECK(!map(v, m.p, first, PAGE, RW), "map of the first page");
		CHECK(!map(v, m.p + PAGE, last, PAGE, RW), "map of the last page");
		expect_done(v, "edge copy", DMA_COPY, first, last, PAGE);
		memcpy(m.want + PAGE, m.want, PAGE);
		mem_check(&m, "edges");
		CHECK(unmap(v, first, PAGE) == PAGE, "unmap first");
		CHECK(unmap(v, last, PAGE) == PAGE, "unmap last");
		m.p[PAGE + i] ^= 0xff;
		m.want[PAGE + i] ^= 0xff;
		if (v->valid[i].last != UINT64_MAX)
			CHECK(map(v, m.p, last + PAGE, PAGE, RW) < 0,
			      "map outside the valid ranges was accepted");
	}
	printf("edges=ok\n");
}

static int wait_event(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	uint64_t n;

	if (poll(&p, 1, 3000) != 1)
		return 0;
	CHECK(read(fd, &n, sizeof(n)) == sizeof(n), "read of an eventfd");
	return (int)n;
}

/* Returns 0, or how many vectors there could be: MSI of x86 has only one. */
static int set_irqs(struct vfio *v, uint32_t index, uint32_t flags,
		    const int32_t *fds, uint32_t count)
{
	int rc;

	struct {
		struct vfio_irq_set s;
		int32_t fds[MAX_VECTORS];
	} u = { .s = { .argsz = sizeof(u), .index = index, .flags = flags,
		       .count = count } };

	if (fds)
		memcpy(u.s.data, fds, count * sizeof(*fds));
	rc = ioctl(v->device, VFIO_DEVICE_SET_IRQS, &u);
	CHECK(rc >= 0, "SET_IRQS: %s", strerror(errno));
	return rc;
}

#define TRIGGER_FD (VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER)

/* Every vector, alone and at the completion of a DMA; none comes unasked. */
static void test_irqs(struct vfio *v, uint32_t index, uint64_t iova)
{
	struct vfio_irq_info info = { .argsz = sizeof(info), .index = index };
	int32_t fds[MAX_VECTORS];
	uint32_t i, n, fewer, round;
	bool intx = index == VFIO_PCI_INTX_IRQ_INDEX;

	CHECK(!ioctl(v->device, VFIO_DEVICE_GET_IRQ_INFO, &info), "IRQ_INFO");
	CHECK(info.count, "no interrupts of index %u", index);
	n = info.count < MAX_VECTORS ? info.count : MAX_VECTORS;
	for (i = 0; i < n; i++)
		fds[i] = eventfd(0, EFD_NONBLOCK);
	fewer = (uint32_t)set_irqs(v, index, TRIGGER_FD, fds, n);
	if (fewer) {
		n = fewer;
		CHECK(!set_irqs(v, index, TRIGGER_FD, fds, n), "SET_IRQS");
	}
	for (round = 0; round < 2; round++) {
		for (i = 0; i < n; i++) {
			uint32_t op = round ? DMA_READ | DMA_CMD_IRQ : DMA_IRQ;

			expect_done(v, "interrupt", op | DMA_CMD_VECTOR(i),
				    iova, 0, round ? 64 : 0);
			CHECK(wait_event(fds[i]) == 1,
			      "vector %u of %u: no interrupt (round %u)", i, n,
			      round);
			if (!intx)
				continue;
			put(v, DMA_INTX, 1);
			CHECK(!set_irqs(v, index, VFIO_IRQ_SET_DATA_NONE |
					VFIO_IRQ_SET_ACTION_UNMASK, NULL, 1),
			      "unmask");
		}
	}
	for (i = 0; i < n; i++) {
		uint64_t extra;

		CHECK(read(fds[i], &extra, 8) < 0, "vector %u came twice", i);
	}
	printf("vectors=%u\ninterrupts=%u\n", n, 2 * n);
}

/* A new IOVA for each map, so that trace and log name each one. */
static void test_stress(struct vfio *v, unsigned int n)
{
	struct mem m = mem_new(16 * PAGE);
	uint64_t base = 0x40000000;
	double t_map = 0, t_unmap = 0, t;
	unsigned int i;

	for (i = 0; i < n; i++) {
		uint64_t iova = base + rnd(1u << 16) * PAGE;
		uint64_t page = rnd(16), other = rnd(16);

		t = now_us();
		CHECK(!map(v, m.p + page * PAGE, iova, PAGE, RW), "map %u", i);
		t_map += now_us() - t;
		if (i % 16 == 0) {
			expect_done(v, "stress", DMA_FILL, 0, iova, 64);
			CHECK(!memcmp(m.p + page * PAGE, m.p + page * PAGE + 4,
				      60), "stress: fill %u", i);
			memcpy(m.want + page * PAGE, m.p + page * PAGE, 64);
			mem_check(&m, "stress");
		}
		t = now_us();
		CHECK(unmap(v, iova, PAGE) == PAGE, "unmap %u", i);
		t_unmap += now_us() - t;
		if (i % 16 == 0) {
			m.p[other * PAGE] = m.want[other * PAGE] = (uint8_t)i;
			expect_fault(v, "stress, unmapped", DMA_FILL, 0, iova,
				     64, iova, 0);
			mem_check(&m, "stress, unmapped");
		}
	}
	if (n)
		printf("stress=%u\nmap_us=%.1f\nunmap_us=%.1f\n", n, t_map / n,
		       t_unmap / n);
}

static void test_unmapped(struct vfio *v, struct mem *m, uint64_t iova)
{
	static const uint8_t evil[256] = { 0xee, 0xee };

	CHECK(unmap(v, iova, m->size) == m->size, "unmap");
	buffer_put(v, evil, sizeof(evil));
	expect_fault(v, "read after unmap", DMA_READ, iova, 0, 256, iova, 0);
	expect_fault(v, "write after unmap", DMA_WRITE, 0, iova + PAGE, 256,
		     iova + PAGE, 0);
	expect_fault(v, "fill after unmap", DMA_FILL, 0, iova + m->size - 256,
		     256, iova + m->size - 256, 0);
	mem_check(m, "after unmap");
	printf("refused=3\n");
}

int main(int argc, char **argv)
{
	struct vfio v = { 0 };
	const char *irq = "msix";
	unsigned int stress = 200;
	bool skip_top = false;
	uint64_t iova = 0x1000000, big = 2 << 20;
	struct mem m;
	double t;
	int i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	rng_state = 0x9e3779b97f4a7c15;
	CHECK(argc >= 3, "usage: vfio_dma BDF GROUP [key=value]...");
	for (i = 3; i < argc; i++) {
		if (!strncmp(argv[i], "irq=", 4))
			irq = argv[i] + 4;
		else if (!strncmp(argv[i], "stress=", 7))
			stress = (unsigned int)strtoul(argv[i] + 7, NULL, 0);
		else if (!strncmp(argv[i], "seed=", 5))
			rng_state = strtoull(argv[i] + 5, NULL, 0) | 1;
		else if (!strncmp(argv[i], "big=", 4))
			big = strtoull(argv[i] + 4, NULL, 0);
		else if (!strcmp(argv[i], "top=skip"))
			skip_top = true;
		else
			fail("unknown argument %s", argv[i]);
	}
	printf("seed=0x%" PRIx64 "\n", rng_state);
	open_device(&v, argv[1], argv[2]);
	CHECK(get(&v, DMA_ID) == DMA_ID_VALUE, "ID register 0x%x",
	      get(&v, DMA_ID));
	CHECK(get(&v, DMA_VERSION) == 1, "version %u", get(&v, DMA_VERSION));
	test_bus_master(&v);

	m = mem_new(big);
	t = now_us();
	CHECK(!map(&v, m.p, iova, m.size, RW), "map of %zu bytes", m.size);
	printf("map_big_us=%.0f\n", now_us() - t);
	CHECK(map(&v, m.p, iova + m.size - PAGE, PAGE, RW) == -EEXIST,
	      "an overlapping map was accepted");
	test_bad_commands(&v, &m, iova);
	test_ops(&v, &m, iova);
	if (!strcmp(irq, "msix"))
		test_irqs(&v, VFIO_PCI_MSIX_IRQ_INDEX, iova);
	else if (!strcmp(irq, "msi"))
		test_irqs(&v, VFIO_PCI_MSI_IRQ_INDEX, iova);
	else if (!strcmp(irq, "intx"))
		test_irqs(&v, VFIO_PCI_INTX_IRQ_INDEX, iova);
	test_unmapped(&v, &m, iova);
	test_permissions(&v, 0x20000000);
	test_edges(&v, skip_top);
	test_stress(&v, stress);
	printf("end=ok\n");
	return 0;
}
