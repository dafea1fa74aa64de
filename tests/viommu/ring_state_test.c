/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The whole function is saved and restored in the middle of its work: requests
 * in flight in the ring, served and not yet collected, faults that wait for a
 * buffer, buffers that wait for a fault. Each request is answered once, with the
 * status the model says, by whichever function has it; at rest, all that is
 * reachable equals the model. Both rings; damage changes nothing.
 */
#include "lib/test.h"
#include "lib/viommu_model.h"
#include "lib/viommu_ring.h"

#define STREAM_MAX (1u << 18)
#define BUFFERS 48u

static struct test_rng rng;
static uint8_t pci_stream[STREAM_MAX], dev_stream[STREAM_MAX], twin_stream[STREAM_MAX];

struct flight {
	bool used;
	int want, or_status;
};

struct journey {
	struct vtq f[2];		/* the function lives in one of them */
	struct vtq *now;
	struct vtq_cfg cfg;
	struct model m;
	struct flight flight[BUFFERS];
	uint8_t buffer_of[VRING_SIZE_MAX];
	unsigned int posted, collected, faults, events, next_buffer;
};

static void create(struct journey *j, struct vtq *t)
{
	struct iom_viommu_ep_cfg e[MODEL_EPS];
	unsigned int i, n = model_ep_cfgs(e);

	memset(t, 0, sizeof(*t));
	plat_test_init(&t->pt);
	VT_REQUIRE(vtq_create(t, &j->cfg) == IOM_OK);
	for (i = 0; i < n; i++)
		vtq_add(t, &e[i]);
}

static void post(struct journey *j)
{
	struct vtq *t = j->now;
	struct vt_req r;
	unsigned int i;

	for (i = 0; i < BUFFERS && j->flight[i].used; i++)
		;
	if (i == BUFFERS || t->req.nr_free < 2)
		return;
	do
		r = model_random_request(&j->m, &rng);
	while (!r.in_len || !r.out_len);
	j->flight[i].used = true;
	j->flight[i].want = model_request(&j->m, &r);
	j->flight[i].or_status = j->m.or_status;
	j->buffer_of[vtq_post(t, i, &r)] = (uint8_t)i;
	j->posted++;
}

static void collect(struct journey *j)
{
	struct vtq *t = j->now;
	const uint8_t *out;
	unsigned int i;
	uint32_t len;
	uint16_t id;
	int got;

	while (vring_get(&t->req, &id, &len)) {
		i = j->buffer_of[id];
		VT_REQUIRE(j->flight[i].used);
		j->flight[i].used = false;
		out = t->mem + VTQ_BUFS + 2048u * i + 1024;
		got = len ? out[len - 4] : S_NONE;
		VT_REQUIRE(got == j->flight[i].want ||
			   (got && got == j->flight[i].or_status));
		VT_REQUIRE(out[len] == 0xee);
		j->collected++;
	}
}

/* In order, so the address tells whether one is missing or came twice. */
static void events(struct journey *j)
{
	struct vtq *t = j->now;
	uint8_t rec[64];
	uint64_t iova;
	uint32_t len;

	while (vtq_get_event(t, rec, &len)) {
		VT_REQUIRE(len == 24);
		memcpy(&iova, rec + 16, 8);
		VT_REQUIRE(iova == j->events);
		j->events++;
	}
}

/* By an endpoint that is never attached; its nth fault is at address n. */
static void make_fault(struct journey *j)
{
	struct iom_run run;

	if (j->faults - j->events >= IOM_VIOMMU_VQ_FAULTS)
		return;
	VT_REQUIRE(vtq_translate(j->now, MODEL_EPS, j->faults, 1, IOM_ACCESS_READ, &run));
	j->faults++;
}

static void add_faulter(struct vtq *t)
{
	const struct iom_viommu_ep_cfg e = { .id = 999999 };

	vtq_add(t, &e);
}

static void save(struct journey *j, size_t *pci_len, size_t *dev_len)
{
	VT_REQUIRE(iom_vpci_dev_save(&j->now->pci, pci_stream, STREAM_MAX, pci_len) == IOM_OK);
	VT_REQUIRE(iom_viommu_vq_save(j->now->q, dev_stream, STREAM_MAX, dev_len) == IOM_OK);
}

/* Saves, makes a function over a copy of the memory, and lets the old one go. */
static void move(struct journey *j)
{
	struct vtq *from = j->now, *to = from == &j->f[0] ? &j->f[1] : &j->f[0];
	size_t pci_len, dev_len, used;

	save(j, &pci_len, &dev_len);
	create(j, to);
	add_faulter(to);
	memcpy(to->mem, from->mem, VTQ_MEM);
	VT_REQUIRE(iom_vpci_dev_restore(&to->pci, pci_stream, pci_len, &used) == IOM_OK);
	VT_REQUIRE(used == pci_len);
	VT_REQUIRE(iom_viommu_vq_restore(to->q, dev_stream, dev_len, &used) == IOM_OK);
	VT_REQUIRE(used == dev_len);
	VT_REQUIRE(vtq_status(to) == 15);
	to->req = from->req;
	to->ev = from->ev;
	to->req.mem = to->ev.mem = to->mem;
	memcpy(to->notify_at, from->notify_at, sizeof(to->notify_at));
	memcpy(to->ev_buf, from->ev_buf, sizeof(to->ev_buf));
	vtq_close(from);
	j->now = to;
}

