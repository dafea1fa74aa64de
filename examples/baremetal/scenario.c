/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Generated scenarios. Each makes domains of random stages, granules and sizes, and
 * then maps, unmaps, attaches and does DMA at random. The oracle is an array a domain of
 * what its pages reach, and in which domain each stream is. Every DMA must reach that and
 * nothing else, or be refused with the one event that is due; what was unmapped, or
 * what a stream has left, is unreachable once the call has returned, although the
 * SMMU has just used it.
 *
 * The arena is all the memory that domains map. Each word of it holds a stamp made of
 * its address, which whoever changed it puts back; at the end all are looked at.
 */
#include "devs.h"
#include "world.h"

#define SPACES		3u
#define PAGES		64u			/* of a window */
#define STEPS		24u
#define ARENA		UINT64_C(0x400000)	/* 64 pages of 64 KiB */
#define BIG		UINT64_C(0x2000000)	/* a block of 16 KiB tables, the arena first */
#define PROT_RW		(IOM_PT_READ | IOM_PT_WRITE)

enum { NOWHERE = -1, IDENTITY = -2 };		/* where a stream is, if not in a domain */

struct space {
	struct iom_domain *d;
	unsigned int stage, lg2, ia_bits;
	uint64_t window;			/* IOVA of page 0 */
	uint64_t pa[PAGES];			/* 0: not mapped */
	unsigned int prot[PAGES];
	bool first[PAGES];			/* a mapping begins here */
	uint64_t big;				/* IOVA of a large mapping of the arena */
	unsigned int big_prot;			/* 0: not mapped */
};

static struct {
	uint64_t seed, rng;
	unsigned int step;
	uint64_t arena;
	struct space space[SPACES];
	unsigned int nr_spaces;
	int where[MACHINE_FNS];
	uint64_t reached, refused, silent, copied;	/* over all scenarios */
} sc;

