/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Saved state of the SMMUv3: a second SMMU that takes over at any step, with
 * commands waiting and event queues full, goes on like the first; damaged and
 * impossible streams are refused with nothing changed. And creation when
 * memory runs out.
 */
#include <iom/base/endian.h>
#include <iom/base/state.h>

#include "lib/smmu.h"
#include "lib/test.h"

#define BASE	UINT64_C(0x80000000)
#define VA	UINT64_C(0x7f0000200000)
#define PA	UINT64_C(0xabc00000)
#define STREAM	512u		/* more than a stream has */
#define MAGIC	0x554d4d53u
#define HEAD	16u		/* magic, version, length of the body */

static const uint32_t regs[] = {
	0x20, 0x24, 0x28, 0x2c, 0x44, 0x50, 0x54, 0x60, 0x64, 0x70, 0x74, 0x88, 0xb8, 0xbc,
	0x68, 0x6c, 0x80, 0x84, 0x90, 0x94, 0xa0, 0xa4, 0xb0, 0xb4, 0x98, 0x9c, 0x100a8, 0x100ac,
	0xc0, 0xc4, 0xd0, 0xd4, 0xd8, 0xdc, 0x100c8, 0x100cc,
};

/* With ATS and PRI, which have registers of their own. */
static struct iom_smmuv3_dev_cfg all_cfg(void)
{
	struct iom_smmuv3_dev_cfg cfg = st_cfg();

	iom_smmuv3_dev_ats_idr(cfg.idr);
	return cfg;
}

/* Every register equal; in STEP mode looking lets both go on alike. */
static void same_registers(struct st *a, struct st *b)
{
	uint64_t va, vb;
	unsigned int i;

	for (i = 0; i < sizeof(regs) / sizeof(regs[0]); i++) {
		assert_int_equal(iom_smmuv3_dev_read(a->s, regs[i], 4, &va), 0);
		assert_int_equal(iom_smmuv3_dev_read(b->s, regs[i], 4, &vb), 0);
		assert_int_equal(va, vb);
	}
}

static size_t save(struct st *t, uint8_t *buf)
{
	size_t len, need;

	assert_int_equal(iom_smmuv3_dev_save(t->s, NULL, 0, &need), IOM_ENOSPC);
	assert_true(need <= STREAM);
	assert_int_equal(iom_smmuv3_dev_save(t->s, buf, need - 1, &len), IOM_ENOSPC);
	assert_int_equal(iom_smmuv3_dev_save(t->s, buf, STREAM, &len), IOM_OK);
	assert_int_equal(len, need);
	return len;
}

/* A copy of t on another SMMU. */
static void take_over(struct st *from, struct st *to, const struct iom_smmuv3_dev_cfg *cfg)
{
	uint8_t buf[STREAM];
	size_t len = save(from, buf), used;

	st_open_off(to, cfg, BASE);
	memcpy(to->ram, from->ram, ST_SIZE);
	to->next = from->next;
	assert_int_equal(iom_smmuv3_dev_restore(to->s, buf, len, &used), IOM_OK);
	assert_int_equal(used, len);
}

/* One thing that software or a device does, alike to both. */
static void step(struct test_rng *rng, struct st *a, struct st *b, const struct st_stream *x)
{
	uint64_t r = test_rng_u64(rng), val;
	struct st *t[2] = { a, b };
	struct st_out o[2];
	unsigned int i;

	for (i = 0; i < 2 && t[i]; i++) {
		uint32_t prod = (uint32_t)st_r(t[i], ST_CMDQ_PROD);
		uint32_t room = (uint32_t)st_r(t[i], ST_CMDQ_CONS) & 127;

		switch (r % 10) {
		case 0: case 1:
			if ((prod ^ room) == 1u << ST_CMDQ_LG2)
				break;
			st_cmd_put(t[i], r >> 8 & 1 ? ST_SYNC : r >> 9 & 1 ? ST_NSNH_ALL :
				   r >> 10 & 7 ? ST_CFGI_CD_ALL : 0xee, 0);
			st_w(t[i], ST_CMDQ_PROD, (prod + 1) & (2 * (1u << ST_CMDQ_LG2) - 1));
			break;
		case 2:
			st_w(t[i], ST_GERRORN, st_r(t[i], ST_GERROR));
			break;
		case 3:
			st_w(t[i], ST_EVENTQ_CONS, (r >> 8 & 31) | (r & 1u << 31));
			break;
		case 4:
			st_w(t[i], ST_CR0, r >> 8 & 0xd);
			break;
		case 5:
			val = r >> 8 & 0xffffff;
			st_w(t[i], r >> 40 & 1 ? ST_IRQ_CTRL : ST_GBPA, val | 1u << 31);
			break;
		case 6:
			st_w(t[i], r >> 40 & 1 ? ST_EVENTQ_IRQ_CFG0 : ST_GERROR_IRQ_CFG0,
			     r >> 63 ? 0 : (x->cdptr + 0x800) & ~UINT64_C(3));
			break;
		case 7:
			st_w(t[i], ST_CR1, r);
			st_w(t[i], ST_CR2, r >> 32);
			break;
		default:
			o[i] = st_xlate(t[i], VA + (r >> 8 & 0x3000), ST_R);
			break;
		}
	}
	if (b && r % 10 > 7) {
		assert_int_equal(o[0].rc, o[1].rc);
		assert_memory_equal(o[0].ev, o[1].ev, sizeof(o[0].ev));
		assert_int_equal(o[0].res.pa, o[1].res.pa);
	}
}

