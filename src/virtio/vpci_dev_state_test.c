/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Laws of virtio-pci's saved state, and of its registers under random accesses:
 * a second device restored at any point of a random life is the first one, to
 * the byte, and goes on where it stood; a stream with a wrong bit, of another
 * device, or that contradicts itself changes nothing; whatever is accessed with
 * whatever width, what a driver reads stays within what the document allows.
 */
#include <iom/base/endian.h>
#include <iom/base/err.h>
#include <iom/base/state.h>

#include "fakes/vpci_driver.h"

#define cfg_rd	vpci_driver_cfg_rd
#define cfg_wr	vpci_driver_cfg_wr
#define crd	vpci_driver_crd

#define STREAM 2048u

/* Everything that a driver can see without changing it. */
struct view {
	uint8_t cfg[256];
	uint8_t common[3][64];		/* with queue 0, 1, 2 selected */
	uint8_t device[32];
	uint8_t msix[80];
	uint8_t pba[8];
	bool line;
};

static void look(struct vpci_driver *t, struct view *w)
{
	uint16_t sel = t->v.d->queue_sel;
	unsigned int i, q;

	memset(w, 0, sizeof(*w));
	/* The window's data shows what it points at, so it is pointed at nothing. */
	memcpy(w->cfg, t->v.fn.space, sizeof(w->cfg));
	w->cfg[6] |= cfg_rd(t, 6, 1) & 8;
	for (q = 0; q < 3; q++) {
		t->v.d->queue_sel = (uint16_t)q;
		for (i = 0; i < 64; i += 8)
			iom_pci_bar_read(&t->v.fn, 0, i, w->common[q] + i, 8);
	}
	t->v.d->queue_sel = sel;
	for (i = 0; i < 32; i += 8)
		iom_pci_bar_read(&t->v.fn, 0, 0x2000 + i, w->device + i, 8);
	for (i = 0; i < 80; i += 8)
		iom_pci_bar_read(&t->v.fn, 1, i, w->msix + i, 8);
	iom_pci_bar_read(&t->v.fn, 1, 0x800, w->pba, 8);
	w->line = t->irq.line;
}

/* One thing that a driver, good or bad, or the world may do. */
static void live(struct vpci_driver *t, struct test_rng *rng)
{
	uint8_t b[8];
	unsigned int len = 1u << test_rng_below(rng, 4);
	uint64_t val = test_rng_edgy(rng);

	iom_put_le64(b, val);
	switch (test_rng_below(rng, 12)) {
	case 0:
		vpci_driver_negotiate(t, UINT64_C(0x100000000) |
				      (test_rng_u64(rng) & UINT64_C(0x430000000)));
		break;
	case 1:
		vpci_driver_bring_up(t, val & 1, VPCI_DRIVER_NONE, VPCI_DRIVER_NONE,
				     VPCI_DRIVER_NONE);
		break;
	case 2:
		iom_virtio_dev_run(&t->e.d);
		break;
	case 3:
		iom_virtio_dev_config_changed(&t->e.d);
		break;
	case 4:
		t->v.d->tr->queue_irq(t->v.d->tr_arg, (unsigned int)test_rng_below(rng, 2));
		break;
	case 5:
		iom_pci_bar_read(&t->v.fn, 0, test_rng_below(rng, 0x3fff), b, len);
		break;
	case 6:
		iom_pci_bar_write(&t->v.fn, 0, test_rng_below(rng, 72), b, len);
		break;
	case 7:
		iom_pci_bar_write(&t->v.fn, 0, test_rng_below(rng, 0x3fff), b, len);
		break;
	case 8:
		iom_pci_bar_write(&t->v.fn, 1, test_rng_below(rng, 0xfff), b, len);
		break;
	case 9:
		iom_pci_config_write(&t->v.fn, (unsigned int)test_rng_below(rng, 256), b, len);
		break;
	case 10:
		cfg_wr(t, 4, 6, 2);
		break;
	default:
		iom_pci_config_read(&t->v.fn, (unsigned int)test_rng_below(rng, 256), b, len);
	}
}

