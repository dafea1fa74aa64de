/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ATS and PRI of the SMMUv3 model: what a PCIe endpoint and its Root Complex say
 * to an SMMU beside ordinary accesses, and what the SMMU says to them (IHI 0070:
 * 3.9, 4.5, 8). <iom/dev/smmuv3_atc.h> is an endpoint's cache made of it.
 *
 * An endpoint asks for translations by a port and uses the answers in accesses
 * with IOM_SMMUV3_TRANSLATED. Commands reach it by an iom_smmuv3_ep.
 */
#ifndef IOM_DEV_SMMUV3_ATS_H
#define IOM_DEV_SMMUV3_ATS_H

#include <stdbool.h>
#include <stdint.h>

#include <iom/base/list.h>
#include <iom/base/range.h>
#include <iom/dev/smmuv3_dev.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- translation requests, 3.9.1.2 --- */

enum iom_smmuv3_ats_status {
	IOM_SMMUV3_ATS_SUCCESS,
	IOM_SMMUV3_ATS_UR,	/* Unsupported Request: no ATS for this stream */
	IOM_SMMUV3_ATS_CA,	/* Completer Abort: a configuration error */
};

/*
 * A Translation Completion of one entry. Its bits Global, N and U are 0 always.
 * SUCCESS without a permission: there is no translation now (a page request may
 * bring it); then pa is 0 and the range one STU.
 */
struct iom_smmuv3_ats_resp {
	enum iom_smmuv3_ats_status status;
	bool r, w, exec;
	bool priv;		/* as asked */
	uint8_t size_lg2;
	uint64_t iova;		/* first of the range; aligned to its size */
	uint64_t pa;		/* of that; with split-stage ATS an IPA */
};

/*
 * The range around iova that the stream may reach. access: IOM_ACCESS_WRITE asks
 * for writing, too (No Write = 0); with a SubstreamID, IOM_SMMUV3_PRIV and INST
 * (Exe) count. Never stalls, and looks at no CD.A, R, S. W is not granted unasked.
 * The event that was recorded goes to ev, all 0 if none was. Inside the port's
 * bracket, as a translation; the answer is good until the ATC_INV that names it.
 */
void iom_smmuv3_dev_ats_request(struct iom_smmuv3_port *p, uint64_t iova, unsigned int access,
				struct iom_smmuv3_ats_resp *resp, uint64_t ev[4]);

/* --- endpoints, 4.5 --- */

/* ATC_INV: an Invalidate Request. */
struct iom_smmuv3_inv {
	uint64_t tag;
	bool ssv;		/* with a PASID: ssid, */
	bool global;		/* or any PASID */
	uint32_t ssid;
	struct iom_range iova;
};

/* A PRG Response: codes of PCIe. */
enum iom_smmuv3_prg_code {
	IOM_SMMUV3_PRG_SUCCESS = 0,
	IOM_SMMUV3_PRG_INVALID = 1,
	IOM_SMMUV3_PRG_FAILURE = 15,
};

struct iom_smmuv3_prg_resp {
	bool ssv;
	uint32_t ssid;
	uint16_t prgindex;
	enum iom_smmuv3_prg_code code;
};

struct iom_smmuv3_ep;

/* Called by the thread that runs commands, under locks: must not wait nor call the SMMU. */
struct iom_smmuv3_ep_ops {
	/*
	 * Entries in the range are to be found no more. IOM_OK: so it is, or the
	 * endpoint answered UR (3.9.1.5); accesses that used them may still be
	 * open. IOM_EBUSY: not yet; iom_smmuv3_dev_inv_done() will say. Others:
	 * it will never answer.
	 */
	int (*invalidate)(struct iom_smmuv3_ep *ep, const struct iom_smmuv3_inv *inv);
	void (*respond)(struct iom_smmuv3_ep *ep, const struct iom_smmuv3_prg_resp *resp);
};

/* An endpoint as commands see it; its fields are the model's after attach. */
struct iom_smmuv3_ep {
	const struct iom_smmuv3_ep_ops *ops;
	struct iom_smmuv3_dev *s;
	uint32_t sid;
	struct iom_list link;
	uint64_t pending;		/* what it has not answered yet */
	uint64_t since;			/* when it was asked, or answered last */
	uint64_t round;			/* tag of all that is out */
};

/*
 * Any number per StreamID; ops outlives the endpoint. Detach: its callbacks have ended when it
 * returns, and what was unanswered counts as answered. Any thread, never from a callback.
 */
void iom_smmuv3_dev_ep_attach(struct iom_smmuv3_ep *ep, struct iom_smmuv3_dev *s, uint32_t sid,
			      const struct iom_smmuv3_ep_ops *ops);
void iom_smmuv3_dev_ep_detach(struct iom_smmuv3_ep *ep);

/*
 * The invalidation with this tag is over. Any thread, not from a callback. Late (the CMD_SYNC
 * failed with CERROR_ATC_INV_SYNC): nothing happens. A CMD_SYNC goes on at the
 * next iom_smmuv3_dev_run(), or register access (STEP).
 */
void iom_smmuv3_dev_inv_done(struct iom_smmuv3_ep *ep, uint64_t tag);

/* --- page requests, 8 --- */

struct iom_smmuv3_page_request {
	uint64_t iova;
	bool ssv;
	uint32_t ssid;
	bool read, write;
	bool exec, priv;	/* count with ssv only */
	bool last;		/* with ssv and neither read nor write: a Stop Marker */
	uint16_t prgindex;	/* 0 to 511 */
};

/*
 * Puts the request into the PRI queue, or answers it at once (8.1, 8.2). True:
 * *resp is the SMMU's own response. False: it is in the queue, or was dropped
 * without one. Inside the port's bracket.
 */
bool iom_smmuv3_dev_page_request(struct iom_smmuv3_port *p,
				 const struct iom_smmuv3_page_request *req,
				 struct iom_smmuv3_prg_resp *resp);

#ifdef __cplusplus
}
#endif
#endif
