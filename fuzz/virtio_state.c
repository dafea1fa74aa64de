/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The saved state of a virtio device as whoever sends it likes. Byte 0, bit 0:
 * the rest is a stream as it stands; else it is the body of a record whose head
 * and checksum are put right, so that the checks behind them are reached. What
 * is restored is then saved, run over memory full of ones, and reset.
 */
#include <iom/base/endian.h>
#include <iom/base/state.h>

#include "lib/virtio_echo.h"

#define BODY_MAX 1024u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
	if (!ok)
		abort();
}

static void live(struct echo *e)
{
	uint8_t s[BODY_MAX], again[BODY_MAX];
	size_t len, used, i;

	require(iom_virtio_dev_save(&e->d, s, sizeof(s), &len) == IOM_OK);
	require(iom_virtio_dev_restore(&e->d, s, len, &used) == IOM_OK && used == len);
	require(iom_virtio_dev_save(&e->d, again, sizeof(again), &used) == IOM_OK);
	require(used == len && !memcmp(s, again, len));
	for (i = 0; i < 4; i++)
		iom_virtio_dev_run(&e->d);
	iom_virtio_dev_set_status(&e->d, 15);
	iom_virtio_dev_set_status(&e->d, 0);
	require(!iom_virtio_dev_status(&e->d));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t s[BODY_MAX + 20];
	struct iom_virtio_dev before;
	struct echo *e;
	size_t len, need;
	int rc;

	if (size < 1 || size > BODY_MAX)
		return 0;
	e = echo_new();
	memset(e->mem, 0xff, MEM);
	len = size - 1;
	memcpy(s, data + 1, len);
	if (!(data[0] & 1)) {
		/* The head is that of a stream of this device. */
		require(iom_virtio_dev_save(&e->d, s, sizeof(s), &need) == IOM_OK);
		iom_put_le64(s + 8, len);
		memcpy(s + 16, data + 1, len);
		len += 16;
		iom_put_le32(s + len, iom_state_crc32c(0, s, len));
		len += 4;
	}
	memcpy(&before, &e->d, sizeof(before));
	rc = iom_virtio_dev_restore(&e->d, s, len, &need);
	require(rc == IOM_OK || rc == IOM_EINVAL);
	if (rc)
		require(!memcmp(&before, &e->d, sizeof(before)));
	else
		live(e);
	echo_free(e);
	return 0;
}
