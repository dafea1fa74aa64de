/* SPDX-License-Identifier: BSD-2-Clause */
/* The request queue of virtio-blk. */
#ifndef EP_BLK_REQ_H
#define EP_BLK_REQ_H

#include <iom/ep/blk.h>

/* What a driver may ask for in one range, in sectors: 2 GiB, 32 MiB. */
#define IOMI_BLK_REQ_DISCARD_MAX	0x400000u
#define IOMI_BLK_REQ_ZEROES_MAX		0x10000u

/* Serves a few chains: the process op of struct iom_virtio_dev_ops. */
int iomi_blk_req_run(struct iom_blk *b, struct iom_vq_dev *vq);

#endif
