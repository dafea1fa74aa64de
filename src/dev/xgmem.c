/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Endpoint memory behind an IOMMU. Invariant: between begin and end both the
 * parent's bracket and the gate's are open. The gate's opens first: an embedder
 * that forbids DMA before it resets the IOMMU has then either refused this
 * bracket, or the reset waits for it.
 */
#include <iom/base/field.h>
#include <iom/base/mem.h>
#include <iom/dev/xgmem.h>

static struct iom_xgmem *to_xgmem(struct iom_gmem *g)
{
	return IOM_CONTAINER_OF(g, struct iom_xgmem, g);
}

static int xgmem_begin(struct iom_gmem *g)
{
	struct iom_xgmem *xg = to_xgmem(g);
	int rc;

	iom_access_begin(&xg->access);
	rc = iom_gmem_begin(xg->parent);
	if (rc)
		iom_access_end(&xg->access);
	return rc;
}

static void xgmem_end(struct iom_gmem *g)
{
	struct iom_xgmem *xg = to_xgmem(g);

	iom_gmem_end(xg->parent);
	iom_access_end(&xg->access);
}

/* One writer, so no atomic add is needed. */
static void count(IOM_ATOMIC(uint64_t) *c, uint64_t n)
{
	atomic_store_explicit(c, atomic_load_explicit(c, memory_order_relaxed) + n,
			      memory_order_relaxed);
}

static int translate(struct iom_xgmem *xg, uint64_t iova, uint64_t len, unsigned int access,
		     struct iom_run *run)
{
	int rc = xg->x->ops->translate(xg->x, iova, len, access, run);

	/* What the IOMMU holds back (IOM_EAGAIN) is not refused, and comes again. */
	if (rc && rc != IOM_EAGAIN)
		count(&xg->faults, 1);
	return rc;
}

static void moved(struct iom_xgmem *xg, uint64_t len, unsigned int access)
{
	if (access & IOM_ACCESS_READ)
		count(&xg->bytes_read, len);
	if (access & IOM_ACCESS_WRITE)
		count(&xg->bytes_written, len);
}

/* Where the IOMMU ends an access without an abort, the device reads zeros. */
static int read_run(struct iom_xgmem *xg, const struct iom_run *run, uint8_t *p)
{
	if (!(run->flags & IOM_RUN_RAZ_WI))
		return iom_gmem_read(xg->parent, run->gpa, p, (size_t)run->len);
	memset(p, 0, (size_t)run->len);
	return IOM_OK;
}

/* And what it writes is lost. */
static int write_run(struct iom_xgmem *xg, const struct iom_run *run, const uint8_t *p)
{
	if (run->flags & IOM_RUN_RAZ_WI)
		return IOM_OK;
	return iom_gmem_write(xg->parent, run->gpa, p, (size_t)run->len);
}

static int xgmem_read(struct iom_gmem *g, uint64_t addr, void *buf, size_t len)
{
	struct iom_xgmem *xg = to_xgmem(g);
	uint8_t *p = buf;
	struct iom_run run;
	int rc;

	while (len) {
		rc = translate(xg, addr, len, IOM_ACCESS_READ, &run);
		if (!rc)
			rc = read_run(xg, &run, p);
		if (rc)
			return rc;
		moved(xg, run.len, IOM_ACCESS_READ);
		p += run.len;
		addr += run.len;
		len -= (size_t)run.len;
	}
	return IOM_OK;
}

static int xgmem_write(struct iom_gmem *g, uint64_t addr, const void *buf, size_t len)
{
	struct iom_xgmem *xg = to_xgmem(g);
	const uint8_t *p = buf;
	struct iom_run run;
	int rc;

	while (len) {
		rc = translate(xg, addr, len, IOM_ACCESS_WRITE, &run);
		if (!rc)
			rc = write_run(xg, &run, p);
		if (rc)
			return rc;
		moved(xg, run.len, IOM_ACCESS_WRITE);
		p += run.len;
		addr += run.len;
		len -= (size_t)run.len;
	}
	return IOM_OK;
}

/* An aligned value lies in one granule, and so in one run. */
static int xgmem_load(struct iom_gmem *g, uint64_t addr, unsigned int size, uint64_t *val)
{
	struct iom_xgmem *xg = to_xgmem(g);
	struct iom_run run;
	int rc = translate(xg, addr, size, IOM_ACCESS_READ, &run);

	if (rc)
		return rc;
	if (!(run.flags & IOM_RUN_RAZ_WI))
		return iom_gmem_load(xg->parent, run.gpa, size, val);
	*val = 0;
	return IOM_OK;
}

static int xgmem_store(struct iom_gmem *g, uint64_t addr, unsigned int size, uint64_t val)
{
	struct iom_xgmem *xg = to_xgmem(g);
	struct iom_run run;
	int rc = translate(xg, addr, size, IOM_ACCESS_WRITE, &run);

	if (rc || (run.flags & IOM_RUN_RAZ_WI))
		return rc;
	return iom_gmem_store(xg->parent, run.gpa, size, val);
}

static int xgmem_cas64(struct iom_gmem *g, uint64_t addr, uint64_t *old, uint64_t val)
{
	struct iom_xgmem *xg = to_xgmem(g);
	struct iom_run run;
	int rc = translate(xg, addr, 8, IOM_ACCESS_READ | IOM_ACCESS_WRITE, &run);

	if (rc)
		return rc;
	if (!(run.flags & IOM_RUN_RAZ_WI))
		return xg->parent->ops.cas64(xg->parent, run.gpa, old, val);
	*old = 0;
	return IOM_OK;
}

static int xgmem_map(struct iom_gmem *g, uint64_t addr, size_t len, unsigned int access,
		     void **ptr, size_t *got)
{
	struct iom_xgmem *xg = to_xgmem(g);
	struct iom_run run;
	int rc = translate(xg, addr, len, access, &run);

	if (!rc && (run.flags & IOM_RUN_RAZ_WI))
		return IOM_EOPNOTSUPP;
	if (!rc)
		rc = iom_gmem_map(xg->parent, run.gpa, (size_t)run.len, access, ptr, got);
	if (!rc && !g->uncounted)
		moved(xg, *got, access);
	return rc;
}

static const struct iom_gmem_ops xgmem_ops = {
	.begin = xgmem_begin,
	.end = xgmem_end,
	.read = xgmem_read,
	.write = xgmem_write,
	.load = xgmem_load,
	.store = xgmem_store,
	.cas64 = xgmem_cas64,
	.map = xgmem_map,
};

int iom_xgmem_init(struct iom_xgmem *xg, struct iom_xlate *x, struct iom_gmem *parent)
{
	if (!x || !parent)
		return IOM_EINVAL;
	xg->x = x;
	xg->parent = parent;
	atomic_init(&xg->bytes_read, 0);
	atomic_init(&xg->bytes_written, 0);
	atomic_init(&xg->faults, 0);
	iom_access_join(&xg->access, x->gate);
	return iom_gmem_init(&xg->g, &xgmem_ops);
}

void iom_xgmem_fini(struct iom_xgmem *xg)
{
	iom_access_leave(&xg->access);
}
