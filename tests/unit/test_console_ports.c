/* SPDX-License-Identifier: BSD-2-Clause */
/* The console device's control queues: ports that are announced, opened, plugged in, pulled out. */
#include "tests/unit/console_rig.h"

/* Queues of a port behind the first. */
#define RXQ(port) (2u * (port) + 2)
#define TXQ(port) (2u * (port) + 3)

#define ALL_OF(ports) ((1ull << VOP_CONSOLE_QUEUES(ports)) - 1)
#define MULTI	      (F(VOP_CONSOLE_F_MULTIPORT) | F(VOP_CONSOLE_F_SIZE))

static struct dev_rig_config config_of(unsigned i, unsigned ports)
{
	return (struct dev_rig_config){
		.packed = i & 1,
		.thread = i & 2,
		.notify = i & 2 ? VOP_NOTIFY_EVENT : VOP_NOTIFY_POLL,
		.want = MULTI | (i & 4 ? RING_ALL : F(VOP_F_IN_ORDER)),
		.queues_open = ALL_OF(ports),
	};
}

/* What port n is told when it is ready; size of the console of port 0. */
static void expect_ready(struct dev_rig *r, uint32_t port, const char *name)
{
	if (port == 0) {
		CU_ASSERT_TRUE(control_is(r, 0, CON_CONSOLE_PORT, 1, NULL, 0));
		CU_ASSERT_TRUE(control_is(r, 0, CON_RESIZE, 0, "\x78\0\x28\0", 4));
	}
	if (name)
		CU_ASSERT_TRUE(control_is(r, port, CON_PORT_NAME, 0, name, (uint32_t)strlen(name)));
	CU_ASSERT_TRUE(control_is(r, port, CON_PORT_OPEN, 1, NULL, 0));
}

static bool echo_on(struct dev_rig *r, unsigned rxq, uint8_t byte)
{
	struct vop_done d = {0};

	*dev_rig_buf(r, rxq + 1, 1) = byte;
	dev_rig_give(r, rxq, 1, 10, true);
	dev_rig_give(r, rxq + 1, 1, 1, false);
	return dev_rig_get(r, rxq + 1, &d) && dev_rig_get(r, rxq, &d) && d.len == 1 &&
	       *dev_rig_buf(r, rxq, 1) == byte;
}

/* The whole conversation, on every ring: nothing is said before the driver is ready. */
static void test_announce(void)
{
	for (unsigned i = 0; i < 8; i++) {
		struct dev_rig_config c = config_of(i, 3);
		struct vop_console_stats st;
		struct dev_rig r;

		open_console(&r, &c, &(struct console_options){.ports = 3, .tag = "com"});
		for (unsigned life = 0; life < 2; life++) {
			dev_rig_start(&r);
			control_give(&r);
			CU_ASSERT_TRUE(dev_rig_none(&r, 2));
			control_send(&r, 77, CON_DEVICE_READY, 1);
			for (uint32_t p = 0; p < 3; p++)
				CU_ASSERT_TRUE(control_is(&r, p, CON_DEVICE_ADD, 0, NULL, 0));
			CU_ASSERT_TRUE(dev_rig_none(&r, 2));
			/* Again: a port that exists is not added twice (5.3.6.2.1). */
			control_send(&r, 0, CON_DEVICE_READY, 1);
			CU_ASSERT_TRUE(dev_rig_none(&r, 2));
			control_send(&r, 1, CON_PORT_READY, 1);
			expect_ready(&r, 1, "com.1");
			control_send(&r, 0, CON_PORT_READY, 1);
			expect_ready(&r, 0, "com.0");
			/* One that the driver could not make is left alone. */
			control_send(&r, 2, CON_PORT_READY, 0);
			CU_ASSERT_TRUE(dev_rig_none(&r, 2));
			control_send(&r, 0, CON_PORT_OPEN, 1);
			control_send(&r, 1, CON_PORT_OPEN, 1);
			CU_ASSERT_TRUE(dev_rig_none(&r, 2));
			for (unsigned k = 0; k < 20; k++) {
				CU_ASSERT_TRUE(echo_on(&r, 0, (uint8_t)k));
				CU_ASSERT_TRUE(echo_on(&r, RXQ(1), (uint8_t)(k + 100)));
			}
			dev_rig_stop(&r);
		}
		vop_console_get_stats(r.type, &st);
		CU_ASSERT_EQUAL(st.violations, 0);
		CU_ASSERT_EQUAL(st.ignored, 0);
		dev_rig_close(&r);
	}
}

