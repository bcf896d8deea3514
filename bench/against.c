/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/against.h"
#include "bench/cmd.h"
#include "bench/compare_print.h"
#include "bench/coord.h"
#include "bench/result.h"
#include "bench/turns.h"
#include "report/table.h"

enum { SIDE_A, SIDE_B, RUNS };
enum { WORDS_MAX = 160 };

/*
 * Short rounds, many of them: neighbours in time see the same ground. Many passes: what a layout of
 * memory costs is drawn anew. docs/compare.md shows what these numbers buy.
 */
static const struct {
	const char *name, *word;
} defaults[] = {
	{"passes", "--passes=32"},
	{"rounds", "--rounds=2"},
	{"duration", "--duration=20ms"},
	{"no-limit", "--no-limit"},
};

/* One of the two runs. */
struct side {
	const char *program; /* path to start */
	const char *what;    /* in words, for the user */
	char file[PATH_MAX]; /* its result */
	char turns[40];
	char *word[WORDS_MAX + 1];
	unsigned words;
	char own[4][PATH_MAX + 16]; /* words made here */
	unsigned owns;
	pid_t pid;
	int fd;	 /* the turn; -1: it has none left to take */
	FILE *said; /* its standard error */
	int status; /* when pid is 0 */
};

struct against {
	const struct against_opts *o;
	const struct against_job *job;
	struct side side[RUNS];
	char build[PATH_MAX]; /* the other program */
	char *extra;	      /* words of --against, cut up */
	char dir[64];	      /* of files that are not kept; "" when they are */
	struct progress progress;
	unsigned turns;
};

unsigned against_opts_table(struct against_opts *o, struct opt *table)
{
	const struct opt t[] = {
		{"against", OPT_STRING, &o->with, "WHAT",
		 "run twice in turn and compare: WHAT is another target (vop:PATH), another build (a "
		 "program or a checkout), options that the second run gets as well (--against='--ring split'), "
		 "or both ('../old --batch 8'); '.' is this build again",
		 NULL, 0, 0, 0, 0, NULL},
		{"gate", OPT_DOUBLE, &o->gate, "PCT",
		 "with --against: status 1 when a metric is worse by more than this", NULL, 0, 0, 0,
		 1000, NULL},
		{"verdict", OPT_STRING, &o->verdict, "FILE",
		 "with --against: write the comparison there as JSON", NULL, 0, 0, 0, 0, NULL},
		{"junit", OPT_STRING, &o->junit, "FILE",
		 "with --against: write the comparison there as JUnit XML", NULL, 0, 0, 0, 0, NULL},
		{"turns", OPT_STRING, &o->turns, NULL, NULL, NULL, 0, 0, 0, 0, NULL},
	};

	o->gate = -1;
	memcpy(table, t, sizeof(t));
	return sizeof(t) / sizeof(t[0]);
}

int against_check(const struct against_opts *o, bool alone)
{
	struct stat st;

	if (o->turns && (fstat(TURNS_FD, &st) || !S_ISSOCK(st.st_mode))) {
		cmd_could_not("--turns is between two runs of vop-bench; use --against");
		return -EINVAL;
	}
	if (!o->with && (o->gate >= 0 || o->junit || o->verdict)) {
		cmd_could_not("--gate, --verdict and --junit are about a comparison: add --against, or "
			      "use: vop-bench compare OLD NEW");
		return -EINVAL;
	}
	if (o->with && alone) {
		cmd_could_not("--against compares rates and times: leave out --chaos, --ndr and "
			      "--idle");
		return -EINVAL;
	}
	return 0;
}

void against_mark(const struct against_opts *o, struct result *r)
{
	if (o->turns && o->turns[0])
		result_run_fact(r, "turns",
				json_pack("{s:s#,s:s}", "side", o->turns, 1, "id",
					  o->turns[1] ? o->turns + 2 : ""));
}

/* --- what to run --- */

static void add_word(struct side *s, const char *word)
{
	if (s->words < WORDS_MAX)
		s->word[s->words++] = (char *)word;
	s->word[s->words] = NULL;
}

static const char *own_word(struct side *s, const char *option, const char *value)
{
	char *w = s->own[s->owns++];

	snprintf(w, sizeof(s->own[0]), "%s=%s", option, value);
	return w;
}

