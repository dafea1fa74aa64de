/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Laws of virtio-mmio, device side. vfio-user carries no such device, so it has
 * no foreign counterpart here but for the detour of docs/virtio-mmio.md. The
 * register map is therefore written by hand from VIRTIO 1.3 section 4.2.2, byte
 * by byte, with the numbers of the document and not those of spec/virtio.h; a
 * driver then takes the steps of 4.2.3 and 3.1.1 with these numbers, over both
 * rings. Then: widths, random accesses, reset in every state, saved state at
 * any point.
 */
#include <iom/base/endian.h>
#include <iom/base/err.h>
#include <iom/base/field.h>
#include <iom/base/state.h>
#include <iom/virtio/vmmio_dev.h>

#include "fakes/virtio_echo.h"

#define STREAM 1024u

struct fixture {
	struct virtio_echo e;
	struct iom_vmmio_dev m;
	bool line;
	unsigned int nr_irq;
};

static void got_irq(void *arg, bool level)
{
	struct fixture *t = arg;

	t->line = level;
	t->nr_irq++;
}

static void start(struct fixture *t)
{
	memset(t, 0, sizeof(*t));
	virtio_echo_init(&t->e, 23);
	assert_int_equal(iom_vmmio_dev_init(&t->m, &t->e.d, 0x554d4551, got_irq, t), IOM_OK);
}

static void stop(struct fixture *t)
{
	iom_vmmio_dev_fini(&t->m);
	assert_int_equal(plat_test_live(&t->e.pt), 0);
}

static uint32_t rd(struct fixture *t, unsigned int off)
{
	uint8_t b[4];

	assert_int_equal(iom_vmmio_dev_read(&t->m, off, b, 4), IOM_OK);
	return iom_get_le32(b);
}

static void wr(struct fixture *t, unsigned int off, uint32_t val)
{
	uint8_t b[4];

	iom_put_le32(b, val);
	assert_int_equal(iom_vmmio_dev_write(&t->m, off, b, 4), IOM_OK);
}

/* What a fresh device reads at each register, queue 0 selected; the rest is 0. */
static const struct {
	unsigned int off;
	uint8_t bytes[4];
} fresh[] = {
	{ 0x000, { 'v', 'i', 'r', 't' } },
	{ 0x004, { 0x02, 0x00, 0x00, 0x00 } },		/* Version */
	{ 0x008, { 0x17, 0x00, 0x00, 0x00 } },		/* DeviceID: IOMMU */
	{ 0x00c, { 'Q', 'E', 'M', 'U' } },		/* VendorID as the embedder gave it */
	{ 0x010, { 0x00, 0x00, 0x00, 0x30 } },		/* DeviceFeatures word 0 */
	{ 0x034, { 0x10, 0x00, 0x00, 0x00 } },		/* QueueSizeMax */
	{ 0x0b0, { 0xff, 0xff, 0xff, 0xff } },		/* SHMLen: no region */
	{ 0x0b4, { 0xff, 0xff, 0xff, 0xff } },
	{ 0x0b8, { 0xff, 0xff, 0xff, 0xff } },		/* SHMBase */
	{ 0x0bc, { 0xff, 0xff, 0xff, 0xff } },
};

static void assert_fresh(struct fixture *t)
{
	uint8_t b[4], want[4];
	unsigned int off, i;

	wr(t, 0x30, 0);
	wr(t, 0x14, 0);
	for (off = 0; off < 0x100; off += 4) {
		memset(want, 0, sizeof(want));
		for (i = 0; i < IOM_ARRAY_SIZE(fresh); i++)
			if (fresh[i].off == off)
				memcpy(want, fresh[i].bytes, 4);
		assert_int_equal(iom_vmmio_dev_read(&t->m, off, b, 4), IOM_OK);
		if (off != 0xfc)		/* the generation goes on */
			assert_memory_equal(b, want, 4);
	}
	assert_false(t->line);
}

