/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the checks of the net device (VIRTIO 1.4, 5.1) work with: its queues, frames sent and
 * received on them, requests on the control queue. The device sends every frame back (backend
 * echo), so that the driver of a check is also the network behind the device.
 *
 * Every received header is judged by what was negotiated; a check that goes through nw_recv()
 * therefore judges all of 5.1.9.4.1 that its frames can show.
 */
#ifndef CONFORMANCE_NET_WIRE_H
#define CONFORMANCE_NET_WIRE_H

#include "conformance/lane.h"
#include "conformance/ring.h"

enum {
	NF_CSUM = 0,
	NF_GUEST_CSUM = 1,
	NF_CTRL_GUEST_OFFLOADS = 2,
	NF_MTU = 3,
	NF_MAC = 5,
	NF_GUEST_TSO4 = 7,
	NF_GUEST_TSO6 = 8,
	NF_GUEST_ECN = 9,
	NF_GUEST_UFO = 10,
	NF_HOST_TSO4 = 11,
	NF_HOST_TSO6 = 12,
	NF_HOST_ECN = 13,
	NF_HOST_UFO = 14,
	NF_MRG_RXBUF = 15,
	NF_STATUS = 16,
	NF_CTRL_VQ = 17,
	NF_CTRL_RX = 18,
	NF_CTRL_VLAN = 19,
	NF_CTRL_RX_EXTRA = 20,
	NF_GUEST_ANNOUNCE = 21,
	NF_MQ = 22,
	NF_CTRL_MAC_ADDR = 23,
	NF_HASH_TUNNEL = 51,
	NF_VQ_NOTF_COAL = 52,
	NF_NOTF_COAL = 53,
	NF_GUEST_USO4 = 54,
	NF_GUEST_USO6 = 55,
	NF_HOST_USO = 56,
	NF_HASH_REPORT = 57,
	NF_GUEST_HDRLEN = 59,
	NF_RSS = 60,
	NF_RSC_EXT = 61,
	NF_SPEED_DUPLEX = 63,
	NF_RSS_CONTEXT = 64,
	NF_GUEST_TUNNEL = 65,
	NF_GUEST_TUNNEL_CSUM = 66,
	NF_HOST_TUNNEL = 67,
	NF_HOST_TUNNEL_CSUM = 68,
	NF_OUT_NET_HEADER = 69,
	NF_IPSEC = 70,
};

/* Configuration space (5.1.4). */
enum { NC_MAC = 0, NC_STATUS = 6, NC_PAIRS = 8, NC_MTU = 10, NC_SPEED = 12, NC_DUPLEX = 16 };

/* flags, gso_type (5.1.9). */
enum {
	NH_NEEDS_CSUM = 1,
	NH_DATA_VALID = 2,
	NH_RSC_INFO = 4,
	NH_TUNNEL_CSUM = 8,
	NH_SECURITY = 16,
	NH_SECURITY_ERR = 32,
	NG_NONE = 0,
	NG_TCPV4 = 1,
	NG_UDP = 3,
	NG_TCPV6 = 4,
	NG_UDP_L4 = 5,
	NG_TUNNEL4 = 0x20,
	NG_TUNNEL6 = 0x40,
	NG_ECN = 0x80,
};

/* Control requests (5.1.9.5). */
enum {
	NCTRL_OK = 0,
	NCTRL_ERR = 1,
	NCTRL_RX = 0,
	NCTRL_PROMISC = 0,
	NCTRL_ALLMULTI = 1,
	NCTRL_ALLUNI = 2,
	NCTRL_NOMULTI = 3,
	NCTRL_NOUNI = 4,
	NCTRL_NOBCAST = 5,
	NCTRL_MAC = 1,
	NCTRL_VLAN = 2,
	NCTRL_ANNOUNCE = 3,
	NCTRL_MQ = 4,
	NCTRL_OFFLOADS = 5,
};

#define NW_PAIRS     4u
#define NW_HDR_MAX   32u
#define NW_ETHERNET  14u
#define NW_FRAME_MAX 66000u
#define NW_USUAL     1526u /* a receive buffer as most drivers have it */
#define NW_LARGE     65601u

/* struct virtio_net_hdr, in the byte order of this machine. */
struct nhdr {
	uint8_t flags, gso_type;
	uint16_t hdr_len, gso_size, csum_start, csum_offset, num_buffers;
	uint16_t outer_th, inner_nh; /* with the tunnel features */
};

/* A received frame, without its header. */
struct nframe {
	struct nhdr h;
	uint32_t len;
	unsigned buffers; /* it came in */
	uint8_t bytes[NW_FRAME_MAX];
};

struct nwire {
	struct conf *c;
	unsigned pairs; /* set up */
	uint32_t hdr;	/* bytes of the header */
	struct cring *rx[NW_PAIRS], *tx[NW_PAIRS], *ctrl;
	unsigned again;	  /* nw_ready() had to open it */
	bool minds_count; /* judge num_buffers without MRG_RXBUF */
};

/* Bytes of the header with what was negotiated. */
uint32_t nw_header_size(const struct conf *c);
/* Reset, negotiate, set up `pairs` pairs and the control queue if there is one, DRIVER_OK. No
 * receive buffers yet. Skips where there are fewer pairs. */
void nw_open(struct conf *c, struct nwire *w, unsigned pairs);
/* For checks that hand over nonsense on r (w->tx[0], w->ctrl): true when there is room for more, if
 * need be after a reset, nw_open() and `fill` receive buffers; false when that was done often
 * enough. */
bool nw_ready(struct nwire *w, const struct cring *r, unsigned fill);
/* n receive buffers of len bytes in `pieces` pieces (0: 1). */
void nw_fill(struct nwire *w, unsigned pair, unsigned n, uint32_t len, unsigned pieces);

/* Write a header as it goes onto the ring; bytes of it. */
uint32_t nw_put_header(const struct nwire *w, const struct nhdr *h, uint8_t *out);
/* A buffer of header and frame in one piece; not handed over. h NULL: all zero. */
struct cbuf *nw_buffer(struct nwire *w, const struct nhdr *h, const void *bytes, uint32_t len);
/* Hand a buffer of that queue over and wait until it comes back. */
void nw_transmit(struct nwire *w, unsigned pair, struct cbuf *b);
/* Both. */
void nw_send(struct nwire *w, unsigned pair, const struct nhdr *h, const void *bytes, uint32_t len);

/* The next frame; its header is judged. false: none comes. */
bool nw_recv(struct nwire *w, unsigned pair, struct nframe *f);
/* It must come, with just those bytes. */
void nw_expect(struct nwire *w, unsigned pair, struct nframe *f, const void *bytes, uint32_t len);
/* Send it and expect it back on the same pair. */
void nw_echo(struct nwire *w, unsigned pair, const void *bytes, uint32_t len);
/* Nothing comes any more. */
void nw_expect_none(struct nwire *w, unsigned pair, const char *why);

/* A control request; the answer. */
uint8_t nw_ctrl(struct nwire *w, uint8_t class, uint8_t command, const void *data, uint32_t len);
/* It must be answered OK. */
void nw_ctrl_ok(struct nwire *w, uint8_t class, uint8_t command, const void *data, uint32_t len);
void nw_ctrl_byte(struct nwire *w, uint8_t class, uint8_t command, uint8_t v);
void nw_ctrl_16(struct nwire *w, uint8_t class, uint8_t command, uint16_t v);

/* Where the mac that filters go by is to be read: configuration, or a usual one without MAC. */
void nw_mac(struct conf *c, uint8_t mac[6]);

#endif
