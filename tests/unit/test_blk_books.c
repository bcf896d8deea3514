/* SPDX-License-Identifier: BSD-2-Clause */
/* The books of requests to a disk: each kind of mishap is counted as what it is, and told. */
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "bench/blk_books.h"

#define SECTORS 64u
#define SEED	0x1234567800000007u

/* A disk that does what it should, until a test interferes. */
static uint8_t disk[SECTORS * BLK_SECTOR];
static struct blk_count count;
static struct blk_books b;

static void begin(enum blk_verify verify)
{
	memset(disk, 0, sizeof(disk));
	CU_ASSERT_EQUAL_FATAL(blk_books_open(&b, &count, verify, SECTORS, SEED), 0);
}

static void end(void)
{
	blk_books_close(&b);
}

static struct blk_slot submit(uint8_t type, uint64_t sector, uint32_t sectors)
{
	struct blk_slot s = {0};

	blk_begin(&b, &s, type, sector, sectors * BLK_SECTOR, disk + sector * BLK_SECTOR);
	return s;
}

static bool complete(struct blk_slot *s)
{
	return blk_end(&b, s, blk_used(s), VOP_BLK_S_OK, disk + s->sector * BLK_SECTOR);
}

static void write_all(void)
{
	for (unsigned i = 0; i < SECTORS; i += 16) {
		struct blk_slot s = submit(VOP_BLK_T_OUT, i, 16);

		complete(&s);
	}
}

static bool read_back(uint64_t sector, uint32_t sectors)
{
	struct blk_slot s = submit(VOP_BLK_T_IN, sector, sectors);
	uint64_t altered = b.altered;

	CU_ASSERT_TRUE(complete(&s));
	return b.altered == altered;
}

/* The line that is said of it holds these words. */
static void says(const char *words)
{
	char text[200];

	blk_publish(&b);
	blk_wrong_text(&count, text, sizeof(text));
	if (!strstr(text, words))
		printf("\n    '%s' is not in '%s'\n", words, text);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, words));
}

static void all_well(void)
{
	begin(BLK_VERIFY_FULL);
	write_all();
	for (unsigned i = 0; i < SECTORS; i++)
		CU_ASSERT_TRUE(read_back(i, 1));
	CU_ASSERT_TRUE(read_back(0, SECTORS));
	CU_ASSERT_EQUAL(b.submitted, 4 + SECTORS + 1);
	CU_ASSERT_EQUAL(b.ok, b.submitted);
	CU_ASSERT_EQUAL(b.written, SECTORS * BLK_SECTOR);
	CU_ASSERT_EQUAL(b.compared, 2 * SECTORS * BLK_SECTOR);
	CU_ASSERT_EQUAL(blk_outstanding(&b), 0);
	CU_ASSERT_FALSE(blk_any_wrong(&b));
	blk_publish(&b);
	CU_ASSERT_EQUAL(atomic_load(&count.submitted), b.submitted);
	CU_ASSERT_EQUAL(atomic_load(&count.wrong), BLK_FINE);
	end();
}

/* Every bit of every byte counts. */
static void corrupted(void)
{
	begin(BLK_VERIFY_FULL);
	write_all();
	for (unsigned i = 0; i < 9 * BLK_SECTOR; i++) {
		disk[i] ^= (uint8_t)(1u << i % 8);
		CU_ASSERT_FALSE(read_back(0, 16));
		disk[i] ^= (uint8_t)(1u << i % 8);
	}
	CU_ASSERT_EQUAL(b.altered, 9 * BLK_SECTOR);
	CU_ASSERT_TRUE(read_back(0, 16));
	end();

	begin(BLK_VERIFY_FULL);
	write_all();
	disk[3 * BLK_SECTOR + 77] ^= 4;
	CU_ASSERT_FALSE(read_back(0, 16));
	says("byte 77 of sector 3 is not what was written there");
	end();
}

