/* SPDX-License-Identifier: BSD-2-Clause */
/* The progress line, declared in report/table.h. */
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "report/table.h"

enum { BAR = 20, EVERY_NS = 100000000 };

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

void progress_begin(struct progress *p, FILE *out)
{
	p->out = isatty(fileno(out)) == 1 ? out : NULL;
	p->last_ns = 0;
}

/* A line longer than the terminal would wrap, and '\r' could not take it back. */
static unsigned columns(FILE *out)
{
	struct winsize w;

	if (ioctl(fileno(out), TIOCGWINSZ, &w) || w.ws_col < 20)
		return 79;
	return w.ws_col - 1u;
}

/* Cut to so many columns, between characters. */
static void cut(char *text, unsigned width)
{
	while (*text && table_width(text) > width) {
		char *end = text + strlen(text) - 1;

		while (end > text && ((unsigned char)*end & 0xc0) == 0x80)
			end--;
		*end = '\0';
	}
}

void progress_update(struct progress *p, unsigned done, unsigned total, const char *fmt, ...)
{
	char text[256], line[320], bar[BAR + 1];
	uint64_t now;
	va_list ap;

	if (!p->out)
		return;
	now = now_ns();
	if (p->last_ns && now - p->last_ns < EVERY_NS && done != total)
		return;
	p->last_ns = now;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (total) {
		unsigned full = (unsigned)((uint64_t)BAR * (done < total ? done : total) / total);

		memset(bar, '.', BAR);
		memset(bar, '#', full);
		bar[BAR] = '\0';
		snprintf(line, sizeof(line), "[%s] %u/%u %s", bar, done, total, text);
	} else {
		snprintf(line, sizeof(line), "%s", text);
	}
	cut(line, columns(p->out));
	fprintf(p->out, "\r%s\033[K", line);
	fflush(p->out);
}

void progress_end(struct progress *p)
{
	if (!p->out)
		return;
	if (p->last_ns) {
		fprintf(p->out, "\r\033[K");
		fflush(p->out);
	}
	p->out = NULL;
}
