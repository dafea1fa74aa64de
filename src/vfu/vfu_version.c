/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VERSION: the only message with text in it. We speak 0.0 to everyone who
 * speaks major 0. The reply is never longer than the request (U2), because
 * QEMU reads it into a buffer of that size: from our list of capabilities to
 * an empty list to no text, whichever fits first, and we then keep to what it
 * says.
 */
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "vfu/vfu_int.h"

#define JSON_DEPTH 8

/* An integer capability in [min, INT32_MAX]; absent: *out stays. */
static int get_int(struct json_object *caps, const char *name, int64_t min, uint32_t *out)
{
	struct json_object *o;
	int64_t val;

	if (!json_object_object_get_ex(caps, name, &o))
		return IOM_OK;
	if (!json_object_is_type(o, json_type_int))
		return IOM_EINVAL;
	val = json_object_get_int64(o);
	if (val < min)
		return IOM_EINVAL;
	*out = val > INT32_MAX ? INT32_MAX : (uint32_t)val;
	return IOM_OK;
}

/* We send no descriptors and map nothing, so only one capability says anything to us. */
static int read_capabilities(struct json_object *text, uint32_t *xfer)
{
	struct json_object *caps;

	if (!json_object_is_type(text, json_type_object))
		return IOM_EINVAL;
	if (!json_object_object_get_ex(text, "capabilities", &caps))
		return IOM_OK;
	if (!json_object_is_type(caps, json_type_object))
		return IOM_EINVAL;
	return get_int(caps, "max_data_xfer_size", 1, xfer);
}

static int read_text(const char *text, size_t len, uint32_t *xfer)
{
	struct json_tokener *tok;
	struct json_object *o;
	int rc = IOM_EINVAL;

	if (!len)
		return IOM_OK;		/* none: all defaults */
	if (len > VFU_MAX_VERSION || text[len - 1] != '\0' || strlen(text) != len - 1)
		return IOM_EINVAL;
	tok = json_tokener_new_ex(JSON_DEPTH);
	if (!tok)
		return IOM_ENOMEM;
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT);
	o = json_tokener_parse_ex(tok, text, (int)len);
	if (json_tokener_get_error(tok) == json_tokener_success)
		rc = read_capabilities(o, xfer);
	json_object_put(o);
	json_tokener_free(tok);
	return rc;
}

int iomi_vfu_version(struct iom_vfu *v, struct iomi_vfu_msg *m, struct iomi_vfu_reply *r)
{
	static const char none[] = "{\"capabilities\":{}}";
	uint32_t xfer = VFIO_USER_DEFAULT_MAX_DATA_XFER_SIZE;
	struct vfio_user_version ver;
	size_t room = m->len - sizeof(ver), len;
	int rc;

	memcpy(&ver, m->data, sizeof(ver));
	rc = ver.major ? IOM_EOPNOTSUPP :
	     read_text((const char *)m->data + sizeof(ver), room, &xfer);
	if (rc) {
		iomi_vfu_note(v, "version %u.%u refused: %s", ver.major, ver.minor,
			      iom_err_str(rc));
		v->dead = true;		/* after the reply */
		return rc;
	}
	ver.minor = 0;
	memcpy(r->head, &ver, sizeof(ver));
	r->head_len = sizeof(ver);
	r->data = v->scratch;
	len = (size_t)snprintf((char *)v->scratch, VFU_MAX_XFER,
			       "{\"capabilities\":{\"max_msg_fds\":%u,\"max_data_xfer_size\":%u,"
			       "\"max_dma_maps\":%u,\"pgsizes\":%u,\"write_multiple\":true}}",
			       VFU_MAX_FDS, VFU_MAX_XFER, VFU_MAX_MAPS, VFU_PAGE) + 1;
	if (len > room) {
		len = sizeof(none) <= room ? sizeof(none) : 0;
		r->data = none;
	}
	r->data_len = len;
	atomic_store(&v->peer_xfer, xfer < VFU_MAX_XFER ? xfer : VFU_MAX_XFER);
	v->agreed = true;
	atomic_store(&v->connected, true);
	iomi_vfu_count(&v->nr.connections);
	v->ops.connection(v->cfg.dev, true);
	return IOM_OK;
}
