/* SPDX-License-Identifier: BSD-2-Clause */
/* See vdrv.h. */
#include <iom/base/endian.h>
#include <iom/spec/virtio.h>

#include "lib/vdrv.h"

/* Used by fuzz targets too, which have no cmocka. */
#define must(good) ((good) ? (void)0 : broken(__LINE__, #good))

static void broken(int line, const char *what)
{
	fprintf(stderr, "vdrv.c:%d: not so: %s\n", line, what);
	abort();
}

static void put16(struct vdrv *v, uint64_t at, uint16_t val)
{
	uint8_t b[2];

	iom_put_le16(b, val);
	gmem_pages_poke(v->m, at, b, 2);
}

static uint16_t get16(struct vdrv *v, uint64_t at)
{
	uint8_t b[2];

	gmem_pages_peek(v->m, at, b, 2);
	return iom_get_le16(b);
}

static uint32_t get32(struct vdrv *v, uint64_t at)
{
	uint8_t b[4];

	gmem_pages_peek(v->m, at, b, 4);
	return iom_get_le32(b);
}

static void put_desc(struct vdrv *v, uint64_t at, const struct iom_vq_seg *s, uint16_t w12,
		     uint16_t w14)
{
	uint8_t b[16];

	iom_put_le64(b, s->addr);
	iom_put_le32(b + 8, s->len);
	iom_put_le16(b + 12, w12);
	iom_put_le16(b + 14, w14);
	gmem_pages_poke(v->m, at, b, sizeof(b));
}

static void queue_irq(void *arg, unsigned int q)
{
	(void)q;
	((struct vdrv *)arg)->irqs++;
}

static void config_irq(void *arg)
{
	((struct vdrv *)arg)->config_irqs++;
}

static void forget(void *arg)
{
	(void)arg;
}

static const struct iom_virtio_transport_ops transport = { queue_irq, config_irq, forget };

bool vdrv_start(struct vdrv *v, struct iom_virtio_dev *d, struct gmem_pages *m, uint64_t at,
		uint16_t size, uint64_t want)
{
	static const uint8_t zero[4096];
	struct iom_vq_cfg *c = &d->queue[0].cfg;

	memset(v, 0, sizeof(*v));
	v->d = d;
	v->m = m;
	v->size = size;
	iom_virtio_dev_bind(d, &transport, v);
	iom_virtio_dev_set_status(d, 0);
	must(iom_virtio_dev_status(d) == 0);
	iom_virtio_dev_set_status(d, 3);
	v->features = (iom_virtio_dev_features(d, 0) |
		       (uint64_t)iom_virtio_dev_features(d, 1) << 32) &
		      (want | VIRTIO_F_VERSION_1);
	iom_virtio_dev_set_features(d, 0, (uint32_t)v->features);
	iom_virtio_dev_set_features(d, 1, (uint32_t)(v->features >> 32));
	iom_virtio_dev_set_status(d, 11);
	if (!(iom_virtio_dev_status(d) & VIRTIO_STATUS_FEATURES_OK))
		return false;
	v->packed = v->features & VIRTIO_F_RING_PACKED;
	v->at = at;
	v->desc = at;
	v->driver = at + 16u * size;
	v->device = v->driver + 8u + 2u * size;
	v->tables = v->device + 8u + 8u * size;
	v->tables += 16 - v->tables % 16;
	v->end = at + 160u * size;
	for (; at < v->end; at += 32)
		gmem_pages_poke(m, at, zero, 32);
	v->avail_wrap = v->used_wrap = true;
	c->size = size;
	c->desc = v->desc;
	c->driver = v->driver;
	c->device = (v->device + 3) & ~UINT64_C(3);
	v->device = c->device;
	must(iom_virtio_dev_queue_enable(d, 0) == IOM_OK);
	iom_virtio_dev_set_status(d, 15);
	return true;
}

void vdrv_moved(struct vdrv *v, struct iom_virtio_dev *d)
{
	v->d = d;
	iom_virtio_dev_bind(d, &transport, v);
}

bool vdrv_room(const struct vdrv *v, unsigned int n, bool indirect)
{
	return n && n <= v->size && v->free + (indirect ? 1u : n) <= v->size &&
	       (!indirect || v->tables + 16u * (v->table_used + n) <= v->end);
}

static void write_table(struct vdrv *v, uint64_t at, const struct iom_vq_seg *seg,
			unsigned int nr_out, unsigned int n)
{
	unsigned int i;
	uint16_t w;

	for (i = 0; i < n; i++) {
		w = i < nr_out ? 0 : VIRTQ_DESC_F_WRITE;
		if (v->packed)
			put_desc(v, at + 16u * i, &seg[i], 0, w);
		else
			put_desc(v, at + 16u * i, &seg[i],
				 (uint16_t)(w | (i + 1 < n ? VIRTQ_DESC_F_NEXT : 0)),
				 (uint16_t)(i + 1));
	}
}