static bool executable(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

/* A program, or the checkout it was built in. */
static int find_build(const char *word, char *path, size_t size)
{
	struct stat st;

	if (stat(word, &st))
		return cmd_could_not("--against %s: no such program, checkout or target (vop:PATH); "
				     "options start with --",
				     word);
	if (!S_ISDIR(st.st_mode)) {
		snprintf(path, size, "%s%s", strchr(word, '/') ? "" : "./", word);
		return executable(path) ? 0
					: cmd_could_not("--against %s: not a program; name the "
							"built one, like build/vop-bench",
							word);
	}
	snprintf(path, size, "%s/build/vop-bench", word);
	return executable(path) ? 0
				: cmd_could_not("--against %s: there is no build/vop-bench in it; "
						"build it first: %s/vop-bench version",
						word, word);
}

/* The words of --against: where B differs. They land at the end of its command line. */
static int parse_with(struct against *g)
{
	struct side *b = &g->side[SIDE_B];
	char *save = NULL, *word;

	g->extra = strdup(g->o->with);
	if (!g->extra)
		return cmd_could_not("out of memory");
	word = strtok_r(g->extra, " \t", &save);
	if (!word)
		return cmd_could_not("--against needs a target, a build or options; see: vop-bench "
				     "run %s --help",
				     g->job->workload);
	if (strcmp(word, ".") == 0) {
		word = strtok_r(NULL, " \t", &save);
	} else if (word[0] != '-' && strchr(word, ':') && !strchr(word, '/') == !strstr(word, ":/") &&
		   access(word, F_OK)) {
		add_word(b, own_word(b, "--target", word));
		word = strtok_r(NULL, " \t", &save);
	} else if (word[0] != '-') {
		int status = find_build(word, g->build, sizeof(g->build));

		if (status)
			return status;
		b->program = g->build;
		word = strtok_r(NULL, " \t", &save);
	}
	for (; word; word = strtok_r(NULL, " \t", &save))
		add_word(b, word);
	return 0;
}

/* Options that are the conductor's own; flags have no value to skip. */
static bool conducts(const char *name, size_t len)
{
	static const char *const own[] = {"against", "gate",	"verdict", "junit",
					  "json",    "no-save", "quiet"};

	for (unsigned i = 0; i < VOP_ARRAY_SIZE(own); i++)
		if (strlen(own[i]) == len && memcmp(own[i], name, len) == 0)
			return true;
	return false;
}

static bool is_flag(const struct opt *table, const char *name, size_t len)
{
	for (; table->name; table++)
		if (strlen(table->name) == len && memcmp(table->name, name, len) == 0)
			return table->kind == OPT_FLAG;
	return false;
}

/* What the user typed, without what is ours. The parser has accepted it. */
static void copy_words(struct side *s, const struct against_job *job)
{
	for (int i = 1; i < job->argc; i++) {
		const char *name = job->argv[i] + 2, *eq = strchr(name, '=');
		size_t len = eq ? (size_t)(eq - name) : strlen(name);
		bool ours = conducts(name, len), two = !eq && !is_flag(job->table, name, len);

		if (!ours)
			add_word(s, job->argv[i]);
		if (two && ++i < job->argc && !ours)
			add_word(s, job->argv[i]);
	}
}

static bool in_table(const struct opt *table, const char *name)
{
	for (; table->name; table++)
		if (strcmp(table->name, name) == 0)
			return true;
	return false;
}

static void make_words(struct against *g, struct side *s, unsigned index)
{
	add_word(s, "vop-bench");
	add_word(s, "run");
	add_word(s, g->job->workload);
	for (unsigned i = 0; i < VOP_ARRAY_SIZE(defaults); i++)
		if (in_table(g->job->table, defaults[i].name) &&
		    !opt_given(g->job->table, g->job->args, defaults[i].name))
			add_word(s, defaults[i].word);
	add_word(s, "--quiet");
	copy_words(s, g->job);
	add_word(s, own_word(s, "--json", s->file));
	snprintf(s->turns, sizeof(s->turns), "%c:%s", index == SIDE_A ? 'a' : 'b',
		 g->side[SIDE_A].turns + 2);
	add_word(s, own_word(s, "--turns", s->turns));
}

/* Where the two results go: kept beside one another, or away. */
static int make_places(struct against *g)
{
	const char *json = g->job->json, *tmp = getenv("TMPDIR");
	size_t len = json ? strlen(json) : 0;
	char base[PATH_MAX - 16], stamp[32];
	time_t now = time(NULL);
	struct tm tm;

	if (!json && !g->job->save) {
		snprintf(g->dir, sizeof(g->dir), "%.40s/vop-bench-XXXXXX",
			 tmp && tmp[0] == '/' && strlen(tmp) < 40 ? tmp : "/tmp");
		if (!mkdtemp(g->dir)) {
			g->dir[0] = '\0';
			return cmd_could_not("cannot make a directory for the two results: %s",
					     strerror(errno));
		}
		snprintf(base, sizeof(base), "%s/run", g->dir);
	} else if (json) {
		if (len > 5 && strcmp(json + len - 5, ".json") == 0)
			len -= 5;
		snprintf(base, sizeof(base), "%.*s", (int)len, json);
	} else {
		if (!gmtime_r(&now, &tm) || (mkdir("results", 0777) && errno != EEXIST))
			return cmd_could_not("cannot make the directory results: %s; name a place "
					     "with --json FILE, or none with --no-save",
					     strerror(errno));
		strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", &tm);
		snprintf(base, sizeof(base), "results/%s-%s", g->job->workload, stamp);
	}
	for (unsigned i = 0; i < RUNS; i++) {
		snprintf(g->side[i].file, sizeof(g->side[i].file), "%s-%c.json", base, 'a' + i);
		if (result_check_place(g->side[i].file, stderr))
			return CMD_COULD_NOT;
	}
	return 0;
}

static void make_id(struct against *g)
{
	uint64_t id = 0;

	if (getrandom(&id, sizeof(id), 0) != (ssize_t)sizeof(id))
		id = (uint64_t)time(NULL) << 20 ^ (uint64_t)getpid();
	snprintf(g->side[SIDE_A].turns, sizeof(g->side[SIDE_A].turns), "a:%016llx",
		 (unsigned long long)id);
}

/* --- running --- */

static int start(struct side *s)
{
	int sv[2], fd, said;
	pid_t parent = getpid();

	s->said = tmpfile();
	if (!s->said || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv))
		return -errno;
	/* Out of the way of the numbers the child gets its own at. */
	fd = fcntl(sv[1], F_DUPFD_CLOEXEC, TURNS_FD + 1);
	said = fcntl(fileno(s->said), F_DUPFD_CLOEXEC, TURNS_FD + 1);
	close(sv[1]);
	s->pid = fork();
	if (s->pid == 0) {
		int null = open("/dev/null", O_RDWR);

		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() != parent)
			_exit(127);
		dup2(null, 0);
		dup2(null, 1);
		dup2(said, 2);
		dup2(fd, TURNS_FD);
		syscall(SYS_close_range, 3, TURNS_FD - 1, 0);
		syscall(SYS_close_range, TURNS_FD + 1, ~0u, 0);
		execv(s->program, s->word);
		dprintf(2, "vop-bench: cannot start %s: %s\n", s->program, strerror(errno));
		_exit(127);
	}
	close(fd);
	close(said);
	s->fd = sv[0];
	return s->pid < 0 ? -EAGAIN : 0;
}

