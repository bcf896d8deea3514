/* SPDX-License-Identifier: BSD-2-Clause */
/* The list of device types a node can serve, and looking things up in it. */
#include <string.h>

#include "vop/service_type.h"

#define ENTRY(name) &vop_service_##name,
const struct vop_service_type *const vop_service_types[] = {VOP_SERVICE_TYPES(ENTRY) NULL};
#undef ENTRY

const struct vop_service_type *vop_service_type_named(const char *name)
{
	unsigned i;

	for (i = 0; vop_service_types[i]; i++)
		if (strcmp(vop_service_types[i]->name, name) == 0)
			return vop_service_types[i];
	return NULL;
}

const struct vop_service_type *vop_service_type_of(uint16_t device_id)
{
	unsigned i;

	for (i = 0; vop_service_types[i]; i++)
		if (vop_service_types[i]->device_id == device_id)
			return vop_service_types[i];
	return NULL;
}

int vop_service_key_index(const struct vop_service_type *t, const char *name)
{
	int i;

	for (i = 0; t->keys[i].name; i++)
		if (strcmp(t->keys[i].name, name) == 0)
			return i;
	return -ENOENT;
}

struct vop_service_device vop_service_default(const struct vop_service_type *t,
					      enum vop_node_id device)
{
	struct vop_service_device d = {
		.type = t,
		.device = device,
		.notify = VOP_NOTIFY_ADAPTIVE,
		.queue_size = VOP_SERVICE_QUEUE_SIZE,
	};
	unsigned i;

	for (i = 0; t->keys[i].name && i < VOP_SERVICE_KEYS_MAX; i++)
		if (t->keys[i].kind == VOP_KEY_TEXT)
			d.v[i].text = NULL;
		else
			d.v[i].number = t->keys[i].def;
	return d;
}
