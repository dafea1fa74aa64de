/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtio-iommu device under test, reached by its front door only. Requests
 * are written here byte by byte from VIRTIO 1.3 section 5.13.6, never with the
 * library's own packers, so a mistake shared by both sides shows.
 *
 * Every request goes through vt_send(), which demands what holds for all of
 * them: nothing is written past *used, *used is 0 or the length of the answer
 * (the whole writable part, if it has the right size), the tail's reserved
 * bytes are 0, the status is one that exists. A breach prints a line and ends
 * the program; it is used by unit tests, fuzz targets and benches alike.
 */
#ifndef TESTS_LIB_VIOMMU_H
#define TESTS_LIB_VIOMMU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <iom/dev/viommu_dev.h>

#include "fakes/plat_test.h"

#define VT_REQUIRE(cond) \
	do { \
		if (!(cond)) { \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #cond); \
			abort(); \
		} \
	} while (0)

/* 5.13.6: status of a request, or that it was returned unanswered. */
enum {
	S_OK = 0, S_IOERR = 1, S_UNSUPP = 2, S_DEVERR = 3, S_INVAL = 4, S_RANGE = 5,
	S_NOENT = 6, S_FAULT = 7, S_NOMEM = 8,
	S_NONE = -1,	/* used length 0, nothing written */
};

/* 5.13.3 */
#define VT_F_INPUT_RANGE	0x01u
#define VT_F_DOMAIN_RANGE	0x02u
#define VT_F_MAP_UNMAP		0x04u
#define VT_F_BYPASS		0x08u
#define VT_F_PROBE		0x10u
#define VT_F_MMIO		0x20u
#define VT_F_BYPASS_CONFIG	0x40u

#define VT_R	1u	/* MAP flags */
#define VT_W	2u
#define VT_MMIO	4u
#define VT_RW	3u
#define VT_BYPASS 1u	/* ATTACH flag */

#define VT_IN_MAX	72u
#define VT_OUT_MAX	1028u

struct vt_req {
	uint8_t in[VT_IN_MAX];
	size_t in_len;
	size_t out_len;
};

struct vt_req vt_attach_req(uint32_t domain, uint32_t ep, uint32_t flags);
struct vt_req vt_detach_req(uint32_t domain, uint32_t ep);
struct vt_req vt_map_req(uint32_t domain, uint64_t start, uint64_t last, uint64_t gpa,
			 uint32_t flags);
struct vt_req vt_unmap_req(uint32_t domain, uint64_t start, uint64_t last);
struct vt_req vt_probe_req(uint32_t ep, uint32_t probe_size);

/* out, if not NULL, gets the used bytes (VT_OUT_MAX at most), *used their number. */
int vt_send_out(struct iom_viommu_dev *v, const struct vt_req *r, uint8_t *out, size_t *used);
int vt_send(struct iom_viommu_dev *v, const struct vt_req *r);

int vt_attach(struct iom_viommu_dev *v, uint32_t domain, uint32_t ep, uint32_t flags);
int vt_detach(struct iom_viommu_dev *v, uint32_t domain, uint32_t ep);
int vt_map(struct iom_viommu_dev *v, uint32_t domain, uint64_t start, uint64_t last, uint64_t gpa,
	   uint32_t flags);
int vt_unmap(struct iom_viommu_dev *v, uint32_t domain, uint64_t start, uint64_t last);

#define VT_EPS_MAX	8u
#define VT_LOG_MAX	16u

/* A device with its plat, endpoints, one reader and what it reported. */
struct vt {
	struct plat_test pt;
	struct iom_viommu_dev *v;
	_Alignas(64) struct iom_access access;	/* on a line that no other thread touches */
	_Alignas(64) unsigned int nr_eps;
	struct iom_viommu_ep *ep[VT_EPS_MAX];
	uint32_t ep_id[VT_EPS_MAX];
	/* reported by the device, the last VT_LOG_MAX of each; by one thread */
	unsigned int nr_faults, nr_traces;
	struct iom_viommu_fault fault[VT_LOG_MAX];
	struct iom_viommu_trace trace[VT_LOG_MAX];
};

/* Everything offered, 4 KiB granule, all 64 bits of input, PROBE of 512. */
struct iom_viommu_dev_cfg vt_cfg(void);

/* plat, fault, trace and arg of *cfg are filled in; every offered feature is accepted. */
void vt_open(struct vt *t, const struct iom_viommu_dev_cfg *cfg);
void vt_add(struct vt *t, const struct iom_viommu_ep_cfg *cfg);
void vt_add_plain(struct vt *t, uint32_t id);
/* Also checks that nothing stays allocated. */
void vt_close(struct vt *t);

/*
 * One translation in a bracket of its own: IOM_OK or the error. *run only if
 * it is IOM_OK, and then checked for what holds for every run.
 */
int vt_translate(struct vt *t, unsigned int ep, uint64_t iova, uint64_t len, unsigned int access,
		 struct iom_run *run);
/* The same in short: does ep reach gpa at iova with access? */
bool vt_reaches(struct vt *t, unsigned int ep, uint64_t iova, unsigned int access, uint64_t gpa);
/* The endpoint gets a fault of this reason (1 domain, 2 mapping) at iova. */
bool vt_faults(struct vt *t, unsigned int ep, uint64_t iova, unsigned int access, int reason);

#endif
