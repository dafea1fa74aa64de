/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `iom fw` from its command line: it reads everything that was recorded, what
 * it writes passes iasl and dtc, and bad input gets one line, status 2 and no
 * file. Foreign compilers that are absent are a skip with the reason.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <json-c/json.h>

#include <iom/base/field.h>

#include "iom.h"
#include "lib/acpi.h"
#include "lib/test.h"
#include "machine_load.h"

#define DATA "tests/data/fw/"

static char dir[64];
static char out[1 << 16], err[1 << 12];	/* of the last command */

/* A name in our own folder; good for the next 31 calls, of which run() has 4. */
static const char *in_dir(const char *name)
{
	static char path[32][128];
	static unsigned int n;

	n = (n + 1) % 32;
	snprintf(path[n], sizeof(path[n]), "%s/%s", dir, name);
	return path[n];
}

static size_t slurp(const char *file, void *buf, size_t cap)
{
	FILE *f = fopen(file, "rb");
	size_t n;

	assert_non_null(f);
	n = fread(buf, 1, cap - 1, f);
	((char *)buf)[n] = '\0';
	fclose(f);
	return n;
}

static void spill(const char *file, const void *data, size_t len)
{
	FILE *f = fopen(file, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	fclose(f);
}

static int redirect(int fd, const char *file)
{
	int to = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600), was;

	assert_true(to >= 0);
	fflush(NULL);
	was = dup(fd);
	dup2(to, fd);
	close(to);
	return was;
}

static void restore(int fd, int was)
{
	fflush(NULL);
	dup2(was, fd);
	close(was);
}

/* iom fw with these arguments; fills out and err. */
#define FW(...) run((const char *[]){ "fw", __VA_ARGS__, NULL })
static int run(const char *const *args)
{
	char *argv[16];
	int argc = 0, was_out, was_err, rc;

	for (; args[argc]; argc++)
		argv[argc] = strdup(args[argc]);
	argv[argc] = NULL;
	was_out = redirect(STDOUT_FILENO, in_dir("stdout"));
	was_err = redirect(STDERR_FILENO, in_dir("stderr"));
	rc = iom_tool_fw(argc, argv);
	restore(STDOUT_FILENO, was_out);
	restore(STDERR_FILENO, was_err);
	while (argc)
		free(argv[--argc]);
	slurp(in_dir("stdout"), out, sizeof(out));
	slurp(in_dir("stderr"), err, sizeof(err));
	return rc;
}

/* A shell command; 0 if it succeeded. Its output is in out. */
__attribute__((format(printf, 1, 2)))
static int sh(const char *fmt, ...)
{
	char cmd[1024];
	size_t n;
	va_list ap;
	FILE *f;

	va_start(ap, fmt);
	vsnprintf(cmd, sizeof(cmd), fmt, ap);
	va_end(ap);
	f = popen(cmd, "r");
	assert_non_null(f);
	n = fread(out, 1, sizeof(out) - 1, f);
	out[n] = '\0';
	return pclose(f);
}

static bool have(const char *program)
{
	return !sh("command -v %s", program);
}

static int set_up(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/iom-fw-test.");
	memset(dir + strlen(dir), 'X', 6);
	return mkdtemp(dir) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	return sh("rm -rf %s", dir);
}

/* --- reading --------------------------------------------------------------- */

