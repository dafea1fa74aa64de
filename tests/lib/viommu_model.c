/* SPDX-License-Identifier: BSD-2-Clause */
/* The model of viommu_model.h: rules. Comparison is in viommu_model_compare.c. */
#include <string.h>

#include "lib/viommu_model.h"

#define PAGE UINT64_C(0x1000)
#define WINDOW (MODEL_WINDOW * PAGE)
#define MID ((UINT64_C(1) << 39) - WINDOW / 2)
#define TOP (UINT64_MAX - WINDOW + 1)

struct iom_range model_range(unsigned int i)
{
	struct iom_range r;

	if (i == MODEL_WINDOW)
		return (struct iom_range){ WINDOW, MID - 1 };
	if (i == 2 * MODEL_WINDOW + 1)
		return (struct iom_range){ MID + WINDOW, TOP - 1 };
	if (i < MODEL_WINDOW)
		r.start = i * PAGE;
	else if (i < 2 * MODEL_WINDOW + 1)
		r.start = MID + (i - MODEL_WINDOW - 1) * PAGE;
	else
		r.start = TOP + (i - 2 * MODEL_WINDOW - 2) * PAGE;
	r.last = r.start + (PAGE - 1);
	return r;
}

static unsigned int slot_at(uint64_t iova)
{
	unsigned int i;

	for (i = 0; !iom_range_has(model_range(i), iova); i++)
		VT_REQUIRE(i < MODEL_SLOTS);
	return i;
}

/*
 * 0: all 64 bits, everything offered; 1: two domains at most; 2: a smaller input
 * range, the driver accepts neither MMIO nor BYPASS_CONFIG, boot bypass; 3: no
 * PROBE, no BYPASS_CONFIG.
 */
struct iom_viommu_dev_cfg model_cfg(unsigned int variant)
{
	struct iom_viommu_dev_cfg c = vt_cfg();

	c.domain_start = 1;
	if (variant == 1)
		c.limits.max_domains = 2;
	if (variant == 2) {
		c.boot_bypass = true;
		c.input.start = 4 * PAGE;
		c.input.last = TOP + WINDOW / 2 - 1;
	}
	if (variant == 3) {
		c.probe_size = 0;
		c.bypass_config = false;
	}
	return c;
}

void model_init(struct model *m, const struct iom_viommu_dev_cfg *cfg)
{
	memset(m, 0, sizeof(*m));
	m->cfg = *cfg;
	m->bypass = cfg->boot_bypass;
	m->offered = VT_F_MAP_UNMAP | VT_F_DOMAIN_RANGE | (cfg->mmio ? VT_F_MMIO : 0) |
		     (cfg->input.start || cfg->input.last != UINT64_MAX ? VT_F_INPUT_RANGE : 0) |
		     (cfg->probe_size ? VT_F_PROBE : 0) |
		     (cfg->bypass_config ? VT_F_BYPASS_CONFIG : 0);
	m->accepted = m->offered;
	/* Variant 2: a driver that leaves bits out. */
	if (cfg->boot_bypass)
		m->accepted &= ~(uint64_t)(VT_F_MMIO | VT_F_BYPASS_CONFIG);
}

unsigned int model_ep_cfgs(struct iom_viommu_ep_cfg e[MODEL_EPS])
{
	memset(e, 0, MODEL_EPS * sizeof(e[0]));
	e[0].id = 1;
	/* A reserved region that is no whole page, and an MSI region; IDs that share a bucket. */
	e[1].id = 0x101;
	e[1].nr_resv = 2;
	e[1].resv[0].iova = (struct iom_range){ 8 * PAGE + 0x800, 9 * PAGE + 0x7ff };
	e[1].resv[1].iova = (struct iom_range){ MID + 4 * PAGE, MID + 6 * PAGE - 1 };
	e[1].resv[1].msi = true;
	e[2].id = UINT32_MAX;
	e[2].page_size_mask = ~UINT64_C(0xffff);
	e[3].id = 0;
	e[3].input = (struct iom_range){ 4 * PAGE, MID + WINDOW / 2 - 1 };
	e[4].id = 0x10001;
	e[5].id = 77;
	e[5].page_size_mask = UINT64_C(0x10000);
	return MODEL_EPS;
}

