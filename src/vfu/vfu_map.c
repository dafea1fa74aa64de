/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest memory as the client shares it, and what must wait for the brackets of
 * the workers.
 *
 * Readers: a bracket begins by storing the epoch in its gmem's active word and
 * then loading the table; it ends by storing 0. The writer (socket thread)
 * changes the table, or an entry's live flag, then raises the epoch, then
 * looks at the active words. All of these are sequentially consistent, so for
 * each gmem either the writer sees a bracket of an earlier epoch and waits for
 * its end, or the bracket sees the change.
 *
 * Nothing here blocks: what has to wait stands in the ring v->retired in the
 * order of its epochs, and the first bracket that ends while the socket thread
 * has asked for it (end_wakes) wakes that thread.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vfu/vfu_int.h"

struct iomi_vfu_table iomi_vfu_map_none;

/* --- retiring ------------------------------------------------------------- */

/* There is room: rx_stalled keeps two places free. The epoch is raised here. */
static struct iomi_vfu_retired *retire(struct iom_vfu *v)
{
	struct iomi_vfu_retired *t =
		&v->retired[(v->retired_head + v->nr_retired++) % VFU_RETIRED];

	memset(t, 0, sizeof(*t));
	t->epoch = atomic_fetch_add(&v->epoch, 1) + 1;
	return t;
}

static void retire_reply(struct iom_vfu *v, struct iomi_vfu_retired *t,
			 const struct vfio_user_hdr *hdr, const struct iomi_vfu_reply *r)
{
	t->reply = true;
	t->conn = v->conn;
	t->hdr = *hdr;
	memcpy(t->body, r->head, r->head_len);
	t->body_len = r->head_len;
}

static void table_free(struct iomi_vfu_table *t)
{
	if (t != &iomi_vfu_map_none)
		free(t);
}

static void finish(struct iom_vfu *v, struct iomi_vfu_retired *t)
{
	struct iomi_vfu_reply r;
	unsigned int i;

	if (t->mmap_base)
		munmap(t->mmap_base, t->mmap_len);
	for (i = 0; t->with_maps && i < t->table->n; i++) {
		if (atomic_load(&t->table->map[i].live) && t->table->map[i].mmap_base)
			munmap(t->table->map[i].mmap_base, t->table->map[i].mmap_len);
	}
	if (t->table)
		table_free(t->table);
	if (!t->reply || t->conn != v->conn)
		return;
	memcpy(r.head, t->body, t->body_len);
	r.head_len = t->body_len;
	r.data_len = 0;
	iomi_vfu_cmd_reply(v, &t->hdr, IOM_OK, &r);
}

/* The epoch of the oldest bracket that is open. */
static uint64_t oldest(struct iom_vfu *v)
{
	uint64_t min = UINT64_MAX, e;
	unsigned int i;

	for (i = 0; i < v->cfg.nr_gmems; i++) {
		e = atomic_load(&v->gmem[i].active);
		if (e && e < min)
			min = e;
	}
	return min;
}

static bool retire_ready(struct iom_vfu *v)
{
	uint64_t first = oldest(v);
	bool any = false;

	while (v->nr_retired && v->retired[v->retired_head].epoch <= first) {
		finish(v, &v->retired[v->retired_head]);
		v->retired_head = (v->retired_head + 1) % VFU_RETIRED;
		v->nr_retired--;
		any = true;
	}
	return any;
}

void iomi_vfu_map_retire(struct iom_vfu *v)
{
	if (!v->nr_retired)
		return;
	retire_ready(v);
	/* Ask to be woken, and look once more: the end may have come between. */
	while (v->nr_retired && !atomic_exchange(&v->end_wakes, true)) {
		iomi_vfu_count(&v->nr.deferred);
		if (!retire_ready(v))
			break;
		atomic_store(&v->end_wakes, false);
	}
}

int iomi_vfu_map_barrier(struct iom_vfu *v, const struct vfio_user_hdr *hdr,
			 const struct iomi_vfu_reply *r)
{
	struct iomi_vfu_retired *t = retire(v);

	retire_reply(v, t, hdr, r);
	atomic_store(&v->cancelled, t->epoch);
	iomi_vfu_dma_cancel(v);
	return VFU_LATER;
}

/* --- the table ------------------------------------------------------------ */

/* Index of the first live entry that ends at or after addr; n if there is none. */
static unsigned int find(const struct iomi_vfu_table *t, uint64_t addr)
{
	unsigned int i;

	for (i = 0; i < t->n; i++) {
		if (atomic_load_explicit(&t->map[i].live, memory_order_relaxed) &&
		    addr <= t->map[i].gpa.last)
			break;
	}
	return i;
}

static int check_request(const struct vfio_user_dma_map *req, struct iom_range *gpa)
{
	const uint32_t known = VFIO_USER_DMA_F_READ | VFIO_USER_DMA_F_WRITE | VFIO_USER_DMA_F_MMAP;

	if ((req->flags & ~known) || !(req->flags & (VFIO_USER_DMA_F_READ | VFIO_USER_DMA_F_WRITE)))
		return IOM_EINVAL;
	if ((req->addr | req->size | req->offset) % VFU_PAGE)
		return IOM_EINVAL;
	return iom_range_make(req->addr, req->size, gpa) ? IOM_OK : IOM_EINVAL;
}

static int mmap_error(int err)
{
	return err == EACCES || err == EPERM ? IOM_EACCES : err == ENOMEM ? IOM_ENOMEM : IOM_EINVAL;
}

