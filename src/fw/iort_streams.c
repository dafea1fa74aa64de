/* SPDX-License-Identifier: BSD-2-Clause */
/* An IORT as a driver of SMMUv3s sees it. The table was checked when it was read. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <iom/base/err.h>
#include <iom/fw/iort.h>
#include <iom/spec/iort.h>

#include "fw/diag.h"
#include "fw/iort.h"

struct fill {
	const struct iom_iort *t;
	struct iom_streams *out;
	struct iom_diag *diag;
};

static int full(struct fill *f, const char *array)
{
	return iomi_diag_fail(f->diag, IOM_E2BIG, NULL, array,
			      "there are more than the caller has room for");
}

static int add_smmu(struct fill *f, const struct iom_iort_node *n)
{
	struct iom_streams_smmu *s;
	uint32_t m = n->u.smmuv3.msi_map;

	if (f->out->nr_smmus == f->out->cap_smmus)
		return full(f, "smmus");
	s = &f->out->smmus[f->out->nr_smmus++];
	*s = (struct iom_streams_smmu){
		.base = n->u.smmuv3.base,
		.coherent = n->u.smmuv3.flags & IORT_SMMUV3_COHACC,
		.irq_event = n->u.smmuv3.event,
		.irq_pri = n->u.smmuv3.pri,
		.irq_gerror = n->u.smmuv3.gerr,
		.irq_sync = n->u.smmuv3.sync,
		.source = n->offset,
	};
	if (m != IOM_IORT_NONE && n->maps[m].target != IOM_IORT_NONE) {
		s->has_msi = true;
		s->msi_id = n->maps[m].output;
	}
	return IOM_OK;
}

/* Index of an SMMUv3 node among the SMMUs, NONE for other nodes. */
static uint32_t smmu_index(const struct fill *f, uint32_t target)
{
	uint32_t i;

	for (i = 0; target != IOM_IORT_NONE && i < f->out->nr_smmus; i++)
		if (f->t->nodes[target].type == IOM_IORT_SMMUV3 &&
		    f->out->smmus[i].source == f->t->nodes[target].offset)
			return i;
	return IOM_STREAMS_NONE;
}

static int add_range(struct fill *f, const struct iom_streams_range *r)
{
	if (f->out->nr_ranges == f->out->cap_ranges)
		return full(f, "ranges");
	f->out->ranges[f->out->nr_ranges++] = *r;
	return IOM_OK;
}

static int add_rc(struct fill *f, const struct iom_iort_node *n, const struct iom_iort_map *m)
{
	struct iom_streams_range r = {
		.segment = n->u.rc.segment,
		.rid_mask = 0xffff,
		.rid_first = (uint16_t)m->input,
		.rid_last = (uint16_t)(m->count_m1 > UINT16_MAX - m->input ? UINT16_MAX :
				       m->input + m->count_m1),
		.smmu = smmu_index(f, m->target),
		.id = m->output,
		.addr_bits = n->u.rc.addr_bits,
		.coherent = n->u.rc.mem.coherent,
		.can_wbs = n->u.rc.mem.flags & IORT_MEM_CANWBS,
		.ats = n->u.rc.ats & IORT_RC_ATS_SUPPORTED,
	};

	/* A requester ID always has an input; a single mapping of a root complex has none. */
	return m->single ? IOM_OK : add_range(f, &r);
}

static int add_named(struct fill *f, const struct iom_iort_node *n, const struct iom_iort_map *m)
{
	struct iom_streams_range r = {
		.path = n->u.named.name,
		.smmu = smmu_index(f, m->target),
		.id = m->output,
		.addr_bits = n->u.named.addr_bits,
		.coherent = n->u.named.mem.coherent,
		.stall = n->u.named.flags & IORT_NAMED_STALL,
	};
	uint32_t i;
	int rc;

	/* Its streams are all IDs of the mapping, each by itself. */
	for (i = 0; ; i++) {
		rc = add_range(f, &r);
		if (rc || i == m->count_m1)
			return rc;
		r.id++;
	}
}

static int add_rmr(struct fill *f, const struct iom_iort_node *n, const struct iom_iort_map *m)
{
	uint32_t smmu = smmu_index(f, m->target), i;

	for (i = 0; smmu != IOM_STREAMS_NONE && i < n->u.rmr.nr; i++) {
		if (f->out->nr_resvs == f->out->cap_resvs)
			return full(f, "resvs");
		f->out->resvs[f->out->nr_resvs++] = (struct iom_streams_resv){
			.range = n->u.rmr.ranges[i],
			.mapped = true,
			.pa = n->u.rmr.ranges[i].start,
			.smmu = smmu,
			.id_first = m->output,
			.id_last = m->output + m->count_m1,
			.remap = n->u.rmr.flags & IORT_RMR_REMAP,
			.privileged = n->u.rmr.flags & IORT_RMR_PRIVILEGED,
		};
	}
	return IOM_OK;
}

int iom_iort_streams(const struct iom_iort *t, struct iom_streams *out, struct iom_diag *diag)
{
	struct fill f = { t, out, diag };
	const struct iom_iort_node *n;
	uint32_t i, k;
	int rc = IOM_OK;

	out->nr_smmus = out->nr_ranges = out->nr_resvs = 0;
	for (i = 0; i < t->nr_nodes && !rc; i++)
		if (t->nodes[i].type == IOM_IORT_SMMUV3)
			rc = add_smmu(&f, &t->nodes[i]);
	for (i = 0; i < t->nr_nodes && !rc; i++) {
		n = &t->nodes[i];
		for (k = 0; k < n->nr_maps && !rc; k++) {
			if (n->type == IOM_IORT_RC)
				rc = add_rc(&f, n, &n->maps[k]);
			else if (n->type == IOM_IORT_NAMED)
				rc = add_named(&f, n, &n->maps[k]);
			else if (n->type == IOM_IORT_RMR)
				rc = add_rmr(&f, n, &n->maps[k]);
		}
	}
	return rc;
}