void model_add(struct model *m, const struct iom_viommu_ep_cfg *e)
{
	struct model_ep *ep = &m->ep[m->nr_eps++];

	ep->cfg = *e;
	if (!ep->cfg.input.start && !ep->cfg.input.last)
		ep->cfg.input = m->cfg.input;
	ep->granule = e->page_size_mask ? e->page_size_mask & (~e->page_size_mask + 1) : PAGE;
	ep->domain = -1;
}

static uint64_t get(const uint8_t *p, unsigned int bytes)
{
	uint64_t v = 0;

	while (bytes--)
		v = v << 8 | p[bytes];
	return v;
}

static struct model_ep *find_ep(struct model *m, uint32_t id)
{
	unsigned int i;

	for (i = 0; i < m->nr_eps; i++)
		if (m->ep[i].cfg.id == id)
			return &m->ep[i];
	return NULL;
}

static struct model_domain *find_domain(struct model *m, uint32_t id)
{
	unsigned int i;

	for (i = 0; i < MODEL_DOMAINS; i++)
		if (m->dom[i].used && m->dom[i].id == id)
			return &m->dom[i];
	return NULL;
}

static int index_of(const struct model *m, const struct model_domain *d)
{
	return (int)(d - m->dom);
}

static unsigned int nr_mapped(const struct model_domain *d)
{
	unsigned int i, n = 0, last = 0;

	for (i = 0; i < MODEL_SLOTS; i++) {
		if (d->slot[i].mapping && d->slot[i].mapping != last)
			n++;
		last = d->slot[i].mapping;
	}
	return n;
}

static unsigned int nr_domains(const struct model *m)
{
	unsigned int i, n = 0;

	for (i = 0; i < MODEL_DOMAINS; i++)
		n += m->dom[i].used;
	return n;
}

static void leave(struct model *m, struct model_ep *ep)
{
	struct model_domain *d;
	unsigned int i, others = 0;

	if (ep->domain < 0)
		return;
	d = &m->dom[ep->domain];
	ep->domain = -1;
	for (i = 0; i < m->nr_eps; i++)
		others += m->ep[i].domain == index_of(m, d);
	if (others)
		return;
	m->st.mappings -= nr_mapped(d);
	memset(d, 0, sizeof(*d));
}

/* Does any page of the range have a mapping? */
static bool any(const struct model_domain *d, struct iom_range r)
{
	unsigned int i;

	for (i = 0; i < MODEL_SLOTS; i++)
		if (d->slot[i].mapping && iom_range_overlaps(model_range(i), r))
			return true;
	return false;
}

static bool fits(const struct model_domain *d, const struct model_ep *ep)
{
	unsigned int i;

	if (d->bypass)
		return true;
	if (d->granule != ep->granule)
		return false;
	for (i = 0; i < MODEL_SLOTS; i++)
		if (d->slot[i].mapping && !iom_range_contains(ep->cfg.input, model_range(i)))
			return false;
	for (i = 0; i < ep->cfg.nr_resv; i++)
		if (any(d, ep->cfg.resv[i].iova))
			return false;
	return true;
}

