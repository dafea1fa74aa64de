/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Domains: tables, and the list of invalidations.
 *
 * The list is an array that never changes once it is published; adding and
 * taking away publish another one. Unmap reads it without a lock:
 *
 *	reader:	readers[epoch & 1]++, list, ..., readers[that]--
 *	writer:	list = new; twice: epoch++, wait until readers[old] is 0; free
 *
 * Between an unmap and an attachment nothing is lost: unmap clears its entries
 * before it reads the list, attaching publishes the list before hardware can
 * look at the tables. So either unmap finds the attachment, or the hardware
 * behind it never saw the entry. Both are sequentially consistent for that.
 */
#include <iom/base/atomic.h>
#include <iom/base/mem.h>
#include <iom/drv/domain.h>

struct entry {
	struct iom_inv inv;
	unsigned int users;
};

struct inv_list {
	unsigned int nr, room;
	struct entry e[];	/* of one IOMMU side by side, by kind */
};

struct iom_domain {
	struct iom_domain_cfg cfg;		/* fixed */
	struct iom_plat *plat;
	struct iom_pt pt;
	IOM_ATOMIC(bool) dead;
	IOM_ATOMIC(struct inv_list *) list;	/* never NULL */
	IOM_ATOMIC(unsigned int) epoch;
	IOM_ATOMIC(unsigned int) readers[2];
	struct iom_lock lock;			/* whoever publishes a list */
	/* under lock: */
	struct inv_list *spare;			/* room for all of list's entries but one */
	unsigned int holds;
};

static size_t list_size(unsigned int nr)
{
	return sizeof(struct inv_list) + nr * sizeof(struct entry);
}

static void list_free(struct iom_domain *d, struct inv_list *l)
{
	if (l)
		iom_plat_free(d->plat, l, list_size(l->room));
}

static int list_make(struct iom_domain *d, unsigned int nr, struct inv_list **out)
{
	void *mem;
	int rc = iom_plat_alloc(d->plat, list_size(nr), 16, &mem);

	if (rc)
		return rc;
	*out = mem;
	(*out)->nr = (*out)->room = nr;
	return IOM_OK;
}

/* --- readers --- */

static unsigned int read_begin(struct iom_domain *d, const struct inv_list **list)
{
	unsigned int at = atomic_load(&d->epoch) & 1;

	atomic_fetch_add(&d->readers[at], 1);
	*list = atomic_load(&d->list);
	return at;
}

static void read_end(struct iom_domain *d, unsigned int at)
{
	atomic_fetch_sub(&d->readers[at], 1);
}

/* Nobody reads a list that was published before: lock held. */
static void wait_readers(struct iom_domain *d)
{
	unsigned int turn, round, old;

	for (round = 0; round < 2; round++) {
		old = atomic_fetch_add(&d->epoch, 1) & 1;
		for (turn = 0; atomic_load(&d->readers[old]); turn++)
			d->plat->ops.relax(d->plat, turn);
	}
}

/* The one before is the spare one, so that taking away never needs memory (style rule 3). */
static void publish(struct iom_domain *d, struct inv_list *list)
{
	struct inv_list *old;

	iom_plat_assert_held(d->plat, &d->lock);
	old = atomic_exchange(&d->list, list);
	wait_readers(d);
	if (d->spare != list)
		list_free(d, d->spare);
	d->spare = old;
}

/* --- the list, lock held --- */

static int order(const struct iom_inv *a, const struct iom_inv *b)
{
	uintptr_t x = (uintptr_t)a->iommu, y = (uintptr_t)b->iommu;

	if (x != y)
		return x < y ? -1 : 1;
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->id != b->id)
		return a->id < b->id ? -1 : 1;
	if (a->has_pasid != b->has_pasid)
		return a->has_pasid ? 1 : -1;
	if (a->has_pasid && a->pasid != b->pasid)
		return a->pasid < b->pasid ? -1 : 1;
	return 0;
}

/* Where inv stands, or would. */
static unsigned int place(const struct inv_list *l, const struct iom_inv *inv)
{
	unsigned int i = 0;

	while (i < l->nr && order(&l->e[i].inv, inv) < 0)
		i++;
	return i;
}

static bool stands(const struct inv_list *l, unsigned int at, const struct iom_inv *inv)
{
	return at < l->nr && !order(&l->e[at].inv, inv);
}

static int add(struct iom_domain *d, const struct iom_inv *inv)
{
	struct inv_list *l = atomic_load(&d->list), *n;
	unsigned int at = place(l, inv);
	int rc;

	if (stands(l, at, inv)) {
		l->e[at].users++;
		return IOM_OK;
	}
	n = d->spare;
	rc = n && n->room > l->nr ? IOM_OK : list_make(d, l->nr + 1, &n);
	if (rc)
		return rc;
	n->nr = l->nr + 1;
	memcpy(n->e, l->e, at * sizeof(*n->e));
	n->e[at].inv = *inv;
	n->e[at].users = 1;
	memcpy(&n->e[at + 1], &l->e[at], (l->nr - at) * sizeof(*n->e));
	publish(d, n);
	return IOM_OK;
}

