/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Saved state of the virtio-iommu device. One record; the body: a fingerprint
 * of the configuration, features accepted, `bypass`, then each domain (id,
 * bypass, granule, mappings) and each endpoint (id, attached, domain).
 *
 * Restoring builds the domains aside, in a pool of their own, by the same
 * checks as requests, and then exchanges them in one step that cannot fail.
 */
#include <iom/base/state.h>
#include <iom/spec/viommu.h>

#include "viommu_dev_int.h"

#define STATE_MAGIC	0x4d4f4956u	/* "VIOM" */
#define STATE_VERSION	1u

static void write_config(struct iom_viommu_dev *v, struct iom_state_w *w)
{
	iom_state_w_u64(w, v->features);
	iom_state_w_u64(w, v->cfg.page_size_mask);
	iom_state_w_u64(w, v->cfg.input.start);
	iom_state_w_u64(w, v->cfg.input.last);
	iom_state_w_u32(w, v->cfg.domain_start);
	iom_state_w_u32(w, v->cfg.domain_last);
	iom_state_w_u32(w, v->cfg.probe_size);
	iom_state_w_u8(w, v->cfg.boot_bypass);
}

static bool same_config(struct iom_viommu_dev *v, struct iom_state_r *r)
{
	bool same = iom_state_r_u64(r) == v->features;

	same &= iom_state_r_u64(r) == v->cfg.page_size_mask;
	same &= iom_state_r_u64(r) == v->cfg.input.start;
	same &= iom_state_r_u64(r) == v->cfg.input.last;
	same &= iom_state_r_u32(r) == v->cfg.domain_start;
	same &= iom_state_r_u32(r) == v->cfg.domain_last;
	same &= iom_state_r_u32(r) == v->cfg.probe_size;
	same &= iom_state_r_u8(r) == v->cfg.boot_bypass;
	return same;
}

static void write_domain(struct viommu_domain *d, struct iom_state_w *w)
{
	struct viommu_mapping m;
	uint64_t at = 0;

	iom_state_w_u32(w, d->id);
	iom_state_w_u8(w, d->bypass);
	iom_state_w_u8(w, (uint8_t)d->map.granule_lg2);
	iom_state_w_u64(w, d->map.nr_mappings);
	while (!d->bypass && iomi_viommu_map_mapping(&d->map, at, &m)) {
		iom_state_w_u64(w, m.iova.start);
		iom_state_w_u64(w, m.iova.last);
		iom_state_w_u64(w, m.gpa);
		iom_state_w_u32(w, m.flags);
		at = m.iova.last + 1;
		if (!at)
			break;
	}
}

int iom_viommu_dev_save(struct iom_viommu_dev *v, void *buf, size_t cap, size_t *len)
{
	struct iom_state_w w = { buf, cap, 0 };
	size_t at = iom_state_w_begin(&w, STATE_MAGIC, STATE_VERSION);
	struct viommu_domain *d;
	struct iom_viommu_ep *ep;
	unsigned int i;

	iom_plat_lock(v->plat, &v->lock);
	write_config(v, &w);
	iom_state_w_u64(&w, atomic_load(&v->accepted));
	iom_state_w_u8(&w, atomic_load(&v->bypass));
	iom_state_w_u32(&w, v->nr_domains);
	for (i = 0; i < VIOMMU_DOMAIN_BUCKETS; i++) {
		for (d = v->domain[i]; d; d = d->next)
			write_domain(d, &w);
	}
	iom_state_w_u32(&w, v->nr_eps);
	for (i = 0; i < VIOMMU_EP_BUCKETS; i++) {
		for (ep = v->ep[i]; ep; ep = ep->next) {
			iom_state_w_u32(&w, ep->cfg.id);
			iom_state_w_u8(&w, ep->domain != NULL);
			iom_state_w_u32(&w, ep->domain ? ep->domain->id : 0);
		}
	}
	iom_plat_unlock(v->plat, &v->lock);
	iom_state_w_end(&w, at);
	return iom_state_w_done(&w, len);
}

