/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file store against an array of bytes that the same random operations are
 * done on, and what each unusable file is refused with.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <iom/base/err.h>
#include <iom/base/field.h>
#include <iom/host/host_store.h>

#include "lib/test.h"

#define SECTORS	256u
#define SIZE	(SECTORS * 512u)

static char dir[] = "/tmp/iom-store-" "XX" "XX" "XX";
static struct test_rng rng;

static uint64_t rnd(uint64_t n)
{
	return test_rng_below(&rng, n);
}

static const char *in_dir(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static const char *make_file(const char *name, long size)
{
	const char *path = in_dir(name);
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, size), 0);
	close(fd);
	return path;
}

/* Cuts [0, len) into up to 100 pieces, some of them empty. */
static size_t cut(struct iom_store_iov *iov, uint8_t *buf, size_t len)
{
	size_t n = 0, piece;

	while (len) {
		piece = n == 99 ? len : rnd(len < 3000 ? len + 1 : 3000);
		iov[n].ptr = buf;
		iov[n++].len = piece;
		buf += piece;
		len -= piece;
	}
	return n;
}

static void one_step(struct iom_store *s, uint8_t *model)
{
	static uint8_t buf[SIZE];
	struct iom_store_iov iov[100];
	uint64_t off = rnd(SECTORS) * 512;
	uint64_t len = (rnd(SECTORS - off / 512) + 1) * 512, i;

	switch (rnd(5)) {
	case 0:
		for (i = 0; i < len; i++)
			buf[i] = (uint8_t)rnd(256);
		memcpy(model + off, buf, len);
		assert_int_equal(s->ops->writev(s, off, iov, cut(iov, buf, len)), IOM_OK);
		break;
	case 1:
		memset(model + off, 0, len);
		assert_int_equal(s->ops->write_zeroes(s, off, len, rnd(2)), IOM_OK);
		break;
	case 2:
		assert_int_equal(s->ops->flush(s), IOM_OK);
		break;
	default:
		assert_int_equal(s->ops->readv(s, off, iov, cut(iov, buf, len)), IOM_OK);
		assert_memory_equal(buf, model + off, len);
	}
}

static void acts_like_an_array(void **state)
{
	static uint8_t model[SIZE];
	struct iom_host_store_file f;
	char why[IOM_HOST_STORE_WHY];
	int step;

	(void)state;
	assert_int_equal(iom_host_store_open(&f, make_file("disk", SIZE), false, 0, why), IOM_OK);
	assert_int_equal(f.s.size, SIZE);
	for (step = 0; step < 2000; step++) {
		/* Also where the file system can neither punch nor zero. */
		if (step == 1000)
			f.no_punch = f.no_zero = true;
		one_step(&f.s, model);
	}
	iom_host_store_close(&f);
}

static void discard_leaves_the_rest(void **state)
{
	static uint8_t buf[SIZE], back[SIZE];
	struct iom_store_iov iov = { buf, SIZE }, riov = { back, SIZE };
	struct iom_host_store_file f;
	char why[IOM_HOST_STORE_WHY];

	(void)state;
	memset(buf, 0x5a, SIZE);
	assert_int_equal(iom_host_store_open(&f, make_file("disk", SIZE), false, 0, why), IOM_OK);
	assert_int_equal(f.s.ops->writev(&f.s, 0, &iov, 1), IOM_OK);
	assert_int_equal(f.s.ops->discard(&f.s, 8192, 16384), IOM_OK);
	assert_int_equal(f.s.ops->readv(&f.s, 0, &riov, 1), IOM_OK);
	assert_memory_equal(back, buf, 8192);
	assert_memory_equal(back + 24576, buf + 24576, SIZE - 24576);
	iom_host_store_close(&f);
}

