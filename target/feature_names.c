/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "target/feature_names.h"
#include "target/target.h"
#include "vop/dev/blk.h"
#include "vop/dev/net.h"

/*
 * X(name, bit, what it does). Lists that end in _DRIVEN hold what a session of ours can drive and a
 * user may therefore ask for; the others are named for messages. The first name of a bit is the one
 * that is printed.
 */

/* VIRTIO 1.4, chapter 6. */
#define TRANSPORT_DRIVEN(X)                                                                        \
	X(indirect_desc, VOP_F_INDIRECT_DESC, "descriptor tables outside the ring")                \
	X(event_idx, VOP_F_EVENT_IDX, "notify by index: fewer kicks and calls")                    \
	X(in_order, VOP_F_IN_ORDER, "buffers are used in the order they were made available")      \
	X(ring_reset, VOP_F_RING_RESET, "a queue can be reset on its own")
/* The ring format has an option of its own; a session settles the first two and ORDER_PLATFORM. */
#define TRANSPORT_OTHER(X)                                                                         \
	X(version_1, VOP_F_VERSION_1, "as VIRTIO 1.0 and later")                                   \
	X(access_platform, VOP_F_ACCESS_PLATFORM, "addresses are translated and limited")          \
	X(packed, VOP_F_RING_PACKED, "packed virtqueues")                                          \
	X(order_platform, VOP_F_ORDER_PLATFORM, "memory is ordered as the platform orders it")     \
	X(sr_iov, VOP_F_SR_IOV, "single root I/O virtualisation")                                  \
	X(notification_data, VOP_F_NOTIFICATION_DATA, "a kick carries the ring's position")        \
	X(notif_config_data, VOP_F_NOTIF_CONFIG_DATA, "a kick carries data the device chose")      \
	X(suspend, VOP_F_SUSPEND, "the device can be suspended")                                   \
	X(indirect, VOP_F_INDIRECT_DESC, "as indirect_desc")                                       \
	X(ring_packed, VOP_F_RING_PACKED, "as packed")

/* Bits 41 and 42 belong to the device type when it has a name for them. */
#define SHARED_OTHER(X) X(admin_vq, VOP_F_ADMIN_VQ, "administration virtqueues")

/* VIRTIO 1.4, 5.1.3 */
#define NET_DRIVEN(X)                                                                              \
	X(mtu, VOP_NET_F_MTU, "net: the device says its largest frame")                            \
	X(mac, VOP_NET_F_MAC, "net: the device says its address")                                  \
	X(mrg_rxbuf, VOP_NET_F_MRG_RXBUF, "net: a received frame may span several buffers")        \
	X(status, VOP_NET_F_STATUS, "net: link state in the configuration")                        \
	X(ctrl_vq, VOP_NET_F_CTRL_VQ, "net: control queue")                                        \
	X(mq, VOP_NET_F_MQ, "net: several queue pairs")
