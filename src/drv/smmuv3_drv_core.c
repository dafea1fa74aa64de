/* SPDX-License-Identifier: BSD-2-Clause */
/* An SMMUv3 as one of the core's IOMMUs: its streams are the core's to attach. */
#include <iom/drv/smmuv3_drv_core.h>

struct smmu_core {
	struct iom_core_iommu i;
	struct iom_smmuv3_drv *s;
	struct iom_plat *plat;
};

struct core_stream {
	struct iom_core_stream c;
	struct iom_smmuv3_stream st;
};

static struct core_stream *stream_of(struct iom_core_stream *c)
{
	return IOM_CONTAINER_OF(c, struct core_stream, c);
}

static int op_add(struct iom_core_iommu *i, uint32_t id, const struct iom_core_stream_cfg *cfg,
		  struct iom_core_stream **out)
{
	struct smmu_core *sc = IOM_CONTAINER_OF(i, struct smmu_core, i);
	const struct iom_smmuv3_stream_cfg c = {
		.stall = cfg->stall, .pasid_bits = cfg->pasid_bits,
	};
	struct core_stream *st;
	void *mem;
	int rc = iom_plat_alloc(sc->plat, sizeof(*st), 16, &mem);

	if (rc)
		return rc;
	st = mem;
	st->c.iommu = i;
	st->c.id = id;
	rc = iom_smmuv3_drv_stream_add(sc->s, &st->st, id, &c);
	if (rc)
		iom_plat_free(sc->plat, st, sizeof(*st));
	else
		*out = &st->c;
	return rc;
}

static int op_remove(struct iom_core_stream *c)
{
	struct smmu_core *sc = IOM_CONTAINER_OF(c->iommu, struct smmu_core, i);
	struct core_stream *st = stream_of(c);
	int rc = iom_smmuv3_drv_stream_remove(&st->st);

	if (!rc)
		iom_plat_free(sc->plat, st, sizeof(*st));
	return rc;
}

static int op_attach(struct iom_core_stream *c, struct iom_domain *d)
{
	return d ? iom_smmuv3_drv_attach(&stream_of(c)->st, d) :
		   iom_smmuv3_drv_block(&stream_of(c)->st);
}

static int op_identity(struct iom_core_stream *c)
{
	return iom_smmuv3_drv_identity(&stream_of(c)->st);
}

static int op_attach_pasid(struct iom_core_stream *c, uint32_t pasid, struct iom_domain *d)
{
	return iom_smmuv3_drv_attach_pasid(&stream_of(c)->st, pasid, d);
}

static int op_detach_pasid(struct iom_core_stream *c, uint32_t pasid)
{
	return iom_smmuv3_drv_detach_pasid(&stream_of(c)->st, pasid);
}

static unsigned int op_pasids(const struct iom_core_stream *c)
{
	return IOM_CONTAINER_OF(c, const struct core_stream, c)->st.nr_pasids;
}

static int op_pasid_domain(struct iom_core_stream *c, uint32_t pasid, struct iom_domain **out)
{
	return iom_smmuv3_drv_pasid_domain(&stream_of(c)->st, pasid, out);
}

static const struct iom_core_iommu_ops core_ops = {
	.add = op_add,
	.remove = op_remove,
	.attach = op_attach,
	.identity = op_identity,
	.attach_pasid = op_attach_pasid,
	.detach_pasid = op_detach_pasid,
	.pasids = op_pasids,
	.pasid_domain = op_pasid_domain,
};

int iom_smmuv3_drv_core_create(struct iom_plat *plat, struct iom_smmuv3_drv *s, uint64_t key,
			       struct iom_core_iommu **out)
{
	struct iom_smmuv3_drv_caps caps;
	struct smmu_core *sc;
	void *mem;
	int rc = iom_plat_alloc(plat, sizeof(*sc), 16, &mem);

	if (rc)
		return rc;
	iom_smmuv3_drv_caps(s, &caps);
	sc = mem;
	sc->i.ops = &core_ops;
	sc->i.key = key;
	sc->i.coherent = caps.coherent;
	sc->s = s;
	sc->plat = plat;
	*out = &sc->i;
	return IOM_OK;
}

void iom_smmuv3_drv_core_destroy(struct iom_core_iommu *i)
{
	struct smmu_core *sc = IOM_CONTAINER_OF(i, struct smmu_core, i);

	iom_plat_free(sc->plat, sc, sizeof(*sc));
}
