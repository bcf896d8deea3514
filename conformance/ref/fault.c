/* SPDX-License-Identifier: BSD-2-Clause */
/* What passes a fault point, and the table of all mutants. */
#include <stdio.h>
#include <string.h>

#include "conformance/ref/internal.h"

static const struct {
	const char *name;
	const char *what;
	enum ref_kind kind;
	uint16_t device;
} points[] = {
#define REF_POINT_ROW(sym, k, dev, n, w) {n, w, REF_KIND_##k, dev},
	REF_POINTS(REF_POINT_ROW)
#undef REF_POINT_ROW
};

static const struct {
	enum ref_op op;
	enum ref_kind kind;
	const char *word;
	const char *what;
} ops[] = {
	{REF_PLUS, REF_KIND_VALUE, "plus", "one too many"},
	{REF_MINUS, REF_KIND_VALUE, "minus", "one too few"},
	{REF_ZERO, REF_KIND_VALUE, "zero", "always zero"},
	{REF_STALE, REF_KIND_VALUE, "stale", "as it was the time before"},
	{REF_SKIP, REF_KIND_STEP, "skip", "never done"},
	{REF_FORGET, REF_KIND_STEP, "forget", "not done now and then"},
	{REF_ALWAYS, REF_KIND_TEST, "always", "taken to be so"},
	{REF_NEVER, REF_KIND_TEST, "never", "taken not to be so"},
	{REF_BUG, REF_KIND_BUG, "bug", ""},
};

uint64_t ref_changed(const struct ref *r, uint64_t v, uint64_t before)
{
	switch (r->mutant.op) {
	case REF_PLUS:
		return v + 1;
	case REF_MINUS:
		return v - 1;
	case REF_ZERO:
		return 0;
	default:
		return before;
	}
}

bool ref_mutant_at(unsigned i, struct ref_mutant *m)
{
	unsigned p, o;

	for (p = 0; p < REF_POINT_COUNT; p++)
		for (o = 0; o < VOP_ARRAY_SIZE(ops); o++) {
			if (ops[o].kind != points[p].kind || i--)
				continue;
			*m = (struct ref_mutant){(enum ref_point)p, ops[o].op};
			return true;
		}
	return false;
}

static unsigned op_row(enum ref_op op)
{
	unsigned o;

	for (o = 0; o + 1 < VOP_ARRAY_SIZE(ops) && ops[o].op != op; o++)
		;
	return o;
}

void ref_mutant_name(const struct ref_mutant *m, char *buf, size_t size)
{
	snprintf(buf, size, "%s:%s", points[m->point].name, ops[op_row(m->op)].word);
}

void ref_mutant_what(const struct ref_mutant *m, char *buf, size_t size)
{
	const char *how = ops[op_row(m->op)].what;

	snprintf(buf, size, "%s%s%s", points[m->point].what, how[0] ? ": " : "", how);
}

uint16_t ref_mutant_device(const struct ref_mutant *m)
{
	return points[m->point].device;
}

bool ref_mutant_find(const char *name, struct ref_mutant *m)
{
	char buf[64];
	unsigned i;

	for (i = 0; ref_mutant_at(i, m); i++) {
		ref_mutant_name(m, buf, sizeof(buf));
		if (strcmp(buf, name) == 0)
			return true;
	}
	return false;
}