#define NET_OTHER(X)                                                                               \
	X(csum, 0, "net: the device completes checksums")                                          \
	X(guest_csum, 1, "net: the driver takes frames without a checksum")                        \
	X(ctrl_guest_offloads, 2, "net: receive offloads can be switched")                         \
	X(gso, 6, "net: segmentation of the days before VIRTIO 1.0")                               \
	X(guest_tso4, 7, "net: the driver receives TSO over IPv4")                                 \
	X(guest_tso6, 8, "net: the driver receives TSO over IPv6")                                 \
	X(guest_ecn, 9, "net: the driver receives TSO with ECN")                                   \
	X(guest_ufo, 10, "net: the driver receives UFO")                                           \
	X(host_tso4, 11, "net: the device receives TSO over IPv4")                                 \
	X(host_tso6, 12, "net: the device receives TSO over IPv6")                                 \
	X(host_ecn, 13, "net: the device receives TSO with ECN")                                   \
	X(host_ufo, 14, "net: the device receives UFO")                                            \
	X(ctrl_rx, 18, "net: receive modes by control queue")                                      \
	X(ctrl_vlan, 19, "net: VLAN filters by control queue")                                     \
	X(ctrl_rx_extra, 20, "net: more receive modes by control queue")                           \
	X(guest_announce, 21, "net: the driver can send gratuitous frames")                        \
	X(ctrl_mac_addr, 23, "net: the address can be set by control queue")                       \
	X(guest_rsc4, 41, "net: the driver receives coalesced IPv4 segments")                      \
	X(guest_rsc6, 42, "net: the driver receives coalesced IPv6 segments")                      \
	X(device_stats, 50, "net: the device keeps statistics")                                    \
	X(hash_tunnel, 51, "net: hash over the inner header of a tunnel")                          \
	X(vq_notf_coal, 52, "net: coalescing of notifications per queue")                          \
	X(notf_coal, 53, "net: coalescing of notifications")                                       \
	X(guest_uso4, 54, "net: the driver receives USO over IPv4")                                \
	X(guest_uso6, 55, "net: the driver receives USO over IPv6")                                \
	X(host_uso, 56, "net: the device receives USO")                                            \
	X(hash_report, 57, "net: the device tells the hash of a frame")                            \
	X(guest_hdrlen, 59, "net: the driver gives exact header lengths")                          \
	X(rss, 60, "net: receive-side scaling")                                                    \
	X(rsc_ext, 61, "net: the device tells about coalesced segments")                           \
	X(standby, 62, "net: standby of another device")                                           \
	X(speed_duplex, 63, "net: speed and duplex in the configuration")                          \
	X(rss_context, 64, "net: several RSS contexts")                                            \
	X(guest_udp_tunnel_gso, 65, "net: the driver receives GSO over UDP tunnels")               \
	X(guest_udp_tunnel_gso_csum, 66, "net: the same with outer checksums")                     \
	X(host_udp_tunnel_gso, 67, "net: the device receives GSO over UDP tunnels")                \
	X(host_udp_tunnel_gso_csum, 68, "net: the same with outer checksums")                      \
	X(out_net_header, 69, "net: a header that says where the packet's headers lie")            \
	X(ipsec, 70, "net: IPsec offload")

/* VIRTIO 1.4, 5.2.3 */
#define BLK_DRIVEN(X)                                                                              \
	X(size_max, VOP_BLK_F_SIZE_MAX, "blk: the device says its largest segment")                \
	X(seg_max, VOP_BLK_F_SEG_MAX, "blk: the device says how many segments it takes")           \
	X(ro, VOP_BLK_F_RO, "blk: the disk cannot be written")                                     \
	X(blk_size, VOP_BLK_F_BLK_SIZE, "blk: the device says its block size")                     \
	X(flush, VOP_BLK_F_FLUSH, "blk: writes may be cached until a flush")                       \
	X(topology, VOP_BLK_F_TOPOLOGY, "blk: the device says which requests suit it")             \
	X(config_wce, VOP_BLK_F_CONFIG_WCE, "blk: the cache can be switched")                      \
	X(mq, VOP_BLK_F_MQ, "blk: several request queues")
#define BLK_OTHER(X)                                                                               \
	X(geometry, VOP_BLK_F_GEOMETRY, "blk: cylinders, heads and sectors")                       \
	X(discard, VOP_BLK_F_DISCARD, "blk: discard requests")                                     \
	X(write_zeroes, VOP_BLK_F_WRITE_ZEROES, "blk: write zeroes requests")                      \
	X(lifetime, 15, "blk: the device tells of its wear")                                       \
	X(secure_erase, VOP_BLK_F_SECURE_ERASE, "blk: secure erase requests")                      \
	X(zoned, 17, "blk: the disk has zones")

struct name {
	uint8_t bit;
	const char *name, *text;
};

#define LINE(name, bit, text) {bit, #name, text},
#define WORD(name, bit, text) #name,

static const struct name transport[] = {TRANSPORT_DRIVEN(LINE) TRANSPORT_OTHER(LINE)};
static const struct name shared[] = {SHARED_OTHER(LINE)};
static const struct name net[] = {NET_DRIVEN(LINE) NET_OTHER(LINE)};
static const struct name blk[] = {BLK_DRIVEN(LINE) BLK_OTHER(LINE)};

static const char *const driven[] = {TRANSPORT_DRIVEN(WORD) NULL};
static const char *const net_driven[] = {TRANSPORT_DRIVEN(WORD) NET_DRIVEN(WORD) NULL};
static const char *const blk_driven[] = {TRANSPORT_DRIVEN(WORD) BLK_DRIVEN(WORD) NULL};

