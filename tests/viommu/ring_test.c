/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device behind its rings: requests in any framing, batches and budgets,
 * memory that changes between two reads, faults of the rings and of buffers
 * (A8), and the event queue, D39 to D41, as Linux uses it and as it does not.
 */
#include "fakes/gmem_fake.h"
#include "lib/test.h"
#include "lib/viommu_ring.h"

#define NEEDS_RESET 64u

static struct test_rng rng;

static void open_ring(struct vtq *t, bool packed, struct iom_gmem *gmem, unsigned int per_run)
{
	const struct vtq_cfg cfg = { .packed = packed, .dev = vt_cfg(), .gmem = gmem,
				     .requests_per_run = per_run, .size = 128 };
	const struct iom_viommu_ep_cfg e = { .id = 8 };

	vtq_open(t, &cfg);
	vtq_add(t, &e);
}

static void attach(struct vtq *t)
{
	const struct vt_req a = vt_attach_req(1, 8, 0);

	assert_int_equal(vtq_send(t, &a), S_OK);
}

static int status_of(struct vtq *t, unsigned int buffer, uint32_t len)
{
	const uint8_t *out = t->mem + VTQ_BUFS + 2048u * buffer + 1024;

	return len ? out[len - 4] : S_NONE;
}

/* Takes all used requests; each of ids[] once. Returns their number. */
static unsigned int take_all(struct vtq *t, int *status, uint16_t *buffer_of)
{
	unsigned int n = 0;
	uint32_t len;
	uint16_t id;

	for (; vring_get(&t->req, &id, &len); n++)
		status[buffer_of[id]] = status_of(t, buffer_of[id], len);
	return n;
}

static void framing_is_free(void **state)
{
	struct vring_buf buf[96];
	struct vt_req r;
	unsigned int n, k, round;
	uint64_t in_at, out_at;
	uint32_t len, left;
	uint16_t id, got;
	struct vtq t;

	(void)state;
	for (round = 0; round < 400; round++) {
		if (round % 100 == 0) {
			open_ring(&t, round & 128, NULL, 0);
			attach(&t);
		}
		r = round & 1 ? vt_unmap_req(1, 0x1000, 0x1fff) :
				vt_map_req(1, 0x1000, 0x1fff, 0x7000, VT_RW);
		if (round % 10 >= 8)
			r = vt_probe_req(8, 512);
		in_at = VTQ_BUFS;
		out_at = VTQ_BUFS + 8192;
		memcpy(t.mem + in_at, r.in, r.in_len);
		memset(t.mem + out_at, 0xee, 1024);
		/* Pieces of any length, some empty; the last takes what is left. */
		for (n = 0, left = (uint32_t)r.in_len; left; n++) {
			len = n == 40 ? left : (uint32_t)test_rng_below(&rng, left + 1);
			buf[n] = (struct vring_buf){ in_at, len };
			in_at += len;
			left -= len;
		}
		for (k = 0, left = (uint32_t)r.out_len; left; k++) {
			len = k == 40 ? left : (uint32_t)test_rng_below(&rng, left + 1);
			buf[n + k] = (struct vring_buf){ out_at, len };
			out_at += len;
			left -= len;
		}
		assert_true(vring_add(&t.req, buf, n, k, &id));
		vtq_kick(&t, 0);
		assert_int_equal(vtq_run(&t), IOM_OK);
		assert_true(vring_get(&t.req, &got, &len) && got == id);
		assert_int_equal(len, r.out_len);
		assert_int_equal(t.mem[VTQ_BUFS + 8192 + len - 4], S_OK);
		assert_int_equal(t.mem[VTQ_BUFS + 8192 + len], 0xee);
		if (round % 100 == 99)
			vtq_close(&t);
	}
}

/* A batch: one kick, each answered once, in a bounded number of requests a run. */
static void budget_bounds_a_run(void **state)
{
	uint16_t buffer_of[VRING_SIZE_MAX];
	unsigned int i, runs, n, packed;
	struct iom_run run;
	struct vt_req r;
	int status[64];
	struct vtq t;
	int rc;

	(void)state;
	for (packed = 0; packed < 2; packed++) {
		open_ring(&t, packed, NULL, 10);
		attach(&t);
		for (i = 0; i < 60; i++) {
			r = vt_map_req(1, i * 4096, i * 4096 + 4095, i * 8192, VT_RW);
			buffer_of[vtq_post(&t, i, &r)] = (uint16_t)i;
		}
		vtq_kick(&t, 0);
		for (runs = n = 0, rc = IOM_EAGAIN; rc == IOM_EAGAIN; runs++) {
			rc = iom_virtio_dev_run(t.d);
			i = take_all(&t, status, buffer_of);
			assert_true(i <= 10);
			n += i;
		}
		assert_int_equal(rc, IOM_OK);
		assert_int_equal(n, 60);
		assert_true(runs >= 6);
		for (i = 0; i < 60; i++) {
			assert_int_equal(status[i], S_OK);
			assert_int_equal(vtq_translate(&t, 0, i * 4096, 1, IOM_ACCESS_READ, &run),
					 IOM_OK);
			assert_true(run.gpa == i * 8192);
		}
		vtq_close(&t);
	}
}

