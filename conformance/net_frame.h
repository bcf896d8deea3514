/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames that the checks of the net device send: Ethernet, IPv4 or IPv6, TCP or UDP, in whatever
 * state their checksum is to be; and a look at those that come back. A file of its own so that the
 * arithmetic is not that of the device under test.
 */
#ifndef CONFORMANCE_NET_FRAME_H
#define CONFORMANCE_NET_FRAME_H

#include <stdbool.h>
#include <stdint.h>

enum nf_sum { NF_SUM_FULL, NF_SUM_PSEUDO, NF_SUM_WRONG };

struct nf_want {
	bool v6, udp, cwr;
	enum nf_sum sum;
	uint16_t vlan;	    /* 0: no tag */
	const uint8_t *dst; /* NULL: a usual one */
	uint32_t payload;   /* bytes */
	uint8_t seed;	    /* of the payload */
	uint16_t port;	    /* source port; 0: a usual one */
};

/* Offsets in a frame. */
struct nf_at {
	uint32_t l3, l4, payload, len;
	bool v6, udp;
};

/* Write it to out; what is where in *at. Bytes of it. */
uint32_t nf_build(uint8_t *out, const struct nf_want *w, struct nf_at *at);
/* A frame of len bytes that is none of IP, at least 60. dst NULL: a usual one. */
uint32_t nf_plain(uint8_t *out, const uint8_t *dst, uint32_t len, uint8_t seed);
/* Take it apart; false: not TCP or UDP, or lengths that do not fit. */
bool nf_find(const uint8_t *f, uint32_t len, struct nf_at *at);
/* The IPv4 header's checksum is right (IPv6: true). */
bool nf_ip_sum_ok(const uint8_t *f, const struct nf_at *at);
/* The checksum of TCP or UDP is right. */
bool nf_sum_ok(const uint8_t *f, const struct nf_at *at);
/* What the checksum field of a partial checksum holds. */
uint16_t nf_pseudo(const uint8_t *f, const struct nf_at *at);
/* Where the checksum lies behind l4: 16 or 6. */
uint32_t nf_sum_offset(const struct nf_at *at);
/* Ones' complement sum of len bytes, folded, complemented. */
uint16_t nf_sum(const uint8_t *p, uint32_t len);
uint32_t nf_be16(const uint8_t *p);
uint32_t nf_be32(const uint8_t *p);
void nf_put_be16(uint8_t *p, uint32_t v);

#endif
