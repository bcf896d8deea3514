/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "bench/opt.h"

static const char *const rings[] = {"split", "packed", NULL};
static const char *const words[] = {"event_idx", "in_order", "mrg_rxbuf", NULL};

static struct {
	bool verbose;
	uint64_t rounds, rate, depth, duration;
	double share;
	unsigned ring;
	struct opt_sizes sizes;
	struct opt_words features;
	const char *json;
} got;

static const struct opt table[] = {
	{.name = "verbose", .kind = OPT_FLAG, .to = &got.verbose, .help = "say more"},
	{.name = "rounds",
	 .kind = OPT_U64,
	 .to = &got.rounds,
	 .def = "10",
	 .min = 1,
	 .max = 1000,
	 .help = "rounds"},
	{.name = "rate", .kind = OPT_RATE, .to = &got.rate, .def = "0", .help = "frames a second"},
	{.name = "depth",
	 .kind = OPT_SIZE,
	 .to = &got.depth,
	 .def = "4K",
	 .min = 64,
	 .max = 1 << 20,
	 .help = "bytes"},
	{.name = "duration",
	 .kind = OPT_DURATION,
	 .to = &got.duration,
	 .def = "100ms",
	 .min = 1000,
	 .max = UINT64_C(3600000000000),
	 .help = "of a round"},
	{.name = "share",
	 .kind = OPT_DOUBLE,
	 .to = &got.share,
	 .def = "0.5",
	 .fmin = 0,
	 .fmax = 1,
	 .help = "a share"},
	{.name = "ring",
	 .kind = OPT_ENUM,
	 .to = &got.ring,
	 .def = "packed",
	 .words = rings,
	 .help = "format"},
	{.name = "size",
	 .kind = OPT_SIZES,
	 .to = &got.sizes,
	 .def = "64,1518",
	 .min = 14,
	 .max = 65536,
	 .help = "frame sizes"},
	{.name = "features",
	 .kind = OPT_WORDS,
	 .to = &got.features,
	 .words = words,
	 .help = "feature bits"},
	{.name = "json", .kind = OPT_STRING, .to = &got.json, .value = "FILE", .help = "result"},
	{.name = "o", .kind = OPT_STRING, .to = &got.json, .value = "FILE", .help = "the same"},
	{.name = "v", .kind = OPT_FLAG, .to = &got.verbose},
	{.name = NULL},
};

static char message[2048];

/* Parse words separated by blanks as command `t`; the message lands in `message`. */
static int parse(const char *line, unsigned max_args, struct opt_args *args)
{
	static char copy[512];
	char *argv[32] = {(char *)"t"}, *save = NULL, *s;
	FILE *err = fmemopen(message, sizeof(message), "w");
	int argc = 1, r;

	if (!err)
		abort();
	memset(&got, 0, sizeof(got));
	memset(message, 0, sizeof(message));
	snprintf(copy, sizeof(copy), "%s", line);
	for (s = strtok_r(copy, " ", &save); s; s = strtok_r(NULL, " ", &save))
		argv[argc++] = s;
	r = opt_parse(table, max_args, argc, argv, args, err);
	fclose(err);
	return r;
}

/* It is refused, in exactly one line that holds every one of the (up to three) texts. */
static bool refused(const char *line, const char *a, const char *b, const char *c)
{
	struct opt_args args;
	bool ok = parse(line, 1, &args) == -EINVAL;
	const char *end = strchr(message, '\n');

	ok = ok && end && end[1] == '\0' && strncmp(message, "vop-bench t: ", 13) == 0;
	ok = ok && (!a || strstr(message, a)) && (!b || strstr(message, b)) &&
	     (!c || strstr(message, c));
	if (!ok)
		printf("\n    %s -> %s\n", line, message);
	return ok;
}

static void test_defaults(void)
{
	struct opt_args args;

	CU_ASSERT_EQUAL_FATAL(parse("", 0, &args), 0);
	CU_ASSERT(!got.verbose && got.rounds == 10 && got.rate == 0 && got.depth == 4096);
	CU_ASSERT(got.duration == 100000000 && got.share == 0.5 && got.ring == 1);
	CU_ASSERT(got.sizes.n == 2 && got.sizes.v[0] == 64 && got.sizes.v[1] == 1518);
	CU_ASSERT(got.features.n == 0 && got.json == NULL && args.given == 0);
}

