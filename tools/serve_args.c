/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * QEMU's arguments for the functions of a machine, in the order in which it
 * wants them: a root port for each bus above 0, then the functions. Numbers of
 * buses are the guest's, which counts root ports in the order of their slots;
 * a bus that the machine skips gets a port with nothing behind it.
 */
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "iom.h"
#include "serve.h"

/* Slots of bus 0 for root ports: above QEMU's own first ones, below those it fills itself. */
#define PORT_SLOT_FIRST	0x08u
#define PORT_SLOT_LAST	0x1bu

struct args {
	char **v;
	size_t n;
	bool failed;
};

static void add(struct args *a, const char *text)
{
	char **v = realloc(a->v, (a->n + 2) * sizeof(*v));

	if (!v) {
		a->failed = true;
		return;
	}
	a->v = v;
	v[a->n] = strdup(text);
	a->failed |= !v[a->n];
	v[a->n + 1] = NULL;
	a->n += !!v[a->n];
}

static void add_device(struct args *a, struct json_object *o)
{
	add(a, "-device");
	add(a, json_object_to_json_string_ext(o, JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
}

static void put_str(struct json_object *o, const char *key, const char *val)
{
	json_object_object_add(o, key, json_object_new_string(val));
}

static bool slot_taken(const struct serve *s, uint32_t slot)
{
	unsigned int i;

	for (i = 0; i < s->nr_fns; i++) {
		if (!iom_machine_bdf_bus(s->fn[i].m->bdf) &&
		    iom_machine_bdf_dev(s->fn[i].m->bdf) == slot)
			return true;
	}
	return false;
}

/* IOM_TOOL_USAGE if there are more buses than slots for their ports. */
static int add_ports(const struct serve *s, struct args *a)
{
	uint32_t bus, last = 0, slot = PORT_SLOT_FIRST;
	struct json_object *o;
	char text[32];
	unsigned int i;

	for (i = 0; i < s->nr_fns; i++) {
		if (iom_machine_bdf_bus(s->fn[i].m->bdf) > last)
			last = iom_machine_bdf_bus(s->fn[i].m->bdf);
	}
	for (bus = 1; bus <= last; bus++, slot++) {
		while (slot_taken(s, slot))
			slot++;
		if (slot > PORT_SLOT_LAST) {
			fprintf(stderr, "iom: %s: bus %u: there is no slot of bus 0 left for its "
				"root port\n", s->o.machine, bus);
			return IOM_TOOL_USAGE;
		}
		o = json_object_new_object();
		put_str(o, "driver", "pcie-root-port");
		snprintf(text, sizeof(text), "iom-bus%u", bus);
		put_str(o, "id", text);
		snprintf(text, sizeof(text), "%02x.0", slot);
		put_str(o, "addr", text);
		json_object_object_add(o, "chassis", json_object_new_int((int)bus));
		add_device(a, o);
	}
	return IOM_TOOL_OK;
}

static bool heads_slot(const struct serve *s, unsigned int n)
{
	const struct iom_machine_fn *m = s->fn[n].m, *next = m + 1;

	return !iom_machine_bdf_fn(m->bdf) && n + 1 < s->nr_fns && next->segment == m->segment &&
	       next->bdf >> 3 == m->bdf >> 3;
}

static void add_fn(const struct serve *s, struct args *a, unsigned int n)
{
	const struct serve_fn *f = &s->fn[n];
	uint8_t bus = iom_machine_bdf_bus(f->m->bdf);
	struct json_object *o = json_object_new_object(), *sock = json_object_new_object();
	char text[32];

	put_str(o, "driver", "vfio-user-pci");
	if (bus) {
		snprintf(text, sizeof(text), "iom-bus%u", bus);
		put_str(o, "bus", text);
	}
	snprintf(text, sizeof(text), "%02x.%x", iom_machine_bdf_dev(f->m->bdf),
		 iom_machine_bdf_fn(f->m->bdf));
	put_str(o, "addr", text);
	if (heads_slot(s, n))
		json_object_object_add(o, "multifunction", json_object_new_boolean(true));
	put_str(sock, "type", "unix");
	put_str(sock, "path", f->socket);
	json_object_object_add(o, "socket", sock);
	add_device(a, o);
}

int iom_tool_serve_qemu_args(struct serve *s, char ***out)
{
	struct args a = { .v = NULL };
	unsigned int i;
	int rc = add_ports(s, &a);

	for (i = 0; i < s->nr_fns && !rc; i++)
		add_fn(s, &a, i);
	if (!rc && a.failed) {
		fprintf(stderr, "iom: %s: out of memory\n", s->o.machine);
		rc = IOM_TOOL_FAIL;
	}
	if (rc)
		iom_tool_serve_free_args(a.v);
	else
		*out = a.v;
	return rc;
}

void iom_tool_serve_free_args(char **args)
{
	size_t i;

	for (i = 0; args && args[i]; i++)
		free(args[i]);
	free(args);
}
