/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>
#include <sys/mman.h>

#include "lib/smmu.h"

/* --- memory --- */

void st_poke(struct st *t, uint64_t addr, uint64_t val)
{
	ST_REQUIRE(!iom_gmem_store(&t->own.g, addr, 8, val));
}

uint64_t st_peek(struct st *t, uint64_t addr)
{
	uint64_t val;

	ST_REQUIRE(!iom_gmem_load(&t->own.g, addr, 8, &val));
	return val;
}

void st_poke_n(struct st *t, uint64_t addr, const uint64_t *w, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		st_poke(t, addr + 8 * i, w[i]);
}

uint64_t st_alloc(struct st *t, uint64_t size)
{
	uint64_t at = (t->next + size - 1) & ~(size - 1);

	ST_REQUIRE(at + size <= t->base + ST_SIZE);
	t->next = at + size;
	memset(t->ram + (at - t->base), 0, size);
	return at;
}

void st_set(uint64_t *w, unsigned int hi, unsigned int lo, uint64_t val)
{
	unsigned int n = hi - lo + 1;
	uint64_t mask = n == 64 ? UINT64_MAX : (UINT64_C(1) << n) - 1;

	ST_REQUIRE(hi / 64 == lo / 64 && !(val & ~mask));
	w[lo / 64] = (w[lo / 64] & ~(mask << lo % 64)) | val << lo % 64;
}

uint64_t st_get(const uint64_t *w, unsigned int hi, unsigned int lo)
{
	unsigned int n = hi - lo + 1;

	return w[lo / 64] >> lo % 64 & (n == 64 ? UINT64_MAX : (UINT64_C(1) << n) - 1);
}

/* --- registers --- */

static bool wide(uint64_t reg)
{
	return reg == ST_STRTAB_BASE || reg == ST_CMDQ_BASE || reg == ST_EVENTQ_BASE ||
	       reg == ST_GERROR_IRQ_CFG0 || reg == ST_EVENTQ_IRQ_CFG0 ||
	       reg == ST_PRIQ_BASE || reg == ST_PRIQ_IRQ_CFG0;
}

void st_w(struct st *t, uint64_t reg, uint64_t val)
{
	ST_REQUIRE(!iom_smmuv3_dev_write(t->s, reg, wide(reg) ? 8 : 4, val));
}

uint64_t st_r(struct st *t, uint64_t reg)
{
	uint64_t val;

	ST_REQUIRE(!iom_smmuv3_dev_read(t->s, reg, wide(reg) ? 8 : 4, &val));
	return val;
}

/* --- life --- */

static void on_irq(void *arg, enum iom_smmuv3_irq which)
{
	((struct st *)arg)->irqs[which]++;
}

static void on_sev(void *arg)
{
	((struct st *)arg)->sevs++;
}

static void on_wake(void *arg)
{
	((struct st *)arg)->wakes++;
}

struct iom_smmuv3_dev_cfg st_cfg(void)
{
	struct iom_smmuv3_dev_cfg cfg = { .tlb_entries = 256, .config_entries = 16, .aidr = 2 };

	iom_smmuv3_dev_default_idr(cfg.idr);
	return cfg;
}

