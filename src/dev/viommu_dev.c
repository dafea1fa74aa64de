/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The virtio-iommu device: its objects and their lifetimes, configuration
 * space, reset, counters. Requests are in viommu_dev_req.c, translation in
 * viommu_dev_xlate.c, saved state in viommu_dev_state.c.
 */
#include <iom/base/mem.h>
#include <iom/spec/viommu.h>

#include "viommu_dev_int.h"

#define DEFAULT_DOMAINS		4096u
#define DEFAULT_ENDPOINTS	4096u
#define DEFAULT_BYTES		(UINT64_C(256) << 20)
#define INPUT_48		IOM_BITS64(47, 0)

static unsigned int lg2(uint64_t mask)
{
	return (unsigned int)__builtin_ctzll(mask);
}

/* --- create, destroy --- */

static int fill_cfg(struct iom_viommu_dev_cfg *c)
{
	if (!c->page_size_mask)
		c->page_size_mask = ~IOM_BITS64(11, 0);
	if (!c->input.start && !c->input.last)
		c->input.last = INPUT_48;
	if (!c->domain_last)
		c->domain_last = UINT32_MAX;
	if (!c->limits.max_domains)
		c->limits.max_domains = DEFAULT_DOMAINS;
	if (!c->limits.max_endpoints)
		c->limits.max_endpoints = DEFAULT_ENDPOINTS;
	if (!c->limits.max_bytes)
		c->limits.max_bytes = DEFAULT_BYTES;
	if (lg2(c->page_size_mask) < VIOMMU_GRANULE_LG2_MIN || !iom_range_valid(c->input) ||
	    c->domain_start > c->domain_last || (c->probe_size && c->probe_size < 4) ||
	    (c->boot_bypass && !c->bypass_config))
		return IOM_EINVAL;
	return IOM_OK;
}

static uint64_t offered(const struct iom_viommu_dev_cfg *c)
{
	uint64_t f = VIRTIO_IOMMU_F_MAP_UNMAP;

	if (c->input.start || c->input.last != UINT64_MAX)
		f |= VIRTIO_IOMMU_F_INPUT_RANGE;
	if (c->domain_start || c->domain_last != UINT32_MAX)
		f |= VIRTIO_IOMMU_F_DOMAIN_RANGE;
	if (c->probe_size)
		f |= VIRTIO_IOMMU_F_PROBE;
	if (c->mmio)
		f |= VIRTIO_IOMMU_F_MMIO;
	if (c->bypass_config)
		f |= VIRTIO_IOMMU_F_BYPASS_CONFIG;
	return f;
}

int iom_viommu_dev_create(const struct iom_viommu_dev_cfg *cfg, struct iom_viommu_dev **out)
{
	struct iom_viommu_dev_cfg c = *cfg;
	struct iom_viommu_dev *v;
	void *mem;
	int rc = fill_cfg(&c);

	if (rc)
		return rc;
	rc = iom_plat_alloc(c.plat, sizeof(*v), 64, &mem);
	if (rc)
		return rc;
	v = mem;
	v->cfg = c;
	v->plat = c.plat;
	v->features = offered(&c);
	v->granule_lg2 = lg2(c.page_size_mask);
	v->pool.plat = c.plat;
	v->pool.nr_max = c.limits.max_bytes / sizeof(struct viommu_node);
	atomic_init(&v->accepted, 0);
	atomic_init(&v->faults, 0);
	atomic_init(&v->draining, false);
	iomi_viommu_map_init(&v->unattached, v->granule_lg2, true);
	iomi_viommu_dev_set_bypass(v, c.boot_bypass);
	rc = c.plat->ops.lock_init(c.plat, &v->lock);
	if (rc)
		goto err_free;
	rc = iom_access_gate_init(&v->gate, c.plat);
	if (rc)
		goto err_lock;
	*out = v;
	return IOM_OK;
err_lock:
	c.plat->ops.lock_fini(c.plat, &v->lock);
err_free:
	iom_plat_free(c.plat, v, sizeof(*v));
	return rc;
}

