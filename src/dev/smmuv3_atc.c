/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An endpoint's ATC. The port's thread fills entries, ATC_INV's thread empties
 * them, and nobody waits. Who invalidates adds one to gen, then looks at every key; who
 * fills notes gen before it asks the SMMU, stores the key, and looks at gen
 * again: if it moved, the entry goes. Everything is sequentially consistent, so
 * either the key is seen, or gen has moved: nothing older than an ATC_INV stays.
 *
 * What is in use meanwhile is in use inside a bracket, which the CMD_SYNC waits for.
 */
#include <iom/base/field.h>
#include <iom/base/mem.h>
#include <iom/dev/smmuv3_atc.h>

#define PAGE_LG2	12u
#define SPACE_SSV	IOM_BIT64(20)
#define SPACE_PRIV	IOM_BIT64(21)
#define SSID_MASK	0xfffffu
#define WANT		(IOM_ACCESS_READ | IOM_ACCESS_WRITE | IOM_SMMUV3_INST)

/* --- keys: the page number in front of a one that stands at the range's size --- */

static uint64_t key_of(uint64_t iova, unsigned int n)
{
	return (iova >> (PAGE_LG2 + n) << 1 | 1) << n;
}

static struct iom_range range_of(uint64_t key)
{
	unsigned int n = (unsigned int)__builtin_ctzll(key);
	uint64_t start = (key >> n >> 1) << n << PAGE_LG2;

	return (struct iom_range){ start, start + ((UINT64_C(1) << n << PAGE_LG2) - 1) };
}

/* PRIV and Exe are of the PASID (13.7). */
static uint64_t space_of(unsigned int access)
{
	if (!(access & IOM_SMMUV3_SSV))
		return 0;
	return (access >> 8 & SSID_MASK) | SPACE_SSV |
	       (access & IOM_SMMUV3_PRIV ? SPACE_PRIV : 0);
}

static struct iom_smmuv3_atc_set *set_of(const struct iom_smmuv3_atc *atc, uint64_t key,
					 uint64_t space)
{
	uint64_t page = key >> (__builtin_ctzll(key) + 1);

	return &atc->set[(page + space * 0x9e5u) & (atc->nr_sets - 1)];
}

/* --- the port's thread --- */

static const struct iom_smmuv3_atc_entry *find_size(const struct iom_smmuv3_atc *atc,
						    uint64_t key, uint64_t space)
{
	const struct iom_smmuv3_atc_set *set = set_of(atc, key, space);
	unsigned int w;

	for (w = 0; w < IOM_SMMUV3_ATC_WAYS; w++) {
		if (atomic_load(&set->way[w].key) == key &&
		    atomic_load_explicit(&set->way[w].space, memory_order_relaxed) == space)
			return &set->way[w];
	}
	return NULL;
}

/* *key is what it was found by: the entry may be empty by now, its values stay. */
static const struct iom_smmuv3_atc_entry *find(const struct iom_smmuv3_atc *atc, uint64_t iova,
					       uint64_t space, uint64_t *key)
{
	const struct iom_smmuv3_atc_entry *e = NULL;
	uint64_t sizes;

	for (sizes = atc->sizes; sizes && !e; sizes &= sizes - 1) {
		*key = key_of(iova, (unsigned int)__builtin_ctzll(sizes));
		e = find_size(atc, *key, space);
	}
	return e;
}

/* Its own place, an empty one, or the next victim's. */
static struct iom_smmuv3_atc_entry *place(struct iom_smmuv3_atc *atc, uint64_t key,
					  uint64_t space)
{
	struct iom_smmuv3_atc_set *set = set_of(atc, key, space);
	struct iom_smmuv3_atc_entry *e, *empty = NULL;
	unsigned int w;

	for (w = IOM_SMMUV3_ATC_WAYS; w--;) {
		e = &set->way[w];
		if (!atomic_load(&e->key))
			empty = e;
		else if (atomic_load(&e->key) == key && atomic_load(&e->space) == space)
			return e;
	}
	return empty ? empty : &set->way[set->victim++ % IOM_SMMUV3_ATC_WAYS];
}

