/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A device that is served, and what is said of it: that a driver is ready, resets it, breaks a
 * rule, and what it counted. The same words whatever front (device_front.h) brings the drivers.
 *
 * Threads: control thread.
 */
#ifndef VOP_SERVICE_WATCH_H
#define VOP_SERVICE_WATCH_H

#include "vop/service.h"

struct vop_service_watch {
	struct vop_device *d;
	const struct vop_service_type *type;
	void *dev; /* the type's; NULL: nothing is served */
	uint8_t status;
	uint64_t violations;
	uint64_t last[VOP_SERVICE_COUNTERS_MAX]; /* counters at the last report */
};

void vop_service_watch_start(struct vop_service_watch *w, struct vop_device *d,
			     const struct vop_service_type *type, void *dev);
/* Say what changed since the last look; who: "device 3 eth7". say may be NULL. */
void vop_service_watch_look(struct vop_service_watch *w, const char *who,
			    void (*say)(void *ctx, enum vop_service_event event, const char *text),
			    void *ctx);
/* "WHO: transmit 17 frames, 4/s; ...; violations 0"; ms: since the last report. */
void vop_service_watch_report(struct vop_service_watch *w, const char *who, int ms, char *text,
			      size_t size);

#endif