/* What came is whole, but belongs elsewhere: answers were swapped, or a write went astray. */
static void misplaced(void)
{
	begin(BLK_VERIFY_FULL);
	write_all();
	memcpy(disk + 5 * BLK_SECTOR, disk + 6 * BLK_SECTOR, BLK_SECTOR);
	CU_ASSERT_FALSE(read_back(4, 4));
	says("sector 5 holds what was written to sector 6");
	end();
}

static void swapped(void)
{
	struct blk_slot s[2];

	begin(BLK_VERIFY_FULL);
	write_all();
	s[0] = submit(VOP_BLK_T_IN, 8, 8);
	s[1] = submit(VOP_BLK_T_IN, 16, 8);
	CU_ASSERT_TRUE(blk_end(&b, &s[0], blk_used(&s[0]), 0, disk + 16 * BLK_SECTOR));
	CU_ASSERT_TRUE(blk_end(&b, &s[1], blk_used(&s[1]), 0, disk + 8 * BLK_SECTOR));
	CU_ASSERT_EQUAL(b.altered, 2);
	says("sector 8 holds what was written to sector 16");
	end();
}

/* A write that the device said it did, and forgot. */
static void stale(void)
{
	uint8_t old[BLK_SECTOR];
	struct blk_slot s;

	begin(BLK_VERIFY_FULL);
	write_all();
	memcpy(old, disk + 20 * BLK_SECTOR, sizeof(old));
	s = submit(VOP_BLK_T_OUT, 20, 1);
	complete(&s);
	CU_ASSERT_TRUE(read_back(20, 1));
	memcpy(disk + 20 * BLK_SECTOR, old, sizeof(old));
	CU_ASSERT_FALSE(read_back(16, 16));
	says("sector 20 holds write number 2 of this run, the last was 5");
	end();
}

/* Another run's data is not this one's. */
static void other_seed(void)
{
	begin(BLK_VERIFY_FULL);
	write_all();
	b.map.seed++;
	CU_ASSERT_FALSE(read_back(0, 1));
	b.map.seed = SEED + (1ull << 40);
	CU_ASSERT_FALSE(read_back(0, 1));
	end();
}

static void lost(void)
{
	struct blk_slot s[3];

	begin(BLK_VERIFY_FULL);
	for (unsigned i = 0; i < 3; i++)
		s[i] = submit(VOP_BLK_T_OUT, i, 1);
	complete(&s[0]);
	complete(&s[2]);
	CU_ASSERT_EQUAL(blk_outstanding(&b), 1);
	complete(&s[1]);
	CU_ASSERT_EQUAL(blk_outstanding(&b), 0);
	end();
}

static void doubled(void)
{
	struct blk_slot s;

	begin(BLK_VERIFY_FULL);
	s = submit(VOP_BLK_T_OUT, 0, 1);
	CU_ASSERT_TRUE(complete(&s));
	CU_ASSERT_FALSE(complete(&s));
	CU_ASSERT_EQUAL(b.stray, 1);
	CU_ASSERT_EQUAL(b.ok, 1);
	CU_ASSERT_FALSE(blk_end(&b, NULL, 1, 0, NULL));
	CU_ASSERT_EQUAL(b.stray, 2);
	CU_ASSERT_TRUE(blk_any_wrong(&b));
	says("a request came back that was not out");
	end();
}

static void bad_status(void)
{
	struct blk_slot s;

	begin(BLK_VERIFY_FULL);
	write_all();
	s = submit(VOP_BLK_T_OUT, 9, 1);
	CU_ASSERT_TRUE(blk_end(&b, &s, 1, VOP_BLK_S_IOERR, NULL));
	CU_ASSERT_EQUAL(b.status, 1);
	says("a write at sector 9 was answered with status 1 (IOERR)");
	CU_ASSERT_EQUAL(blk_outstanding(&b), 0);
	/* What it left there nobody knows: the neighbours are known. */
	disk[9 * BLK_SECTOR] ^= 1;
	CU_ASSERT_TRUE(read_back(8, 4));
	disk[10 * BLK_SECTOR] ^= 1;
	CU_ASSERT_FALSE(read_back(8, 4));
	end();

	begin(BLK_VERIFY_FULL);
	s = submit(VOP_BLK_T_FLUSH, 0, 0);
	CU_ASSERT_TRUE(blk_end(&b, &s, 1, 0xff, NULL));
	says("a flush at sector 0 was answered with status 255 (never written)");
	end();
}

