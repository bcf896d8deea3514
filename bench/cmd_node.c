/* SPDX-License-Identifier: BSD-2-Clause */
/* vop-bench node: be one end of a link, by hand. What it does is vop/service.c; this is its face.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "bench/cmd.h"
#include "bench/opt.h"
#include "vop/service.h"

#define DEVICES_MAX VOP_SLOTS
#define MS_NS	    1000000u
#define QUEUE_SIZE  1024u
/* The longest Ethernet frame of the largest MTU. */
#define FRAME_SIZE_MAX 65549u
#define FOREVER	       "forever"
#define NEVER	       "never"

static const char *const nodes[] = {"host", "endpoint", NULL};
static const char *const backends[] = {"null", "source", "echo", NULL};
static const char *const notifies[] = {"poll", "event", "adaptive", NULL};

struct node_options {
	const char *at, *reconnect, *timeout;
	struct opt_strings create;
	uint64_t count, stats, window, size, cpu;
	unsigned serve, notify;
	bool no_huge, quiet;
};

struct node_ui {
	bool quiet;
	uint64_t stats_ns;
	struct {
		uint32_t gen;
		struct vop_net_stats last;
	} seen[2][VOP_SLOTS];
};

/* --- what it says --- */

static void say(void *ctx, enum vop_service_event event, const char *text)
{
	const struct node_ui *ui = ctx;

	(void)event;
	if (ui->quiet)
		return;
	puts(text);
	fflush(stdout);
}

static void say_stats(void *ctx, const struct vop_device_info *info, const struct vop_net_stats *st)
{
	struct node_ui *ui = ctx;
	struct vop_net_stats *last = &ui->seen[info->creator][info->slot].last;
	double s = (double)ui->stats_ns / 1e9;

	/* Another device in the same slot starts from zero. */
	if (ui->seen[info->creator][info->slot].gen != info->gen ||
	    st->tx_frames < last->tx_frames || st->rx_frames < last->rx_frames)
		*last = (struct vop_net_stats){0};
	ui->seen[info->creator][info->slot].gen = info->gen;
	printf("device %u %s: transmit %llu frames, %.0f/s; receive %llu frames, %.0f/s; "
	       "waited for buffers %llu times; violations %llu\n",
	       info->slot, info->name, (unsigned long long)st->tx_frames,
	       (double)(st->tx_frames - last->tx_frames) / s, (unsigned long long)st->rx_frames,
	       (double)(st->rx_frames - last->rx_frames) / s, (unsigned long long)st->rx_no_buffer,
	       (unsigned long long)st->violations);
	fflush(stdout);
	*last = *st;
}

/* --- options --- */

/* "TIME | forever | never" in milliseconds. */
static int patience(const char *name, const char *text, bool may_be_never, int *ms)
{
	uint64_t ns = 0;
	struct opt o = {
		.name = name, .kind = OPT_DURATION, .to = &ns, .max = UINT64_C(86400000000000)};

	if (strcmp(text, FOREVER) == 0) {
		*ms = -1;
		return 0;
	}
	if (may_be_never && strcmp(text, NEVER) == 0) {
		*ms = 0;
		return 0;
	}
	/* Seconds need no unit here. */
	if (text[0] && text[strspn(text, "0123456789")] == '\0') {
		o.kind = OPT_U64;
		o.max = 86400;
		if (opt_set(&o, text, "vop-bench node", stderr))
			return -EINVAL;
		ns *= 1000000000u;
	} else if (opt_set(&o, text, "vop-bench node", stderr)) {
		return -EINVAL;
	}
	*ms = (int)(ns / MS_NS);
	return 0;
}

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

/* The values of one --create, each with the same rules as an option. */
struct create_values {
	unsigned device, backend, notify;
	uint64_t size, pairs, mtu, queue_size;
	const char *mac, *name;
};

