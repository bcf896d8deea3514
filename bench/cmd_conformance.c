/* SPDX-License-Identifier: BSD-2-Clause */
/* vop-bench conformance: judge a device, statement by statement. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench/cmd.h"
#include "bench/conformance_targets.h"
#include "bench/opt.h"
#include "conformance/coverage.h"
#include "conformance/out.h"
#include "conformance/selfcheck.h"
#include "report/json.h"
#include "report/place.h"
#include "report/table.h"

#define MS_NS	    1000000u
#define PATIENCE_NS UINT64_C(2000000000) /* defaults of the options */
#define TIMEOUT_NS  UINT64_C(10000000000)
#define OTHERS_MS   500 /* for devices that need not be there */

static const char *const rings[] = {"both", "split", "packed", NULL};
static const char *const versions[] = {"1.0", "1.1", "1.2", "1.3", "1.4", NULL};

struct options {
	const char *target, *spawn, *gate, *junit, *json, *mutants;
	struct opt_strings only, profile;
	struct opt_words device;
	unsigned ring, version;
	uint64_t seed, patience, timeout, threads;
	bool list, coverage, self_check, tap, poll_mode, verbose, quiet;
};

static void make_table(struct options *o, struct opt *table)
{
	const struct opt t[] = {
		{.name = "target",
		 .kind = OPT_STRING,
		 .to = &o->target,
		 .def = "vop:",
		 .value = "URI",
		 .help = "vop: the VOP of this build; vop:PATH whoever serves that link; "
			 "vhost-user:PATH the back-end that listens there; ref: the reference "
			 "device; ref:MUTANT one that is broken on purpose"},
		{.name = "spawn",
		 .kind = OPT_STRING,
		 .to = &o->spawn,
		 .value = "CMD",
		 .help = "start the target with this command, and again when it dies; it serves "
			 "at $VOP_SOCKET a device of type $VOP_DEVICE (1 net, 2 blk, 3 console, "
			 "4 rng, 26 fs). Begin it with 'exec', so that no shell stands between. "
			 "With "
			 "--target vhost-user: it is a vhost-user back-end"},
		{.name = "device",
		 .kind = OPT_WORDS,
		 .to = &o->device,
		 .words = conformance_devices,
		 .help = "which devices (default: all; with --spawn: net; vhost-user:PATH needs "
			 "it)"},
		{.name = "only",
		 .kind = OPT_STRINGS,
		 .to = &o->only,
		 .value = "WHAT",
		 .help = "only these checks: a pattern of ids ('packed/*'), a section (2.8), a "
			 "statement (2.7.5.1:dev:1); may be repeated"},
		{.name = "profile",
		 .kind = OPT_STRINGS,
		 .to = &o->profile,
		 .value = "WORD",
		 .help = "a standing selection: core, net, blk, console, rng, fs, must, "
			 "conformance, "
			 "robustness; repeated: what all of them take"},
		{.name = "ring",
		 .kind = OPT_ENUM,
		 .to = &o->ring,
		 .def = "both",
		 .words = rings,
		 .help = "ring formats to run with"},
		{.name = "spec-version",
		 .kind = OPT_ENUM,
		 .to = &o->version,
		 .def = "1.4",
		 .words = versions,
		 .help = "leave out what later versions of VIRTIO added"},
		{.name = "list",
		 .kind = OPT_FLAG,
		 .to = &o->list,
		 .help = "list the checks that are selected, and stop"},
		{.name = "coverage",
		 .kind = OPT_FLAG,
		 .to = &o->coverage,
		 .help = "say which statements are judged and which cannot be, and stop; with "
			 "--verbose each of them"},
		{.name = "self-check",
		 .kind = OPT_FLAG,
		 .to = &o->self_check,
		 .help = "judge the checks: against the sound reference devices, every mutant, "
			 "and the VOP of this build; with --verbose the whole matrix"},
		{.name = "mutants",
		 .kind = OPT_STRING,
		 .to = &o->mutants,
		 .value = "GLOB",
		 .help = "with --self-check: only these mutants"},
		{.name = "threads",
		 .kind = OPT_U64,
		 .to = &o->threads,
		 .def = "0",
		 .max = 64,
		 .help = "with --self-check: so many at a time; 0: one for each CPU"},
		{.name = "gate",
		 .kind = OPT_STRING,
		 .to = &o->gate,
		 .value = "FILE",
		 .help = "known failures, with reasons; status 1 only for what is not as it says"},
		{.name = "seed",
		 .kind = OPT_U64,
		 .to = &o->seed,
		 .def = "1",
		 .help = "of everything that is chosen at random; the same seed, the same run"},
		{.name = "patience",
		 .kind = OPT_DURATION,
		 .to = &o->patience,
		 .def = "2s",
		 .min = MS_NS,
		 .max = UINT64_C(3600000000000),
		 .help = "how long silence is waited out; stretched while the device gets no CPU"},
		{.name = "timeout",
		 .kind = OPT_DURATION,
		 .to = &o->timeout,
		 .def = "10s",
		 .min = MS_NS,
		 .max = UINT64_C(3600000000000),
		 .help = "how long the target may take to come up, and to answer a request"},
		{.name = "poll-mode",
		 .kind = OPT_FLAG,
		 .to = &o->poll_mode,
		 .help = "the device polls: do not judge the CPU time it uses while idle"},
		{.name = "tap",
		 .kind = OPT_FLAG,
		 .to = &o->tap,
		 .help = "print TAP (Test Anything Protocol) instead"},
		{.name = "junit",
		 .kind = OPT_STRING,
		 .to = &o->junit,
		 .value = "FILE",
		 .help = "write JUnit XML there"},
		{.name = "json",
		 .kind = OPT_STRING,
		 .to = &o->json,
		 .value = "FILE",
		 .help = "write everything as JSON there"},
		{.name = "verbose",
		 .kind = OPT_FLAG,
		 .to = &o->verbose,
		 .help = "every run of every check, not only what did not pass"},
		{.name = "quiet", .kind = OPT_FLAG, .to = &o->quiet, .help = "only what failed"},
		{.name = NULL},
	};

	memcpy(table, t, sizeof(t));
}

