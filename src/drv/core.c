/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The core: IOMMUs that come and go, the devices bound to them, and what a
 * group is attached to.
 *
 * A bound device is where its group is: in the group's domain, or in its own
 * default. One that waits has no stream anywhere, so its IOMMU, once there,
 * blocks it: there is no way from waiting to bypass but binding it (A5).
 */
#include <iom/base/mem.h>

#include "core_int.h"

int iom_core_create(struct iom_plat *plat, struct iom_core **out)
{
	struct iom_core *core;
	void *mem;
	int rc = iom_plat_alloc(plat, sizeof(*core), 16, &mem);

	if (rc)
		return rc;
	core = mem;
	core->plat = plat;
	rc = plat->ops.lock_init(plat, &core->lock);
	if (rc) {
		iom_plat_free(plat, core, sizeof(*core));
		return rc;
	}
	iom_list_init(&core->iommus);
	iom_list_init(&core->devices);
	iom_list_init(&core->groups);
	*out = core;
	return IOM_OK;
}

int iom_core_destroy(struct iom_core *core)
{
	struct iom_plat *plat = core->plat;
	bool busy;

	iom_plat_lock(plat, &core->lock);
	busy = !iom_list_empty(&core->iommus) || !iom_list_empty(&core->devices);
	iom_plat_unlock(plat, &core->lock);
	if (busy)
		return IOM_EBUSY;
	plat->ops.lock_fini(plat, &core->lock);
	iom_plat_free(plat, core, sizeof(*core));
	return IOM_OK;
}

/* --- streams of one device --- */

static struct iom_core_iommu *find_iommu(struct iom_core *core, uint64_t key)
{
	struct iom_core_iommu *i;
	struct iom_list *l;

	iom_list_for_each(l, &core->iommus) {
		i = IOM_CONTAINER_OF(l, struct iom_core_iommu, link);
		if (i->key == key)
			return i;
	}
	return NULL;
}

static int stream_to(const struct iom_device *dev, unsigned int i, struct iom_domain *d)
{
	struct iom_core_stream *st = dev->stream[i];

	if (!d && dev->group->dflt == IOM_DEFAULT_IDENTITY)
		return st->iommu->ops->identity(st);
	return st->iommu->ops->attach(st, d);
}

/*
 * The first n of its streams to where they were. One that cannot go there is blocked,
 * and if that is not confirmed either its IOMMU answers nothing any more.
 */
static int device_back(struct iom_device *dev, unsigned int n, struct iom_domain *back)
{
	unsigned int i;
	int rc = IOM_OK;

	for (i = 0; i < n; i++) {
		if (stream_to(dev, i, back)) {
			dev->stream[i]->iommu->ops->attach(dev->stream[i], NULL);
			rc = IOM_EIO;
		}
	}
	return rc;
}

/* All its streams, or none: what moved goes back, and so does what nobody knows the place of. */
static int device_to(struct iom_device *dev, struct iom_domain *d, struct iom_domain *back)
{
	unsigned int i;
	int rc = IOM_OK;

	for (i = 0; i < iomi_core_nr_ids(dev); i++) {
		rc = stream_to(dev, i, d);
		if (rc)
			break;
	}
	if (rc && device_back(dev, i + (rc == IOM_EIO), back))
		rc = IOM_EIO;
	return rc;
}

/* The stream of an ID, if a device has it already: then of dev's group. */
static struct iom_core_stream *shared_stream(struct iom_core *core, const struct iom_device *dev,
					     const struct iom_core_iommu *iommu, uint32_t id)
{
	const struct iom_device *o;
	struct iom_list *l;
	unsigned int i;

	iom_list_for_each(l, &core->devices) {
		o = IOM_CONTAINER_OF(l, struct iom_device, link);
		for (i = 0; o->group == dev->group && i < iomi_core_nr_ids(o); i++) {
			if (o->stream[i] && o->stream[i]->iommu == iommu && o->stream[i]->id == id)
				return o->stream[i];
		}
	}
	return NULL;
}

static int remove_streams(struct iom_core *core, struct iom_device *dev)
{
	struct iom_core_stream *st;
	unsigned int i;
	int rc = IOM_OK, one;

	for (i = 0; i < iomi_core_nr_ids(dev); i++) {
		st = dev->stream[i];
		dev->stream[i] = NULL;
		if (!st || shared_stream(core, dev, st->iommu, st->id))
			continue;
		st->iommu->nr_streams--;
		one = st->iommu->ops->remove(st);
		if (!one)
			continue;
		/* Not confirmed: hardware may still know it, so nobody forgets it. */
		dev->stream[i] = st;
		st->iommu->nr_streams++;
		rc = rc ? rc : one;
	}
	return rc;
}

