/* SPDX-License-Identifier: BSD-2-Clause */
/* What the endpoint devices share; see ep.h. */
#include <iom/base/err.h>
#include <iom/spec/virtio.h>

#include "ep/ep.h"

#define EP_QUEUE_SIZE_MAX 1024u

uint64_t iomi_ep_virtio_features(bool access_platform, bool packed)
{
	return VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX |
	       (access_platform ? VIRTIO_F_ACCESS_PLATFORM : 0) |
	       (packed ? VIRTIO_F_RING_PACKED : 0);
}

int iomi_ep_features_ok(bool access_platform, uint64_t accepted)
{
	/* 6.2: a device that cannot do without may fail to operate further */
	return access_platform && !(accepted & VIRTIO_F_ACCESS_PLATFORM) ? IOM_EOPNOTSUPP :
									   IOM_OK;
}

int iomi_ep_queue_size(uint16_t *size, uint16_t min, uint16_t dflt)
{
	if (!*size)
		*size = dflt;
	return *size < min || *size > EP_QUEUE_SIZE_MAX || (*size & (*size - 1)) ? IOM_EINVAL :
										  IOM_OK;
}