/* --- restoring --- */

/* What a stream holds, built aside. */
struct incoming {
	struct viommu_pool pool;
	struct viommu_domain *domains;
	uint32_t nr_domains;
	uint64_t accepted;
	uint64_t mappings;
	bool bypass;
};

static struct viommu_domain *in_find(struct incoming *in, uint32_t id)
{
	struct viommu_domain *d = in->domains;

	while (d && d->id != id)
		d = d->next;
	return d;
}

/* One mapping of the stream, under the rules of the MAP request. */
static int read_mapping(struct iom_viommu_dev *v, struct incoming *in, struct viommu_domain *d,
			struct iom_state_r *r)
{
	uint64_t mask = (UINT64_C(1) << d->map.granule_lg2) - 1;
	struct iom_range iova;
	uint64_t gpa;
	uint32_t flags;
	int rc;

	iova.start = iom_state_r_u64(r);
	iova.last = iom_state_r_u64(r);
	gpa = iom_state_r_u64(r);
	flags = iom_state_r_u32(r);
	if (r->bad || !iom_range_valid(iova) || !iom_range_contains(v->cfg.input, iova) ||
	    ((iova.start | gpa | (iova.last + 1)) & mask) ||
	    gpa + iom_range_len_m1(iova) < gpa ||
	    (flags & ~(VIRTIO_IOMMU_MAP_F_READ | VIRTIO_IOMMU_MAP_F_WRITE |
		       VIRTIO_IOMMU_MAP_F_MMIO)))
		return IOM_EINVAL;
	rc = iomi_viommu_map_add(&d->map, &in->pool, iova, gpa,
				 (uint64_t)flags << VIOMMU_LEAF_FLAGS_LG2);
	return rc == IOM_EEXIST ? IOM_EINVAL : rc == IOM_ENOSPC ? IOM_ENOMEM : rc;
}

static int read_domain(struct iom_viommu_dev *v, struct incoming *in, struct iom_state_r *r)
{
	uint32_t id = iom_state_r_u32(r);
	uint8_t bypass = iom_state_r_u8(r);
	uint8_t granule_lg2 = iom_state_r_u8(r);
	uint64_t n = iom_state_r_u64(r), i;
	struct viommu_domain *d;
	int rc;

	if (r->bad || bypass > 1 || (bypass && n) || granule_lg2 > 63 ||
	    granule_lg2 < v->granule_lg2 || in_find(in, id) ||
	    id < v->cfg.domain_start || id > v->cfg.domain_last)
		return IOM_EINVAL;
	rc = iomi_viommu_dev_new_domain(v, id, bypass, granule_lg2, &d);
	if (rc)
		return rc;
	d->next = in->domains;
	in->domains = d;
	in->nr_domains++;
	in->mappings += n;
	for (i = 0; i < n && !rc; i++)
		rc = read_mapping(v, in, d, r);
	return rc;
}

/* Every endpoint of the device, once, with a domain that suits it. */
static int read_ep(struct iom_viommu_dev *v, struct incoming *in, struct iom_state_r *r,
		   uint32_t nth)
{
	struct iom_viommu_ep *ep = iomi_viommu_dev_find_ep(v, iom_state_r_u32(r));
	uint8_t attached = iom_state_r_u8(r);
	uint32_t id = iom_state_r_u32(r);
	struct viommu_domain *d = attached ? in_find(in, id) : NULL;

	if (!ep || ep->restored_nth || attached > 1 || (attached && !d) || (!attached && id) ||
	    (d && !iomi_viommu_dev_compatible(d, ep)))
		return IOM_EINVAL;
	ep->restored_nth = nth;
	ep->restored = d;
	/* Counted in the field that the list of a domain aside does not need. */
	if (d)
		d->maps++;
	return IOM_OK;
}

