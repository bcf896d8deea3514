/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 5.4 Entropy device. Nobody can foresee what comes back; judged is what chance does not do, with
 * odds below 2^-60 of blaming a sound device.
 */
#include <string.h>

#include "conformance/conf.h"
#include "conformance/lane.h"
#include "conformance/ring.h"
#include "conformance/sections.h"

#define RNG_ID	4
#define PATTERN 0x5a /* what lies in a buffer before */
#define MUCH	65536u

/* A buffer of one writable piece. */
static struct cbuf *of_len(struct conf *c, uint32_t len)
{
	struct cbuf *b = cbuf_new(c);

	cbuf_in(c, b, len);
	return b;
}

static void expect_length(struct conf *c, const struct cbuf *b)
{
	CONF_EXPECT(c, b->used_len >= 1 && b->used_len <= b->in_len,
		    "a buffer of %u bytes came back with %u random bytes", b->in_len, b->used_len);
}

/* The device uses a buffer of that length; its bytes that count. */
static struct cbuf *ask(struct conf *c, uint32_t len)
{
	struct cbuf *b = of_len(c, len);

	cring_submit(conf_ring(c), b);
	cring_wait(conf_ring(c), b);
	expect_length(c, b);
	return b;
}

/* --- a correct driver --- */

static void fills(struct conf *c)
{
	conf_start(c, 0);
	conf_serve(c, 60);
}

/* With one byte of room the length can only be 1. */
static void one_byte(struct conf *c)
{
	unsigned i, changed = 0;
	uint8_t got;

	conf_start(c, 0);
	for (i = 0; i < 48; i++) {
		cbuf_read(ask(c, 1), 0, &got, 1);
		changed += got != PATTERN;
	}
	CONF_EXPECT(c, changed, "%u buffers of one byte came back unchanged", i);
}

/* Any length; each byte that counts is written now and then. */
static void lengths(struct conf *c)
{
	uint8_t got[80], written[80] = {0}, counted[80] = {0};
	unsigned turn, len, i;

	conf_start(c, 0);
	for (turn = 0; turn < 10; turn++)
		for (len = 80; len; len -= 8 - turn % 2 * 3) {
			struct cbuf *b = ask(c, len);

			cbuf_read(b, 0, got, b->used_len);
			for (i = 0; i < b->used_len; i++) {
				counted[i]++;
				written[i] += got[i] != PATTERN;
			}
		}
	for (i = 0; i < 80; i++)
		CONF_EXPECT(c, counted[i] < 8 || written[i],
			    "byte %u was counted in %u buffers and never written", i, counted[i]);
}

/* Nothing but the bytes that count, and where the buffer ends is where writing ends; the canaries
 * behind it tell. */
static void odd_ends(struct conf *c)
{
	unsigned i;

	conf_start(c, 0);
	for (i = 1; i < 34; i++)
		ask(c, 2 * i - 1);
}

static void last_byte(struct conf *c)
{
	unsigned i, changed = 0, whole = 0;
	uint8_t got;

	conf_start(c, 0);
	for (i = 0; i < 40; i++) {
		struct cbuf *b = ask(c, 17 + i % 5);

		cbuf_read(b, b->used_len - 1, &got, 1);
		changed += got != PATTERN;
		whole++;
	}
	CONF_EXPECT(c, changed, "the last byte that counts was not written in %u buffers", whole);
}

static void large(struct conf *c)
{
	static const uint32_t len[] = {4096, 4097, 65535, 65536, 65537, 131072, 200000};
	uint64_t got, before;
	unsigned i;

	memset(&before, PATTERN, sizeof(before));
	conf_start(c, 0);
	for (i = 0; i < VOP_ARRAY_SIZE(len); i++) {
		struct cbuf *b = ask(c, len[i]);

		if (b->used_len < 8)
			continue;
		cbuf_read(b, b->used_len - 8, (uint8_t *)&got, 8);
		CONF_EXPECT(c, got != before,
			    "%u bytes of %u are said to be there, and the last of them are not",
			    b->used_len, len[i]);
	}
}

