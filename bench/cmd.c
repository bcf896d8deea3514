/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>

#include "bench/cmd.h"

int cmd_could_not(const char *fmt, ...)
{
	va_list ap;

	fputs("vop-bench: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return CMD_COULD_NOT;
}
