/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Workers access shared memory without a lock while a client maps and unmaps
 * it. The law: once the reply to an UNMAP is here, no byte of what was unmapped
 * changes any more, until it is mapped again; and a reset, once answered, is
 * followed by no write of a bracket begun before. Everything runs at once:
 * socket thread, two workers, the client. To be run under ThreadSanitizer too.
 *
 * The client sees the memory by a mapping of its own.
 */
#include <pthread.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <iom/host/host.h>

#include "lib/test.h"
#include "lib/vfu_client.h"

#define SLOTS		8u
#define SLOT		0x4000u
#define ROUNDS		400u
#define WORKERS		2u

struct world {
	struct vfu_dev dev;
	struct iom_vfu *v;
	struct vfu_client c;
	struct iom_host_memfd ram;
	atomic_bool stop;
	atomic_ulong accesses, refused, pinned;
};

struct worker {
	struct world *w;
	unsigned int n;
	struct test_rng rng;
};

static void *socket_main(void *arg)
{
	struct world *w = arg;

	iom_vfu_serve(w->v);
	return NULL;
}

/* One bracket: some accesses, some through a pointer that is kept to the end. */
static void bracket(struct worker *k, struct iom_gmem *g)
{
	uint8_t buf[256], *pinned[4];
	uint64_t addr, val;
	unsigned int i, n = 0;
	size_t got;
	void *ptr;
	int rc;

	if (iom_gmem_begin(g))
		return;
	for (i = 0; i < 8; i++) {
		/* Each worker has a part of each slot to itself. */
		addr = test_rng_below(&k->rng, SLOTS) * SLOT + k->n * (SLOT / WORKERS);
		addr += test_rng_below(&k->rng, SLOT / WORKERS - sizeof(buf)) & ~UINT64_C(7);
		memset(buf, (int)(i + 1), sizeof(buf));
		switch (test_rng_below(&k->rng, 4)) {
		case 0:
			rc = iom_gmem_write(g, addr, buf, sizeof(buf));
			break;
		case 1:
			rc = iom_gmem_store(g, addr, 8, i);
			break;
		case 2:
			rc = iom_gmem_load(g, addr, 8, &val);
			break;
		default:
			rc = iom_gmem_map(g, addr, 64, IOM_ACCESS_WRITE, &ptr, &got);
			if (!rc && n < 4)
				pinned[n++] = ptr;
		}
		atomic_fetch_add_explicit(rc ? &k->w->refused : &k->w->accesses, 1,
					  memory_order_relaxed);
	}
	if (!test_rng_below(&k->rng, 4))
		sched_yield();
	atomic_fetch_add_explicit(&k->w->pinned, n, memory_order_relaxed);
	while (n--)
		atomic_fetch_add((_Atomic uint8_t *)pinned[n], 1);
	iom_gmem_end(g);
}

static void *worker_main(void *arg)
{
	struct worker *k = arg;
	struct iom_gmem *g = iom_vfu_gmem(k->w->v, k->n);

	while (!atomic_load(&k->w->stop))
		bracket(k, g);
	return NULL;
}

/* A command, its reply awaited; the socket thread is another one. */
static void call(struct world *w, unsigned int cmd, const void *data, size_t len, int fd)
{
	uint16_t id = vfu_client_send(&w->c, cmd, 0, data, len, &fd, fd >= 0);
	struct vfu_client_msg m;

	assert_true(vfu_client_recv(&w->c, &m, 10000));
	assert_int_equal(m.hdr.id, id);
	assert_int_equal(m.hdr.error, 0);
}

static void map_slot(struct world *w, unsigned int slot)
{
	struct vfio_user_dma_map req = { sizeof(req), 3, slot * SLOT, slot * SLOT, SLOT };

	call(w, VFIO_USER_DMA_MAP, &req, sizeof(req), w->ram.fd);
}

static void unmap_slot(struct world *w, unsigned int slot)
{
	struct vfio_user_dma_unmap req = { sizeof(req), 0, slot * SLOT, SLOT };

	call(w, VFIO_USER_DMA_UNMAP, &req, sizeof(req), -1);
}

/* Nothing writes to memory that nobody has: fill it, wait a little, look. */
static void must_stay(struct world *w, unsigned int slot)
{
	uint8_t *mem = (uint8_t *)w->ram.mem + slot * SLOT;
	unsigned int i;

	memset(mem, 0xee, SLOT);
	for (i = 0; i < 20; i++)
		sched_yield();
	for (i = 0; i < SLOT; i++) {
		if (mem[i] != 0xee)
			fail_msg("slot %u, byte 0x%x changed after its unmap", slot, i);
	}
}