/* The bytes that count are those of the first pieces, without a hole. */
/* One piece is no copy of another, as far as they count. */
static void expect_unlike(struct conf *c, const struct cbuf *b, unsigned n)
{
	uint64_t a, d;
	uint32_t at = 0, other;
	unsigned i, j;

	for (i = 0; i < n; at += b->seg[i++].len) {
		if (at + 8 > b->used_len)
			return;
		cbuf_read(b, at, &a, 8);
		for (j = i + 1, other = at + b->seg[i].len; j < n; other += b->seg[j++].len) {
			if (other + 8 > b->used_len)
				break;
			cbuf_read(b, other, &d, 8);
			CONF_EXPECT(c, a != d, "pieces %u and %u begin with the same 8 bytes", i,
				    j);
		}
	}
}

static void pieces(struct conf *c)
{
	unsigned n, turn;

	conf_start(c, 64);
	for (turn = 0; turn < 4; turn++)
		for (n = 1; n <= 12; n++) {
			struct cbuf *b = cbuf_new(c);
			uint64_t got, before;
			uint32_t at;
			unsigned i;

			memset(&before, PATTERN, sizeof(before));
			for (i = 0; i < n; i++)
				cbuf_in(c, b, 8 + conf_below(c, 40));
			cring_submit(conf_ring(c), b);
			cring_wait(conf_ring(c), b);
			expect_length(c, b);
			for (at = 0; at + 8 <= b->used_len; at += 8) {
				cbuf_read(b, at, (uint8_t *)&got, 8);
				CONF_EXPECT(c, got != before,
					    "bytes %u to %u of %u that count, in %u pieces, were "
					    "not written",
					    at, at + 7, b->used_len, n);
			}
			expect_unlike(c, b, n);
		}
}

static void many_pieces(struct conf *c)
{
	unsigned i;

	conf_start(c, 64);
	for (i = 0; i < 4; i++) {
		struct cbuf *b = cbuf_cut(c, NULL, 0, 300, 30 + i);

		cring_submit(conf_ring(c), b);
		cring_wait(conf_ring(c), b);
		expect_length(c, b);
	}
}

static void batch(struct conf *c)
{
	struct cbuf *b[16];
	unsigned i, turn;

	conf_start(c, 16);
	for (turn = 0; turn < 8; turn++) {
		for (i = 0; i < 16; i++) {
			b[i] = of_len(c, 1 + (turn * 16 + i) % 61);
			cring_add(conf_ring(c), b[i]);
		}
		cring_publish(conf_ring(c));
		cring_kick(conf_ring(c));
		cring_wait_all(conf_ring(c));
		for (i = 0; i < 16; i++)
			expect_length(c, b[i]);
	}
}

static void in_order(struct conf *c)
{
	struct cbuf *b[8];
	unsigned i, turn;

	conf_start(c, 32);
	for (turn = 0; turn < 10; turn++) {
		for (i = 0; i < 8; i++) {
			b[i] = conf_probe(c, 1 + i % 3);
			cring_add(conf_ring(c), b[i]);
		}
		cring_publish(conf_ring(c));
		cring_kick(conf_ring(c));
		cring_wait_all(conf_ring(c));
		for (i = 0; i < 8; i++)
			conf_finish(c, b[i]);
	}
}

static void indirect(struct conf *c)
{
	unsigned i;

	conf_start(c, 0);
	for (i = 1; i <= 16; i++) {
		struct cbuf *b = conf_probe(c, i);

		b->indirect = true;
		conf_submit(c, b);
		conf_finish(c, b);
	}
}

/* --- what random means --- */

#define OLD 16u

/* The first bytes of what a buffer got; fewer than 8 say nothing. */
static bool sample(struct conf *c, uint32_t len, uint64_t *v)
{
	const struct cbuf *b = ask(c, len);

	cbuf_read(b, 0, (uint8_t *)v, sizeof(*v));
	return b->used_len >= sizeof(*v);
}

static void compare(struct conf *c, const uint64_t *v, unsigned n, const char *when)
{
	unsigned i, j;

	for (i = 0; i < n; i++)
		for (j = 0; j < i; j++)
			CONF_EXPECT(c, v[i] != v[j], "requests %u and %u%s got the same bytes", j,
				    i, when);
}

static void fresh(struct conf *c)
{
	uint64_t v[2 * OLD];
	unsigned i, n = 0;

	conf_start(c, 0);
	for (i = 0; i < 2 * OLD; i++)
		n += sample(c, 32, &v[n]);
	compare(c, v, n, "");
}

