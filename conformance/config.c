/* SPDX-License-Identifier: BSD-2-Clause */
/* 2.5 Device configuration space. */
#include <string.h>

#include "conformance/conf.h"
#include "conformance/lane.h"
#include "conformance/ring.h"
#include "conformance/sections.h"
#include "conformance/steps.h"

#define SPACE_MAX 1024u
#define ALWAYS	  0xff

/* Fields and what makes them exist (5.1.4, 5.2.4, 5.3.4). A limit is of the value read: 0, 0 none.
 */
static const struct field {
	uint16_t device;
	uint8_t at, len, bit, or_bit;
	uint32_t least, most;
	const char *name;
} fields[] = {
	{1, 0, 6, 5, 5, 0, 0, "mac"},
	{1, 6, 2, 16, 16, 0, 0, "status"},
	/* 5.1.4.1 */
	{1, 8, 2, 22, 60, 1, 0x8000, "max_virtqueue_pairs"},
	{1, 10, 2, 3, 3, 68, 0xffff, "mtu"},
	{1, 12, 4, 63, 63, 0, 0, "speed"},
	{1, 16, 1, 63, 63, 0, 0, "duplex"},
	{1, 17, 1, 60, 57, 0, 0, "rss_max_key_size"},
	{1, 18, 2, 60, 60, 0, 0, "rss_max_indirection_table_length"},
	{1, 20, 4, 60, 57, 0, 0, "supported_hash_types"},
	{1, 24, 4, 51, 51, 0, 0, "supported_tunnel_types"},
	{2, 0, 8, ALWAYS, ALWAYS, 0, 0, "capacity"},
	{2, 8, 4, 1, 1, 1, UINT32_MAX, "size_max"},
	{2, 12, 4, 2, 2, 1, UINT32_MAX, "seg_max"},
	{2, 16, 4, 4, 4, 0, 0, "geometry"},
	{2, 20, 4, 6, 6, 512, UINT32_MAX, "blk_size"},
	{2, 24, 8, 10, 10, 0, 0, "topology"},
	{2, 32, 1, 11, 11, 0, 1, "writeback"},
	{2, 34, 2, 12, 12, 1, 0xffff, "num_queues"},
	{2, 36, 4, 13, 13, 0, 0, "max_discard_sectors"},
	{2, 40, 4, 13, 13, 0, 0, "max_discard_seg"},
	{2, 44, 4, 13, 13, 0, 0, "discard_sector_alignment"},
	{2, 48, 4, 14, 14, 0, 0, "max_write_zeroes_sectors"},
	{2, 52, 4, 14, 14, 0, 0, "max_write_zeroes_seg"},
	{2, 56, 1, 14, 14, 0, 0, "write_zeroes_may_unmap"},
	{2, 60, 4, 16, 16, 0, 0, "max_secure_erase_sectors"},
	{2, 64, 4, 16, 16, 0, 0, "max_secure_erase_seg"},
	{2, 68, 4, 16, 16, 0, 0, "secure_erase_sector_alignment"},
	{2, 72, 24, 17, 17, 0, 0, "zoned"},
	{3, 0, 2, 0, 0, 0, 0, "cols"},
	{3, 2, 2, 0, 0, 0, 0, "rows"},
	{3, 4, 4, 1, 1, 1, UINT32_MAX, "max_nr_ports"},
	{3, 8, 4, 2, 2, 0, 0, "emerg_wr"},
};

static bool exists(struct conf *c, const struct field *f)
{
	return f->device == conf_target(c)->device_id &&
	       (f->bit == ALWAYS || conf_has_offer(c, f->bit) || conf_has_offer(c, f->or_bit));
}

static uint32_t value(const uint8_t *p, unsigned len)
{
	uint32_t v = 0;

	while (len--)
		v = v << 8 | p[len];
	return v;
}

static void need_space(struct conf *c)
{
	uint8_t byte;

	if (conf_try_config_read(c, 0, &byte, 1, NULL))
		conf_skip(c, "the device has no configuration space that can be read");
}

