/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Devices, the groups that follow from what they share, and their faults.
 *
 * Two devices are in one group if an IOMMU cannot tell them apart (an ID or an
 * alias in common) or if they can reach each other past it (a bridge, or a slot,
 * without ACS in common), and so on transitively.
 */
#include <iom/base/mem.h>

#include "core_int.h"

/* --- the description, copied --- */

static size_t round_up(size_t n)
{
	return (n + 15) & ~(size_t)15;
}

static size_t name_size(const char *name)
{
	size_t n = 0;

	while (name && name[n])
		n++;
	return n + 1;
}

/* The next part of dev->copy, with what src has. */
static void *put(uint8_t **at, const void *src, size_t size)
{
	void *dst = *at;

	if (size)
		memcpy(dst, src, size);
	*at += round_up(size);
	return dst;
}

static int copy_desc(struct iom_core *core, struct iom_device *dev,
		     const struct iom_device_desc *d)
{
	size_t ids = d->nr_ids * sizeof(*d->ids), aliases = d->nr_aliases * sizeof(*d->aliases);
	size_t shared = d->nr_shared * sizeof(*d->shared);
	size_t reserved = d->nr_reserved * sizeof(*d->reserved), name = name_size(d->name);
	size_t streams = ((size_t)d->nr_ids + d->nr_aliases) * sizeof(*dev->stream);
	uint8_t *at;
	void *mem;
	int rc;

	dev->copy_size = round_up(ids) + round_up(aliases) + round_up(shared) +
			 round_up(reserved) + round_up(name) + round_up(streams) +
			 d->nr_reserved * sizeof(*dev->mapped);
	rc = iom_plat_alloc(core->plat, dev->copy_size, 16, &mem);
	if (rc)
		return rc;
	dev->copy = at = mem;
	dev->desc = *d;
	dev->desc.ids = put(&at, d->ids, ids);
	dev->desc.aliases = put(&at, d->aliases, aliases);
	dev->desc.shared = put(&at, d->shared, shared);
	dev->desc.reserved = put(&at, d->reserved, reserved);
	dev->desc.name = put(&at, d->name ? d->name : "", name);
	dev->stream = (struct iom_core_stream **)at;	/* all NULL */
	dev->mapped = (bool *)(at + round_up(streams));	/* all false */
	return IOM_OK;
}

static bool good_desc(const struct iom_device_desc *d)
{
	unsigned int i;

	if (!d->nr_ids)
		return false;
	for (i = 0; i < d->nr_reserved; i++) {
		const struct iom_reserved *r = &d->reserved[i];

		if (!iom_range_valid(r->range))
			return false;
		if (r->kind == IOM_RESERVED_DIRECT &&
		    ((r->range.start | (r->range.last + 1)) & 4095))
			return false;
	}
	return true;
}

/* --- groups --- */

static bool same_id(const struct iom_device_id *a, unsigned int na,
		    const struct iom_device_id *b, unsigned int nb)
{
	unsigned int i, k;

	for (i = 0; i < na; i++) {
		for (k = 0; k < nb; k++) {
			if (a[i].iommu == b[k].iommu && a[i].id == b[k].id)
				return true;
		}
	}
	return false;
}

static bool cannot_tell_apart(const struct iom_device_desc *a, const struct iom_device_desc *b)
{
	unsigned int i, k;

	for (i = 0; i < a->nr_shared; i++) {
		for (k = 0; k < b->nr_shared; k++) {
			if (a->shared[i] == b->shared[k])
				return true;
		}
	}
	return same_id(a->ids, a->nr_ids, b->ids, b->nr_ids) ||
	       same_id(a->ids, a->nr_ids, b->aliases, b->nr_aliases) ||
	       same_id(a->aliases, a->nr_aliases, b->ids, b->nr_ids) ||
	       same_id(a->aliases, a->nr_aliases, b->aliases, b->nr_aliases);
}

static void group_put(struct iom_core *core, struct iom_group *g)
{
	if (--g->nr_devices)
		return;
	iom_list_del(&g->link);
	iom_plat_free(core->plat, g, sizeof(*g));
}

/*
 * The groups that dev belongs to: none, one, or several that it makes one. A
 * group that is attached may not change what shares its fate with it.
 */