static const struct {
	const char *file;
	const char *kind;
	const char *list;		/* an array in the JSON and how long it is */
	size_t len;
	const char *text;		/* found in the text */
} files[] = {
	{ "viot-virt.VIOT.aml", "viot", "nodes", 2, "virtio-iommu-pci   0000:00:05.0" },
	{ "viot-q35.VIOT.aml", "viot", "nodes", 2, "endpoints 0x0-0xff  behind node 0x30" },
	{ "viot-q35-pxb.VIOT.aml", "viot", "nodes", 3, "endpoints 0x1000-0x11ff" },
	{ "acpica-template.VIOT.aml", "viot", "nodes", 4, "0x1c000000  endpoint 0x10000" },
	{ "iort-its.IORT.aml", "iort", "nodes", 3, "streams 0x0-0xff  behind node 0x48" },
	{ "iort-two-smmu.IORT.aml", "iort", "nodes", 4, "0000:10:00.0 - 0000:11:1f.7  streams" },
	{ "iort-gicv2.IORT.aml", "iort", "nodes", 2, "smmuv3           0x9050000" },
	{ "iort-no-smmu.IORT.aml", "iort", "nodes", 2, "its-group" },
	{ "viot-virt.IORT.aml", "iort", "nodes", 2, "root-complex" },
	{ "acpica-template.IORT.aml", "iort", "nodes", 7, "its own MSIs  to nowhere" },
	{ "efi-stub-acpi.dtb.gz", "fdt", "iommus", 0, "nothing here" },
	{ "virt-none.dtb.gz", "fdt", "bridges", 1, "1 bridges, 0 IOMMUs" },
	{ "virt-virtio-iommu.dtb.gz", "fdt", "iommus", 1, "ids 0x19-0xffff  behind /pcie" },
	{ "virt-smmuv3-its.dtb.gz", "fdt", "iommus", 1, "smmuv3  0x9050000-0x906ffff" },
	{ "virt-smmuv3-device.dtb.gz", "fdt", "iommus", 1, "smmuv3  0xc000000" },
	{ "virt-secure-smmuv3.dtb.gz", "fdt", "iommus", 1, "smmuv3" },
	{ "virt-smmuv3-running.dtb.gz", "fdt", "iommus", 1, "smmuv3" },
	{ "imx95-19x19-evk.dtb.gz", "fdt", "bridges", 4, "mask 0x1ff" },
	{ "rk3588-evb1-v10.dtb.gz", "fdt", "endpoints", 15, "ids 0x3000-0x3fff" },
};

static void reads_all(void **state)
{
	struct json_object *j, *o, *v;
	char path[128];
	size_t i;

	(void)state;
	for (i = 0; i < IOM_ARRAY_SIZE(files); i++) {
		snprintf(path, sizeof(path), DATA "%s", files[i].file);
		assert_int_equal(FW("read", path), IOM_TOOL_OK);
		assert_string_equal(err, "");
		assert_non_null(strstr(out, files[i].text));
		assert_int_equal(FW("read", "--json", path), IOM_TOOL_OK);
		j = json_tokener_parse(out);
		assert_non_null(j);
		assert_int_equal(json_object_array_length(j), 1);
		o = json_object_array_get_idx(j, 0);
		assert_true(json_object_object_get_ex(o, "kind", &v));
		assert_string_equal(json_object_get_string(v), files[i].kind);
		assert_true(json_object_object_get_ex(o, files[i].list, &v));
		assert_int_equal(json_object_array_length(v), files[i].len);
		json_object_put(j);
	}
}

/* Every word of it: what was once found right stays. JSON of one of each kind. */
static void same_print(const char *form, const char *file)
{
	static char want[1 << 16];
	char path[128], text[160];

	snprintf(path, sizeof(path), DATA "%s", file);
	snprintf(text, sizeof(text), DATA "read/%s.%s", file, form);
	if (!strcmp(form, "json"))
		assert_int_equal(FW("read", "--json", path), IOM_TOOL_OK);
	else
		assert_int_equal(FW("read", path), IOM_TOOL_OK);
	slurp(text, want, sizeof(want));
	assert_string_equal(out, want);
}

static void as_printed_before(void **state)
{
	static const char *const json[] = { "viot-q35.VIOT.aml", "iort-two-smmu.IORT.aml",
					    "virt-smmuv3-its.dtb.gz" };
	size_t i;

	(void)state;
	for (i = 0; i < IOM_ARRAY_SIZE(files); i++)
		same_print("txt", files[i].file);
	for (i = 0; i < IOM_ARRAY_SIZE(json); i++)
		same_print("json", json[i]);
	if (!have("dtc"))
		TEST_SKIP("no dtc: install the Debian package device-tree-compiler");
	same_print("txt", "board.dts");
	same_print("json", "board.dts");
}

