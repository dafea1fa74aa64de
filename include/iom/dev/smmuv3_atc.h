/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An endpoint's Address Translation Cache in front of an SMMUv3: translations are asked
 * for once, kept until an ATC_INV names them, and used in Translated
 * transactions. Small, bounded, and always replaced in the same order.
 *
 * One thread at a time translates, as through the port; ATC_INV comes from the
 * thread that runs commands, at any time. A hit takes no lock.
 */
#ifndef IOM_DEV_SMMUV3_ATC_H
#define IOM_DEV_SMMUV3_ATC_H

#include <iom/base/atomic.h>
#include <iom/dev/smmuv3_ats.h>
#include <iom/dev/xlate.h>

#ifdef __cplusplus
extern "C" {
#endif

#define IOM_SMMUV3_ATC_WAYS	4u

struct iom_smmuv3_atc_entry {
	IOM_ATOMIC(uint64_t) key;	/* range; 0: empty. Emptied by ATC_INV */
	IOM_ATOMIC(uint64_t) space;	/* PASID and privilege */
	uint64_t pa;			/* of its first byte */
	unsigned int perm;		/* IOM_ACCESS_*, IOM_SMMUV3_INST */
};

struct iom_smmuv3_atc_set {
	struct iom_smmuv3_atc_entry way[IOM_SMMUV3_ATC_WAYS];
	unsigned int victim;		/* goes next */
};

struct iom_smmuv3_atc {
	struct iom_xlate x;		/* for an xgmem: an endpoint that does ATS */
	struct iom_smmuv3_ep ep;
	struct iom_smmuv3_port *port;
	struct iom_smmuv3_atc_set *set;
	unsigned int nr_sets;		/* a power of two */
	uint64_t sizes;			/* bit n: ranges of 2^(12+n) bytes were cached */
	IOM_ATOMIC(uint64_t) gen;	/* of invalidations */
	uint64_t hits, requests;	/* of the port's thread */
};

/*
 * entries: a power of two from 4 to 65536. The port outlives the ATC, and belongs
 * to its thread. PRG Responses go to an iom_smmuv3_ep of the embedder, as it is
 * who sends page requests. IOM_EINVAL, IOM_ENOMEM.
 */
int iom_smmuv3_atc_init(struct iom_smmuv3_atc *atc, struct iom_smmuv3_port *port,
			unsigned int entries);
void iom_smmuv3_atc_fini(struct iom_smmuv3_atc *atc);

/*
 * As iom_smmuv3_dev_translate() of the port, through the ATC: one hit or request, and the
 * Translated transaction, whose event ev has. IOM_EFAULT: no translation; *resp (may
 * be NULL) has what the SMMU answered, if it was asked, so a page request may
 * help. IOM_EACCES: there is one without the permission. Inside the port's bracket.
 */
int iom_smmuv3_atc_translate(struct iom_smmuv3_atc *atc, uint64_t iova, uint64_t len,
			     unsigned int access, struct iom_smmuv3_result *res,
			     struct iom_smmuv3_ats_resp *resp, uint64_t ev[4]);

#ifdef __cplusplus
}
#endif
#endif