/* Reset by the runner; nothing but a reset has happened, then the first two steps. */
static void fields_early(struct conf *c)
{
	unsigned step, i, seen = 0;
	uint8_t bytes[32];

	for (step = 0; step < 3; step++) {
		if (step)
			conf_set_status(c, step == 1 ? STEP_ACK : STEP_DRIVER);
		for (i = 0; i < VOP_ARRAY_SIZE(fields); i++) {
			const struct field *f = &fields[i];
			uint32_t v;

			if (!exists(c, f))
				continue;
			seen++;
			CONF_EXPECT(c, conf_try_config_read(c, f->at, bytes, f->len, NULL) == 0,
				    "field %s at %u cannot be read before FEATURES_OK, status %#x",
				    f->name, f->at, conf_status(c));
			v = value(bytes, VOP_MIN(f->len, (uint8_t)4));
			CONF_EXPECT(c, f->most == 0 || (v >= f->least && v <= f->most),
				    "field %s before FEATURES_OK is %u, which it cannot be",
				    f->name, v);
		}
	}
	if (!seen)
		conf_skip(c, "no field of this device's configuration space is known to exist");
}

/* What is read in one go, and the same in pieces of every kind. */
static void pieces(struct conf *c)
{
	uint8_t whole[SPACE_MAX], part[SPACE_MAX];
	uint32_t size, at, len, before, after, i;

	need_space(c);
	conf_negotiate(c);
	size = steps_config(c, NULL, SPACE_MAX);
	if (conf_try_config_read(c, 0, whole, size, &before))
		steps_config(c, whole, size);
	for (i = 0; i < 200; i++) {
		at = conf_below(c, size);
		len = 1 + conf_below(c, VOP_MIN(size - at, 16u));
		if (conf_try_config_read(c, at, part, len, &after))
			continue;
		CONF_EXPECT(c, memcmp(part, whole + at, len) == 0,
			    "%u bytes at %u differ from what one read of all %u bytes gave", len,
			    at, size);
	}
}

/* Equal generations, equal bytes; and nothing changed here. */
static void generation(struct conf *c)
{
	uint8_t was[SPACE_MAX], is[SPACE_MAX];
	uint32_t size, before = 0, after = 0, i;

	need_space(c);
	conf_start(c, 0);
	size = steps_config(c, NULL, SPACE_MAX);
	CONF_EXPECT(c, conf_try_config_read(c, 0, was, size, &before) == 0,
		    "the configuration space of %u bytes cannot be read at once", size);
	for (i = 0; i < 20; i++) {
		conf_serve(c, 1);
		CONF_EXPECT(c, conf_try_config_read(c, 0, is, size, &after) == 0,
			    "the configuration space cannot be read during traffic");
		CONF_EXPECT(c, after != before || memcmp(was, is, size) == 0,
			    "the configuration changed and its generation stayed %u", before);
		before = after;
		memcpy(was, is, size);
	}
}

static bool told(struct conf *c, void *arg)
{
	(void)arg;
	return conf_events(c) & TARGET_EVENT_CONFIG;
}

/* A driver need not look, and is told: silence says that nothing changed. */
static void untold(struct conf *c)
{
	uint8_t was[SPACE_MAX], is[SPACE_MAX];
	uint32_t size;

	need_space(c);
	conf_start(c, 0);
	conf_events(c);
	size = steps_config(c, was, SPACE_MAX);
	conf_serve(c, 10);
	conf_settle(c);
	steps_config(c, is, size);
	if (memcmp(was, is, size) == 0 || conf_wait(c, told, NULL))
		return;
	CONF_EXPECT(c, false,
		    "the configuration changed while the device ran, and nobody was told");
}

/* After a negotiation and after a reset, fields that are there have the values of before. */
static void kept(struct conf *c)
{
	uint8_t was[SPACE_MAX], is[SPACE_MAX];
	uint32_t size, now;

	need_space(c);
	size = steps_config(c, was, SPACE_MAX);
	conf_start(c, 0);
	conf_serve(c, 2);
	conf_reset(c);
	now = steps_config(c, is, SPACE_MAX);
	CONF_EXPECT(c, now == size, "the configuration space had %u bytes and has %u after a reset",
		    size, now);
	CONF_EXPECT(c, memcmp(was, is, size) == 0,
		    "after a reset the configuration space differs, though nobody changed it");
}

/* --- a driver that breaks rules --- */