static void register_map_is_that_of_the_specification(void **state)
{
	struct fixture t;
	uint8_t b[8];
	unsigned int i;

	(void)state;
	start(&t);
	assert_fresh(&t);
	assert_int_equal(rd(&t, 0xfc), 0);
	wr(&t, 0x14, 1);
	assert_int_equal(rd(&t, 0x10), 7);
	for (i = 2; i; i <<= 1) {			/* no features from word 2 on */
		wr(&t, 0x14, i);
		assert_int_equal(rd(&t, 0x10), 0);
	}
	wr(&t, 0x30, 1);
	assert_int_equal(rd(&t, 0x34), 16);
	for (i = 2; i; i <<= 1) {			/* no such queue, 0x10000 either */
		wr(&t, 0x30, i);
		assert_int_equal(rd(&t, 0x34) | rd(&t, 0x44), 0);
	}
	wr(&t, 0x30, 0x10000);
	assert_int_equal(rd(&t, 0x34), 0);
	/* Configuration space: its bytes, then nothing. */
	for (i = 0; i < 24; i++) {
		assert_int_equal(iom_vmmio_dev_read(&t.m, 0x100 + i, b, 1), IOM_OK);
		assert_int_equal(b[0], i < 20 ? 0xe0 + i : 0);
	}
	assert_int_equal(iom_vmmio_dev_read(&t.m, 0x110, b, 8), IOM_OK);
	assert_true(iom_get_le64(b) == 0xf3f2f1f0);
	assert_int_equal(rd(&t, 0xffc), 0);
	stop(&t);
	assert_int_equal(iom_vmmio_dev_init(&t.m, &t.e.d, 0, NULL, NULL), IOM_EINVAL);
	plat_test_fail_nth(&t.e.pt, 1);
	assert_int_equal(iom_vmmio_dev_init(&t.m, &t.e.d, 0, got_irq, NULL), IOM_ENOMEM);
}

/* 4.2.2.2: aligned words; in configuration space the field's width. */
static void other_widths_are_refused(void **state)
{
	struct fixture t;
	uint8_t b[16];
	unsigned int off, len;
	bool ok;

	(void)state;
	start(&t);
	for (off = 0; off < 0x1010; off++)
		for (len = 0; len <= 16; len++) {
			memset(b, 0xff, sizeof(b));
			ok = len == 4 || (off >= 0x100 && (len == 1 || len == 2 || len == 8));
			ok = ok && off % len == 0 && off < 0x1000;
			/* Not to start it, only to see that it is let through. */
			assert_int_equal(iom_vmmio_dev_read(&t.m, off, b, len),
					 ok ? IOM_OK : IOM_EINVAL);
			if (!ok && len)
				assert_int_equal(b[0] | b[len - 1], 0);
			memset(b, 0xff, sizeof(b));
			if (!ok)
				assert_int_equal(iom_vmmio_dev_write(&t.m, off, b, len),
						 IOM_EINVAL);
		}
	assert_int_equal(iom_vmmio_dev_read(&t.m, UINT64_MAX - 3, b, 4), IOM_EINVAL);
	assert_int_equal(iom_vmmio_dev_read(&t.m, UINT64_C(0x100000000), b, 4), IOM_EINVAL);
	assert_fresh(&t);
	/* Of configuration space, only what the device type allows. */
	iom_put_le64(b, 0x1122334455667788);
	for (off = 0x100; off < 0x120; off += 8)
		assert_int_equal(iom_vmmio_dev_write(&t.m, off, b, 8), IOM_OK);
	assert_int_equal(rd(&t, 0x100), 0xe3e2e1e0);
	assert_int_equal(rd(&t, 0x104), 0x11223344);
	assert_int_equal(rd(&t, 0x108), 0x55667788);
	assert_int_equal(rd(&t, 0x10c), 0xefeeedec);
	stop(&t);
}

