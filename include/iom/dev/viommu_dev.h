/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The virtio-iommu device without a transport: VIRTIO 1.3 section 5.13. A VMM
 * with its own rings calls iom_viommu_dev_request() and gets faults by
 * callback; <iom/dev/viommu_vq.h> puts it behind libiom's rings.
 *
 * Threads: requests, reset, endpoint and state calls may come from any thread
 * and exclude each other by a lock. Translations come from any number of
 * threads and take none. A request that takes something away (UNMAP, DETACH,
 * ATTACH elsewhere) returns when every access bracket begun before has ended,
 * so it must not be called inside a bracket of this device.
 */
#ifndef IOM_DEV_VIOMMU_DEV_H
#define IOM_DEV_VIOMMU_DEV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <iom/base/err.h>
#include <iom/base/range.h>
#include <iom/dev/xlate.h>
#include <iom/plat/plat.h>

#ifdef __cplusplus
extern "C" {
#endif

struct iom_viommu_dev;
struct iom_viommu_ep;

/* What a hostile guest may use up (A6). 0 is the default named here. */
struct iom_viommu_limits {
	uint32_t max_domains;	/* 4096 */
	uint32_t max_endpoints;	/* 4096 */
	uint64_t max_bytes;	/* of mapping state, whatever its pattern: 256 MiB */
};

/* One fault, as the driver is told of it (5.13.6.8). */
struct iom_viommu_fault {
	uint8_t reason;		/* 1 no domain, 2 no mapping or no permission */
	bool write;		/* else read */
	uint32_t endpoint;
	uint64_t address;
};

enum iom_viommu_trace_op {
	IOM_VIOMMU_TRACE_ATTACH,	/* domain, endpoint, flags */
	IOM_VIOMMU_TRACE_DETACH,	/* domain, endpoint */
	IOM_VIOMMU_TRACE_MAP,		/* domain, iova, gpa, flags */
	IOM_VIOMMU_TRACE_UNMAP,		/* domain, iova */
};

/* One request that succeeded, in the order of execution. */
struct iom_viommu_trace {
	enum iom_viommu_trace_op op;
	uint32_t domain;
	uint32_t endpoint;
	uint32_t flags;		/* the request's */
	struct iom_range iova;
	uint64_t gpa;
};

struct iom_viommu_dev_cfg {
	struct iom_plat *plat;
	uint64_t page_size_mask;	/* 0: 4 KiB and everything above. Lowest bit at least 128 */
	struct iom_range input;		/* {0, 0}: 48 bits. Offered as INPUT_RANGE if not all 64 */
	uint32_t domain_start;
	uint32_t domain_last;		/* 0: UINT32_MAX. Offered as DOMAIN_RANGE if not all */
	uint32_t probe_size;		/* 0: no PROBE. At least 4; 512 is usual */
	bool mmio;			/* offer MMIO */
	bool bypass_config;		/* offer BYPASS_CONFIG */
	bool boot_bypass;		/* `bypass` at power-on; needs bypass_config */
	struct iom_viommu_limits limits;
	/*
	 * An access faulted. On the accessing thread, inside its bracket: must
	 * not block and not call back into the device. NULL: only counted.
	 */
	void (*fault)(void *arg, const struct iom_viommu_fault *f);
	/* A request succeeded. On the requesting thread, under the lock; raises no interrupt. */
	void (*trace)(void *arg, const struct iom_viommu_trace *t);
	void *arg;
};

/* IOM_EINVAL: a cfg out of the ranges above. IOM_ENOMEM. *out only on success. */
int iom_viommu_dev_create(const struct iom_viommu_dev_cfg *cfg, struct iom_viommu_dev **out);
/* Refused with IOM_EBUSY, nothing changed, while endpoints exist (A5). */
int iom_viommu_dev_destroy(struct iom_viommu_dev *v);

#define IOM_VIOMMU_RESV_MAX 16u

struct iom_viommu_resv {
	struct iom_range iova;
	bool msi;		/* else RESERVED; at most one of a kind msi, none overlap (D37) */
};

struct iom_viommu_ep_cfg {
	uint32_t id;
	uint64_t page_size_mask;	/* 0: the device's; else its lowest bit, not below that */
	struct iom_range input;		/* {0, 0}: the device's; else within it */
	unsigned int nr_resv;		/* PROBE must have room: 24 bytes each */
	struct iom_viommu_resv resv[IOM_VIOMMU_RESV_MAX];
};

/*
 * Adds an endpoint, unattached. IOM_EINVAL: a cfg against the rules above;
 * IOM_EEXIST: the id is taken; IOM_ENOMEM: no memory, or max_endpoints.
 */
int iom_viommu_dev_add_ep(struct iom_viommu_dev *v, const struct iom_viommu_ep_cfg *cfg,
			  struct iom_viommu_ep **out);
/* Detaches it first, waits for its accesses; no access may begin any more. */
void iom_viommu_dev_remove_ep(struct iom_viommu_dev *v, struct iom_viommu_ep *ep);

/* The endpoint's translation, for iom_xlate_translate() and iom_xgmem. Lives as long as ep. */
struct iom_xlate *iom_viommu_dev_xlate(struct iom_viommu_ep *ep);
/* The gate that every accessing thread joins (iom_xgmem does it by itself). */
struct iom_access_gate *iom_viommu_dev_gate(struct iom_viommu_dev *v);

/* Features this configuration offers, without the generic bits; fixed. */
uint64_t iom_viommu_dev_features(const struct iom_viommu_dev *v);
/*
 * What the driver accepted, at FEATURES_OK; ignored bits are not offered ones.
 * Requests of features not accepted are unknown to the device.
 */
void iom_viommu_dev_accept(struct iom_viommu_dev *v, uint64_t features);

/* Configuration space, 40 bytes (5.13.4); beyond it reads 0. Any thread. */
void iom_viommu_dev_config_read(struct iom_viommu_dev *v, unsigned int off, void *buf,
				unsigned int len);
/*
 * Only `bypass`, only 0 or 1, only if accepted; all else is ignored. In force
 * for accesses begun after the return; does not wait for open ones.
 */
void iom_viommu_dev_config_write(struct iom_viommu_dev *v, unsigned int off, const void *buf,
				 unsigned int len);

/*
 * One request: in is the device-readable part, out the device-writable one,
 * *used the number of bytes written from the start of out. Malformed requests
 * get the status that section 5.13.6 gives them, or *used 0. Returns IOM_OK
 * always: what went wrong is in the status, for the driver.
 */
int iom_viommu_dev_request(struct iom_viommu_dev *v, const void *in, size_t in_len, void *out,
			   size_t out_len, size_t *used);

/*
 * The same without the wait, for a batch: *wait is set to true (never to
 * false) if iom_viommu_dev_wait() must return before the answer is given.
 */
int iom_viommu_dev_request_nowait(struct iom_viommu_dev *v, const void *in, size_t in_len,
				  void *out, size_t out_len, size_t *used, bool *wait);
void iom_viommu_dev_wait(struct iom_viommu_dev *v);
/* The same for a thread that must not wait: true if there was nothing to wait for, else wait. */
bool iom_viommu_dev_wait_over(struct iom_viommu_dev *v);

/*
 * Device reset: every endpoint is detached, every domain gone, features
 * forgotten; `bypass` keeps its value (D5), or gets boot_bypass back at a
 * system reset. reset waits for open accesses; start and done are its halves
 * for a thread that must not wait: the reset is over when done says true. Until
 * the accesses that were open at its start have ended, no unattached endpoint
 * reaches anything, whatever `bypass` says: what they had left to do would go
 * to addresses of a domain that is gone, taken for physical ones.
 */
void iom_viommu_dev_reset(struct iom_viommu_dev *v, bool system);
void iom_viommu_dev_reset_start(struct iom_viommu_dev *v, bool system);
bool iom_viommu_dev_reset_done(struct iom_viommu_dev *v);

struct iom_viommu_stats {
	uint64_t attach, detach, map, unmap, probe;	/* succeeded */
	uint64_t refused;		/* any status but OK, or used length 0 */
	uint64_t refused_limit;		/* of these, by a configured limit */
	uint64_t faults;		/* reported accesses */
	uint64_t domains, mappings;	/* now */
	uint64_t bytes, bytes_peak;	/* of mapping state */
};

struct iom_viommu_ep_stats {
	uint32_t id;
	bool attached;
	bool bypass;			/* attached to a bypass domain */
	uint32_t domain;		/* last one, if attached */
	uint64_t maps, unmaps;		/* of its domains, while attached */
	uint64_t faults;
};

void iom_viommu_dev_stats(struct iom_viommu_dev *v, struct iom_viommu_stats *s);
void iom_viommu_dev_ep_stats(struct iom_viommu_dev *v, struct iom_viommu_ep *ep,
			     struct iom_viommu_ep_stats *s);

/* Calls fn for each mapping of domain, in order, under the lock; IOM_ENOENT. For dumps. */
int iom_viommu_dev_for_each_mapping(struct iom_viommu_dev *v, uint32_t domain,
				    void (*fn)(void *arg, const struct iom_viommu_trace *m),
				    void *arg);

/*
 * The whole state (features, bypass, domains, mappings, attachments; not
 * statistics) as a versioned stream with a checksum. save: *len is what it
 * needs; IOM_ENOSPC if that is above cap. restore: into a device of the same
 * configuration with the same endpoints, in use or not; everything is checked
 * and built aside first: IOM_EINVAL for a damaged, foreign or mismatched
 * stream, IOM_ENOMEM, and then nothing has changed. *used is what was read.
 */
int iom_viommu_dev_save(struct iom_viommu_dev *v, void *buf, size_t cap, size_t *len);
int iom_viommu_dev_restore(struct iom_viommu_dev *v, const void *buf, size_t size, size_t *used);

#ifdef __cplusplus
}
#endif
#endif