static void reads_beyond(struct conf *c)
{
	static const uint32_t at[] = {0,	   1,		255,	    256,
				      257,	   4095,	65535,	    0x7fffffffu,
				      0x80000000u, 0xfffffff0u, 0xffffffffu};
	static const uint32_t len[] = {0, 1, 2, 4, 64, 255, 256, 257, 4096};
	uint8_t bytes[4096];
	unsigned i, k;

	for (i = 0; i < VOP_ARRAY_SIZE(at); i++)
		for (k = 0; k < VOP_ARRAY_SIZE(len); k++)
			conf_try_config_read(c, at[i], bytes, len[k], NULL);
}

/* Every byte is written with its complement, before and after each step. */
static void scribble(struct conf *c)
{
	uint32_t size = steps_config(c, NULL, SPACE_MAX), at;
	uint8_t byte;

	for (at = 0; at < size; at++) {
		if (conf_try_config_read(c, at, &byte, 1, NULL))
			continue;
		byte = (uint8_t)~byte;
		conf_try_config_write(c, at, &byte, 1);
	}
}

static void writes_all(struct conf *c)
{
	conf_reset(c);
	scribble(c);
	conf_negotiate(c);
	scribble(c);
	conf_start(c, 0);
	conf_serve(c, 1);
	scribble(c);
	conf_settle(c);
	conf_expect_idle(c);
}

static void writes_anywhere(struct conf *c)
{
	static const uint32_t at[] = {
		0,    7,     60,	  63,	       64,	    252,	 255,	     256,
		4096, 65535, 0x7fffffffu, 0x80000000u, 0xffffffc0u, 0xfffffffeu, 0xffffffffu};
	static const uint32_t len[] = {0, 1, 2, 3, 4, 8, 63, 64, 65, 256, 4096};
	uint8_t bytes[4096];
	unsigned i, k;

	conf_negotiate(c);
	memset(bytes, 0xa5, 4096);
	for (i = 0; i < VOP_ARRAY_SIZE(at); i++)
		for (k = 0; k < VOP_ARRAY_SIZE(len); k++)
			conf_try_config_write(c, at[i], bytes, len[k]);
	conf_expect_idle(c);
}

static const struct conf_check checks[] = {
	{"config/fields-early", "every field that exists can be read before FEATURES_OK",
	 "2.5.2:dev:1", CONF_MUST, CONF_CONFORMANCE, CONF_ANY, .lacks = TARGET_LACKS_CONFIG,
	 .run = fields_early},
	{"config/pieces", "reads of any place and length agree", "text:content.tex:276", CONF_TEXT,
	 CONF_CONFORMANCE, CONF_ANY, .lacks = TARGET_LACKS_CONFIG, .run = pieces},
	{"config/generation", "equal generations mean equal bytes", "text:content.tex:278",
	 CONF_TEXT, CONF_CONFORMANCE, CONF_ANY,
	 .lacks = TARGET_LACKS_CONFIG | TARGET_LACKS_CONFIG_GENERATION, .run = generation},
	{"config/untold", "nothing changes without a notification", "text:content.tex:607",
	 CONF_TEXT, CONF_CONFORMANCE, CONF_ANY, .lacks = TARGET_LACKS_CONFIG, .run = untold},
	{"config/kept", "what nobody changed is the same after a reset", "text:content.tex:267",
	 CONF_TEXT, CONF_CONFORMANCE, CONF_ANY, .lacks = TARGET_LACKS_CONFIG, .run = kept},
	{"config/reads-beyond", "reads out of range harm nobody", "text:content.tex:298", CONF_TEXT,
	 CONF_ROBUSTNESS, CONF_ANY, .lacks = TARGET_LACKS_CONFIG, .run = reads_beyond},
	{"config/writes-all", "writing every byte, at any time, harms nobody",
	 "text:content.tex:538", CONF_TEXT, CONF_ROBUSTNESS, CONF_ANY,
	 .lacks = TARGET_LACKS_CONFIG_WRITE, .run = writes_all},
	{"config/writes-anywhere", "writes out of range harm nobody", "text:content.tex:298",
	 CONF_TEXT, CONF_ROBUSTNESS, CONF_ANY, .lacks = TARGET_LACKS_CONFIG_WRITE,
	 .run = writes_anywhere},
};
CONF_SECTION(conf_section_config, "2.5", "Device configuration space", checks);
