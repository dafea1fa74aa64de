/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `iom serve` from its command line. Bad input: one line that names what is
 * wrong, status 2, and nothing created. Good input: sockets that answer as the
 * machine file says, a second client refused, a client that comes back, and on
 * SIGTERM a report, no socket, status 0. Real guests are tests/guest's.
 */
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <json-c/json.h>

#include <iom/base/endian.h>
#include <iom/base/field.h>

#include "iom.h"
#include "lib/test.h"
#include "lib/vfu_client.h"

static char dir[] = "/tmp/iom-serve-" "XX" "XX" "XX";
static char out[1 << 14], err[1 << 12];		/* of the last command */

static const char head[] =
	"/dts-v1/;\n/ { pcie@10000000 { device_type = \"pci\";\n"
	"compatible = \"pci-host-ecam-generic\";\n"
	"#address-cells = <3>; #size-cells = <2>; linux,pci-domain = <0>;\n"
	"iommu-map = <0x18 &viommu 0x18 0x10>;\n";
static const char iommu[] =
	"viommu: iommu@2,0 { compatible = \"pci1af4,1057\"; reg = <0x1000 0 0 0 0>;\n"
	"#iommu-cells = <1>; iom,msi-region = <0 0xfee00000 0 0xfeefffff>; };\n";
static const char disk[] =
	"disk@3,0 { compatible = \"virtio,blk\"; reg = <0x1800 0 0 0 0>;\n"
	"iom,file = \"disk.img\"; };\n";
static const char rest[] =
	"rng@3,1 { compatible = \"virtio,rng\"; reg = <0x1900 0 0 0 0>; };\n"
	"dma@4,0 { compatible = \"iom,dma-test\"; reg = <0x2000 0 0 0 0>; iom,msi-only; };\n"
	"far@0,0 { compatible = \"virtio,rng\"; reg = <0x20000 0 0 0 0>; };\n";
static const char tail[] = "}; };\n";

static const char *in_dir(const char *name)
{
	static char path[16][160];
	static unsigned int n;

	n = (n + 1) % 16;
	snprintf(path[n], sizeof(path[n]), "%s/%s", dir, name);
	return path[n];
}

static void spill(const char *file, const char *text)
{
	FILE *f = fopen(file, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void slurp(const char *file, char *buf, size_t cap)
{
	FILE *f = fopen(file, "r");
	size_t n;

	assert_non_null(f);
	n = fread(buf, 1, cap - 1, f);
	buf[n] = '\0';
	fclose(f);
}

static void machine(const char *fns)
{
	FILE *f = fopen(in_dir("m.dts"), "w");

	assert_non_null(f);
	fprintf(f, "%s%s%s%s", head, iommu, fns, tail);
	fclose(f);
}

static void make_disk(off_t size)
{
	int fd = open(in_dir("disk.img"), O_RDWR | O_CREAT, 0600);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, size), 0);
	close(fd);
}