static void world_init(struct world *w)
{
	struct iom_vfu_cfg cfg;

	memset(w, 0, sizeof(*w));
	vfu_dev_init(&w->dev, &cfg);
	cfg.nr_gmems = WORKERS;
	assert_int_equal(iom_vfu_create(&cfg, &w->v), IOM_OK);
	assert_int_equal(iom_host_memfd_init(&w->ram, "ram", SLOTS * SLOT), IOM_OK);
	vfu_client_open(&w->c, w->v);
	vfu_client_version(&w->c, w->v);
}

static void world_fini(struct world *w)
{
	vfu_client_close(&w->c);
	iom_vfu_destroy(w->v);
	iom_host_memfd_fini(&w->ram);
}

static void unmapped_is_unreachable(void **state)
{
	static struct world w;
	struct worker k[WORKERS];
	pthread_t sock, t[WORKERS];
	struct test_rng rng;
	bool mapped[SLOTS] = { false };
	unsigned int i, slot;

	(void)state;
	test_rng_init(&rng);
	world_init(&w);
	assert_int_equal(pthread_create(&sock, NULL, socket_main, &w), 0);
	for (i = 0; i < WORKERS; i++) {
		k[i].w = &w;
		k[i].n = i;
		test_rng_seed(&k[i].rng, test_rng_u64(&rng));
		assert_int_equal(pthread_create(&t[i], NULL, worker_main, &k[i]), 0);
	}
	for (i = 0; i < ROUNDS; i++) {
		slot = (unsigned int)test_rng_below(&rng, SLOTS);
		if (mapped[slot]) {
			unmap_slot(&w, slot);
			must_stay(&w, slot);
		} else {
			map_slot(&w, slot);
		}
		mapped[slot] = !mapped[slot];
		if (!test_rng_below(&rng, 16))
			call(&w, VFIO_USER_DEVICE_RESET, NULL, 0, -1);
	}
	/* With memory mapped, workers do get through. */
	for (i = 0; i < SLOTS; i++) {
		if (!mapped[i])
			map_slot(&w, i);
	}
	while (atomic_load(&w.accesses) < 1000 || !atomic_load(&w.pinned))
		sched_yield();
	/* The connection ends under the workers. */
	vfu_client_close(&w.c);
	for (i = 0; i < 50; i++)
		sched_yield();
	atomic_store(&w.stop, true);
	for (i = 0; i < WORKERS; i++)
		pthread_join(t[i], NULL);
	iom_vfu_stop(w.v);
	pthread_join(sock, NULL);
	assert_true(atomic_load(&w.refused) > 0);
	world_fini(&w);
}

/* Interrupts are raised while their eventfds come and go. */
static void *irq_main(void *arg)
{
	struct world *w = arg;
	struct iom_irq *irq = iom_vfu_irq(w->v);
	unsigned int i = 0;

	while (!atomic_load(&w->stop)) {
		irq->ops->msi(irq, true, i++ % 8, 0, 0);
		irq->ops->intx(irq, i & 1);
	}
	return NULL;
}

static void interrupts_race_with_set_irqs(void **state)
{
	static struct world w;
	struct vfio_user_set_irqs on = { sizeof(on), 0x24, 2, 0, 1 };
	struct vfio_user_set_irqs off = { sizeof(off), 0x21, 2, 0, 0 };
	struct vfio_user_set_irqs unmask = { sizeof(unmask), 0x11, 0, 0, 1 };
	pthread_t sock, t;
	unsigned int i;
	int fd;

	(void)state;
	world_init(&w);
	assert_int_equal(pthread_create(&sock, NULL, socket_main, &w), 0);
	assert_int_equal(pthread_create(&t, NULL, irq_main, &w), 0);
	for (i = 0; i < 300; i++) {
		fd = eventfd(0, 0);
		call(&w, VFIO_USER_DEVICE_SET_IRQS, &on, sizeof(on), fd);
		call(&w, VFIO_USER_DEVICE_SET_IRQS, &unmask, sizeof(unmask), -1);
		close(fd);
		if (i % 3)
			call(&w, VFIO_USER_DEVICE_SET_IRQS, &off, sizeof(off), -1);
	}
	atomic_store(&w.stop, true);
	pthread_join(t, NULL);
	iom_vfu_stop(w.v);
	pthread_join(sock, NULL);
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unmapped_is_unreachable),
		cmocka_unit_test(interrupts_race_with_set_irqs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