/*
 * Maps [offset, offset + size) of the file, which must have those bytes now
 * (the SIGBUS guard is for files that lose them later). Files of huge pages
 * can only be mapped in whole ones, which st_blksize tells.
 */
static int map_file(const struct vfio_user_dma_map *req, int fd, struct iomi_vfu_map *m)
{
	int prot = req->flags & VFIO_USER_DMA_F_WRITE ? PROT_READ | PROT_WRITE : PROT_READ;
	uint64_t size, start, end, unit;
	struct stat st;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size < 0)
		return IOM_EINVAL;
	size = (uint64_t)st.st_size;
	if (req->offset > size || req->size > size - req->offset)
		return IOM_EINVAL;
	unit = (uint64_t)st.st_blksize;
	if (unit < VFU_PAGE || (unit & (unit - 1)))
		unit = VFU_PAGE;
	start = req->offset & ~(unit - 1);
	end = req->offset + req->size;
	end += -end & (unit - 1);
	if (end > size)
		end = req->offset + req->size;
	m->mmap_len = (size_t)(end - start);
	m->mmap_base = mmap(NULL, m->mmap_len, prot, MAP_SHARED, fd, (off_t)start);
	if (m->mmap_base == MAP_FAILED)
		return mmap_error(errno);
	m->host = (uint8_t *)m->mmap_base + (req->offset - start);
	return IOM_OK;
}

static void entry_copy(struct iomi_vfu_map *to, const struct iomi_vfu_map *from)
{
	to->gpa = from->gpa;
	to->host = from->host;
	to->access = from->access;
	to->mmap_base = from->mmap_base;
	to->mmap_len = from->mmap_len;
	atomic_init(&to->live, true);
}

/* A copy of the live entries of old with m in its place. */
static struct iomi_vfu_table *table_with(const struct iomi_vfu_table *old, unsigned int nr_live,
					 const struct iomi_vfu_map *m)
{
	struct iomi_vfu_table *t = malloc(sizeof(*t) + (nr_live + 1) * sizeof(t->map[0]));
	bool placed = false;
	unsigned int i;

	if (!t)
		return NULL;
	t->n = 0;
	for (i = 0; i < old->n; i++) {
		if (!atomic_load_explicit(&old->map[i].live, memory_order_relaxed))
			continue;
		if (!placed && m->gpa.start < old->map[i].gpa.start) {
			entry_copy(&t->map[t->n++], m);
			placed = true;
		}
		entry_copy(&t->map[t->n++], &old->map[i]);
	}
	if (!placed)
		entry_copy(&t->map[t->n++], m);
	return t;
}

int iomi_vfu_map_add(struct iom_vfu *v, const struct vfio_user_dma_map *req, int fd)
{
	struct iomi_vfu_table *old = atomic_load(&v->table), *t;
	struct iomi_vfu_map m = { .host = NULL };
	unsigned int i;
	int rc;

	rc = check_request(req, &m.gpa);
	if (rc)
		return rc;
	i = find(old, m.gpa.start);
	if (i < old->n && iom_range_overlaps(old->map[i].gpa, m.gpa))
		return IOM_EEXIST;
	if (v->nr_maps == VFU_MAX_MAPS)
		return IOM_ENOSPC;
	m.access = (req->flags & VFIO_USER_DMA_F_READ ? IOM_ACCESS_READ : 0) |
		   (req->flags & VFIO_USER_DMA_F_WRITE ? IOM_ACCESS_WRITE : 0);
	if (fd >= 0) {
		if (req->size > VFU_MAX_MAPPED - v->mapped)
			return IOM_ENOMEM;
		rc = map_file(req, fd, &m);
		if (rc)
			return rc;
	}
	t = table_with(old, v->nr_maps, &m);
	if (!t) {
		if (m.mmap_base)
			munmap(m.mmap_base, m.mmap_len);
		return IOM_ENOMEM;
	}
	v->nr_maps++;
	v->mapped += m.mmap_base ? req->size : 0;
	atomic_store(&v->table, t);
	retire(v)->table = old;
	return IOM_OK;
}

int iomi_vfu_map_del(struct iom_vfu *v, const struct vfio_user_dma_unmap *req,
		     const struct vfio_user_hdr *hdr, const struct iomi_vfu_reply *r)
{
	struct iomi_vfu_table *t = atomic_load(&v->table);
	struct iomi_vfu_retired *gone;
	struct iomi_vfu_map *m;
	struct iom_range gpa;
	unsigned int i;

	if (!iom_range_make(req->addr, req->size, &gpa))
		return IOM_EINVAL;
	i = find(t, gpa.start);
	if (i == t->n || !iom_range_overlaps(t->map[i].gpa, gpa))
		return IOM_ENOENT;
	m = &t->map[i];
	if (m->gpa.start != gpa.start || m->gpa.last != gpa.last)
		return IOM_EINVAL;
	atomic_store(&m->live, false);
	v->nr_maps--;
	v->mapped -= m->mmap_base ? req->size : 0;
	gone = retire(v);
	gone->mmap_base = m->mmap_base;
	gone->mmap_len = m->mmap_len;
	retire_reply(v, gone, hdr, r);
	return VFU_LATER;
}

void iomi_vfu_map_drop(struct iom_vfu *v)
{
	struct iomi_vfu_retired *t;
	struct iomi_vfu_table *old;

	old = atomic_exchange(&v->table, &iomi_vfu_map_none);
	t = retire(v);
	t->table = old;
	t->with_maps = true;
	atomic_store(&v->cancelled, t->epoch);
	iomi_vfu_dma_cancel(v);
	v->nr_maps = 0;
	v->mapped = 0;
	iomi_vfu_map_retire(v);
}
