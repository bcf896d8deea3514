/* SPDX-License-Identifier: BSD-2-Clause */
/* FUSE messages: what is sent, what is wrong with what comes back; and what files hold. */
#include <errno.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "bench/fs_data.h"
#include "bench/fs_msg.h"

static void requests(void)
{
	struct fuse_rename_in arg = {.newdir = 77};
	struct fs_ask a = {.opcode = FUSE_RENAME,
			   .node = 5,
			   .uid = 1,
			   .gid = 2,
			   .pid = 3,
			   .arg = &arg,
			   .arg_len = sizeof(arg),
			   .name = "old",
			   .name2 = "newer"};
	uint8_t buf[FS_ASK_MAX];
	struct fuse_in_header h;
	uint32_t want = sizeof(h) + sizeof(arg) + 4 + 6;

	memset(buf, 0xee, sizeof(buf));
	CU_ASSERT_EQUAL(fs_msg_ask(buf, sizeof(buf), 42, &a), want);
	memcpy(&h, buf, sizeof(h));
	CU_ASSERT_EQUAL(h.len, want);
	CU_ASSERT_EQUAL(h.opcode, FUSE_RENAME);
	CU_ASSERT_EQUAL(h.unique, 42);
	CU_ASSERT_EQUAL(h.nodeid, 5);
	CU_ASSERT_TRUE(h.uid == 1 && h.gid == 2 && h.pid == 3);
	CU_ASSERT_EQUAL(memcmp(buf + sizeof(h), &arg, sizeof(arg)), 0);
	CU_ASSERT_EQUAL(memcmp(buf + sizeof(h) + sizeof(arg), "old\0newer", 10), 0);
	CU_ASSERT_EQUAL(buf[want], 0xee);
	/* To the byte, and not one less. */
	CU_ASSERT_EQUAL(fs_msg_ask(buf, want, 42, &a), want);
	CU_ASSERT_EQUAL(fs_msg_ask(buf, want - 1, 42, &a), 0);
	CU_ASSERT_EQUAL(fs_msg_ask(buf, sizeof(h) - 1, 42, &a), 0);
	/* Data behind it counts, and does not lie in it. */
	a.data_len = 4096;
	CU_ASSERT_EQUAL(fs_msg_ask(buf, sizeof(buf), 43, &a), want);
	memcpy(&h, buf, sizeof(h));
	CU_ASSERT_EQUAL(h.len, want + 4096);
	a.data_len = UINT32_MAX;
	CU_ASSERT_EQUAL(fs_msg_ask(buf, sizeof(buf), 43, &a), 0);
}

static enum fs_fault judge(uint32_t len, int32_t error, uint64_t unique, uint32_t used,
			   uint32_t opcode)
{
	struct fuse_out_header h = {.len = len, .error = error, .unique = unique};
	uint32_t data;
	int e;

	return fs_msg_judge(&h, used, opcode, 10, 100, &e, &data);
}

static void answers(void)
{
	uint32_t attr = 16 + sizeof(struct fuse_attr_out);
	struct fuse_out_header h = {.len = 16 + 60, .unique = 10};
	uint32_t data = 0;
	int e = 0;

	CU_ASSERT_EQUAL(judge(attr, 0, 10, attr, FUSE_GETATTR), FS_FAULT_NONE);
	CU_ASSERT_EQUAL(judge(attr, 0, 10, 15, FUSE_GETATTR), FS_FAULT_SHORT);
	CU_ASSERT_EQUAL(judge(15, 0, 10, attr, FUSE_GETATTR), FS_FAULT_SHORT);
	CU_ASSERT_EQUAL(judge(attr, 0, 10, attr - 1, FUSE_GETATTR), FS_FAULT_USED);
	CU_ASSERT_EQUAL(judge(attr, 0, 12, attr, FUSE_GETATTR), FS_FAULT_UNIQUE);
	CU_ASSERT_EQUAL(judge(attr - 1, 0, 10, attr, FUSE_GETATTR), FS_FAULT_LENGTH);
	CU_ASSERT_EQUAL(judge(attr + 1, 0, 10, attr + 1, FUSE_GETATTR), FS_FAULT_LENGTH);
	CU_ASSERT_EQUAL(judge(16, 2, 10, 16, FUSE_GETATTR), FS_FAULT_ERROR);
	CU_ASSERT_EQUAL(judge(16, -4096, 10, 16, FUSE_GETATTR), FS_FAULT_ERROR);
	CU_ASSERT_EQUAL(judge(16, -ENOENT, 10, 16, FUSE_GETATTR), FS_FAULT_NONE);
	CU_ASSERT_EQUAL(judge(17, -ENOENT, 10, 17, FUSE_GETATTR), FS_FAULT_ERROR_BODY);
	CU_ASSERT_EQUAL(judge(16, 0, 10, 16, FUSE_UNLINK), FS_FAULT_NONE);
	CU_ASSERT_EQUAL(judge(116, 0, 10, 116, FUSE_READ), FS_FAULT_NONE);
	CU_ASSERT_EQUAL(judge(117, 0, 10, 117, FUSE_READ), FS_FAULT_DATA);
	CU_ASSERT_EQUAL(judge(0, 0, 0, 0, FUSE_FORGET), FS_FAULT_NONE);
	CU_ASSERT_EQUAL(judge(16, 0, 10, 16, FUSE_FORGET), FS_FAULT_UNASKED);
	/* What it says is what the caller gets. */
	CU_ASSERT_EQUAL(fs_msg_judge(&h, 76, FUSE_READ, 10, 100, &e, &data), FS_FAULT_NONE);
	CU_ASSERT_TRUE(e == 0 && data == 60);
	h = (struct fuse_out_header){.len = 16, .error = -EIO, .unique = 10};
	CU_ASSERT_EQUAL(fs_msg_judge(&h, 16, FUSE_READ, 10, 100, &e, &data), FS_FAULT_NONE);
	CU_ASSERT_TRUE(e == -EIO && data == 0);
}