static void add_split(struct vdrv *v, const struct iom_vq_seg *seg, unsigned int nr_out,
		      unsigned int n, uint16_t extra, uint16_t id)
{
	uint16_t head = v->free, w;
	unsigned int i;

	for (i = 0; i < n; i++) {
		w = (uint16_t)(extra | (i < nr_out ? 0 : VIRTQ_DESC_F_WRITE) |
			       (i + 1 < n ? VIRTQ_DESC_F_NEXT : 0));
		put_desc(v, v->desc + 16u * (head + i), &seg[i], w, (uint16_t)(head + i + 1));
	}
	v->head[head] = id;
	put16(v, v->driver + VIRTQ_AVAIL_RING(v->avail % v->size), head);
	put16(v, v->driver + VIRTQ_AVAIL_IDX, ++v->avail);
}

static void add_packed(struct vdrv *v, const struct iom_vq_seg *seg, unsigned int nr_out,
		       unsigned int n, uint16_t extra, uint16_t id)
{
	unsigned int i;
	uint16_t w;

	v->slots[id] = (uint16_t)n;
	for (i = 0; i < n; i++) {
		w = (uint16_t)(extra | (i < nr_out ? 0 : VIRTQ_DESC_F_WRITE) |
			       (i + 1 < n ? VIRTQ_DESC_F_NEXT : 0) |
			       (v->avail_wrap ? VIRTQ_DESC_F_AVAIL : VIRTQ_DESC_F_USED));
		put_desc(v, v->desc + 16u * v->avail, &seg[i], id, w);
		if (++v->avail == v->size) {
			v->avail = 0;
			v->avail_wrap = !v->avail_wrap;
		}
	}
}

unsigned int vdrv_add(struct vdrv *v, const struct iom_vq_seg *seg, unsigned int nr_out,
		      unsigned int nr_in, bool indirect)
{
	unsigned int n = nr_out + nr_in;
	uint16_t id = v->nr_ids++;
	struct iom_vq_seg table;
	uint16_t extra = 0;

	must(vdrv_room(v, n, indirect));
	if (indirect) {
		table.addr = v->tables + 16u * v->table_used;
		table.len = 16u * n;
		v->table_used += n;
		write_table(v, table.addr, seg, nr_out, n);
		seg = &table;
		nr_out = n = 1;
		extra = VIRTQ_DESC_F_INDIRECT;
	}
	if (v->packed)
		add_packed(v, seg, nr_out, n, extra, id);
	else
		add_split(v, seg, nr_out, n, extra, id);
	v->free = (uint16_t)(v->free + n);
	return id;
}

void vdrv_run(struct vdrv *v)
{
	unsigned int i = 0;

	iom_virtio_dev_kick(v->d, 0);
	do {
		v->run_rc = iom_virtio_dev_run(v->d);
		must(++i < 10000);
	} while (v->run_rc == IOM_EAGAIN);
}

bool vdrv_get(struct vdrv *v, unsigned int *n, uint32_t *len)
{
	uint64_t at;
	uint16_t flags;

	if (!v->packed) {
		if (get16(v, v->device + VIRTQ_USED_IDX) == v->used)
			return false;
		at = v->device + VIRTQ_USED_RING(v->used++ % v->size);
		must(get32(v, at) < v->size);
		*n = v->head[get32(v, at)];
		*len = get32(v, at + 4);
		return true;
	}
	at = v->desc + 16u * v->used;
	flags = get16(v, at + 14);
	if (!(flags & VIRTQ_DESC_F_AVAIL) != !v->used_wrap ||
	    !(flags & VIRTQ_DESC_F_USED) != !v->used_wrap)
		return false;
	*n = get16(v, at + 12);
	must(*n < v->nr_ids);
	*len = get32(v, at + 8);
	v->used = (uint16_t)(v->used + v->slots[*n]);
	if (v->used >= v->size) {
		v->used = (uint16_t)(v->used - v->size);
		v->used_wrap = !v->used_wrap;
	}
	return true;
}

void vdrv_batch_done(struct vdrv *v)
{
	v->nr_ids = 0;
	v->free = 0;
	v->table_used = 0;
}

bool vdrv_needs_reset(const struct vdrv *v)
{
	return iom_virtio_dev_status(v->d) & VIRTIO_STATUS_DEVICE_NEEDS_RESET;
}
