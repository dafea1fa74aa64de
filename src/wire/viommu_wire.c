/* SPDX-License-Identifier: BSD-2-Clause */
/* Layouts of virtio-iommu. Owns nothing. */
#include <iom/base/mem.h>
#include <iom/spec/viommu.h>

#include "viommu_wire.h"

static uint64_t get64(const struct iom_le32 w[2])
{
	return iom_le32_get(w[0]) | (uint64_t)iom_le32_get(w[1]) << 32;
}

static void put64(struct iom_le32 w[2], uint64_t v)
{
	w[0] = iom_le32_make((uint32_t)v);
	w[1] = iom_le32_make((uint32_t)(v >> 32));
}

size_t iomi_viommu_wire_req_len(uint8_t type)
{
	switch (type) {
	case VIRTIO_IOMMU_T_ATTACH:
		return sizeof(struct virtio_iommu_req_attach);
	case VIRTIO_IOMMU_T_DETACH:
		return sizeof(struct virtio_iommu_req_detach);
	case VIRTIO_IOMMU_T_MAP:
		return sizeof(struct virtio_iommu_req_map);
	case VIRTIO_IOMMU_T_UNMAP:
		return sizeof(struct virtio_iommu_req_unmap);
	case VIRTIO_IOMMU_T_PROBE:
		return sizeof(struct virtio_iommu_req_probe);
	default:
		return 0;
	}
}

/* Any request, to look at a copy of the bytes by its type. */
union any_req {
	struct virtio_iommu_req_head head;
	struct virtio_iommu_req_attach attach;
	struct virtio_iommu_req_detach detach;
	struct virtio_iommu_req_map map;
	struct virtio_iommu_req_unmap unmap;
	struct virtio_iommu_req_probe probe;
};

bool iomi_viommu_wire_unpack_req(const void *in, size_t len, struct viommu_wire_req *r)
{
	union any_req q;
	size_t want;

	memset(r, 0, sizeof(*r));
	if (len < sizeof(q.head))
		return false;
	memcpy(&q.head, in, sizeof(q.head));
	r->type = q.head.type;
	want = iomi_viommu_wire_req_len(r->type);
	if (!want || len < want)
		return false;
	memcpy((uint8_t *)&q + sizeof(q.head), (const uint8_t *)in + sizeof(q.head),
	       want - sizeof(q.head));
	switch (r->type) {
	case VIRTIO_IOMMU_T_ATTACH:
		r->domain = iom_le32_get(q.attach.domain);
		r->endpoint = iom_le32_get(q.attach.endpoint);
		r->flags = iom_le32_get(q.attach.flags);
		r->reserved = q.attach.reserved.raw;
		break;
	case VIRTIO_IOMMU_T_DETACH:
		/* 5.13.6.4.2: the device ignores reserved */
		r->domain = iom_le32_get(q.detach.domain);
		r->endpoint = iom_le32_get(q.detach.endpoint);
		break;
	case VIRTIO_IOMMU_T_MAP:
		r->domain = iom_le32_get(q.map.domain);
		r->virt_start = get64(q.map.virt_start);
		r->virt_end = get64(q.map.virt_end);
		r->phys_start = get64(q.map.phys_start);
		r->flags = iom_le32_get(q.map.flags);
		break;
	case VIRTIO_IOMMU_T_UNMAP:
		r->domain = iom_le32_get(q.unmap.domain);
		r->virt_start = get64(q.unmap.virt_start);
		r->virt_end = get64(q.unmap.virt_end);
		r->reserved = iom_get_le32(q.unmap.reserved);
		break;
	default:
		/* 5.13.6.7.2: the device ignores reserved */
		r->endpoint = iom_le32_get(q.probe.endpoint);
		break;
	}
	return true;
}

size_t iomi_viommu_wire_pack_req(const struct viommu_wire_req *r, void *out)
{
	size_t len = iomi_viommu_wire_req_len(r->type);
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
		put64(q.map.virt_start, r->virt_start);
		put64(q.map.virt_end, r->virt_end);
		put64(q.map.phys_start, r->phys_start);
		q.map.flags = iom_le32_make(r->flags);
		break;
	case VIRTIO_IOMMU_T_UNMAP:
		q.unmap.domain = iom_le32_make(r->domain);
		put64(q.unmap.virt_start, r->virt_start);
		put64(q.unmap.virt_end, r->virt_end);
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

void iomi_viommu_wire_pack_tail(uint8_t status, void *out)
{
	struct virtio_iommu_req_tail t = { .status = status };

	memcpy(out, &t, sizeof(t));
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