static uint32_t record(uint8_t *p, const char *name, uint64_t off, uint32_t namelen)
{
	struct fuse_dirent d = {.ino = 9, .off = off, .namelen = namelen, .type = 8};

	memcpy(p, &d, FUSE_NAME_OFFSET);
	memcpy(p + FUSE_NAME_OFFSET, name, strlen(name));
	return (uint32_t)FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET + strlen(name));
}

static void directories(void)
{
	uint8_t data[256] = {0};
	struct fs_dirent d;
	uint32_t len, at = 0;

	len = record(data, "one", 1, 3);
	len += record(data + len, "number-two", 2, 10);
	CU_ASSERT_TRUE_FATAL(fs_msg_dirent(data, len, &at, &d));
	CU_ASSERT_TRUE(d.name_len == 3 && memcmp(d.name, "one", 3) == 0 && d.off == 1);
	CU_ASSERT_TRUE_FATAL(fs_msg_dirent(data, len, &at, &d));
	CU_ASSERT_TRUE(d.name_len == 10 && memcmp(d.name, "number-two", 10) == 0);
	CU_ASSERT_FALSE(fs_msg_dirent(data, len, &at, &d));
	CU_ASSERT_EQUAL(at, len);
	/* The last one without its padding is whole; without its end it is not. */
	at = FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET + 3);
	CU_ASSERT_TRUE(fs_msg_dirent(data, at + FUSE_NAME_OFFSET + 10, &at, &d));
	at = FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET + 3);
	CU_ASSERT_FALSE(fs_msg_dirent(data, at + FUSE_NAME_OFFSET + 9, &at, &d));
	/* Names of no length, too long, and longer than all there is. */
	for (uint32_t n = 0; n < 3; n++) {
		static const uint32_t lengths[] = {0, FS_NAME_MAX + 1, UINT32_MAX};

		record(data, "x", 1, lengths[n]);
		at = 0;
		CU_ASSERT_FALSE(fs_msg_dirent(data, sizeof(data), &at, &d));
		CU_ASSERT_EQUAL(at, 0);
	}
}

/* A byte that is altered, displaced or of another time, place or file shows, wherever it lies. */
static void contents(void)
{
	struct fs_stamp s = {.seed = 1, .file = 2, .generation = 3}, o;
	uint8_t data[600];

	for (uint64_t off = 0; off < 24; off++) {
		for (uint32_t len = 1; len < 40; len++) {
			memset(data, 0xcc, sizeof(data));
			fs_data_fill(data + 8, len, &s, off);
			CU_ASSERT_FATAL(data[7] == 0xcc && data[8 + len] == 0xcc);
			CU_ASSERT_EQUAL_FATAL(fs_data_check(data + 8, len, &s, off), len);
			for (uint32_t i = 0; i < len; i++) {
				data[8 + i] ^= 0x10;
				CU_ASSERT_EQUAL_FATAL(fs_data_check(data + 8, len, &s, off), i);
				data[8 + i] ^= 0x10;
			}
		}
	}
	/* In two parts it is the same. */
	fs_data_fill(data, 500, &s, 1000);
	CU_ASSERT_EQUAL(fs_data_check(data + 77, 423, &s, 1077), 423);
	for (unsigned i = 0; i < 4; i++) {
		o = s;
		o.seed += i == 0;
		o.file += i == 1;
		o.generation += i == 2;
		CU_ASSERT_TRUE(fs_data_check(data, 500, &o, 1000 + 8 * (i == 3)) < 8);
	}
}

int suite_fs_msg(void)
{
	CU_pSuite s = CU_add_suite("fs_msg", NULL, NULL);

	if (!s || !CU_ADD_TEST(s, requests) || !CU_ADD_TEST(s, answers) ||
	    !CU_ADD_TEST(s, directories) || !CU_ADD_TEST(s, contents))
		return -1;
	return 0;
}
