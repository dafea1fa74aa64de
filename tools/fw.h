/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inside `iom fw`: printing what was read, for people and for programs.
 */
#ifndef TOOLS_FW_H
#define TOOLS_FW_H

#include <iom/fw/iort.h>
#include <iom/fw/machine.h>
#include <iom/fw/viot.h>

struct json_object;

void iom_tool_fw_print_viot(const char *file, const struct iom_viot *v);
void iom_tool_fw_print_iort(const char *file, const struct iom_iort *t);
void iom_tool_fw_print_machine(const char *file, const struct iom_machine *m);

/* One object for a file; the caller owns it. */
struct json_object *iom_tool_fw_json_viot(const char *file, const struct iom_viot *v);
struct json_object *iom_tool_fw_json_iort(const char *file, const struct iom_iort *t);
struct json_object *iom_tool_fw_json_machine(const char *file, const struct iom_machine *m);

/* Short names of the enums, the same in text and JSON. */
const char *iom_tool_fw_iommu_kind(enum iom_machine_iommu_kind kind);
const char *iom_tool_fw_fn_kind(enum iom_machine_fn_kind kind);
const char *iom_tool_fw_viot_type(enum iom_viot_type type);
const char *iom_tool_fw_iort_type(enum iom_iort_type type);

/*
 * Streams [first, last] of an SMMU of an IORT, cut where their device IDs come from
 * another mapping: takes those in front away from *first on. False at the end.
 */
struct iom_tool_fw_piece {
	uint32_t first;
	uint32_t last;
	bool has_device;		/* false: their MSIs go nowhere */
	uint32_t its;			/* node */
	uint32_t device;		/* of the first */
};
bool iom_tool_fw_next_piece(const struct iom_iort *t, uint32_t smmu, uint64_t *first,
			    uint32_t last, struct iom_tool_fw_piece *p);

/* "0000:00:03.0" into s. */
#define IOM_TOOL_FW_BDF_LEN	16
const char *iom_tool_fw_bdf(unsigned int segment, unsigned int bdf, char s[IOM_TOOL_FW_BDF_LEN]);

#endif
