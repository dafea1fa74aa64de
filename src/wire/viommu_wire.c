/* SPDX-License-Identifier: BSD-2-Clause */
/* Layouts of virtio-iommu. Owns nothing. */
#include <iom/base/mem.h>
#include <iom/spec/viommu.h>

#include "viommu_wire.h"

static void put64(struct iom_le32 w[2], uint64_t v)
{
	w[0] = iom_le32_make((uint32_t)v);
	w[1] = iom_le32_make((uint32_t)(v >> 32));
}

/* Any request. */
union any_req {
	struct virtio_iommu_req_head head;
	struct virtio_iommu_req_attach attach;
	struct virtio_iommu_req_detach detach;
	struct virtio_iommu_req_map map;
	struct virtio_iommu_req_unmap unmap;
	struct virtio_iommu_req_probe probe;
};

size_t iomi_viommu_wire_pack_req(const struct viommu_wire_req *r, void *out)
{
	size_t len = viommu_wire_req_len(r->type);
	union any_req q;

	memset(&q, 0, sizeof(q));
	q.head.type = r->type;
	switch (r->type) {
	case VIRTIO_IOMMU_T_ATTACH:
		q.attach.domain = iom_le32_make(r->domain);
		q.attach.endpoint = iom_le32_make(r->endpoint);
		q.attach.flags = iom_le32_make(r->flags);
		break;
	case VIRTIO_IOMMU_T_DETACH:
		q.detach.domain = iom_le32_make(r->domain);
		q.detach.endpoint = iom_le32_make(r->endpoint);
		break;
	case VIRTIO_IOMMU_T_MAP:
		q.map.domain = iom_le32_make(r->domain);
		put64(q.map.virt_start, r->iova.start);
		put64(q.map.virt_end, r->iova.last);
		put64(q.map.phys_start, r->phys_start);
		q.map.flags = iom_le32_make(r->flags);
		break;
	case VIRTIO_IOMMU_T_UNMAP:
		q.unmap.domain = iom_le32_make(r->domain);
		put64(q.unmap.virt_start, r->iova.start);
		put64(q.unmap.virt_end, r->iova.last);
		break;
	case VIRTIO_IOMMU_T_PROBE:
		q.probe.endpoint = iom_le32_make(r->endpoint);
		break;
	default:
		return 0;
	}
	memcpy(out, &q, len);
	return len;
}

void iomi_viommu_wire_pack_fault(const struct viommu_wire_fault *f, void *out)
{
	struct virtio_iommu_fault w = {
		.reason = f->reason,
		.flags = iom_le32_make(f->flags),
		.endpoint = iom_le32_make(f->endpoint),
		.address = iom_le64_make(f->address),
	};

	memcpy(out, &w, sizeof(w));
}

void iomi_viommu_wire_unpack_fault(const void *in, struct viommu_wire_fault *f)
{
	struct virtio_iommu_fault w;

	memcpy(&w, in, sizeof(w));
	f->reason = w.reason;
	f->flags = iom_le32_get(w.flags);
	f->endpoint = iom_le32_get(w.endpoint);
	f->address = iom_le64_get(w.address);
}

void iomi_viommu_wire_pack_resv(const struct viommu_wire_resv *p, void *out)
{
	struct virtio_iommu_probe_resv_mem w = {
		.head = {
			.type = iom_le16_make(VIRTIO_IOMMU_PROBE_T_RESV_MEM),
			.length = iom_le16_make(sizeof(w) - sizeof(w.head)),
		},
		.subtype = p->subtype,
		.start = iom_le64_make(p->iova.start),
		.end = iom_le64_make(p->iova.last),
	};

	memcpy(out, &w, sizeof(w));
}