/* At rest: what the device can reach is what the model says. */
static void compare(struct journey *j)
{
	static struct model unused;
	struct iom_viommu_ep_cfg e = { .id = 999999 };
	struct vt twin;
	size_t len, used;

	VT_REQUIRE(iom_viommu_dev_save(j->now->v, twin_stream, STREAM_MAX, &len) == IOM_OK);
	model_open(&unused, &twin, 0);
	vt_add(&twin, &e);
	VT_REQUIRE(iom_viommu_dev_restore(twin.v, twin_stream, len, &used) == IOM_OK);
	model_compare_now(&j->m, &twin, &rng);
	vt_close(&twin);
}

static void travel(bool packed, unsigned int rounds)
{
	static struct journey j;
	struct iom_viommu_ep_cfg e[MODEL_EPS];
	unsigned int i, k, moves = 0, in_flight = 0;

	memset(&j, 0, sizeof(j));
	j.cfg = (struct vtq_cfg){ .packed = packed, .size = 128, .requests_per_run = 3,
				  .dev = model_cfg(0) };
	model_init(&j.m, &j.cfg.dev);
	k = model_ep_cfgs(e);
	for (i = 0; i < k; i++)
		model_add(&j.m, &e[i]);
	j.now = &j.f[0];
	create(&j, j.now);
	add_faulter(j.now);
	vtq_start(j.now, &j.cfg);
	for (i = 0; i < rounds; i++) {
		for (k = (unsigned int)test_rng_below(&rng, 9); k; k--)
			post(&j);
		vtq_kick(j.now, 0);
		for (k = (unsigned int)test_rng_below(&rng, 4); k; k--)
			make_fault(&j);
		for (k = (unsigned int)test_rng_below(&rng, 4); k; k--)
			if (j.now->ev.nr_free)
				vtq_post_event(j.now, j.next_buffer++ % 256, 24);
		for (k = (unsigned int)test_rng_below(&rng, 4); k; k--)
			iom_virtio_dev_run(j.now->d);
		if (!test_rng_below(&rng, 2)) {
			collect(&j);
			events(&j);
		}
		if (test_rng_below(&rng, 4)) {
			in_flight += j.posted != j.collected;
			move(&j);
			moves++;
		}
		if (i % 16 == 0) {
			/* No new kick: what was available before the move is still known. */
			VT_REQUIRE(vtq_run(j.now) == IOM_OK);
			collect(&j);
			VT_REQUIRE(j.posted == j.collected);
			compare(&j);
		}
	}
	vtq_run(j.now);
	collect(&j);
	assert_int_equal(j.posted, j.collected);
	while (j.events < j.faults) {
		vtq_post_event(j.now, 0, 24);
		vtq_kick(j.now, 1);
		vtq_run(j.now);
		events(&j);
	}
	assert_true(in_flight > moves / 4);
	print_message("%u requests, %u events, %u moves, %u of them with requests in flight\n",
		      j.posted, j.events, moves, in_flight);
	vtq_close(j.now);
}

static void moved_in_flight_split(void **state)
{
	(void)state;
	travel(false, 600);
}

static void moved_in_flight_packed(void **state)
{
	(void)state;
	travel(true, 600);
}

/* A stream of either part that is damaged changes nothing of a function in use. */
static void damage_is_refused(void **state)
{
	static uint8_t own[2][STREAM_MAX], again[STREAM_MAX];
	static struct journey j;
	size_t len[2], own_len[2], used, i;
	unsigned int part;
	uint8_t *stream;
	int rc;

	(void)state;
	memset(&j, 0, sizeof(j));
	j.cfg = (struct vtq_cfg){ .size = 64, .dev = model_cfg(0) };
	model_init(&j.m, &j.cfg.dev);
	j.now = &j.f[0];
	create(&j, j.now);
	add_faulter(j.now);
	vtq_start(j.now, &j.cfg);
	for (i = 0; i < 5; i++)
		make_fault(&j);
	save(&j, &len[0], &len[1]);
	/* Another state to be kept. */
	vtq_start(j.now, &j.cfg);
	make_fault(&j);
	VT_REQUIRE(iom_vpci_dev_save(&j.now->pci, own[0], STREAM_MAX, &own_len[0]) == 0);
	VT_REQUIRE(iom_viommu_vq_save(j.now->q, own[1], STREAM_MAX, &own_len[1]) == 0);
	for (part = 0; part < 2; part++) {
		stream = part ? dev_stream : pci_stream;
		for (i = 0; i < 9 * len[part]; i++) {
			size_t n = i < 8 * len[part] ? len[part] : i - 8 * len[part];

			if (n == len[part])
				stream[i / 8] ^= (uint8_t)(1u << i % 8);
			rc = part ? iom_viommu_vq_restore(j.now->q, stream, n, &used) :
				    iom_vpci_dev_restore(&j.now->pci, stream, n, &used);
			if (n == len[part])
				stream[i / 8] ^= (uint8_t)(1u << i % 8);
			assert_int_equal(rc, IOM_EINVAL);
			if (i % 1024)
				continue;
			rc = part ? iom_viommu_vq_save(j.now->q, again, STREAM_MAX, &used) :
				    iom_vpci_dev_save(&j.now->pci, again, STREAM_MAX, &used);
			assert_int_equal(rc, IOM_OK);
			assert_int_equal(used, own_len[part]);
			assert_memory_equal(again, own[part], used);
		}
	}
	vtq_close(j.now);
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
		cmocka_unit_test(moved_in_flight_split),
		cmocka_unit_test(moved_in_flight_packed),
		cmocka_unit_test(damage_is_refused),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
