/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <vop/features.h>
#include <vop/violation.h>
#include "vop/service_watch.h"

static const struct vop_service_feature transport[] = {
	{VOP_F_INDIRECT_DESC, "INDIRECT_DESC"},
	{VOP_F_EVENT_IDX, "EVENT_IDX"},
	{VOP_F_VERSION_1, "VERSION_1"},
	{VOP_F_ACCESS_PLATFORM, "ACCESS_PLATFORM"},
	{VOP_F_RING_PACKED, "RING_PACKED"},
	{VOP_F_IN_ORDER, "IN_ORDER"},
	{VOP_F_ORDER_PLATFORM, "ORDER_PLATFORM"},
	{VOP_F_RING_RESET, "RING_RESET"},
	{0, NULL},
};

/* Append words to what buf holds; cut at its end. */
__attribute__((format(printf, 3, 4))) static void append(char *buf, size_t size, const char *fmt,
							 ...)
{
	size_t at = strlen(buf);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf + at, size - at, fmt, ap);
	va_end(ap);
}

static void append_features(char *buf, size_t size, const struct vop_service_feature *f,
			    const uint64_t *has)
{
	for (; f->name; f++)
		if (vop_feature_has(has, f->bit))
			append(buf, size, " %s", f->name);
}

void vop_service_watch_start(struct vop_service_watch *w, struct vop_device *d,
			     const struct vop_service_type *type, void *dev)
{
	*w = (struct vop_service_watch){.d = d, .type = type, .dev = dev};
}

void vop_service_watch_look(struct vop_service_watch *w, const char *who,
			    void (*say)(void *ctx, enum vop_service_event event, const char *text),
			    void *ctx)
{
	uint8_t now = vop_device_status(w->d), old = w->status;
	struct vop_service_stats st;
	char text[400] = "";

	w->type->stats(w->dev, &st);
	if (now == old && st.violations == w->violations)
		return;
	if (say && st.violations != w->violations) {
		snprintf(text, sizeof(text), "%s: violation: %s; it needs a reset", who,
			 vop_violation_str(st.last_violation));
		say(ctx, VOP_SERVICE_VIOLATION, text);
	}
	if (say && !(now & VOP_STATUS_DRIVER_OK) && (old & VOP_STATUS_DRIVER_OK)) {
		snprintf(text, sizeof(text), "%s: driver reset", who);
		say(ctx, VOP_SERVICE_RESET, text);
	}
	if (say && (now & VOP_STATUS_DRIVER_OK) && !(old & VOP_STATUS_DRIVER_OK)) {
		snprintf(text, sizeof(text), "%s: driver ok, features", who);
		append_features(text, sizeof(text), w->type->features, vop_device_features(w->d));
		append_features(text, sizeof(text), transport, vop_device_features(w->d));
		say(ctx, VOP_SERVICE_DRIVER_OK, text);
	}
	w->status = now;
	w->violations = st.violations;
}

void vop_service_watch_report(struct vop_service_watch *w, const char *who, int ms, char *text,
			      size_t size)
{
	const struct vop_service_counter *c = w->type->counters;
	double seconds = (double)ms / 1e3;
	struct vop_service_stats st;
	unsigned i;

	w->type->stats(w->dev, &st);
	snprintf(text, size, "%s: ", who);
	for (i = 0; c[i].before; i++) {
		append(text, size, "%s %llu %s", c[i].before, (unsigned long long)st.count[i],
		       c[i].after);
		if (c[i].rate)
			append(text, size, ", %.0f/s",
			       (double)(st.count[i] - w->last[i]) / seconds);
		append(text, size, "; ");
		w->last[i] = st.count[i];
	}
	append(text, size, "violations %llu", (unsigned long long)st.violations);
}