/* 4.2.3.1.1, 3.1.1 */
static void negotiate(struct fixture *t, uint64_t features)
{
	assert_int_equal(rd(t, 0x000), 0x74726976);
	assert_int_equal(rd(t, 0x004), 2);
	assert_int_not_equal(rd(t, 0x008), 0);
	wr(t, 0x70, 0);
	assert_int_equal(rd(t, 0x70), 0);
	wr(t, 0x70, 1);
	wr(t, 0x70, 3);
	wr(t, 0x24, 1);
	wr(t, 0x20, (uint32_t)(features >> 32));
	wr(t, 0x24, 0);
	wr(t, 0x20, (uint32_t)features);
	wr(t, 0x70, 11);
	assert_int_equal(rd(t, 0x70), 11);
}

/* 4.2.3.2 */
static void set_queue(struct fixture *t, unsigned int q, bool packed, unsigned int size)
{
	const struct iom_vq_cfg *c;

	virtio_echo_ring(&t->e, q, packed, size);
	c = &t->e.ring[q].cfg;
	wr(t, 0x30, q);
	assert_int_equal(rd(t, 0x44), 0);
	assert_int_equal(rd(t, 0x34), 16);
	wr(t, 0x38, size);
	wr(t, 0x80, (uint32_t)c->desc);
	wr(t, 0x84, (uint32_t)(c->desc >> 32));
	wr(t, 0x90, (uint32_t)c->driver);
	wr(t, 0x94, (uint32_t)(c->driver >> 32));
	wr(t, 0xa0, (uint32_t)c->device);
	wr(t, 0xa4, (uint32_t)(c->device >> 32));
	wr(t, 0x44, 1);
	assert_int_equal(rd(t, 0x44), 1);
}

static void bring_up(struct fixture *t, bool packed)
{
	negotiate(t, UINT64_C(0x300000000) | (packed ? UINT64_C(0x400000000) : 0));
	set_queue(t, 0, packed, 16);
	set_queue(t, 1, packed, packed ? 5 : 4);
	wr(t, 0x70, 15);
	assert_int_equal(rd(t, 0x70), 15);
}

static void kick(void *arg, unsigned int q)
{
	wr(arg, 0x50, q);
}

static void a_driver_brings_it_up(void **state)
{
	struct fixture t;
	struct test_rng rng;
	unsigned int packed, i;

	(void)state;
	test_rng_init(&rng);
	for (packed = 0; packed < 2; packed++) {
		start(&t);
		bring_up(&t, packed);
		for (i = 0; i < 200; i++) {
			virtio_echo_exchange(&t.e, i & 1, &rng, 1 + i % 64, kick, &t);
			assert_true(t.line);
			assert_int_equal(rd(&t, 0x60), 1);
			wr(&t, 0x64, 2);	/* acknowledges what is not there */
			assert_true(t.line);
			wr(&t, 0x64, 1);
			assert_false(t.line);
			assert_int_equal(rd(&t, 0x60), 0);
		}
		/* Stop one queue, read back, set it up anew (4.2.3.2). */
		wr(&t, 0x30, 1);
		wr(&t, 0x44, 0);
		assert_int_equal(rd(&t, 0x44), 0);
		set_queue(&t, 1, packed, 2);
		virtio_echo_exchange(&t.e, 1, &rng, 64, kick, &t);
		virtio_echo_exchange(&t.e, 0, &rng, 64, kick, &t);
		wr(&t, 0x50, 2);		/* no such queue */
		wr(&t, 0x50, 0xffffffff);
		assert_int_equal(iom_virtio_dev_run(&t.e.d), IOM_OK);
		wr(&t, 0x70, 0);
		assert_fresh(&t);
		stop(&t);
	}
}