/* As many ports as there can be, each of its own. */
static void test_many(void)
{
	struct dev_rig_config c = config_of(1, VOP_CONSOLE_PORTS_MAX);
	struct dev_rig r;
	uint32_t p;

	open_console(&r, &c, &(struct console_options){.ports = VOP_CONSOLE_PORTS_MAX});
	dev_rig_start(&r);
	control_give(&r);
	control_send(&r, 0, CON_DEVICE_READY, 1);
	for (p = 0; p < VOP_CONSOLE_PORTS_MAX; p++)
		CU_ASSERT_TRUE(control_is(&r, p, CON_DEVICE_ADD, 0, NULL, 0));
	for (p = 0; p < VOP_CONSOLE_PORTS_MAX; p++) {
		control_send(&r, p, CON_PORT_READY, 1);
		expect_ready(&r, p, NULL);
		control_send(&r, p, CON_PORT_OPEN, 1);
	}
	for (p = 0; p < VOP_CONSOLE_PORTS_MAX; p++)
		CU_ASSERT_TRUE(echo_on(&r, p ? RXQ(p) : 0, (uint8_t)(p + 1)));
	dev_rig_close(&r);
}

/* Bytes of a port that is closed wait, wherever PORT_OPEN was among them. */
static void test_closed(void)
{
	for (unsigned i = 0; i < 8; i++) {
		struct dev_rig_config c = config_of(i, 2);
		struct vop_done d;
		struct dev_rig r;

		open_console(&r, &c, &(struct console_options){.ports = 2});
		dev_rig_start(&r);
		control_give(&r);
		control_send(&r, 0, CON_DEVICE_READY, 1);
		CU_ASSERT_TRUE(control_is(&r, 0, CON_DEVICE_ADD, 0, NULL, 0));
		CU_ASSERT_TRUE(control_is(&r, 1, CON_DEVICE_ADD, 0, NULL, 0));
		control_send(&r, 1, CON_PORT_READY, 1);
		expect_ready(&r, 1, NULL);
		dev_rig_give(&r, RXQ(1), 0, 10, true);
		dev_rig_give(&r, TXQ(1), 0, 3, false);
		CU_ASSERT_TRUE(dev_rig_get(&r, TXQ(1), &d));
		CU_ASSERT_TRUE(dev_rig_none(&r, RXQ(1)));
		/* Everybody is asleep by now. */
		control_send(&r, 1, CON_PORT_OPEN, 1);
		CU_ASSERT_TRUE(dev_rig_get(&r, RXQ(1), &d) && d.len == 3);
		control_send(&r, 1, CON_PORT_OPEN, 0);
		dev_rig_give(&r, RXQ(1), 0, 10, true);
		dev_rig_give(&r, TXQ(1), 0, 4, false);
		CU_ASSERT_TRUE(dev_rig_get(&r, TXQ(1), &d));
		CU_ASSERT_TRUE(dev_rig_none(&r, RXQ(1)));
		control_send(&r, 1, CON_PORT_OPEN, 1);
		CU_ASSERT_TRUE(dev_rig_get(&r, RXQ(1), &d) && d.len == 4);
		/* A port that the driver gave up is closed, too. */
		control_send(&r, 1, CON_PORT_READY, 0);
		dev_rig_give(&r, RXQ(1), 0, 10, true);
		dev_rig_give(&r, TXQ(1), 0, 5, false);
		CU_ASSERT_TRUE(dev_rig_none(&r, RXQ(1)));
		dev_rig_close(&r);
	}
}