static int may_join(struct iom_core *core, const struct iom_device *dev)
{
	const struct iom_device *o;
	struct iom_list *l;

	iom_list_for_each(l, &core->devices) {
		o = IOM_CONTAINER_OF(l, struct iom_device, link);
		if (cannot_tell_apart(&dev->desc, &o->desc) &&
		    (o->group->domain || iomi_core_pasids(o)))
			return IOM_EBUSY;
	}
	return IOM_OK;
}

static void move_all(struct iom_core *core, struct iom_group *from, struct iom_group *to)
{
	struct iom_device *o;
	struct iom_list *l;
	unsigned int n = from->nr_devices;

	iom_list_for_each(l, &core->devices) {
		o = IOM_CONTAINER_OF(l, struct iom_device, link);
		if (o->group == from)
			o->group = to;
	}
	if (from->dflt == IOM_DEFAULT_BLOCKED)
		to->dflt = IOM_DEFAULT_BLOCKED;
	to->nr_devices += n;
	from->nr_devices = 1;
	group_put(core, from);
}

static void join(struct iom_core *core, struct iom_device *dev, struct iom_group *g)
{
	struct iom_device *o;
	struct iom_list *l;

	dev->group = g;
	g->nr_devices = 1;
	g->dflt = dev->desc.dflt;
	iom_list_add_tail(&core->groups, &g->link);
	iom_list_for_each(l, &core->devices) {
		o = IOM_CONTAINER_OF(l, struct iom_device, link);
		if (o->group != g && cannot_tell_apart(&dev->desc, &o->desc))
			move_all(core, o->group, g);
	}
}

/*
 * Joins the groups it belongs to. Others of them may have been by default where this
 * one may not be: if they do not go from there, it is not added, but the groups are
 * one, and blocked by default, for good.
 */
static int enter(struct iom_core *core, struct iom_device *dev, struct iom_group *g)
{
	int rc;

	join(core, dev, g);
	iom_list_add_tail(&core->devices, &dev->link);
	rc = iomi_core_group_to(core, g, NULL);
	if (rc) {
		iom_list_del(&dev->link);
		group_put(core, g);
		return rc;
	}
	/* If it cannot be bound now it waits. */
	iomi_core_bind(core, dev);
	return IOM_OK;
}

/* --- add, remove --- */

int iom_core_device_add(struct iom_core *core, const struct iom_device_desc *desc,
			struct iom_device **out)
{
	struct iom_device *dev;
	struct iom_group *g;
	void *mem;
	int rc;

	if (!good_desc(desc))
		return IOM_EINVAL;
	rc = iom_plat_alloc(core->plat, sizeof(*dev), 16, &mem);
	if (rc)
		return rc;
	dev = mem;
	rc = copy_desc(core, dev, desc);
	if (rc)
		goto err_dev;
	rc = iom_plat_alloc(core->plat, sizeof(*g), 16, &mem);
	if (rc)
		goto err_copy;
	g = mem;
	iom_plat_lock(core->plat, &core->lock);
	rc = may_join(core, dev);
	if (rc)
		iom_plat_free(core->plat, g, sizeof(*g));
	else
		rc = enter(core, dev, g);
	iom_plat_unlock(core->plat, &core->lock);
	if (rc)
		goto err_copy;
	*out = dev;
	return IOM_OK;
err_copy:
	iom_plat_free(core->plat, dev->copy, dev->copy_size);
err_dev:
	iom_plat_free(core->plat, dev, sizeof(*dev));
	return rc;
}

int iom_core_device_remove(struct iom_core *core, struct iom_device *dev)
{
	unsigned int turn;
	int rc;

	iom_plat_lock(core->plat, &core->lock);
	if (dev->group->domain || iomi_core_pasids(dev))
		rc = IOM_EBUSY;
	else
		rc = iomi_core_unbind(core, dev);
	if (!rc) {
		iom_list_del(&dev->link);
		group_put(core, dev->group);
		for (turn = 0; dev->faults; turn++) {
			iom_plat_unlock(core->plat, &core->lock);
			core->plat->ops.relax(core->plat, turn);
			iom_plat_lock(core->plat, &core->lock);
		}
	}
	iom_plat_unlock(core->plat, &core->lock);
	if (rc)
		return rc;
	iom_plat_free(core->plat, dev->copy, dev->copy_size);
	iom_plat_free(core->plat, dev, sizeof(*dev));
	return IOM_OK;
}