static void queues_that_cannot_be_ready_are_not(void **state)
{
	struct fixture t;

	(void)state;
	start(&t);
	wr(&t, 0x44, 1);			/* before FEATURES_OK */
	assert_int_equal(rd(&t, 0x44), 0);
	negotiate(&t, UINT64_C(0x100000000));
	wr(&t, 0x30, 0);
	wr(&t, 0x38, 17);
	wr(&t, 0x44, 1);
	assert_int_equal(rd(&t, 0x44), 0);
	wr(&t, 0x38, 0x10010);			/* 16 bits are not all of it */
	wr(&t, 0x44, 1);
	assert_int_equal(rd(&t, 0x44), 0);
	wr(&t, 0x38, 16);
	wr(&t, 0x80, 8);
	wr(&t, 0x44, 1);
	assert_int_equal(rd(&t, 0x44), 0);
	wr(&t, 0x30, 2);
	wr(&t, 0x44, 1);
	assert_int_equal(rd(&t, 0x44), 0);
	set_queue(&t, 0, false, 16);
	wr(&t, 0x80, 0);			/* in use: does not move */
	wr(&t, 0x44, 2);
	assert_int_equal(rd(&t, 0x44), 1);
	assert_true(t.e.d.queue[0].cfg.desc == t.e.ring[0].cfg.desc);
	stop(&t);
}

static void interrupt_status_is_the_line(void **state)
{
	struct fixture t;
	struct test_rng rng;
	unsigned int step, isr = 0, ack;

	(void)state;
	test_rng_init(&rng);
	start(&t);
	bring_up(&t, false);
	for (step = 0; step < 5000; step++) {
		switch (test_rng_below(&rng, 3)) {
		case 0:
			t.e.d.tr->queue_irq(t.e.d.tr_arg, (unsigned int)test_rng_below(&rng, 2));
			isr |= 1;
			break;
		case 1:
			iom_virtio_dev_config_changed(&t.e.d);
			isr |= 2;
			break;
		default:
			ack = (unsigned int)test_rng_below(&rng, 8);
			wr(&t, 0x64, ack);
			isr &= ~ack;
		}
		assert_int_equal(rd(&t, 0x60), isr);
		assert_int_equal(t.line, isr != 0);
	}
	assert_int_equal(rd(&t, 0xfc), t.e.d.generation);
	assert_int_not_equal(rd(&t, 0xfc), 0);
	stop(&t);
}

static void reset_works_in_every_state(void **state)
{
	struct fixture t;
	struct test_rng rng;
	unsigned int step, how;

	(void)state;
	test_rng_init(&rng);
	for (step = 0; step < 6; step++)
		for (how = 0; how < 2; how++) {
			start(&t);
			if (step == 1)
				wr(&t, 0x70, 3);
			if (step >= 2)
				negotiate(&t, UINT64_C(0x100000000));
			if (step == 3)
				set_queue(&t, 0, false, 8);
			if (step >= 4)
				bring_up(&t, step & 1);
			if (step >= 5)
				iom_virtio_dev_needs_reset(&t.e.d);
			if (how)
				iom_virtio_dev_reset(&t.e.d);
			else
				wr(&t, 0x70, 0);
			assert_fresh(&t);
			bring_up(&t, !(step & 1));
			virtio_echo_exchange(&t.e, 0, &rng, 9, kick, &t);
			stop(&t);
		}
}

/* Everything that a driver can see. */
static void look(struct fixture *t, uint32_t *view)
{
	uint16_t sel = t->e.d.queue_sel;
	unsigned int off;

	for (off = 0; off < 0x120; off += 4)
		*view++ = rd(t, off);
	for (t->e.d.queue_sel = 0; t->e.d.queue_sel < 3; t->e.d.queue_sel++)
		for (off = 0x30; off < 0x48; off += 4)
			*view++ = rd(t, off);
	t->e.d.queue_sel = sel;
	*view = t->line;
}

#define VIEW (0x120 / 4 + 3 * 6 + 1)