/* What must hold whatever was done. */
static void sane(struct vpci_driver *t)
{
	unsigned int q, status;
	uint32_t v;

	/* Asleep, nothing answers. */
	if (t->v.fn.cap_pm && t->v.fn.space[t->v.fn.cap_pm + 4] & 3)
		return;
	status = crd(t, 20, 1);
	assert_int_equal(status & 0x30, 0);
	assert_true(!(status & 4) || status & 8);
	assert_int_equal(crd(t, 18, 2), 2);
	v = crd(t, 16, 2);
	assert_true(v < 3 || v == VPCI_DRIVER_NONE);
	for (q = 0; q < VIRTIO_ECHO_QUEUES; q++) {
		assert_true(t->v.d->queue[q].cfg.size <= VIRTIO_ECHO_SIZE);
		v = t->v.queue_vector[q];
		assert_true(v < 3 || v == VPCI_DRIVER_NONE);
		assert_true(!t->v.d->queue[q].ready || status & 8);
	}
	for (q = 0; q < 3; q++)
		assert_int_equal((t->v.fn.msix_table[q][0] & 3) | (t->v.fn.msix_table[q][3] & ~1u),
				 0);
	assert_int_equal(t->v.fn.msix_pending >> 3, 0);
	assert_int_equal(t->v.fn.msi_pending >> 4, 0);
	assert_true(t->v.isr < 4);
	assert_int_equal(cfg_rd(t, 6, 1) & 8, t->v.isr ? 8 : 0);
}

static void wake_up(struct vpci_driver *t)
{
	if (t->v.fn.cap_pm)
		cfg_wr(t, t->v.fn.cap_pm + 4u, 0, 2);
}

static void random_accesses_keep_the_rules(void **state)
{
	struct vpci_driver t;
	struct test_rng rng;
	unsigned int step;

	(void)state;
	test_rng_init(&rng);
	vpci_driver_start(&t, true);
	for (step = 0; step < 60000; step++) {
		if (!test_rng_below(&rng, 8))
			wake_up(&t);
		else if (t.v.fn.space[t.v.fn.cap_pm + 4] & 3)
			wake_up(&t);
		live(&t, &rng);
		sane(&t);
	}
	vpci_driver_stop(&t);
}

static void a_restored_device_is_the_saved_one(void **state)
{
	static uint8_t stream[STREAM], again[STREAM];
	static struct vpci_driver a, b;
	struct test_rng rng;
	struct view va, vb;
	unsigned int life, step, i;
	size_t len, len2;

	(void)state;
	test_rng_init(&rng);
	for (life = 0; life < 60; life++) {
		vpci_driver_start(&a, life & 1);
		for (step = 0; step < 30; step++) {
			wake_up(&a);
			for (i = (unsigned int)test_rng_below(&rng, 10); i; i--) {
				wake_up(&a);
				live(&a, &rng);
			}
			wake_up(&a);
			assert_int_equal(iom_vpci_dev_save(&a.v, stream, STREAM, &len), IOM_OK);

			vpci_driver_start(&b, life & 1);
			/* Any state before: it is replaced. */
			if (step & 1)
				vpci_driver_bring_up(&b, step & 2, 0, 1, 2);
			memcpy(b.e.mem, a.e.mem, sizeof(b.e.mem));
			memcpy(b.e.cfg, a.e.cfg, sizeof(b.e.cfg));
			assert_int_equal(iom_vpci_dev_restore(&b.v, stream, len, &len2), IOM_OK);
			assert_int_equal(len2, len);
			look(&a, &va);
			look(&b, &vb);
			assert_memory_equal(&va, &vb, sizeof(va));
			assert_int_equal(iom_vpci_dev_save(&b.v, again, STREAM, &len2), IOM_OK);
			/* All the same, but that ready queues are looked at once more. */
			assert_int_equal(len, len2);
			assert_int_equal(a.v.isr, b.v.isr);
			vpci_driver_stop(&b);
		}
		vpci_driver_stop(&a);
	}
}