int iom_viommu_dev_destroy(struct iom_viommu_dev *v)
{
	struct iom_plat *plat = v->plat;
	unsigned int nr_eps;

	iom_plat_lock(plat, &v->lock);
	nr_eps = v->nr_eps;
	iom_plat_unlock(plat, &v->lock);
	if (nr_eps)
		return IOM_EBUSY;
	/* No endpoint, no access: nobody can be in what is retired. */
	iomi_viommu_dev_free_retired(v, v->reset);
	iomi_viommu_dev_free_retired(v, iomi_viommu_dev_take_retired(v));
	iomi_viommu_map_pool_fini(&v->pool);
	iom_access_gate_fini(&v->gate);
	plat->ops.lock_fini(plat, &v->lock);
	iom_plat_free(plat, v, sizeof(*v));
	return IOM_OK;
}

/* --- domains --- */

int iomi_viommu_dev_new_domain(struct iom_viommu_dev *v, uint32_t id, bool bypass,
			       unsigned int granule_lg2, struct viommu_domain **out)
{
	struct viommu_domain *d;
	void *mem;
	int rc = iom_plat_alloc(v->plat, sizeof(*d), 64, &mem);

	if (rc)
		return rc;
	d = mem;
	iomi_viommu_map_init(&d->map, granule_lg2, bypass);
	d->id = id;
	d->bypass = bypass;
	iom_list_init(&d->eps);
	*out = d;
	return IOM_OK;
}

void iomi_viommu_dev_add_domain(struct iom_viommu_dev *v, struct viommu_domain *d)
{
	struct viommu_domain **b = &v->domain[d->id % VIOMMU_DOMAIN_BUCKETS];

	iom_plat_assert_held(v->plat, &v->lock);
	d->next = *b;
	*b = d;
	v->nr_domains++;
}

/* 5.13.6.4: without endpoints a domain ceases to exist. */
static void retire_domain(struct iom_viommu_dev *v, struct viommu_domain *d)
{
	struct viommu_domain **p = &v->domain[d->id % VIOMMU_DOMAIN_BUCKETS];

	while (*p != d)
		p = &(*p)->next;
	*p = d->next;
	v->nr_domains--;
	v->st.mappings -= d->map.nr_mappings;
	if (!d->bypass)
		iomi_viommu_map_drop(&d->map, &v->pool);
	d->next = v->retired;
	v->retired = d;
}

struct viommu_retired iomi_viommu_dev_take_retired(struct iom_viommu_dev *v)
{
	struct viommu_retired r = { iomi_viommu_map_pool_take(&v->pool), v->retired };

	v->retired = NULL;
	return r;
}

void iomi_viommu_dev_free_retired(struct iom_viommu_dev *v, struct viommu_retired r)
{
	struct viommu_domain *d;

	iomi_viommu_map_pool_release(&v->pool, r.nodes);
	while ((d = r.domains)) {
		r.domains = d->next;
		iom_plat_free(v->plat, d, sizeof(*d));
	}
}

void iom_viommu_dev_wait(struct iom_viommu_dev *v)
{
	struct viommu_retired r;

	iom_plat_lock(v->plat, &v->lock);
	r = iomi_viommu_dev_take_retired(v);
	iom_plat_unlock(v->plat, &v->lock);
	iom_access_wait(&v->gate);
	if (!r.nodes && !r.domains)
		return;
	iom_plat_lock(v->plat, &v->lock);
	iomi_viommu_dev_free_retired(v, r);
	iom_plat_unlock(v->plat, &v->lock);
}

bool iom_viommu_dev_wait_over(struct iom_viommu_dev *v)
{
	bool over;

	/* Under the lock: nothing is retired between the ticket and the look. */
	iom_plat_lock(v->plat, &v->lock);
	over = iom_access_passed(&v->gate, iom_access_ticket(&v->gate));
	if (over)
		iomi_viommu_dev_free_retired(v, iomi_viommu_dev_take_retired(v));
	iom_plat_unlock(v->plat, &v->lock);
	return over;
}

/* --- endpoints --- */

struct iom_viommu_ep *iomi_viommu_dev_find_ep(struct iom_viommu_dev *v, uint32_t id)
{
	struct iom_viommu_ep *ep = v->ep[id % VIOMMU_EP_BUCKETS];

	iom_plat_assert_held(v->plat, &v->lock);
	while (ep && ep->cfg.id != id)
		ep = ep->next;
	return ep;
}

