/* SPDX-License-Identifier: BSD-2-Clause */
/* A net device (VIRTIO 1.4, 5.1) that sends every frame back. */
#include <string.h>

#include "conformance/ref/internal.h"

#define NET_ID	  1
#define F_MAC	  5
#define F_MRG	  15
#define F_STATUS  16
#define HDR	  12u
#define FRAMES	  256u
#define FRAME_MAX 2048u

struct net {
	unsigned first, n; /* frames that wait for receive buffers: a circle */
	struct {
		uint32_t len;
		uint8_t bytes[FRAME_MAX];
	} frame[FRAMES];
};

static void start(struct ref *r)
{
	static const uint8_t mac[6] = {2, 0, 0, 0, 1, 1};

	memcpy(r->config, mac, sizeof(mac));
	r->config[6] = 1; /* LINK_UP */
}

static void reset(struct ref *r)
{
	((struct net *)r->state)->n = 0;
}

static bool transmit(struct ref *r, struct ref_queue *q, struct ref_chain *c)
{
	struct net *n = r->state;
	uint32_t hdr = (uint32_t)ref_value(r, REF_NET_HDR_LEN, HDR), len = c->out_len - hdr;

	if (ref_test(r, REF_NET_SHORT_HDR, c->out_len < HDR)) {
		ref_violation(r, q, "a buffer too short for the header");
		return false;
	}
	c->used = 0;
	if (c->out_len < hdr || len > FRAME_MAX || n->n == FRAMES || !ref_step(r, REF_NET_ECHO))
		return true;
	ref_gather(c, hdr, n->frame[(n->first + n->n) % FRAMES].bytes, len);
	n->frame[(n->first + n->n++) % FRAMES].len = len;
	return true;
}

static bool request(struct ref *r, struct ref_queue *q, struct ref_chain *c)
{
	if (q->index == 1)
		return transmit(r, q, c);
	ref_hold(q, c);
	return false;
}

static bool work(struct ref *r)
{
	struct net *n = r->state;
	struct ref_queue *q = &r->q[0];
	bool any = false;

	while (q->enabled && !q->broken && n->n && q->n_held) {
		uint8_t hdr[HDR] = {0};
		uint32_t len = n->frame[n->first].len;

		hdr[10] = (uint8_t)ref_value(r, REF_NET_RX_NUM_BUFFERS, 1);
		ref_scatter(r, &q->held[0], 0, hdr, HDR);
		len = ref_scatter(r, &q->held[0], HDR, n->frame[n->first].bytes, len);
		ref_release(q, (uint32_t)ref_value(r, REF_NET_RX_LEN, HDR + len));
		n->first = (n->first + 1) % FRAMES;
		n->n--;
		any = true;
	}
	if (any)
		ref_publish(q);
	return any;
}

const struct ref_type ref_net = {
	.name = "net",
	.device = NET_ID,
	.features = {1ull << F_MAC | 1ull << F_STATUS, 0},
	.queues = 2,
	.queue_size_max = 256,
	.config_size = 8,
	.state = sizeof(struct net),
	.start = start,
	.reset = reset,
	.request = request,
	.work = work,
};