static int add_stream(struct iom_core *core, struct iom_device *dev, unsigned int i)
{
	const struct iom_device_id *id = iomi_core_id(dev, i);
	struct iom_core_iommu *iommu = find_iommu(core, id->iommu);
	int rc;

	if (dev->stream[i])		/* of an unbind that was not confirmed: asked again */
		return IOM_OK;
	dev->stream[i] = shared_stream(core, dev, iommu, id->id);
	if (dev->stream[i])
		return IOM_OK;
	rc = iommu->ops->add(iommu, id->id, &dev->desc.stream, &dev->stream[i]);
	if (!rc)
		iommu->nr_streams++;
	return rc;
}

int iomi_core_bind(struct iom_core *core, struct iom_device *dev)
{
	unsigned int i;
	int rc = IOM_OK;

	iom_plat_assert_held(core->plat, &core->lock);
	for (i = 0; i < iomi_core_nr_ids(dev); i++) {
		if (!find_iommu(core, iomi_core_id(dev, i)->iommu))
			return IOM_EAGAIN;
	}
	for (i = 0; i < iomi_core_nr_ids(dev) && !rc; i++)
		rc = add_stream(core, dev, i);
	/* On failure a stream that another device has too stays where its group is. */
	if (!rc)
		rc = device_to(dev, dev->group->domain, dev->group->domain);
	if (rc)
		remove_streams(core, dev);
	else
		dev->ready = true;
	return rc;
}

unsigned int iomi_core_pasids(const struct iom_device *dev)
{
	const struct iom_core_stream *st;
	unsigned int i, n = 0;

	for (i = 0; i < iomi_core_nr_ids(dev); i++) {
		st = dev->stream[i];
		n += st ? st->iommu->ops->pasids(st) : 0;
	}
	return n;
}

int iomi_core_unbind(struct iom_core *core, struct iom_device *dev)
{
	iom_plat_assert_held(core->plat, &core->lock);
	if (iomi_core_pasids(dev))
		return IOM_EBUSY;
	dev->ready = false;
	return remove_streams(core, dev);
}

/* --- IOMMUs --- */

static int bind_all(struct iom_core *core)
{
	struct iom_device *dev;
	struct iom_list *l;
	int rc = IOM_OK, one;

	iom_list_for_each(l, &core->devices) {
		dev = IOM_CONTAINER_OF(l, struct iom_device, link);
		if (dev->ready)
			continue;
		one = iomi_core_bind(core, dev);
		rc = rc ? rc : one;
	}
	return rc;
}

int iom_core_iommu_add(struct iom_core *core, struct iom_core_iommu *i)
{
	int rc = IOM_EEXIST;

	iom_plat_lock(core->plat, &core->lock);
	if (!find_iommu(core, i->key)) {
		i->nr_streams = 0;
		iom_list_add_tail(&core->iommus, &i->link);
		bind_all(core);
		rc = IOM_OK;
	}
	iom_plat_unlock(core->plat, &core->lock);
	return rc;
}

static bool stands_behind(const struct iom_device *dev, const struct iom_core_iommu *i)
{
	unsigned int k;

	for (k = 0; k < iomi_core_nr_ids(dev); k++) {
		if (iomi_core_id(dev, k)->iommu == i->key)
			return true;
	}
	return false;
}

int iom_core_iommu_remove(struct iom_core *core, struct iom_core_iommu *i, bool unbind)
{
	struct iom_device *dev;
	struct iom_list *l;
	int rc = IOM_OK, one;

	iom_plat_lock(core->plat, &core->lock);
	iom_list_for_each(l, &core->devices) {
		dev = IOM_CONTAINER_OF(l, struct iom_device, link);
		if (!unbind || !dev->ready || !stands_behind(dev, i))
			continue;
		one = iomi_core_unbind(core, dev);
		rc = rc ? rc : one;
	}
	if (!rc && i->nr_streams)
		rc = IOM_EBUSY;
	if (!rc)
		iom_list_del(&i->link);
	else
		bind_all(core);
	iom_plat_unlock(core->plat, &core->lock);
	return rc;
}

int iom_core_retry(struct iom_core *core)
{
	int rc;

	iom_plat_lock(core->plat, &core->lock);
	rc = bind_all(core);
	iom_plat_unlock(core->plat, &core->lock);
	return rc;
}

/* --- attaching a group --- */

#define FOR_EACH_OF_GROUP(dev, l, core, g) \
	iom_list_for_each(l, &(core)->devices) \
		if ((dev = IOM_CONTAINER_OF(l, struct iom_device, link))->group == (g))

/* What a device uses from before is mapped one to one; if it is so already, good. */
static int map_direct(struct iom_domain *d, const struct iom_reserved *r, bool *mapped)
{
	int rc = iom_domain_map(d, r->range, r->range.start, r->prot);

	*mapped = !rc;
	return rc == IOM_EEXIST && iom_domain_one_to_one(d, r->range, r->prot) ? IOM_OK : rc;
}