static bool any_mapped(struct viommu_domain *d, uint64_t start, uint64_t last)
{
	struct viommu_leaf leaf;

	return iomi_viommu_map_next(&d->map, start, last, &leaf);
}

bool iomi_viommu_dev_compatible(struct viommu_domain *d, const struct iom_viommu_ep *ep)
{
	const struct iom_viommu_ep_cfg *c = &ep->cfg;
	unsigned int i;

	if (d->bypass)
		return true;
	if (d->map.granule_lg2 != ep->granule_lg2 ||
	    (c->input.start && any_mapped(d, 0, c->input.start - 1)) ||
	    (c->input.last != UINT64_MAX && any_mapped(d, c->input.last + 1, UINT64_MAX)))
		return false;
	for (i = 0; i < c->nr_resv; i++) {
		if (any_mapped(d, c->resv[i].iova.start, c->resv[i].iova.last))
			return false;
	}
	return true;
}

/* Takes ep, whose accesses do not go there any more, out of its domain. */
static void part(struct iom_viommu_ep *ep)
{
	struct viommu_domain *d = ep->domain;

	iom_plat_assert_held(ep->v->plat, &ep->v->lock);
	if (!d)
		return;
	ep->domain = NULL;
	ep->maps += d->maps - ep->maps_at;
	ep->unmaps += d->unmaps - ep->unmaps_at;
	iom_list_del(&ep->in_domain);
	if (iom_list_empty(&d->eps))
		retire_domain(ep->v, d);
}

void iomi_viommu_dev_join(struct iom_viommu_ep *ep, struct viommu_domain *d)
{
	/* In one step: between two domains no access may find `bypass`. */
	atomic_store(&ep->space, &d->map);
	part(ep);
	ep->domain = d;
	ep->maps_at = d->maps;
	ep->unmaps_at = d->unmaps;
	iom_list_add_tail(&d->eps, &ep->in_domain);
}

void iomi_viommu_dev_leave(struct iom_viommu_ep *ep)
{
	atomic_store(&ep->space, &ep->v->unattached);
	part(ep);
}

static int check_ep(const struct iom_viommu_dev *v, struct iom_viommu_ep_cfg *c)
{
	unsigned int i, j, nr_msi = 0;

	if (!c->page_size_mask)
		c->page_size_mask = v->cfg.page_size_mask;
	if (!c->input.start && !c->input.last)
		c->input = v->cfg.input;
	if (lg2(c->page_size_mask) < v->granule_lg2 || !iom_range_valid(c->input) ||
	    !iom_range_contains(v->cfg.input, c->input) || c->nr_resv > IOM_VIOMMU_RESV_MAX)
		return IOM_EINVAL;
	/* D35, D37: a list that PROBE could not give is refused here, once. */
	if (v->cfg.probe_size && c->nr_resv * sizeof(struct virtio_iommu_probe_resv_mem) >
	    v->cfg.probe_size)
		return IOM_EINVAL;
	for (i = 0; i < c->nr_resv; i++) {
		nr_msi += c->resv[i].msi;
		if (!iom_range_valid(c->resv[i].iova) || nr_msi > 1)
			return IOM_EINVAL;
		for (j = 0; j < i; j++) {
			if (iom_range_overlaps(c->resv[i].iova, c->resv[j].iova))
				return IOM_EINVAL;
		}
	}
	return IOM_OK;
}

extern const struct iom_xlate_ops iomi_viommu_dev_xlate_ops;

int iom_viommu_dev_add_ep(struct iom_viommu_dev *v, const struct iom_viommu_ep_cfg *cfg,
			  struct iom_viommu_ep **out)
{
	struct iom_viommu_ep_cfg c = *cfg;
	struct iom_viommu_ep *ep;
	void *mem;
	int rc = check_ep(v, &c);

	if (rc)
		return rc;
	rc = iom_plat_alloc(v->plat, sizeof(*ep), 64, &mem);
	if (rc)
		return rc;
	ep = mem;
	ep->x.ops = &iomi_viommu_dev_xlate_ops;
	ep->x.gate = &v->gate;
	ep->v = v;
	ep->cfg = c;
	ep->granule_lg2 = lg2(c.page_size_mask);
	atomic_init(&ep->space, &v->unattached);
	atomic_init(&ep->faults, 0);
	iom_list_init(&ep->in_domain);