static int set_key(const struct opt *keys, char *word)
{
	char *eq = strchr(word, '='), prefix[64];
	const struct opt *o;

	if (eq)
		*eq++ = '\0';
	for (o = keys; o->name; o++)
		if (strcmp(o->name, word) == 0)
			break;
	if (!o->name || !eq)
		return cmd_could_not("--create: '%s' is no KEY=VALUE; keys are device, backend, "
				     "size, pairs, mtu, mac, name, notify and queue-size",
				     word);
	snprintf(prefix, sizeof(prefix), "vop-bench node: --create");
	return opt_set(o, eq, prefix, stderr) ? CMD_COULD_NOT : 0;
}

/* `text` is "net[,KEY=VALUE]..."; it is cut into words, and the name stays there. */
static int parse_create(char *text, struct vop_service_net *out)
{
	struct create_values v = {.device = out->device,
				  .backend = out->backend,
				  .notify = out->notify,
				  .size = out->frame_size,
				  .pairs = out->pairs,
				  .mtu = out->mtu,
				  .queue_size = out->queue_size};
	const struct opt keys[] = {
		{.name = "device", .kind = OPT_ENUM, .to = &v.device, .words = nodes},
		{.name = "backend", .kind = OPT_ENUM, .to = &v.backend, .words = backends},
		{.name = "notify", .kind = OPT_ENUM, .to = &v.notify, .words = notifies},
		{.name = "size", .kind = OPT_SIZE, .to = &v.size, .min = 24, .max = FRAME_SIZE_MAX},
		{.name = "pairs",
		 .kind = OPT_U64,
		 .to = &v.pairs,
		 .min = 1,
		 .max = VOP_NET_PAIRS_MAX},
		{.name = "mtu", .kind = OPT_U64, .to = &v.mtu, .min = 68, .max = 65535},
		{.name = "queue-size",
		 .kind = OPT_U64,
		 .to = &v.queue_size,
		 .min = 1,
		 .max = VOP_QUEUE_SIZE_MAX},
		{.name = "mac", .kind = OPT_STRING, .to = &v.mac},
		{.name = "name", .kind = OPT_STRING, .to = &v.name},
		{.name = NULL},
	};
	char *rest = text, *word = strsep(&rest, ",");
	int r;

	if (strcmp(word, "net") != 0)
		return cmd_could_not("--create: device type '%s' is not known; there is 'net'",
				     word);
	while ((word = strsep(&rest, ",")) != NULL) {
		r = set_key(keys, word);
		if (r)
			return r;
	}
	if (v.mac && parse_mac(v.mac, out->mac))
		return cmd_could_not("--create: mac '%s' is no unicast address such as "
				     "02:00:00:00:00:01",
				     v.mac);
	if (v.name && strlen(v.name) >= VOP_NAME_MAX)
		return cmd_could_not("--create: name '%s' is longer than %d characters", v.name,
				     VOP_NAME_MAX - 1);
	out->device = (enum vop_node_id)v.device;
	out->backend = (enum vop_service_backend)v.backend;
	out->notify = (enum vop_notify)v.notify;
	out->frame_size = (uint32_t)v.size;
	out->pairs = (uint16_t)v.pairs;
	out->mtu = (uint16_t)v.mtu;
	out->queue_size = (uint16_t)v.queue_size;
	out->name = v.name;
	return 0;
}

/* Fill dev[] from the --create options, each count times; how many, or negative: said already. */
static int make_devices(const struct node_options *o, enum vop_node_id self,
			const struct vop_service_net *base, struct vop_service_net *dev)
{
	unsigned n = 0, i;
	uint64_t k;

	/* A card comes with its device; a host waits for one. */
	if (!o->create.n && self == VOP_HOST)
		return 0;
	for (i = 0; i < VOP_MAX(o->create.n, 1u); i++) {
		struct vop_service_net one = *base;
		int r;

		one.device = self;
		if (o->create.n) {
			/* argv is ours to cut up (C17, 5.1.2.2.1). */
			r = parse_create((char *)o->create.v[i], &one);
			if (r)
				return -r;
		}
		for (k = 0; k < o->count; k++) {
			if (n == DEVICES_MAX)
				return -cmd_could_not("a node creates at most %d devices",
						      DEVICES_MAX);
			dev[n++] = one;
			/* Names belong to one device each; the rest are named by their slot. */
			if (k)
				dev[n - 1].name = NULL;
		}
	}
	return (int)n;
}

