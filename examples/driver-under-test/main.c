/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The driver of driver.c on libiom's strict SMMUv3: its registers go to the
 * model, its memory is the model's by an identity gmem, and three devices do DMA
 * whenever it touches a register. docs/test-your-smmuv3-driver.md tells how a
 * driver of your own gets here, step by step.
 *
 *	cc driver.c main.c $(pkg-config --cflags --libs libiom)
 */
#define _DEFAULT_SOURCE
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <iom/dev/smmuv3_atc.h>
#include <iom/dev/smmuv3_strict.h>
#include <iom/dev/xgmem.h>
#include <iom/host/host.h>
#include <iom/spec/smmuv3.h>

#include "driver.h"
#include "platform.h"

#define PAGE		4096u
#define RAM_PAGES	128u
#define RAM_AT		0x40000000u	/* if it is free: then reports are the same each time */
#define REGS		0x2b400000u	/* where the driver believes its registers to be */
#define IOVA(n)		(UINT64_C(0x5fa000) + (uint64_t)(n) * PAGE)	/* two tables */
#define IOVAS		12u

struct device {
	uint32_t sid;
	bool ats;
	struct iom_smmuv3_port port;
	struct iom_smmuv3_atc atc;	/* if it does ATS */
	struct iom_xgmem bus;		/* memory as the device sees it */
};

static struct {
	uint8_t *ram;
	bool used[RAM_PAGES];
	struct iom_range range;
	struct iom_gmem_identity own, dma;
	struct iom_smmuv3_dev *smmu;
	struct device dev[3];
	unsigned int nr_dev;
	bool up;			/* smmu_init() is over */
	uint64_t tlbi;			/* held back for the next CMD_SYNC */
	bool quiet;			/* the devices have stopped */
	unsigned int wrong, reports;
	char first[100];		/* report */
} m;

static struct {
	uint64_t seed;
	const char *bug;
	FILE *record;
} opt = { .seed = 1 };

/* Mistakes made on demand, and the rule that names each. */
static const struct {
	const char *name, *rule, *what;
} bugs[] = {
	{ "misaligned", "R315", "tables and queues are not aligned to their size" },
	{ "no-atc-inv", "R502", "devices with ATS are not told of an unmap" },
	{ "no-barrier", "R431", "a command may be seen after PROD" },
	{ "no-cfgi-cd", "R004", "CDs change without CFGI_CD" },
	{ "no-cfgi-ste", "R002", "STEs change without CFGI_STE" },
	{ "no-sync", "R010", "CFGIs and TLBIs are not waited for" },
	{ "no-tlbi", "R025", "pages are unmapped without TLBI" },
	{ "sync-before-tlbi", "R023", "CMD_SYNC stands before the TLBI" },
	{ "v-first", "R433", "an STE is made valid before it is complete" },
	{ "wrap", "R401", "CMDQ_PROD has no wrap bit" },
	{ "wrong-asid", "R015", "TLBIs name another ASID" },
	{ "wrong-vmid", "R014", "TLBIs name another VMID" },
};

/* --- platform.h ------------------------------------------------------------- */

void *pages_alloc(unsigned int n)
{
	unsigned int i, free = 0;
	uint8_t *mem;

	/* What was let go is used again at once: mistakes show. */
	for (i = RAM_PAGES; i-- > 0 && free < n;)
		free = m.used[i] ? 0 : free + 1;
	if (free < n)
		return NULL;
	memset(&m.used[i + 1], true, n * sizeof(m.used[0]));
	mem = m.ram + (size_t)(i + 1) * PAGE;
	iom_smmuv3_strict_acquire(m.smmu, (uintptr_t)mem, n * PAGE);
	memset(mem, 0, (size_t)n * PAGE);
	return mem + (planted("misaligned") && !m.up ? 64 : 0);
}

void pages_free(volatile void *mem, unsigned int n)
{
	size_t first = (size_t)((volatile uint8_t *)mem - m.ram) / PAGE;

	memset(&m.used[first], false, n * sizeof(m.used[0]));
	/* From here on nobody may reach it. */
	iom_smmuv3_strict_release(m.smmu, (uintptr_t)mem, n * PAGE);
}

bool planted(const char *bug)
{
	return opt.bug && !strcmp(opt.bug, bug);
}

