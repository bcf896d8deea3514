/* SPDX-License-Identifier: BSD-2-Clause */
/* Random ring states (state.h), some of them in each run; the smallest that fails is told. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "conformance/internal.h"
#include "conformance/state.h"

#define CASES	    24u
#define TRIES	    400u /* to make a failing case smaller */
#define TRIES_START 24u	 /* when the device must be started again after each */
#define TRIES_SHARE 16u	 /* of the usual patience, while it is made smaller */
#define SHRINK_NS   UINT64_C(3000000000)

struct failing {
	struct conf *c;
	enum conf_outcome outcome;
	char text[512];
	uint64_t end_ns; /* no case is tried after that */
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static bool still_fails(void *ctx, const struct state_case *s)
{
	struct failing *f = ctx;
	char text[512];

	return now_ns() < f->end_ns && state_try(f->c, s, text, sizeof(text)) == f->outcome &&
	       state_same(text, f->text);
}

static void note_case(struct conf *c, const struct state_case *s)
{
	char *text = NULL, *line, *save;
	size_t n;
	FILE *to = open_memstream(&text, &n);

	if (!to)
		return;
	state_print(s, to);
	if (fclose(to) == 0)
		for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
			conf_note(c, "%s", line);
	free(text);
}

_Noreturn static void found(struct failing *f, struct state_case *s)
{
	bool gone = f->outcome == CONF_HANG || f->outcome == CONF_CRASH;
	uint64_t patience = f->c->patience_ns;
	unsigned was = s->n;

	/* A buffer that never comes back costs all patience, in each of many tries. */
	f->c->patience_ns /= TRIES_SHARE;
	f->end_ns = now_ns() + SHRINK_NS;
	if (f->outcome == CONF_FAIL || (gone && f->c->sut->can_restart))
		state_shrink(s, still_fails, f, gone ? TRIES_START : TRIES);
	f->c->patience_ns = patience;
	conf_hurry(f->c, false);
	conf_note(f->c, "the smallest case that fails, of %u actions %u:", was, s->n);
	note_case(f->c, s);
	conf_end(f->c, f->outcome, "%s (random ring state %#llx)", f->text,
		 (unsigned long long)s->seed);
}

static void run_cases(struct conf *c, enum state_mix mix)
{
	uint16_t max = conf_queue_size_max(c, conf_lane(c)->queue);
	struct failing f = {.c = c};
	struct state_case s;
	unsigned i;

	if (max == 0)
		conf_fail(c, "queue %u does not exist", conf_lane(c)->queue);
	conf_hurry(c, true);
	for (i = 0; i < CASES; i++) {
		state_generate(&s, conf_random(c), mix, conf_packed(c), max);
		f.outcome = state_try(c, &s, f.text, sizeof(f.text));
		if (f.outcome == CONF_SKIP || f.outcome == CONF_ERROR)
			conf_end(c, f.outcome, "%s", f.text);
		if (f.outcome != CONF_PASS && f.outcome != CONF_WARN)
			found(&f, &s);
	}
	conf_hurry(c, false);
}

static void legal(struct conf *c)
{
	run_cases(c, STATE_LEGAL);
}

static void nearly(struct conf *c)
{
	run_cases(c, STATE_NEARLY);
}

static void wild(struct conf *c)
{
	run_cases(c, STATE_WILD);
}

static const struct conf_check checks[] = {
	{
		.id = "split/random/legal",
		.what = "whatever a driver does by the rules is served to the byte",
		.clauses = "2.7.4.1:dev:1 2.7.5.1:dev:1 2.7.8.2:dev:1",
		.rings = CONF_SPLIT,
		.run = legal,
	},
	{
		.id = "split/random/nearly",
		.what = "a wrong descriptor or index among good ones leads nowhere",
		.clauses = "2.7.5.1:dev:1",
		.kind = CONF_ROBUSTNESS,
		.rings = CONF_SPLIT,
		.run = nearly,
	},
	{
		.id = "split/random/wild",
		.what = "rings full of nonsense lead nowhere",
		.clauses = "2.7.5.1:dev:1",
		.kind = CONF_ROBUSTNESS,
		.rings = CONF_SPLIT,
		.run = wild,
	},
	{
		.id = "packed/random/legal",
		.what = "whatever a driver does by the rules is served to the byte",
		.clauses = "2.8.12:dev:1 2.8.15:dev:1 2.8.18:dev:1",
		.rings = CONF_PACKED,
		.run = legal,
	},
	{
		.id = "packed/random/nearly",
		.what = "a wrong descriptor among good ones leads nowhere",
		.clauses = "2.8.15:dev:1",
		.kind = CONF_ROBUSTNESS,
		.rings = CONF_PACKED,
		.run = nearly,
	},
	{
		.id = "packed/random/wild",
		.what = "rings full of nonsense lead nowhere",
		.clauses = "2.8.15:dev:1",
		.kind = CONF_ROBUSTNESS,
		.rings = CONF_PACKED,
		.run = wild,
	},
};
CONF_SECTION(conf_section_random, "2.6", "Virtqueues: random ring states", checks);
