/* SPDX-License-Identifier: BSD-2-Clause */
/* Members of a result file's objects by type, and what is said when one is wrong. */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "bench/runs_file.h"

int runs_refuse(struct runs_fault *why, int code, const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	vsnprintf(why->text, sizeof(why->text), fmt, ap);
	va_end(ap);
	/* Pieces of the file stand in it: whatever they are, it stays one readable line. */
	for (s = why->text; *s; s++)
		if (!isascii((unsigned char)*s) || iscntrl((unsigned char)*s))
			*s = '?';
	return code;
}

int runs_no_memory(const struct runs_reader *rd)
{
	return runs_refuse(rd->why, -ENOMEM, "out of memory; read fewer files at once");
}

int runs_wrong(const struct runs_reader *rd, const char *member, const char *fmt, ...)
{
	char place[256], what[160], result[40] = "", round[40] = "";
	size_t n;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	if (rd->at.result != RUNS_NONE)
		snprintf(result, sizeof(result), "results[%zu].", rd->at.result);
	if (rd->at.round != RUNS_NONE)
		snprintf(round, sizeof(round), "rounds[%zu].", rd->at.round);
	snprintf(place, sizeof(place), "%s%s%s%.80s", result, round, rd->at.in, member);
	n = strlen(place);
	if (!*member && n)
		place[n - 1] = '\0';
	return runs_refuse(rd->why, -EINVAL,
			   "%s %s; was it edited? Take the file as vop-bench wrote it", place,
			   what);
}

/* The member, or NULL; *err says whether that is wrong. */
static const json_t *member(const struct runs_reader *rd, const json_t *o, const char *key,
			    enum runs_need need, int *err)
{
	const json_t *v = json_object_get(o, key);

	*err = 0;
	if (v && !(need == RUNS_MAY && json_is_null(v)))
		return v;
	if (need == RUNS_MUST)
		*err = runs_wrong(rd, key, "is missing");
	return NULL;
}

static int to_number(const struct runs_reader *rd, const char *key, const json_t *v, double *out)
{
	*out = json_number_value(v);
	return json_is_number(v) && isfinite(*out) ? 0 : runs_wrong(rd, key, "is not a number");
}

int runs_number(const struct runs_reader *rd, const json_t *o, const char *key, enum runs_need need,
		double *out)
{
	int err;
	const json_t *v = member(rd, o, key, need, &err);

	return v ? to_number(rd, key, v, out) : err;
}

int runs_amount(const struct runs_reader *rd, const json_t *o, const char *key, enum runs_need need,
		double *out)
{
	int err;
	const json_t *v = member(rd, o, key, need, &err);

	if (!v)
		return err;
	err = to_number(rd, key, v, out);
	return !err && *out < 0 ? runs_wrong(rd, key, "is negative") : err;
}

int runs_count(const struct runs_reader *rd, const json_t *o, const char *key, enum runs_need need,
	       uint64_t *out)
{
	int err;
	const json_t *v = member(rd, o, key, need, &err);

	if (!v)
		return err;
	if (!json_is_integer(v) || json_integer_value(v) < 0)
		return runs_wrong(rd, key, "is not a whole number from 0");
	*out = (uint64_t)json_integer_value(v);
	return 0;
}

int runs_unsigned(const struct runs_reader *rd, const json_t *o, const char *key,
		  enum runs_need need, unsigned *out)
{
	uint64_t v = *out;
	int err = runs_count(rd, o, key, need, &v);

	if (!err && v > UINT32_MAX)
		err = runs_wrong(rd, key, "is too large");
	*out = (unsigned)v;
	return err;
}

int runs_flag(const struct runs_reader *rd, const json_t *o, const char *key, bool *out)
{
	int err;
	const json_t *v = member(rd, o, key, RUNS_MUST, &err);

	if (!v)
		return err;
	*out = json_is_true(v);
	return json_is_boolean(v) ? 0 : runs_wrong(rd, key, "is neither true nor false");
}

/* A control character of one byte, or of the second set, C2 80 to C2 9F. */
static size_t control_at(const char *s, size_t left)
{
	const unsigned char *c = (const unsigned char *)s;

	if (c[0] < 0x20 || c[0] == 0x7f)
		return 1;
	return c[0] == 0xc2 && left > 1 && c[1] >= 0x80 && c[1] < 0xa0 ? 2 : 0;
}

const char *runs_keep(const struct runs_reader *rd, const char *text, size_t n)
{
	const char *kept;
	char *copy;
	size_t i;

	for (i = 0; i < n && !control_at(text + i, n - i); i++)
		;
	if (i == n)
		return arena_text(rd->a, text, n);
	copy = malloc(n);
	if (!copy)
		return NULL;
	memcpy(copy, text, n);
	for (; i < n; i++)
		memset(copy + i, '?', control_at(copy + i, n - i));
	kept = arena_text(rd->a, copy, n);
	free(copy);
	return kept;
}

int runs_text(const struct runs_reader *rd, const json_t *o, const char *key, enum runs_need need,
	      const char **out)
{
	int err;
	const json_t *v = member(rd, o, key, need, &err);

	if (!v)
		return err;
	if (!json_is_string(v))
		return runs_wrong(rd, key, "is not text");
	*out = runs_keep(rd, json_string_value(v), json_string_length(v));
	return *out ? 0 : runs_no_memory(rd);
}

int runs_array(const struct runs_reader *rd, const json_t *o, const char *key, enum runs_need need,
	       const json_t **out)
{
	int err;

	*out = member(rd, o, key, need, &err);
	if (!*out)
		return err;
	return json_is_array(*out) ? 0 : runs_wrong(rd, key, "is not a list");
}

int runs_object(const struct runs_reader *rd, const json_t *o, const char *key, enum runs_need need,
		const json_t **out)
{
	int err;

	*out = member(rd, o, key, need, &err);
	if (!*out)
		return err;
	return json_is_object(*out) ? 0 : runs_wrong(rd, key, "is not an object");
}
