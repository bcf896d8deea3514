/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "conformance/internal.h"
#include "conformance/run.h"

struct conf_runner {
	struct conf c;
	uint64_t seed;
	uint64_t patience_ns; /* as asked for */
	unsigned bad;	      /* runs that ended badly so far */
	bool poisoned;	      /* the device did something after which only a new one will do */
};

const char *conf_outcome_word(enum conf_outcome o)
{
	static const char *const words[] = {
		[CONF_PASS] = "pass",	[CONF_WARN] = "warn", [CONF_SKIP] = "skip",
		[CONF_FAIL] = "fail",	[CONF_HANG] = "hang", [CONF_CRASH] = "crash",
		[CONF_ERROR] = "error",
	};

	return o < VOP_ARRAY_SIZE(words) ? words[o] : "unknown";
}

bool conf_outcome_bad(enum conf_outcome o)
{
	return o == CONF_FAIL || o == CONF_HANG || o == CONF_CRASH || o == CONF_ERROR;
}

struct conf_runner *conf_runner_new(struct sut *s, const struct conf_runner_config *cfg)
{
	struct conf_runner *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->c.sut = s;
	r->patience_ns = cfg->patience_ms * 1000000u;
	r->seed = cfg->seed;
	return r;
}

void conf_runner_free(struct conf_runner *r)
{
	if (!r)
		return;
	cring_free_all(&r->c);
	cmem_free(&r->c);
	free(r);
}

bool conf_applies(const struct conf_check *k, const struct lane *l, bool first, bool packed)
{
	if (k->device && k->device != l->device)
		return false;
	if (k->lane && strcmp(k->lane, CONF_FIRST_LANE) != 0 && strcmp(k->lane, l->name) != 0)
		return false;
	if (!first &&
	    (k->lane ? strcmp(k->lane, CONF_FIRST_LANE) == 0 : k->device || k->rings == CONF_ANY))
		return false;
	if (k->rings == CONF_ANY)
		return !packed;
	return k->rings & (packed ? CONF_PACKED : CONF_SPLIT);
}

