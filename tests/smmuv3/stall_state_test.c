/* SPDX-License-Identifier: BSD-2-Clause */
/* Stalls that nobody waits for: given up, saved and restored; and creation without memory. */
#include "lib/smmu_stall.h"
#include "lib/test.h"

#define VA	UINT64_C(0x7f0000123000)

static bool no_event(struct st *t)
{
	uint64_t ev[4];

	return !st_event(t, ev);
}

/* A device that gives up leaves a STAG to be answered; the same fault of another takes it. */
static void given_up(void **state)
{
	struct st_world w;
	struct st_dev d;
	unsigned int stag;

	(void)state;
	st_world_s1(&w, 2);
	st_dev_init(&w.t, &d, 0);
	assert_int_equal(st_dev_go(&w.d, VA, ST_R).rc, IOM_EAGAIN);
	stag = st_stag_of(&w.t);
	iom_smmuv3_dev_port_forget(&w.d.port);
	assert_false(iom_smmuv3_dev_port_waits(&w.d.port));
	/* Not the same fault: a write. */
	assert_int_equal(st_dev_go(&d, VA, ST_W).rc, IOM_EAGAIN);
	assert_true(st_stag_of(&w.t) != stag);
	iom_smmuv3_dev_port_forget(&d.port);
	/* No STAG is left for another; who waits for one may give up, too. */
	assert_int_equal(st_dev_go(&d, VA + 0x1000, ST_R).rc, IOM_EAGAIN);
	assert_true(no_event(&w.t));
	iom_smmuv3_dev_port_forget(&d.port);
	assert_int_equal(st_dev_go(&d, VA, ST_R).rc, IOM_EAGAIN);
	assert_int_equal(d.port.stag, stag);
	assert_true(no_event(&w.t));
	st_dev_fini(&d);
	st_resume(&w.t, 0, stag, ST_RETRY);
	assert_int_equal(w.d.told, 0);
	assert_int_equal(d.told, 0);
	assert_int_equal(st_dev_go(&w.d, VA, ST_R).rc, IOM_EAGAIN);
	assert_true(st_stag_of(&w.t) != stag);
	st_world_close(&w);
}

/* --- saved state --- */

/* Four stalls of `from`, two of them still to be written, on an SMMU of its own. */
static void take_over(struct st_world *from, const uint8_t *buf, size_t len,
		      const unsigned int stag[4])
{
	struct iom_smmuv3_dev_cfg cfg = st_stall_cfg(0, 4);
	struct st_dev d[4];
	uint64_t ev[4];
	unsigned int i;
	size_t used;
	struct st t;

	st_open_off(&t, &cfg, from->t.base);
	memcpy(t.ram, from->t.ram, ST_SIZE);
	assert_int_equal(iom_smmuv3_dev_restore(t.s, buf, len, &used), 0);
	for (i = 0; i < 4; i++) {
		st_dev_init(&t, &d[i], 0);
		assert_true(st_take(&t, 1, ev));
		assert_int_equal(st_get(ev, 79, 64), stag[i]);
	}
	assert_false(st_take(&t, 1, ev));
	/* Asked again in time, it is the same wait; answered before, it is a new fault. */
	for (i = 0; i < 4; i++) {
		if (i & 1)
			st_resume(&t, 0, stag[i], ST_ABORT);
		assert_int_equal(st_dev_go(&d[i], VA + i * 0x1000, ST_R).rc, IOM_EAGAIN);
		assert_int_equal(st_take(&t, 1, ev), i & 1);
		st_resume(&t, 0, d[i].port.stag, ST_ABORT);
		assert_int_equal(d[i].told, 1);
		assert_int_equal(st_dev_go(&d[i], VA + i * 0x1000, ST_R).rc, IOM_EFAULT);
		st_dev_fini(&d[i]);
	}
	st_close(&t);
}

static void saved(void **state)
{
	struct st_dev d[4];
	struct st_world w;
	uint8_t buf[1024], again[1024];
	uint64_t ev[4];
	size_t len, used, len2;
	unsigned int i, stag[4];

	(void)state;
	st_world_s1(&w, 4);
	st_small_queue(&w.t, 1);
	for (i = 0; i < 4; i++) {
		st_dev_init(&w.t, &d[i], 0);
		assert_int_equal(st_dev_go(&d[i], VA + i * 0x1000, ST_R).rc, IOM_EAGAIN);
		stag[i] = d[i].port.stag;
	}
	assert_int_equal(iom_smmuv3_dev_save(w.t.s, buf, sizeof(buf), &len), 0);
	assert_int_equal(iom_smmuv3_dev_restore(w.t.s, buf, len, &used), 0);
	assert_int_equal(iom_smmuv3_dev_save(w.t.s, again, sizeof(again), &len2), 0);
	assert_int_equal(len, len2);
	assert_memory_equal(buf, again, len);
	/* Another SMMU takes over, with as many devices. */
	take_over(&w, buf, len, stag);
	/* They were told to ask again, and get what they had: no second record. */
	for (i = 4; i--;) {
		assert_int_equal(d[i].how, IOM_SMMUV3_RETRY);
		assert_int_equal(st_dev_go(&d[i], VA + i * 0x1000, ST_R).rc, IOM_EAGAIN);
		assert_int_equal(d[i].port.stag, stag[i]);
	}
	for (i = 0; i < 4; i++) {
		assert_true(st_take(&w.t, 1, ev));
		assert_int_equal(ev[2], VA + i * 0x1000);
		d[i].told = 0;
		st_resume(&w.t, 0, (unsigned int)st_get(ev, 79, 64), ST_ABORT);
		assert_int_equal(d[i].told, 1);
		assert_int_equal(st_dev_go(&d[i], VA + i * 0x1000, ST_R).rc, IOM_EFAULT);
	}
	assert_false(st_take(&w.t, 1, ev));
	/* Any damage is refused, and changes nothing. */
	for (i = 0; i < len; i++) {
		buf[i] ^= 1;
		assert_int_equal(iom_smmuv3_dev_restore(w.t.s, buf, len, &used), IOM_EINVAL);
		buf[i] ^= 1;
	}
	for (i = 0; i < 4; i++)
		st_dev_fini(&d[i]);
	st_world_close(&w);
}

/* --- memory --- */

static void allocations(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = st_stall_cfg(2, 100);
	struct iom_gmem_flat gmem;
	struct iom_smmuv3_dev *s;
	struct plat_test pt;
	static uint64_t mem[8];
	long n;
	int rc;

	(void)state;
	plat_test_init(&pt);
	assert_int_equal(iom_gmem_flat_init(&gmem, 0, mem, sizeof(mem)), 0);
	cfg.plat = &pt.plat;
	cfg.gmem = &gmem.g;
	for (n = 1; ; n++) {
		plat_test_fail_nth(&pt, n);
		rc = iom_smmuv3_dev_create(&cfg, &s, NULL);
		if (!plat_test_failed(&pt))
			break;
		assert_int_equal(rc, IOM_ENOMEM);
		assert_int_equal(plat_test_live(&pt), 0);
	}
	assert_int_equal(rc, 0);
	assert_true(n > 6);
	assert_int_equal(iom_smmuv3_dev_destroy(s), 0);
	assert_int_equal(plat_test_live(&pt), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(given_up),
		cmocka_unit_test(saved),
		cmocka_unit_test(allocations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
