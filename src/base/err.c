/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Words for the error codes of base/err.h. The strings are fragments that read
 * well after a colon; they are constant, so any thread may call this.
 */
#include <iom/base/err.h>

const char *iom_err_str(int err)
{
	switch (err) {
	case IOM_OK:		return "success";
	case IOM_EPERM:		return "not allowed to this caller or in this state";
	case IOM_ENOENT:	return "no such object";
	case IOM_EIO:		return "hardware, file or peer failed or did not answer";
	case IOM_E2BIG:		return "longer than the limit";
	case IOM_EAGAIN:	return "not possible now, try again";
	case IOM_ENOMEM:	return "out of memory or over a configured limit";
	case IOM_EACCES:	return "mapped without this permission";
	case IOM_EFAULT:	return "address is not mapped or is not memory";
	case IOM_EBUSY:		return "in use";
	case IOM_EEXIST:	return "exists already";
	case IOM_ENODEV:	return "no such device, or it cannot do DMA now";
	case IOM_EINVAL:	return "malformed argument or data";
	case IOM_ENOSPC:	return "no space left";
	case IOM_ERANGE:	return "misaligned or out of range";
	case IOM_ENOSYS:	return "request is unknown";
	case IOM_EPROTO:	return "peer broke the protocol";
	case IOM_EOPNOTSUPP:	return "not supported or not negotiated";
	case IOM_ETIMEDOUT:	return "timed out";
	default:		return "unknown error";
	}
}
