/* SPDX-License-Identifier: BSD-2-Clause */
/* A receiver's books: each kind of mishap is counted as what it is, once, and traffic goes on. */
#include <CUnit/CUnit.h>

#include "bench/verify.h"

#define LEN 300u

struct books {
	uint64_t delivered, lost, doubled, altered, expected;
};

static void see(struct verify *v, uint64_t seq)
{
	uint8_t f[LEN + 64];

	frame_fill(f, 0, LEN, seq);
	verify_frame(v, f, LEN, LEN);
}

static void expect(const struct verify *v, struct books b)
{
	CU_ASSERT_EQUAL(v->delivered, b.delivered);
	CU_ASSERT_EQUAL(v->lost, b.lost);
	CU_ASSERT_EQUAL(v->doubled, b.doubled);
	CU_ASSERT_EQUAL(v->altered, b.altered);
	CU_ASSERT_EQUAL(v->expected, b.expected);
}

static void in_order(void)
{
	struct verify v = {0};

	for (uint64_t i = 0; i < 50; i++)
		see(&v, i);
	expect(&v, (struct books){.delivered = 50, .expected = 50});
}

static void lost(void)
{
	struct verify v = {.expected = 10};

	see(&v, 13);
	expect(&v, (struct books){.delivered = 1, .lost = 3, .expected = 14});
	see(&v, 14);
	expect(&v, (struct books){.delivered = 2, .lost = 3, .expected = 15});
}

static void doubled(void)
{
	struct verify v = {.expected = 10};

	see(&v, 10);
	see(&v, 10);
	see(&v, 3);
	expect(&v, (struct books){.delivered = 1, .doubled = 2, .expected = 11});
	see(&v, 11);
	expect(&v, (struct books){.delivered = 2, .doubled = 2, .expected = 12});
}

/* What an echo still sends of an earlier job is nobody's; a frame of this one twice is. */
static void late_echoes(void)
{
	struct verify v = {.expected = 10, .since = 10};

	see(&v, 7);
	see(&v, 9);
	expect(&v, (struct books){.expected = 10});
	see(&v, 10);
	see(&v, 10);
	see(&v, 9);
	expect(&v, (struct books){.delivered = 1, .doubled = 1, .expected = 11});
}

/* A frame that nobody has sent yet is made up, however good it looks. */
static void made_up(void)
{
	uint64_t sent = 5;
	struct verify v = {.sent = &sent};

	see(&v, 0);
	see(&v, 5);
	see(&v, 1ull << 40);
	expect(&v, (struct books){.delivered = 1, .altered = 2, .expected = 3});
	see(&v, 4);
	expect(&v, (struct books){.delivered = 2, .altered = 2, .lost = 1, .expected = 5});
}

/* A byte, wherever it stands, one too few, one too many: altered, and the next one is expected as
 * before. */
static void altered(void)
{
	static const uint32_t lens[] = {LEN - 1, LEN + 1, 0, FRAME_MIN - 1};
	struct verify v = {0};
	uint8_t f[LEN + 64];
	uint64_t n = 0;

	for (uint32_t i = 0; i < LEN; i++, n++) {
		frame_fill(f, 0, LEN, n);
		f[i] ^= 4;
		verify_frame(&v, f, LEN, LEN);
		expect(&v, (struct books){.altered = n + 1, .expected = n + 1});
	}
	for (unsigned i = 0; i < VOP_ARRAY_SIZE(lens); i++, n++) {
		frame_fill(f, 0, LEN + 1, n);
		verify_frame(&v, f, lens[i], LEN);
		expect(&v, (struct books){.altered = n + 1, .expected = n + 1});
	}
	see(&v, n);
	expect(&v, (struct books){.delivered = 1, .altered = n, .expected = n + 1});
}

/* The product's source: a number, then zeroes. */
static void numbered(void)
{
	struct verify v = {.numbered = true};
	uint8_t f[LEN + 64] = {0};
	uint64_t n = 0;

	for (n = 0; n < 4; n++) {
		memcpy(f + 16, &n, 8);
		verify_frame(&v, f, LEN, LEN);
	}
	expect(&v, (struct books){.delivered = 4, .expected = 4});
	for (uint32_t i = 24; i < LEN; i++, n++) {
		memcpy(f + 16, &n, 8);
		f[i] = 1;
		verify_frame(&v, f, LEN, LEN);
		f[i] = 0;
	}
	expect(&v, (struct books){.delivered = 4, .altered = LEN - 24, .expected = n});
	/* A frame of ours is not one of the source's. */
	see(&v, n);
	CU_ASSERT_EQUAL(v.delivered + v.altered + v.lost + v.doubled, n + 1);
}

/* A number that was never sent is made up, however well the frame fits it. */
static void never_sent(void)
{
	uint64_t sent = 12;
	struct verify v = {.expected = 10, .sent = &sent};

	see(&v, UINT64_MAX - 1);
	expect(&v, (struct books){.altered = 1, .expected = 11});
	see(&v, 12);
	expect(&v, (struct books){.altered = 2, .expected = 12});
	sent = 14;
	see(&v, 13);
	expect(&v, (struct books){.altered = 2, .lost = 1, .delivered = 1, .expected = 14});
}

/* What was counted comes out, each under its name; nothing wrong is written while nothing is. */
static void publish(void)
{
	struct lane_count c = {0};
	struct verify v = {.count = &c, .delivered = 5};

	verify_publish(&v);
	CU_ASSERT_EQUAL(atomic_load(&c.delivered), 5);
	CU_ASSERT_EQUAL(atomic_load(&c.lost) + atomic_load(&c.doubled) + atomic_load(&c.altered),
			0);
	v.lost = 1;
	verify_publish(&v);
	CU_ASSERT_EQUAL(atomic_load(&c.lost), 1);
	v = (struct verify){.count = &c, .delivered = 6, .doubled = 2};
	verify_publish(&v);
	CU_ASSERT_EQUAL(atomic_load(&c.doubled), 2);
	v = (struct verify){.count = &c, .delivered = 7, .lost = 4, .doubled = 3, .altered = 9};
	verify_publish(&v);
	CU_ASSERT_EQUAL(atomic_load(&c.delivered), 7);
	CU_ASSERT_EQUAL(atomic_load(&c.lost), 4);
	CU_ASSERT_EQUAL(atomic_load(&c.doubled), 3);
	CU_ASSERT_EQUAL(atomic_load(&c.altered), 9);
	v = (struct verify){.count = &c, .delivered = 7, .altered = 10};
	verify_publish(&v);
	CU_ASSERT_EQUAL(atomic_load(&c.altered), 10);
}

int suite_verify(void)
{
	CU_pSuite s = CU_add_suite("verify", NULL, NULL);

	if (!s || !CU_add_test(s, "in order", in_order) || !CU_add_test(s, "lost", lost) ||
	    !CU_add_test(s, "doubled", doubled) || !CU_add_test(s, "late echoes", late_echoes) ||
	    !CU_add_test(s, "made up", made_up) || !CU_add_test(s, "altered", altered) ||
	    !CU_add_test(s, "never sent", never_sent) || !CU_add_test(s, "numbered", numbered) ||
	    !CU_add_test(s, "publish", publish))
		return CU_get_error();
	return 0;
}