static bool del(struct iom_domain *d, const struct iom_inv *inv)
{
	struct inv_list *l = atomic_load(&d->list), *n = d->spare;
	unsigned int at = place(l, inv);

	if (!stands(l, at, inv) || --l->e[at].users)
		return stands(l, at, inv);
	n->nr = l->nr - 1;
	memcpy(n->e, l->e, at * sizeof(*n->e));
	memcpy(&n->e[at], &l->e[at + 1], (n->nr - at) * sizeof(*n->e));
	publish(d, n);
	return false;
}

int iom_domain_inv_add(struct iom_domain *d, const struct iom_inv *inv)
{
	int rc;

	iom_plat_lock(d->plat, &d->lock);
	rc = atomic_load(&d->dead) ? IOM_EIO : add(d, inv);
	iom_plat_unlock(d->plat, &d->lock);
	return rc;
}

bool iom_domain_inv_del(struct iom_domain *d, const struct iom_inv *inv)
{
	bool more;

	iom_plat_lock(d->plat, &d->lock);
	more = del(d, inv);
	iom_plat_unlock(d->plat, &d->lock);
	return more;
}

bool iom_domain_inv_find(struct iom_domain *d, const struct iom_iommu *iommu,
			 enum iom_inv_kind kind, uint32_t *id)
{
	const struct inv_list *l;
	unsigned int i;
	bool found = false;

	iom_plat_lock(d->plat, &d->lock);
	l = atomic_load(&d->list);
	for (i = 0; i < l->nr && !found; i++) {
		found = l->e[i].inv.iommu == iommu && l->e[i].inv.kind == kind;
		if (found)
			*id = l->e[i].inv.id;
	}
	iom_plat_unlock(d->plat, &d->lock);
	return found;
}

/* --- map, unmap --- */

#define AT_ONCE	16u

/* Every IOMMU of the list, some invalidations at a time. */
static int replay(const struct inv_list *l, const struct iom_inv_range *r, unsigned int nr)
{
	struct iom_inv some[AT_ONCE];
	unsigned int i = 0, n;
	int rc = IOM_OK, one;

	while (i < l->nr) {
		some[0] = l->e[i++].inv;
		for (n = 1; n < AT_ONCE && i < l->nr && l->e[i].inv.iommu == some[0].iommu; n++)
			some[n] = l->e[i++].inv;
		/* Also after an error: what can be taken back is. */
		one = some[0].iommu->ops->invalidate(some[0].iommu, some, n, r, nr);
		rc = rc ? rc : one;
	}
	return rc;
}

/*
 * What is in *g is made unreachable, then its tables are free. If that is not
 * confirmed they are not: the domain is dead, and they are left where they are.
 */
static int flush(struct iom_domain *d, struct iom_pt_gather *g)
{
	struct iom_inv_range r[IOM_PT_GATHER_MAX];
	const struct inv_list *l;
	unsigned int i, at;
	int rc;

	for (i = 0; i < g->nr; i++) {
		r[i] = (struct iom_inv_range){
			.iova = g->inval[i].range, .granule_lg2 = d->pt.info.granule_lg2,
			.leaf_sizes = g->inval[i].leaf_sizes, .tables = g->inval[i].tables,
		};
	}
	/* Entries were cleared before the list is read: see above. */
	atomic_thread_fence(memory_order_seq_cst);
	at = read_begin(d, &l);
	rc = replay(l, r, g->nr);
	read_end(d, at);
	if (rc) {
		atomic_store(&d->dead, true);
		return IOM_EIO;
	}
	iom_pt_gather_free(&d->pt, g);
	return IOM_OK;
}

int iom_domain_map(struct iom_domain *d, struct iom_range iova, uint64_t pa, unsigned int prot)
{
	if (atomic_load_explicit(&d->dead, memory_order_relaxed))
		return IOM_EIO;
	return iom_pt_map(&d->pt, iova, pa, prot);
}

int iom_domain_unmap(struct iom_domain *d, struct iom_range iova)
{
	struct iom_pt_gather g;
	int rc;

	if (atomic_load_explicit(&d->dead, memory_order_relaxed))
		return IOM_EIO;
	iom_pt_gather_init(&g);
	rc = iom_pt_unmap(&d->pt, iova, &g);
	return rc ? rc : flush(d, &g);
}