static void test_hotplug(void)
{
	for (unsigned i = 0; i < 8; i++) {
		struct dev_rig_config c = config_of(i, 3);
		struct vop_console *con;
		struct vop_done d;
		struct dev_rig r;

		c.buffer = 70000;
		open_console(&r, &c, &(struct console_options){.ports = 1, .ports_max = 3});
		con = r.type;
		CU_ASSERT_EQUAL(vop_console_add_port(con, 3), -EINVAL);
		CU_ASSERT_EQUAL(vop_console_remove_port(con, 3), -EINVAL);
		CU_ASSERT_EQUAL(vop_console_add_port(con, 0), -EEXIST);
		CU_ASSERT_EQUAL(vop_console_remove_port(con, 2), -ENOENT);
		/* Before there is a driver: it sees what is there then. */
		CU_ASSERT_EQUAL(vop_console_add_port(con, 1), 0);
		CU_ASSERT_EQUAL(vop_console_remove_port(con, 1), 0);
		CU_ASSERT_EQUAL(vop_console_add_port(con, 1), 0);
		dev_rig_start(&r);
		control_give(&r);
		control_send(&r, 0, CON_DEVICE_READY, 1);
		CU_ASSERT_TRUE(control_is(&r, 0, CON_DEVICE_ADD, 0, NULL, 0));
		CU_ASSERT_TRUE(control_is(&r, 1, CON_DEVICE_ADD, 0, NULL, 0));
		CU_ASSERT_TRUE(dev_rig_none(&r, 2));
		CU_ASSERT_EQUAL(vop_console_add_port(con, 2), 0);
		CU_ASSERT_TRUE(control_is(&r, 2, CON_DEVICE_ADD, 0, NULL, 0));
		control_send(&r, 2, CON_PORT_READY, 1);
		expect_ready(&r, 2, NULL);
		control_send(&r, 2, CON_PORT_OPEN, 1);
		CU_ASSERT_TRUE(echo_on(&r, RXQ(2), 'a'));
		/* Pulled out with more in it than the backend took: the buffer comes back. */
		dev_rig_give(&r, TXQ(2), 0, 70000, false);
		CU_ASSERT_TRUE(dev_rig_none(&r, TXQ(2)));
		CU_ASSERT_EQUAL(vop_console_remove_port(con, 2), 0);
		CU_ASSERT_EQUAL(vop_console_remove_port(con, 2), -ENOENT);
		CU_ASSERT_TRUE(dev_rig_get(&r, TXQ(2), &d));
		CU_ASSERT_TRUE(control_is(&r, 2, CON_DEVICE_REMOVE, 0, NULL, 0));
		/* Nothing of it lives on; what is sent to it comes back unheard. */
		dev_rig_give(&r, RXQ(2), 0, 10, true);
		dev_rig_give(&r, TXQ(2), 0, 3, false);
		CU_ASSERT_TRUE(dev_rig_get(&r, TXQ(2), &d));
		control_send(&r, 2, CON_PORT_OPEN, 1);
		CU_ASSERT_TRUE(dev_rig_none(&r, RXQ(2)));
		/* Plugged in again: a new port, closed and empty. */
		CU_ASSERT_EQUAL(vop_console_add_port(con, 2), 0);
		CU_ASSERT_TRUE(control_is(&r, 2, CON_DEVICE_ADD, 0, NULL, 0));
		dev_rig_give(&r, TXQ(2), 0, 2, false);
		CU_ASSERT_TRUE(dev_rig_get(&r, TXQ(2), &d));
		control_send(&r, 2, CON_PORT_READY, 1);
		expect_ready(&r, 2, NULL);
		CU_ASSERT_TRUE(dev_rig_none(&r, RXQ(2)));
		control_send(&r, 2, CON_PORT_OPEN, 1);
		CU_ASSERT_TRUE(dev_rig_get(&r, RXQ(2), &d) && d.len == 2);
		dev_rig_close(&r);
	}
}

/* A driver without buffers for messages hears of what is true when it has some. */
static void test_no_buffers(void)
{
	for (unsigned i = 0; i < 4; i++) {
		struct dev_rig_config c = config_of(i, 3);
		struct vop_console *con;
		struct vop_done d;
		struct dev_rig r;

		open_console(&r, &c, &(struct console_options){.ports = 2, .ports_max = 3});
		con = r.type;
		dev_rig_start(&r);
		control_send(&r, 0, CON_DEVICE_READY, 1);
		dev_rig_settle(&r);
		/* Never announced: neither is its end. */
		CU_ASSERT_EQUAL(vop_console_remove_port(con, 1), 0);
		CU_ASSERT_EQUAL(vop_console_add_port(con, 2), 0);
		dev_rig_settle(&r);
		control_give(&r);
		CU_ASSERT_TRUE(control_is(&r, 0, CON_DEVICE_ADD, 0, NULL, 0));
		CU_ASSERT_TRUE(control_is(&r, 2, CON_DEVICE_ADD, 0, NULL, 0));
		CU_ASSERT_TRUE(dev_rig_none(&r, 2));
		/* Out and in while nobody listens: both are told, in this order. */
		dev_rig_queue_reset(&r, 2);
		CU_ASSERT_EQUAL(vop_console_remove_port(con, 2), 0);
		CU_ASSERT_EQUAL(vop_console_add_port(con, 2), 0);
		/* The new port is not the one that the driver knows: what it sends now is lost. */
		dev_rig_give(&r, TXQ(2), 0, 9, false);
		CU_ASSERT_TRUE(dev_rig_get(&r, TXQ(2), &d));
		control_send(&r, 0, CON_DEVICE_READY, 0);
		CU_ASSERT_EQUAL(vop_console_add_port(con, 1), 0);
		CU_ASSERT_EQUAL(dev_rig_queue(&r, 2), 0);
		control_give(&r);
		CU_ASSERT_TRUE(dev_rig_none(&r, 2));
		control_send(&r, 0, CON_DEVICE_READY, 1);
		CU_ASSERT_TRUE(control_is(&r, 1, CON_DEVICE_ADD, 0, NULL, 0));
		CU_ASSERT_TRUE(control_is(&r, 2, CON_DEVICE_REMOVE, 0, NULL, 0));
		CU_ASSERT_TRUE(control_is(&r, 2, CON_DEVICE_ADD, 0, NULL, 0));
		CU_ASSERT_TRUE(dev_rig_none(&r, 2));
		control_send(&r, 2, CON_PORT_OPEN, 1);
		CU_ASSERT_TRUE(echo_on(&r, RXQ(2), 'x'));
		dev_rig_close(&r);
	}
}

