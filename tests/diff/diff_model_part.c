/* SPDX-License-Identifier: BSD-2-Clause */
/* libiom's SMMUv3 with five streams, and memory that is an array. */
#include <stdio.h>
#include <string.h>

#include <iom/host.h>

#include "diff/diff_model.h"

struct model {
	struct iom_smmuv3_dev *s;
	struct iom_gmem_flat queues, walks;
	struct iom_smmuv3_port port[DIFF_DEVS];
	struct iom_access access;
	uint8_t *ram;
	unsigned int nr_ports;
	bool *fresh;
};

static uint32_t rd32(void *arg, uint32_t off)
{
	struct model *m = arg;
	uint64_t val = 0;

	(void)iom_smmuv3_dev_read(m->s, off, 4, &val);
	return (uint32_t)val;
}

static void wr32(void *arg, uint32_t off, uint32_t val)
{
	struct model *m = arg;

	(void)iom_smmuv3_dev_write(m->s, off, 4, val);
}

static void wr64(void *arg, uint32_t off, uint64_t val)
{
	struct model *m = arg;

	(void)iom_smmuv3_dev_write(m->s, off, 8, val);
}

/* The memory that an access of four bytes reaches, or NULL. */
static uint8_t *reach(struct model *m, unsigned int dev, uint64_t iova, unsigned int access)
{
	struct iom_smmuv3_result res = { 0 }, walked = { 0 };
	uint64_t ev[4], walked_ev[4];
	int rc, walked_rc;

	iom_access_begin(&m->access);
	rc = iom_smmuv3_dev_translate(&m->port[dev], iova, 4, access, &res, ev);
	walked_rc = iom_smmuv3_dev_walk(&m->port[dev], iova, 4, access, &walked, walked_ev);
	iom_access_end(&m->access);
	*m->fresh++ = rc == walked_rc && res.pa == walked.pa && res.memattr == walked.memattr &&
		      res.sh == walked.sh && !memcmp(ev, walked_ev, sizeof(ev));
	if (rc || res.pa < DIFF_RAM || res.pa >= DIFF_RAM + DIFF_RAM_SIZE)
		return NULL;
	return m->ram + (res.pa - DIFF_RAM);
}

static bool dma_write(void *arg, unsigned int dev, uint64_t iova)
{
	const uint32_t pattern = DIFF_PATTERN;
	uint8_t *to = reach(arg, dev, iova, IOM_ACCESS_WRITE);
	const struct model *m = arg;

	/* A damaged table may lead to the script that is being played. */
	if (to && to - m->ram < (ptrdiff_t)(DIFF_SMMU_BASE - DIFF_RAM))
		memcpy(to, &pattern, 4);
	return to;
}

static void dma_read(void *arg, unsigned int dev, uint64_t iova, volatile uint64_t *out)
{
	const uint8_t *from = reach(arg, dev, iova, IOM_ACCESS_READ);
	uint32_t word = 0;

	if (from)
		memcpy(&word, from, 4);
	*out = word;
}

static void finish(void *arg)
{
	(void)arg;
}

static int build(struct model *m, const struct diff_kind *k)
{
	static const uint8_t slots[DIFF_DEVS] = DIFF_SLOTS;
	struct iom_smmuv3_dev_cfg cfg = {
		.plat = iom_host_plat(),
		.gmem = &m->queues.g,
		.mode = IOM_SMMUV3_INLINE,
		.aidr = 1,
	};
	struct iom_smmuv3_diag diag;
	int rc;

	memcpy(cfg.idr, k->idr, sizeof(cfg.idr));
	rc = iom_gmem_flat_init(&m->queues, DIFF_RAM, m->ram, DIFF_RAM_SIZE);
	if (!rc)
		rc = iom_gmem_flat_init(&m->walks, DIFF_RAM, m->ram, DIFF_RAM_SIZE);
	if (rc)
		return rc;
	rc = iom_smmuv3_dev_create(&cfg, &m->s, &diag);
	if (rc) {
		fprintf(stderr, "%s: %s\n", diag.field, diag.why);
		return rc;
	}
	iom_access_join(&m->access, iom_smmuv3_dev_gate(m->s));
	for (; !rc && m->nr_ports < DIFF_DEVS; m->nr_ports++)
		rc = iom_smmuv3_dev_port_init(&m->port[m->nr_ports], m->s,
					      (uint32_t)slots[m->nr_ports] << 3, &m->walks.g);
	return rc;
}

int diff_model_run(const struct diff_kind *k, uint8_t *ram, bool *fresh)
{
	struct model m = { .ram = ram, .fresh = fresh };
	const struct diff_target t = {
		.ram = ram, .arg = &m,
		.rd32 = rd32, .wr32 = wr32, .wr64 = wr64,
		.dma_write = dma_write, .dma_read = dma_read, .finish = finish,
	};
	uint32_t *word = (uint32_t *)(void *)(ram + (DIFF_ARENA - DIFF_RAM));
	uint64_t i, bad = 0;
	int rc = build(&m, k);

	for (i = 0; i < DIFF_ARENA_SIZE / 4; i++)
		word[i] = (uint32_t)(DIFF_ARENA + 4 * i);
	if (!rc)
		bad = diff_run(&t);
	while (m.nr_ports)
		iom_smmuv3_dev_port_fini(&m.port[--m.nr_ports]);
	if (m.s) {
		iom_access_leave(&m.access);
		(void)iom_smmuv3_dev_destroy(m.s);
	}
	if (rc || bad)
		fprintf(stderr, "libiom's model: %s, step %llu\n", iom_err_str(rc),
			(unsigned long long)bad);
	return rc || bad ? -1 : 0;
}
