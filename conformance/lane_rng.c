/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lane of an entropy device (VIRTIO 1.4, 5.4): writable buffers. What comes back cannot be
 * foreseen; it is not what lay there before, nor what another request got, and the device may use
 * less than all of a buffer.
 */
#include <string.h>

#include "conformance/lane.h"

#define RNG_ID	4
#define PATTERN 0x5a /* what cbuf_in() leaves */
#define SAMPLE	8u   /* bytes that chance does not repeat: 1 in 2^64 */
#define SAMPLES 100u

struct rng_state {
	uint64_t seen[SAMPLES]; /* the first bytes of the last requests, in a circle */
	unsigned n;
	uint32_t shorts; /* buffers in turn with fewer bytes than a sample, all the pattern */
};
_Static_assert(sizeof(struct rng_state) <= LANE_STATE, "fits");

static void request(struct conf *c, uint64_t i, uint8_t *out, uint32_t *out_len, uint32_t *in_len)
{
	(void)c;
	(void)out;
	*out_len = 0;
	*in_len = 512 + (uint32_t)(i * 37 % 200);
}

/* Few bytes may be the pattern by chance; buffer after buffer of them may not. */
static void verify_short(struct conf *c, struct rng_state *s, const struct cbuf *b)
{
	uint8_t got[SAMPLE];
	uint32_t i;

	cbuf_read(b, 0, got, b->used_len);
	for (i = 0; i < b->used_len; i++)
		if (got[i] != PATTERN)
			s->shorts = 0;
	s->shorts += b->used_len;
	CONF_EXPECT(c, s->shorts < SAMPLE,
		    "the last %u bytes that were counted are what lay in the buffers before",
		    s->shorts);
}

static void verify(struct conf *c, struct cbuf *b)
{
	struct rng_state *s = conf_lane_state(c);
	uint64_t got, before;
	unsigned i;

	CONF_EXPECT(c, b->used_len >= 1 && b->used_len <= b->in_len,
		    "request %llu for %u bytes came back with %u", (unsigned long long)b->number,
		    b->in_len, b->used_len);
	if (b->used_len < SAMPLE) {
		verify_short(c, s, b);
		return;
	}
	memset(&before, PATTERN, sizeof(before));
	cbuf_read(b, 0, (uint8_t *)&got, sizeof(got));
	CONF_EXPECT(c, got != before, "request %llu got %u bytes that lay in the buffer before",
		    (unsigned long long)b->number, b->used_len);
	for (i = 0; i < VOP_MIN(s->n, SAMPLES); i++)
		CONF_EXPECT(c, got != s->seen[i],
			    "request %llu got bytes that another request got before",
			    (unsigned long long)b->number);
	s->seen[s->n++ % SAMPLES] = got;
	/* The last of the bytes that count were written as well. */
	cbuf_read(b, b->used_len - SAMPLE, (uint8_t *)&got, sizeof(got));
	CONF_EXPECT(c, got != before,
		    "request %llu came back with %u bytes, and the last of them were not written",
		    (unsigned long long)b->number, b->used_len);
}

const struct lane conf_lane_rng = {
	.name = "rng",
	.device = RNG_ID,
	.queue = 0,
	.writes = true,
	.request = request,
	.verify = verify,
	.pieces = 2,
};
