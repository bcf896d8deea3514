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

#include "bench/clock.h"
#include "bench/cmd.h"
#include "bench/line_budget.h"
#include "bench/node_create.h"
#include "bench/opt.h"
#include "vop/front/vhost_user.h"
#include "vop/service.h"

#define DEVICES_MAX VOP_SLOTS
#define MS_NS	    1000000u
#define LINES	    500	      /* at once, of what peers cause */
#define LINE_NS	    100000000 /* and then one in so long */
#define FOREVER	    "forever"
#define NEVER	    "never"
#define VHOST_USER  "vhost-user:"

struct node_options {
	const char *at, *reconnect, *timeout, *serve;
	struct opt_strings create;
	uint64_t count, stats, window, size, cpu;
	unsigned backend, notify;
	bool no_huge, quiet, connect;
	/* What breaks rules has its own, so that nothing else can hide it. */
	struct line_budget *budget, *violations;
};

/* --- what it says --- */

static void say_left_out(uint64_t lines)
{
	if (lines)
		printf("%llu lines were left out, peers caused too many\n",
		       (unsigned long long)lines);
}

static void say(void *ctx, enum vop_service_event event, const char *text)
{
	const struct node_options *o = ctx;
	struct line_budget *b = event == VOP_SERVICE_VIOLATION ? o->violations : o->budget;
	uint64_t left_out;

	if (o->quiet)
		return;
	switch (line_budget_take(b, clock_ns(), &left_out)) {
	case LINE_SAY:
		say_left_out(left_out);
		puts(text);
		break;
	case LINE_LEAVE_FIRST:
		puts("peers cause too many lines: some are left out from here");
		break;
	case LINE_LEAVE:
		return;
	}
	fflush(stdout);
}

static void say_stats(void *ctx, const char *text)
{
	(void)ctx;
	puts(text);
	fflush(stdout);
}

/* --- options --- */

static bool is_vhost_user(const struct node_options *o)
{
	return strncmp(o->serve, VHOST_USER, strlen(VHOST_USER)) == 0;
}

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