static void help_is_help(void **state)
{
	(void)state;
	assert_int_equal(FW("--help"), IOM_TOOL_OK);
	assert_non_null(strstr(out, "Example"));
	assert_int_equal(FW("read"), IOM_TOOL_USAGE);
	assert_int_equal(FW("write"), IOM_TOOL_USAGE);
	assert_int_equal(FW("read", "--nonsense", "x"), IOM_TOOL_USAGE);
	assert_int_equal(FW("viot", DATA "machine.dts"), IOM_TOOL_USAGE);
}

/* --- writing --------------------------------------------------------------- */

static void passes_iasl(const char *name, const char *machine)
{
	uint8_t a[512];

	assert_int_equal(FW("viot", machine, "-o", in_dir("a.aml")), IOM_TOOL_OK);
	test_iasl_agrees(name, dir, a, slurp(in_dir("a.aml"), (char *)a, sizeof(a)));
}

static void viot_passes_iasl(void **state)
{
	const char *name;

	(void)state;
	if (!have("dtc"))
		TEST_SKIP("no dtc: install the Debian package device-tree-compiler");
	name = test_iasl();
	if (!name)
		TEST_SKIP("no iasl that knows VIOT: scripts/setup check, or IASL=");
	passes_iasl(name, DATA "machine.dts");
	passes_iasl(name, DATA "mmio.dts");
}

/* dtc reads it without a word, with all its checks on. */
static void passes_dtc(const char *form, const char *file)
{
	assert_int_equal(sh("dtc -I %s -O dts -o %s/dtc.dts %s 2>&1", form, dir, file), 0);
	assert_string_equal(out, "");
}

static void dt_passes_dtc(void **state)
{
	const char *machine = DATA "machine.dts";
	char a[1 << 14], b[1 << 14];

	(void)state;
	if (!have("dtc"))
		TEST_SKIP("no dtc: install the Debian package device-tree-compiler");
	assert_int_equal(sh("gzip -dc " DATA "virt-none.dtb.gz >%s", in_dir("base.dtb")), 0);
	passes_dtc("dtb", in_dir("base.dtb"));
	assert_int_equal(FW("dt", machine, "--base", in_dir("base.dtb"), "-o", in_dir("new.dtb")),
			 IOM_TOOL_OK);
	assert_non_null(strstr(out, "fdt of"));
	passes_dtc("dtb", in_dir("new.dtb"));
	assert_int_equal(FW("dt", machine, "-o", in_dir("o.dtbo")), IOM_TOOL_OK);
	passes_dtc("dtb", in_dir("o.dtbo"));
	assert_int_equal(FW("dt", machine, "-o", in_dir("o.dts")), IOM_TOOL_OK);
	passes_dtc("dts", in_dir("o.dts"));
	/* The overlay, blob or source, makes the same of base as --base does. */
	if (!have("fdtoverlay"))
		TEST_SKIP("no fdtoverlay: it comes with dtc 1.4.2 and later");
	assert_int_equal(sh("cd %s && dtc -q -I dts -O dtb -o o2.dtbo o.dts && "
			    "fdtoverlay -i base.dtb -o 1.dtb o.dtbo && "
			    "fdtoverlay -i base.dtb -o 2.dtb o2.dtbo && cd - >/dev/null", dir), 0);
	assert_int_equal(FW("read", in_dir("new.dtb")), IOM_TOOL_OK);
	strcpy(a, strchr(out, ' '));
	assert_int_equal(FW("read", in_dir("1.dtb")), IOM_TOOL_OK);
	strcpy(b, strchr(out, ' '));
	assert_string_equal(a, b);
	assert_int_equal(FW("read", in_dir("2.dtb")), IOM_TOOL_OK);
	assert_string_equal(a, strchr(out, ' '));
	assert_non_null(strstr(a, "0000:01:00.0 - 0000:01:00.0  ids 0x100-0x100"));
	/* From a base in source, and to standard output. */
	assert_int_equal(FW("dt", machine, "--base", in_dir("dtc.dts"), "-o", "-"), IOM_TOOL_USAGE);
	passes_dtc("dtb", in_dir("base.dtb"));
	assert_int_equal(FW("dt", machine, "--base", in_dir("dtc.dts"), "-o", "-"), IOM_TOOL_OK);
	assert_memory_equal(out, "\xd0\x0d\xfe\xed", 4);
}