static void random_accesses_keep_the_rules(void **state)
{
	static uint8_t stream[STREAM];
	static struct fixture t, u;
	struct test_rng rng;
	uint32_t a[VIEW], b[VIEW];
	uint8_t buf[8];
	unsigned int step, len, status;
	uint64_t off;
	size_t size, n;

	(void)state;
	test_rng_init(&rng);
	start(&t);
	for (step = 0; step < 60000; step++) {
		len = 1u << test_rng_below(&rng, 4);
		off = test_rng_below(&rng, 8) ? test_rng_below(&rng, 0x48) * 4 :
		      test_rng_edgy(&rng);
		iom_put_le64(buf, test_rng_below(&rng, 2) ? test_rng_below(&rng, 20) :
			     test_rng_edgy(&rng));
		if (!test_rng_below(&rng, 50))
			bring_up(&t, step & 1);
		else if (!test_rng_below(&rng, 10))
			iom_virtio_dev_run(&t.e.d);
		else if (test_rng_below(&rng, 2))
			iom_vmmio_dev_write(&t.m, off, buf, len);
		else
			iom_vmmio_dev_read(&t.m, off, buf, len);
		status = rd(&t, 0x70);
		assert_int_equal(status & ~0xcfu, 0);
		assert_true(!(status & 4) || status & 8);
		assert_true(t.e.d.queue[0].cfg.size <= 16 && t.e.d.queue[1].cfg.size <= 16);
		assert_int_equal(t.line, rd(&t, 0x60) != 0);
		if (step % 61)
			continue;
		/* Saved here, restored into another of any state. */
		assert_int_equal(iom_vmmio_dev_save(&t.m, stream, STREAM, &size), IOM_OK);
		start(&u);
		if (step & 1)
			bring_up(&u, step & 2);
		memcpy(u.e.mem, t.e.mem, sizeof(u.e.mem));
		memcpy(u.e.cfg, t.e.cfg, sizeof(u.e.cfg));
		assert_int_equal(iom_vmmio_dev_restore(&u.m, stream, size, &n), IOM_OK);
		assert_int_equal(n, size);
		look(&t, a);
		look(&u, b);
		assert_memory_equal(a, b, sizeof(a));
		stop(&u);
	}
	stop(&t);
}

static void damaged_streams_change_nothing(void **state)
{
	uint8_t stream[STREAM];
	struct fixture t;
	uint32_t a[VIEW], b[VIEW];
	size_t len, n, i;

	(void)state;
	start(&t);
	bring_up(&t, true);
	iom_virtio_dev_config_changed(&t.e.d);
	assert_int_equal(iom_vmmio_dev_save(&t.m, NULL, 0, &len), IOM_ENOSPC);
	assert_int_equal(iom_vmmio_dev_save(&t.m, stream, len - 1, &n), IOM_ENOSPC);
	assert_int_equal(iom_vmmio_dev_save(&t.m, stream, len, &n), IOM_OK);
	bring_up(&t, false);
	look(&t, a);
	for (i = 0; i < len * 8; i++) {
		stream[i / 8] ^= (uint8_t)(1u << i % 8);
		assert_int_equal(iom_vmmio_dev_restore(&t.m, stream, len, &n), IOM_EINVAL);
		stream[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	for (i = 0; i < len; i++)
		assert_int_equal(iom_vmmio_dev_restore(&t.m, stream, i, &n), IOM_EINVAL);
	look(&t, b);
	assert_memory_equal(a, b, sizeof(a));
	/* A bit of InterruptStatus that there is not, with the right checksum. */
	stream[16] |= 4;
	iom_put_le32(stream + len - 4, iom_state_crc32c(0, stream, len - 4));
	assert_int_equal(iom_vmmio_dev_restore(&t.m, stream, len, &n), IOM_EINVAL);
	look(&t, b);
	assert_memory_equal(a, b, sizeof(a));
	stream[16] &= (uint8_t)~4u;
	iom_put_le32(stream + len - 4, iom_state_crc32c(0, stream, len - 4));
	assert_int_equal(iom_vmmio_dev_restore(&t.m, stream, len, &n), IOM_OK);
	assert_true(t.line);
	stop(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(register_map_is_that_of_the_specification),
		cmocka_unit_test(other_widths_are_refused),
		cmocka_unit_test(a_driver_brings_it_up),
		cmocka_unit_test(queues_that_cannot_be_ready_are_not),
		cmocka_unit_test(interrupt_status_is_the_line),
		cmocka_unit_test(reset_works_in_every_state),
		cmocka_unit_test(random_accesses_keep_the_rules),
		cmocka_unit_test(damaged_streams_change_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
