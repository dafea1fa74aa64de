/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests, VIRTIO 1.3 section 5.13.6. Each one is copied and unpacked, then
 * checked whole, then carried out; a status other than OK changed nothing.
 * Where the specification leaves the status open, the choice stands beside it.
 */
#include <iom/base/mem.h>
#include <iom/spec/viommu.h>

#include "wire/viommu_wire.h"
#include "viommu_dev_int.h"

static bool accepted(struct iom_viommu_dev *v, uint64_t feature)
{
	return atomic_load_explicit(&v->accepted, memory_order_relaxed) & feature;
}

static void trace(struct iom_viommu_dev *v, enum iom_viommu_trace_op op,
		  const struct viommu_wire_req *r)
{
	struct iom_viommu_trace t;

	if (!v->cfg.trace)
		return;
	t.op = op;
	t.domain = r->domain;
	t.endpoint = r->endpoint;
	t.flags = r->flags;
	t.iova = r->iova;
	t.gpa = r->phys_start;
	v->cfg.trace(v->cfg.arg, &t);
}

/* What an allocation answered, for the driver. */
static uint8_t status_nomem(struct iom_viommu_dev *v, int rc)
{
	if (rc == IOM_ENOSPC)
		v->st.refused_limit++;
	return VIRTIO_IOMMU_S_NOMEM;
}

/* --- 5.13.6.3 ATTACH --- */

static uint8_t attach_to(struct iom_viommu_dev *v, struct iom_viommu_ep *ep, uint32_t id,
			 bool bypass, bool *wait)
{
	struct viommu_domain *d = viommu_dev_find_domain(v, id);
	int rc;

	if (d && d->bypass != bypass)
		return VIRTIO_IOMMU_S_INVAL;
	if (d && d == ep->domain)
		return VIRTIO_IOMMU_S_OK;
	if (d && !iomi_viommu_dev_compatible(d, ep))
		return VIRTIO_IOMMU_S_UNSUPP;
	if (!d) {
		if (v->nr_domains >= v->cfg.limits.max_domains)
			return status_nomem(v, IOM_ENOSPC);
		rc = iomi_viommu_dev_new_domain(v, id, bypass, ep->granule_lg2, &d);
		if (rc)
			return status_nomem(v, rc);
		iomi_viommu_dev_add_domain(v, d);
	}
	/* D15: attached elsewhere, this is a detach too. */
	*wait = true;
	iomi_viommu_dev_join(ep, d);
	return VIRTIO_IOMMU_S_OK;
}

static uint8_t do_attach(struct iom_viommu_dev *v, const struct viommu_wire_req *r, bool *wait)
{
	uint32_t known = accepted(v, VIRTIO_IOMMU_F_BYPASS_CONFIG) ?
			 VIRTIO_IOMMU_ATTACH_F_BYPASS : 0;
	struct iom_viommu_ep *ep;
	uint8_t status;

	if (r->reserved || (r->flags & ~known))
		return VIRTIO_IOMMU_S_INVAL;
	ep = iomi_viommu_dev_find_ep(v, r->endpoint);
	if (!ep)
		return VIRTIO_IOMMU_S_NOENT;
	/* No status is specified for a domain out of range. */
	if (r->domain < v->cfg.domain_start || r->domain > v->cfg.domain_last)
		return VIRTIO_IOMMU_S_RANGE;
	status = attach_to(v, ep, r->domain, r->flags & VIRTIO_IOMMU_ATTACH_F_BYPASS, wait);
	if (status == VIRTIO_IOMMU_S_OK) {
		v->st.attach++;
		trace(v, IOM_VIOMMU_TRACE_ATTACH, r);
	}
	return status;
}

/* --- 5.13.6.4 DETACH --- */

static uint8_t do_detach(struct iom_viommu_dev *v, const struct viommu_wire_req *r, bool *wait)
{
	struct iom_viommu_ep *ep = iomi_viommu_dev_find_ep(v, r->endpoint);

	if (!ep)
		return VIRTIO_IOMMU_S_NOENT;
	/* D20, a MAY: Linux sends domain 0 for endpoints of its identity domain, and takes this. */
	if (!ep->domain || ep->domain->id != r->domain)
		return VIRTIO_IOMMU_S_INVAL;
	iomi_viommu_dev_leave(ep);
	*wait = true;
	v->st.detach++;
	trace(v, IOM_VIOMMU_TRACE_DETACH, r);
	return VIRTIO_IOMMU_S_OK;
}

/* --- 5.13.6.5 MAP --- */