void st_open_off(struct st *t, const struct iom_smmuv3_dev_cfg *cfg, uint64_t base)
{
	struct iom_smmuv3_dev_cfg c = *cfg;

	memset(t, 0, sizeof(*t));
	plat_test_init(&t->pt);
	t->base = t->next = base;
	/* zeroed where it is touched: tests open thousands of these */
	t->ram = mmap(NULL, ST_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ST_REQUIRE(t->ram != MAP_FAILED);
	ST_REQUIRE(!iom_gmem_flat_init(&t->own, base, t->ram, ST_SIZE));
	ST_REQUIRE(!iom_gmem_flat_init(&t->dma, base, t->ram, ST_SIZE));
	if (!c.plat)
		c.plat = &t->pt.plat;
	c.gmem = &t->own.g;
	c.irq = on_irq;
	c.sev = on_sev;
	c.wake = on_wake;
	c.arg = t;
	ST_REQUIRE(!iom_smmuv3_dev_create(&c, &t->s, NULL));
	ST_REQUIRE(!iom_smmuv3_dev_port_init(&t->port, t->s, 0, &t->dma.g));
	iom_access_join(&t->access, iom_smmuv3_dev_gate(t->s));
	t->strtab = st_alloc(t, UINT64_C(64) << ST_SIDS_LG2);
	t->cmdq = st_alloc(t, UINT64_C(16) << ST_CMDQ_LG2);
	t->evtq = st_alloc(t, UINT64_C(32) << ST_EVTQ_LG2);
}

void st_enable(struct st *t)
{
	st_w(t, ST_CR1, 0xd75);
	st_w(t, ST_STRTAB_BASE, t->strtab);
	st_w(t, ST_STRTAB_BASE_CFG, ST_SIDS_LG2);
	st_w(t, ST_CMDQ_BASE, t->cmdq | ST_CMDQ_LG2);
	st_w(t, ST_EVENTQ_BASE, t->evtq | ST_EVTQ_LG2);
	st_w(t, ST_CR0, 8);
	st_flush(t);
	st_w(t, ST_CR0, 8 | 4);
	st_w(t, ST_IRQ_CTRL, 5);
	st_w(t, ST_CR0, 8 | 4 | 1);
}

void st_open(struct st *t, const struct iom_smmuv3_dev_cfg *cfg, uint64_t base)
{
	st_open_off(t, cfg, base);
	st_enable(t);
}

void st_close(struct st *t)
{
	iom_access_leave(&t->access);
	iom_smmuv3_dev_port_fini(&t->port);
	ST_REQUIRE(!iom_smmuv3_dev_destroy(t->s));
	ST_REQUIRE(!plat_test_live(&t->pt));
	munmap(t->ram, ST_SIZE);
}

/* --- commands --- */

void st_cmd_put(struct st *t, uint64_t w0, uint64_t w1)
{
	uint32_t prod = (uint32_t)st_r(t, ST_CMDQ_PROD), size = 1u << ST_CMDQ_LG2;
	uint64_t at = t->cmdq + 16 * (uint64_t)(prod & (size - 1));

	st_poke(t, at, w0);
	st_poke(t, at + 8, w1);
}

void st_cmd(struct st *t, uint64_t w0, uint64_t w1)
{
	uint32_t prod = (uint32_t)st_r(t, ST_CMDQ_PROD), wrap = 1u << ST_CMDQ_LG2;

	ST_REQUIRE((prod ^ st_r(t, ST_CMDQ_CONS)) != wrap);
	st_cmd_put(t, w0, w1);
	st_w(t, ST_CMDQ_PROD, (prod + 1) & (2 * wrap - 1));
}

void st_sync(struct st *t)
{
	unsigned int n;

	st_cmd(t, ST_SYNC, 0);
	/* Only STEP needs the reads; each lets it do some commands. */
	for (n = 0; n < 1000; n++) {
		if (st_r(t, ST_CMDQ_CONS) == st_r(t, ST_CMDQ_PROD))
			return;
		iom_smmuv3_dev_run(t->s);
	}
	ST_REQUIRE(false && "CMD_SYNC completes");
}

void st_cfgi_ste(struct st *t, uint32_t sid)
{
	st_cmd(t, ST_CFGI_STE | (uint64_t)sid << 32, 1);
}

void st_cfgi_cd(struct st *t, uint32_t sid, uint32_t ssid)
{
	st_cmd(t, ST_CFGI_CD | 1 << 11 | (uint64_t)ssid << 12 | (uint64_t)sid << 32, 1);
}

void st_cfgi_all(struct st *t)
{
	st_cmd(t, ST_CFGI_STE_RANGE, 31);
}

void st_tlbi(struct st *t, unsigned int op, uint16_t vmid, uint16_t asid, uint64_t addr)
{
	st_cmd(t, op | (uint64_t)vmid << 32 | (uint64_t)asid << 48, addr & ~UINT64_C(0xfff));
}

void st_flush(struct st *t)
{
	st_cfgi_all(t);
	st_cmd(t, ST_NSNH_ALL, 0);
	if (st_r(t, ST_IDR0) >> 9 & 1)
		st_cmd(t, ST_EL2_ALL, 0);
	st_sync(t);
}

/* --- events --- */

bool st_event(struct st *t, uint64_t ev[4])
{
	uint32_t prod = (uint32_t)st_r(t, ST_EVENTQ_PROD), cons = (uint32_t)st_r(t, ST_EVENTQ_CONS);
	uint32_t size = 1u << ST_EVTQ_LG2, i;

	if (!((prod ^ cons) & (2 * size - 1)))
		return false;
	for (i = 0; i < 4; i++)
		ev[i] = st_peek(t, t->evtq + 32 * (uint64_t)(cons & (size - 1)) + 8 * i);
	st_w(t, ST_EVENTQ_CONS, ((cons + 1) & (2 * size - 1)) | (prod & 1u << 31));
	return true;
}

unsigned int st_event_id(struct st *t)
{
	uint64_t ev[4];

	return st_event(t, ev) ? (unsigned int)(ev[0] & 0xff) : 0;
}

/* --- structures --- */

void st_ste_init(uint64_t ste[8], unsigned int config)
{
	memset(ste, 0, 64);
	st_set(ste, 0, 0, 1);
	st_set(ste, 3, 1, config);
	st_set(ste, 109, 108, 1);
}

void st_ste_s1(uint64_t ste[8], uint64_t cdptr, unsigned int cdmax, unsigned int fmt,
	       unsigned int dss)
{
	ste[0] |= cdptr;
	st_set(ste, 5, 4, fmt);
	st_set(ste, 63, 59, cdmax);
	st_set(ste, 65, 64, dss);
	st_set(ste, 71, 66, 0x35);
}

static unsigned int s2tg(const struct st_tables *tb)
{
	return tb->granule == 12 ? 0 : tb->granule == 16 ? 1 : 2;
}

void st_ste_s2(uint64_t ste[8], const struct st_tables *s2, uint16_t vmid)
{
	st_set(ste, 143, 128, vmid);
	st_set(ste, 165, 160, 64 - s2->bits);
	if (s2->start == -1)
		st_set(ste, 194, 194, 1);
	else
		st_set(ste, 167, 166, (unsigned int)((s2->granule == 12 ? 2 : 3) - s2->start) & 3);
	st_set(ste, 173, 168, 0x35);
	st_set(ste, 175, 174, s2tg(s2));
	st_set(ste, 178, 176, s2->ps);
	st_set(ste, 179, 179, 1);
	st_set(ste, 186, 186, 1);
	st_set(ste, 195, 195, s2->ds);
	ste[3] |= s2->root - s2->off;
}

void st_cd_init(uint64_t cd[8], const struct st_tables *s1, uint16_t asid, bool high)
{
	unsigned int at = high ? 16 : 0;

	memset(cd, 0, 64);
	st_set(cd, 14, 14, high);
	st_set(cd, 30, 30, !high);
	st_set(cd, at + 5, at, 64 - s1->bits);
	st_set(cd, at + 7, at + 6, !high ? s2tg(s1) : s1->granule == 12 ? 2 :
				   s1->granule == 14 ? 1 : 3);
	st_set(cd, at + 13, at + 8, 0x35);
	st_set(cd, 31, 31, 1);
	st_set(cd, 34, 32, s1->ps);
	st_set(cd, 41, 41, 1);
	st_set(cd, 46, 45, 3);
	st_set(cd, 63, 48, asid);
	cd[high ? 2 : 1] |= s1->root - s1->off;
	st_set(cd, 186, 186, s1->ds);
	cd[3] = ST_MAIR;
}

/* 3.21.3.1: V = 0; what is new, but the word with V; that word. CFGI and CMD_SYNC behind each. */
void st_ste_put(struct st *t, uint32_t sid, const uint64_t ste[8])
{
	uint64_t at = t->strtab + 64 * (uint64_t)sid;

	st_poke(t, at, 0);
	st_cfgi_ste(t, sid);
	st_sync(t);
	st_poke_n(t, at + 8, ste + 1, 7);
	st_cfgi_ste(t, sid);
	st_sync(t);
	st_poke(t, at, ste[0]);
	st_cfgi_ste(t, sid);
	st_sync(t);
}

void st_cd_put(struct st *t, uint64_t addr, uint32_t sid, uint32_t ssid, const uint64_t cd[8])
{
	st_poke(t, addr, 0);
	st_cfgi_cd(t, sid, ssid);
	st_sync(t);
	st_poke_n(t, addr + 8, cd + 1, 7);
	st_cfgi_cd(t, sid, ssid);
	st_sync(t);
	st_poke(t, addr, cd[0]);
	st_cfgi_cd(t, sid, ssid);
	st_sync(t);
}

/* --- page tables --- */

unsigned int st_shift(const struct st_tables *tb, int level)
{
	return tb->granule + (unsigned int)(3 - level) * (tb->granule - 3);
}

void st_tables_init(struct st *t, struct st_tables *tb, unsigned int stage, unsigned int granule,
		    unsigned int bits, int start, bool ds, unsigned int ps)
{
	unsigned int index;
	int level;

	memset(tb, 0, sizeof(*tb));
	tb->stage = stage;
	tb->granule = granule;
	tb->bits = bits;
	tb->ds = ds;
	tb->wide = granule == 16;
	tb->ps = ps;
	/* Deepest first, until the table has as many entries as one may have. */
	for (level = 3; bits > st_shift(tb, level) + granule - 3; level--)
		;
	tb->start = start == 9 ? level : start;
	index = bits - st_shift(tb, tb->start) + 3;
	tb->root = st_alloc(t, UINT64_C(1) << (index < 6 ? 6 : index));
}

uint64_t st_oa(const struct st_tables *tb, uint64_t oa)
{
	uint64_t low = oa & ((UINT64_C(1) << 48) - 1);

	if (tb->ds)
		return (oa & ((UINT64_C(1) << 50) - 1)) | (oa >> 50 & 3) << 8;
	return tb->wide ? low | (oa >> 48 & 0xf) << 12 : low;
}

/* The other way. */
static uint64_t table_at(const struct st_tables *tb, uint64_t desc)
{
	uint64_t low = desc >> tb->granule << tb->granule & ((UINT64_C(1) << 48) - 1);

	if (tb->ds)
		return low | (desc >> 48 & 3) << 48 | (desc >> 8 & 3) << 50;
	return tb->wide ? low | (desc >> 12 & 0xf) << 48 : low;
}

uint64_t st_slot(struct st *t, const struct st_tables *tb, uint64_t ia, int level)
{
	uint64_t table = tb->root, at, desc;
	int l;

	ia &= (UINT64_C(1) << tb->bits) - 1;
	for (l = tb->start; ; l++) {
		at = ia >> st_shift(tb, l);
		if (l != tb->start)
			at &= (UINT64_C(1) << (tb->granule - 3)) - 1;
		at = table + 8 * at;
		if (l == level)
			return at;
		desc = st_peek(t, at);
		if ((desc & 3) != 3) {
			desc = st_oa(tb, st_alloc(t, UINT64_C(1) << tb->granule) - tb->off) | 3;
			st_poke(t, at, desc);
		}
		table = table_at(tb, desc) + tb->off;
	}
}

int st_end(struct st *t, const struct st_tables *tb, uint64_t ia)
{
	uint64_t table = tb->root, at, desc;
	int l;

	ia &= (UINT64_C(1) << tb->bits) - 1;
	for (l = tb->start; l < 3; l++) {
		at = ia >> st_shift(tb, l);
		if (l != tb->start)
			at &= (UINT64_C(1) << (tb->granule - 3)) - 1;
		desc = st_peek(t, table + 8 * at);
		if ((desc & 3) != 3)
			return l;
		table = table_at(tb, desc) + tb->off;
	}
	return 3;
}

void st_map(struct st *t, const struct st_tables *tb, uint64_t ia, uint64_t oa, int level,
	    uint64_t bits)
{
	if (tb->ds)
		bits &= ~(UINT64_C(3) << 8);
	st_poke(t, st_slot(t, tb, ia, level), st_oa(tb, oa) | bits | (level == 3 ? 3 : 1));
}

/* --- whole streams --- */

void st_stream_put(struct st *t, struct st_stream *x)
{
	if (x->cdptr)
		st_cd_put(t, x->cdptr, x->sid, 0, x->cd);
	st_ste_put(t, x->sid, x->ste);
	st_flush(t);
}

static void stage1(struct st *t, struct st_stream *x, uint64_t off)
{
	st_tables_init(t, &x->s1, 1, 12, 48, 9, false, 5);
	x->s1.off = off;
	x->cdptr = st_alloc(t, 64);
	st_cd_init(x->cd, &x->s1, ST_ASID, false);
	st_ste_s1(x->ste, x->cdptr - off, 0, 0, 0);
	st_set(x->ste, 143, 128, ST_VMID);
}

static void stage2(struct st *t, struct st_stream *x)
{
	st_tables_init(t, &x->s2, 2, 12, 40, 1, false, 5);
	st_ste_s2(x->ste, &x->s2, ST_VMID);
}

static void stream(struct st_stream *x, uint32_t sid, unsigned int config)
{
	memset(x, 0, sizeof(*x));
	x->sid = sid;
	st_ste_init(x->ste, config);
}

void st_stream_s1(struct st *t, struct st_stream *x, uint32_t sid)
{
	stream(x, sid, 5);
	stage1(t, x, 0);
	st_stream_put(t, x);
}

void st_stream_s2(struct st *t, struct st_stream *x, uint32_t sid)
{
	stream(x, sid, 6);
	stage2(t, x);
	st_stream_put(t, x);
}

void st_stream_nested(struct st *t, struct st_stream *x, uint32_t sid)
{
	uint64_t i;

	stream(x, sid, 7);
	stage2(t, x);
	for (i = 0; i < ST_SIZE; i += 1 << 21)
		st_map(t, &x->s2, ST_IPA + i, t->base + i, 2, ST_S2_RW);
	stage1(t, x, t->base - ST_IPA);
	st_stream_put(t, x);
}

/* --- translations --- */

struct st_out st_xlate_sid(struct st *t, uint32_t sid, uint64_t iova, uint64_t len,
			   unsigned int access)
{
	struct st_out o;

	memset(&o, 0, sizeof(o));
	if (t->port.sid != sid) {
		t->port.sid = sid;
		t->port.gen = 0;
	}
	ST_REQUIRE(!iom_gmem_begin(&t->dma.g));
	iom_access_begin(&t->access);
	o.rc = iom_smmuv3_dev_translate(&t->port, iova, len, access, &o.res, o.ev);
	iom_access_end(&t->access);
	iom_gmem_end(&t->dma.g);
	ST_REQUIRE(o.rc == IOM_OK || o.rc == IOM_EFAULT || o.rc == IOM_EACCES);
	ST_REQUIRE(o.rc || (o.res.len && o.res.len <= len));
	return o;
}

struct st_out st_xlate(struct st *t, uint64_t iova, unsigned int access)
{
	return st_xlate_sid(t, 0, iova, 1, access);
}

struct st_out st_walk(struct st *t, uint32_t sid, uint64_t iova, uint64_t len,
		      unsigned int access)
{
	struct st_out o;

	memset(&o, 0, sizeof(o));
	if (t->port.sid != sid) {
		t->port.sid = sid;
		t->port.gen = 0;
	}
	ST_REQUIRE(!iom_gmem_begin(&t->dma.g));
	iom_access_begin(&t->access);
	o.rc = iom_smmuv3_dev_walk(&t->port, iova, len, access, &o.res, o.ev);
	iom_access_end(&t->access);
	iom_gmem_end(&t->dma.g);
	return o;
}

bool st_goes(struct st *t, uint64_t iova, unsigned int access, uint64_t pa)
{
	struct st_out a = st_xlate(t, iova, access), b = st_walk(t, 0, iova, 1, access);

	return !a.rc && !b.rc && a.res.pa == pa && b.res.pa == pa && !a.res.raz_wi &&
	       a.res.memattr == b.res.memattr && a.res.sh == b.res.sh;
}

bool st_refused(struct st *t, uint64_t iova, unsigned int access, unsigned int id,
		uint64_t ev[4])
{
	struct st_out a = st_xlate(t, iova, access);
	uint64_t got[4] = { 0 };
	bool any = st_event(t, got);

	if (ev)
		memcpy(ev, got, sizeof(got));
	return a.rc && !memcmp(got, a.ev, sizeof(got)) && any == !!id && (got[0] & 0xff) == id;
}