/* On failure what has been mapped so far is to be settled, too. */
static int map_reserved(struct iom_core *core, struct iom_group *g, struct iom_domain *d)
{
	struct iom_device *dev;
	struct iom_list *l;
	unsigned int i;
	int rc = IOM_OK;

	FOR_EACH_OF_GROUP(dev, l, core, g) {
		for (i = 0; i < dev->desc.nr_reserved && !rc; i++) {
			if (dev->desc.reserved[i].kind == IOM_RESERVED_DIRECT)
				rc = map_direct(d, &dev->desc.reserved[i], &dev->mapped[i]);
		}
	}
	return rc;
}

/* The group is in d, so what was mapped for it stays; or it is not. IOM_EIO: d is dead. */
static int settle_reserved(struct iom_core *core, struct iom_group *g, struct iom_domain *d,
			   bool stays)
{
	struct iom_device *dev;
	struct iom_list *l;
	unsigned int i;
	int rc = IOM_OK;

	FOR_EACH_OF_GROUP(dev, l, core, g) {
		for (i = 0; i < dev->desc.nr_reserved; i++) {
			if (dev->mapped[i] && !stays &&
			    iom_domain_unmap(d, dev->desc.reserved[i].range))
				rc = IOM_EIO;
			dev->mapped[i] = false;
		}
	}
	return rc;
}

int iomi_core_group_to(struct iom_core *core, struct iom_group *g, struct iom_domain *d)
{
	struct iom_domain *back = g->domain;
	struct iom_device *dev, *failed = NULL;
	struct iom_list *l;
	int rc = IOM_OK;

	iom_plat_assert_held(core->plat, &core->lock);
	FOR_EACH_OF_GROUP(dev, l, core, g) {
		if (dev->ready && !rc) {
			rc = device_to(dev, d, back);
			failed = rc ? dev : NULL;
		}
	}
	if (!rc) {
		/* While its devices wait for an IOMMU nothing else keeps d. */
		if (d)
			iom_domain_hold(d);
		if (back)
			iom_domain_drop(back);
		g->domain = d;
		return IOM_OK;
	}
	FOR_EACH_OF_GROUP(dev, l, core, g) {
		if (dev == failed)
			break;
		if (dev->ready && device_back(dev, iomi_core_nr_ids(dev), back))
			rc = IOM_EIO;
	}
	return rc;
}

static bool all_ready(struct iom_core *core, const struct iom_group *g)
{
	const struct iom_device *dev;
	struct iom_list *l;

	FOR_EACH_OF_GROUP(dev, l, core, g) {
		if (!dev->ready)
			return false;
	}
	return true;
}

int iom_core_group_attach(struct iom_core *core, struct iom_group *g, struct iom_domain *d)
{
	int rc = IOM_OK;

	iom_plat_lock(core->plat, &core->lock);
	if (g->domain)
		rc = IOM_EBUSY;
	else if (!all_ready(core, g))
		rc = IOM_EAGAIN;
	if (!rc) {
		rc = map_reserved(core, g, d);
		if (!rc)
			rc = iomi_core_group_to(core, g, d);
		if (settle_reserved(core, g, d, !rc))
			rc = IOM_EIO;
	}
	iom_plat_unlock(core->plat, &core->lock);
	return rc;
}

int iom_core_group_detach(struct iom_core *core, struct iom_group *g)
{
	int rc;

	iom_plat_lock(core->plat, &core->lock);
	rc = g->domain ? iomi_core_group_to(core, g, NULL) : IOM_OK;
	iom_plat_unlock(core->plat, &core->lock);
	return rc;
}

struct iom_domain *iom_core_group_domain(struct iom_core *core, const struct iom_group *g)
{
	struct iom_domain *d;

	iom_plat_lock(core->plat, &core->lock);
	d = g->domain;
	iom_plat_unlock(core->plat, &core->lock);
	return d;
}

/* --- PASIDs --- */

int iom_core_device_attach_pasid(struct iom_core *core, struct iom_device *dev, uint32_t pasid,
			    struct iom_domain *d)
{
	struct iom_core_stream *st;
	int rc = IOM_EBUSY;

	iom_plat_lock(core->plat, &core->lock);
	if (!dev->ready)
		rc = IOM_EAGAIN;
	else if (dev->group->nr_devices == 1 && iomi_core_nr_ids(dev) == 1) {
		st = dev->stream[0];
		rc = st->iommu->ops->attach_pasid(st, pasid, d);
	}
	iom_plat_unlock(core->plat, &core->lock);
	return rc;
}

int iom_core_device_detach_pasid(struct iom_core *core, struct iom_device *dev, uint32_t pasid)
{
	struct iom_core_stream *st;
	int rc = IOM_ENOENT;

	iom_plat_lock(core->plat, &core->lock);
	if (dev->ready && iomi_core_pasids(dev)) {
		st = dev->stream[0];
		rc = st->iommu->ops->detach_pasid(st, pasid);
	}
	iom_plat_unlock(core->plat, &core->lock);
	return rc;
}
