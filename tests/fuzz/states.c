/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random ring states (conformance/state.h) against the shipped devices, in this process, where the
 * sanitizers see what they do:
 *
 *     states [--device NAME] [--lane NAME] [--ring split|packed] [--count N] [--seed N]
 *     states --lane NAME [--poll] --replay FILE
 *
 * The count is shared among the lanes and formats that are chosen. Three batches of cases in
 * four meet a device that polls (--poll: the replayed one).
 *
 * The cases run in a child, so that a fault ends the child only; the parent then looks for the
 * smallest case that dies the same way, a child for each try, prints it and ends with 1.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "conformance/internal.h"
#include "conformance/run.h"
#include "conformance/state.h"
#include "tests/state_rig.h"

#define BATCH	 500u /* cases that one device lives for */
#define TRIES	 600u
#define HANG_S	 20 /* without a case coming to its end: against hangs only */
#define WHYS	 32u
#define RING_MAX 256u

static const char *const devices[] = {"net", "blk", "console", "rng"};

/* Between parent and child. */
struct shared {
	struct state_case s, last; /* at work; the one before it */
	bool opening;		   /* no action was done yet: blame the one before */
	bool poll;		   /* the device polls; else it waits for doorbells */
	uint64_t done;
	uint64_t broken;	  /* cases after which a queue stood still */
	uint64_t violation[WHYS]; /* of these, why */
	char text[512];		  /* what failed, or the first line of a sanitizer's report */
};

struct job {
	struct conf_check check; /* first: found again from the check at work */
	struct shared *sh;
	const char *device;
	const struct lane *lane;
	bool packed;
	uint64_t seed, from, n;	      /* cases from..from+n of the seed */
	const struct state_case *one; /* this one alone, instead, on a device that .. */
	bool poll;		      /* .. polls */
	struct sut *sut;	      /* the child's */
};

static struct shared *shared;

/* --- in the child --- */

void __asan_set_error_report_callback(void (*fn)(const char *)) __attribute__((weak));

static void report(const char *text)
{
	const char *what = strstr(text, "AddressSanitizer: ");

	snprintf(shared->text, sizeof(shared->text), "%.60s", what ? what : text);
	shared->text[strcspn(shared->text, "\n(")] = 0;
}