static void test_resize(void)
{
	for (unsigned i = 0; i < 4; i++) {
		struct dev_rig_config c = config_of(i, 2);
		struct vop_console *con;
		struct dev_rig r;

		open_console(&r, &c, &(struct console_options){.ports = 2});
		con = r.type;
		CU_ASSERT_EQUAL(vop_console_resize(con, 100, 30), 0);
		CU_ASSERT_EQUAL(vop_console_resize(con, 120, 40), 0);
		dev_rig_start(&r);
		control_give(&r);
		control_send(&r, 0, CON_DEVICE_READY, 1);
		CU_ASSERT_TRUE(control_is(&r, 0, CON_DEVICE_ADD, 0, NULL, 0));
		CU_ASSERT_TRUE(control_is(&r, 1, CON_DEVICE_ADD, 0, NULL, 0));
		control_send(&r, 0, CON_PORT_READY, 1);
		expect_ready(&r, 0, NULL);
		dev_rig_settle(&r);
		CU_ASSERT_EQUAL(vop_console_resize(con, 0x1234, 0x5678), 0);
		CU_ASSERT_TRUE(control_is(&r, 0, CON_RESIZE, 0, "\x34\x12\x78\x56", 4));
		CU_ASSERT_TRUE(dev_rig_none(&r, 2));
		dev_rig_close(&r);
	}
}

/* Buffers of eight bytes: names and sizes find no room, the rest is said. */
static void test_short_buffers(void)
{
	for (unsigned i = 0; i < 4; i++) {
		struct dev_rig_config c = config_of(i, 1);
		struct vop_done d = {0};
		struct dev_rig r;

		open_console(&r, &c, &(struct console_options){.ports = 1, .tag = "long"});
		dev_rig_start(&r);
		for (unsigned k = 0; k < 4; k++)
			dev_rig_give(&r, 2, k, 8, true);
		control_send(&r, 0, CON_DEVICE_READY, 1);
		CU_ASSERT_TRUE(dev_rig_get(&r, 2, &d) && d.len == 8);
		control_send(&r, 0, CON_PORT_READY, 1);
		CU_ASSERT_TRUE(dev_rig_get(&r, 2, &d) && d.len == 8);
		CU_ASSERT_EQUAL(dev_rig_buf(&r, 2, d.cookie)[4], CON_CONSOLE_PORT);
		CU_ASSERT_TRUE(dev_rig_get(&r, 2, &d) && d.len == 8);
		CU_ASSERT_EQUAL(dev_rig_buf(&r, 2, d.cookie)[4], CON_PORT_OPEN);
		CU_ASSERT_TRUE(dev_rig_none(&r, 2));
		/* The buffer that was too short is forgotten with its queue. */
		CU_ASSERT_EQUAL(vop_console_resize(r.type, 1, 2), 0);
		dev_rig_settle(&r);
		dev_rig_queue_reset(&r, 2);
		CU_ASSERT_EQUAL(dev_rig_queue(&r, 2), 0);
		CU_ASSERT_EQUAL(vop_console_resize(r.type, 3, 4), 0);
		dev_rig_settle(&r);
		control_give(&r);
		CU_ASSERT_TRUE(control_is(&r, 0, CON_RESIZE, 0, "\3\0\4\0", 4));
		dev_rig_close(&r);
	}
}

