/* SPDX-License-Identifier: BSD-2-Clause */
/* vop:PATH, the VOP as target, and what only it can do: several devices over one link. */
#ifndef TARGET_VOP_H
#define TARGET_VOP_H

#include "target/target.h"

extern const struct target_ops target_vop_ops;

/*
 * Open the n-th device (from 0, in the order of slots) that matches what t was opened for, as a
 * target of its own on t's link; t itself was number 0. It waits for the device as target_open()
 * does; when t was opened with `create`, it creates it. The link lives until the last target of it
 * is closed, in whatever order. All of them belong to one control thread; servicing one services
 * all. 0; -EBUSY: the n-th is open already; -ETIMEDOUT, -EPIPE, -ENOSPC (no slot), -ENOMEM;
 * -ENOTSUP: t is no vop: target.
 */
int target_vop_share(struct target *t, unsigned n, struct target **out, struct vop_error *err);

/*
 * The node behind t, for what needs the link itself (statistics, the device role on the same
 * link). NULL: t is no vop: target.
 */
struct vop_node *target_vop_node(struct target *t);

#endif