struct table {
	const struct name *names;
	size_t n;
};

/* Tables for one device type, the most special first; returns how many. */
static unsigned tables_of(uint16_t device_id, struct table out[3])
{
	unsigned n = 0;

	if (device_id == VOP_NET_ID)
		out[n++] = (struct table){net, VOP_ARRAY_SIZE(net)};
	if (device_id == VOP_BLK_ID)
		out[n++] = (struct table){blk, VOP_ARRAY_SIZE(blk)};
	out[n++] = (struct table){transport, VOP_ARRAY_SIZE(transport)};
	out[n++] = (struct table){shared, VOP_ARRAY_SIZE(shared)};
	return n;
}

const char *const *feature_words(uint16_t device_id)
{
	return device_id == VOP_NET_ID ? net_driven : device_id == VOP_BLK_ID ? blk_driven : driven;
}

static const struct name *find_bit(uint16_t device_id, unsigned bit)
{
	struct table t[3];
	unsigned i, n = tables_of(device_id, t);
	size_t k;

	for (i = 0; i < n; i++)
		for (k = 0; k < t[i].n; k++)
			if (t[i].names[k].bit == bit)
				return &t[i].names[k];
	return NULL;
}

const char *feature_name(uint16_t device_id, unsigned bit, char *buf)
{
	const struct name *f = find_bit(device_id, bit);

	if (f)
		snprintf(buf, FEATURE_NAME_MAX, "%s", f->name);
	else
		snprintf(buf, FEATURE_NAME_MAX, "bit%u", bit);
	return buf;
}

const char *feature_about(uint16_t device_id, unsigned bit)
{
	const struct name *f = find_bit(device_id, bit);

	return f ? f->text : "";
}

/* "bitN", N decimal without leading zeroes, below VOP_FEATURE_BITS. */
static int numbered(const char *name, size_t len)
{
	unsigned bit = 0;
	size_t i;

	if (len < 4 || len > 6 || memcmp(name, "bit", 3) != 0 || (name[3] == '0' && len > 4))
		return -ENOENT;
	for (i = 3; i < len; i++) {
		if (name[i] < '0' || name[i] > '9')
			return -ENOENT;
		bit = bit * 10 + (unsigned)(name[i] - '0');
	}
	return bit < VOP_FEATURE_BITS ? (int)bit : -ENOENT;
}

int feature_bit(uint16_t device_id, const char *name, size_t len)
{
	struct table t[3];
	unsigned i, n = tables_of(device_id, t);
	size_t k;

	for (i = 0; i < n; i++)
		for (k = 0; k < t[i].n; k++)
			if (strlen(t[i].names[k].name) == len &&
			    memcmp(t[i].names[k].name, name, len) == 0)
				return t[i].names[k].bit;
	return numbered(name, len);
}

int feature_parse(uint16_t device_id, const char *list, uint64_t f[2], struct vop_error *err)
{
	const char *p = list;

	f[0] = f[1] = 0;
	while (*p) {
		size_t len = strcspn(p, ",");
		int bit = feature_bit(device_id, p, len);

		if (bit < 0)
			return target_error(err, -EINVAL,
					    len ? "unknown feature '%.*s'"
						: "empty word in the list of features%.*s",
					    (int)VOP_MIN(len, (size_t)64), len ? p : "");
		vop_feature_set(f, (unsigned)bit);
		p += len;
		if (*p == ',' && *++p == '\0')
			return target_error(err, -EINVAL, "empty word in the list of features");
	}
	return 0;
}

char *feature_text(uint16_t device_id, const uint64_t f[2], char *buf, size_t size)
{
	char name[FEATURE_NAME_MAX];
	size_t used = 0;
	unsigned bit;

	if (size == 0)
		return buf;
	snprintf(buf, size, "none");
	for (bit = 0; bit < VOP_FEATURE_BITS; bit++) {
		size_t len;

		if (!vop_feature_has(f, bit))
			continue;
		feature_name(device_id, bit, name);
		len = strlen(name) + (used ? 2 : 0);
		if (used + len + sizeof(", ...") > size) {
			snprintf(buf + used, size - used, used ? ", ..." : "...");
			break;
		}
		snprintf(buf + used, size - used, "%s%s", used ? ", " : "", name);
		used += len;
	}
	return buf;
}