/* FNV-1a, so that a check's chance does not depend on what ran before it. */
static uint64_t hash(uint64_t h, const char *s)
{
	for (; *s; s++)
		h = (h ^ (uint8_t)*s) * 0x100000001b3ull;
	return h;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/*
 * A device that has been waited for in vain again and again is waited for less: what it does not do
 * by then it does not do. A sound one never comes here.
 */
static uint64_t patience_of(const struct conf_runner *r)
{
	unsigned share = r->bad >= 16 ? 3 : r->bad >= 8 ? 2 : r->bad >= 4 ? 1 : 0;

	return r->patience_ns >> share;
}

static void begin(struct conf_runner *r, const struct conf_check *k, const struct lane *l,
		  bool packed)
{
	struct conf *c = &r->c;

	c->t = c->sut->target;
	c->check = k;
	c->patience_ns = patience_of(r);
	c->lane = l;
	c->packed = packed;
	c->random = hash(hash(r->seed ^ 0xcbf29ce484222325ull, k->id), l->name) + packed;
	memset(c->features, 0, sizeof(c->features));
	memset(c->want, 0, sizeof(c->want));
	memset(c->leave, 0, sizeof(c->leave));
	memset(c->lane_state, 0, sizeof(c->lane_state));
	c->events = 0;
	c->probes = 0;
	c->hurry = false;
	c->notes = 0;
	c->outcome = CONF_PASS;
	c->text[0] = 0;
	c->may_drop = k->kind == CONF_ROBUSTNESS;
	c->dropped = c->renew = false;
	cring_free_all(c);
	cmem_reset(c);
}

/* What the check needs and the device does not have. */
static void require(struct conf *c)
{
	const struct conf_check *k = c->check;
	uint32_t lacks = k->lacks & c->t->caps.missing;
	unsigned i;
	int e = conf_said(c, c->t->ops->get_features(c->t, c->offered), "its features were read");

	if (e)
		conf_error(c, "the features cannot be read: %s", strerror(-e));
	if (lacks)
		conf_skip(c, "%s", target_lack_text(lacks & -lacks));
	if (k->vop && strcmp(c->t->ops->scheme, "vop") != 0 &&
	    strcmp(c->t->ops->scheme, "ref") != 0)
		conf_skip(c, "not a device on a VOP link");
	if (k->vhost_user && strcmp(c->t->ops->scheme, "vhost-user") != 0)
		conf_skip(c, "not a device behind vhost-user");
	if (c->packed && !vop_feature_has(c->offered, VOP_F_RING_PACKED))
		conf_skip(c, "the device has no packed rings");
	for (i = 0; i < CONF_NEEDS_MAX && k->needs[i]; i++)
		if (!vop_feature_has(c->offered, k->needs[i] - 1u))
			conf_skip(c, "the device does not offer feature bit %u", k->needs[i] - 1u);
}

/* The check itself, and what follows every check: nothing is written after a reset, and a driver
 * that broke the rules has not taken the device down. */
static void whole(struct conf *c)
{
	enum conf_outcome so_far;

	require(c);
	conf_reset(c);
	c->check->run(c);
	cmem_verify(c, "at the end");
	so_far = c->outcome;
	conf_reset(c);
	cmem_freeze(c);
	conf_settle(c);
	cmem_verify(c, "after the reset at the end");
	c->may_drop = false;
	if (c->check->kind == CONF_ROBUSTNESS)
		conf_serve_again(c);
	c->outcome = so_far;
}

/* Leave the device in a state in which the next check can begin: false: only a new one will do. */
static bool clean_up(struct conf *c, struct conf_result *out)
{
	enum conf_outcome outcome = c->outcome;
	char text[sizeof(c->text)];
	volatile bool ok = true; /* set behind a setjmp */

	memcpy(text, c->text, sizeof(text));
	if (setjmp(c->out) == 0)
		conf_reset(c);
	else
		ok = false;
	/* What looked like a failure was the end of the device. */
	if (c->outcome == CONF_HANG || c->outcome == CONF_CRASH) {
		out->outcome = c->outcome;
		snprintf(out->text, sizeof(out->text), "%.300s; then %.180s", text, c->text);
	}
	c->outcome = outcome;
	memcpy(c->text, text, sizeof(text));
	return ok;
}

/* In setjmp's reach: what a check is worth whose device dropped the connection. */
static void last_look(struct conf *c)
{
	cmem_verify(c, "when the connection was dropped");
}

static void serves_again(struct conf *c)
{
	conf_reset(c);
	conf_serve_again(c);
}

static void guarded(struct conf *c, void (*fn)(struct conf *c))
{
	enum conf_outcome so_far = c->outcome;
	char text[sizeof(c->text)];

	memcpy(text, c->text, sizeof(text));
	if (setjmp(c->out))
		return;
	fn(c);
	c->outcome = so_far;
	memcpy(c->text, text, sizeof(text));
}

/* It dropped the connection: it must take another one, and serve. */
static bool reach_again(struct conf_runner *r, struct conf_result *out)
{
	struct vop_error err = {{0}};
	struct conf *c = &r->c;
	bool judged = c->may_drop;

	if (judged)
		guarded(c, last_look);
	cring_free_all(c);
	cmem_reset(c);
	memset(c->features, 0, sizeof(c->features));
	if (c->sut->ops->reconnect(c->sut, &err)) {
		snprintf(c->text, sizeof(c->text),
			 "the connection was dropped, and the device takes no other: %.300s",
			 err.text);
		c->outcome = CONF_CRASH;
		return false;
	}
	c->t = c->sut->target;
	c->dropped = c->may_drop = false;
	out->dropped = true;
	if (judged && !conf_outcome_bad(c->outcome))
		guarded(c, serves_again);
	return !c->dropped;
}

static char *join_notes(struct conf *c)
{
	unsigned from = c->notes > CONF_NOTES ? c->notes - CONF_NOTES : 0, i;
	char *s = malloc((size_t)CONF_NOTES * (CONF_NOTE_LEN + 1) + 1);
	size_t at = 0;

	for (i = from; s && i < c->notes; i++)
		at += (size_t)sprintf(s + at, "%s\n", c->note[i % CONF_NOTES]);
	if (s)
		s[at] = 0;
	return s;
}

static void dump_rings(struct conf *c)
{
	if (c->ring && c->chunks)
		cring_dump(c->ring);
}

int conf_run(struct conf_runner *r, const struct conf_check *k, const struct lane *l, bool packed,
	     struct conf_result *out, struct vop_error *err)
{
	struct conf *c = &r->c;
	double from = now();
	bool had = c->sut->target != NULL;
	int e;

	memset(out, 0, sizeof(*out));
	if (r->poisoned) {
		sut_stop(c->sut);
		out->restarted = true;
	}
	r->poisoned = false;
	e = sut_start(c->sut, err);
	if (e)
		return e;
	out->restarted |= !had;
	begin(r, k, l, packed);
	if (setjmp(c->out) == 0)
		whole(c);
	if (c->outcome == CONF_FAIL && !c->dropped)
		dump_rings(c);
	if (c->dropped && !reach_again(r, out))
		r->poisoned = true;
	out->outcome = c->outcome;
	out->violated = conf_outcome_bad(c->outcome) && c->outcome != CONF_ERROR;
	/* SHOULD: told, not counted. A device that hangs or dies is not excused. */
	if (c->outcome == CONF_FAIL && k->level == CONF_SHOULD)
		out->outcome = CONF_WARN;
	if (c->outcome != CONF_PASS && c->outcome != CONF_SKIP)
		out->notes = join_notes(c);
	memcpy(out->text, c->text, sizeof(out->text));
	if (c->outcome == CONF_HANG || c->outcome == CONF_CRASH)
		r->poisoned = true;
	else if (!r->poisoned && c->outcome != CONF_PASS && c->outcome != CONF_WARN &&
		 !clean_up(c, out))
		r->poisoned = true;
	if (c->renew && !r->poisoned && c->sut->target)
		r->poisoned = c->sut->ops->reconnect(c->sut, err) != 0;
	r->bad += conf_outcome_bad(out->outcome);
	out->seconds = now() - from;
	return 0;
}
