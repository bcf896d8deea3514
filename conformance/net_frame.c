/* SPDX-License-Identifier: BSD-2-Clause */
#include "conformance/net_frame.h"

#include <string.h>

#define ETHERNET 14u

static const uint8_t usual_dst[6] = {2, 0, 0, 0, 1, 1};
static const uint8_t usual_src[6] = {2, 0, 0, 0, 1, 2};

uint32_t nf_be16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

uint32_t nf_be32(const uint8_t *p)
{
	return nf_be16(p) << 16 | nf_be16(p + 2);
}

void nf_put_be16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put_be32(uint8_t *p, uint32_t v)
{
	nf_put_be16(p, v >> 16);
	nf_put_be16(p + 2, v & 0xffff);
}

static uint32_t add(uint32_t s, const uint8_t *p, uint32_t len)
{
	for (; len > 1; p += 2, len -= 2)
		s += nf_be16(p);
	if (len)
		s += (uint32_t)*p << 8;
	while (s > 0xffff)
		s = (s >> 16) + (s & 0xffff);
	return s;
}

uint16_t nf_sum(const uint8_t *p, uint32_t len)
{
	return (uint16_t)~add(0, p, len);
}

uint32_t nf_sum_offset(const struct nf_at *at)
{
	return at->udp ? 6 : 16;
}

uint16_t nf_pseudo(const uint8_t *f, const struct nf_at *at)
{
	uint32_t s = (at->udp ? 17 : 6) + at->len - at->l4;

	return (uint16_t)(at->v6 ? add(s, f + at->l3 + 8, 32) : add(s, f + at->l3 + 12, 8));
}

bool nf_sum_ok(const uint8_t *f, const struct nf_at *at)
{
	return add(nf_pseudo(f, at), f + at->l4, at->len - at->l4) == 0xffff;
}

bool nf_ip_sum_ok(const uint8_t *f, const struct nf_at *at)
{
	return at->v6 || add(0, f + at->l3, 20) == 0xffff;
}

/* --- making them --- */

static uint32_t ethernet(uint8_t *out, const uint8_t *dst, uint16_t vlan, uint16_t type)
{
	uint32_t n = 12;

	memcpy(out, dst ? dst : usual_dst, 6);
	memcpy(out + 6, usual_src, 6);
	if (vlan) {
		nf_put_be16(out + n, 0x8100);
		nf_put_be16(out + n + 2, vlan);
		n += 4;
	}
	nf_put_be16(out + n, type);
	return n + 2;
}

static void fill(uint8_t *p, uint32_t len, uint8_t seed)
{
	uint32_t i;

	for (i = 0; i < len; i++)
		p[i] = (uint8_t)(seed + i * 13 + (i >> 8) * 7);
}

uint32_t nf_plain(uint8_t *out, const uint8_t *dst, uint32_t len, uint8_t seed)
{
	uint32_t n = ethernet(out, dst, 0, 0x88b5);

	fill(out + n, len - n, seed);
	return len;
}

static void ip_header(uint8_t *ip, const struct nf_want *w, uint32_t l4_len)
{
	uint8_t protocol = w->udp ? 17 : 6;

	if (w->v6) {
		memset(ip, 0, 40);
		ip[0] = 0x60;
		nf_put_be16(ip + 4, l4_len);
		ip[6] = protocol;
		ip[7] = 64;
		ip[8] = ip[24] = 0xfd;
		ip[23] = 1;
		ip[39] = 2;
		return;
	}
	memset(ip, 0, 20);
	ip[0] = 0x45;
	nf_put_be16(ip + 2, 20 + l4_len);
	nf_put_be16(ip + 4, 0x1234);
	ip[8] = 64;
	ip[9] = protocol;
	put_be32(ip + 12, 0x0a000001);
	put_be32(ip + 16, 0x0a000002);
	nf_put_be16(ip + 10, nf_sum(ip, 20));
}

static void l4_header(uint8_t *t, const struct nf_want *w, uint32_t l4_len)
{
	memset(t, 0, w->udp ? 8 : 20);
	nf_put_be16(t, w->port ? w->port : 4000);
	nf_put_be16(t + 2, 9);
	if (w->udp) {
		nf_put_be16(t + 4, l4_len);
		return;
	}
	put_be32(t + 4, 0xfffffa00); /* the sequence number wraps on the way */
	put_be32(t + 8, 77);
	t[12] = 0x50;
	t[13] = (uint8_t)(0x19 | (w->cwr ? 0x80 : 0)); /* FIN, PSH, ACK */
	nf_put_be16(t + 14, 512);
}

uint32_t nf_build(uint8_t *out, const struct nf_want *w, struct nf_at *at)
{
	uint32_t l4_len = (w->udp ? 8 : 20) + w->payload, s;

	*at = (struct nf_at){.v6 = w->v6, .udp = w->udp};
	at->l3 = ethernet(out, w->dst, w->vlan, w->v6 ? 0x86dd : 0x0800);
	at->l4 = at->l3 + (w->v6 ? 40 : 20);
	at->len = at->l4 + l4_len;
	at->payload = at->len - w->payload;
	ip_header(out + at->l3, w, l4_len);
	l4_header(out + at->l4, w, l4_len);
	fill(out + at->payload, w->payload, w->seed);
	s = nf_pseudo(out, at);
	nf_put_be16(out + at->l4 + nf_sum_offset(at), s);
	if (w->sum != NF_SUM_PSEUDO) {
		s = nf_sum(out + at->l4, l4_len);
		s = s ? s : 0xffff;
		nf_put_be16(out + at->l4 + nf_sum_offset(at),
			    w->sum == NF_SUM_WRONG ? s ^ 0x0100 : s);
	}
	return at->len;
}

/* --- taking them apart --- */

bool nf_find(const uint8_t *f, uint32_t len, struct nf_at *at)
{
	uint32_t l3 = ETHERNET, type, end;
	uint8_t protocol;

	if (len < l3 + 28)
		return false;
	type = nf_be16(f + 12);
	if (type == 0x8100) {
		type = nf_be16(f + 16);
		l3 += 4;
	}
	if (type != 0x0800 && type != 0x86dd)
		return false;
	*at = (struct nf_at){.l3 = l3, .v6 = type == 0x86dd};
	protocol = f[l3 + (at->v6 ? 6 : 9)];
	if (protocol != 6 && protocol != 17)
		return false;
	at->udp = protocol == 17;
	at->l4 = l3 + (at->v6 ? 40 : 20);
	end = at->v6 ? at->l4 + nf_be16(f + l3 + 4) : l3 + nf_be16(f + l3 + 2);
	at->len = end;
	at->payload = at->l4 + (at->udp ? 8 : 20);
	return end <= len && at->payload <= end;
}
