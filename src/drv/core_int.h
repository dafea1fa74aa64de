/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the core share: core.c (IOMMUs, binding, attaching),
 * core_device.c (devices, groups, faults). Everything is under core->lock, but
 * for what is said to be fixed.
 */
#ifndef IOMI_DRV_CORE_INT_H
#define IOMI_DRV_CORE_INT_H

#include <iom/drv/core.h>

struct iom_core {
	struct iom_plat *plat;
	struct iom_lock lock;
	struct iom_list iommus, devices, groups;
};

struct iom_group {
	struct iom_list link;
	unsigned int nr_devices;
	struct iom_domain *domain;	/* NULL: the default, */
	enum iom_default dflt;		/* which is blocked if it is for any of them */
};

struct iom_device {
	struct iom_list link;
	struct iom_device_desc desc;	/* fixed; what it points to is in `copy` */
	void *copy;
	size_t copy_size;
	struct iom_group *group;
	/*
	 * One for each of desc.ids, then of desc.aliases; all NULL while it waits for
	 * an IOMMU. Devices of one group may have the same.
	 */
	struct iom_core_stream **stream;
	bool ready;
	unsigned int faults;		/* handlers that run; the device stays meanwhile */
	/* One for each of desc.reserved: by the attaching that is under way. */
	bool *mapped;
};

static inline unsigned int iomi_core_nr_ids(const struct iom_device *dev)
{
	return dev->desc.nr_ids + dev->desc.nr_aliases;
}

static inline const struct iom_device_id *iomi_core_id(const struct iom_device *dev,
						       unsigned int i)
{
	return i < dev->desc.nr_ids ? &dev->desc.ids[i] :
				      &dev->desc.aliases[i - dev->desc.nr_ids];
}

/* core.c: lock held. Binds a device whose IOMMUs are all there; IOM_EAGAIN: one is not. */
int iomi_core_bind(struct iom_core *core, struct iom_device *dev);
/* PASIDs of it that are attached, or that may be. */
unsigned int iomi_core_pasids(const struct iom_device *dev);
/* Takes it from its IOMMUs. IOM_EBUSY: PASIDs; IOM_EIO: not confirmed. It is still there. */
int iomi_core_unbind(struct iom_core *core, struct iom_device *dev);
/* All of a group to d (NULL: the default), or all where they were. */
int iomi_core_group_to(struct iom_core *core, struct iom_group *g, struct iom_domain *d);

#endif
