/* SPDX-License-Identifier: BSD-2-Clause */
/* Event records of transactions (7.3): which fields each has. Owns nothing. */
#include "smmuv3_dev_int.h"
#include "wire/smmuv3_wire.h"

static void begin(const struct smmu_txn *t, uint32_t id, struct smmu_fault *f)
{
	const struct smmuv3_wire_event e = {
		.id = (uint8_t)id, .sid = t->sid, .ssv = t->ssv, .ssid = t->ssv ? t->ssid : 0,
	};

	iomi_smmuv3_wire_pack_event(&e, f->ev);
	f->id = (uint8_t)id;
	f->rc = id == SMMU_EVT_F_PERMISSION ? IOM_EACCES : IOM_EFAULT;
}

int iomi_smmuv3_dev_fault_cfg(const struct smmu_txn *t, uint32_t id, uint64_t fetch,
			      struct smmu_fault *f)
{
	begin(t, id, f);
	f->ev[3] = fetch & SMMU_EVT3_FETCH_ADDR;
	return f->rc;
}

int iomi_smmuv3_dev_fault_tt(const struct smmu_txn *t, uint32_t id, uint64_t word1,
			     uint64_t word3, struct smmu_fault *f)
{
	begin(t, id, f);
	if (t->access & IOM_SMMUV3_PRIV)
		word1 |= SMMU_EVT1_PNU;
	/* A write is of data, whatever else the transaction does. */
	if (!(t->access & IOM_ACCESS_WRITE)) {
		word1 |= SMMU_EVT1_RNW;
		if (t->access & IOM_SMMUV3_INST)
			word1 |= SMMU_EVT1_IND;
	}
	f->ev[1] = word1;
	f->ev[2] = t->iova;
	f->ev[3] = word3;
	return f->rc;
}

int iomi_smmuv3_dev_fault_in(const struct smmu_txn *t, uint32_t id, struct smmu_fault *f)
{
	return iomi_smmuv3_dev_fault_tt(t, id,
					IOM_FIELD_PREP(SMMU_EVT1_CLASS, (uint64_t)SMMU_CLASS_IN),
					0, f);
}

/* 3.12: S asked for a record, whatever R says, and for no RAZ/WI, whatever A says. */
void iomi_smmuv3_dev_fault_no_stall(struct smmu_fault *f)
{
	if (f->stall)
		f->stall = f->raz_wi = false;
}
