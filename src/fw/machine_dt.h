/* SPDX-License-Identifier: BSD-2-Clause */
/* Inside the writer of device trees: machine_dt.c and what it has of SMMUs. */
#ifndef IOM_SRC_FW_MACHINE_DT_H
#define IOM_SRC_FW_MACHINE_DT_H

#include "fw/machine.h"

struct iomi_machine_out {
	const struct iom_machine *m;
	struct iom_diag *diag;
	void *fdt;
	uint32_t phandle0;		/* of IOMMU 0; the others, then MSI controllers follow */
	bool overlay;
};

int iomi_machine_dt_fail(struct iomi_machine_out *o, const char *node, const char *prop, int err);

/* Is this one we write here, not as a function of a bridge? */
static inline bool iomi_machine_dt_is_smmu(const struct iom_machine *m, uint32_t iommu)
{
	return m->iommus[iommu].kind == IOM_MACHINE_SMMUV3;
}

/* The node of an SMMU. */
int iomi_machine_dt_smmu(struct iomi_machine_out *o, uint32_t iommu);
/* `iommus` of the node that has endpoints from *i on, with *i moved behind them. */
int iomi_machine_dt_endpoint(struct iomi_machine_out *o, uint32_t *i);

#endif