/* Is iova within what ep can reach, and clear of what is reserved for it? */
static bool ep_allows(const struct iom_viommu_ep *ep, struct iom_range iova)
{
	unsigned int i;

	if (!iom_range_contains(ep->cfg.input, iova))
		return false;
	for (i = 0; i < ep->cfg.nr_resv; i++) {
		if (iom_range_overlaps(ep->cfg.resv[i].iova, iova))
			return false;
	}
	return true;
}

static bool endpoints_allow(struct viommu_domain *d, struct iom_range iova, uint8_t *status)
{
	struct iom_list *l;

	iom_list_for_each(l, &d->eps) {
		struct iom_viommu_ep *ep = IOM_CONTAINER_OF(l, struct iom_viommu_ep, in_domain);

		if (ep_allows(ep, iova))
			continue;
		/* D38: reserved. Outside what an endpoint can reach: no status is specified. */
		*status = iom_range_contains(ep->cfg.input, iova) ? VIRTIO_IOMMU_S_INVAL :
								    VIRTIO_IOMMU_S_RANGE;
		return false;
	}
	return true;
}

/* Checks of a MAP that need no memory. */
static uint8_t check_map(struct iom_viommu_dev *v, const struct viommu_wire_req *r,
			 struct viommu_domain **out)
{
	uint32_t more = r->flags & ~(VIRTIO_IOMMU_MAP_F_READ | VIRTIO_IOMMU_MAP_F_WRITE);
	struct iom_range iova = r->iova;
	uint8_t status = VIRTIO_IOMMU_S_OK;
	struct viommu_domain *d;

	if (more && (more != VIRTIO_IOMMU_MAP_F_MMIO || !accepted(v, VIRTIO_IOMMU_F_MMIO)))
		return VIRTIO_IOMMU_S_INVAL;
	d = viommu_dev_find_domain(v, r->domain);
	if (!d)
		return VIRTIO_IOMMU_S_NOENT;
	if (d->bypass || !iom_range_valid(iova))
		return VIRTIO_IOMMU_S_INVAL;
	if ((iova.start | r->phys_start | (iova.last + 1)) & d->map.granule_m1)
		return VIRTIO_IOMMU_S_RANGE;
	/* The last two have no status in the specification. */
	if (!iom_range_contains(v->cfg.input, iova) ||
	    r->phys_start + iom_range_len_m1(iova) < r->phys_start)
		return VIRTIO_IOMMU_S_RANGE;
	if (!endpoints_allow(d, iova, &status))
		return status;
	*out = d;
	return VIRTIO_IOMMU_S_OK;
}

static uint8_t do_map(struct iom_viommu_dev *v, const struct viommu_wire_req *r)
{
	struct iom_range iova = r->iova;
	struct viommu_domain *d;
	uint8_t status = check_map(v, r, &d);
	int rc;

	if (status != VIRTIO_IOMMU_S_OK)
		return status;
	rc = iomi_viommu_map_add(&d->map, &v->pool, iova, r->phys_start,
				 (uint64_t)r->flags << VIOMMU_LEAF_FLAGS_LG2);
	if (rc == IOM_EEXIST)
		return VIRTIO_IOMMU_S_INVAL;
	if (rc)
		return status_nomem(v, rc);
	d->maps++;
	v->st.map++;
	v->st.mappings++;
	trace(v, IOM_VIOMMU_TRACE_MAP, r);
	return VIRTIO_IOMMU_S_OK;
}

/* --- 5.13.6.6 UNMAP --- */

static uint8_t do_unmap(struct iom_viommu_dev *v, const struct viommu_wire_req *r, bool *wait)
{
	struct viommu_domain *d = viommu_dev_find_domain(v, r->domain);
	struct iom_range iova = r->iova;
	uint64_t removed;

	if (!d)
		return VIRTIO_IOMMU_S_NOENT;
	/* D27, a MAY: a reserved field that is not zero refuses the request whole. */
	if (d->bypass || r->reserved || !iom_range_valid(iova))
		return VIRTIO_IOMMU_S_INVAL;
	if (iomi_viommu_map_remove(&d->map, &v->pool, iova, &removed))
		return VIRTIO_IOMMU_S_RANGE;
	/* Also if nothing was there: another thread's UNMAP of the same may still wait. */
	*wait = true;
	d->unmaps++;
	v->st.unmap++;
	v->st.mappings -= removed;
	trace(v, IOM_VIOMMU_TRACE_UNMAP, r);
	return VIRTIO_IOMMU_S_OK;
}

/* --- 5.13.6.7 PROBE --- */

