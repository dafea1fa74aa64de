/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Saved state from anybody: the bytes as they are, and as the registers of a
 * record that is otherwise whole. What is refused changes nothing; what is
 * taken saves as the same bytes again, and the SMMU works on.
 */
#include <string.h>

#include <iom/base/state.h>

#include "lib/smmu.h"

#define BASE	UINT64_C(0x80000000)
#define CAP	512u
#define MAGIC	0x554d4d53u
#define HEAD	16u		/* of a record, and its checksum behind the body */
#define TAIL	4u
#define IDRS	32u		/* IDR0-5, IIDR, AIDR */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t save(struct st *t, uint8_t buf[CAP])
{
	size_t len;

	ST_REQUIRE(!iom_smmuv3_dev_save(t->s, buf, CAP, &len));
	return len;
}

static void restore(struct st *t, const void *rec, size_t size)
{
	uint8_t before[CAP], after[CAP];
	size_t len = save(t, before), used;
	unsigned int i;

	if (iom_smmuv3_dev_restore(t->s, rec, size, &used)) {
		ST_REQUIRE(save(t, after) == len && !memcmp(before, after, len));
		return;
	}
	ST_REQUIRE(used == len && save(t, after) == len && !memcmp(rec, after, len));
	for (i = 0; i < 300; i++)
		iom_smmuv3_dev_run(t->s);
	st_xlate(t, 0x1000, ST_R);
	ST_REQUIRE(st_r(t, ST_CR0) == st_r(t, ST_CR0ACK));
	iom_smmuv3_dev_reset(t->s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct st t;
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	uint8_t rec[CAP], body[CAP];
	struct iom_state_w w = { rec, CAP, 0 };
	size_t at, len, n;

	if (!t.s) {
		cfg.mode = IOM_SMMUV3_STEP;
		/* IDR0.STALL_MODEL 0, IDR5.STALL_MAX 4 */
		cfg.idr[0] &= ~(3u << 24);
		cfg.idr[5] |= 4u << 16;
		iom_smmuv3_dev_ats_idr(cfg.idr);
		st_open_off(&t, &cfg, BASE);
	}
	restore(&t, data, size);
	len = save(&t, rec);
	n = len - HEAD - TAIL;
	memcpy(body, rec + HEAD, n);
	if (size > CAP - HEAD - TAIL - IDRS)
		size = CAP - HEAD - TAIL - IDRS;
	memcpy(body + IDRS, data, size);
	/* What is longer has stalls behind the registers. */
	if (n < IDRS + size)
		n = IDRS + size;
	at = iom_state_w_begin(&w, MAGIC, 2);
	iom_state_w_bytes(&w, body, n);
	iom_state_w_end(&w, at);
	ST_REQUIRE(!iom_state_w_done(&w, &len));
	restore(&t, rec, len);
	return 0;
}