static unsigned int perm_of(const struct iom_smmuv3_ats_resp *r)
{
	return (r->r ? IOM_ACCESS_READ : 0) | (r->w ? IOM_ACCESS_WRITE : 0) |
	       (r->exec ? IOM_SMMUV3_INST : 0);
}

/* gen: before the SMMU was asked. */
static void fill(struct iom_smmuv3_atc *atc, uint64_t space,
		 const struct iom_smmuv3_ats_resp *r, uint64_t gen)
{
	unsigned int n = r->size_lg2 - PAGE_LG2;
	uint64_t key = key_of(r->iova, n);
	struct iom_smmuv3_atc_entry *e = place(atc, key, space);

	atc->sizes |= IOM_BIT64(n);
	atomic_store(&e->key, 0);
	atomic_store(&e->space, space);
	e->pa = r->pa;
	e->perm = perm_of(r);
	atomic_store(&e->key, key);
	if (atomic_load(&atc->gen) != gen)
		atomic_store(&e->key, 0);
}

/* A read as an instruction fetch needs Exe, and Exe comes with R. */
static unsigned int need_of(unsigned int access)
{
	if ((access & IOM_SMMUV3_INST) && (access & IOM_SMMUV3_SSV))
		return access & WANT;
	return access & (IOM_ACCESS_READ | IOM_ACCESS_WRITE);
}

/* The translated address, and how many bytes from there it is good for. */
static int look_up(struct iom_smmuv3_atc *atc, uint64_t iova, unsigned int access,
		   struct iom_smmuv3_ats_resp *r, uint64_t ev[4], uint64_t *pa, uint64_t *room)
{
	uint64_t space = space_of(access), key = 0, gen, off;
	const struct iom_smmuv3_atc_entry *e = find(atc, iova, space, &key);
	unsigned int need = need_of(access);
	struct iom_range in;

	if (e && (e->perm & need) == need) {
		in = range_of(key);
		*pa = e->pa + (iova - in.start);
		*room = in.last - iova;
		atc->hits++;
		return IOM_OK;
	}
	gen = atomic_load(&atc->gen);
	atc->requests++;
	iom_smmuv3_dev_ats_request(atc->port, iova, access, r, ev);
	if (r->status != IOM_SMMUV3_ATS_SUCCESS || !perm_of(r))
		return IOM_EFAULT;
	fill(atc, space, r, gen);
	if ((perm_of(r) & need) != need)
		return IOM_EACCES;
	off = iova - r->iova;
	*pa = r->pa + off;
	*room = (UINT64_C(1) << r->size_lg2) - 1 - off;
	return IOM_OK;
}

int iom_smmuv3_atc_translate(struct iom_smmuv3_atc *atc, uint64_t iova, uint64_t len,
			     unsigned int access, struct iom_smmuv3_result *res,
			     struct iom_smmuv3_ats_resp *resp, uint64_t ev[4])
{
	const unsigned int keep = IOM_ACCESS_READ | IOM_ACCESS_WRITE | IOM_ACCESS_QUIET;
	struct iom_smmuv3_ats_resp mine;
	uint64_t pa = 0, room = 0;
	int rc;

	if (!resp)
		resp = &mine;
	memset(resp, 0, sizeof(*resp));
	memset(ev, 0, 4 * sizeof(ev[0]));
	rc = look_up(atc, iova, access, resp, ev, &pa, &room);
	if (rc)
		return rc;
	return iom_smmuv3_dev_translate(atc->port, pa, len - 1 < room ? len : room + 1,
					(access & keep) | IOM_SMMUV3_TRANSLATED, res, ev);
}

