/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Small helpers over jansson: setters that skip what is unknown, and a document written to a file.
 *
 * Every setter returns 0, or -ENOMEM (jansson's only way to fail here).
 */
#ifndef REPORT_JSON_H
#define REPORT_JSON_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <jansson.h>

/* Text; NULL or "" becomes null. What is not valid UTF-8 (a command line) has it replaced by '?'.
 */
int json_put_text(json_t *o, const char *key, const char *text);
/* A number; whole ones up to 2^53 are written as integers, what is not finite as null. */
int json_put_number(json_t *o, const char *key, double v);
int json_put_int(json_t *o, const char *key, int64_t v);
/* null when negative: env's word for unknown. */
int json_put_known(json_t *o, const char *key, int64_t v);
int json_put_bool(json_t *o, const char *key, int v);
/* A new object or array put into o under key; borrowed. NULL when memory ran out. */
json_t *json_put_object(json_t *o, const char *key);
json_t *json_put_array(json_t *o, const char *key);
/* v as the number json_put_number would write; new reference. */
json_t *json_number(double v);
/* Text made valid UTF-8; new reference. */
json_t *json_text(const char *text);

/*
 * Write doc to path by report/place.h: whole or not at all; "-" is standard output. With exclusive,
 * an existing path is left alone and -EEXIST returned. Negative errno otherwise; a write error only
 * the final flush shows is seen too.
 */
int json_write_file(const json_t *doc, const char *path, int exclusive);

#endif