/*
 * Every byte of the buffers and of the descriptors changes as soon as it was
 * read. The answers are those to the first bytes: nothing is read again.
 */
static void memory_that_changes(void **state)
{
	uint16_t buffer_of[VRING_SIZE_MAX];
	struct iom_viommu_stats s;
	unsigned int packed, i, round;
	struct gmem_fake fake;
	int status[64];
	struct vt_req r;
	struct vtq t;

	(void)state;
	for (packed = 0; packed < 2; packed++)
		for (round = 0; round < 20; round++) {
			memset(&t, 0, sizeof(t));
			gmem_fake_init(&fake, &t.flat.g);
			open_ring(&t, packed, &fake.g, 0);
			attach(&t);
			gmem_fake_hot(&fake, VTQ_BUFS, VTQ_BUFS + 0x1ffff, 0, 0);
			/* In a packed ring the device writes there, too; its descriptors stay. */
			if (!packed)
				gmem_fake_hot(&fake, t.req.desc, t.req.desc + 16 * 128 - 1, 0, 0);
			for (i = 0; i < 50; i++) {
				r = vt_map_req(1, i * 4096, i * 4096 + 4095, i * 8192,
					       i % 5 ? VT_RW : 64);
				buffer_of[vtq_post(&t, i, &r)] = (uint16_t)i;
			}
			vtq_kick(&t, 0);
			assert_int_equal(vtq_run(&t), IOM_OK);
			assert_int_equal(take_all(&t, status, buffer_of), 50);
			for (i = 0; i < 50; i++)
				assert_int_equal(status[i], i % 5 ? S_OK : S_INVAL);
			iom_viommu_dev_stats(t.v, &s);
			assert_int_equal(s.mappings, 40);
			assert_int_equal(vtq_status(&t), 15);
			vtq_close(&t);
		}
}

/*
 * A8. Each access to the memory fails once. To the ring's: DEVICE_NEEDS_RESET,
 * and nothing is touched any more until the reset. To a buffer's: used length
 * 0, and the queue goes on. After either, a reset makes the device work again.
 */
static void each_access_faults_once(void **state)
{
	const struct vt_req m = vt_map_req(1, 0x1000, 0x1fff, 0x2000, VT_R);
	unsigned int packed, broken, data, plain;
	struct vtq_cfg cfg = { .dev = vt_cfg(), .size = 128 };
	struct gmem_fake fake;
	struct vtq t;
	uint32_t len;
	uint16_t id;
	long n;

	(void)state;
	for (packed = 0; packed < 2; packed++) {
		memset(&t, 0, sizeof(t));
		gmem_fake_init(&fake, &t.flat.g);
		open_ring(&t, packed, &fake.g, 0);
		cfg.packed = packed;
		for (broken = data = plain = 0, n = 1; !plain; n++) {
			attach(&t);
			vtq_post(&t, 0, &m);
			vtq_kick(&t, 0);
			gmem_fake_fail_nth(&fake, n, IOM_EFAULT);
			vtq_run(&t);
			if (!fake.failed) {
				plain++;
				assert_true(vring_get(&t.req, &id, &len) && len == 4);
			} else if (vtq_status(&t) & NEEDS_RESET) {
				broken++;
				fake.accesses = 0;
				vtq_kick(&t, 0);
				vtq_run(&t);
				assert_int_equal(fake.accesses, 0);
			} else if (vring_get(&t.req, &id, &len)) {
				data++;
				assert_true(len == 0 || len == 4);
				assert_int_equal(vtq_status(&t), 15);
			}
			gmem_fake_fail_nth(&fake, 0, 0);
			vtq_start(&t, &cfg);
		}
		assert_true(broken >= 2 && data >= 2);
		print_message("%s ring: %u accesses of the ring, %u of buffers failed\n",
			      packed ? "packed" : "split", broken, data);
		vtq_close(&t);
	}
}