static int attach(struct model *m, const uint8_t *in)
{
	uint32_t id = (uint32_t)get(in + 4, 4), flags = (uint32_t)get(in + 12, 4);
	struct model_ep *ep = find_ep(m, (uint32_t)get(in + 8, 4));
	struct model_domain *d = find_domain(m, id);
	bool bypass = flags & 1;
	unsigned int i;

	if (get(in + 16, 4) || (flags & ~(m->accepted & VT_F_BYPASS_CONFIG ? 1u : 0u)))
		return S_INVAL;
	if (!ep)
		return S_NOENT;
	if (id < m->cfg.domain_start)
		return S_RANGE;
	if (d && d->bypass != bypass)
		return S_INVAL;
	if (d && ep->domain == index_of(m, d))
		return S_OK;
	if (d && !fits(d, ep))
		return S_UNSUPP;
	if (!d && m->cfg.limits.max_domains && nr_domains(m) >= m->cfg.limits.max_domains) {
		m->st.refused_limit++;
		return S_NOMEM;
	}
	leave(m, ep);
	if (!d) {
		for (i = 0; m->dom[i].used; i++)
			VT_REQUIRE(i + 1 < MODEL_DOMAINS);
		d = &m->dom[i];
		d->used = true;
		d->id = id;
		d->bypass = bypass;
		d->granule = ep->granule;
	}
	ep->domain = index_of(m, d);
	return S_OK;
}

static int detach(struct model *m, const uint8_t *in)
{
	struct model_ep *ep = find_ep(m, (uint32_t)get(in + 8, 4));

	if (!ep)
		return S_NOENT;
	if (ep->domain < 0 || m->dom[ep->domain].id != (uint32_t)get(in + 4, 4))
		return S_INVAL;
	leave(m, ep);
	return S_OK;
}

/* What the endpoints of the domain say of the range; if both, the device may say either. */
static int check_eps(struct model *m, const struct model_domain *d, struct iom_range r)
{
	int range = S_OK, inval = S_OK;
	unsigned int i, k;

	for (i = 0; i < m->nr_eps; i++) {
		const struct iom_viommu_ep_cfg *c = &m->ep[i].cfg;

		if (m->ep[i].domain != index_of(m, d))
			continue;
		if (!iom_range_contains(c->input, r))
			range = S_RANGE;
		for (k = 0; k < c->nr_resv; k++)
			if (iom_range_overlaps(c->resv[k].iova, r))
				inval = S_INVAL;
	}
	m->or_status = inval && range ? range : S_OK;
	return inval ? inval : range;
}

static int map(struct model *m, const uint8_t *in)
{
	struct model_domain *d = find_domain(m, (uint32_t)get(in + 4, 4));
	struct iom_range r = { get(in + 8, 8), get(in + 16, 8) };
	uint64_t gpa = get(in + 24, 8);
	uint32_t flags = (uint32_t)get(in + 32, 4);
	unsigned int i;
	int status;

	if (flags & ~(m->accepted & VT_F_MMIO ? 7u : 3u))
		return S_INVAL;
	if (!d)
		return S_NOENT;
	if (d->bypass || r.start > r.last)
		return S_INVAL;
	if (r.start % d->granule || (r.last + 1) % d->granule || gpa % d->granule ||
	    !iom_range_contains(m->cfg.input, r) || gpa + (r.last - r.start) < gpa)
		return S_RANGE;
	status = check_eps(m, d, r);
	if (status)
		return status;
	if (any(d, r))
		return S_INVAL;
	m->nr_mappings++;
	m->st.mappings++;
	d->maps++;
	for (i = 0; i < MODEL_SLOTS; i++) {
		if (!iom_range_overlaps(model_range(i), r))
			continue;
		VT_REQUIRE(iom_range_contains(r, model_range(i)));
		d->slot[i].mapping = m->nr_mappings;
		d->slot[i].gpa = gpa + (model_range(i).start - r.start);
		d->slot[i].flags = flags;
	}
	for (i = 0; i < m->nr_eps; i++)
		m->ep[i].maps += m->ep[i].domain == index_of(m, d);
	return S_OK;
}

