/* SPDX-License-Identifier: BSD-2-Clause */
/* The smallest case that still fails: delta debugging. */
#include <string.h>

#include "conformance/state.h"

struct shrink {
	struct state_case *best;
	bool (*fails)(void *ctx, const struct state_case *s);
	void *ctx;
	unsigned tries, most;
};

static bool try_it(struct shrink *k, const struct state_case *s)
{
	if (k->tries == k->most)
		return false;
	k->tries++;
	if (!k->fails(k->ctx, s))
		return false;
	*k->best = *s;
	return true;
}

/* Actions from..from+n are left out. */
static bool without(struct shrink *k, unsigned from, unsigned n)
{
	struct state_case s = *k->best;

	n = VOP_MIN(n, s.n - from);
	memmove(&s.act[from], &s.act[from + n], (s.n - from - n) * sizeof(s.act[0]));
	s.n -= n;
	return try_it(k, &s);
}

static bool fewer(struct shrink *k)
{
	bool any = false;
	unsigned n, at;

	/* From the end: what comes last hides what came before the least. */
	for (n = VOP_MAX(k->best->n / 2, 1u); n; n /= 2)
		for (at = (k->best->n + n - 1) / n * n; at >= n; at -= n)
			if (at - n < k->best->n)
				any |= without(k, at - n, n);
	return any;
}

static bool smaller16(struct shrink *k, unsigned i, size_t field)
{
	static const uint16_t to[] = {0, 1, 2, 4};
	struct state_case s = *k->best;
	uint16_t *p = (uint16_t *)(void *)((uint8_t *)&s.act[i] + field);
	uint16_t was = *p;
	unsigned j;

	for (j = 0; j < VOP_ARRAY_SIZE(to) && to[j] < was; j++) {
		*p = to[j];
		if (try_it(k, &s))
			return true;
	}
	return false;
}

static bool smaller64(struct shrink *k, unsigned i)
{
	struct state_case s = *k->best;
	uint64_t was = s.act[i].v, to[6] = {0, 1, 16, was & 0xff, was & 0xffff, was & 0xffffffff};
	unsigned j;

	for (j = 0; j < VOP_ARRAY_SIZE(to); j++) {
		s.act[i].v = to[j];
		if (to[j] < was && try_it(k, &s))
			return true;
	}
	return false;
}

static bool simpler(struct shrink *k)
{
	bool any = false;
	unsigned i;

	for (i = 0; i < k->best->n; i++) {
		any |= smaller16(k, i, offsetof(struct state_action, a));
		any |= smaller16(k, i, offsetof(struct state_action, b));
		any |= smaller16(k, i, offsetof(struct state_action, c));
		any |= smaller64(k, i);
	}
	return any;
}

static bool plainer(struct shrink *k)
{
	static const uint16_t sizes[] = {4, 8, 16};
	struct state_case s = *k->best;
	bool *const feature[] = {&s.indirect, &s.event, &s.in_order, &s.reset};
	bool any = false;
	unsigned i;

	for (i = 0; i < VOP_ARRAY_SIZE(feature); i++) {
		s = *k->best;
		if (!*feature[i])
			continue;
		*feature[i] = false;
		any |= try_it(k, &s);
	}
	for (i = 0; i < VOP_ARRAY_SIZE(sizes) && sizes[i] < k->best->size; i++) {
		s = *k->best;
		s.size = sizes[i];
		if (try_it(k, &s))
			return true;
	}
	return any;
}

unsigned state_shrink(struct state_case *s, bool (*fails)(void *ctx, const struct state_case *s),
		      void *ctx, unsigned tries)
{
	struct shrink k = {.best = s, .fails = fails, .ctx = ctx, .most = tries};
	bool any;

	do {
		any = fewer(&k);
		any |= plainer(&k);
		any |= simpler(&k);
	} while (any && k.tries < k.most);
	return k.tries;
}

static const char *past_number(const char *s)
{
	if (s[0] == '0' && s[1] == 'x')
		for (s += 2; (*s >= '0' && *s <= '9') || (*s >= 'a' && *s <= 'f');)
			s++;
	while (*s >= '0' && *s <= '9')
		s++;
	return s;
}

bool state_same(const char *a, const char *b)
{
	while (*a && *b) {
		bool na = *a >= '0' && *a <= '9', nb = *b >= '0' && *b <= '9';

		if (na != nb)
			return false;
		if (na) {
			a = past_number(a);
			b = past_number(b);
		} else if (*a++ != *b++) {
			return false;
		}
	}
	return *a == *b;
}