int iom_domain_dirty(struct iom_domain *d, struct iom_range iova, struct iom_pt_dirty *v)
{
	struct iom_pt_gather g;
	int rc;

	if (atomic_load_explicit(&d->dead, memory_order_relaxed))
		return IOM_EIO;
	iom_pt_gather_init(&g);
	rc = iom_pt_dirty(&d->pt, iova, v, &g);
	return rc || !g.nr ? rc : flush(d, &g);
}

int iom_domain_lookup(const struct iom_domain *d, uint64_t iova, uint64_t *pa)
{
	return iom_pt_lookup(&d->pt, iova, pa);
}

struct one_to_one {
	struct iom_pt_visitor v;
	struct iom_range left;		/* not seen yet */
	unsigned int prot;
	bool all;
};

/* Not 0: it is known. */
static int is_one_to_one(struct iom_pt_visitor *v, const struct iom_pt_leaf *leaf)
{
	struct one_to_one *o = IOM_CONTAINER_OF(v, struct one_to_one, v);
	unsigned int gives = IOM_PT_READ | IOM_PT_WRITE, takes = IOM_PT_NOEXEC | IOM_PT_PRIV;

	if (leaf->ia.start > o->left.start || leaf->oa != leaf->ia.start ||
	    (o->prot & ~leaf->prot & gives) || (leaf->prot & ~o->prot & takes))
		return 1;
	o->all = leaf->ia.last >= o->left.last;
	o->left.start = leaf->ia.last + 1;
	return o->all;
}

bool iom_domain_one_to_one(struct iom_domain *d, struct iom_range r, unsigned int prot)
{
	struct one_to_one o = { .v = { is_one_to_one }, .left = r, .prot = prot };

	iom_pt_walk(&d->pt, r, &o.v);
	return o.all;
}

/* --- the rest --- */

int iom_domain_create(const struct iom_domain_cfg *cfg, struct iom_domain **out)
{
	struct iom_domain *d;
	struct inv_list *l;
	void *mem;
	int rc;

	rc = iom_plat_alloc(cfg->plat, sizeof(*d), 64, &mem);
	if (rc)
		return rc;
	d = mem;
	d->cfg = *cfg;
	d->plat = cfg->plat;
	rc = cfg->plat->ops.lock_init(cfg->plat, &d->lock);
	if (rc)
		goto err_free;
	rc = list_make(d, 0, &l);
	if (rc)
		goto err_lock;
	atomic_init(&d->list, l);
	rc = iom_pt_init(&d->pt, cfg->dmem, &cfg->pt);
	if (rc)
		goto err_list;
	rc = cfg->nest_parent && d->pt.info.stage != 2 ? IOM_EINVAL : IOM_OK;
	if (rc)
		goto err_pt;
	*out = d;
	return IOM_OK;
err_pt:
	iom_pt_fini(&d->pt);
err_list:
	list_free(d, l);
err_lock:
	cfg->plat->ops.lock_fini(cfg->plat, &d->lock);
err_free:
	iom_plat_free(cfg->plat, d, sizeof(*d));
	return rc;
}

void iom_domain_hold(struct iom_domain *d)
{
	iom_plat_lock(d->plat, &d->lock);
	d->holds++;
	iom_plat_unlock(d->plat, &d->lock);
}

void iom_domain_drop(struct iom_domain *d)
{
	iom_plat_lock(d->plat, &d->lock);
	d->holds--;
	iom_plat_unlock(d->plat, &d->lock);
}

int iom_domain_destroy(struct iom_domain *d)
{
	bool busy;

	iom_plat_lock(d->plat, &d->lock);
	busy = atomic_load(&d->list)->nr || d->holds;
	iom_plat_unlock(d->plat, &d->lock);
	if (busy)
		return IOM_EBUSY;
	/* Hardware may go on walking what it never confirmed to have left. */
	if (!atomic_load(&d->dead))
		iom_pt_fini(&d->pt);
	list_free(d, d->spare);
	list_free(d, atomic_load(&d->list));
	d->plat->ops.lock_fini(d->plat, &d->lock);
	iom_plat_free(d->plat, d, sizeof(*d));
	return IOM_OK;
}

bool iom_domain_dead(const struct iom_domain *d)
{
	return atomic_load(&d->dead);
}

enum iom_fault_answer iom_domain_fault(struct iom_domain *d, const struct iom_fault *f)
{
	return d->cfg.fault ? d->cfg.fault(d->cfg.arg, d, f) : IOM_FAULT_ABORT;
}

bool iom_domain_nest_parent(const struct iom_domain *d)
{
	return d->cfg.nest_parent;
}

const struct iom_pt_cfg *iom_domain_format(const struct iom_domain *d)
{
	return &d->cfg.pt;
}

const struct iom_pt_info *iom_domain_tables(const struct iom_domain *d)
{
	return iom_pt_info(&d->pt);
}