static void wait_end(struct side *s)
{
	if (s->pid > 0)
		while (waitpid(s->pid, &s->status, 0) < 0 && errno == EINTR)
			;
	s->pid = 0;
}

/* Until it asks for the next turn (true), or has no more to do. */
static bool wait_ready(struct side *s)
{
	char said;

	while (s->fd >= 0) {
		struct pollfd p = {.fd = s->fd, .events = POLLIN};

		if (coord_interrupted())
			kill(s->pid, SIGTERM);
		if (poll(&p, 1, 1000) <= 0)
			continue;
		if (recv(s->fd, &said, 1, MSG_DONTWAIT) == 1 && said == TURNS_READY)
			return true;
		close(s->fd);
		s->fd = -1;
	}
	wait_end(s);
	return false;
}

static bool turn(struct side *s)
{
	const char go = TURNS_GO;

	if (s->fd < 0)
		return false;
	send(s->fd, &go, 1, MSG_NOSIGNAL);
	return wait_ready(s);
}

/* A B B A: what drifts along falls on both alike. */
static void take_turns(struct against *g)
{
	struct side *a = &g->side[SIDE_A], *b = &g->side[SIDE_B];

	for (g->turns = 0; a->fd >= 0 || b->fd >= 0; g->turns++) {
		progress_update(&g->progress, 0, 0, "round %u of A and B in turn", g->turns + 1);
		turn(g->turns & 1 ? b : a);
		turn(g->turns & 1 ? a : b);
		/* One that failed leaves nothing to compare the other with. */
		if ((a->fd < 0 && a->status) || (b->fd < 0 && b->status))
			break;
	}
}

