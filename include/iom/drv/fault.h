/* SPDX-License-Identifier: BSD-2-Clause */
/* What a driver tells about a transaction that an IOMMU refused, holds, or asks a page for. */
#ifndef IOM_DRV_FAULT_H
#define IOM_DRV_FAULT_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum iom_fault_kind {
	IOM_FAULT_TRANSLATION,	/* nothing is mapped there */
	IOM_FAULT_PERMISSION,	/* mapped without this permission */
	IOM_FAULT_ADDR_SIZE,	/* an address beyond what the stage can put out */
	IOM_FAULT_ACCESS,	/* access flag clear */
	IOM_FAULT_CONFIG,	/* the stream's configuration: unknown, invalid, not fetched */
	IOM_FAULT_OTHER,	/* raw tells */
};

#define IOM_FAULT_READ		0x01u
#define IOM_FAULT_WRITE		0x02u
#define IOM_FAULT_EXEC		0x04u
#define IOM_FAULT_PRIV		0x08u
#define IOM_FAULT_PASID		0x10u	/* pasid is there */
#define IOM_FAULT_STAGE2	0x20u	/* the second stage refused: addr is the IPA */
/* The device waits for an answer: */
#define IOM_FAULT_STALLED	0x40u	/* the transaction is held */
#define IOM_FAULT_PAGE_REQUEST	0x80u	/* PRI; answered for the group, at its last request */
#define IOM_FAULT_LAST		0x100u

struct iom_fault {
	enum iom_fault_kind kind;
	uint32_t flags;		/* IOM_FAULT_* */
	uint32_t sid;		/* StreamID, endpoint ID */
	uint32_t pasid;
	uint64_t iova;
	uint64_t addr;		/* IPA or address of a fetch, where there is one */
	uint32_t tag;		/* STAG, or PRG index */
	uint64_t raw[4];	/* the record as the IOMMU wrote it */
};

/* For those that wait. Others: the answer is not looked at. */
enum iom_fault_answer {
	IOM_FAULT_ABORT,	/* also the answer where nobody is asked */
	IOM_FAULT_RETRY,	/* it is mapped now */
	IOM_FAULT_LATER,	/* the driver's resume call will tell */
};

#ifdef __cplusplus
}
#endif
#endif
