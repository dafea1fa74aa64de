/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A VMM with rings of its own embeds the virtio-iommu: what it supplies, and
 * the four calls it makes. Here "the guest" is the second half of main(), which
 * writes requests as bytes; a VMM takes them from its request queue.
 *
 *	cc viommu_embed.c $(pkg-config --cflags --libs libiom) -pthread
 */
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <iom/device.h>

/* --- what the VMM supplies: memory, a lock, a way to wait ----------------- */

static int vmm_alloc(struct iom_plat *p, size_t size, size_t align, void **out)
{
	/* aligned_alloc wants a multiple of a sane alignment. */
	size_t a = align < sizeof(void *) ? sizeof(void *) : align;
	void *mem = size < SIZE_MAX - a ? aligned_alloc(a, (size + a - 1) / a * a) : NULL;

	(void)p;
	if (!mem)
		return IOM_ENOMEM;
	*out = memset(mem, 0, size);
	return IOM_OK;
}

static void vmm_free(struct iom_plat *p, void *mem, size_t size)
{
	(void)p;
	(void)size;
	free(mem);
}

static int vmm_lock_init(struct iom_plat *p, struct iom_lock *l)
{
	pthread_mutex_t *m = malloc(sizeof(*m));

	(void)p;
	if (!m)
		return IOM_ENOMEM;
	pthread_mutex_init(m, NULL);
	l->impl = m;
	return IOM_OK;
}

static void vmm_lock_fini(struct iom_plat *p, struct iom_lock *l)
{
	(void)p;
	pthread_mutex_destroy(l->impl);
	free(l->impl);
}

static void vmm_lock(struct iom_plat *p, struct iom_lock *l)
{
	(void)p;
	pthread_mutex_lock(l->impl);
}

static void vmm_unlock(struct iom_plat *p, struct iom_lock *l)
{
	(void)p;
	pthread_mutex_unlock(l->impl);
}

static void vmm_relax(struct iom_plat *p, unsigned int turn)
{
	(void)p;
	(void)turn;
	sched_yield();
}

static const struct iom_plat_ops vmm_ops = {
	.alloc = vmm_alloc,
	.free = vmm_free,
	.lock_init = vmm_lock_init,
	.lock_fini = vmm_lock_fini,
	.lock = vmm_lock,
	.unlock = vmm_unlock,
	.relax = vmm_relax,
};

/* A VMM puts this in an event buffer of the guest. */
static void vmm_fault(void *arg, const struct iom_viommu_fault *f)
{
	(void)arg;
	printf("  fault: endpoint %" PRIu32 ", %s at 0x%" PRIx64 "\n", f->endpoint,
	       f->write ? "write" : "read", f->address);
}

/* --- what an emulated device does for each access ------------------------- */

static void dma(struct iom_viommu_ep *ep, struct iom_access *access, uint64_t iova, uint64_t len,
		unsigned int how)
{
	struct iom_run run;
	int rc;

	/* Inside the bracket no UNMAP of these pages is answered. */
	iom_access_begin(access);
	rc = iom_xlate_translate(iom_viommu_dev_xlate(ep), iova, len, how, &run);
	if (rc == IOM_OK)
		printf("  DMA to 0x%" PRIx64 " reaches 0x%" PRIx64 ", %" PRIu64 " bytes\n", iova,
		       run.gpa, run.len);
	else
		printf("  DMA to 0x%" PRIx64 " is refused: %s\n", iova, iom_err_str(rc));
	iom_access_end(access);
}

/* --- the guest: VIRTIO 1.3, 5.13.6, as bytes ------------------------------ */

static int request(struct iom_viommu_dev *v, const char *name, const void *req, size_t len)
{
	uint8_t tail[4] = { 0xff };
	size_t used = 0;
	int rc = iom_viommu_dev_request(v, req, len, tail, sizeof(tail), &used);

	printf("%s: status %u, %zu bytes used\n", name, tail[0], used);
	return rc != IOM_OK || used != sizeof(tail) || tail[0];
}

static int guest(struct iom_viommu_dev *v, struct iom_viommu_ep *ep, struct iom_access *access)
{
	uint8_t attach[20] = { 1 }, map[36] = { 3 }, unmap[28] = { 4 };

	iom_put_le32(attach + 4, 1);			/* domain */
	iom_put_le32(attach + 8, 8);			/* endpoint */
	iom_put_le32(map + 4, 1);
	iom_put_le64(map + 8, 0x100000);		/* IOVA, first and last byte */
	iom_put_le64(map + 16, 0x101fff);
	iom_put_le64(map + 24, 0x80000000);		/* guest-physical */
	iom_put_le32(map + 32, 3);			/* read, write */
	iom_put_le32(unmap + 4, 1);
	iom_put_le64(unmap + 8, 0x100000);
	iom_put_le64(unmap + 16, 0x101fff);

	if (request(v, "ATTACH", attach, sizeof(attach)) || request(v, "MAP", map, sizeof(map)))
		return 1;
	dma(ep, access, 0x100ff0, 32, IOM_ACCESS_WRITE);
	if (request(v, "UNMAP", unmap, sizeof(unmap)))
		return 1;
	dma(ep, access, 0x100ff0, 32, IOM_ACCESS_WRITE);
	return 0;
}

int main(void)
{
	const struct iom_viommu_ep_cfg ep_cfg = { .id = 8 };
	struct iom_viommu_dev_cfg cfg = { .fault = vmm_fault };
	struct iom_viommu_ep *ep;
	struct iom_viommu_dev *v;
	struct iom_access access;
	struct iom_plat plat;
	int rc;

	rc = iom_plat_init(&plat, &vmm_ops);
	if (rc)
		goto out;
	cfg.plat = &plat;
	rc = iom_viommu_dev_create(&cfg, &v);
	if (rc)
		goto out;
	rc = iom_viommu_dev_add_ep(v, &ep_cfg, &ep);
	if (rc)
		goto out_dev;
	/* Features were negotiated: the driver takes all that is offered. */
	iom_viommu_dev_accept(v, iom_viommu_dev_features(v));
	iom_access_join(&access, iom_viommu_dev_gate(v));

	rc = guest(v, ep, &access);

	iom_access_leave(&access);
	iom_viommu_dev_remove_ep(v, ep);
out_dev:
	iom_viommu_dev_destroy(v);
out:
	if (rc < 0)
		fprintf(stderr, "viommu_embed: %s\n", iom_err_str(rc));
	return rc != 0;
}
