/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which scheme of a URI is played by whom. A new transport is one file and one line in
 * schemes[].
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "target/target.h"
#include "target/vhost_user.h"
#include "target/vop.h"

static const struct target_ops *const schemes[] = {
	&target_vop_ops,
	&target_vhost_user_ops,
	NULL,
};

const struct target_ops *const *target_schemes(void)
{
	return schemes;
}

int target_error(struct vop_error *err, int code, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return code;
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	return code;
}

/* "vop:, vhost-user:" */
static const char *known(char *buf, size_t size)
{
	const struct target_ops *const *s;
	size_t used = 0;

	buf[0] = '\0';
	for (s = schemes; *s && used < size; s++) {
		int n = snprintf(buf + used, size - used, "%s%s:", used ? ", " : "", (*s)->scheme);

		used += (size_t)VOP_MAX(n, 0);
	}
	return buf;
}

int target_open(const struct target_config *cfg, struct target **out, struct vop_error *err)
{
	const char *uri = cfg->uri ? cfg->uri : "";
	size_t len = strcspn(uri, ":");
	const struct target_ops *const *s;
	char list[96];
	int r;

	*out = NULL;
	if (uri[len] != ':')
		return target_error(err, -EINVAL, "target '%.64s' has no scheme; write one of: %s",
				    uri, known(list, sizeof(list)));
	for (s = schemes; *s; s++)
		if (strlen((*s)->scheme) == len && memcmp((*s)->scheme, uri, len) == 0)
			break;
	if (!*s)
		return target_error(err, -EINVAL, "target '%.64s': unknown scheme; known: %s", uri,
				    known(list, sizeof(list)));
	if (uri[len + 1] == '\0')
		return target_error(err, -EINVAL,
				    "target '%s' names nothing behind the colon: %s (known: %s)",
				    uri, (*s)->help, known(list, sizeof(list)));
	r = (*s)->open(cfg, out, err);
	if (!r && cfg->device_id)
		(*out)->device_id = cfg->device_id;
	return r;
}

void target_close(struct target *t)
{
	if (t)
		t->ops->close(t);
}

const char *target_lack_text(uint32_t bit)
{
	switch (bit) {
#define TARGET_LACK_CASE(sym, n, text)                                                             \
	case 1u << (n):                                                                            \
		return text;
		TARGET_LACKS(TARGET_LACK_CASE)
#undef TARGET_LACK_CASE
	default:
		return NULL;
	}
}
