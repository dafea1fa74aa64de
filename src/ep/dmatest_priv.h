/* SPDX-License-Identifier: BSD-2-Clause */
/* Between the files of the DMA test function. */
#ifndef EP_DMATEST_PRIV_H
#define EP_DMATEST_PRIV_H

#include <iom/ep/dmatest.h>

#define IOMI_DMATEST_BAR_REGS	0u
#define IOMI_DMATEST_BAR_MSIX	1u
#define IOMI_DMATEST_BAR_BUFFER	2u

#define IOMI_DMATEST_BRACKET	16u	/* pieces of at most 4 KiB in one bracket */
#define IOMI_DMATEST_BOUNCE	4096u

extern const struct iom_pci_fn_ops iomi_dmatest_ops;

#endif