/* Starts iom serve with these arguments; its output goes to files. */
static pid_t spawn(const char *const *args)
{
	char *argv[16] = { "serve" };
	int argc = 1;
	pid_t pid;

	for (; *args; args++)
		argv[argc++] = (char *)(uintptr_t)*args;
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		/* A test that fails leaves nobody behind. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (!freopen(in_dir("out"), "w", stdout) || !freopen(in_dir("err"), "w", stderr))
			_exit(99);
		argc = iom_tool_serve(argc, argv);
		fflush(NULL);
		_exit(argc);
	}
	return pid;
}

static int reap(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	slurp(in_dir("out"), out, sizeof(out));
	slurp(in_dir("err"), err, sizeof(err));
	return WEXITSTATUS(status);
}

#define SPAWN(...) spawn((const char *[]){ __VA_ARGS__, NULL })
#define SERVE(...) reap(SPAWN(in_dir("m.dts"), "--dir", in_dir("sock"), __VA_ARGS__))

static unsigned int count_files(const char *path)
{
	DIR *d = opendir(path);
	unsigned int n = 0;
	struct dirent *e;

	assert_non_null(d);
	while ((e = readdir(d)))
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

/* Refused: status 2, one line with all of these words, no socket, log or report. */
static void refused(int rc, const char *word1, const char *word2, const char *word3)
{
	if (rc != 2 || !strstr(err, word1) || !strstr(err, word2) || !strstr(err, word3) ||
	    strchr(err, '\n') != err + strlen(err) - 1)
		fail_msg("status %d, said: %s", rc, err);
	assert_int_equal(count_files(in_dir("sock")), 0);
	assert_int_equal(access(in_dir("log"), F_OK), -1);
	assert_int_equal(access(in_dir("report"), F_OK), -1);
}

#define OUTPUTS "--log-requests", in_dir("log"), "--report", in_dir("report")

static void bad_machines_create_nothing(void **state)
{
	(void)state;
	make_disk(4096);
	machine("what@5,0 { compatible = \"virtio,fish\"; reg = <0x2800 0 0 0 0>; };");
	refused(SERVE(OUTPUTS), "m.dts", "what@5,0", "compatible");
	machine("disk@3,0 { compatible = \"virtio,blk\"; reg = <0x1800 0 0 0 0>; };");
	refused(SERVE(OUTPUTS), "m.dts", "disk@3,0", "iom,file");
	spill(in_dir("m.dts"), "this is no tree");
	refused(SERVE(OUTPUTS), "m.dts", "", "");
	unlink(in_dir("m.dts"));
	refused(SERVE(OUTPUTS), "m.dts", "", "");
	spill(in_dir("m.dts"), "/dts-v1/; / { #address-cells = <2>; #size-cells = <2>;"
	      "v: iommu@a0000 { compatible = \"virtio,mmio\"; reg = <0 0xa0000 0 0x1000>;"
	      "#iommu-cells = <1>; }; };");
	refused(SERVE(OUTPUTS), "m.dts", "iommu@a0000", "virtio-mmio");
	machine("f@0,0 { compatible = \"virtio,rng\"; reg = <0xff0000 0 0 0 0>; };");
	refused(SERVE(OUTPUTS), "m.dts", "bus", "slot");
}

static void bad_disks_create_nothing(void **state)
{
	(void)state;
	machine(disk);
	unlink(in_dir("disk.img"));
	refused(SERVE(OUTPUTS), "disk@3,0", "iom,file", "disk.img: No such file");
	make_disk(0);
	refused(SERVE(OUTPUTS), "disk@3,0", "iom,file", "has 0 bytes");
	make_disk(1000);
	refused(SERVE(OUTPUTS), "disk@3,0", "iom,file", "multiple of 512");
	unlink(in_dir("disk.img"));
	assert_int_equal(mkdir(in_dir("disk.img"), 0700), 0);
	refused(SERVE(OUTPUTS), "disk@3,0", "iom,file", "disk.img");
	rmdir(in_dir("disk.img"));
	make_disk(4096);
}

static void bad_places_create_nothing(void **state)
{
	char longer[81], path[160];

	(void)state;
	make_disk(4096);
	machine(disk);
	refused(reap(SPAWN(in_dir("m.dts"), "--dir", in_dir("absent"), OUTPUTS)),
		"absent", "", "");
	refused(SERVE("--log-requests", in_dir("absent/log")), "absent/log", "", "");
	refused(SERVE("--report", in_dir("absent/report"), "--log-requests", in_dir("log")),
		"absent/report", "", "");
	/* A name that no socket can have. */
	memset(longer, 'd', 80);
	longer[80] = '\0';
	snprintf(path, sizeof(path), "%s", in_dir(longer));
	assert_int_equal(mkdir(path, 0700), 0);
	refused(reap(SPAWN(in_dir("m.dts"), "--dir", path, OUTPUTS)), "sock", "characters", "");
	rmdir(path);
	/* Somebody else's file where the socket goes. */
	spill(in_dir("sock/disk@3,0.sock"), "mine");
	assert_int_equal(SERVE(OUTPUTS), 2);
	assert_non_null(strstr(err, "not a socket"));
	assert_int_equal(count_files(in_dir("sock")), 1);
	unlink(in_dir("sock/disk@3,0.sock"));
	refused(SERVE("--fish"), "unknown option --fish", "", "");
	refused(SERVE("--poll-us", "x"), "--poll-us", "", "");
	refused(reap(SPAWN(in_dir("m.dts"))), "--dir", "", "");
}

static void help_has_an_example(void **state)
{
	(void)state;
	assert_int_equal(reap(SPAWN("--help")), 0);
	assert_non_null(strstr(out, "Example:"));
}

/* The disk need not be there; ports for buses 1 and 2; function 0 leads its slot. */
static void print_args_creates_nothing(void **state)
{
	char fns[1024];

	(void)state;
	unlink(in_dir("disk.img"));
	snprintf(fns, sizeof(fns), "%s%s", disk, rest);
	machine(fns);
	assert_int_equal(SERVE("--print-args"), 0);
	assert_string_equal(err, "");
	assert_int_equal(count_files(in_dir("sock")), 0);
	assert_non_null(strstr(out, "-device\n{\"driver\":\"pcie-root-port\","
			       "\"id\":\"iom-bus1\","));
	assert_non_null(strstr(out, "\"id\":\"iom-bus2\""));
	assert_non_null(strstr(out, "\"addr\":\"03.0\",\"multifunction\":true,"));
	assert_non_null(strstr(out, "\"addr\":\"03.1\",\"socket\""));
	assert_non_null(strstr(out, "\"bus\":\"iom-bus2\",\"addr\":\"00.0\","));
	assert_non_null(strstr(out, "/sock/disk@3,0.sock\"}}\n"));
	assert_null(strstr(out, "ready"));
	make_disk(4096);
}

/* --- running -------------------------------------------------------------- */

static void wait_ready(void)
{
	int i;

	for (i = 0; i < 500; i++) {
		slurp(in_dir("out"), out, sizeof(out));
		if (strstr(out, "ready"))
			return;
		poll(NULL, 0, 10);
	}
	slurp(in_dir("err"), err, sizeof(err));
	fail_msg("not ready: %s", err);
}

static bool ask(struct vfu_client *c, unsigned int cmd, const void *data, size_t len,
		struct vfu_client_msg *m)
{
	vfu_client_send(c, cmd, 0, data, len, NULL, 0);
	return vfu_client_recv(c, m, 5000) && !m->hdr.error;
}

static void hello(struct vfu_client *c, const char *name)
{
	static const char text[] = "\0\0\0\0{\"capabilities\":{}}";
	struct vfu_client_msg m;

	vfu_client_connect(c, in_dir(name));
	assert_true(ask(c, VFIO_USER_VERSION, text, sizeof(text), &m));
}

static uint32_t config_ids(struct vfu_client *c)
{
	struct vfio_user_region_access a = { 0, 7, 256 };
	struct vfu_client_msg m;

	assert_true(ask(c, VFIO_USER_REGION_READ, &a, sizeof(a), &m));
	return iom_get_le32(m.data + 16);
}

static void functions_answer_as_described(void)
{
	static const struct { const char *sock; uint32_t ids; uint32_t intx, msi, msix; } fns[] = {
		{ "sock/iommu@2,0.sock", 0x10571af4, 1, 0, 3 },
		{ "sock/disk@3,0.sock", 0x10421af4, 1, 0, 2 },
		{ "sock/rng@3,1.sock", 0x10441af4, 1, 0, 2 },
		{ "sock/dma@4,0.sock", 0xd1a0fffe, 0, 4, 0 },
		{ "sock/far@0,0.sock", 0x10441af4, 1, 0, 2 },
	};
	struct vfio_user_irq_info info;
	struct vfu_client_msg m;
	struct vfu_client c;
	uint32_t want[3];
	size_t i, j;

	for (i = 0; i < IOM_ARRAY_SIZE(fns); i++) {
		hello(&c, fns[i].sock);
		if (config_ids(&c) != fns[i].ids)
			fail_msg("%s: other ids", fns[i].sock);
		want[0] = fns[i].intx;
		want[1] = fns[i].msi;
		want[2] = fns[i].msix;
		for (j = 0; j < 3; j++) {
			info = (struct vfio_user_irq_info){ .argsz = 16, .index = (uint32_t)j };
			assert_true(ask(&c, VFIO_USER_DEVICE_GET_IRQ_INFO, &info, 16, &m));
			memcpy(&info, m.data, sizeof(info));
			if (info.count != want[j])
				fail_msg("%s: index %zu has %u", fns[i].sock, j, info.count);
		}
		vfu_client_close(&c);
	}
}

/* U13 across processes: what was written stays; a second client changes nothing. */
static void clients_come_and_go(void)
{
	struct { struct vfio_user_region_access a; uint32_t val; } w = { { 0x3c, 7, 1 }, 0x5a };
	struct vfio_user_region_access r = { 0x3c, 7, 1 };
	struct vfu_client first, second;
	struct vfu_client_msg m;

	hello(&first, "sock/disk@3,0.sock");
	assert_true(ask(&first, VFIO_USER_REGION_WRITE, &w, 17, &m));
	vfu_client_connect(&second, in_dir("sock/disk@3,0.sock"));
	assert_true(vfu_client_closed(&second, 5000));
	vfu_client_close(&second);
	assert_int_equal(config_ids(&first), 0x10421af4);
	vfu_client_close(&first);
	hello(&first, "sock/disk@3,0.sock");
	assert_true(ask(&first, VFIO_USER_REGION_READ, &r, sizeof(r), &m));
	assert_int_equal(m.data[16], 0x5a);
	assert_true(ask(&first, VFIO_USER_DEVICE_RESET, NULL, 0, &m));
	assert_true(ask(&first, VFIO_USER_REGION_READ, &r, sizeof(r), &m));
	assert_int_equal(m.data[16], 0);
	vfu_client_close(&first);
}

static void check_report(void)
{
	struct json_object *o = json_object_from_file(in_dir("report")), *list, *e, *x;
	static const char *const keys[] = { "name", "bdf", "id", "domain", "maps", "unmaps",
		"bytes_read", "bytes_written", "faults" };
	size_t i;

	assert_non_null(o);
	assert_true(json_object_object_get_ex(o, "iommus", &list));
	assert_int_equal(json_object_array_length(list), 1);
	e = json_object_array_get_idx(list, 0);
	assert_true(json_object_object_get_ex(e, "requests", &x));
	assert_true(json_object_object_get_ex(x, "unmap", &x));
	assert_true(json_object_object_get_ex(e, "refused", &x));
	assert_true(json_object_object_get_ex(o, "endpoints", &list));
	assert_int_equal(json_object_array_length(list), 3);
	e = json_object_array_get_idx(list, 0);
	for (i = 0; i < IOM_ARRAY_SIZE(keys); i++)
		assert_true(json_object_object_get_ex(e, keys[i], &x));
	assert_true(json_object_object_get_ex(e, "bdf", &x));
	assert_string_equal(json_object_get_string(x), "00:03.0");
	json_object_put(o);
}

static void serves_until_the_signal(void **state)
{
	static const int signals[] = { SIGTERM, SIGINT };
	char fns[1024];
	size_t i;
	pid_t pid;

	(void)state;
	make_disk(4096);
	snprintf(fns, sizeof(fns), "%s%s", disk, rest);
	machine(fns);
	for (i = 0; i < 2; i++) {
		spill(in_dir("out"), "");
		pid = SPAWN(in_dir("m.dts"), "--dir", in_dir("sock"), OUTPUTS);
		wait_ready();
		assert_int_equal(count_files(in_dir("sock")), 5);
		functions_answer_as_described();
		clients_come_and_go();
		/* Its place is taken: socket and disk. */
		if (!i) {
			pid_t other = SPAWN(in_dir("m.dts"), "--dir", in_dir("sock"));

			assert_int_equal(reap(other), 2);
			assert_non_null(strstr(err, "in use"));
		}
		kill(pid, signals[i]);
		assert_int_equal(reap(pid), 0);
		assert_int_equal(count_files(in_dir("sock")), 0);
		assert_int_equal(access(in_dir("log"), F_OK), 0);
		check_report();
		unlink(in_dir("log"));
		unlink(in_dir("report"));
	}
}

/* A server that was killed leaves sockets; the next one takes their places. */
static void stale_sockets_are_replaced(void **state)
{
	struct vfu_client c;
	int status;
	pid_t pid;

	(void)state;
	machine(disk);
	spill(in_dir("out"), "");
	pid = SPAWN(in_dir("m.dts"), "--dir", in_dir("sock"));
	wait_ready();
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	assert_int_equal(count_files(in_dir("sock")), 2);
	spill(in_dir("out"), "");
	pid = SPAWN(in_dir("m.dts"), "--dir", in_dir("sock"), "--json");
	wait_ready();
	hello(&c, "sock/disk@3,0.sock");
	kill(pid, SIGTERM);			/* with a client connected */
	assert_int_equal(reap(pid), 0);
	assert_true(vfu_client_closed(&c, 5000));
	vfu_client_close(&c);
	assert_int_equal(count_files(in_dir("sock")), 0);
	assert_non_null(strstr(out, "\"event\":\"ready\""));
	assert_non_null(strstr(out, "\"event\":\"end\""));
}

static int make_dir(void **state)
{
	(void)state;
	if (system("dtc --version >/dev/null 2>&1")) {
		printf("SKIP: dtc is not installed\n");
		exit(77);
	}
	return mkdtemp(dir) ? mkdir(in_dir("sock"), 0700) : -1;
}

static int remove_dir(void **state)
{
	static const char *const names[] = { "m.dts", "disk.img", "out", "err", "log", "report" };
	size_t i;

	(void)state;
	for (i = 0; i < IOM_ARRAY_SIZE(names); i++)
		unlink(in_dir(names[i]));
	rmdir(in_dir("sock"));
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_machines_create_nothing),
		cmocka_unit_test(bad_disks_create_nothing),
		cmocka_unit_test(bad_places_create_nothing),
		cmocka_unit_test(help_has_an_example),
		cmocka_unit_test(print_args_creates_nothing),
		cmocka_unit_test(serves_until_the_signal),
		cmocka_unit_test(stale_sockets_are_replaced),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