/* What makes no sense is let pass and counted: the device goes on. */
static void test_nonsense(void)
{
	for (unsigned i = 0; i < 4; i++) {
		struct dev_rig_config c = config_of(i, 2);
		struct vop_console_stats st;
		struct vop_buf crumbs[9];
		struct vop_done d;
		struct dev_rig r;

		open_console(&r, &c, &(struct console_options){.ports = 1, .ports_max = 2});
		dev_rig_start(&r);
		control_give(&r);
		control_send(&r, 0, CON_PORT_READY, 1); /* there is no port yet */
		control_send(&r, 0, CON_PORT_OPEN, 1);
		control_send(&r, 0, CON_DEVICE_READY, 2);
		CU_ASSERT_TRUE(dev_rig_none(&r, 2));
		control_send(&r, 0, CON_DEVICE_READY, 1);
		CU_ASSERT_TRUE(control_is(&r, 0, CON_DEVICE_ADD, 0, NULL, 0));
		control_send(&r, 1, CON_PORT_READY, 1); /* not plugged in */
		control_send(&r, 2, CON_PORT_READY, 1); /* none has this number */
		control_send(&r, UINT32_MAX, CON_PORT_OPEN, 1);
		control_send(&r, 0, CON_DEVICE_ADD, 0); /* the device's */
		control_send(&r, 0, CON_DEVICE_REMOVE, 0);
		control_send(&r, 0, CON_PORT_NAME, 0);
		control_send(&r, 0, 0xffff, 0);
		control_send(&r, 0, CON_PORT_READY, 0xffff);
		CU_ASSERT_TRUE(dev_rig_none(&r, 2));
		/* For ever, without taking an answer: it costs nothing. */
		for (unsigned k = 0; k < 200; k++)
			control_send(&r, 0, CON_PORT_READY, 1);
		vop_console_get_stats(r.type, &st);
		CU_ASSERT_EQUAL(st.ignored, 11);
		CU_ASSERT_EQUAL(st.violations, 0);
		/* A message in crumbs, longer than any is. */
		memset(dev_rig_buf(&r, 3, 0), 0, 64);
		dev_rig_buf(&r, 3, 0)[4] = CON_PORT_OPEN;
		dev_rig_buf(&r, 3, 0)[6] = 1;
		for (unsigned k = 0; k < 9; k++)
			crumbs[k] = (struct vop_buf){r.q[3].bus + k, k == 8 ? 50 : 1};
		CU_ASSERT_EQUAL_FATAL(vop_drvq_add_chain(&r.q[3].vq, crumbs, 9, 0, 0), 0);
		dev_rig_kick(&r, 3);
		CU_ASSERT_TRUE(dev_rig_get(&r, 3, &d));
		CU_ASSERT_TRUE(echo_on(&r, 0, 'x'));
		dev_rig_close(&r);
	}
}

/* Without MULTIPORT there are two queues (5.3.2), and port 0 is simply there. */
static void test_single(void)
{
	struct dev_rig_config c = {.queues_open = 3};
	struct dev_rig r;

	open_console(&r, &c, &(struct console_options){.ports = 2});
	CU_ASSERT_EQUAL(drv_negotiate(r.drv, FULL_FEATURES), 0);
	for (unsigned q = 2; q < 6; q++)
		CU_ASSERT_EQUAL(dev_rig_queue(&r, q), -EINVAL);
	CU_ASSERT_EQUAL(dev_rig_queue(&r, 1), 0);
	dev_rig_stop(&r);
	dev_rig_start(&r);
	CU_ASSERT_TRUE(echo_on(&r, 0, 'x'));
	CU_ASSERT_EQUAL(vop_console_remove_port(r.type, 0), 0);
	CU_ASSERT_TRUE(echo_on(&r, 0, 'y'));
	dev_rig_close(&r);
}

int suite_console_ports(void)
{
	CU_pSuite s = CU_add_suite("console_ports", NULL, NULL);

	if (!s || !CU_add_test(s, "ports are announced", test_announce) ||
	    !CU_add_test(s, "many ports", test_many) ||
	    !CU_add_test(s, "closed ports", test_closed) ||
	    !CU_add_test(s, "in and out", test_hotplug) ||
	    !CU_add_test(s, "no buffers for messages", test_no_buffers) ||
	    !CU_add_test(s, "another size", test_resize) ||
	    !CU_add_test(s, "short buffers for messages", test_short_buffers) ||
	    !CU_add_test(s, "messages that make no sense", test_nonsense) ||
	    !CU_add_test(s, "one port", test_single))
		return CU_get_error();
	return 0;
}