static void json_of_written(void **state)
{
	struct json_object *j, *v;
	struct stat st;

	(void)state;
	if (!have("dtc"))
		TEST_SKIP("no dtc: install the Debian package device-tree-compiler");
	assert_int_equal(FW("viot", "--json", DATA "mmio.dts", "-o", in_dir("j.aml")), IOM_TOOL_OK);
	j = json_tokener_parse(out);
	assert_non_null(j);
	assert_int_equal(stat(in_dir("j.aml"), &st), 0);
	assert_true(json_object_object_get_ex(j, "bytes", &v));
	assert_int_equal(json_object_get_int(v), st.st_size);
	json_object_put(j);
	assert_int_equal(FW("viot", "--json", DATA "mmio.dts", "-o", "-"), IOM_TOOL_USAGE);
}

/* --- bad input ------------------------------------------------------------- */

/* Status 2, one line on stderr that has all of these, nothing on stdout. */
static void assert_one_line(int rc, const char *a, const char *b, const char *c)
{
	if (rc != IOM_TOOL_USAGE || !strstr(err, a) || !strstr(err, b) || !strstr(err, c))
		print_error("%d: %s", rc, err);
	assert_int_equal(rc, IOM_TOOL_USAGE);
	assert_non_null(strstr(err, a));
	assert_non_null(strstr(err, b));
	assert_non_null(strstr(err, c));
	assert_ptr_equal(strchr(err, '\n') + 1, err + strlen(err));
	assert_string_equal(out, "");
}

static const struct {
	unsigned int at;
	char value;
	const char *node;
	const char *prop;
} iorts[] = {
	{ 9, 0, "bad.aml", "checksum" },
	{ 0x31, 0, "node at 0x00000030", "length" },
	{ 0x42, 1, "node at 0x00000030", "ITS count" },
	{ 0x98, 0x31, "node at 0x00000048", "output reference" },
	{ 0xa1, 0x7f, "node at 0x000000a0", "length" },
	{ 0xac, 0x7f, "node at 0x000000a0", "mapping offset" },
};

static void bad_input(void **state)
{
	char bytes[4096];
	size_t n, i;

	(void)state;
	assert_one_line(FW("read", in_dir("absent")), in_dir("absent"), "No such file", "");
	spill(in_dir("text"), "hello", 5);
	assert_one_line(FW("read", in_dir("text")), in_dir("text"), "neither", "");
	n = slurp(DATA "viot-q35.VIOT.aml", bytes, sizeof(bytes));
	bytes[70]++;
	spill(in_dir("bad.aml"), bytes, n);
	assert_one_line(FW("read", in_dir("bad.aml")), in_dir("bad.aml"), "checksum", "");
	bytes[70]--;
	spill(in_dir("cut.aml"), bytes, n - 1);
	assert_one_line(FW("read", in_dir("cut.aml")), in_dir("cut.aml"), "length", "");
	/* An IORT is named with the node's offset: no ITS there, a mapping outside, no end. */
	n = slurp(DATA "iort-its.IORT.aml", bytes, sizeof(bytes));
	for (i = 0; i < IOM_ARRAY_SIZE(iorts); i++) {
		char kept = bytes[iorts[i].at];

		bytes[iorts[i].at] = iorts[i].value;
		if (strcmp(iorts[i].prop, "checksum"))
			test_acpi_checksum((uint8_t *)bytes, n);
		spill(in_dir("bad.aml"), bytes, n);
		assert_one_line(FW("read", in_dir("bad.aml")), in_dir("bad.aml"), iorts[i].node,
				iorts[i].prop);
		assert_one_line(FW("read", "--machine", in_dir("bad.aml")), in_dir("bad.aml"),
				iorts[i].node, iorts[i].prop);
		bytes[iorts[i].at] = kept;
	}
	assert_int_equal(sh("gzip -dc " DATA "virt-none.dtb.gz | head -c 9999 >%s",
			    in_dir("cut.dtb")), 0);
	assert_one_line(FW("read", in_dir("cut.dtb")), in_dir("cut.dtb"), "damaged", "");
	/* The others are read all the same, and the worst result counts. */
	assert_int_equal(FW("read", in_dir("text"), DATA "viot-q35.VIOT.aml"), IOM_TOOL_USAGE);
	assert_non_null(strstr(out, "virtio-iommu-pci"));
}

