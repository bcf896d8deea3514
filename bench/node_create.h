/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The devices of `vop-bench node --create TYPE[,KEY=VALUE]...`: the keys are those of the type
 * (vop/service_type.h) and a few that every device has, each with the rules and the messages of an
 * option (bench/opt.h).
 *
 * No state; main thread, since what is wrong is said on standard error.
 */
#ifndef BENCH_NODE_CREATE_H
#define BENCH_NODE_CREATE_H

#include <stdio.h>

#include "vop/service.h"

#define NODE_TYPE_ONE(name) +1u
#define NODE_TYPES	    (0u VOP_SERVICE_TYPES(NODE_TYPE_ONE))

/* One device of each type, as it is when nobody says more. */
struct node_base {
	struct vop_service_device dev[NODE_TYPES];
	unsigned n;
};

extern const char *const node_words[];	 /* by enum vop_node_id, ended by NULL */
extern const char *const notify_words[]; /* by enum vop_notify, ended by NULL */

/*
 * `text` is "TYPE[,KEY=VALUE]..."; it is cut into words, and the texts in *out point into it. *out
 * becomes the device of that type in base with these values. 0, or CMD_COULD_NOT after one line on
 * standard error.
 */
int node_create_parse(char *text, const struct node_base *base, struct vop_service_device *out);
/* The part of a help text that is about it: every type with its keys. */
void node_create_help(FILE *out);

#endif