/* In the midst of exchanges: rings and buffers in flight come along. */
static void a_restored_device_goes_on(void **state)
{
	static uint8_t stream[STREAM];
	static struct vpci_driver t[2];
	struct test_rng rng;
	struct vpci_driver *now = &t[0], *next = &t[1], *swap;
	unsigned int i, packed;
	size_t len, used;

	(void)state;
	test_rng_init(&rng);
	for (packed = 0; packed < 2; packed++) {
		vpci_driver_start(now, false);
		vpci_driver_enable_msix(now);
		vpci_driver_bring_up(now, packed, 0, 1, 2);
		for (i = 0; i < 200; i++) {
			/* Kicked or not, nothing of it is lost on the way. */
			virtio_echo_give(&now->e, i & 1, &rng, 1 + i % 64);
			if (test_rng_below(&rng, 2))
				vpci_driver_kick(now, i & 1);
			assert_int_equal(iom_vpci_dev_save(&now->v, stream, STREAM, &len), IOM_OK);
			vpci_driver_start(next, false);
			memcpy(next->e.mem, now->e.mem, sizeof(next->e.mem));
			memcpy(next->e.ring, now->e.ring, sizeof(next->e.ring));
			memcpy(next->e.given, now->e.given, sizeof(next->e.given));
			next->e.ring[0].mem = next->e.mem + (now->e.ring[0].mem - now->e.mem);
			next->e.ring[1].mem = next->e.mem + (now->e.ring[1].mem - now->e.mem);
			assert_int_equal(iom_vpci_dev_restore(&next->v, stream, len, &used),
					 IOM_OK);
			assert_int_not_equal(next->e.nr_wakes, 0);
			next->irq.nr_msgs = 0;
			virtio_echo_take(&next->e, i & 1, 1 + i % 64);
			/* A restored ring interrupts once more, in case it was not seen. */
			assert_true(next->irq.nr_msgs == 1 || next->irq.nr_msgs == 2);
			assert_true(next->irq.msg[0].data == 0x41 + (i & 1) ||
				    (next->irq.nr_msgs == 2 &&
				     next->irq.msg[1].data == 0x41 + (i & 1)));
			vpci_driver_stop(now);
			swap = now;
			now = next;
			next = swap;
		}
		vpci_driver_stop(now);
	}
}

static uint16_t vector_at_wake;

static void wake_looks(void *arg)
{
	struct vpci_driver *t = arg;

	vector_at_wake = atomic_load(&t->v.queue_vector[0]);
}

/* A worker on another thread begins with the wake. */
static void wake_is_the_last_step(void **state)
{
	static struct vpci_driver t, u;
	uint8_t stream[STREAM];
	size_t len, n;

	(void)state;
	vpci_driver_start(&u, false);
	vpci_driver_enable_msix(&u);
	vpci_driver_bring_up(&u, false, 0, 1, 2);
	assert_int_equal(iom_vpci_dev_save(&u.v, stream, STREAM, &len), IOM_OK);
	vpci_driver_stop(&u);
	vpci_driver_start(&t, false);
	t.e.d.cfg.wake = wake_looks;
	t.e.d.cfg.wake_arg = &t;
	vector_at_wake = VPCI_DRIVER_NONE;
	assert_int_equal(iom_vpci_dev_restore(&t.v, stream, len, &n), IOM_OK);
	assert_int_equal(vector_at_wake, 1);
	vpci_driver_stop(&t);
}

static void unchanged(struct vpci_driver *t, const struct view *before)
{
	struct view after;

	look(t, &after);
	assert_memory_equal(&after, before, sizeof(after));
}