static void fresh_after_reset(struct conf *c)
{
	uint64_t v[4 * OLD];
	unsigned i, life, n = 0;

	for (life = 0; life < 4; life++) {
		conf_start(c, 0);
		for (i = 0; i < OLD; i++)
			n += sample(c, 24 + i, &v[n]);
	}
	compare(c, v, n, ", resets between them,");
}

/* Random bytes, MUCH of them, in a piece of memory of its own. */
static uint8_t *gather(struct conf *c)
{
	uint64_t bus;
	uint8_t *v = cmem_alloc(c, MUCH, 64, &bus, "what the device gave");
	uint32_t at = 0;
	unsigned asks;

	for (asks = 0; at < MUCH; asks++) {
		struct cbuf *b;
		uint32_t len = VOP_MIN(MUCH - at, 8192u), i;
		uint8_t part[256];

		if (asks == 256)
			conf_skip(c, "the device gives too few bytes a request to judge them");
		b = ask(c, len);
		for (i = 0; i < b->used_len; i += VOP_MIN(b->used_len - i, 256u)) {
			cbuf_read(b, i, part, VOP_MIN(b->used_len - i, 256u));
			cmem_put(c, v + at + i, part, VOP_MIN(b->used_len - i, 256u));
		}
		at += b->used_len;
	}
	return v;
}

/* Each of 256 is expected 256 times; never, or three times as often, is not by chance. */
static void expect_even(struct conf *c, const unsigned *n, const char *what)
{
	unsigned i;

	for (i = 0; i < 256; i++)
		CONF_EXPECT(c, n[i] > 64 && n[i] < 768, "%s 0x%02x occurs %u times in %u bytes",
			    what, i, n[i], MUCH);
}

static void values(struct conf *c)
{
	unsigned n[256] = {0}, i;
	const uint8_t *v;

	conf_start(c, 0);
	v = gather(c);
	for (i = 0; i < MUCH; i++)
		n[v[i]]++;
	expect_even(c, n, "the value");
}

static void differences(struct conf *c)
{
	unsigned n[256] = {0}, i;
	const uint8_t *v;

	conf_start(c, 0);
	v = gather(c);
	for (i = 1; i < MUCH; i++)
		n[(uint8_t)(v[i] - v[i - 1])]++;
	expect_even(c, n, "the difference of neighbours");
}

/* Of 65,536 fair bits 32,768 are set, give or take 128; 12 times that is not by chance. */
static void bits(struct conf *c)
{
	unsigned bit, i;
	const uint8_t *v;

	conf_start(c, 0);
	v = gather(c);
	for (bit = 0; bit < 8; bit++) {
		unsigned set = 0;

		for (i = 0; i < MUCH; i++)
			set += v[i] >> bit & 1;
		CONF_EXPECT(c, set > MUCH / 2 - 1536 && set < MUCH / 2 + 1536,
			    "bit %u is set in %u of %u bytes", bit, set, MUCH);
	}
}

/* No run of 16 bytes comes again 1 to 256 bytes later. */
static void repeats(struct conf *c)
{
	const uint8_t *v;
	uint32_t at, far;

	conf_start(c, 0);
	v = gather(c);
	for (at = 0; at + 272 <= MUCH; at += 997)
		for (far = 1; far <= 256; far++)
			CONF_EXPECT(c, memcmp(v + at, v + at + far, 16) != 0,
				    "16 bytes come again %u bytes later", far);
}

/* --- quiet --- */

/* What a driver has taken back is its own: the device does not come back to it. */
static void lets_go(struct conf *c)
{
	unsigned i;

	conf_start(c, 0);
	for (i = 0; i < 20; i++) {
		ask(c, 1 + 9 * i);
		conf_settle(c);
		cmem_verify(c, "after a buffer was taken back");
	}
}

static void idle(struct conf *c)
{
	conf_start(c, 0);
	conf_serve(c, 4);
	conf_expect_idle(c);
}

static void no_features(struct conf *c)
{
	const uint64_t *f = conf_offered(c);

	CONF_EXPECT(c, (f[0] & 0xffffff) == 0,
		    "feature bits %#llx are offered, and none is defined for this type",
		    (unsigned long long)f[0] & 0xffffff);
}

/* --- drivers that break rules --- */

/* Hand it over whatever the device thinks of it, and see that nobody is harmed. */
static void hand_over(struct conf *c, struct cbuf *b)
{
	struct cring *r = conf_ring(c);

	cring_add(r, b);
	cring_publish(r);
	cring_kick_always(r);
	conf_settle(c);
	cmem_verify(c, "after a buffer that no driver may make available");
	conf_expect_idle(c);
}