static uint64_t mixed(uint64_t seed, uint64_t i)
{
	uint64_t z = seed * 0xd1342543de82ef95ull + i * 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

/* What the device counted on top of what it had counted before. */
static void count(const struct job *j, uint64_t *before)
{
	struct vop_service_stats st;

	state_rig_stats(j->sut, &st);
	if (st.violations == *before)
		return;
	*before = st.violations;
	j->sh->broken++;
	j->sh->violation[st.last_violation < WHYS ? st.last_violation : 0]++;
}

/* An eighth is legal, a quarter wild, the rest nearly legal. */
static enum state_mix mix_of(uint64_t i)
{
	return i % 8 == 0 ? STATE_LEGAL : i % 8 < 3 ? STATE_WILD : STATE_NEARLY;
}

static void cases(struct conf *c)
{
	/* The check is the first member of the job. */
	const struct job *j = (const struct job *)(const void *)c->check;
	struct shared *sh = j->sh;
	struct vop_service_stats st;
	uint64_t i, before;

	state_rig_stats(j->sut, &st);
	before = st.violations;
	conf_hurry(c, true);
	for (i = j->from; i < j->from + j->n; i++) {
		if (j->one)
			sh->s = *j->one;
		else
			state_generate(&sh->s, mixed(j->seed, i), mix_of(i), j->packed, RING_MAX);
		sh->opening = i != j->from;
		if (j->one) {
			state_run(c, &sh->s);
		} else {
			state_begin(c, &sh->s);
			sh->opening = false;
			state_play(c, &sh->s);
		}
		sh->last = sh->s;
		count(j, &before);
		__atomic_add_fetch(&sh->done, 1, __ATOMIC_RELAXED);
	}
	conf_hurry(c, false);
}

/* Exit status of a child: 0, 1 a check of what must hold failed, 2 it could not begin. */
static int run_batch(struct conf_runner *r, const struct job *j)
{
	struct conf_result out;
	struct vop_error err = {{0}};
	int e = conf_run(r, &j->check, j->lane, j->packed, &out, &err);

	if (e) {
		fprintf(stderr, "states: %s: %s\n", j->device, err.text);
		return 2;
	}
	free(out.notes);
	if (out.outcome == CONF_PASS || out.outcome == CONF_WARN)
		return 0;
	snprintf(j->sh->text, sizeof(j->sh->text), "%s", out.text);
	return out.outcome == CONF_SKIP || out.outcome == CONF_ERROR ? 2 : 1;
}

static int child(struct job *j)
{
	struct conf_runner_config cfg = {.seed = 1, .patience_ms = 1000};
	struct conf_runner *r;
	uint64_t end = j->from + j->n;
	int e = 0;

	j->check = (struct conf_check){.id = "random",
				       .what = "random",
				       .clauses = "",
				       .kind = CONF_ROBUSTNESS,
				       .rings = CONF_BOTH,
				       .run = cases};
	for (; e == 0 && j->from < end; j->from += j->n) {
		j->n = VOP_MIN(end - j->from, (uint64_t)BATCH);
		j->sh->poll = j->one ? j->poll : j->from / BATCH % 4 != 0;
		j->sut = state_rig_new(j->device, j->sh->poll ? VOP_NOTIFY_POLL : VOP_NOTIFY_EVENT);
		r = j->sut ? conf_runner_new(j->sut, &cfg) : NULL;
		e = r ? run_batch(r, j) : 2;
		conf_runner_free(r);
		sut_free(j->sut);
	}
	return e;
}

/* --- in the parent --- */

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* How the child ended, as of waitpid(); one that hangs is killed. */
static int wait_for(pid_t pid, const struct shared *sh)
{
	double since = now();
	uint64_t done = 0;
	int status;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
		if (done != __atomic_load_n(&sh->done, __ATOMIC_RELAXED)) {
			done = __atomic_load_n(&sh->done, __ATOMIC_RELAXED);
			since = now();
		} else if (now() - since > HANG_S) {
			kill(pid, SIGKILL);
		}
	}
	return status;
}

static int in_child(struct job *j, bool quiet)
{
	pid_t pid, parent = getpid();
	int null;

	j->sh->text[0] = 0;
	fflush(NULL);
	pid = fork();
	if (pid < 0) {
		perror("states: fork");
		exit(2);
	}
	if (pid)
		return wait_for(pid, j->sh);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(2);
	shared = j->sh;
	if (__asan_set_error_report_callback)
		__asan_set_error_report_callback(report);
	if (quiet) {
		null = open("/dev/null", O_WRONLY | O_CLOEXEC);
		dup2(null, 2);
	}
	exit(child(j));
}

struct failing {
	struct job *j;
	int status;
	char text[512];
};

static bool still_fails(void *ctx, const struct state_case *s)
{
	struct failing *f = ctx;
	struct job j = *f->j;

	j.one = s;
	j.n = 1;
	j.from = 0;
	return in_child(&j, true) == f->status && state_same(j.sh->text, f->text);
}

static void say(const struct failing *f)
{
	if (WIFSIGNALED(f->status))
		printf("killed by signal %d%s\n", WTERMSIG(f->status),
		       WTERMSIG(f->status) == SIGKILL ? " (it hung)" : "");
	else
		printf("status %d\n", WEXITSTATUS(f->status));
	if (f->text[0])
		printf("%s\n", f->text);
}

static void shrink(struct job *j, int status)
{
	struct failing f = {.j = j, .status = status};
	struct state_case s = j->sh->opening ? j->sh->last : j->sh->s;
	struct job once;
	unsigned was = s.n, tries;

	memcpy(f.text, j->sh->text, sizeof(f.text));
	j->poll = j->sh->poll;
	once = *j;
	printf("not ok - %s, %s: ", j->lane->name, j->packed ? "packed" : "split");
	say(&f);
	if (!still_fails(&f, &s)) {
		printf("alone it does not fail; the case at work was:\n");
		state_print(&s, stdout);
		return;
	}
	tries = state_shrink(&s, still_fails, &f, TRIES);
	printf("the smallest case that does the same (%u actions of %u, after %u tries), "
	       "--lane %s%s --replay FILE:\n",
	       s.n, was, tries, j->lane->name, j->poll ? " --poll" : "");
	state_print(&s, stdout);
	once.one = &s;
	once.from = 0;
	once.n = 1;
	in_child(&once, false);
}

