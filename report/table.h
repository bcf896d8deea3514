/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What people read: aligned tables, human numbers, a progress line.
 *
 * Knows nothing of what it shows. One thread per object.
 */
#ifndef REPORT_TABLE_H
#define REPORT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* --- tables --- */

enum table_align { TABLE_LEFT, TABLE_RIGHT };
enum table_style { TABLE_PLAIN, TABLE_GOOD, TABLE_WARN, TABLE_BAD, TABLE_DIM };

struct table;

/* NULL when memory ran out; the calls below take NULL and do nothing. */
struct table *table_new(void);
void table_free(struct table *t);
/* Columns first. title and unit (may be NULL, printed under the title) are copied. */
void table_column(struct table *t, const char *title, const char *unit, enum table_align align);
/* Start a row; then its cells from left to right; missing ones stay empty, extra ones are dropped.
 */
void table_row(struct table *t);
void table_cell(struct table *t, enum table_style style, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* A line of text of its own, not aligned, between rows. */
void table_note(struct table *t, enum table_style style, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Print with a header; 0, or -ENOMEM when a cell was lost for want of memory. */
int table_print(const struct table *t, FILE *out, bool colour);

/* Colour on this stream? Only on a terminal, without NO_COLOR, and TERM is not dumb. */
bool table_colour(FILE *out);
/* Text in a style, for lines outside tables: begin and end sequences, "" without colour. */
const char *table_style_begin(enum table_style style, bool colour);
const char *table_style_end(enum table_style style, bool colour);

/* Columns a UTF-8 text takes on a terminal: combining marks 0, wide scripts 2. */
unsigned table_width(const char *utf8);

/* --- human numbers: all fill buf (always terminated) and return it --- */

#define HUMAN_MAX 48u

/* 58.3 M/s for (58300000, "/s"); three digits, powers of 1000; unit may be "". */
char *human_si(char *buf, size_t size, double v, const char *unit);
/* A time: 138 ns, 1.24 us, 35 ms, 2 s. */
char *human_ns(char *buf, size_t size, double ns);
/* Bytes in powers of 1024: 64 B, 64 KiB, 1.5 MiB. */
char *human_bytes(char *buf, size_t size, double bytes);
/* A value of a unit as result files name them (frame/s, bit/s, ns, B, B/s, ratio, count). */
char *human_value(char *buf, size_t size, double v, const char *unit);

/* --- progress line --- */

struct progress {
	FILE *out; /* NULL: not a terminal, nothing is shown */
	uint64_t last_ns;
};

/* out is usually stderr; nothing is ever shown when it is not a terminal. */
void progress_begin(struct progress *p, FILE *out);
/* Replace the line; shown at most ten times a second. total 0: no bar, text only. */
void progress_update(struct progress *p, unsigned done, unsigned total, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* Remove the line; harmless when called twice. Call it before anything else is printed. */
void progress_end(struct progress *p);

#endif
