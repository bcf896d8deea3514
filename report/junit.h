/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A JUnit XML file, the kind every CI system reads: cases gathered, then written with their counts.
 *
 * Texts are copied and may be any bytes: what XML cannot hold (control characters, what is no
 * UTF-8) becomes U+FFFD. Every call takes NULL for the object and does nothing; memory that ran out
 * is told by junit_write(). One thread per object.
 */
#ifndef REPORT_JUNIT_H
#define REPORT_JUNIT_H

#include <stdio.h>

struct junit;

/* With one suite of that name; NULL without memory. Freed with junit_free(). */
struct junit *junit_new(const char *suite);
void junit_free(struct junit *j);
/* The cases from here on belong to another suite. */
void junit_suite(struct junit *j, const char *suite);

/* Begin a case; it has passed unless one of the next three is called. group: "classname" there. */
void junit_case(struct junit *j, const char *group, const char *name, double seconds);
/* Its outcome; of several the first stays. type: a word; text: all there is to say, may be "". */
void junit_failure(struct junit *j, const char *type, const char *message, const char *text);
void junit_error(struct junit *j, const char *type, const char *message, const char *text);
void junit_skipped(struct junit *j, const char *reason);
/* What it printed, apart from the outcome; of several the first stays. */
void junit_output(struct junit *j, const char *text);

/* 0; -ENOMEM when something was lost for want of memory. Errors of out are the caller's to see. */
int junit_write(const struct junit *j, FILE *out);
/* By report/place.h: whole or not at all, "-" is standard output. 0 or a negative errno. */
int junit_write_file(const struct junit *j, const char *path);

#endif
