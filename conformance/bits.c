/* SPDX-License-Identifier: BSD-2-Clause */
#include "conformance/bits.h"

#define NET	1
#define BLK	2
#define CONSOLE 3
#define RNG	4
#define END	0xff

struct range {
	uint16_t device; /* 0: every */
	uint8_t from, to;
};

/* Without the bits that exist in the legacy interface only; bits 24, 27 and 30 are such too. */
static const struct range defined[] = {
	{0, 28, 29},
	{0, 32, 41},
	{0, 43, 43},
	/* 5.1.3: also 6, which transitional devices offer (5.1.3.2). */
	{NET, 0, 3},
	{NET, 5, 23},
	{NET, 50, 57},
	{NET, 59, 70},
	/* 5.2.3: 0 and 7 likewise (5.2.3.1). */
	{BLK, 0, 2},
	{BLK, 4, 7},
	{BLK, 9, 17},
	/* 5.3.3 */
	{CONSOLE, 0, 2}};

/* 5.1.3.1. Nothing in 5.2 to 5.4. */
static const struct bits_rule rules[] = {
	{NET, 7, {1, END, END}},   {NET, 8, {1, END, END}},   {NET, 9, {7, 8, END}},
	{NET, 10, {1, END, END}},  {NET, 54, {1, END, END}},  {NET, 55, {1, END, END}},
	{NET, 65, {7, END, END}},  {NET, 65, {8, END, END}},  {NET, 65, {54, END, END}},
	{NET, 65, {55, END, END}}, {NET, 66, {65, END, END}}, {NET, 11, {0, END, END}},
	{NET, 12, {0, END, END}},  {NET, 13, {11, 12, END}},  {NET, 14, {0, END, END}},
	{NET, 56, {0, END, END}},  {NET, 67, {11, END, END}}, {NET, 67, {12, END, END}},
	{NET, 67, {56, END, END}}, {NET, 68, {67, END, END}}, {NET, 18, {17, END, END}},
	{NET, 19, {17, END, END}}, {NET, 21, {17, END, END}}, {NET, 22, {17, END, END}},
	{NET, 23, {17, END, END}}, {NET, 53, {17, END, END}}, {NET, 61, {11, 12, END}},
	{NET, 60, {17, END, END}}, {NET, 52, {17, END, END}}, {NET, 51, {17, END, END}},
	{NET, 51, {60, 57, END}},  {NET, 64, {17, END, END}}, {NET, 64, {60, END, END}},
};

bool bits_known_type(uint16_t device)
{
	return device >= NET && device <= RNG;
}

bool bits_defined(uint16_t device, unsigned bit)
{
	unsigned i;

	for (i = 0; i < VOP_ARRAY_SIZE(defined); i++)
		if ((!defined[i].device || defined[i].device == device) && bit >= defined[i].from &&
		    bit <= defined[i].to)
			return true;
	return false;
}

const struct bits_rule *bits_rule(unsigned i)
{
	return i < VOP_ARRAY_SIZE(rules) ? &rules[i] : NULL;
}

bool bits_rule_kept(const struct bits_rule *r, const uint64_t f[2])
{
	unsigned i;

	if (!vop_feature_has(f, r->bit))
		return true;
	for (i = 0; i < VOP_ARRAY_SIZE(r->any) && r->any[i] != END; i++)
		if (vop_feature_has(f, r->any[i]))
			return true;
	return false;
}

void bits_close(uint16_t device, uint64_t f[2])
{
	const struct bits_rule *r;
	bool again = true;
	unsigned i;

	while (again) {
		again = false;
		for (i = 0; (r = bits_rule(i)) != NULL; i++) {
			if (r->device != device || bits_rule_kept(r, f))
				continue;
			vop_feature_clear(f, r->bit);
			again = true;
		}
	}
}