/* --- running it --- */

/* SIGINT and SIGTERM as a descriptor; the poller's thread inherits that they are blocked. */
static int signal_descriptor(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -1;
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static bool one_cpu(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) < 2;
}

static int run(const struct node_options *o, enum vop_node_id self, struct vop_service_config *cfg)
{
	struct node_ui ui = {.quiet = o->quiet, .stats_ns = o->stats};
	struct vop_error err = {{0}};
	int r;

	cfg->path = o->at;
	cfg->self = self;
	cfg->window_size = o->window;
	cfg->no_huge = o->no_huge;
	cfg->poller_cpu = o->cpu == UINT64_MAX ? -1 : (int)o->cpu;
	cfg->yield = one_cpu();
	cfg->say = say;
	cfg->ctx = &ui;
	if (o->stats) {
		cfg->stats = say_stats;
		cfg->stats_ms = (int)(o->stats / MS_NS);
	}
	cfg->cancel_fd = signal_descriptor();
	if (cfg->cancel_fd < 0)
		return cmd_could_not("cannot listen for signals: %s", strerror(errno));
	r = vop_service_run(cfg, &err);
	close(cfg->cancel_fd);
	/* Loss of the peer without a wish to wait is an end like any other that cannot go on. */
	return r ? cmd_could_not("%s", err.text) : CMD_DONE;
}

static void usage(const struct opt *table)
{
	printf("usage: vop-bench node host | endpoint --at PATH [OPTIONS]\n\n"
	       "Be one end of a link, until SIGINT or SIGTERM. The other end is another\n"
	       "vop-bench node, a run with --target vop:PATH, or a program of yours; either\n"
	       "may be started first. Where this node plays the device, it serves it.\n\n"
	       "--create net[,KEY=VALUE]... with the keys\n"
	       "  device=host|endpoint        who plays the device (default: this node)\n"
	       "  backend=null|source|echo    what becomes of frames: dropped, made, sent back\n"
	       "                              (default: as --serve)\n"
	       "  size=BYTES                  frames of source (24 to %u; default: as --size)\n"
	       "  pairs=N                     queue pairs (1 to %u; default 1)\n"
	       "  mtu=N                       bytes (68 to 65535; default 65535)\n"
	       "  mac=A:B:C:D:E:F             address (default: one of the device's own)\n"
	       "  name=TEXT                   at most %u characters (default: by its slot)\n"
	       "  notify=poll|event|adaptive  how kicks are taken (default: as --notify)\n"
	       "  queue-size=N                descriptors at most (1 to %u; default %u)\n"
	       "\noptions:\n",
	       FRAME_SIZE_MAX, VOP_NET_PAIRS_MAX, VOP_NAME_MAX - 1, VOP_QUEUE_SIZE_MAX, QUEUE_SIZE);
	opt_help(table, stdout);
}

