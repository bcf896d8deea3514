/* SPDX-License-Identifier: BSD-2-Clause */
/* Options of `run net`: what does not go together is refused in one line; what does becomes the
 * plan it says. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include <vop/features.h>

#include "bench/env.h"
#include "bench/net_opts.h"
#include "vop/dev/net.h"

struct asked {
	struct net_opts o;
	struct opt table[OPT_MAX];
	struct opt_args args;
	struct net_plan p;
	struct vop_error err;
	char says[512]; /* what the parser or the plan says, newline included where it printed one
			 */
};

/* Parse a command line and make the plan: 0, 1 the parser refused, 2 the plan did. */
static int ask(struct asked *a, const char *line)
{
	char words[256], *argv[32] = {(char *)"run net"}, *save = NULL;
	FILE *err;
	int argc = 1, e;

	memset(a, 0, sizeof(*a));
	snprintf(words, sizeof(words), "%s", line);
	for (char *w = strtok_r(words, " ", &save); w; w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	err = fmemopen(a->says, sizeof(a->says), "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(err);
	net_opts_table(&a->o, a->table);
	e = opt_parse(a->table, 0, argc, argv, &a->args, err);
	fclose(err);
	if (e)
		return 1;
	if (net_plan_make(&a->o, a->table, &a->args, &a->p, &a->err) == 0)
		return 0;
	snprintf(a->says, sizeof(a->says), "%s", a->err.text);
	return 2;
}

/* Refused: one line that names what is wrong and holds the word. */
static void refused(const char *line, int by, const char *word)
{
	struct asked a;
	int got = ask(&a, line);
	const char *nl = strchr(a.says, '\n');

	if (got != by || !strstr(a.says, word))
		printf("\n    %s: %d, %s\n", line, got, a.says);
	CU_ASSERT_EQUAL(got, by);
	CU_ASSERT_PTR_NOT_NULL(strstr(a.says, word));
	CU_ASSERT(strlen(a.says) > 20);
	CU_ASSERT(by == 1 ? nl && nl[1] == '\0' : nl == NULL);
}

static void one_line_each(void)
{
	refused("--queue-size 100 --ring split", 2, "power of two");
	refused("--queue-size 3 --ring split", 2, "--ring packed");
	refused("--placement posted", 2, "--ring split");
	refused("--placement posted+push --ring packed", 2, "--ring split");
	refused("--small-rx", 2, "+mrg_rxbuf");
	refused("--small-rx --features -mrg_rxbuf", 2, "+mrg_rxbuf");
	refused("--size 9000 --stride 9011", 2, "9012");
	refused("--size 64,9000,128 --stride 2048", 2, "9012");
	refused("--target vop:/x --chaos 1", 2, "--target");
	refused("--target vop:/x --ndr", 2, "--target");
	refused("--target vop:/x --idle", 2, "--target");
	refused("--cpus 0", 2, "two numbers");
	refused("--cpus 0,1,2", 2, "two numbers");
	refused("--cpus 0,60000", 2, "60000");
	refused("--cpus 4294967296,0", 2, "4294967296"); /* not CPU 0 after truncation */
	refused("--size 23", 1, "--size");
	refused("--size 65551", 1, "--size");
	refused("--ring round", 1, "--ring");
	refused("--features +telepathy", 1, "--features");
	refused("--queues 17", 1, "--queues");
	refused("--queues 0", 1, "--queues");
	refused("--queue-size 32769", 1, "--queue-size");
	refused("--duration 10us", 1, "--duration");
	refused("--rounds none", 1, "--rounds");
	refused("--batch 65", 1, "--batch");
	refused("--sise 64", 1, "--size");
	refused("--dir sideways", 1, "--dir");
	refused("--dir rx,tx,rx", 1, "--dir");
}

static bool has(const uint64_t f[2], unsigned bit)
{
	return vop_feature_has(f, bit);
}

static void defaults(void)
{
	int cpu[4];
	unsigned n = env_usable_cpus(cpu, 4);
	struct asked a;

	CU_ASSERT_EQUAL_FATAL(ask(&a, ""), 0);
	CU_ASSERT_TRUE(a.p.packed);
	CU_ASSERT_FALSE(a.p.foreign);
	CU_ASSERT_EQUAL(a.p.dirs, 4);
	CU_ASSERT_EQUAL(a.p.ring_placement, VOP_RING_DRIVER);
	CU_ASSERT_EQUAL(a.p.payload_placement, VOP_PAYLOAD_PULL);
	CU_ASSERT_TRUE(has(a.p.want, VOP_F_RING_PACKED));
	CU_ASSERT_TRUE(has(a.p.need, VOP_F_RING_PACKED));
	CU_ASSERT_TRUE(has(a.p.want, VOP_F_IN_ORDER));
	CU_ASSERT_FALSE(has(a.p.need, VOP_F_IN_ORDER));
	CU_ASSERT_FALSE(has(a.p.want, VOP_NET_F_MQ));
	CU_ASSERT_EQUAL(a.p.cpu[SIDE_DRIVER], cpu[0]);
	CU_ASSERT_EQUAL(a.p.cpu[SIDE_DEVICE], n > 1 ? cpu[1] : cpu[0]);
	CU_ASSERT_EQUAL(a.p.yield, n < 2);
}

static void features(void)
{
	struct asked a;

	CU_ASSERT_EQUAL_FATAL(ask(&a, "--features -in_order --ring split --queues 2"), 0);
	CU_ASSERT_FALSE(has(a.p.want, VOP_F_IN_ORDER));
	CU_ASSERT_TRUE(has(a.p.want, VOP_F_EVENT_IDX));
	CU_ASSERT_FALSE(has(a.p.want, VOP_F_RING_PACKED));
	CU_ASSERT_TRUE(has(a.p.need, VOP_NET_F_MQ));
	CU_ASSERT_TRUE(has(a.p.need, VOP_NET_F_CTRL_VQ));
	CU_ASSERT_EQUAL_FATAL(ask(&a, "--features in_order"), 0);
	CU_ASSERT_TRUE(has(a.p.need, VOP_F_IN_ORDER));
	CU_ASSERT_FALSE(has(a.p.want, VOP_F_EVENT_IDX));
	CU_ASSERT_EQUAL_FATAL(ask(&a, "--features +mrg_rxbuf --small-rx"), 0);
	CU_ASSERT_TRUE(has(a.p.need, VOP_NET_F_MRG_RXBUF));
	CU_ASSERT_TRUE(has(a.p.want, VOP_F_EVENT_IDX));
}

static void directions(void)
{
	struct asked a;

	CU_ASSERT_EQUAL_FATAL(ask(&a, "--dir rx,tx"), 0);
	CU_ASSERT_EQUAL(a.p.dirs, 2);
	CU_ASSERT_EQUAL(a.p.dir[0], NET_RX);
	CU_ASSERT_EQUAL(a.p.dir[1], NET_TX);
	/* Somebody else's device: what every one can do, unless asked for more. */
	CU_ASSERT_EQUAL_FATAL(ask(&a, "--target vop:/x"), 0);
	CU_ASSERT_TRUE(a.p.foreign);
	CU_ASSERT_EQUAL(a.p.dirs, 1);
	CU_ASSERT_EQUAL(a.p.dir[0], NET_TX);
	CU_ASSERT_EQUAL_FATAL(ask(&a, "--target vop:/x --dir latency"), 0);
	CU_ASSERT_EQUAL(a.p.dirs, 1);
	CU_ASSERT_EQUAL(a.p.dir[0], NET_LATENCY);
}

static void placements(void)
{
	static const struct {
		const char *line;
		enum vop_ring_placement ring;
		enum vop_payload_placement payload;
	} t[] = {
		{"--placement driver", VOP_RING_DRIVER, VOP_PAYLOAD_PULL},
		{"--placement device", VOP_RING_DEVICE, VOP_PAYLOAD_PULL},
		{"--placement posted --ring split", VOP_RING_POSTED, VOP_PAYLOAD_PULL},
		{"--placement driver+push", VOP_RING_DRIVER, VOP_PAYLOAD_PUSH},
		{"--placement device+push", VOP_RING_DEVICE, VOP_PAYLOAD_PUSH},
		{"--placement posted+push --ring split", VOP_RING_POSTED, VOP_PAYLOAD_PUSH},
	};

	for (unsigned i = 0; i < VOP_ARRAY_SIZE(t); i++) {
		struct agent_request r;
		struct asked a;

		CU_ASSERT_EQUAL_FATAL(ask(&a, t[i].line), 0);
		CU_ASSERT_EQUAL(a.p.ring_placement, t[i].ring);
		CU_ASSERT_EQUAL(a.p.payload_placement, t[i].payload);
		/* Whatever lies in the device's window needs a pool there. */
		net_request_open(&a.o, &a.p, SIDE_DEVICE, "vop:/y", &r);
		CU_ASSERT_EQUAL(r.open.pool != 0, i != 0);
		CU_ASSERT(r.open.window >= a.p.window + r.open.pool);
	}
}

/* Who is who on the link, for all combinations. */
static void roles(void)
{
	static const char *const node[] = {"host", "endpoint"};

	for (unsigned i = 0; i < 4; i++) {
		struct agent_request dev, drv;
		struct asked a;
		char line[64];

		snprintf(line, sizeof(line), "--device-on %s --created-by %s", node[i & 1],
			 node[i >> 1]);
		CU_ASSERT_EQUAL_FATAL(ask(&a, line), 0);
		net_request_open(&a.o, &a.p, SIDE_DEVICE, "vop:/y", &dev);
		net_request_open(&a.o, &a.p, SIDE_DRIVER, "vop:/y", &drv);
		CU_ASSERT_EQUAL(dev.open.self, i & 1 ? VOP_ENDPOINT : VOP_HOST);
		CU_ASSERT_NOT_EQUAL(dev.open.self, drv.open.self);
		CU_ASSERT_EQUAL(dev.open.creates + drv.open.creates, 1);
		CU_ASSERT_EQUAL(dev.open.creates ? dev.open.self : drv.open.self,
				i >> 1 ? VOP_ENDPOINT : VOP_HOST);
	}
}

int suite_net_opts(void)
{
	CU_pSuite s = CU_add_suite("run net, options", NULL, NULL);

	if (!s || !CU_add_test(s, "one line each", one_line_each) ||
	    !CU_add_test(s, "defaults", defaults) || !CU_add_test(s, "features", features) ||
	    !CU_add_test(s, "directions", directions) ||
	    !CU_add_test(s, "placements", placements) || !CU_add_test(s, "roles", roles))
		return CU_get_error();
	return 0;
}