/* Fill dev[] from the --create options, each count times; how many, or negative: said already. */
static int make_devices(const struct node_options *o, enum vop_node_id self,
			const struct node_base *base, struct vop_service_device *dev)
{
	unsigned n = 0, i;
	uint64_t k;

	/* A card comes with its device; a host waits for one. */
	if (!o->create.n && self == VOP_HOST)
		return 0;
	for (i = 0; i < VOP_MAX(o->create.n, 1u); i++) {
		struct vop_service_device one = base->dev[0];
		int r;

		if (o->create.n) {
			/* argv is ours to cut up (C17, 5.1.2.2.1). */
			r = node_create_parse((char *)o->create.v[i], base, &one);
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

/* What devices are when nobody says more: as their types have it, and as the options say. */
static void make_base(const struct node_options *o, enum vop_node_id self, struct node_base *base)
{
	struct vop_service_device *d;

	for (base->n = 0; vop_service_types[base->n]; base->n++) {
		d = &base->dev[base->n];
		*d = vop_service_default(vop_service_types[base->n], self);
		d->notify = (enum vop_notify)o->notify;
		if (d->type != &vop_service_net)
			continue;
		d->v[vop_service_key_index(d->type, "backend")].number = o->backend;
		d->v[vop_service_key_index(d->type, "size")].number = o->size;
	}
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
	struct vop_error err = {{0}};
	int r;

	cfg->path = o->at;
	cfg->self = self;
	cfg->window_size = o->window;
	cfg->no_huge = o->no_huge;
	cfg->poller_cpu = o->cpu == UINT64_MAX ? -1 : (int)o->cpu;
	cfg->yield = one_cpu();
	cfg->say = say;
	cfg->ctx = (void *)o;
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

/* Offer one device to vhost-user front-ends. */
static int run_vhost_user(const struct node_options *o, struct node_base *base,
			  const struct vop_service_config *patience_of)
{
	struct vop_service_device dev;
	struct vop_vu_serve_config cfg = {
		.path = o->serve + strlen(VHOST_USER),
		.client = o->connect,
		.device = &dev,
		.poller_cpu = o->cpu == UINT64_MAX ? -1 : (int)o->cpu,
		.yield = one_cpu(),
		.reconnect_ms = patience_of->reconnect_ms,
		.timeout_ms = patience_of->timeout_ms,
		.say = say,
		.stats = o->stats ? say_stats : NULL,
		.stats_ms = (int)(o->stats / MS_NS),
		.ctx = (void *)o,
	};
	struct vop_error err = {{0}};
	unsigned i;
	int r;

	if (!cfg.path[0])
		return cmd_could_not("--serve: %sPATH names a socket", VHOST_USER);
	if (o->create.n > 1 || o->count > 1)
		return cmd_could_not("one device is offered at %s, not several", cfg.path);
	/* Front-ends do not ask how long a queue may be; what --create says is a limit. */
	for (i = 0; i < base->n; i++)
		base->dev[i].queue_size = 0;
	dev = base->dev[0];
	r = o->create.n ? node_create_parse((char *)o->create.v[0], base, &dev) : 0;
	if (r)
		return r;
	if (dev.device != VOP_ENDPOINT)
		return cmd_could_not("--create: over vhost-user this end plays the device");
	cfg.cancel_fd = signal_descriptor();
	if (cfg.cancel_fd < 0)
		return cmd_could_not("cannot listen for signals: %s", strerror(errno));
	r = vop_vu_serve(&cfg, &err);
	close(cfg.cancel_fd);
	return r ? cmd_could_not("%s", err.text) : CMD_DONE;
}

/* --serve is a backend, or where to offer a device. */
static int take_serve(struct node_options *o, const char *const *backends)
{
	const struct opt one = {
		.name = "serve", .kind = OPT_ENUM, .to = &o->backend, .words = backends};

	if (is_vhost_user(o))
		return 0;
	if (strchr(o->serve, ':'))
		return cmd_could_not(
			"node: --serve '%s': it is null, source, echo, tap or " VHOST_USER "PATH",
			o->serve);
	return opt_set(&one, o->serve, "vop-bench node", stderr);
}

static void usage(const struct opt *table)
{
	printf("usage: vop-bench node host | endpoint --at PATH [OPTIONS]\n"
	       "       vop-bench node --serve vhost-user:PATH [--create DEVICE] [OPTIONS]\n\n"
	       "Be one end of a link, until SIGINT or SIGTERM. The other end is another\n"
	       "vop-bench node, a run with --target vop:PATH, or a program of yours; either\n"
	       "may be started first. Where this node plays the device, it serves it.\n"
	       "With --serve vhost-user:PATH there is no other node: the device is offered\n"
	       "to vhost-user front-ends (QEMU, DPDK, User Mode Linux), one at a time.\n\n");
	node_create_help(stdout);
	printf("\noptions:\n");
	opt_help(table, stdout);
}

/* A key of the net device that has an option of its own. */
static const struct vop_service_key *net_key(const char *name)
{
	return &vop_service_net.keys[vop_service_key_index(&vop_service_net, name)];
}

int cmd_node(int argc, char **argv)
{
	struct line_budget budget = {.at_once = LINES, .each_ns = LINE_NS}, violations = budget;
	struct node_options o = {.cpu = UINT64_MAX, .budget = &budget, .violations = &violations};
	const struct vop_service_key *backend = net_key("backend"), *size = net_key("size");
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
		 .kind = OPT_STRING,
		 .to = &o.serve,
		 .def = "echo",
		 .value = "HOW",
		 .help = "null, source, echo or tap: backend of net devices whose creator named "
			 "none: "
			 "drop frames, make them, send them back, an interface; or "
			 "vhost-user:PATH: offer a "
			 "device to vhost-user front-ends"},
		{.name = "connect",
		 .kind = OPT_FLAG,
		 .to = &o.connect,
		 .help = "with vhost-user:PATH: connect to a front-end that listens there, instead "
			 "of "
			 "listening"},
		{.name = "size",
		 .kind = OPT_SIZE,
		 .to = &o.size,
		 .def = "64",
		 .min = size->min,
		 .max = size->max,
		 .help = "frames of the backend source, of net devices"},
		{.name = "notify",
		 .kind = OPT_ENUM,
		 .to = &o.notify,
		 .def = "adaptive",
		 .words = notify_words,
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
	struct vop_service_device dev[DEVICES_MAX];
	struct node_base base;
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
	if (take_serve(&o, backend->words) ||
	    patience("reconnect", o.reconnect, true, &cfg.reconnect_ms) ||
	    patience("timeout", o.timeout, false, &cfg.timeout_ms))
		return CMD_COULD_NOT;
	if (is_vhost_user(&o)) {
		if (args.n || o.at)
			return cmd_could_not("node: with --serve vhost-user:PATH there is no other "
					     "node to meet");
		make_base(&o, VOP_ENDPOINT, &base);
		n = run_vhost_user(&o, &base, &cfg);
		say_left_out(budget.left_out + violations.left_out);
		return n;
	}
	if (o.connect)
		return cmd_could_not("node: --connect goes with --serve vhost-user:PATH");
	if (args.n != 1)
		return cmd_could_not("node: say which end to be: node host | endpoint --at PATH");
	for (self = 0; node_words[self] && strcmp(node_words[self], args.v[0]) != 0; self++)
		;
	if (!node_words[self])
		return cmd_could_not("node: '%s' is neither host nor endpoint", args.v[0]);
	if (!o.at)
		return cmd_could_not("node: --at PATH is missing: where to meet the other node");
	make_base(&o, (enum vop_node_id)self, &base);
	cfg.serve = base.dev;
	cfg.serves = base.n;
	n = make_devices(&o, (enum vop_node_id)self, &base, dev);
	if (n < 0)
		return -n;
	cfg.creates = (unsigned)n;
	n = run(&o, (enum vop_node_id)self, &cfg);
	say_left_out(budget.left_out + violations.left_out);
	return n;
}