static void read_only_refuses_every_change(void **state)
{
	static uint8_t buf[512];
	struct iom_store_iov iov = { buf, 512 };
	struct iom_host_store_file f;
	char why[IOM_HOST_STORE_WHY];

	(void)state;
	assert_int_equal(iom_host_store_open(&f, make_file("ro", SIZE), true, 0, why), IOM_OK);
	assert_true(f.s.read_only);
	assert_int_equal(f.s.ops->writev(&f.s, 0, &iov, 1), IOM_EPERM);
	assert_int_equal(f.s.ops->discard(&f.s, 0, 512), IOM_EPERM);
	assert_int_equal(f.s.ops->write_zeroes(&f.s, 0, 512, true), IOM_EPERM);
	assert_int_equal(f.s.ops->readv(&f.s, 0, &iov, 1), IOM_OK);
	assert_int_equal(f.s.ops->flush(&f.s), IOM_OK);
	iom_host_store_close(&f);
}

/* The file shrinks while it is open: an error, not zeroes. */
static void shrunk_file_is_an_error(void **state)
{
	static uint8_t buf[1024];
	struct iom_store_iov iov = { buf, 1024 };
	struct iom_host_store_file f;
	char why[IOM_HOST_STORE_WHY];
	const char *path = make_file("shrink", SIZE);

	(void)state;
	assert_int_equal(iom_host_store_open(&f, path, false, 0, why), IOM_OK);
	assert_int_equal(truncate(path, 4096 + 512), 0);
	assert_int_equal(f.s.ops->readv(&f.s, 4096, &iov, 1), IOM_EIO);
	iom_host_store_close(&f);
}

static void unusable_files_are_refused_by_name(void **state)
{
	struct iom_host_store_file f, first;
	char why[IOM_HOST_STORE_WHY];
	const char *path;

	(void)state;
	path = in_dir("absent");
	assert_int_equal(iom_host_store_open(&f, path, false, 0, why), IOM_ENOENT);
	assert_non_null(strstr(why, path));
	assert_int_equal(iom_host_store_open(&f, make_file("short", 512), false, 1024, why),
			 IOM_EINVAL);
	assert_non_null(strstr(why, "has 512 bytes, at least 1024"));
	assert_int_equal(iom_host_store_open(&f, make_file("odd", 1000), false, 0, why),
			 IOM_EINVAL);
	assert_non_null(strstr(why, "multiple of 512"));
	assert_int_equal(iom_host_store_open(&f, make_file("empty", 0), false, 0, why),
			 IOM_EINVAL);
	assert_int_equal(iom_host_store_open(&f, dir, true, 0, why), IOM_EINVAL);
	assert_non_null(strstr(why, "regular file"));
	path = in_dir("fifo");
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(iom_host_store_open(&f, path, false, 0, why), IOM_EINVAL);

	path = make_file("twice", SIZE);
	assert_int_equal(iom_host_store_open(&first, path, false, 0, why), IOM_OK);
	assert_int_equal(iom_host_store_open(&f, path, false, 0, why), IOM_EBUSY);
	assert_int_equal(iom_host_store_open(&f, path, true, 0, why), IOM_EBUSY);
	iom_host_store_close(&first);
	assert_int_equal(iom_host_store_open(&first, path, true, 0, why), IOM_OK);
	assert_int_equal(iom_host_store_open(&f, path, true, 0, why), IOM_OK);
	iom_host_store_close(&first);
	iom_host_store_close(&f);
}

static int make_dir(void **state)
{
	(void)state;
	test_rng_init(&rng);
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	static const char *const names[] = {
		"disk", "ro", "shrink", "short", "odd", "empty", "fifo", "twice",
	};
	size_t i;

	(void)state;
	for (i = 0; i < IOM_ARRAY_SIZE(names); i++)
		unlink(in_dir(names[i]));
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(acts_like_an_array),
		cmocka_unit_test(discard_leaves_the_rest),
		cmocka_unit_test(read_only_refuses_every_change),
		cmocka_unit_test(shrunk_file_is_an_error),
		cmocka_unit_test(unusable_files_are_refused_by_name),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