static void readable(struct conf *c)
{
	struct cbuf *b = cbuf_new(c);

	conf_start(c, 0);
	conf_serve(c, 2);
	cbuf_out(c, b, "these bytes are the driver's", 28);
	hand_over(c, b);
}

static void readable_first(struct conf *c)
{
	struct cbuf *b = cbuf_new(c);

	conf_start(c, 0);
	cbuf_out(c, b, "these bytes are the driver's", 28);
	cbuf_in(c, b, 100);
	hand_over(c, b);
}

/* Others before and behind it. */
static void readable_between(struct conf *c)
{
	struct cring *r;
	unsigned i;

	conf_start(c, 0);
	r = conf_ring(c);
	for (i = 0; i < 6; i++) {
		struct cbuf *b = cbuf_new(c);

		if (i % 3 == 2)
			cbuf_out(c, b, "these bytes are the driver's", 28);
		else
			cbuf_in(c, b, 50);
		cring_add(r, b);
	}
	cring_publish(r);
	cring_kick_always(r);
	conf_settle(c);
	while (cring_take(r))
		;
	cmem_verify(c, "after readable buffers among writable ones");
	conf_expect_idle(c);
}

static void empty(struct conf *c)
{
	conf_start(c, 0);
	conf_serve(c, 2);
	hand_over(c, of_len(c, 0));
}

static void empty_pieces(struct conf *c)
{
	struct cbuf *b = cbuf_new(c);

	conf_start(c, 0);
	cbuf_in(c, b, 0);
	cbuf_in(c, b, 40);
	cbuf_in(c, b, 0);
	hand_over(c, b);
}

/* As many as the queue holds, again and again, taken back only when it is full. */
static void flood(struct conf *c)
{
	struct cring *r;
	unsigned turn, i;

	conf_start(c, VOP_MIN((uint16_t)128, conf_queue_size_max(c, 0)));
	r = conf_ring(c);
	for (turn = 0; turn < 5; turn++) {
		for (i = 0; i < r->size; i++) {
			cring_add(r, of_len(c, 1 + i % 3));
			cring_publish(r);
			cring_kick_always(r);
		}
		cring_wait_all(r);
	}
}

/* Kicks without a buffer, and a reset with buffers outstanding. */
static void kicks(struct conf *c)
{
	struct cring *r;
	unsigned i;

	conf_start(c, 0);
	r = conf_ring(c);
	for (i = 0; i < 50; i++)
		cring_kick_always(r);
	conf_serve(c, 3);
	for (i = 0; i < 8; i++)
		cring_add(r, of_len(c, 4000));
	cring_publish(r);
	cring_kick_always(r);
}