static void damaged_streams_change_nothing(void **state)
{
	uint8_t stream[STREAM];
	struct vpci_driver t, u;
	struct view before;
	size_t len, n, i;

	(void)state;
	vpci_driver_start(&u, false);
	vpci_driver_enable_msix(&u);
	vpci_driver_bring_up(&u, true, 0, 1, 2);
	assert_int_equal(iom_vpci_dev_save(&u.v, NULL, 0, &len), IOM_ENOSPC);
	for (i = 0; i < len; i += 7)
		assert_int_equal(iom_vpci_dev_save(&u.v, stream, i, &n), IOM_ENOSPC);
	assert_int_equal(iom_vpci_dev_save(&u.v, stream, len, &n), IOM_OK);
	assert_int_equal(n, len);
	vpci_driver_stop(&u);

	vpci_driver_start(&t, false);
	vpci_driver_bring_up(&t, false, VPCI_DRIVER_NONE, VPCI_DRIVER_NONE, VPCI_DRIVER_NONE);
	iom_virtio_dev_config_changed(&t.e.d);
	look(&t, &before);
	for (i = 0; i < len * 8; i++) {
		stream[i / 8] ^= (uint8_t)(1u << i % 8);
		assert_int_equal(iom_vpci_dev_restore(&t.v, stream, len, &n), IOM_EINVAL);
		stream[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	for (i = 0; i < len; i++)
		assert_int_equal(iom_vpci_dev_restore(&t.v, stream, i, &n), IOM_EINVAL);
	unchanged(&t, &before);
	assert_int_equal(iom_vpci_dev_restore(&t.v, stream, len, &n), IOM_OK);
	assert_int_equal(crd(&t, 16, 2), 0);
	vpci_driver_stop(&t);
}

/* Puts right the checksums of a stream whose body was changed: ours and one inside. */
static void seal(uint8_t *stream, size_t at)
{
	size_t body = (size_t)iom_get_le64(stream + at + 8);

	iom_put_le32(stream + at + 16 + body, iom_state_crc32c(0, stream + at, 16 + body));
}

/* With right checksums: each word takes a wrong value in turn, or is taken. */
static void forged_streams_are_refused_or_sane(void **state)
{
	static uint8_t stream[STREAM], forged[STREAM];
	static struct vpci_driver t, u;
	struct test_rng rng;
	struct view before;
	size_t len, n, i, pci, virtio, refused = 0;
	unsigned int round;

	(void)state;
	test_rng_init(&rng);
	vpci_driver_start(&u, true);
	vpci_driver_enable_msix(&u);
	vpci_driver_bring_up(&u, false, 0, 1, 2);
	assert_int_equal(iom_vpci_dev_save(&u.v, stream, STREAM, &len), IOM_OK);
	vpci_driver_stop(&u);
	pci = 16 + 2 * 9 + 1;
	virtio = pci + 20 + (size_t)iom_get_le64(stream + pci + 8);
	assert_int_equal(virtio + 20 + iom_get_le64(stream + virtio + 8) + 4, len);

	vpci_driver_start(&t, true);
	look(&t, &before);
	for (round = 0; round < 20000; round++) {
		memcpy(forged, stream, len);
		i = 16 + test_rng_below(&rng, len - 20);
		/* Lengths and checksums are the last test's. */
		if ((i >= pci && i < pci + 16) || (i >= virtio && i < virtio + 16))
			continue;
		forged[i] = (uint8_t)test_rng_edgy(&rng);
		seal(forged, pci);
		seal(forged, virtio);
		seal(forged, 0);
		if (iom_vpci_dev_restore(&t.v, forged, len, &n)) {
			refused++;
			unchanged(&t, &before);
			continue;
		}
		wake_up(&t);
		sane(&t);
		iom_virtio_dev_run(&t.e.d);
		iom_pci_reset(&t.v.fn);
		cfg_wr(&t, 4, 6, 2);
		vpci_driver_stop(&t);
		vpci_driver_start(&t, true);
		look(&t, &before);
	}
	assert_true(refused > 1000);
	vpci_driver_stop(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_accesses_keep_the_rules),
		cmocka_unit_test(a_restored_device_is_the_saved_one),
		cmocka_unit_test(a_restored_device_goes_on),
		cmocka_unit_test(wake_is_the_last_step),
		cmocka_unit_test(damaged_streams_change_nothing),
		cmocka_unit_test(forged_streams_are_refused_or_sane),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