static uint8_t do_probe(struct iom_viommu_dev *v, const struct viommu_wire_req *r, uint8_t *out)
{
	struct iom_viommu_ep *ep = iomi_viommu_dev_find_ep(v, r->endpoint);
	struct viommu_wire_resv p;
	unsigned int i;

	memset(out, 0, v->cfg.probe_size);
	if (!ep)
		return VIRTIO_IOMMU_S_NOENT;
	/* That the list fits was seen to when the endpoint was added. */
	for (i = 0; i < ep->cfg.nr_resv; i++) {
		p.subtype = ep->cfg.resv[i].msi ? VIRTIO_IOMMU_RESV_MEM_T_MSI :
						  VIRTIO_IOMMU_RESV_MEM_T_RESERVED;
		p.iova = ep->cfg.resv[i].iova;
		iomi_viommu_wire_pack_resv(&p, out + i * VIOMMU_WIRE_RESV);
	}
	v->st.probe++;
	return VIRTIO_IOMMU_S_OK;
}

/* --- framing, 5.13.6 --- */

/* in is whole, out has room; what a type has besides the status is at out. */
static uint8_t run_request(struct iom_viommu_dev *v, unsigned int type, const uint8_t *in,
			   uint8_t *out, bool *wait)
{
	struct viommu_wire_req r;

	switch (type) {
	case VIRTIO_IOMMU_T_ATTACH:
		viommu_wire_unpack_attach(in, &r);
		return do_attach(v, &r, wait);
	case VIRTIO_IOMMU_T_DETACH:
		viommu_wire_unpack_detach(in, &r);
		return do_detach(v, &r, wait);
	case VIRTIO_IOMMU_T_MAP:
		viommu_wire_unpack_map(in, &r);
		return do_map(v, &r);
	case VIRTIO_IOMMU_T_UNMAP:
		viommu_wire_unpack_unmap(in, &r);
		return do_unmap(v, &r, wait);
	default:
		viommu_wire_unpack_probe(in, &r);
		return do_probe(v, &r, out);
	}
}

/* Requests of a feature that was not accepted are unknown types. */
static bool known(struct iom_viommu_dev *v, unsigned int type)
{
	switch (type) {
	case VIRTIO_IOMMU_T_MAP:
	case VIRTIO_IOMMU_T_UNMAP:
		return accepted(v, VIRTIO_IOMMU_F_MAP_UNMAP);
	case VIRTIO_IOMMU_T_PROBE:
		return accepted(v, VIRTIO_IOMMU_F_PROBE);
	default:
		return true;
	}
}

/* Bytes of out that were written; 0 without a status: D7, D33, and too short a request. */
static uint32_t serve(struct iom_viommu_dev *v, const struct viommu_request *req, bool *wait)
{
	/* The type is the first byte of them all. */
	unsigned int type = req->in_len ? req->in[0] : 0;
	size_t want = viommu_wire_req_len(type), tail = 0;
	uint8_t status;

	if (!want || req->in_len < want || !known(v, type))
		goto refuse;
	if (type == VIRTIO_IOMMU_T_PROBE)
		tail = v->cfg.probe_size;
	if (req->room < tail + VIOMMU_WIRE_TAIL)
		goto refuse;
	status = run_request(v, type, req->in, req->out, wait);
	if (status != VIRTIO_IOMMU_S_OK)
		v->st.refused++;
	viommu_wire_pack_tail(status, req->out + tail);
	return (uint32_t)(tail + VIOMMU_WIRE_TAIL);
refuse:
	v->st.refused++;
	return 0;
}

void iomi_viommu_dev_serve(struct iom_viommu_dev *v, struct viommu_request *req, unsigned int n,
			   bool *wait)
{
	unsigned int i;

	iom_plat_lock(v->plat, &v->lock);
	for (i = 0; i < n; i++)
		req[i].used = serve(v, &req[i], wait);
	iom_plat_unlock(v->plat, &v->lock);
}

int iom_viommu_dev_request_nowait(struct iom_viommu_dev *v, const void *in, size_t in_len,
				  void *out, size_t out_len, size_t *used, bool *wait)
{
	struct viommu_request r = {
		.in = in, .in_len = in_len, .out = out, .room = out_len,
	};

	iomi_viommu_dev_serve(v, &r, 1, wait);
	*used = r.used;
	return IOM_OK;
}

int iom_viommu_dev_request(struct iom_viommu_dev *v, const void *in, size_t in_len, void *out,
			   size_t out_len, size_t *used)
{
	bool wait = false;
	int rc = iom_viommu_dev_request_nowait(v, in, in_len, out, out_len, used, &wait);

	if (wait)
		iom_viommu_dev_wait(v);
	return rc;
}