static void buffers_outside_memory(void **state)
{
	static const uint64_t bad[] = { VTQ_MEM, VTQ_MEM - 2, UINT64_MAX - 35,
					UINT64_C(1) << 63 };
	const struct vt_req m = vt_map_req(1, 0x1000, 0x1fff, 0x2000, VT_R);
	const struct vt_req u = vt_unmap_req(1, 0, UINT64_MAX);
	struct vring_buf buf[2];
	unsigned int i, packed;
	struct vtq t;
	uint32_t len;
	uint16_t id;

	(void)state;
	for (packed = 0; packed < 2; packed++) {
		open_ring(&t, packed, NULL, 0);
		attach(&t);
		for (i = 0; i < 2 * sizeof(bad) / sizeof(bad[0]); i++) {
			memcpy(t.mem + VTQ_BUFS, m.in, m.in_len);
			buf[0] = (struct vring_buf){ i & 1 ? VTQ_BUFS : bad[i / 2], 36 };
			buf[1] = (struct vring_buf){ i & 1 ? bad[i / 2] : VTQ_BUFS + 1024, 4 };
			assert_true(vring_add(&t.req, buf, 1, 1, &id));
			vtq_kick(&t, 0);
			assert_int_equal(vtq_run(&t), IOM_OK);
			assert_true(vring_get(&t.req, &id, &len));
			assert_int_equal(len, 0);
			assert_int_equal(vtq_status(&t), 15);
			assert_int_equal(vtq_send(&t, &u), S_OK);
		}
		vtq_close(&t);
	}
}

/* --- events --- */

static void fault_at(struct vtq *t, uint64_t iova)
{
	struct iom_run run;

	assert_int_not_equal(vtq_translate(t, 0, iova, 1, IOM_ACCESS_READ, &run), IOM_OK);
}

static void expect_event(struct vtq *t, uint64_t iova)
{
	uint8_t rec[64];
	uint64_t got;
	uint32_t len;

	assert_true(vtq_get_event(t, rec, &len));
	assert_int_equal(len, 24);
	memcpy(&got, rec + 16, 8);
	assert_true(got == iova);
}

static void expect_no_event(struct vtq *t)
{
	uint8_t rec[64];
	uint32_t len;

	assert_false(vtq_get_event(t, rec, &len));
}

/* Linux fills the queue after DRIVER_OK without a kick. */
static void buffers_without_a_kick(void **state)
{
	unsigned int packed, i, wakes;
	struct vtq t;

	(void)state;
	for (packed = 0; packed < 2; packed++) {
		open_ring(&t, packed, NULL, 0);
		for (i = 0; i < 128; i++)
			vtq_post_event(&t, i, 24);
		for (i = 0; i < 300; i++) {
			wakes = t.nr_wakes;
			fault_at(&t, 4096 * i);
			assert_true(t.nr_wakes > wakes);
			assert_int_equal(vtq_run(&t), IOM_OK);
			expect_event(&t, 4096 * i);
			expect_no_event(&t);
			vtq_post_event(&t, i % 128, 24);
		}
		vtq_close(&t);
	}
}

/* A fault waits for a buffer, and for whoever looks next; a kick of either queue will do. */
static void no_buffer_then_buffer(void **state)
{
	unsigned int packed, kick;
	struct vtq t;

	(void)state;
	for (packed = 0; packed < 2; packed++)
		for (kick = 0; kick < 2; kick++) {
			open_ring(&t, packed, NULL, 0);
			fault_at(&t, 0x1000);
			fault_at(&t, 0x2000);
			assert_int_equal(vtq_run(&t), IOM_OK);
			expect_no_event(&t);
			vtq_post_event(&t, 0, 24);
			vtq_kick(&t, kick);
			assert_int_equal(vtq_run(&t), IOM_OK);
			expect_event(&t, 0x1000);
			expect_no_event(&t);
			vtq_post_event(&t, 1, 64);
			fault_at(&t, 0x3000);
			assert_int_equal(vtq_run(&t), IOM_OK);
			expect_event(&t, 0x2000);
			expect_no_event(&t);
			vtq_close(&t);
		}
}