static void bad_length(void)
{
	struct blk_slot s;

	begin(BLK_VERIFY_FULL);
	write_all();
	s = submit(VOP_BLK_T_IN, 4, 2);
	CU_ASSERT_TRUE(blk_end(&b, &s, 1, 0, disk + 4 * BLK_SECTOR));
	CU_ASSERT_EQUAL(b.length, 1);
	says("a read at sector 4 came back with a used length of 1, not 1025");
	s = submit(VOP_BLK_T_OUT, 4, 2);
	CU_ASSERT_TRUE(blk_end(&b, &s, 0, 0, NULL));
	s = submit(VOP_BLK_T_FLUSH, 0, 0);
	CU_ASSERT_TRUE(blk_end(&b, &s, 2, 0, NULL));
	CU_ASSERT_EQUAL(b.length, 3);
	CU_ASSERT_EQUAL(blk_outstanding(&b), 0);
	end();
}

/* A disk that may not be written: what was read once must stay. */
static void stable(void)
{
	begin(BLK_VERIFY_STABLE);
	for (unsigned i = 0; i < sizeof(disk); i++)
		disk[i] = (uint8_t)(i * 7 + i / 512);
	CU_ASSERT_TRUE(read_back(0, SECTORS));
	CU_ASSERT_EQUAL(b.compared, 0);
	CU_ASSERT_TRUE(read_back(0, SECTORS));
	CU_ASSERT_EQUAL(b.compared, sizeof(disk));
	for (unsigned i = 0; i < 2 * BLK_SECTOR; i++) {
		disk[i] ^= (uint8_t)(1u << i % 8);
		CU_ASSERT_FALSE(read_back(0, 2));
		disk[i] ^= (uint8_t)(1u << i % 8);
	}
	says("1024 bytes at sector 0 are not what was read there before");
	CU_ASSERT_TRUE(read_back(0, SECTORS));
	end();
}

/* Not verified is not compared, and not said to be. */
static void unverified(void)
{
	struct blk_slot s;

	begin(BLK_VERIFY_NONE);
	s = submit(VOP_BLK_T_OUT, 0, 1);
	CU_ASSERT_EQUAL(disk[0], 0);
	complete(&s);
	disk[1] = 1;
	CU_ASSERT_TRUE(read_back(0, 1));
	CU_ASSERT_EQUAL(b.compared, 0);
	CU_ASSERT_EQUAL(b.ok, 2);
	s = submit(VOP_BLK_T_IN, 0, 1);
	blk_end(&b, &s, 513, VOP_BLK_S_IOERR, disk);
	CU_ASSERT_EQUAL(b.status, 1);
	end();
}

int suite_blk_books(void)
{
	CU_pSuite s = CU_add_suite("blk_books", NULL, NULL);

	if (!s || !CU_add_test(s, "all well", all_well) ||
	    !CU_add_test(s, "corrupted", corrupted) || !CU_add_test(s, "misplaced", misplaced) ||
	    !CU_add_test(s, "swapped", swapped) || !CU_add_test(s, "stale", stale) ||
	    !CU_add_test(s, "another seed", other_seed) || !CU_add_test(s, "lost", lost) ||
	    !CU_add_test(s, "doubled", doubled) || !CU_add_test(s, "status", bad_status) ||
	    !CU_add_test(s, "length", bad_length) || !CU_add_test(s, "stable", stable) ||
	    !CU_add_test(s, "unverified", unverified))
		return CU_get_error();
	return 0;
}
