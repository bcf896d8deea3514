/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "target/feature_names.h"
#include "target/target.h"

struct name {
	uint8_t bit;
	const char *name;
};

/* VIRTIO 1.4, chapter 6. The first name of a bit is the one that is printed. */
static const struct name transport[] = {
	{VOP_F_INDIRECT_DESC, "indirect"},
	{VOP_F_INDIRECT_DESC, "indirect_desc"},
	{VOP_F_EVENT_IDX, "event_idx"},
	{VOP_F_VERSION_1, "version_1"},
	{VOP_F_ACCESS_PLATFORM, "access_platform"},
	{VOP_F_RING_PACKED, "packed"},
	{VOP_F_RING_PACKED, "ring_packed"},
	{VOP_F_IN_ORDER, "in_order"},
	{VOP_F_ORDER_PLATFORM, "order_platform"},
	{VOP_F_SR_IOV, "sr_iov"},
	{VOP_F_NOTIFICATION_DATA, "notification_data"},
	{VOP_F_NOTIF_CONFIG_DATA, "notif_config_data"},
	{VOP_F_RING_RESET, "ring_reset"},
	{VOP_F_SUSPEND, "suspend"},
};

/* Bits 41 and 42 belong to the device type when it has a name for them. */
static const struct name shared[] = {
	{VOP_F_ADMIN_VQ, "admin_vq"},
};

/* VIRTIO 1.4, 5.1.3 */
static const struct name net[] = {
	{0, "csum"},
	{1, "guest_csum"},
	{2, "ctrl_guest_offloads"},
	{3, "mtu"},
	{5, "mac"},
	{6, "gso"},
	{7, "guest_tso4"},
	{8, "guest_tso6"},
	{9, "guest_ecn"},
	{10, "guest_ufo"},
	{11, "host_tso4"},
	{12, "host_tso6"},
	{13, "host_ecn"},
	{14, "host_ufo"},
	{15, "mrg_rxbuf"},
	{16, "status"},
	{17, "ctrl_vq"},
	{18, "ctrl_rx"},
	{19, "ctrl_vlan"},
	{20, "ctrl_rx_extra"},
	{21, "guest_announce"},
	{22, "mq"},
	{23, "ctrl_mac_addr"},
	{41, "guest_rsc4"},
	{42, "guest_rsc6"},
	{50, "device_stats"},
	{51, "hash_tunnel"},
	{52, "vq_notf_coal"},
	{53, "notf_coal"},
	{54, "guest_uso4"},
	{55, "guest_uso6"},
	{56, "host_uso"},
	{57, "hash_report"},
	{59, "guest_hdrlen"},
	{60, "rss"},
	{61, "rsc_ext"},
	{62, "standby"},
	{63, "speed_duplex"},
	{64, "rss_context"},
	{65, "guest_udp_tunnel_gso"},
	{66, "guest_udp_tunnel_gso_csum"},
	{67, "host_udp_tunnel_gso"},
	{68, "host_udp_tunnel_gso_csum"},
	{69, "out_net_header"},
	{70, "ipsec"},
};

struct table {
	const struct name *names;
	size_t n;
};

/* Tables for one device type, the most special first; returns how many. */
static unsigned tables_of(uint16_t device_id, struct table out[3])
{
	unsigned n = 0;

	if (device_id == 1)
		out[n++] = (struct table){net, VOP_ARRAY_SIZE(net)};
	out[n++] = (struct table){transport, VOP_ARRAY_SIZE(transport)};
	out[n++] = (struct table){shared, VOP_ARRAY_SIZE(shared)};
	return n;
}

const char *feature_name(uint16_t device_id, unsigned bit, char *buf)
{
	struct table t[3];
	unsigned i, n = tables_of(device_id, t);
	size_t k;

	for (i = 0; i < n; i++)
		for (k = 0; k < t[i].n; k++)
			if (t[i].names[k].bit == bit) {
				snprintf(buf, FEATURE_NAME_MAX, "%s", t[i].names[k].name);
				return buf;
			}
	snprintf(buf, FEATURE_NAME_MAX, "bit%u", bit);
	return buf;
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