static int op_translate(struct iom_xlate *x, uint64_t iova, uint64_t len, unsigned int access,
			struct iom_run *run)
{
	const unsigned int keep = IOM_ACCESS_READ | IOM_ACCESS_WRITE | IOM_ACCESS_QUIET;
	struct iom_smmuv3_atc *atc = IOM_CONTAINER_OF(x, struct iom_smmuv3_atc, x);
	struct iom_smmuv3_ats_resp resp;
	uint64_t pa = 0, room = 0, ev[4];
	int rc = look_up(atc, iova, access, &resp, ev, &pa, &room);

	if (rc)
		return rc;
	rc = iom_xlate_translate(&atc->port->x, pa, len - 1 < room ? len : room + 1,
				 (access & keep) | IOM_SMMUV3_TRANSLATED, run);
	/* It was translated, if not now. */
	if (!rc)
		run->flags &= ~IOM_RUN_BYPASS;
	return rc;
}

/* --- ATC_INV --- */

/*
 * 4.5.1: with a PASID what is tagged by it, or with Global by any; without one
 * everything, as nothing selects untagged entries alone.
 */
static bool names(const struct iom_smmuv3_inv *inv, uint64_t space)
{
	if (!inv->ssv)
		return true;
	return (space & SPACE_SSV) && (inv->global || (space & SSID_MASK) == inv->ssid);
}

static void drop(struct iom_smmuv3_atc_entry *e, const struct iom_smmuv3_inv *inv)
{
	uint64_t key = atomic_load(&e->key), space;

	if (!key)
		return;
	space = atomic_load(&e->space);
	/* If it is being replaced, it may go: that costs a request. */
	if (atomic_load(&e->key) != key ||
	    (iom_range_overlaps(range_of(key), inv->iova) && names(inv, space)))
		atomic_store(&e->key, 0);
}

static int atc_invalidate(struct iom_smmuv3_ep *ep, const struct iom_smmuv3_inv *inv)
{
	struct iom_smmuv3_atc *atc = IOM_CONTAINER_OF(ep, struct iom_smmuv3_atc, ep);
	unsigned int i, w;

	atomic_fetch_add(&atc->gen, 1);
	for (i = 0; i < atc->nr_sets; i++) {
		for (w = 0; w < IOM_SMMUV3_ATC_WAYS; w++)
			drop(&atc->set[i].way[w], inv);
	}
	return IOM_OK;
}

/* Whoever sends page requests has an endpoint of its own for the answers. */
static void atc_respond(struct iom_smmuv3_ep *ep, const struct iom_smmuv3_prg_resp *resp)
{
	(void)ep;
	(void)resp;
}

/* --- life --- */

static const struct iom_xlate_ops xlate_ops = { .translate = op_translate };
static const struct iom_smmuv3_ep_ops ep_ops = {
	.invalidate = atc_invalidate, .respond = atc_respond,
};

int iom_smmuv3_atc_init(struct iom_smmuv3_atc *atc, struct iom_smmuv3_port *port,
			unsigned int entries)
{
	struct iom_plat *plat = iom_smmuv3_dev_gate(port->s)->plat;
	unsigned int nr = entries / IOM_SMMUV3_ATC_WAYS;
	void *mem;
	int rc;

	if (entries < IOM_SMMUV3_ATC_WAYS || entries > 65536 || (entries & (entries - 1)))
		return IOM_EINVAL;
	rc = iom_plat_alloc(plat, nr * sizeof(*atc->set), 64, &mem);
	if (rc)
		return rc;
	memset(atc, 0, sizeof(*atc));
	atc->x.ops = &xlate_ops;
	atc->x.gate = iom_smmuv3_dev_gate(port->s);
	atc->port = port;
	atc->set = mem;
	atc->nr_sets = nr;
	atomic_init(&atc->gen, 0);
	iom_smmuv3_dev_ep_attach(&atc->ep, port->s, port->sid, &ep_ops);
	return IOM_OK;
}

void iom_smmuv3_atc_fini(struct iom_smmuv3_atc *atc)
{
	iom_smmuv3_dev_ep_detach(&atc->ep);
	iom_plat_free(iom_smmuv3_dev_gate(atc->port->s)->plat, atc->set,
		      atc->nr_sets * sizeof(*atc->set));
}