int cmd_node(int argc, char **argv)
{
	struct node_options o = {.cpu = UINT64_MAX};
	const struct opt table[] = {
		{.name = "at",
		 .kind = OPT_STRING,
		 .to = &o.at,
		 .value = "PATH",
		 .help = "where the two nodes meet: a socket is made there"},
		{.name = "create",
		 .kind = OPT_STRINGS,
		 .to = &o.create,
		 .value = "DEVICE",
		 .help = "create a device, may be repeated; an endpoint that is told nothing "
			 "creates one net device and plays it"},
		{.name = "count",
		 .kind = OPT_U64,
		 .to = &o.count,
		 .def = "1",
		 .min = 1,
		 .max = 64,
		 .help = "create each of them that many times"},
		{.name = "serve",
		 .kind = OPT_ENUM,
		 .to = &o.serve,
		 .def = "echo",
		 .words = backends,
		 .help = "backend of devices whose creator named none: drop frames, make them, "
			 "send them back"},
		{.name = "size",
		 .kind = OPT_SIZE,
		 .to = &o.size,
		 .def = "64",
		 .min = 24,
		 .max = FRAME_SIZE_MAX,
		 .help = "frames of the backend source"},
		{.name = "notify",
		 .kind = OPT_ENUM,
		 .to = &o.notify,
		 .def = "adaptive",
		 .words = notifies,
		 .help = "how kicks are taken"},
		{.name = "reconnect",
		 .kind = OPT_STRING,
		 .to = &o.reconnect,
		 .def = FOREVER,
		 .value = "TIME",
		 .help = "how long to wait when the peer has gone: seconds or a time with its "
			 "unit (up to a day), forever, never"},
		{.name = "timeout",
		 .kind = OPT_STRING,
		 .to = &o.timeout,
		 .def = FOREVER,
		 .value = "TIME",
		 .help = "how long to wait for the peer at first: seconds or a time with its "
			 "unit (up to a day), forever"},
		{.name = "stats",
		 .kind = OPT_DURATION,
		 .to = &o.stats,
		 .def = "0",
		 .max = UINT64_C(3600000000000),
		 .help = "print counters that often; 0: never"},
		{.name = "window",
		 .kind = OPT_SIZE,
		 .to = &o.window,
		 .def = "64M",
		 .min = 4 << 20,
		 .max = UINT64_C(1) << 36,
		 .help = "memory of this node that the peer can reach"},
		{.name = "no-huge",
		 .kind = OPT_FLAG,
		 .to = &o.no_huge,
		 .help = "do not try huge pages"},
		{.name = "cpu",
		 .kind = OPT_U64,
		 .to = &o.cpu,
		 .max = 1023,
		 .help = "run the polling thread on that CPU (default: any)"},
		{.name = "quiet",
		 .kind = OPT_FLAG,
		 .to = &o.quiet,
		 .help = "say nothing but errors and --stats"},
		{.name = NULL},
	};
	struct vop_service_net dev[DEVICES_MAX];
	struct vop_service_config cfg = {.create = dev};
	struct opt_args args;
	unsigned self;
	int n;

	if (opt_parse(table, 1, argc, argv, &args, stderr))
		return CMD_COULD_NOT;
	if (args.help) {
		usage(table);
		return CMD_DONE;
	}
	if (args.n != 1)
		return cmd_could_not("node: say which end to be: node host | endpoint --at PATH");
	for (self = 0; nodes[self] && strcmp(nodes[self], args.v[0]) != 0; self++)
		;
	if (!nodes[self])
		return cmd_could_not("node: '%s' is neither host nor endpoint", args.v[0]);
	if (!o.at)
		return cmd_could_not("node: --at PATH is missing: where to meet the other node");
	if (patience("reconnect", o.reconnect, true, &cfg.reconnect_ms) ||
	    patience("timeout", o.timeout, false, &cfg.timeout_ms))
		return CMD_COULD_NOT;
	cfg.serve = (struct vop_service_net){
		.device = (enum vop_node_id)self,
		.backend = (enum vop_service_backend)o.serve,
		.frame_size = (uint32_t)o.size,
		.pairs = 1,
		.mtu = 65535,
		.queue_size = QUEUE_SIZE,
		.notify = (enum vop_notify)o.notify,
	};
	n = make_devices(&o, (enum vop_node_id)self, &cfg.serve, dev);
	if (n < 0)
		return -n;
	cfg.creates = (unsigned)n;
	return run(&o, (enum vop_node_id)self, &cfg);
}