struct options {
	const char *device, *ring, *lane, *replay;
	uint64_t count, seed;
	bool poll;
};

static bool wanted(const struct options *o, const char *device, const struct lane *l, bool packed)
{
	size_t n = strlen(device);

	if (o->device && strcmp(o->device, device) != 0)
		return false;
	if (o->lane && strcmp(o->lane, l->name) != 0)
		return false;
	if (o->ring && strcmp(o->ring, packed ? "packed" : "split") != 0)
		return false;
	return strncmp(l->name, device, n) == 0 && (l->name[n] == 0 || l->name[n] == '/');
}

static bool run_lane(struct job *j, const struct options *o)
{
	struct shared *sh = j->sh;
	double from = now();
	unsigned i;
	int status;

	memset(sh, 0, sizeof(*sh));
	status = in_child(j, false);
	printf("%-10s %-6s seed %llu: %llu states in %.1f s, a broken ring seen after %llu\n",
	       j->lane->name, j->packed ? "packed" : "split", (unsigned long long)o->seed,
	       (unsigned long long)sh->done, now() - from, (unsigned long long)sh->broken);
	for (i = 0; i < WHYS; i++)
		if (sh->violation[i])
			printf("  %8llu %s\n", (unsigned long long)sh->violation[i],
			       vop_violation_str(i));
	if (status)
		shrink(j, status);
	return status == 0;
}

static int run_all(const struct options *o, const struct state_case *one)
{
	struct shared *sh =
		mmap(NULL, sizeof(*sh), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned lanes = 0, passed = 0, failed = 0, d, i, p, pass;

	if (sh == MAP_FAILED)
		return 2;
	for (pass = 0; pass < 2; pass++)
		for (d = 0; d < VOP_ARRAY_SIZE(devices); d++)
			for (i = 0; conf_lanes[i]; i++)
				for (p = 0; p < 2; p++) {
					struct job j = {.sh = sh,
							.device = devices[d],
							.lane = conf_lanes[i],
							.packed = p,
							.seed = o->seed,
							.one = one,
							.poll = o->poll};

					if (!wanted(o, devices[d], conf_lanes[i], p) ||
					    (one && one->packed != p))
						continue;
					if (pass == 0) {
						lanes++;
						continue;
					}
					j.n = one ? 1 : (o->count + lanes - 1) / lanes;
					if (run_lane(&j, o))
						passed++;
					else
						failed++;
				}
	munmap(sh, sizeof(*sh));
	printf("%u passed, %u failed\n", passed, failed);
	return failed || !passed;
}

static int replay(const struct options *o)
{
	struct state_case s;
	unsigned line = 0;
	FILE *f = fopen(o->replay, "r");
	int e;

	if (!f) {
		perror(o->replay);
		return 2;
	}
	e = state_read(&s, f, &line);
	fclose(f);
	if (e) {
		fprintf(stderr, "states: %s:%u: makes no sense\n", o->replay, line);
		return 2;
	}
	return run_all(o, &s);
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {
		{"device", required_argument, NULL, 'd'}, {"ring", required_argument, NULL, 'r'},
		{"lane", required_argument, NULL, 'l'},	  {"count", required_argument, NULL, 'n'},
		{"seed", required_argument, NULL, 's'},	  {"replay", required_argument, NULL, 'f'},
		{"poll", no_argument, NULL, 'p'},	  {NULL, 0, NULL, 0}};
	struct options o = {.count = 20000, .seed = 1};
	int opt;

	while ((opt = getopt_long(argc, argv, "", longs, NULL)) != -1)
		switch (opt) {
		case 'd':
			o.device = optarg;
			break;
		case 'r':
			o.ring = optarg;
			break;
		case 'l':
			o.lane = optarg;
			break;
		case 'n':
			o.count = strtoull(optarg, NULL, 0);
			break;
		case 's':
			o.seed = strtoull(optarg, NULL, 0);
			break;
		case 'f':
			o.replay = optarg;
			break;
		case 'p':
			o.poll = true;
			break;
		default:
			return 2;
		}
	return o.replay ? replay(&o) : run_all(&o, NULL);
}