static void test_values(void)
{
	struct opt_args args;

	CU_ASSERT_EQUAL_FATAL(parse("--rounds 7 --verbose --rate=1.5M --depth 1M --duration 50us "
				    "--share .25 --ring=split --size 64,9000,64K "
				    "--features -in_order,+mrg_rxbuf --json a.json first",
				    1, &args),
			      0);
	CU_ASSERT(got.verbose && got.rounds == 7 && got.rate == 1500000);
	CU_ASSERT(got.depth == 1 << 20 && got.duration == 50000 && got.share == 0.25);
	CU_ASSERT(got.ring == 0 && got.sizes.n == 3 && got.sizes.v[2] == 65536);
	CU_ASSERT(got.features.n == 2 && got.features.v[0].sign == '-' &&
		  got.features.v[0].index == 1 && got.features.v[1].sign == '+' &&
		  got.features.v[1].index == 2);
	CU_ASSERT(got.json && strcmp(got.json, "a.json") == 0);
	CU_ASSERT(args.n == 1 && strcmp(args.v[0], "first") == 0);
	CU_ASSERT(opt_given(table, &args, "ring") && opt_given(table, &args, "verbose"));
	CU_ASSERT_EQUAL_FATAL(parse("--rounds 3 --rounds 4 --duration 2s", 0, &args), 0);
	CU_ASSERT(got.rounds == 4 && got.duration == UINT64_C(2000000000));
	CU_ASSERT_FALSE(opt_given(table, &args, "ring"));
	CU_ASSERT_EQUAL_FATAL(parse("-- --rounds", 1, &args), 0);
	CU_ASSERT(args.n == 1 && strcmp(args.v[0], "--rounds") == 0);
	CU_ASSERT_EQUAL_FATAL(parse("--help --nonsense", 0, &args), 0);
	CU_ASSERT(args.help);
}

static void test_unknown(void)
{
	CU_ASSERT(refused("--ronuds 3", "--ronuds", "--rounds", NULL));
	CU_ASSERT(refused("--dur 3", "--duration", NULL, NULL));
	CU_ASSERT(refused("--featurse=x", "--features", NULL, NULL));
	CU_ASSERT(refused("--zzzzzzzz", "--zzzzzzzz", "--help", NULL));
	CU_ASSERT(refused("-r", "two dashes", NULL, NULL));
	CU_ASSERT(refused("one two", "'two'", NULL, NULL));
	CU_ASSERT(refused("--verbose=1", "--verbose", "no value", NULL));
	CU_ASSERT(refused("--rounds", "--rounds", "needs a value", NULL));
	CU_ASSERT(refused("--size --ring split", "--size", "needs a value", NULL));
}

/* A name of one letter is spelt with one dash. */
static void test_letters(void)
{
	struct opt_args args;

	CU_ASSERT_EQUAL_FATAL(parse("-o a.svg", 0, &args), 0);
	CU_ASSERT(got.json && strcmp(got.json, "a.svg") == 0 && opt_given(table, &args, "o"));
	CU_ASSERT_EQUAL_FATAL(parse("-oa.svg -v", 0, &args), 0);
	CU_ASSERT(got.json && strcmp(got.json, "a.svg") == 0 && got.verbose);
	CU_ASSERT_EQUAL_FATAL(parse("-o -", 0, &args), 0);
	CU_ASSERT(got.json && strcmp(got.json, "-") == 0);
	CU_ASSERT(refused("-o", "-o", "needs a value", "FILE"));
	CU_ASSERT(refused("-o --verbose", "-o", "needs a value", NULL));
	CU_ASSERT(refused("-vv", "-v", "no value", NULL));
	CU_ASSERT(refused("-rounds", "-rounds", "two dashes", NULL));
}

/* Files by the thousand, apart from the options, in two lists where a divider stands. */
static void test_split(void)
{
	static char *argv[] = {
		(char *)"t",	(char *)"a",	(char *)"--rounds", (char *)"b", (char *)"-v",
		(char *)"--vs", (char *)"-o",	(char *)"--vs",	    (char *)"c", (char *)"-od",
		(char *)"--",	(char *)"--vs", (char *)"-x",	    (char *)"-", NULL};
	char *options[16];
	const char *rest[16];
	int n_options;
	size_t n, at;

	CU_ASSERT_EQUAL_FATAL(
		opt_split(table, "--vs", 14, argv, options, &n_options, rest, &n, &at, stderr), 0);
	CU_ASSERT(n == 5 && at == 1 && rest[5] == NULL);
	CU_ASSERT(!strcmp(rest[0], "a") && !strcmp(rest[1], "c") && !strcmp(rest[2], "--vs") &&
		  !strcmp(rest[3], "-x") && !strcmp(rest[4], "-"));
	CU_ASSERT(n_options == 7 && options[7] == NULL);
	CU_ASSERT(!strcmp(options[0], "t") && !strcmp(options[2], "b") &&
		  !strcmp(options[5], "--vs") && !strcmp(options[6], "-od"));
	CU_ASSERT_EQUAL(
		opt_split(table, "--vs", 5, argv, options, &n_options, rest, &n, &at, stderr), 0);
	CU_ASSERT(n == 1 && at == SIZE_MAX);
	argv[6] = (char *)"e";
	{
		FILE *err = fmemopen(message, sizeof(message), "w");

		CU_ASSERT_EQUAL(
			opt_split(table, "--vs", 14, argv, options, &n_options, rest, &n, &at, err),
			-EINVAL);
		fclose(err);
		CU_ASSERT_PTR_NOT_NULL(strstr(message, "--vs stands once"));
	}
}

