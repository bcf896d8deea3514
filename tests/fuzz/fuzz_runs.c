/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reader of result files. An input that begins with '{' is a file; any other is a list of edits
 * (where, what, how much: four bytes each) to one that is good, which gets deeper into the reader.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/runs_file.h"
#include "tests/unit/runs_sample.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ASSERT(cond)                                                                               \
	do {                                                                                       \
		if (!(cond))                                                                       \
			abort();                                                                   \
	} while (0)

enum { ROOM = 16384 };

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	/* The same order of members in every run. */
	json_object_seed(1);
	return 0;
}

/* Replace text[at..at+gone) by n bytes, where they fit. */
static size_t splice(char *text, size_t len, size_t at, size_t gone, const char *by, size_t n)
{
	if (at + gone > len)
		gone = len - at;
	if (len - gone + n > ROOM)
		return len;
	memmove(text + at + n, text + at + gone, len - at - gone);
	memcpy(text + at, by, n);
	return len - gone + n;
}

static size_t edit(char *text, const uint8_t *data, size_t size)
{
	static const char *const words[] = {"null",
					    "true",
					    "-1",
					    "1e300",
					    "\"\"",
					    "[]",
					    "{}",
					    "[[1,2]]",
					    "\"values\":",
					    "0",
					    "9223372036854775807",
					    "\"near\"",
					    "\"migrated\"",
					    "\\u0073",
					    "1e-320",
					    " "};
	size_t len = sizeof(runs_sample) - 1, n;
	char some[256];

	memcpy(text, runs_sample, len);
	for (; size >= 4 && len; data += 4, size -= 4) {
		size_t at = ((size_t)data[0] << 8 | data[1]) % len;
		const char *word = words[data[3] % 16];

		switch (data[2] % 5) {
		case 0:
			text[at] = (char)data[3];
			break;
		case 1:
			len = splice(text, len, at, data[3], "", 0);
			break;
		case 2:
			len = splice(text, len, at, 0, word, strlen(word));
			break;
		case 3: /* what stands behind the colon, most often a value */
			while (at < len && text[at] != ':')
				at++;
			for (n = at; n < len && !strchr(",}]\n", text[n]); n++)
				;
			if (n > at)
				len = splice(text, len, at + 1, n - at - 1, word, strlen(word));
			break;
		default: /* once more what comes next */
			n = data[3] < len - at ? data[3] : len - at;
			memcpy(some, text + at, n);
			len = splice(text, len, at, 0, some, n);
			break;
		}
	}
	return len;
}

static void sound(const struct run_result *r)
{
	size_t i, counted = 0;
	double sum = 0;

	ASSERT(r->name && r->metric && r->unit && r->regime && r->rounds > 0);
	for (i = 0; i < r->params; i++)
		ASSERT(run_param_text(r, r->param[i].key));
	for (i = 0; i < r->rounds; i++) {
		counted += run_round_counts(r, &r->round[i]);
		ASSERT(isfinite(r->round[i].value) && r->round[i].rtt_before_ns >= 0);
	}
	ASSERT(counted == r->s.n && counted > 0 && isfinite(r->s.median));
	for (i = 0; i < r->hist.steps; i++) {
		ASSERT(i == 0 || r->hist.step[i].ns > r->hist.step[i - 1].ns);
		sum += (double)r->hist.step[i].count;
	}
	ASSERT(fabs(sum - (double)r->hist.count) <= 1e-9 * sum);
}

/* Blanks left out, a document is as good or as bad as before. */
static void skims(const char *buf, size_t n)
{
	char *brief = malloc(RUNS_SKIM_ROOM(n));
	size_t brief_n;
	json_t *whole, *part;

	ASSERT(brief);
	brief_n = runs_skim(buf, n, brief);
	ASSERT(brief_n <= RUNS_SKIM_ROOM(n));
	whole = json_loadb(buf, n, JSON_REJECT_DUPLICATES, NULL);
	part = json_loadb(brief, brief_n, JSON_REJECT_DUPLICATES, NULL);
	ASSERT(!brief_n || !whole == !part);
	json_decref(whole);
	json_decref(part);
	free(brief);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct runs_fault why = {""};
	struct arena a = {0};
	struct run_file f;
	char *text = malloc(ROOM + size), *exact;
	size_t n = size, i;
	int err;

	ASSERT(text);
	if (size && data[0] == '{')
		memcpy(text, data, size);
	else
		n = edit(text, data, size);
	exact = realloc(text, n ? n : 1);
	ASSERT(exact);
	err = runs_parse(exact, n, &a, &f, &why);
	ASSERT(err == 0 || (err == -EINVAL && why.text[0] && !strchr(why.text, '\n') && !f.run));
	if (!err) {
		ASSERT(json_is_object(f.run) && f.command_line && f.workload && f.target);
		for (i = 0; i < f.results; i++)
			sound(&f.result[i]);
		json_decref(f.run);
	}
	arena_free(&a);
	skims(exact, n);
	free(exact);
	return 0;
}