static void at_any_step(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = all_cfg();
	unsigned int i, k, mode;
	struct st_stream x;
	struct test_rng rng;
	struct st a, b;

	(void)state;
	test_rng_init(&rng);
	for (mode = 0; mode < 3; mode++) {
		cfg.mode = (enum iom_smmuv3_mode)mode;
		st_open(&a, &cfg, BASE);
		st_stream_s1(&a, &x, 0);
		st_map(&a, &x.s1, VA, PA, 3, ST_S1_RW);
		for (i = 0; i < 50; i++) {
			for (k = (unsigned int)test_rng_below(&rng, 6); k; k--)
				step(&rng, &a, NULL, &x);
			/* What the caches of one still hold, the other has to fetch. */
			if (mode != IOM_SMMUV3_INLINE)
				while (iom_smmuv3_dev_run(a.s) == IOM_EAGAIN)
					;
			take_over(&a, &b, &cfg);
			same_registers(&a, &b);
			for (k = 0; k < 10; k++)
				step(&rng, &a, &b, &x);
			same_registers(&a, &b);
			st_close(&b);
		}
		st_close(&a);
	}
}

/* Commands that waited, a SYNC that waited for an access, and a full event queue. */
static void with_full_queues(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = all_cfg();
	struct st_stream x;
	unsigned int i;
	uint32_t at;
	struct st a, b;
	uint64_t ev[4];

	(void)state;
	cfg.mode = IOM_SMMUV3_STEP;
	st_open(&a, &cfg, BASE);
	st_stream_s1(&a, &x, 0);
	for (i = 0; i < 20; i++)
		assert_int_equal(st_xlate(&a, VA + i * 0x1000, ST_R).rc, IOM_EFAULT);
	at = (uint32_t)st_r(&a, ST_CMDQ_CONS);
	iom_access_begin(&a.access);
	for (i = 0; i < 64; i++)
		st_cmd_put(&a, ST_NSNH_ALL, 0);
	for (i = 0; i < 64; i++)
		st_poke(&a, a.cmdq + 16 * i, i == (at & 63) ? ST_SYNC : ST_NSNH_ALL);
	st_w(&a, ST_CMDQ_PROD, at ^ 64);
	st_w(&a, ST_CR0, 12);	/* and an acknowledgement that waits */
	assert_int_equal(st_r(&a, ST_CMDQ_CONS), at);
	assert_int_equal(st_r(&a, ST_CR0ACK), 13);
	take_over(&a, &b, &cfg);
	iom_access_end(&a.access);
	for (i = 0; i < 100; i++)
		st_r(&b, ST_CMDQ_CONS);
	assert_int_equal(st_r(&b, ST_CMDQ_CONS), at ^ 64);
	assert_int_equal(st_r(&b, ST_CR0ACK), 12);
	assert_int_equal(st_r(&b, ST_EVENTQ_PROD), 0x80000010);
	for (i = 0; i < 16; i++) {
		assert_true(st_event(&b, ev));
		assert_int_equal(ev[2], VA + i * 0x1000);
	}
	st_close(&b);
	st_close(&a);
}

/* --- refusals --- */

static void damaged(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = all_cfg();
	uint8_t good[STREAM], bad[STREAM], now[STREAM];
	struct st_stream x;
	size_t len, used, i;
	struct st t;

	(void)state;
	st_open(&t, &cfg, BASE);
	st_stream_s1(&t, &x, 0);
	len = save(&t, good);
	for (i = 0; i < len; i++) {
		assert_int_equal(iom_smmuv3_dev_restore(t.s, good, i, &used), IOM_EINVAL);
		memcpy(bad, good, len);
		bad[i] ^= (uint8_t)(1 + i % 255);
		assert_int_equal(iom_smmuv3_dev_restore(t.s, bad, len, &used), IOM_EINVAL);
	}
	assert_int_equal(save(&t, now), len);
	assert_memory_equal(now, good, len);
	st_close(&t);
}

/* A record with these words as its body. */
static size_t wrap(uint8_t *buf, const uint8_t *body, size_t n)
{
	struct iom_state_w w = { buf, STREAM, 0 };
	size_t at = iom_state_w_begin(&w, MAGIC, 2), len;

	iom_state_w_bytes(&w, body, n);
	iom_state_w_end(&w, at);
	assert_int_equal(iom_state_w_done(&w, &len), IOM_OK);
	return len;
}