	iom_plat_lock(v->plat, &v->lock);
	if (iomi_viommu_dev_find_ep(v, c.id))
		rc = IOM_EEXIST;
	else if (v->nr_eps >= v->cfg.limits.max_endpoints)
		rc = IOM_ENOMEM;
	if (!rc) {
		ep->next = v->ep[c.id % VIOMMU_EP_BUCKETS];
		v->ep[c.id % VIOMMU_EP_BUCKETS] = ep;
		v->nr_eps++;
	}
	iom_plat_unlock(v->plat, &v->lock);
	if (rc) {
		iom_plat_free(v->plat, ep, sizeof(*ep));
		return rc;
	}
	*out = ep;
	return IOM_OK;
}

void iom_viommu_dev_remove_ep(struct iom_viommu_dev *v, struct iom_viommu_ep *ep)
{
	struct iom_viommu_ep **p = &v->ep[ep->cfg.id % VIOMMU_EP_BUCKETS];

	iom_plat_lock(v->plat, &v->lock);
	iomi_viommu_dev_leave(ep);
	while (*p != ep)
		p = &(*p)->next;
	*p = ep->next;
	v->nr_eps--;
	iom_plat_unlock(v->plat, &v->lock);
	iom_viommu_dev_wait(v);
	iom_plat_free(v->plat, ep, sizeof(*ep));
}

struct iom_xlate *iom_viommu_dev_xlate(struct iom_viommu_ep *ep)
{
	return &ep->x;
}

struct iom_access_gate *iom_viommu_dev_gate(struct iom_viommu_dev *v)
{
	return &v->gate;
}

/* --- features, configuration --- */

uint64_t iom_viommu_dev_features(const struct iom_viommu_dev *v)
{
	return v->features;
}

void iom_viommu_dev_accept(struct iom_viommu_dev *v, uint64_t features)
{
	atomic_store(&v->accepted, features & v->features);
}

/* 5.13.7: unattached endpoints reach everything, or nothing. */
void iomi_viommu_dev_set_bypass(struct iom_viommu_dev *v, bool bypass)
{
	bool open = bypass && !atomic_load(&v->draining);

	atomic_store(&v->bypass, bypass);
	atomic_store(&v->unattached.root, open ? VIOMMU_ROOT_IDENTITY : 0);
}

void iom_viommu_dev_config_read(struct iom_viommu_dev *v, unsigned int off, void *buf,
				unsigned int len)
{
	const struct iom_viommu_dev_cfg *c = &v->cfg;
	struct virtio_iommu_config w = {
		.page_size_mask = iom_le64_make(c->page_size_mask),
		.input_range_start = iom_le64_make(c->input.start),
		.input_range_end = iom_le64_make(c->input.last),
		.domain_range_start = iom_le32_make(c->domain_start),
		.domain_range_end = iom_le32_make(c->domain_last),
		.probe_size = iom_le32_make(c->probe_size),
		.bypass = atomic_load(&v->bypass),
	};
	unsigned int n = off < sizeof(w) ? (unsigned int)sizeof(w) - off : 0;

	memset(buf, 0, len);
	if (n)
		memcpy(buf, (const uint8_t *)&w + off, n < len ? n : len);
}

void iom_viommu_dev_config_write(struct iom_viommu_dev *v, unsigned int off, const void *buf,
				 unsigned int len)
{
	uint8_t val;

	if (off != VIRTIO_IOMMU_CONFIG_BYPASS || len != 1 ||
	    !(atomic_load(&v->accepted) & VIRTIO_IOMMU_F_BYPASS_CONFIG))
		return;
	memcpy(&val, buf, 1);
	if (val > 1)
		return;
	iom_plat_lock(v->plat, &v->lock);
	iomi_viommu_dev_set_bypass(v, val);
	iom_plat_unlock(v->plat, &v->lock);
}

/* --- reset --- */

static void append_retired(struct viommu_retired *to, struct viommu_retired r)
{
	struct viommu_node **n = &to->nodes;
	struct viommu_domain **d = &to->domains;

	while (*n)
		n = &(*n)->next;
	*n = r.nodes;
	while (*d)
		d = &(*d)->next;
	*d = r.domains;
}