/* splitmix64 */
static uint64_t rnd(void)
{
	uint64_t z = sc.rng += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static uint64_t below(uint64_t n)
{
	return rnd() % n;
}

void scenario_where(void)
{
	if (sc.seed)
		port_print("scenario with seed %lu, step %u\n", sc.seed, sc.step);
}

/* --- the arena --- */

static uint64_t stamp(uint64_t addr)
{
	return (addr ^ UINT64_C(0x5bd1e9955bd1e995)) * UINT64_C(0x9e3779b97f4a7c15);
}

static uint32_t stamp32(uint64_t addr)
{
	return (uint32_t)(stamp(addr & ~UINT64_C(7)) >> (addr & 4 ? 32 : 0));
}

static void arena_check(void)
{
	const volatile uint64_t *p = (volatile uint64_t *)sc.arena;
	uint64_t i;

	for (i = 0; i < ARENA / 8; i++)
		CHECK(p[i] == stamp(sc.arena + i * 8));
}

static void arena_fill(void)
{
	volatile uint64_t *p = (volatile uint64_t *)sc.arena;
	uint64_t i;

	for (i = 0; i < ARENA / 8; i++)
		p[i] = stamp(sc.arena + i * 8);
}

/* --- the oracle --- */

enum outcome { REACHED, TRANSLATION, PERMISSION, SILENT, BEYOND };

static bool allowed(const struct space *s, unsigned int prot, bool write)
{
	/* Stage 1 has no write without read. */
	if (write || (s->stage == 1 && (prot & IOM_PT_WRITE)))
		return prot & IOM_PT_WRITE;
	return prot & IOM_PT_READ;
}

static enum outcome look_up(const struct space *s, uint64_t iova, bool write, uint64_t *pa)
{
	uint64_t page = (iova - s->window) >> s->lg2, mask = (UINT64_C(1) << s->lg2) - 1;

	if (iova >> s->ia_bits)
		return BEYOND;
	if (s->big_prot && iova - s->big < BIG) {
		*pa = sc.arena + (iova - s->big);
		return allowed(s, s->big_prot, write) ? REACHED : PERMISSION;
	}
	if (iova < s->window || page >= PAGES || !s->pa[page])
		return TRANSLATION;
	*pa = s->pa[page] + (iova & mask);
	return allowed(s, s->prot[page], write) ? REACHED : PERMISSION;
}

static enum outcome outcome_of(unsigned int fn, uint64_t iova, bool write, uint64_t *pa)
{
	*pa = iova;
	if (sc.where[fn] == IDENTITY)
		return REACHED;
	if (sc.where[fn] == NOWHERE)
		return SILENT;
	return look_up(&sc.space[sc.where[fn]], iova, write, pa);
}

/* The event of a refused word, or that there is none. */
static void check_event(unsigned int fn, uint64_t iova, bool write, enum outcome o)
{
	const struct iom_fault *f = &world.fault[0];
	unsigned int n = world_faults();

	if (o == REACHED || o == SILENT) {
		CHECK(!n);
		return;
	}
	/* QEMU tells of an IPA that is too large as the stage-1 fields say: docs/differences.md */
	if (o == BEYOND && sc.space[sc.where[fn]].stage == 2)
		return;
	/* QEMU refuses what stage 2 does not allow without an event, if its TLB knows the page. */
	if (o == PERMISSION && sc.space[sc.where[fn]].stage == 2 && !n)
		return;
	CHECK(n == 1);
	CHECK(f->kind == (o == PERMISSION ? IOM_FAULT_PERMISSION : IOM_FAULT_TRANSLATION));
	CHECK(f->sid == world.fn[fn].sid && f->iova == iova);
	CHECK(!(f->flags & IOM_FAULT_WRITE) == !write);
	CHECK(!(f->flags & IOM_FAULT_STAGE2) == (sc.space[sc.where[fn]].stage == 1));
}

/* --- DMA --- */

static void write_word(unsigned int fn, uint64_t iova)
{
	uint64_t pa;
	enum outcome o = outcome_of(fn, iova, true, &pa);
	bool ok = testdev_write(world.fn[fn].bar, iova);

	CHECK(ok == (o == REACHED));
	check_event(fn, iova, true, o);
	if (ok) {
		CHECK(port_read32(pa) == TESTDEV_WORD);
		port_write32(pa, stamp32(pa));
	}
	sc.reached += ok;
	sc.refused += !ok;
	sc.silent += o == SILENT;
}

/* An IOVA that the stream might use: in its window, in the large mapping, or beyond all. */
static uint64_t some_iova(unsigned int fn)
{
	const struct space *s;

	if (sc.where[fn] < 0)
		return sc.arena + below(ARENA / 4) * 4;
	s = &sc.space[sc.where[fn]];
	switch (below(8)) {
	case 0:
		return s->big + below(ARENA / 4) * 4;
	case 1:
		return s->ia_bits < 48 && !below(4) ?
		       (UINT64_C(1) << s->ia_bits) + s->window : s->window;
	default:
		return s->window + below((uint64_t)PAGES << s->lg2 >> 2) * 4;
	}
}

static bool all_reached(unsigned int fn, uint64_t iova, uint32_t len, bool write)
{
	uint64_t pa;
	uint32_t i;

	for (i = 0; i < len; i += 4) {
		if (outcome_of(fn, iova + i, write, &pa) != REACHED)
			return false;
	}
	return true;
}

/* What edu has read goes to memory by another way, and must be what the oracle says. */
static void copy_out(unsigned int fn, uint64_t src, uint32_t len)
{
	uint64_t dst = some_iova(fn), from, to;
	bool aside = !all_reached(fn, dst, len, true);
	uint32_t i;

	if (aside) {
		dst = sc.arena + below((ARENA - EDU_BYTES) / 4) * 4;
		CHECK(!iom_smmuv3_drv_identity(&world.stream[fn]));
	}
	edu_write(world.fn[fn].bar, dst, len);
	CHECK(!world_faults());
	for (i = 0; i < len; i += 4) {
		(void)outcome_of(fn, src + i, false, &from);
		to = dst + i;
		if (!aside)
			(void)outcome_of(fn, dst + i, true, &to);
		CHECK(port_read32(to) == stamp32(from));
	}
	for (i = 0; i < len; i += 4) {
		to = dst + i;
		if (!aside)
			(void)outcome_of(fn, dst + i, true, &to);
		port_write32(to, stamp32(to));
	}
	if (aside)
		CHECK(!iom_smmuv3_drv_attach(&world.stream[fn], sc.space[sc.where[fn]].d));
	sc.copied++;
}

static void read_words(unsigned int fn)
{
	uint64_t iova = some_iova(fn), pa;
	uint32_t len = 4 * (1 + (uint32_t)below(512));
	enum outcome o;

	if (sc.where[fn] < 0)
		return;
	if (!all_reached(fn, iova, len, false))
		len = 4;
	o = outcome_of(fn, iova, false, &pa);
	edu_read(world.fn[fn].bar, iova, len);
	check_event(fn, iova, false, o);
	if (o == REACHED)
		copy_out(fn, iova, len);
}

/* --- steps --- */

static bool is_testdev(unsigned int fn)
{
	return world.fn[fn].id == TESTDEV_ID;
}

static bool is_ours(unsigned int fn)
{
	return is_testdev(fn) || world.fn[fn].id == EDU_ID;
}

static struct iom_range pages(const struct space *s, uint64_t at, uint64_t n)
{
	return (struct iom_range){ s->window + (at << s->lg2),
				   s->window + ((at + n) << s->lg2) - 1 };
}

static unsigned int some_prot(void)
{
	static const unsigned int rw[4] = { IOM_PT_READ, IOM_PT_WRITE, PROT_RW, PROT_RW };

	return rw[below(4)] | (unsigned int)(rnd() & (IOM_PT_NOEXEC | IOM_PT_CACHE));
}

static void step_map(struct space *s)
{
	uint64_t at = below(PAGES), n, i, pa, frames = ARENA >> s->lg2;
	unsigned int prot = some_prot();
	bool there = false;
	int rc;

	n = 1 + below(PAGES - at > 24 ? 24 : PAGES - at);
	pa = sc.arena + (below(frames - n + 1) << s->lg2);
	for (i = at; i < at + n; i++)
		there |= s->pa[i] != 0;
	rc = iom_domain_map(s->d, pages(s, at, n), pa, prot);
	CHECK(rc == (there ? IOM_EEXIST : IOM_OK));
	for (i = at; !rc && i < at + n; i++) {
		s->pa[i] = pa + ((i - at) << s->lg2);
		s->prot[i] = prot;
		s->first[i] = i == at;
	}
}

/* A stream with a testdev in this domain, or -1. */
static int writer_in(const struct space *s)
{
	unsigned int n = (unsigned int)below(world.nr_fns), i, fn;

	for (i = 0; i < world.nr_fns; i++) {
		fn = (n + i) % world.nr_fns;
		if (is_testdev(fn) && sc.where[fn] == s - sc.space)
			return (int)fn;
	}
	return -1;
}

static void step_unmap(struct space *s)
{
	uint64_t at = below(PAGES), n, last, i, used;
	bool cut, hole;
	int rc, fn = writer_in(s);

	while (at && !s->first[at] && below(16))
		at--;
	n = 1 + below(PAGES - at > 24 ? 24 : PAGES - at);
	while (at + n < PAGES && s->pa[at + n] && !s->first[at + n] && below(16))
		n++;
	last = at + n - 1;
	hole = !s->pa[at] || !s->pa[last];
	cut = (s->pa[at] && !s->first[at]) ||
	      (s->pa[last] && last + 1 < PAGES && s->pa[last + 1] && !s->first[last + 1]);
	/* What the SMMU has just used is what it may have kept. */
	used = s->window + ((below(3) ? at + below(n) : last) << s->lg2) + below(1024) * 4;
	if (fn >= 0)
		write_word((unsigned int)fn, used);
	rc = iom_domain_unmap(s->d, pages(s, at, n));
	CHECK(!rc == (!hole && !cut));
	CHECK(!rc || (rc == IOM_EINVAL && cut) || (rc == IOM_ENOENT && hole));
	for (i = at; !rc && i <= last; i++)
		s->pa[i] = 0;
	if (fn >= 0)
		write_word((unsigned int)fn, used);
}

static void step_big(struct space *s)
{
	const struct iom_range r = { s->big, s->big + BIG - 1 };
	uint64_t used = s->big + below(ARENA / 4) * 4;
	unsigned int prot = some_prot();
	int fn = writer_in(s);

	if (fn >= 0)
		write_word((unsigned int)fn, used);
	if (s->big_prot)
		CHECK(!iom_domain_unmap(s->d, r));
	else
		CHECK(!iom_domain_map(s->d, r, sc.arena, prot));
	s->big_prot = s->big_prot ? 0 : prot;
	if (fn >= 0)
		write_word((unsigned int)fn, used);
}

static bool has_stage(unsigned int smmu, unsigned int stage)
{
	return stage == 1 ? world.caps[smmu].stage1 : world.caps[smmu].stage2;
}

static void step_move(unsigned int fn)
{
	struct iom_smmuv3_stream *st = &world.stream[fn];
	int to = (int)below(sc.nr_spaces + 2) - 2;
	bool can = to < 0 || has_stage(world.fn[fn].smmu, sc.space[to].stage);
	uint64_t used = some_iova(fn);
	int rc;

	if (is_testdev(fn))
		write_word(fn, used);
	rc = to == NOWHERE ? iom_smmuv3_drv_block(st) : to == IDENTITY ?
	     iom_smmuv3_drv_identity(st) : iom_smmuv3_drv_attach(st, sc.space[to].d);
	CHECK(rc == (can ? IOM_OK : IOM_EOPNOTSUPP));
	if (can)
		sc.where[fn] = to;
	/* An IOVA of a domain is no address of memory: not in identity. */
	if (is_testdev(fn) && sc.where[fn] != IDENTITY)
		write_word(fn, used);
}

static void step(void)
{
	struct space *s = &sc.space[below(sc.nr_spaces)];
	unsigned int fn = (unsigned int)below(world.nr_fns), i;

	switch (below(16)) {
	case 0: case 1: case 2:
		if (is_ours(fn))
			step_move(fn);
		break;
	case 3: case 4: case 5: case 6: case 7: case 8:
		step_map(s);
		break;
	case 9: case 10: case 11: case 12: case 13:
		step_unmap(s);
		break;
	default:
		step_big(s);
		break;
	}
	for (i = 0; i < world.nr_fns; i++) {
		if (is_testdev(i))
			write_word(i, some_iova(i));
		else if (is_ours(i) && !below(4))
			read_words(i);
	}
}

/* --- a scenario --- */

/* As many levels as it takes without tables side by side: QEMU reads the first only. */
static uint8_t levels(const struct space *s)
{
	return (uint8_t)((s->ia_bits - s->lg2 + s->lg2 - 4) / (s->lg2 - 3));
}

static void place(struct space *s)
{
	uint64_t size = (uint64_t)PAGES << s->lg2, room = (UINT64_C(1) << s->ia_bits) - size;

	switch (below(4)) {
	case 0:
		s->window = room;
		break;
	case 1:
		s->window = ((below(room >> 25) + 1) << 25) - size / 2;
		break;
	default:
		s->window = below((room >> s->lg2) + 1) << s->lg2;
		break;
	}
	do {
		s->big = below(UINT64_C(1) << (s->ia_bits - 25)) << 25;
	} while (s->big <= s->window + size - 1 && s->window <= s->big + BIG - 1);
}

static void space_init(struct space *s)
{
	const struct iom_smmuv3_drv_caps *c = &world.caps[below(world.m.nr_smmus)];
	struct iom_domain_cfg cfg = { .plat = &port.plat, .dmem = &port.dmem };
	unsigned int bits;

	*s = (struct space){ .stage = c->stage1 && (!c->stage2 || below(2)) ? 1 : 2 };
	do {
		s->lg2 = 12 + 2 * (unsigned int)below(3);
	} while (!(c->page_sizes >> s->lg2 & 1));
	bits = s->stage == 1 ? c->va_bits : c->oas_bits;
	s->ia_bits = 32 + (unsigned int)below((bits < 48 ? bits : 48) - 32 + 1);
	place(s);
	cfg.pt.format = s->stage == 1 ? &iom_pt_arm_s1 : &iom_pt_arm_s2;
	cfg.pt.granule_lg2 = (uint8_t)s->lg2;
	cfg.pt.ia_bits = (uint8_t)s->ia_bits;
	cfg.pt.oa_bits = c->oas_bits;
	cfg.pt.levels = s->stage == 2 ? levels(s) : 0;
	cfg.pt.no_contig = below(2);
	CHECK(!iom_domain_create(&cfg, &s->d));
}

static void scenario(uint64_t seed)
{
	unsigned int i, fn;
	bool used;

	sc.seed = sc.rng = seed;
	sc.nr_spaces = 1 + (unsigned int)below(SPACES);
	for (i = 0; i < sc.nr_spaces; i++)
		space_init(&sc.space[i]);
	for (fn = 0; fn < world.nr_fns; fn++)
		sc.where[fn] = NOWHERE;
	for (fn = 0; fn < world.nr_fns; fn++) {
		if (is_ours(fn))
			step_move(fn);
	}
	for (sc.step = 0; sc.step < STEPS; sc.step++)
		step();
	arena_check();
	for (i = 0; i < sc.nr_spaces; i++) {
		for (used = false, fn = 0; fn < world.nr_fns; fn++)
			used |= sc.where[fn] == (int)i;
		if (used)
			CHECK(iom_domain_destroy(sc.space[i].d) == IOM_EBUSY);
	}
	/* Removing a stream blocks it; each begins the next scenario anew. */
	for (fn = 0; fn < world.nr_fns; fn++) {
		CHECK(!iom_smmuv3_drv_stream_remove(&world.stream[fn]));
		CHECK(!iom_smmuv3_drv_stream_add(world.smmu[world.fn[fn].smmu], &world.stream[fn],
						 world.fn[fn].sid, NULL));
	}
	for (i = 0; i < sc.nr_spaces; i++)
		CHECK(!iom_domain_destroy(sc.space[i].d));
}

void scenario_run(uint64_t seed, unsigned int n)
{
	uint64_t live = 0;
	unsigned int i;
	void *arena;

	if (!n)
		return;
	CHECK(!port.dmem.ops.alloc(&port.dmem, BIG, BIG, &arena, &sc.arena));
	arena_fill();
	for (i = 0; i < n; i++) {
		scenario(seed + i);
		/* Tables of streams stay; nothing else may. */
		CHECK(!i || live == port_live_bytes());
		live = port_live_bytes();
	}
	sc.seed = 0;
	port.dmem.ops.free(&port.dmem, arena, sc.arena, BIG);
	port_print("%u scenarios: %lu words written, %lu refused (%lu without an event), "
		   "%lu copies\n", n, sc.reached, sc.refused, sc.silent, sc.copied);
	/* All of it happened, or nothing was proved; a few scenarios may leave something out. */
	CHECK(n < 50 || (sc.reached > n && sc.refused > n && sc.silent && sc.copied));
}