/* Bodies that are whole but say what registers cannot: refused; the rest is taken as it is. */
static void impossible(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = all_cfg();
	uint8_t good[STREAM], body[STREAM], bad[STREAM], now[STREAM];
	unsigned int taken = 0, refused = 0, i;
	size_t len, used, n, blen;
	struct test_rng rng;
	struct st t;

	(void)state;
	test_rng_init(&rng);
	cfg.mode = IOM_SMMUV3_STEP;
	st_open(&t, &cfg, BASE);
	len = save(&t, good);
	n = len - HEAD - 4;
	memcpy(body, good + HEAD, n);
	assert_int_equal(wrap(bad, body, n), len);
	assert_memory_equal(bad, good, len);
	for (i = 0; i < 20000; i++) {
		size_t bit = test_rng_below(&rng, 8 * n);

		memcpy(body, good + HEAD, n);
		body[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (test_rng_below(&rng, 4) == 0)
			body[test_rng_below(&rng, n)] = (uint8_t)test_rng_u64(&rng);
		blen = wrap(bad, body, n);
		if (iom_smmuv3_dev_restore(t.s, bad, blen, &used)) {
			refused++;
			assert_int_equal(save(&t, now), len);
			assert_memory_equal(now, good, len);
			continue;
		}
		taken++;
		assert_int_equal(save(&t, now), len);
		assert_memory_equal(now, bad, len);
		assert_int_equal(iom_smmuv3_dev_restore(t.s, good, len, &used), IOM_OK);
	}
	printf("%u taken, %u refused\n", taken, refused);
	assert_true(taken > 1000 && refused > 1000);
	/* Too short, too long, another version. */
	blen = wrap(bad, body, n - 1);
	assert_int_equal(iom_smmuv3_dev_restore(t.s, bad, blen, &used), IOM_EINVAL);
	body[n] = 0;
	blen = wrap(bad, body, n + 1);
	assert_int_equal(iom_smmuv3_dev_restore(t.s, bad, blen, &used), IOM_EINVAL);
	st_close(&t);
}

/* Another SMMU's state. */
static void other_idr(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = all_cfg();
	uint8_t buf[STREAM];
	size_t len, used;
	struct st a, b;

	(void)state;
	st_open(&a, &cfg, BASE);
	len = save(&a, buf);
	cfg.idr[3] &= ~(1u << 10);
	st_open(&b, &cfg, BASE);
	assert_int_equal(iom_smmuv3_dev_restore(b.s, buf, len, &used), IOM_EINVAL);
	st_close(&b);
	cfg = all_cfg();
	cfg.iidr = 1;
	st_open(&b, &cfg, BASE);
	assert_int_equal(iom_smmuv3_dev_restore(b.s, buf, len, &used), IOM_EINVAL);
	st_close(&b);
	st_close(&a);
}

/* --- creation without memory; reset --- */

static void no_memory(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = all_cfg();
	struct iom_smmuv3_port port;
	struct iom_smmuv3_dev *s;
	struct st t;
	long live, n;
	int rc;

	(void)state;
	st_open(&t, &cfg, BASE);
	cfg.plat = &t.pt.plat;
	cfg.gmem = &t.own.g;
	live = plat_test_live(&t.pt);
	for (n = 1; ; n++) {
		s = NULL;
		plat_test_fail_nth(&t.pt, n);
		rc = iom_smmuv3_dev_create(&cfg, &s, NULL);
		if (!rc) {
			rc = iom_smmuv3_dev_port_init(&port, s, 0, &t.dma.g);
			if (!rc) {
				assert_int_equal(iom_smmuv3_dev_destroy(s), IOM_EBUSY);
				iom_smmuv3_dev_port_fini(&port);
			}
			assert_int_equal(iom_smmuv3_dev_destroy(s), IOM_OK);
		} else {
			assert_null(s);
		}
		assert_int_equal(plat_test_live(&t.pt), live);
		if (!plat_test_failed(&t.pt))
			break;
		assert_int_equal(rc, IOM_ENOMEM);
	}
	assert_true(n > 8);
	plat_test_fail_nth(&t.pt, 0);
	st_close(&t);
}

/* Nothing that a guest does allocates. */
static void no_allocation_later(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = all_cfg();
	struct st_stream x;
	unsigned int i;
	long allocs;
	struct st t;

	(void)state;
	st_open(&t, &cfg, BASE);
	allocs = t.pt.nr_allocs;
	for (i = 0; i < 64; i++)
		st_stream_nested(&t, &x, i % 8);
	st_xlate(&t, VA, ST_R);
	iom_smmuv3_dev_reset(t.s);
	assert_int_equal(t.pt.nr_allocs, allocs);
	/* Reset: as after power-on, caches too. */
	assert_int_equal(st_r(&t, ST_CR0), 0);
	assert_int_equal(st_r(&t, ST_CMDQ_PROD), 0);
	assert_true(st_goes(&t, 0x1234, ST_W, 0x1234));
	st_close(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(at_any_step),
		cmocka_unit_test(with_full_queues),
		cmocka_unit_test(damaged),
		cmocka_unit_test(impossible),
		cmocka_unit_test(other_idr),
		cmocka_unit_test(no_memory),
		cmocka_unit_test(no_allocation_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