static void end(struct side *s)
{
	if (s->fd >= 0)
		close(s->fd); /* it sees that nobody gives it turns any more */
	s->fd = -1;
	if (s->pid > 0)
		kill(s->pid, SIGTERM);
	wait_end(s);
}

static int run_both(struct against *g)
{
	int e = start(&g->side[SIDE_A]);

	/* One after the other: what comes before the first round is not to be disturbed either. */
	if (!e && wait_ready(&g->side[SIDE_A])) {
		e = start(&g->side[SIDE_B]);
		if (!e && wait_ready(&g->side[SIDE_B]))
			take_turns(g);
	}
	for (unsigned i = 0; i < RUNS; i++)
		end(&g->side[i]);
	return e;
}

/* --- afterwards --- */

/* Its last line, without the program's name. */
static void last_words(struct side *s, char *buf, size_t size)
{
	char line[512];

	buf[0] = '\0';
	rewind(s->said);
	while (fgets(line, sizeof(line), s->said)) {
		const char *at = strncmp(line, "vop-bench: ", 11) == 0 ? line + 11 : line;

		line[strcspn(line, "\n")] = '\0';
		if (*at)
			snprintf(buf, size, "%s", at);
	}
}

/* One line on who failed and how. 0: both are well. */
static int judge(struct against *g)
{
	for (unsigned i = 0; i < RUNS; i++) {
		struct side *s = &g->side[i];
		int status = WIFEXITED(s->status) ? WEXITSTATUS(s->status) : CMD_FAILED;
		char words[512];

		if (s->status == 0 || !s->said)
			continue;
		last_words(s, words, sizeof(words));
		if (coord_interrupted())
			return cmd_could_not("interrupted");
		/* The other was ended because of this one, or is still to be blamed itself. */
		if (WIFSIGNALED(s->status) && WTERMSIG(s->status) == SIGTERM)
			continue;
		if (i == SIDE_B && strstr(words, "unknown option"))
			return cmd_could_not("%s cannot be run in turn with this build (%s): it is "
					     "too old, or the option is wrong",
					     s->what, words);
		fprintf(stderr, "vop-bench: the run of %s failed: %s\n", s->what,
			words[0] ? words : "it said nothing");
		return status == CMD_COULD_NOT || status > 2 ? CMD_COULD_NOT : CMD_FAILED;
	}
	return 0;
}

static int compare_both(struct against *g)
{
	const char *a = g->side[SIDE_A].file, *b = g->side[SIDE_B].file;
	struct compare_options o = compare_defaults;
	struct compare_output out = {.json = g->o->verdict,
				     .junit = g->o->junit,
				     .old_name = g->side[SIDE_A].what,
				     .new_name = g->side[SIDE_B].what};

	o.gate = g->o->gate >= 0 ? g->o->gate / 100 : -1;
	o.ignore_differing = true;
	return compare_files(&a, 1, &b, 1, &o, &out);
}

static void clean_up(struct against *g)
{
	for (unsigned i = 0; i < RUNS; i++) {
		if (g->side[i].said)
			fclose(g->side[i].said);
		if (g->dir[0])
			unlink(g->side[i].file);
	}
	if (g->dir[0])
		rmdir(g->dir);
	free(g->extra);
	free(g);
}

static int prepare(struct against *g)
{
	int status = make_places(g);

	if (status)
		return status;
	for (unsigned i = 0; i < RUNS; i++) {
		g->side[i].program = "/proc/self/exe";
		g->side[i].fd = -1;
		make_words(g, &g->side[i], i);
	}
	g->side[SIDE_A].what = "A";
	g->side[SIDE_B].what = "B";
	return parse_with(g);
}

int against_run(const struct against_opts *o, const struct against_job *job)
{
	struct against *g = calloc(1, sizeof(*g));
	int status, e;

	if (!g)
		return cmd_could_not("out of memory");
	g->o = o;
	g->job = job;
	make_id(g);
	status = prepare(g);
	if (!status) {
		coord_catch_signals();
		if (!job->quiet)
			progress_begin(&g->progress, stderr);
		e = run_both(g);
		progress_end(&g->progress);
		status = e ? cmd_could_not("cannot start the two runs: %s", strerror(-e)) : judge(g);
	}
	if (!status) {
		printf("A: %s\nB: %s, with %s\n", "as given", "the same", o->with);
		status = compare_both(g);
		if (!g->dir[0])
			printf("results: %s %s\n", g->side[SIDE_A].file, g->side[SIDE_B].file);
	}
	clean_up(g);
	return status;
}
