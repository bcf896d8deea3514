/* SPDX-License-Identifier: BSD-2-Clause */
/* The net device as a stand-alone node serves it (vop/service_type.h). */
#include <stdio.h>
#include <string.h>

#include "vop/dev/net.h"
#include "vop/service_type.h"

/* The longest Ethernet frame of the largest MTU. */
#define FRAME_SIZE_MAX 65549u

enum { BACKEND_NULL, BACKEND_SOURCE, BACKEND_ECHO, BACKEND_TAP };
static const char *const backends[] = {"null", "source", "echo", "tap", NULL};

/* The order of the keys. */
enum { BACKEND, SIZE, PAIRS, MTU, MAC, IFNAME };

static const struct vop_service_key keys[] = {
	[BACKEND] = {.name = "backend",
		     .kind = VOP_KEY_WORD,
		     .words = backends,
		     .def = BACKEND_ECHO,
		     .help = "what becomes of frames: dropped, made, sent back, to and from an "
			     "interface"},
	[SIZE] = {.name = "size",
		  .kind = VOP_KEY_SIZE,
		  .min = 24,
		  .max = FRAME_SIZE_MAX,
		  .def = 64,
		  .value = "BYTES",
		  .help = "frames of source"},
	[PAIRS] = {.name = "pairs",
		   .kind = VOP_KEY_NUMBER,
		   .min = 1,
		   .max = VOP_NET_PAIRS_MAX,
		   .def = 1,
		   .value = "N",
		   .help = "queue pairs"},
	[MTU] = {.name = "mtu",
		 .kind = VOP_KEY_NUMBER,
		 .min = 68,
		 .max = 65535,
		 .def = 65535,
		 .value = "N",
		 .help = "bytes"},
	[MAC] = {.name = "mac",
		 .kind = VOP_KEY_TEXT,
		 .value = "A:B:C:D:E:F",
		 .help = "address (default: one of the device's own)"},
	[IFNAME] =
		{.name = "ifname",
		 .kind = VOP_KEY_TEXT,
		 .value = "NAME",
		 .help = "interface of tap, made if it is not there (default: vop0 or the next)"},
	{.name = NULL},
};

static const struct vop_service_feature features[] = {
	{VOP_NET_F_MTU, "MTU"},
	{VOP_NET_F_MAC, "MAC"},
	{VOP_NET_F_MRG_RXBUF, "MRG_RXBUF"},
	{VOP_NET_F_STATUS, "STATUS"},
	{VOP_NET_F_CTRL_VQ, "CTRL_VQ"},
	{VOP_NET_F_MQ, "MQ"},
	{0, NULL},
};

static const struct vop_service_counter counters[] = {
	{"transmit", "frames", true},
	{"receive", "frames", true},
	{"waited for buffers", "times", false},
	{NULL, NULL, false},
};

static int parse_mac(const char *text, uint8_t mac[6])
{
	unsigned b[6], i;
	int end = -1;

	if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5],
		   &end) != 6 ||
	    end != (int)strlen(text) || (b[0] & 1))
		return -EINVAL;
	for (i = 0; i < 6; i++)
		mac[i] = (uint8_t)b[i];
	return 0;
}

static int net_check(const struct vop_service_device *as, struct vop_error *err)
{
	uint8_t mac[6];

	if (as->v[IFNAME].text && as->v[BACKEND].number != BACKEND_TAP) {
		snprintf(err->text, sizeof(err->text), "ifname is of backend=tap");
		return -EINVAL;
	}
	if (!as->v[MAC].text || parse_mac(as->v[MAC].text, mac) == 0)
		return 0;
	snprintf(err->text, sizeof(err->text),
		 "mac '%s' is no unicast address such as 02:00:00:00:00:01", as->v[MAC].text);
	return -EINVAL;
}

static uint16_t net_queues(const struct vop_service_device *as)
{
	return (uint16_t)(2 * as->v[PAIRS].number + 1);
}

static int make_backend(const union vop_service_value *v, unsigned pairs, struct vop_net_backend *b,
			struct vop_error *err)
{
	snprintf(err->text, sizeof(err->text), "no memory for the backend");
	switch (v[BACKEND].number) {
	case BACKEND_NULL:
		return vop_net_backend_null(b);
	case BACKEND_SOURCE:
		return vop_net_backend_source(b, (uint32_t)v[SIZE].number);
	case BACKEND_TAP:
		return vop_net_backend_tap(b, v[IFNAME].text, pairs, err);
	default:
		return vop_net_backend_echo(b, pairs);
	}
}

static void set_mac(uint8_t mac[6], const char *text, const struct vop_device_info *info)
{
	static const uint8_t none[6];

	memcpy(mac, none, 6);
	if (text)
		parse_mac(text, mac);
	if (memcmp(mac, none, 6) != 0)
		return;
	mac[0] = 2; /* locally administered */
	mac[4] = (uint8_t)info->creator;
	mac[5] = (uint8_t)info->slot;
}

static void *net_open(const struct vop_service_open *o, struct vop_error *err)
{
	const struct vop_device_info *info = o->info;
	const union vop_service_value *v = o->as->v;
	struct vop_net_config c = {
		.mtu = (uint16_t)v[MTU].number,
		.pairs = (uint16_t)VOP_MIN(VOP_MAX(info->queues_max / 2u, 1u), VOP_NET_PAIRS_MAX),
		.queue_size_max = info->queue_size_max,
		.pool_size = o->pool_size,
		.notify = o->as->notify,
		.poller = o->poller,
	};
	struct vop_net *net;

	/* A slot without room for the control queue. */
	if (info->queues_max < 2u * c.pairs + 1)
		c.features_off[0] = 1ull << VOP_NET_F_CTRL_VQ;
	set_mac(c.mac, v[MAC].text, info);
	if (make_backend(v, c.pairs, &c.backend, err))
		return NULL;
	net = vop_net_open(o->device, &c, err);
	if (!net && c.backend.free)
		c.backend.free(c.backend.ctx);
	return net;
}

static void net_close(void *dev)
{
	vop_net_close(dev);
}

static void net_attend(void *dev)
{
	vop_net_attend(dev);
}

static void net_stats(const void *dev, struct vop_service_stats *out)
{
	struct vop_net_stats st;

	vop_net_get_stats(dev, &st);
	*out = (struct vop_service_stats){
		.count = {st.tx_frames, st.rx_frames, st.rx_no_buffer},
		.violations = st.violations,
		.last_violation = st.last_violation,
	};
}

const struct vop_service_type vop_service_net = {
	.device_id = VOP_NET_ID,
	.name = "net",
	.keys = keys,
	.counters = counters,
	.features = features,
	.check = net_check,
	.queues = net_queues,
	.open = net_open,
	.close = net_close,
	.attend = net_attend,
	.stats = net_stats,
};