/* --- questions --- */

struct iom_group *iom_core_device_group(struct iom_core *core, struct iom_device *dev)
{
	struct iom_group *g;

	iom_plat_lock(core->plat, &core->lock);
	g = dev->group;
	iom_plat_unlock(core->plat, &core->lock);
	return g;
}

unsigned int iom_core_group_size(struct iom_core *core, const struct iom_group *g)
{
	unsigned int n;

	iom_plat_lock(core->plat, &core->lock);
	n = g->nr_devices;
	iom_plat_unlock(core->plat, &core->lock);
	return n;
}

const char *iom_core_device_name(const struct iom_device *dev)
{
	return dev->desc.name;
}

bool iom_core_device_ready(struct iom_core *core, const struct iom_device *dev)
{
	bool ready;

	iom_plat_lock(core->plat, &core->lock);
	ready = dev->ready;
	iom_plat_unlock(core->plat, &core->lock);
	return ready;
}

bool iom_core_device_coherent(struct iom_core *core, const struct iom_device *dev)
{
	bool coherent = dev->desc.coherent;
	unsigned int i;

	iom_plat_lock(core->plat, &core->lock);
	coherent = coherent && dev->ready;
	for (i = 0; coherent && i < iomi_core_nr_ids(dev); i++)
		coherent = dev->stream[i]->iommu->coherent;
	iom_plat_unlock(core->plat, &core->lock);
	return coherent;
}

void iom_core_group_reserved(struct iom_core *core, const struct iom_group *g,
			void (*fn)(void *arg, const struct iom_reserved *r), void *arg)
{
	const struct iom_device *dev;
	struct iom_list *l;
	unsigned int i;

	iom_plat_lock(core->plat, &core->lock);
	iom_list_for_each(l, &core->devices) {
		dev = IOM_CONTAINER_OF(l, struct iom_device, link);
		for (i = 0; dev->group == g && i < dev->desc.nr_reserved; i++)
			fn(arg, &dev->desc.reserved[i]);
	}
	iom_plat_unlock(core->plat, &core->lock);
}

/* --- faults --- */

/* The domain that the transaction was in, held; NULL: none. */
static struct iom_domain *hold_domain(struct iom_device *dev, struct iom_core_stream *st,
				      const struct iom_fault *f)
{
	struct iom_domain *d = NULL;

	if (f->flags & IOM_FAULT_PASID)
		return st->iommu->ops->pasid_domain(st, f->pasid, &d) ? NULL : d;
	d = dev->group->domain;
	if (d)
		iom_domain_hold(d);
	return d;
}

/* The device that a fault is of, and the domain, held until their handlers have returned. */
static struct iom_device *hold(struct iom_core *core, const struct iom_core_iommu *i,
			       const struct iom_fault *f, struct iom_domain **d)
{
	struct iom_device *dev;
	struct iom_list *l;
	unsigned int k;

	iom_list_for_each(l, &core->devices) {
		dev = IOM_CONTAINER_OF(l, struct iom_device, link);
		for (k = 0; k < iomi_core_nr_ids(dev); k++) {
			if (!dev->stream[k] || dev->stream[k]->iommu != i ||
			    dev->stream[k]->id != f->sid)
				continue;
			dev->faults++;
			*d = hold_domain(dev, dev->stream[k], f);
			return dev;
		}
	}
	return NULL;
}

enum iom_fault_answer iom_core_fault(struct iom_core *core, struct iom_core_iommu *i,
				     const struct iom_fault *f)
{
	enum iom_fault_answer answer = IOM_FAULT_ABORT;
	struct iom_domain *d = NULL;
	struct iom_device *dev;

	iom_plat_lock(core->plat, &core->lock);
	dev = hold(core, i, f, &d);
	iom_plat_unlock(core->plat, &core->lock);
	if (!dev)
		return IOM_FAULT_ABORT;
	if (d) {
		answer = iom_domain_fault(d, f);
		iom_domain_drop(d);
	}
	if (answer == IOM_FAULT_ABORT && dev->desc.fault)
		answer = dev->desc.fault(dev->desc.arg, dev, f);
	iom_plat_lock(core->plat, &core->lock);
	dev->faults--;
	iom_plat_unlock(core->plat, &core->lock);
	return answer;
}
