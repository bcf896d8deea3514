/* SPDX-License-Identifier: BSD-2-Clause */
/* Random cases are made: legal rounds of requests, and among them what is broken. */
#include <string.h>

#include "conformance/state.h"

struct maker {
	struct state_case *s;
	uint64_t x;
	unsigned added; /* requests */
};

/* splitmix64 */
static uint64_t chance(struct maker *m)
{
	uint64_t z = m->x += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static unsigned below(struct maker *m, unsigned n)
{
	return (unsigned)((chance(m) >> 32) * n >> 32);
}

static bool one_in(struct maker *m, unsigned n)
{
	return below(m, n) == 0;
}

static void put(struct maker *m, struct state_action a)
{
	if (m->s->n < STATE_ACTIONS)
		m->s->act[m->s->n++] = a;
}

static void op(struct maker *m, enum state_op o)
{
	put(m, (struct state_action){.op = (uint8_t)o});
}

/* --- values --- */

static unsigned where(struct maker *m)
{
	/* Addresses that are good as a rule. */
	static const uint8_t good[] = {STATE_AT_AREA, STATE_AT_AREA, STATE_AT_AREA, STATE_AT_TAIL};

	return one_in(m, 2) ? good[below(m, VOP_ARRAY_SIZE(good))] : below(m, STATE_WHERE_COUNT);
}

/* Small, or so large that no memory has room for it: what lies between could be memory that is none
 * of the check's. */
static uint32_t length(struct maker *m)
{
	static const uint32_t special[] = {0,	       1,	   11,	       12,	  15,
					   16,	       17,	   32,	       48,	  4096,
					   0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff};

	return one_in(m, 2) ? special[below(m, VOP_ARRAY_SIZE(special))] : below(m, 2048);
}

static uint64_t offset(struct maker *m)
{
	return one_in(m, 2) ? 0 : below(m, 64);
}

/* Numbers around the ring's size, and far from it. */
static uint16_t link_value(struct maker *m)
{
	uint16_t size = m->s->size;

	switch (below(m, 8)) {
	case 0:
		return size;
	case 1:
		return (uint16_t)(size - 1);
	case 2:
		return (uint16_t)(size + 1);
	case 3:
		return UINT16_MAX;
	case 4:
		return (uint16_t)chance(m);
	default:
		return (uint16_t)below(m, size);
	}
}

static uint16_t flags(struct maker *m)
{
	static const uint16_t some[] = {VOP_DESC_F_NEXT,
					VOP_DESC_F_WRITE,
					VOP_DESC_F_INDIRECT,
					VOP_DESC_F_NEXT | VOP_DESC_F_WRITE,
					VOP_DESC_F_NEXT | VOP_DESC_F_INDIRECT,
					VOP_DESC_F_WRITE | VOP_DESC_F_INDIRECT,
					VOP_DESC_F_AVAIL,
					VOP_DESC_F_USED,
					VOP_DESC_F_AVAIL | VOP_DESC_F_USED,
					0x8,
					0x4000};

	return one_in(m, 10) ? (uint16_t)chance(m) : some[below(m, VOP_ARRAY_SIZE(some))];
}

/* Of descriptors: sound ones more often than not. */
static uint16_t desc_flags(struct maker *m, bool more)
{
	uint16_t f = more ? VOP_DESC_F_NEXT : 0;

	if (one_in(m, 2))
		f |= VOP_DESC_F_WRITE;
	return one_in(m, 6) ? f ^ flags(m) : f;
}

/* --- steps --- */

static void hand_over(struct maker *m)
{
	op(m, STATE_PUBLISH);
	op(m, STATE_KICK);
	op(m, STATE_WORK);
}

static void request(struct maker *m)
{
	put(m, (struct state_action){.op = STATE_REQUEST,
				     .a = (uint16_t)(1 + below(m, 6)),
				     .b = (uint16_t)(m->s->indirect && one_in(m, 2))});
	m->added++;
}

static void legal_round(struct maker *m)
{
	unsigned n = 1 + below(m, 3);

	if (one_in(m, 6))
		put(m, (struct state_action){
			       .op = STATE_CALLS, .a = (uint16_t)below(m, 3), .v = below(m, 4)});
	while (n--)
		request(m);
	hand_over(m);
	if (m->s->reset && one_in(m, 8))
		op(m, STATE_QRESET);
}

/* One field of a descriptor of a request that was added. */
static void field(struct maker *m, unsigned back)
{
	struct state_action a = {.a = (uint16_t)below(m, back), .b = (uint16_t)below(m, 8)};

	switch (below(m, 4)) {
	case 0:
		a.op = STATE_ADDR;
		a.where = (uint8_t)where(m);
		a.v = offset(m);
		break;
	case 1:
		a.op = STATE_LEN;
		a.v = length(m);
		break;
	case 2:
		a.op = STATE_FLAGS;
		a.v = flags(m);
		break;
	default:
		a.op = STATE_NEXT;
		a.v = link_value(m);
	}
	put(m, a);
}

/* Requests, of which a field or two are wrong before the device sees them or while it may. */
static void wrong_request(struct maker *m)
{
	bool late = one_in(m, 4);
	unsigned n = 1 + below(m, 3), i;

	for (i = 0; i < n; i++)
		request(m);
	if (late)
		op(m, STATE_PUBLISH);
	for (i = 1 + one_in(m, 3); i; i--)
		field(m, n);
	hand_over(m);
}

static void table(struct maker *m)
{
	unsigned n = 1 + below(m, 4), i;

	for (i = 0; i < n; i++)
		put(m, (struct state_action){.op = STATE_ENTRY,
					     .a = (uint16_t)i,
					     .b = desc_flags(m, i + 1 < n),
					     .c = one_in(m, 6) ? link_value(m) : (uint16_t)(i + 1),
					     .where = (uint8_t)where(m),
					     .v = length(m)});
}

/* A chain by hand; some of it may be a table. */
static void chain(struct maker *m)
{
	unsigned n = 1 + below(m, 4), i, from = m->s->packed ? 0 : below(m, m->s->size);
	bool tables = m->s->indirect ? one_in(m, 2) : one_in(m, 8);

	if (tables)
		table(m);
	/* From the end: the first one of a packed ring lets the device at all. */
	for (i = n; i-- > 0;) {
		struct state_action a = {
			.op = STATE_DESC,
			.a = (uint16_t)(from + i),
			.b = desc_flags(m, i + 1 < n),
			.c = one_in(m, 6) ? link_value(m) : (uint16_t)((from + i + 1) % m->s->size),
			.where = (uint8_t)where(m),
			.v = length(m),
		};

		if (tables && (i == 0 || one_in(m, 3))) {
			a.where = STATE_AT_TABLE;
			a.b = VOP_DESC_F_INDIRECT | (one_in(m, 4) ? flags(m) : 0);
			a.v = one_in(m, 3) ? length(m) : 16 * (1 + below(m, 6));
		}
		put(m, a);
	}
	if (m->s->packed)
		put(m, (struct state_action){.op = STATE_SLOTS,
					     .a = (uint16_t)(tables && one_in(m, 2) ? 1 : n)});
	else
		put(m, (struct state_action){.op = STATE_HEAD,
					     .a = one_in(m, 6) ? link_value(m) : (uint16_t)from});
	hand_over(m);
}

static uint64_t jump(struct maker *m)
{
	switch (below(m, 6)) {
	case 0:
		return m->s->size;
	case 1:
		return m->s->size + 1u;
	case 2:
		return UINT16_MAX; /* one back */
	case 3:
		return 0x8000;
	case 4:
		return below(m, 0x10000);
	default:
		return 1 + below(m, m->s->size);
	}
}

static void break_something(struct maker *m)
{
	static const uint8_t statuses[] = {1, 3, 7, 11, 15, 0x0f | 0x40, 0x8f, 0x80, 0xff};

	switch (below(m, 10)) {
	case 0:
		put(m, (struct state_action){.op = STATE_EVENT,
					     .v = (one_in(m, 4) ? chance(m) & 0xffff : below(m, 4))
							  << 16 |
						  link_value(m)});
		break;
	case 1:
		if (!m->s->packed) {
			put(m, (struct state_action){.op = STATE_INDEX, .v = jump(m)});
			op(m, STATE_KICK);
			op(m, STATE_WORK);
			break;
		}
		put(m, (struct state_action){.op = STATE_SLOTS, .a = (uint16_t)below(m, 4)});
		break;
	case 2:
		if (one_in(m, 2)) {
			put(m, (struct state_action){
				       .op = STATE_STATUS,
				       .a = statuses[below(m, VOP_ARRAY_SIZE(statuses))]});
			break;
		}
		request(m);
		if (m->s->reset)
			op(m, STATE_QRESET);
		break;
	case 3:
	case 4:
	case 5:
		chain(m);
		break;
	default:
		wrong_request(m);
	}
}

void state_generate(struct state_case *s, uint64_t seed, enum state_mix mix, bool packed,
		    uint16_t size_max)
{
	struct maker m = {.s = s, .x = seed};
	unsigned rounds, i;

	memset(s, 0, sizeof(*s));
	s->seed = seed;
	s->packed = packed;
	s->size = packed ? (uint16_t)(4 + below(&m, 29)) : (uint16_t)(4u << below(&m, 5));
	s->size = VOP_MIN(s->size, size_max);
	s->indirect = one_in(&m, 2);
	s->event = one_in(&m, 2);
	s->in_order = one_in(&m, 4);
	s->reset = one_in(&m, 4);
	rounds = mix == STATE_WILD ? below(&m, 2) : 1 + below(&m, 3);
	for (i = 0; i < rounds; i++)
		legal_round(&m);
	if (mix == STATE_LEGAL)
		return;
	rounds = mix == STATE_WILD ? 2 + below(&m, 5) : 1 + below(&m, 3);
	for (i = 0; i < rounds; i++) {
		break_something(&m);
		if (one_in(&m, 4))
			legal_round(&m);
	}
}

bool state_legal(const struct state_case *s)
{
	unsigned i;

	for (i = 0; i < s->n; i++)
		if (s->act[i].op >= STATE_ADDR)
			return false;
	return true;
}