void iom_viommu_dev_reset_start(struct iom_viommu_dev *v, bool system)
{
	struct iom_viommu_ep *ep;
	unsigned int i;

	iom_plat_lock(v->plat, &v->lock);
	atomic_store(&v->draining, true);
	iomi_viommu_dev_set_bypass(v, system ? v->cfg.boot_bypass : atomic_load(&v->bypass));
	for (i = 0; i < VIOMMU_EP_BUCKETS; i++) {
		for (ep = v->ep[i]; ep; ep = ep->next)
			iomi_viommu_dev_leave(ep);
	}
	atomic_store(&v->accepted, 0);
	append_retired(&v->reset, iomi_viommu_dev_take_retired(v));
	v->reset_ticket = iom_access_ticket(&v->gate);
	iom_plat_unlock(v->plat, &v->lock);
}

bool iom_viommu_dev_reset_done(struct iom_viommu_dev *v)
{
	bool done;

	iom_plat_lock(v->plat, &v->lock);
	done = iom_access_passed(&v->gate, v->reset_ticket);
	if (done) {
		iomi_viommu_dev_free_retired(v, v->reset);
		v->reset = (struct viommu_retired){ NULL, NULL };
		atomic_store(&v->draining, false);
		iomi_viommu_dev_set_bypass(v, atomic_load(&v->bypass));
	}
	iom_plat_unlock(v->plat, &v->lock);
	return done;
}

void iom_viommu_dev_reset(struct iom_viommu_dev *v, bool system)
{
	unsigned int turn = 0;

	iom_viommu_dev_reset_start(v, system);
	while (!iom_viommu_dev_reset_done(v))
		v->plat->ops.relax(v->plat, turn++);
}

/* --- counters, dumps --- */

void iom_viommu_dev_stats(struct iom_viommu_dev *v, struct iom_viommu_stats *s)
{
	iom_plat_lock(v->plat, &v->lock);
	*s = v->st;
	s->domains = v->nr_domains;
	s->bytes = v->pool.nr_used * sizeof(struct viommu_node);
	s->bytes_peak = v->pool.nr_peak * sizeof(struct viommu_node);
	iom_plat_unlock(v->plat, &v->lock);
	s->faults = atomic_load_explicit(&v->faults, memory_order_relaxed);
}

void iom_viommu_dev_ep_stats(struct iom_viommu_dev *v, struct iom_viommu_ep *ep,
			     struct iom_viommu_ep_stats *s)
{
	memset(s, 0, sizeof(*s));
	iom_plat_lock(v->plat, &v->lock);
	s->id = ep->cfg.id;
	s->maps = ep->maps;
	s->unmaps = ep->unmaps;
	if (ep->domain) {
		s->attached = true;
		s->bypass = ep->domain->bypass;
		s->domain = ep->domain->id;
		s->maps += ep->domain->maps - ep->maps_at;
		s->unmaps += ep->domain->unmaps - ep->unmaps_at;
	}
	iom_plat_unlock(v->plat, &v->lock);
	s->faults = atomic_load_explicit(&ep->faults, memory_order_relaxed);
}

int iom_viommu_dev_for_each_mapping(struct iom_viommu_dev *v, uint32_t domain,
				    void (*fn)(void *arg, const struct iom_viommu_trace *m),
				    void *arg)
{
	struct iom_viommu_trace t = { .op = IOM_VIOMMU_TRACE_MAP, .domain = domain };
	struct viommu_domain *d;
	struct viommu_mapping m;
	uint64_t at = 0;
	int rc = IOM_ENOENT;

	iom_plat_lock(v->plat, &v->lock);
	d = viommu_dev_find_domain(v, domain);
	if (d) {
		rc = IOM_OK;
		while (!d->bypass && iomi_viommu_map_mapping(&d->map, at, &m)) {
			t.iova = m.iova;
			t.gpa = m.gpa;
			t.flags = m.flags;
			fn(arg, &t);
			at = m.iova.last + 1;
			if (!at)
				break;
		}
	}
	iom_plat_unlock(v->plat, &v->lock);
	return rc;
}
