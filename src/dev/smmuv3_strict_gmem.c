/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory as a recorded run sees it: a gmem around the embedder's that notes each
 * access. There is one around the model's own and one around each port's; while
 * nobody wants a record there are none. Under the strict lock, but for brackets.
 */
#include <iom/base/list.h>

#include "smmuv3_strict_int.h"

static struct strict_gmem *of(struct iom_gmem *g)
{
	return IOM_CONTAINER_OF(g, struct strict_gmem, g);
}

static int on_begin(struct iom_gmem *g)
{
	return iom_gmem_begin(of(g)->real);
}

static void on_end(struct iom_gmem *g)
{
	iom_gmem_end(of(g)->real);
}

static int on_read(struct iom_gmem *g, uint64_t addr, void *buf, size_t len)
{
	int rc = iom_gmem_read(of(g)->real, addr, buf, len);

	iomi_smmuv3_strict_record_bytes(of(g)->record, false, addr, buf, len, rc);
	return rc;
}

static int on_write(struct iom_gmem *g, uint64_t addr, const void *buf, size_t len)
{
	int rc = iom_gmem_write(of(g)->real, addr, buf, len);

	iomi_smmuv3_strict_record_bytes(of(g)->record, true, addr, buf, len, rc);
	return rc;
}

static int on_load(struct iom_gmem *g, uint64_t addr, unsigned int size, uint64_t *val)
{
	int rc = iom_gmem_load(of(g)->real, addr, size, val);

	iomi_smmuv3_strict_record_load(of(g)->record, addr, size, rc ? 0 : *val, rc);
	return rc;
}

static int on_store(struct iom_gmem *g, uint64_t addr, unsigned int size, uint64_t val)
{
	int rc = iom_gmem_store(of(g)->real, addr, size, val);

	iomi_smmuv3_strict_record_store(of(g)->record, addr, size, val, rc);
	return rc;
}

static int on_cas64(struct iom_gmem *g, uint64_t addr, uint64_t *old, uint64_t val)
{
	struct iom_gmem *real = of(g)->real;
	uint64_t expected = *old;
	int rc = real->ops.cas64(real, addr, old, val);

	iomi_smmuv3_strict_record_cas64(of(g)->record, addr, expected, val, *old, rc);
	return rc;
}

struct iom_gmem *iomi_smmuv3_strict_gmem_init(struct strict_gmem *m, struct iom_gmem *real,
					      struct strict_record *record)
{
	static const struct iom_gmem_ops ops = {
		.begin = on_begin, .end = on_end, .read = on_read, .write = on_write,
		.load = on_load, .store = on_store, .cas64 = on_cas64,
	};

	m->real = real;
	m->record = record;
	(void)iom_gmem_init(&m->g, &ops);
	return &m->g;
}