/* What does not fit is dropped and counted; what was kept comes in order. */
static void faults_beyond_the_room(void **state)
{
	struct iom_viommu_vq_stats s;
	struct iom_viommu_stats ds;
	unsigned int i;
	struct vtq t;

	(void)state;
	open_ring(&t, false, NULL, 0);
	for (i = 0; i < IOM_VIOMMU_VQ_FAULTS + 36; i++)
		fault_at(&t, 4096 * i);
	assert_int_equal(vtq_run(&t), IOM_OK);
	iom_viommu_vq_stats(t.q, &s);
	iom_viommu_dev_stats(t.v, &ds);
	assert_int_equal(s.events_sent, 0);
	assert_int_equal(s.events_dropped, 36);
	assert_int_equal(ds.faults, IOM_VIOMMU_VQ_FAULTS + 36);
	for (i = 0; i < 100; i++)
		vtq_post_event(&t, i, 24);
	vtq_kick(&t, 1);
	assert_int_equal(vtq_run(&t), IOM_OK);
	for (i = 0; i < IOM_VIOMMU_VQ_FAULTS; i++)
		expect_event(&t, 4096 * i);
	expect_no_event(&t);
	iom_viommu_vq_stats(t.q, &s);
	assert_int_equal(s.events_sent, IOM_VIOMMU_VQ_FAULTS);
	assert_int_equal(s.events_dropped, 36);
	vtq_close(&t);
}

static void buffer_too_small_is_given_back(void **state)
{
	struct iom_viommu_vq_stats s;
	uint8_t rec[64];
	struct vtq t;
	uint32_t len;

	(void)state;
	open_ring(&t, false, NULL, 0);
	vtq_post_event(&t, 0, 23);
	vtq_post_event(&t, 1, 24);
	fault_at(&t, 0x1000);
	fault_at(&t, 0x2000);
	assert_int_equal(vtq_run(&t), IOM_OK);
	assert_true(vtq_get_event(&t, rec, &len));
	assert_int_equal(len, 0);
	expect_event(&t, 0x2000);
	iom_viommu_vq_stats(t.q, &s);
	assert_true(s.events_sent == 1 && s.events_dropped == 1);
	vtq_close(&t);
}

/* A device reset forgets what was not sent; quiet accesses are never reported. */
static void reset_forgets_faults(void **state)
{
	const struct vtq_cfg cfg = { .dev = vt_cfg() };
	struct iom_run run;
	struct vtq t;

	(void)state;
	open_ring(&t, false, NULL, 0);
	fault_at(&t, 0x1000);
	vtq_start(&t, &cfg);
	vtq_post_event(&t, 0, 24);
	vtq_kick(&t, 1);
	assert_int_equal(vtq_run(&t), IOM_OK);
	expect_no_event(&t);
	assert_int_not_equal(vtq_translate(&t, 0, 0x1000, 1, IOM_ACCESS_READ | IOM_ACCESS_QUIET,
					   &run), IOM_OK);
	vtq_kick(&t, 1);
	assert_int_equal(vtq_run(&t), IOM_OK);
	expect_no_event(&t);
	vtq_close(&t);
}

/* D5 through the registers: a device reset keeps `bypass`, a system reset does not. */
static void bypass_over_resets(void **state)
{
	struct vtq_cfg cfg = { .dev = vt_cfg() };
	const struct iom_viommu_ep_cfg e = { .id = 8 };
	uint8_t val = 1;
	struct vtq t;

	(void)state;
	vtq_open(&t, &cfg);
	vtq_add(&t, &e);
	assert_int_equal(iom_pci_bar_write(&t.pci.fn, 0, t.devcfg + 36, &val, 1), 0);
	vtq_start(&t, &cfg);
	assert_int_equal(iom_pci_bar_read(&t.pci.fn, 0, t.devcfg + 36, &val, 1), 0);
	assert_int_equal(val, 1);
	iom_viommu_vq_system_reset(t.q);
	vtq_reset(&t);
	assert_int_equal(iom_pci_bar_read(&t.pci.fn, 0, t.devcfg + 36, &val, 1), 0);
	assert_int_equal(val, 0);
	vtq_close(&t);
}

static int setup(void **state)
{
	(void)state;
	test_rng_init(&rng);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(framing_is_free),
		cmocka_unit_test(budget_bounds_a_run),
		cmocka_unit_test(memory_that_changes),
		cmocka_unit_test(each_access_faults_once),
		cmocka_unit_test(buffers_outside_memory),
		cmocka_unit_test(buffers_without_a_kick),
		cmocka_unit_test(no_buffer_then_buffer),
		cmocka_unit_test(faults_beyond_the_room),
		cmocka_unit_test(buffer_too_small_is_given_back),
		cmocka_unit_test(reset_forgets_faults),
		cmocka_unit_test(bypass_over_resets),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
