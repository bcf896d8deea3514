/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/json.h"
#include "report/place.h"

static int put(json_t *o, const char *key, json_t *v)
{
	return json_object_set_new(o, key, v) ? -ENOMEM : 0;
}

json_t *json_text(const char *text)
{
	json_t *v;
	char *copy, *s;

	if (!text || !*text)
		return json_null();
	v = json_string(text);
	if (v)
		return v;
	/* Not UTF-8: keep what is ASCII, show where the rest was. */
	copy = strdup(text);
	if (!copy)
		return NULL;
	for (s = copy; *s; s++)
		if ((unsigned char)*s >= 0x80)
			*s = '?';
	v = json_string(copy);
	free(copy);
	return v;
}

json_t *json_number(double v)
{
	if (!isfinite(v))
		return json_null();
	if (v == floor(v) && fabs(v) <= 9007199254740992.0)
		return json_integer((json_int_t)v);
	return json_real(v);
}

int json_put_text(json_t *o, const char *key, const char *text)
{
	return put(o, key, json_text(text));
}

int json_put_number(json_t *o, const char *key, double v)
{
	return put(o, key, json_number(v));
}

int json_put_int(json_t *o, const char *key, int64_t v)
{
	return put(o, key, json_integer(v));
}

int json_put_known(json_t *o, const char *key, int64_t v)
{
	return put(o, key, v < 0 ? json_null() : json_integer(v));
}

int json_put_bool(json_t *o, const char *key, int v)
{
	return put(o, key, json_boolean(v));
}

json_t *json_put_object(json_t *o, const char *key)
{
	json_t *v = json_object();

	return put(o, key, v) ? NULL : v;
}

json_t *json_put_array(json_t *o, const char *key)
{
	json_t *v = json_array();

	return put(o, key, v) ? NULL : v;
}

int json_write_file(const json_t *doc, const char *path, int exclusive)
{
	struct place p;
	int err = place_open(&p, path, exclusive);

	if (err)
		return err;
	errno = 0;
	if (json_dumpf(doc, p.out, JSON_INDENT(1) | JSON_REAL_PRECISION(12)) ||
	    fputc('\n', p.out) == EOF) {
		err = errno ? -errno : -EIO;
		place_abort(&p);
		return err;
	}
	return place_commit(&p);
}