static int read_body(struct iom_viommu_dev *v, struct incoming *in, struct iom_state_r *r)
{
	struct viommu_domain *d;
	uint32_t n, i;
	int rc = IOM_OK;

	if (!same_config(v, r))
		return IOM_EINVAL;
	in->accepted = iom_state_r_u64(r);
	n = iom_state_r_u8(r);
	in->bypass = n;
	if ((in->accepted & ~v->features) || n > 1 || (n && !v->cfg.bypass_config))
		return IOM_EINVAL;
	n = iom_state_r_u32(r);
	if (n > v->cfg.limits.max_domains)
		return IOM_EINVAL;
	for (i = 0; i < n && !rc; i++)
		rc = read_domain(v, in, r);
	if (!rc && iom_state_r_u32(r) != v->nr_eps)
		rc = IOM_EINVAL;
	for (i = 0; i < v->nr_eps && !rc; i++)
		rc = read_ep(v, in, r, i + 1);
	if (!rc)
		rc = iom_state_r_end(r);
	/* A domain without endpoints does not exist. */
	for (d = in->domains; d && !rc; d = d->next)
		rc = d->maps ? IOM_OK : IOM_EINVAL;
	return rc;
}

static void drop_incoming(struct iom_viommu_dev *v, struct incoming *in)
{
	struct viommu_domain *d;

	while ((d = in->domains)) {
		in->domains = d->next;
		if (!d->bypass)
			iomi_viommu_map_drop(&d->map, &in->pool);
		iom_plat_free(v->plat, d, sizeof(*d));
	}
	iomi_viommu_map_pool_release(&in->pool, iomi_viommu_map_pool_take(&in->pool));
	iomi_viommu_map_pool_fini(&in->pool);
}

/* Exchanges the old state for the new one. Cannot fail. */
static void adopt(struct iom_viommu_dev *v, struct incoming *in)
{
	struct viommu_domain *d;
	struct iom_viommu_ep *ep;
	unsigned int i;

	iomi_viommu_dev_set_bypass(v, in->bypass);
	atomic_store(&v->accepted, in->accepted);
	while ((d = in->domains)) {
		in->domains = d->next;
		d->maps = 0;
		iomi_viommu_dev_add_domain(v, d);
	}
	for (i = 0; i < VIOMMU_EP_BUCKETS; i++) {
		for (ep = v->ep[i]; ep; ep = ep->next) {
			if (ep->restored)
				iomi_viommu_dev_join(ep, ep->restored);
			else
				iomi_viommu_dev_leave(ep);
		}
	}
	v->st.mappings = in->mappings;
	v->pool.nr_used += in->pool.nr_used;
	if (v->pool.nr_used > v->pool.nr_peak)
		v->pool.nr_peak = v->pool.nr_used;
	iomi_viommu_map_pool_fini(&in->pool);
}

int iom_viommu_dev_restore(struct iom_viommu_dev *v, const void *buf, size_t size, size_t *used)
{
	struct incoming in = { .pool = { .plat = v->plat, .nr_max = v->pool.nr_max } };
	struct iom_viommu_ep *ep;
	struct iom_state_r r;
	size_t len;
	unsigned int i;
	int rc = iom_state_r_open(&r, buf, size, STATE_MAGIC, STATE_VERSION, &len);

	if (rc)
		return rc;
	iom_plat_lock(v->plat, &v->lock);
	rc = read_body(v, &in, &r);
	if (rc)
		drop_incoming(v, &in);
	else
		adopt(v, &in);
	for (i = 0; i < VIOMMU_EP_BUCKETS; i++) {
		for (ep = v->ep[i]; ep; ep = ep->next) {
			ep->restored = NULL;
			ep->restored_nth = 0;
		}
	}
	iom_plat_unlock(v->plat, &v->lock);
	if (rc)
		return rc;
	iom_viommu_dev_wait(v);
	*used = len;
	return IOM_OK;
}