static void test_bad_numbers(void)
{
	CU_ASSERT(refused("--rounds 12x", "--rounds", "'12x'", "whole number"));
	CU_ASSERT(refused("--rounds=", "--rounds", "empty", NULL));
	CU_ASSERT(refused("--rounds -1", "'-1'", "negative", NULL));
	CU_ASSERT(refused("--rounds 1.5", "whole number", NULL, NULL));
	CU_ASSERT(refused("--rounds 0", "out of range", "1 to 1000", NULL));
	CU_ASSERT(refused("--rounds 1001", "out of range", "1 to 1000", NULL));
	CU_ASSERT(refused("--rounds 18446744073709551617", "out of range", NULL, NULL));
	CU_ASSERT(refused("--rate 18446744073709551615k", "out of range", NULL, NULL));
	CU_ASSERT(refused("--rate 1.2345k", "whole number", NULL, NULL));
	CU_ASSERT(refused("--depth 2M", "64 to 1M", NULL, NULL));
	CU_ASSERT(refused("--depth 1T", "unknown unit 'T'", NULL, NULL));
	CU_ASSERT(refused("--duration 5", "no unit", "ms", NULL));
	CU_ASSERT(refused("--duration 0", "out of range", "1us to 60min", NULL));
	CU_ASSERT(refused("--share nan", "not a number", NULL, NULL));
	CU_ASSERT(refused("--share 0.5q", "not a number", NULL, NULL));
	CU_ASSERT(refused("--share 1.5", "0 to 1", NULL, NULL));
	CU_ASSERT(refused("--share 1e999", "out of range", NULL, NULL));
}

static void test_bad_lists(void)
{
	struct opt_args args;
	char line[512] = "--size 64";
	unsigned i;

	CU_ASSERT(refused("--size=", "empty list", NULL, NULL));
	CU_ASSERT(refused("--size 64,,128", "empty element", NULL, NULL));
	CU_ASSERT(refused("--size 64,", "comma", NULL, NULL));
	CU_ASSERT(refused("--size 64,12x", "'12x'", "--size", NULL));
	CU_ASSERT(refused("--size 64,1M", "'1M'", "14 to 64K", NULL));
	CU_ASSERT(refused("--ring pakced", "split | packed", "'pakced'", NULL));
	CU_ASSERT(refused("--features +in_ordr", "in_order", "did you mean", NULL));
	CU_ASSERT(refused("--features in_order,+event_idx", "mixes", NULL, NULL));
	CU_ASSERT(refused("--features +in_order,-in_order", "twice", NULL, NULL));
	CU_ASSERT(refused("--features +", "empty element", NULL, NULL));
	for (i = 1; i < OPT_LIST_MAX; i++)
		strcat(line, ",64");
	CU_ASSERT_EQUAL(parse(line, 0, &args), 0);
	CU_ASSERT_EQUAL(got.sizes.n, OPT_LIST_MAX);
	strcat(line, ",64");
	CU_ASSERT(refused(line, "more than 32", NULL, NULL));
}

static void test_text_and_help(void)
{
	struct opt_args args;
	char help[4096] = "", buf[64];
	FILE *f;

	CU_ASSERT_EQUAL_FATAL(parse("--size 64,2048 --features +in_order,-event_idx", 0, &args), 0);
	CU_ASSERT_STRING_EQUAL(opt_text(&table[7], buf, sizeof(buf)), "64,2K");
	CU_ASSERT_STRING_EQUAL(opt_text(&table[8], buf, sizeof(buf)), "+in_order,-event_idx");
	CU_ASSERT_STRING_EQUAL(opt_text(&table[4], buf, sizeof(buf)), "100ms");
	CU_ASSERT_STRING_EQUAL(opt_text(&table[6], buf, sizeof(buf)), "packed");
	CU_ASSERT_STRING_EQUAL(opt_text(&table[9], buf, sizeof(buf)), "");
	CU_ASSERT_STRING_EQUAL(opt_text(&table[7], buf, 5), "64,2");
	f = fmemopen(help, sizeof(help), "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	opt_help(table, f);
	fclose(f);
	CU_ASSERT_PTR_NOT_NULL(strstr(help, "--rounds N"));
	CU_ASSERT_PTR_NOT_NULL(strstr(help, "(1 to 1000; default 10)"));
	CU_ASSERT_PTR_NOT_NULL(strstr(help, "split | packed; default packed"));
	CU_ASSERT_PTR_NOT_NULL(strstr(help, "--json FILE"));
	CU_ASSERT_PTR_NOT_NULL(strstr(help, "  -o FILE"));
	CU_ASSERT_PTR_NULL(strstr(help, "  -v"));
	CU_ASSERT_PTR_NULL(strstr(help, "18446744073709551615"));
}

int suite_opt(void)
{
	CU_pSuite s = CU_add_suite("opt", NULL, NULL);

	if (!s || !CU_add_test(s, "defaults", test_defaults) ||
	    !CU_add_test(s, "values of every kind", test_values) ||
	    !CU_add_test(s, "unknown and misused options", test_unknown) ||
	    !CU_add_test(s, "names of one letter", test_letters) ||
	    !CU_add_test(s, "words apart from options", test_split) ||
	    !CU_add_test(s, "bad numbers", test_bad_numbers) ||
	    !CU_add_test(s, "bad lists and words", test_bad_lists) ||
	    !CU_add_test(s, "text and help", test_text_and_help))
		return CU_get_error();
	return 0;
}