static int unmap(struct model *m, const uint8_t *in)
{
	struct model_domain *d = find_domain(m, (uint32_t)get(in + 4, 4));
	struct iom_range r = { get(in + 8, 8), get(in + 16, 8) };
	unsigned int i, k;

	if (!d)
		return S_NOENT;
	if (d->bypass || get(in + 24, 4) || r.start > r.last)
		return S_INVAL;
	/* No mapping may have a page that is touched and a page that is not wholly inside. */
	for (i = 0; i < MODEL_SLOTS; i++)
		for (k = 0; k < MODEL_SLOTS && d->slot[i].mapping; k++)
			if (d->slot[k].mapping == d->slot[i].mapping &&
			    iom_range_overlaps(model_range(i), r) &&
			    !iom_range_contains(r, model_range(k)))
				return S_RANGE;
	m->st.mappings -= nr_mapped(d);
	d->unmaps++;
	for (i = 0; i < MODEL_SLOTS; i++)
		if (iom_range_overlaps(model_range(i), r))
			memset(&d->slot[i], 0, sizeof(d->slot[i]));
	m->st.mappings += nr_mapped(d);
	for (i = 0; i < m->nr_eps; i++)
		m->ep[i].unmaps += m->ep[i].domain == index_of(m, d);
	return S_OK;
}

static int answer(struct model *m, const struct vt_req *r)
{
	static const size_t in_len[6] = { 0, 20, 20, 36, 28, 72 };
	unsigned int type = r->in_len ? r->in[0] : 0;
	size_t out_len = 4;

	if (type < 1 || type > 5 || r->in_len < in_len[type])
		return S_NONE;
	if (type == 5) {
		if (!(m->accepted & VT_F_PROBE))
			return S_NONE;
		out_len += m->cfg.probe_size;
	}
	if ((type == 3 || type == 4) && !(m->accepted & VT_F_MAP_UNMAP))
		return S_NONE;
	if (r->out_len < out_len)
		return S_NONE;
	switch (type) {
	case 1:
		return attach(m, r->in);
	case 2:
		return detach(m, r->in);
	case 3:
		return map(m, r->in);
	case 4:
		return unmap(m, r->in);
	default:
		return find_ep(m, (uint32_t)get(r->in + 4, 4)) ? S_OK : S_NOENT;
	}
}

int model_request(struct model *m, const struct vt_req *r)
{
	int status;

	m->or_status = S_OK;
	status = answer(m, r);
	if (status != S_OK) {
		m->st.refused++;
		return status;
	}
	m->st.attach += r->in[0] == 1;
	m->st.detach += r->in[0] == 2;
	m->st.map += r->in[0] == 3;
	m->st.unmap += r->in[0] == 4;
	m->st.probe += r->in[0] == 5;
	return S_OK;
}

void model_reset(struct model *m, bool system)
{
	unsigned int i;

	for (i = 0; i < m->nr_eps; i++)
		leave(m, &m->ep[i]);
	m->accepted = 0;
	if (system)
		m->bypass = m->cfg.boot_bypass;
}

void model_write_bypass(struct model *m, uint8_t val)
{
	if (val <= 1 && (m->accepted & VT_F_BYPASS_CONFIG))
		m->bypass = val;
}

struct model_access model_translate(const struct model *m, unsigned int n, uint64_t iova,
				    unsigned int access)
{
	const struct model_ep *ep = &m->ep[n];
	const struct model_domain *d = ep->domain < 0 ? NULL : &m->dom[ep->domain];
	const struct model_slot *s;
	unsigned int i;

	if (d ? d->bypass : m->bypass)
		return (struct model_access){ .gpa = iova, .flags = IOM_RUN_BYPASS };
	if (!d)
		return (struct model_access){ .rc = IOM_EFAULT, .reason = 1 };
	s = &d->slot[slot_at(iova)];
	if (!s->mapping) {
		for (i = 0; i < ep->cfg.nr_resv; i++)
			if (ep->cfg.resv[i].msi && iom_range_has(ep->cfg.resv[i].iova, iova) &&
			    access == IOM_ACCESS_WRITE)
				return (struct model_access){ .gpa = iova, .flags = IOM_RUN_MSI };
		return (struct model_access){ .rc = IOM_EFAULT, .reason = 2 };
	}
	if (access & ~s->flags)
		return (struct model_access){ .rc = IOM_EACCES, .reason = 2 };
	return (struct model_access){
		.gpa = s->gpa + (iova - model_range(slot_at(iova)).start),
		.flags = s->flags & VT_MMIO ? IOM_RUN_MMIO : 0,
	};
}
