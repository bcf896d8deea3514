/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "report/place.h"
#include "scratch.h"

static struct scratch dir;

static void put(const char *path, const char *text)
{
	struct place p;

	CU_ASSERT_EQUAL_FATAL(place_open(&p, path, false), 0);
	CU_ASSERT(fputs(text, p.out) >= 0);
	CU_ASSERT_EQUAL(place_commit(&p), 0);
}

static bool holds(const char *path, const char *text)
{
	char buf[64] = "";
	FILE *f = fopen(path, "r");
	size_t n = f ? fread(buf, 1, sizeof(buf) - 1, f) : 0;

	if (f)
		fclose(f);
	return f && n == strlen(text) && strcmp(buf, text) == 0;
}

static void test_whole(void)
{
	struct place p;
	struct stat st;
	mode_t old;

	scratch_enter(&dir);
	old = umask(027);
	put("a", "one");
	CU_ASSERT(stat("a", &st) == 0 && (st.st_mode & 0777) == 0640);
	umask(old);
	CU_ASSERT_EQUAL_FATAL(place_open(&p, "a", false), 0);
	fputs("two", p.out);
	fflush(p.out);
	/* Not before it is whole. */
	CU_ASSERT(holds("a", "one"));
	CU_ASSERT_EQUAL(place_commit(&p), 0);
	place_abort(&p);
	CU_ASSERT(holds("a", "two"));
	CU_ASSERT_EQUAL(scratch_files("."), 1);
	scratch_leave(&dir);
}

static void test_abort(void)
{
	struct place p;

	scratch_enter(&dir);
	put("a", "one");
	CU_ASSERT_EQUAL_FATAL(place_open(&p, "a", false), 0);
	fputs("two", p.out);
	place_abort(&p);
	place_abort(&p);
	CU_ASSERT_EQUAL_FATAL(place_open(&p, "b", false), 0);
	place_abort(&p);
	CU_ASSERT(holds("a", "one"));
	CU_ASSERT_EQUAL(scratch_files("."), 1);
	scratch_leave(&dir);
}

/* What is there and no plain file is followed or written into, never replaced. */
static void test_over(void)
{
	struct place p;
	struct stat st;
	char buf[8] = "";
	int fd;

	scratch_enter(&dir);
	put("a", "one");
	CU_ASSERT_EQUAL(mkdir("d", 0700) || symlink("../a", "d/link"), 0);
	put("d/link", "two");
	CU_ASSERT(lstat("d/link", &st) == 0 && S_ISLNK(st.st_mode));
	CU_ASSERT(holds("a", "two"));
	CU_ASSERT_EQUAL(scratch_files("d"), 1);
	put("/dev/null", "three");
	CU_ASSERT(stat("/dev/null", &st) == 0 && S_ISCHR(st.st_mode));
	CU_ASSERT_EQUAL(mkfifo("pipe", 0600), 0);
	fd = open("pipe", O_RDONLY | O_NONBLOCK);
	put("pipe", "four");
	CU_ASSERT(read(fd, buf, sizeof(buf)) == 4 && memcmp(buf, "four", 4) == 0);
	close(fd);
	unlink("d/link");
	CU_ASSERT_EQUAL(place_open(&p, "d", false), -EISDIR);
	CU_ASSERT_EQUAL(rmdir("d"), 0);
	scratch_leave(&dir);
}

static void test_exclusive(void)
{
	struct place p;

	scratch_enter(&dir);
	CU_ASSERT_EQUAL_FATAL(place_open(&p, "a", true), 0);
	/* Somebody is faster. */
	put("a", "theirs");
	CU_ASSERT_EQUAL(place_commit(&p), -EEXIST);
	CU_ASSERT(holds("a", "theirs"));
	CU_ASSERT_EQUAL(place_open(&p, "a", true), -EEXIST);
	CU_ASSERT_EQUAL(symlink("nowhere", "link"), 0);
	CU_ASSERT_EQUAL(place_open(&p, "link", true), -EEXIST);
	CU_ASSERT_EQUAL_FATAL(place_open(&p, "b", true), 0);
	CU_ASSERT_EQUAL(place_commit(&p), 0);
	CU_ASSERT_EQUAL(scratch_files("."), 3);
	scratch_leave(&dir);
}

/* Write n bytes to path; the code of the commit. */
static int fill(const char *path, size_t n)
{
	struct place p;
	int err = place_open(&p, path, false);

	if (err)
		return err;
	while (n--)
		fputc('x', p.out);
	return place_commit(&p);
}

static void test_fails(void)
{
	struct rlimit old, small;
	void (*handler)(int);

	scratch_enter(&dir);
	CU_ASSERT_EQUAL(fill("nowhere/a", 1), -ENOENT);
	CU_ASSERT_EQUAL(fill("", 1), -ENOENT);
	CU_ASSERT_EQUAL(fill("/dev/full", 1), -ENOSPC);
	/* Longer than a stream's buffer: fails in the middle, and the reason is still known. */
	CU_ASSERT_EQUAL(fill("/dev/full", 100000), -ENOSPC);
	put("a", "one");
	handler = signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	small = old;
	small.rlim_cur = 100;
	setrlimit(RLIMIT_FSIZE, &small);
	CU_ASSERT_EQUAL(fill("a", 1000), -EFBIG);
	CU_ASSERT_EQUAL(fill("a", 100000), -EFBIG);
	CU_ASSERT_EQUAL(fill("b", 100000), -EFBIG);
	setrlimit(RLIMIT_FSIZE, &old);
	signal(SIGXFSZ, handler);
	CU_ASSERT(holds("a", "one"));
	CU_ASSERT_EQUAL(scratch_files("."), 1);
	scratch_leave(&dir);
}

/* "-": standard output, which stays open. */
static void test_standard_output(void)
{
	int saved, fd;

	scratch_enter(&dir);
	fflush(stdout);
	saved = dup(STDOUT_FILENO);
	fd = open("out", O_WRONLY | O_CREAT, 0600);
	dup2(fd, STDOUT_FILENO);
	put("-", "one");
	put("-", "two");
	dup2(saved, STDOUT_FILENO);
	close(saved);
	close(fd);
	CU_ASSERT(holds("out", "onetwo"));
	CU_ASSERT_EQUAL(scratch_files("."), 1);
	scratch_leave(&dir);
}

int suite_place(void)
{
	CU_pSuite s = CU_add_suite("place", NULL, NULL);

	if (!s || !CU_add_test(s, "a file appears whole", test_whole) ||
	    !CU_add_test(s, "nothing is left of what is not to be", test_abort) ||
	    !CU_add_test(s, "links are followed, devices written into", test_over) ||
	    !CU_add_test(s, "exclusive", test_exclusive) ||
	    !CU_add_test(s, "a failed write leaves nothing", test_fails) ||
	    !CU_add_test(s, "standard output", test_standard_output))
		return CU_get_error();
	return 0;
}