static void usage(const struct opt *table)
{
	unsigned i;

	printf("usage: vop-bench conformance [OPTIONS]\n\n"
	       "Judge a virtio device: which statements of VIRTIO 1.4 it keeps, which it breaks,\n"
	       "and how. Checks of kind conformance play a correct driver, those of kind\n"
	       "robustness one that breaks the rules.\n\n");
	opt_help(table, stdout);
	printf("\nprofiles:\n");
	for (i = 0; suite_profiles[i]; i++)
		printf("  %-12s %s\n", suite_profiles[i], suite_profile_help[i]);
	printf("\nExit status: 0 all passed, 1 something failed, 2 the target never came up or "
	       "bad usage.\n");
}

/* --- options to a selection --- */

static int add_profile(struct suite_options *s, const char *word)
{
	const char *near = opt_nearest(word, suite_profiles);
	unsigned i;

	for (i = 0; suite_profiles[i]; i++)
		if (strcmp(suite_profiles[i], word) == 0) {
			s->profile[s->n_profiles++] = i;
			return 0;
		}
	return cmd_could_not("conformance: --profile '%s' is unknown%s%s%s", word,
			     near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static int selection(const struct options *o, const struct clauses *k, struct suite_options *s)
{
	const char *word;
	unsigned i;

	*s = (struct suite_options){
		.rings = o->ring == 0 ? CONF_BOTH : o->ring,
		.version = 10 + o->version,
		.runner = {.seed = o->seed, .patience_ms = o->patience / MS_NS},
	};
	for (i = 0; i < o->only.n && i < SUITE_WORDS; i++)
		s->only[s->n_only++] = o->only.v[i];
	for (i = 0; i < o->profile.n && i < SUITE_WORDS; i++)
		if (add_profile(s, o->profile.v[i]))
			return CMD_COULD_NOT;
	word = suite_unmatched(s, k);
	if (word)
		return cmd_could_not("conformance: --only '%s' matches no check; --list shows them",
				     word);
	return 0;
}

static bool wanted(const struct options *o, unsigned device)
{
	unsigned i;

	if (o->device.n == 0)
		return !o->spawn || device == 0;
	for (i = 0; i < o->device.n; i++)
		if (o->device.v[i].index == device)
			return o->device.v[i].sign != '-';
	return o->device.v[0].sign == '-';
}

/* --- what stops before a run --- */

static int list(const struct clauses *k, const struct suite_options *s)
{
	const struct conf_section *const *sec;
	struct table *t = table_new();
	unsigned i, n = 0;

	if (!t)
		return cmd_could_not("out of memory");
	table_column(t, "check", "", TABLE_LEFT);
	table_column(t, "level", "", TABLE_LEFT);
	table_column(t, "kind", "", TABLE_LEFT);
	table_column(t, "expected", "", TABLE_LEFT);
	for (sec = conf_sections; *sec; sec++)
		for (i = 0; i < (*sec)->n; i++) {
			const struct conf_check *c = &(*sec)->checks[i];

			if (!suite_takes(s, k, *sec, c))
				continue;
			n++;
			table_row(t);
			table_cell(t, TABLE_PLAIN, "%s", c->id);
			table_cell(t, TABLE_PLAIN, "%s", out_level(c));
			table_cell(t, TABLE_PLAIN, "%s", out_kind(c));
			table_cell(t, TABLE_PLAIN, "%s  [%s]", c->what, c->clauses);
		}
	table_print(t, stdout, table_colour(stdout));
	table_free(t);
	printf("%u checks\n", n);
	return CMD_DONE;
}

static int write_json(json_t *doc, const char *path)
{
	int e = doc ? json_write_file(doc, path, 0) : -ENOMEM;

	json_decref(doc);
	return e ? cmd_could_not("cannot write %s: %s", path, strerror(-e)) : CMD_DONE;
}

static int coverage(const struct options *o, const struct clauses *k, const struct suite_options *s)
{
	if (coverage_print(k, s, NULL, o->verbose, stdout, table_colour(stdout)))
		return cmd_could_not("out of memory");
	return o->json ? write_json(coverage_json(k, s, NULL), o->json) : CMD_DONE;
}

/* --- a run --- */

struct run {
	const struct options *o;
	const struct clauses *k;
	struct conformance_target target;
	struct suite su;
	struct out out;
	struct gate *gate;
	char again[1024]; /* a command too long for it is cut */
	unsigned devices; /* that came up */
	bool missing;	  /* one that was asked for did not */
	struct vop_error err;
};

/* An option, its text in single quotes for the shell. */
static void quote(FILE *to, const char *option, const char *text)
{
	fprintf(to, " %s '", option);
	for (; *text; text++)
		if (*text == '\'')
			fputs("'\\''", to);
		else
			fputc(*text, to);
	fputc('\'', to);
}

/* The command line that does the same again, for one device; what is too long for it is cut. */
static void make_again(struct run *r, unsigned device)
{
	FILE *to = fmemopen(r->again, sizeof(r->again), "w");
	const struct options *o = r->o;

	r->again[0] = 0;
	if (!to)
		return;
	fprintf(to, "vop-bench conformance --device %s --seed %llu", conformance_devices[device],
		(unsigned long long)o->seed);
	if (strcmp(o->target, "vop:") != 0)
		quote(to, "--target", o->target);
	if (o->spawn)
		quote(to, "--spawn", o->spawn);
	if (o->ring)
		fprintf(to, " --ring %s", rings[o->ring]);
	if (o->patience != PATIENCE_NS)
		fprintf(to, " --patience %lluns", (unsigned long long)o->patience);
	if (o->timeout != TIMEOUT_NS)
		fprintf(to, " --timeout %lluns", (unsigned long long)o->timeout);
	if (o->poll_mode)
		fputs(" --poll-mode", to);
	fclose(to);
	r->again[sizeof(r->again) - 1] = 0;
}

static void run_device(struct run *r, unsigned device)
{
	struct vop_error err = {{0}};
	struct suite_watch w;
	struct sut *s;
	unsigned v;

	make_again(r, device);
	r->out.again = r->again;
	if (r->o->tap)
		out_tap_watch(&r->out, &w);
	else
		out_term_watch(&r->out, &w);
	for (v = 0;
	     (s = conformance_target_new(&r->target, conformance_device_ids[device], v)) != NULL;
	     v++) {
		/* What holds for every device does not change with the variant. */
		r->su.opt.no_common = v > 0;
		if (suite_run(&r->su, s, &w, &err) == 0) {
			r->devices++;
		} else if (!r->target.attached || r->o->device.n) {
			/* The first one is told. */
			if (!r->missing)
				snprintf(r->err.text, sizeof(r->err.text), "%s: %.200s",
					 conformance_devices[device], err.text);
			r->missing = true;
		} else if (!r->o->tap && !r->o->quiet) {
			printf("%s: there is none\n", conformance_devices[device]);
		}
		sut_free(s);
	}
}

static unsigned today(void)
{
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	return (unsigned)((tm.tm_year + 1900) * 10000 + (tm.tm_mon + 1) * 100 + tm.tm_mday);
}

static int prepare(struct run *r)
{
	const struct options *o = r->o;

	r->target = (struct conformance_target){.uri = o->target,
						.spawn = o->spawn,
						.poll_mode = o->poll_mode,
						.timeout_ms = (int)(o->timeout / MS_NS)};
	if (conformance_target_check(&r->target))
		return CMD_COULD_NOT;
	if (r->target.attached && r->target.mute && o->device.n != 1)
		return cmd_could_not("conformance: vhost-user does not tell what kind of device it "
				     "is: name one (--device)");
	/* Nobody wants to hear after the run that its result has no place. */
	if (o->junit && place_check(o->junit))
		return cmd_could_not("cannot write %s: %s", o->junit,
				     strerror(-place_check(o->junit)));
	if (o->json && place_check(o->json))
		return cmd_could_not("cannot write %s: %s", o->json,
				     strerror(-place_check(o->json)));
	if (o->gate) {
		r->gate = gate_read(o->gate, today(), &r->err);
		if (!r->gate)
			return cmd_could_not("%s", r->err.text);
	}
	r->out = (struct out){
		.to = stdout,
		.colour = table_colour(stdout),
		.verbose = o->verbose,
		.quiet = o->quiet,
		.progress = isatty(STDERR_FILENO) && !o->quiet && !o->tap ? stderr : NULL,
		.seed = o->seed,
		.gate = r->gate,
	};
	return CMD_DONE;
}

static int verdict(struct run *r, double seconds)
{
	struct out_gate g = {0};
	size_t i;
	bool bad = false;

	if (r->o->tap) {
		/* The plan goes to standard output, words for people elsewhere. */
		out_tap_end(&r->out);
		r->out.to = stderr;
		r->out.colour = false;
		r->out.quiet = true;
	}
	if (out_term_end(&r->out, &r->su, r->gate, &g, seconds))
		return cmd_could_not("out of memory");
	if (r->missing)
		return cmd_could_not("conformance: a device could not be judged: %s", r->err.text);
	for (i = 0; i < r->su.n; i++)
		bad |= conf_outcome_bad(r->su.v[i].result.outcome);
	if (r->gate)
		bad = g.unexpected || g.expired || g.surprises;
	return bad ? CMD_FAILED : CMD_DONE;
}

static int write_files(struct run *r, int status)
{
	const struct options *o = r->o;
	int e;

	if (o->junit) {
		e = out_junit(&r->su, r->gate, o->junit);
		if (e)
			return cmd_could_not("cannot write %s: %s", o->junit, strerror(-e));
	}
	if (o->json && write_json(out_json(&r->su, r->gate, o->target, o->seed), o->json))
		return CMD_COULD_NOT;
	return status;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int judge(const struct options *o, const struct clauses *k, const struct suite_options *s)
{
	struct run r = {.o = o, .k = k, .su = {.clauses = k, .opt = *s}};
	double from = now();
	int status = prepare(&r), timeout = (int)(o->timeout / MS_NS);
	unsigned i, found = 0;

	if (!status && r.target.attached && !o->device.n) {
		found = conformance_target_find(&r.target, &r.err);
		if (!found)
			status = cmd_could_not("conformance: %s: %s", o->target, r.err.text);
	}
	for (i = 0; !status && i < CONFORMANCE_DEVICES; i++) {
		if (!wanted(o, i))
			continue;
		r.target.timeout_ms =
			found && found != conformance_device_ids[i] ? OTHERS_MS : timeout;
		run_device(&r, i);
	}
	if (!status && r.devices == 0)
		status = cmd_could_not("conformance: %s: %s", o->target,
				       r.err.text[0] ? r.err.text : "no such device");
	else if (!status && r.su.n == 0)
		status = cmd_could_not("conformance: nothing that is selected can be run on these "
				       "devices; --list shows what is selected");
	else if (!status)
		status = write_files(&r, verdict(&r, now() - from));
	gate_free(r.gate);
	suite_fini(&r.su);
	return status;
}

/* --- the suite itself --- */

static int self_check(const struct options *o, const struct clauses *k,
		      const struct suite_options *s)
{
	struct selfcheck_options how = {
		.suite = *s,
		.mutants = o->mutants,
		.threads = (unsigned)(o->threads ? o->threads
						 : (uint64_t)sysconf(_SC_NPROCESSORS_ONLN)),
		.matrix = o->verbose,
		.progress = isatty(STDERR_FILENO) && !o->quiet ? stderr : NULL,
	};
	struct options shipped = *o;
	struct selfcheck_result r;
	double from = now();
	bool bad;
	int status;

	if (selfcheck(k, &how, stdout, table_colour(stdout), &r))
		return cmd_could_not("out of memory");
	bad = r.caught < r.mutants || r.toothless || r.accused || r.errors;
	if (o->json && write_json(r.json, o->json))
		return CMD_COULD_NOT;
	if (!o->json)
		json_decref(r.json);
	printf("%.1f s\n", now() - from);
	fflush(stdout);
	if (o->mutants)
		return bad ? CMD_FAILED : CMD_DONE;
	shipped.json = NULL;
	shipped.quiet = true;
	status = judge(&shipped, k, s);
	return status == CMD_DONE && bad ? CMD_FAILED : status;
}

int cmd_conformance(int argc, char **argv)
{
	struct opt table[OPT_MAX];
	struct options o = {0};
	struct suite_options s;
	struct opt_args args;
	struct clauses *k;
	int status;

	make_table(&o, table);
	if (opt_parse(table, 0, argc, argv, &args, stderr))
		return CMD_COULD_NOT;
	if (args.help) {
		usage(table);
		return CMD_DONE;
	}
	if (o.mutants && !o.self_check)
		return cmd_could_not("conformance: --mutants goes with --self-check");
	k = clauses_new();
	if (!k)
		return cmd_could_not("out of memory");
	status = selection(&o, k, &s);
	if (status == CMD_DONE)
		status = o.list		? list(k, &s)
			 : o.coverage	? coverage(&o, k, &s)
			 : o.self_check ? self_check(&o, k, &s)
					: judge(&o, k, &s);
	clauses_free(k);
	return status;
}
