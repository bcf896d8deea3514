/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Between the files of the reference net device: net.c (queues, frames, configuration), net_ctrl.c
 * (control queue, filters), net_offload.c (checksums and segments).
 *
 * Behind the device lies a network of one wire that sends every frame back. A frame is taken from a
 * transmit queue, goes through what its header asks for, arrives, passes the filters, finds its
 * receive queue, and is made into what the driver can take.
 */
#ifndef CONFORMANCE_REF_NET_H
#define CONFORMANCE_REF_NET_H

#include "conformance/ref/internal.h"

enum {
	REF_NET_CSUM = 0,
	REF_NET_GUEST_CSUM = 1,
	REF_NET_CTRL_GUEST_OFFLOADS = 2,
	REF_NET_MTU = 3,
	REF_NET_MAC = 5,
	REF_NET_GUEST_TSO4 = 7,
	REF_NET_GUEST_TSO6 = 8,
	REF_NET_GUEST_ECN = 9,
	REF_NET_GUEST_UFO = 10,
	REF_NET_HOST_TSO4 = 11,
	REF_NET_HOST_TSO6 = 12,
	REF_NET_HOST_ECN = 13,
	REF_NET_HOST_UFO = 14,
	REF_NET_MRG_RXBUF = 15,
	REF_NET_STATUS = 16,
	REF_NET_CTRL_VQ = 17,
	REF_NET_CTRL_RX = 18,
	REF_NET_CTRL_VLAN = 19,
	REF_NET_CTRL_RX_EXTRA = 20,
	REF_NET_GUEST_ANNOUNCE = 21,
	REF_NET_MQ = 22,
	REF_NET_CTRL_MAC_ADDR = 23,
	REF_NET_GUEST_USO4 = 54,
	REF_NET_GUEST_USO6 = 55,
	REF_NET_HOST_USO = 56,
	REF_NET_RSC_EXT = 61,
	REF_NET_SPEED_DUPLEX = 63,
	REF_NET_HOST_TUNNEL = 67,
	REF_NET_HOST_TUNNEL_CSUM = 68,
};

/* flags and gso_type of the header (VIRTIO 1.4, 5.1.9). */
enum {
	REF_NET_NEEDS_CSUM = 1,
	REF_NET_DATA_VALID = 2,
	REF_NET_RSC_INFO = 4,
	REF_NET_TUNNEL_SUM = 8,
	REF_NET_SECURITY = 16,
	REF_NET_SECURITY_ERR = 32,
	REF_NET_GSO_NONE = 0,
	REF_NET_GSO_TCPV4 = 1,
	REF_NET_GSO_UDP = 3,
	REF_NET_GSO_TCPV6 = 4,
	REF_NET_GSO_UDP_L4 = 5,
	REF_NET_GSO_TUNNEL = 0x60, /* both bits */
	REF_NET_GSO_ECN = 0x80,
};

#define REF_NET_PAIRS	  3u
#define REF_NET_FRAMES	  256u
#define REF_NET_FRAME_MAX 65664u
#define REF_NET_HDR_MAX	  24u
#define REF_NET_MACS	  32u

/* In the byte order of this machine. */
struct ref_net_hdr {
	uint8_t flags, gso_type;
	uint16_t hdr_len, gso_size, csum_start, csum_offset;
	uint16_t outer_th, inner_nh;
};

struct ref_net_frame {
	struct ref_net_hdr h;
	uint32_t len;
	uint8_t bytes[REF_NET_FRAME_MAX];
};

struct ref_net {
	unsigned active; /* pairs in use */
	/* Filters; in force with CTRL_RX, CTRL_VLAN. */
	bool mode[6]; /* by command of class RX */
	bool all;     /* more addresses were set than there is room for */
	unsigned n_macs;
	uint8_t macs[REF_NET_MACS][6];
	uint8_t vlan[512];
	uint64_t offloads; /* of the driver, in force */
	struct ref_net_frame scratch, cut;
	struct {
		unsigned first, n; /* a circle */
		struct ref_net_frame frame[REF_NET_FRAMES];
	} pair[REF_NET_PAIRS];
};

/* net.c: a frame is as the driver can take it: it waits for buffers of that pair. */
void ref_net_queue(struct ref *r, unsigned pair, const struct ref_net_frame *f);

/* net_ctrl.c: a request of the control queue. */
bool ref_net_control(struct ref *r, struct ref_queue *q, struct ref_chain *c);
void ref_net_control_reset(struct ref *r);
/* Does it pass the filters? */
bool ref_net_wanted(struct ref *r, const struct ref_net_frame *f);

/* net_offload.c: the header of a transmitted frame is one this device serves. */
bool ref_net_header_ok(struct ref *r, const struct ref_net_frame *f);
/* Make it into what the driver can take, one frame or many, and queue those. */
void ref_net_convert(struct ref *r, unsigned pair, struct ref_net_frame *f);

#endif
