/* SPDX-License-Identifier: BSD-2-Clause */
/* How a check ends, and what it says on the way. */
#include <stdio.h>
#include <string.h>

#include "conformance/internal.h"

static void end(struct conf *c, enum conf_outcome o, const char *fmt, va_list ap)
{
	c->outcome = o;
	vsnprintf(c->text, sizeof(c->text), fmt, ap);
}

_Noreturn void conf_end(struct conf *c, enum conf_outcome o, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	end(c, o, fmt, ap);
	va_end(ap);
	longjmp(c->out, 1);
}

_Noreturn void conf_fail(struct conf *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	end(c, CONF_FAIL, fmt, ap);
	va_end(ap);
	longjmp(c->out, 1);
}

_Noreturn void conf_skip(struct conf *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	end(c, CONF_SKIP, fmt, ap);
	va_end(ap);
	longjmp(c->out, 1);
}

_Noreturn void conf_error(struct conf *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	end(c, CONF_ERROR, fmt, ap);
	va_end(ap);
	longjmp(c->out, 1);
}

void conf_warn(struct conf *c, const char *fmt, ...)
{
	va_list ap;

	if (c->outcome != CONF_PASS)
		return; /* the first one is told */
	va_start(ap, fmt);
	end(c, CONF_WARN, fmt, ap);
	va_end(ap);
}

void conf_note(struct conf *c, const char *fmt, ...)
{
	va_list ap;

	if (c->hurry)
		return;
	va_start(ap, fmt);
	vsnprintf(c->note[c->notes++ % CONF_NOTES], CONF_NOTE_LEN, fmt, ap);
	va_end(ap);
}

/*
 * Over vhost-user a connection may be lost without the device: an answer to nonsense, and a failure
 * anywhere else. Whether the device lives is found out by the runner.
 */
static bool can_reconnect(const struct conf *c)
{
	return c->sut->ops->reconnect && strcmp(c->t->ops->scheme, "vhost-user") == 0;
}

int conf_said(struct conf *c, int r, const char *doing)
{
	const char *fate = NULL, *why;

	if (r == -ETIMEDOUT)
		conf_end(c, CONF_HANG, "the device did not answer while %s", doing);
	if (r != -EPIPE)
		return r;
	if (c->sut->ops->fate)
		fate = c->sut->ops->fate(c->sut);
	why = c->t->ops->lost_reason(c->t);
	if (!fate && can_reconnect(c)) {
		c->dropped = true;
		conf_note(c, "the connection was lost while %s", doing);
		conf_end(c, c->may_drop ? c->outcome : CONF_FAIL,
			 "the connection was dropped while %s%s%s", doing, why ? ": " : "",
			 why ? why : "");
	}
	if (!fate)
		fate = why;
	conf_end(c, CONF_CRASH, "the device went away while %s%s%s", doing, fate ? ": " : "",
		 fate ? fate : "");
}

void conf_reconnect(struct conf *c)
{
	struct vop_error err = {{0}};

	if (!can_reconnect(c))
		conf_skip(c, "the connection to this device cannot be made anew");
	cmem_verify(c, "when the connection was given up");
	cring_free_all(c);
	cmem_reset(c);
	memset(c->features, 0, sizeof(c->features));
	if (c->sut->ops->reconnect(c->sut, &err))
		conf_end(c, CONF_CRASH, "the device takes no other connection: %s", err.text);
	c->t = c->sut->target;
	conf_note(c, "another connection");
}

void conf_renew(struct conf *c)
{
	c->renew = true;
}