/* Initialisation is always right but for its memory: each mistake meets a running SMMU. */
bool planted_in_command(uint64_t *w0)
{
	unsigned int op = *w0 & 0xff;
	uint64_t asid = planted("wrong-asid"), vmid = planted("wrong-vmid");
	uint64_t other = op == SMMU_CMD_SYNC ? m.tlbi : SMMU_CMD_SYNC;

	if (!m.up)
		return false;
	/* They change places. */
	if (planted("sync-before-tlbi") && (op == SMMU_CMD_TLBI_NH_ASID || m.tlbi)) {
		m.tlbi = op == SMMU_CMD_SYNC ? 0 : *w0;
		*w0 = other;
	}
	if (op == SMMU_CMD_TLBI_NH_ASID || op == SMMU_CMD_TLBI_NH_VA)
		*w0 += asid << 48 | vmid << 32;
	return (op == SMMU_CMD_CFGI_STE && planted("no-cfgi-ste")) ||
	       (op == SMMU_CMD_CFGI_CD && planted("no-cfgi-cd")) ||
	       (op == SMMU_CMD_TLBI_NH_VA && planted("no-tlbi")) ||
	       (op == SMMU_CMD_ATC_INV && planted("no-atc-inv")) ||
	       (op == SMMU_CMD_SYNC && planted("no-sync"));
}

void dma_wmb(void)
{
	if (!planted("no-barrier"))
		iom_smmuv3_strict_wmb(m.smmu);
}

static bool dma(struct device *d, uint64_t iova, bool write, uint64_t *val)
{
	int rc;

	iom_gmem_begin(&d->bus.g);
	rc = write ? iom_gmem_write(&d->bus.g, iova, val, sizeof(*val)) :
		     iom_gmem_read(&d->bus.g, iova, val, sizeof(*val));
	iom_gmem_end(&d->bus.g);
	return !rc;
}

/* Devices do not wait for the driver: one reads, whenever a register is touched. */
static void traffic(void)
{
	static unsigned int turn;
	uint64_t val;

	if (!m.nr_dev || m.quiet)
		return;
	turn++;
	dma(&m.dev[turn % m.nr_dev], IOVA(turn / m.nr_dev % IOVAS), false, &val);
}

uint32_t read32(uintptr_t addr)
{
	uint64_t val = 0;

	traffic();
	iom_smmuv3_dev_read(m.smmu, addr - REGS, 4, &val);
	return (uint32_t)val;
}

void write32(uintptr_t addr, uint32_t val)
{
	traffic();
	iom_smmuv3_dev_write(m.smmu, addr - REGS, 4, val);
}

void write64(uintptr_t addr, uint64_t val)
{
	traffic();
	iom_smmuv3_dev_write(m.smmu, addr - REGS, 8, val);
}

/* --- the SMMU and the devices behind it ------------------------------------- */

/* A rule is broken. */
static void report(void *arg, const struct iom_smmuv3_report *r)
{
	char text[4096];

	(void)arg;
	iom_smmuv3_strict_text(r, text, sizeof(text));
	if (!m.reports++)
		snprintf(m.first, sizeof(m.first), "%s %s", r->id, r->title);
	puts(text);
}

static void record(void *arg, const char *line)
{
	(void)arg;
	fprintf(opt.record, "%s\n", line);
}