static const struct {
	const char *sed;
	const char *node;
	const char *prop;
} breaks[] = {
	{ "s/iom,boot-bypass = <1>/iom,boot-bypas = <1>/", "/pcie@10000000/iommu@2,0",
	  "iom,boot-bypas:" },
	{ "s/virtio,rng/virtio,gpu/", "/pcie@10000000/", "compatible" },
	{ "s/iom,file = \"disk.img\";//", "/pcie@10000000/disk@3,0", "iom,file" },
	{ "s/0x18 &viommu 0x18 0x10/0x10 \\&viommu 0x10 0x18/", "/pcie@10000000", "iommu-map" },
	{ "s/0x100 &viommu 0x100 8/0x100 \\&viommu 0x20 8/", "/pcie@10000000", "iommu-map" },
	{ "s/reg = <0x1900/reg = <0x1800/", "/pcie@10000000/", "reg" },
	{ "s/&viommu/0x77/", "/pcie@10000000", "iommu-map" },
};

static void bad_machines(void **state)
{
	const char *bad = in_dir("bad.dts"), *to = in_dir("never");
	size_t i;

	(void)state;
	if (!have("dtc"))
		TEST_SKIP("no dtc: install the Debian package device-tree-compiler");
	for (i = 0; i < IOM_ARRAY_SIZE(breaks); i++) {
		assert_int_equal(sh("sed '%s' " DATA "machine.dts >%s", breaks[i].sed,
				    in_dir("bad.dts")), 0);
		bad = in_dir("bad.dts");
		to = in_dir("never");
		assert_one_line(FW("viot", bad, "-o", to), bad, breaks[i].node, breaks[i].prop);
		assert_one_line(FW("dt", bad, "-o", to), bad, breaks[i].node, breaks[i].prop);
		assert_int_equal(access(to, F_OK), -1);
	}
	spill(in_dir("bad.dts"), "/dts-v1/;\n/ {\n\tx = <1\n};\n", 24);
	bad = in_dir("bad.dts");
	to = in_dir("never");
	assert_one_line(FW("viot", bad, "-o", to), bad, "dtc", ":4");
	assert_int_equal(access(to, F_OK), -1);
	/* What cannot be written leaves what was there. */
	spill(in_dir("kept"), "kept", 4);
	assert_one_line(FW("dt", DATA "mmio.dts", "-o", in_dir("kept")), "mmio.dts", "virtio_mmio",
			"");
	assert_int_equal(slurp(in_dir("kept"), out, sizeof(out)), 4);
	assert_int_equal(FW("viot", DATA "mmio.dts", "-o", in_dir("no/such/folder")),
			 IOM_TOOL_FAIL);
}

static void paths(void **state)
{
	char *p;

	(void)state;
	p = iom_tool_machine_path("a/b/machine.dts", "disk.img");
	assert_string_equal(p, "a/b/disk.img");
	free(p);
	p = iom_tool_machine_path("machine.dts", "disk.img");
	assert_string_equal(p, "disk.img");
	free(p);
	p = iom_tool_machine_path("a/machine.dts", "/abs/disk.img");
	assert_string_equal(p, "/abs/disk.img");
	free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_all),
		cmocka_unit_test(as_printed_before),
		cmocka_unit_test(help_is_help),
		cmocka_unit_test(viot_passes_iasl),
		cmocka_unit_test(dt_passes_dtc),
		cmocka_unit_test(json_of_written),
		cmocka_unit_test(bad_input),
		cmocka_unit_test(bad_machines),
		cmocka_unit_test(paths),
	};

	return cmocka_run_group_tests_name("fw", tests, set_up, tear_down);
}