#define DEV "device-types/entropy/description.tex:"
#define RNG .device = RNG_ID
static const struct conf_check checks[] = {
	{"rng/no-features", "no feature bit of this type is offered", "text:" DEV "17", CONF_TEXT,
	 CONF_CONFORMANCE, CONF_ANY, RNG, .run = no_features},
	{"rng/fills", "every buffer gets a random byte at least", "5.4.6.2:dev:1", CONF_MUST,
	 CONF_CONFORMANCE, CONF_BOTH, RNG, .run = fills},
	{"rng/one-byte", "a buffer of one byte gets one", "5.4.6.2:dev:1", CONF_MUST,
	 CONF_CONFORMANCE, CONF_BOTH, RNG, .run = one_byte},
	{"rng/lengths", "buffers of any length get what they are said to get", "5.4.6.2:dev:1",
	 CONF_MUST, CONF_CONFORMANCE, CONF_BOTH, RNG, .run = lengths},
	{"rng/odd-ends", "writing ends where a buffer of odd length ends", "5.4.6.2:dev:1",
	 CONF_MUST, CONF_CONFORMANCE, CONF_BOTH, RNG, .run = odd_ends},
	{"rng/last-byte", "the last byte that counts is written", "5.4.6.2:dev:1", CONF_MUST,
	 CONF_CONFORMANCE, CONF_BOTH, RNG, .run = last_byte},
	{"rng/large", "buffers beyond 64 KiB get a byte at least", "5.4.6.2:dev:1", CONF_MUST,
	 CONF_CONFORMANCE, CONF_BOTH, RNG, .run = large},
	{"rng/pieces", "the bytes that count fill the first pieces", "5.4.6.2:dev:1", CONF_MUST,
	 CONF_CONFORMANCE, CONF_BOTH, RNG, .run = pieces},
	{"rng/many-pieces", "a buffer may have many pieces", "5.4.6.2:dev:1", CONF_MUST,
	 CONF_CONFORMANCE, CONF_BOTH, RNG, .run = many_pieces},
	{"rng/batch", "each of many buffers gets a byte at least", "5.4.6.2:dev:1 text:" DEV "27",
	 CONF_MUST, CONF_CONFORMANCE, CONF_BOTH, RNG, .run = batch},
	{"rng/in-order", "buffers are used in order, each with its length", "5.4.6.2:dev:1",
	 CONF_MUST, CONF_CONFORMANCE, CONF_BOTH, RNG, .needs = {CONF_F(VOP_F_IN_ORDER)},
	 .run = in_order},
	{"rng/indirect", "buffers of indirect tables are filled", "5.4.6.2:dev:1", CONF_MUST,
	 CONF_CONFORMANCE, CONF_BOTH, RNG, .needs = {CONF_F(VOP_F_INDIRECT_DESC)}, .run = indirect},
	{"rng/fresh", "no two requests get the same bytes", "5.4.6.2:dev:1 text:" DEV "29",
	 CONF_MUST, CONF_CONFORMANCE, CONF_BOTH, RNG, .run = fresh},
	{"rng/fresh-after-reset", "a reset does not bring bytes back that were given out",
	 "5.4.6.2:dev:1 text:" DEV "29", CONF_MUST, CONF_CONFORMANCE, CONF_BOTH, RNG,
	 .run = fresh_after_reset},
	{"rng/values", "every value of a byte occurs", "text:" DEV "29", CONF_TEXT,
	 CONF_CONFORMANCE, CONF_ANY, RNG, .run = values},
	{"rng/differences", "neighbours do not follow from one another", "text:" DEV "29",
	 CONF_TEXT, CONF_CONFORMANCE, CONF_ANY, RNG, .run = differences},
	{"rng/bits", "each bit is set half of the time", "text:" DEV "29", CONF_TEXT,
	 CONF_CONFORMANCE, CONF_ANY, RNG, .run = bits},
	{"rng/repeats", "a buffer does not repeat itself", "text:" DEV "29", CONF_TEXT,
	 CONF_CONFORMANCE, CONF_ANY, RNG, .run = repeats},
	{"rng/lets-go", "a buffer that was given back is not written again", "text:" DEV "29",
	 CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH, RNG, .run = lets_go},
	{"rng/idle", "no CPU is burnt while nobody asks", "text:" DEV "29", CONF_TEXT,
	 CONF_CONFORMANCE, CONF_BOTH, RNG, .run = idle},
	{"rng/readable", "a readable buffer harms nobody", "text:" DEV "34", CONF_TEXT,
	 CONF_ROBUSTNESS, CONF_BOTH, RNG, .run = readable},
	{"rng/readable-first", "a readable piece before a writable one harms nobody",
	 "text:" DEV "34", CONF_TEXT, CONF_ROBUSTNESS, CONF_BOTH, RNG, .run = readable_first},
	{"rng/readable-between", "readable buffers among writable ones harm nobody",
	 "text:" DEV "34", CONF_TEXT, CONF_ROBUSTNESS, CONF_BOTH, RNG, .run = readable_between},
	{"rng/empty", "a buffer without room harms nobody", "text:" DEV "41", CONF_TEXT,
	 CONF_ROBUSTNESS, CONF_BOTH, RNG, .run = empty},
	{"rng/empty-pieces", "pieces without room harm nobody", "text:" DEV "41", CONF_TEXT,
	 CONF_ROBUSTNESS, CONF_BOTH, RNG, .run = empty_pieces},
	{"rng/flood", "a queue that is kept full is served", "5.4.6.2:dev:1", CONF_MUST,
	 CONF_ROBUSTNESS, CONF_BOTH, RNG, .run = flood},
	{"rng/kicks", "kicks for nothing and a reset under way harm nobody", "text:" DEV "29",
	 CONF_TEXT, CONF_ROBUSTNESS, CONF_BOTH, RNG, .run = kicks},
};
CONF_SECTION(conf_section_rng, "5.4", "Entropy device", checks);