static bool machine_open(uint64_t seed)
{
	const struct iom_smmuv3_strict_cfg strict = {
		.seed = seed,
		.max_delay = 60,		/* more than fill its command queue */
		.wmb = true,			/* dma_wmb() tells of barriers */
		.report = report,
		.record = opt.record ? record : NULL,
	};
	struct iom_smmuv3_dev_cfg cfg = {
		.plat = iom_host_plat(),
		.mode = IOM_SMMUV3_STEP,	/* this thread is the only one */
		.strict = &strict,
		.tlb_entries = 64,
		.config_entries = 16,
	};
	struct iom_smmuv3_diag diag;
	int rc;

	m.ram = mmap((void *)(uintptr_t)RAM_AT, RAM_PAGES * PAGE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (m.ram == MAP_FAILED)
		return false;
	m.range = (struct iom_range){ (uintptr_t)m.ram, (uintptr_t)m.ram + RAM_PAGES * PAGE - 1 };
	iom_gmem_identity_init(&m.own, &m.range, 1);
	iom_gmem_identity_init(&m.dma, &m.range, 1);
	iom_smmuv3_dev_default_idr(cfg.idr);
	iom_smmuv3_dev_ats_idr(cfg.idr);
	cfg.gmem = &m.own.g;
	rc = iom_smmuv3_dev_create(&cfg, &m.smmu, &diag);
	if (rc)
		fprintf(stderr, "no SMMU: %s\n", iom_err_str(rc));
	return !rc;
}

static void device_add(uint32_t sid, bool ats)
{
	struct device *d = &m.dev[m.nr_dev];

	d->sid = sid;
	d->ats = ats;
	if (iom_smmuv3_dev_port_init(&d->port, m.smmu, sid, &m.dma.g) ||
	    (ats && iom_smmuv3_atc_init(&d->atc, &d->port, 16)) ||
	    iom_xgmem_init(&d->bus, ats ? &d->atc.x : &d->port.x, &m.dma.g))
		exit(2);
	m.nr_dev++;
}

static void machine_close(void)
{
	unsigned int i;

	for (i = 0; i < m.nr_dev; i++) {
		iom_xgmem_fini(&m.dev[i].bus);
		if (m.dev[i].ats)
			iom_smmuv3_atc_fini(&m.dev[i].atc);
		iom_smmuv3_dev_port_fini(&m.dev[i].port);
	}
	m.nr_dev = 0;
	iom_smmuv3_dev_destroy(m.smmu);
	munmap(m.ram, RAM_PAGES * PAGE);
}

/* --- what is driven ------------------------------------------------------------ */

static struct smmu smmu;

/* A call of the driver has returned: what it changed is in force, or so it says. */
#define CHECK(what) \
	do { \
		if (!(what)) \
			wrong(__LINE__, #what); \
		iom_smmuv3_strict_settled(m.smmu); \
	} while (0)

static void wrong(int line, const char *what)
{
	if (!m.wrong++)
		printf("main.c:%d: not so: %s\n", line, what);
}

/* Does the device reach this page? */
static bool reaches(struct device *d, uint64_t iova, volatile uint64_t *page)
{
	uint64_t val = (uintptr_t)page ^ iova ^ d->sid, got = 0;

	page[1] = val;
	dma_wmb();			/* with the write that would start it */
	if (!dma(d, iova + 8, false, &got) || got != val)
		return false;
	val = ~val;
	return dma(d, iova + 8, true, &val) && page[1] == val;
}

static bool refused(struct device *d, uint64_t iova)
{
	uint64_t val;

	return !dma(d, iova, false, &val);
}

static void events(void)
{
	unsigned int i;
	uint64_t ev[4];

	/* The devices make more while these are read. */
	for (i = 0; i < 16 && smmu_event(&smmu, ev); i++)
		;
}

static volatile uint64_t *map_new(struct smmu_domain *d, uint64_t iova)
{
	volatile uint64_t *page = pages_alloc(1);

	CHECK(page);
	smmu_map(d, iova, (uintptr_t)page);
	return page;
}

static void unmap_and_free(struct smmu_domain *d, uint64_t iova, volatile uint64_t **page,
			   unsigned int n)
{
	CHECK(!smmu_unmap(&smmu, d, iova, n));
	while (n--)
		pages_free(page[n], 1);
}

/* Pages come and go under two domains: devices 0 and 1 in a, 2 in b. */
static void mapping(struct smmu_domain *a, struct smmu_domain *b)
{
	volatile uint64_t *pa[IOVAS], *pb;
	unsigned int i;

	for (i = 0; i < IOVAS; i++)
		pa[i] = map_new(a, IOVA(i));
	pb = map_new(b, IOVA(0));
	for (i = 0; i < IOVAS; i++)
		CHECK(reaches(&m.dev[i & 1], IOVA(i), pa[i]));
	CHECK(reaches(&m.dev[2], IOVA(0), pb));
	events();

	unmap_and_free(a, IOVA(3), &pa[3], 1);
	CHECK(refused(&m.dev[0], IOVA(3)) && refused(&m.dev[1], IOVA(3)));
	CHECK(reaches(&m.dev[0], IOVA(4), pa[4]));
	pa[3] = map_new(a, IOVA(3));
	CHECK(reaches(&m.dev[1], IOVA(3), pa[3]));
	/* As many commands as the queue has entries, then more. */
	unmap_and_free(a, IOVA(0), &pa[0], 7);
	CHECK(refused(&m.dev[0], IOVA(6)));
	CHECK(reaches(&m.dev[2], IOVA(0), pb));
	events();
	for (i = 0; i < 7; i++)
		pa[i] = map_new(a, IOVA(i));
	unmap_and_free(a, IOVA(0), &pa[0], IOVAS);
	CHECK(refused(&m.dev[0], IOVA(11)));
	events();
	unmap_and_free(b, IOVA(0), &pb, 1);
	CHECK(refused(&m.dev[2], IOVA(0)));
	events();
}

/* From domain to domain: device 1 by way of none; 0, and 2 with its ATC, attached. */
static void moving(struct smmu_domain *a, struct smmu_domain *b)
{
	volatile uint64_t *in_a = map_new(a, IOVA(2)), *in_b = map_new(b, IOVA(2));
	struct device *d = m.dev;
	unsigned int i;

	for (i = 0; i < 8; i++) {
		CHECK(reaches(&d[0], IOVA(2), i & 1 ? in_b : in_a));
		CHECK(reaches(&d[2], IOVA(2), i & 1 ? in_a : in_b));
		CHECK(!smmu_move(&smmu, d[0].sid, i & 1 ? a : b));
		CHECK(reaches(&d[0], IOVA(2), i & 1 ? in_a : in_b));
		CHECK(!smmu_move(&smmu, d[2].sid, i & 1 ? b : a));
		CHECK(reaches(&d[2], IOVA(2), i & 1 ? in_b : in_a));
		events();
	}
	CHECK(reaches(&d[1], IOVA(2), in_a));
	CHECK(!smmu_detach(&smmu, d[1].sid));
	CHECK(refused(&d[1], IOVA(2)));
	CHECK(!smmu_attach(&smmu, d[1].sid, b, d[1].ats));
	CHECK(reaches(&d[1], IOVA(2), in_b));
	CHECK(!smmu_move(&smmu, d[2].sid, a));
	unmap_and_free(b, IOVA(2), &in_b, 1);
	CHECK(refused(&d[1], IOVA(2)) && reaches(&d[2], IOVA(2), in_a));
	CHECK(!smmu_move(&smmu, d[0].sid, b) && !smmu_move(&smmu, d[2].sid, b));
	/* Nobody is there any more: page and tables go at once. */
	CHECK(!smmu_domain_free(&smmu, a));
	pages_free(in_a, 1);
	CHECK(!smmu_detach(&smmu, d[0].sid) && !smmu_detach(&smmu, d[1].sid));
	CHECK(refused(&d[0], IOVA(2)));
	events();
}

static void life(void)
{
	struct smmu_domain a, b;
	struct device *d = m.dev;

	CHECK(!smmu_init(&smmu, REGS));
	m.up = true;
	CHECK(!smmu_domain_init(&a, 1) && !smmu_domain_init(&b, 2));
	CHECK(refused(&d[0], IOVA(0)));
	CHECK(!smmu_attach(&smmu, d[0].sid, &a, d[0].ats));
	CHECK(!smmu_attach(&smmu, d[1].sid, &a, d[1].ats));
	CHECK(!smmu_attach(&smmu, d[2].sid, &b, d[2].ats));
	CHECK(refused(&d[0], IOVA(0)));
	mapping(&a, &b);
	moving(&a, &b);
	/* ASID 1 again, for another. */
	CHECK(!smmu_domain_init(&a, 1));
	CHECK(!smmu_attach(&smmu, d[0].sid, &a, d[0].ats));
	CHECK(!smmu_attach(&smmu, d[1].sid, &a, d[1].ats));
	mapping(&a, &b);
	CHECK(!smmu_detach(&smmu, d[0].sid) && !smmu_detach(&smmu, d[1].sid));
	CHECK(!smmu_domain_free(&smmu, &a));
	CHECK(!smmu_detach(&smmu, d[2].sid) && !smmu_domain_free(&smmu, &b));
	m.quiet = true;
	events();
	iom_smmuv3_strict_finish(m.smmu);
}

static int run(uint64_t seed)
{
	memset(&m, 0, sizeof(m));
	if (!machine_open(seed))
		return 2;
	device_add(8, false);
	device_add(9, false);
	device_add(10, true);
	life();
	machine_close();
	if (m.reports) {
		printf("%u reports\nreported at seed %" PRIu64 ": %s\n", m.reports, seed, m.first);
		return 1;
	}
	return m.wrong ? 2 : 0;
}

static int usage(FILE *f)
{
	size_t i;

	fputs("usage: driver-under-test [--seed N] [--seeds N] [--bug NAME] [--record FILE]\n"
	      "Exit status: 0 no report; 1 a report; 2 neither right nor reported.\n\n", f);
	for (i = 0; i < sizeof(bugs) / sizeof(bugs[0]); i++)
		fprintf(f, "  --bug %-18s %s  %s\n", bugs[i].name, bugs[i].rule, bugs[i].what);
	return f == stdout ? 0 : 2;
}

int main(int argc, char **argv)
{
	uint64_t n = 1, i;
	int a, rc = 0;

	for (a = 1; a < argc; a += 2) {
		if (!strcmp(argv[a], "--help"))
			return usage(stdout);
		if (a + 1 == argc)
			return usage(stderr);
		if (!strcmp(argv[a], "--seed"))
			opt.seed = strtoull(argv[a + 1], NULL, 0);
		else if (!strcmp(argv[a], "--seeds"))
			n = strtoull(argv[a + 1], NULL, 0);
		else if (!strcmp(argv[a], "--bug"))
			opt.bug = argv[a + 1];
		else if (strcmp(argv[a], "--record") || !(opt.record = fopen(argv[a + 1], "w")))
			return usage(stderr);
	}
	for (i = 0; i < n && !rc; i++)
		rc = run(opt.seed + i);
	if (!rc)
		printf("no report in %" PRIu64 " runs, seeds from %" PRIu64 "\n", n, opt.seed);
	if (opt.record)
		fclose(opt.record);
	return rc;
}
