/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one way to fail: an int that is IOM_OK or one of these constants, which
 * are already negative and have the values of Linux's generic errno.
 */
#ifndef IOM_BASE_ERR_H
#define IOM_BASE_ERR_H

#ifdef __cplusplus
extern "C" {
#endif

#define IOM_OK		0
#define IOM_EPERM	(-1)	/* not allowed to this caller or in this state */
#define IOM_ENOENT	(-2)	/* no such object */
#define IOM_EIO		(-5)	/* hardware, file or peer failed or did not answer */
#define IOM_E2BIG	(-7)	/* longer than the bound we own */
#define IOM_EAGAIN	(-11)	/* not now; call again after the stated event */
#define IOM_ENOMEM	(-12)	/* no memory, or a configured limit is reached */
#define IOM_EACCES	(-13)	/* mapped, but not with this permission */
#define IOM_EFAULT	(-14)	/* address not mapped or not memory */
#define IOM_EBUSY	(-16)	/* in use */
#define IOM_EEXIST	(-17)	/* already there */
#define IOM_ENODEV	(-19)	/* no such device, or not able to do DMA now */
#define IOM_EINVAL	(-22)	/* malformed argument or foreign data */
#define IOM_ENOSPC	(-28)	/* no space in the medium, ring or window */
#define IOM_ERANGE	(-34)	/* misaligned, out of range, or would split */
#define IOM_ENOSYS	(-38)	/* request unknown */
#define IOM_EPROTO	(-71)	/* peer broke the protocol */
#define IOM_EOPNOTSUPP	(-95)	/* known, but not supported or not negotiated */
#define IOM_ETIMEDOUT	(-110)	/* bounded wait ended */

/* A constant, English sentence fragment for an IOM_E code; never NULL. Any thread. */
const char *iom_err_str(int err);

#ifdef __cplusplus
}
#endif
#endif
