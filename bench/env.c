/* SPDX-License-Identifier: BSD-2-Clause */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "bench/env.h"

#define SYS_CPU "/sys/devices/system/cpu"

const char *env_compiler(void)
{
#if defined(__clang__)
	return __VERSION__; /* names itself */
#else
	return "gcc " __VERSION__;
#endif
}

/* --- small files --- */

int env_read_line(const char *path, char *buf, size_t size)
{
	ssize_t n;
	int fd, err;

	buf[0] = '\0';
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, buf, size - 1);
	err = n < 0 ? -errno : 0;
	close(fd);
	buf[n < 0 ? 0 : n] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	return err;
}

/*
 * Value of the first line "KEY : value" of a file, blanks around the colon allowed; false when
 * there is none.
 */
static bool read_value(const char *path, const char *key, char *buf, size_t size)
{
	size_t len = strlen(key), room = 0;
	char *line = NULL;
	bool found = false;
	FILE *f = fopen(path, "re");

	buf[0] = '\0';
	while (f && !found && getline(&line, &room, f) > 0) {
		char *s = line + len;

		if (strncmp(line, key, len))
			continue;
		s += strspn(s, " \t");
		if (*s++ != ':')
			continue;
		s += strspn(s, " \t");
		s[strcspn(s, "\n")] = '\0';
		snprintf(buf, size, "%s", s);
		found = true;
	}
	free(line);
	if (f)
		fclose(f);
	return found;
}

/* A number that is at least 0 at the start of a text; -1 otherwise. */
static int64_t number(const char *text)
{
	char *end;
	long long v;

	errno = 0;
	v = strtoll(text, &end, 10);
	return end == text || errno || v < 0 ? -1 : v;
}

int64_t env_read_key(const char *path, const char *key)
{
	char text[64];

	return read_value(path, key, text, sizeof(text)) ? number(text) : -1;
}

static int64_t read_number(const char *path)
{
	char text[64];

	return env_read_line(path, text, sizeof(text)) ? -1 : number(text);
}

/* The word in brackets of "always [madvise] never". */
static void read_chosen(const char *path, char *buf, size_t size)
{
	char text[256], *from, *to;

	buf[0] = '\0';
	if (env_read_line(path, text, sizeof(text)))
		return;
	from = strchr(text, '[');
	to = from ? strchr(from, ']') : NULL;
	if (to)
		snprintf(buf, size, "%.*s", (int)(to - from - 1), from + 1);
}

static int64_t kibibytes(const char *key)
{
	int64_t v = env_read_key("/proc/meminfo", key);

	return v < 0 ? -1 : v * 1024;
}

/* --- CPUs --- */

unsigned env_usable_cpus(int *out, unsigned max)
{
	unsigned n = 0;
	size_t bytes;
	cpu_set_t *set;
	int room, i;

	/* The kernel refuses a set smaller than its own: grow until it fits. */
	for (room = 1024; room <= 1 << 20; room *= 2) {
		set = CPU_ALLOC((size_t)room);
		if (!set)
			return 0;
		bytes = CPU_ALLOC_SIZE((size_t)room);
		if (sched_getaffinity(0, bytes, set) == 0) {
			for (i = 0; i < room; i++) {
				if (!CPU_ISSET_S(i, bytes, set))
					continue;
				if (n < max)
					out[n] = i;
				n++;
			}
			CPU_FREE(set);
			return n;
		}
		CPU_FREE(set);
		if (errno != EINVAL)
			return 0;
	}
	return 0;
}

/* The NUMA node a CPU belongs to is a link named nodeN in its directory. */
static int node_of(int cpu)
{
	char path[128];
	int node;

	for (node = 0; node < 1024; node++) {
		snprintf(path, sizeof(path), SYS_CPU "/cpu%d/node%d", cpu, node);
		if (access(path, F_OK) == 0)
			return node;
	}
	return -1;
}

static void describe_cpu(struct env_cpu *c, int cpu)
{
	char path[128];

	c->cpu = cpu;
	c->node = node_of(cpu);
	snprintf(path, sizeof(path), SYS_CPU "/cpu%d/topology/core_id", cpu);
	c->core = (int)read_number(path);
	snprintf(path, sizeof(path), SYS_CPU "/cpu%d/topology/physical_package_id", cpu);
	c->package = (int)read_number(path);
	snprintf(path, sizeof(path), SYS_CPU "/cpu%d/topology/thread_siblings_list", cpu);
	env_read_line(path, c->siblings, sizeof(c->siblings));
	snprintf(path, sizeof(path), SYS_CPU "/cpu%d/cpufreq/scaling_governor", cpu);
	env_read_line(path, c->governor, sizeof(c->governor));
}

/* "32K", "1024K", "2M" of the cache directory. */
static int64_t cache_bytes(const char *text)
{
	int64_t v = number(text);
	char unit = text[strspn(text, "0123456789")];

	if (v < 0)
		return -1;
	return unit == 'K' ? v << 10 : unit == 'M' ? v << 20 : unit == 'G' ? v << 30 : v;
}

static void describe_caches(struct env *e, int cpu)
{
	unsigned i;

	for (i = 0; i < ENV_CACHES; i++) {
		struct env_cache *c = &e->caches[e->caches_n];
		char path[128], text[64];
		int at;

		at = snprintf(path, sizeof(path), SYS_CPU "/cpu%d/cache/index%u/", cpu, i);
		snprintf(path + at, sizeof(path) - (size_t)at, "level");
		c->level = (int)read_number(path);
		if (c->level < 0)
			return;
		snprintf(path + at, sizeof(path) - (size_t)at, "type");
		env_read_line(path, c->type, sizeof(c->type));
		snprintf(path + at, sizeof(path) - (size_t)at, "size");
		env_read_line(path, text, sizeof(text));
		c->size = cache_bytes(text);
		snprintf(path + at, sizeof(path) - (size_t)at, "coherency_line_size");
		c->line = (int)read_number(path);
		snprintf(path + at, sizeof(path) - (size_t)at, "shared_cpu_list");
		env_read_line(path, c->shared, sizeof(c->shared));
		e->caches_n++;
	}
}

/* --- steal --- */

double env_steal_s(int cpu)
{
	char want[24], *line = NULL;
	size_t room = 0, len;
	double steal = -1;
	FILE *f = fopen("/proc/stat", "re");

	if (cpu < 0)
		len = (size_t)snprintf(want, sizeof(want), "cpu ");
	else
		len = (size_t)snprintf(want, sizeof(want), "cpu%d ", cpu);
	while (f && getline(&line, &room, f) > 0) {
		unsigned long long ticks;

		if (strncmp(line, want, len))
			continue;
		/* user nice system idle iowait irq softirq steal */
		if (sscanf(line + len, "%*u %*u %*u %*u %*u %*u %*u %llu", &ticks) == 1)
			steal = (double)ticks / (double)sysconf(_SC_CLK_TCK);
		break;
	}
	free(line);
	if (f)
		fclose(f);
	return steal;
}

/* --- threads --- */

/* The kernel's own count of migrations of this thread; false when it does not tell. */
static bool kernel_migrations(uint64_t *out)
{
	char path[64];
	int64_t v;

	snprintf(path, sizeof(path), "/proc/self/task/%ld/sched", (long)syscall(SYS_gettid));
	v = env_read_key(path, "se.nr_migrations");
	if (v < 0)
		v = env_read_key(path, "nr_migrations");
	*out = v < 0 ? 0 : (uint64_t)v;
	return v >= 0;
}

int env_thread_sample(struct env_thread *out)
{
	struct rusage u;
	struct timespec ts;

	memset(out, 0, sizeof(*out));
	if (getrusage(RUSAGE_THREAD, &u) || clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts))
		return -errno;
	out->involuntary = (uint64_t)u.ru_nivcsw;
	out->voluntary = (uint64_t)u.ru_nvcsw;
	/* Finer than getrusage(), which some kernels count in ticks. */
	out->cpu_ns = (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
	out->cpu = sched_getcpu();
	out->migrations_known = kernel_migrations(&out->migrations);
	return 0;
}

void env_thread_delta(const struct env_thread *before, const struct env_thread *after,
		      struct env_thread *out)
{
	out->cpu_ns = after->cpu_ns - before->cpu_ns;
	out->involuntary = after->involuntary - before->involuntary;
	out->voluntary = after->voluntary - before->voluntary;
	out->migrations_known = before->migrations_known && after->migrations_known;
	out->migrations = out->migrations_known ? after->migrations - before->migrations
						: before->cpu != after->cpu;
	out->cpu = after->cpu;
}

/* --- the whole --- */

static void describe_kernel(struct env *e)
{
	struct utsname u;
	time_t now = time(NULL);
	struct tm tm;
	char text[ENV_TEXT];

	if (uname(&u) == 0) {
		snprintf(e->kernel, sizeof(e->kernel), "%.40s %.80s", u.sysname, u.release);
		snprintf(e->host_arch, sizeof(e->host_arch), "%.31s", u.machine);
	}
	if (gmtime_r(&now, &tm))
		strftime(e->time_utc, sizeof(e->time_utc), "%Y-%m-%dT%H:%M:%SZ", &tm);
	/* os-release has KEY="value", not KEY: value. */
	if (env_read_line("/etc/os-release", text, sizeof(text)) == 0) {
		char *from = strchr(text, '"'), *to = from ? strchr(from + 1, '"') : NULL;

		if (to && strncmp(text, "PRETTY_NAME=", 12) == 0)
			snprintf(e->os, sizeof(e->os), "%.*s", (int)(to - from - 1), from + 1);
	}
	env_read_line("/sys/devices/system/clocksource/clocksource0/current_clocksource",
		      e->clocksource, sizeof(e->clocksource));
}

static void describe_memory(struct env *e)
{
	e->page_size = sysconf(_SC_PAGESIZE);
	e->memory = kibibytes("MemTotal");
	e->memory_available = kibibytes("MemAvailable");
	e->huge_size = kibibytes("Hugepagesize");
	e->huge_total = env_read_key("/proc/meminfo", "HugePages_Total");
	e->huge_free = env_read_key("/proc/meminfo", "HugePages_Free");
	read_chosen("/sys/kernel/mm/transparent_hugepage/enabled", e->thp, sizeof(e->thp));
	read_chosen("/sys/kernel/mm/transparent_hugepage/shmem_enabled", e->thp_shmem,
		    sizeof(e->thp_shmem));
}

void env_collect(struct env *e, const int *cpus, unsigned n)
{
	int usable[ENV_CPUS_MAX];
	unsigned i, usable_n = env_usable_cpus(usable, ENV_CPUS_MAX);

	memset(e, 0, sizeof(*e));
	describe_kernel(e);
	describe_memory(e);
	env_describe_machine(e);
	snprintf(e->git_revision, sizeof(e->git_revision), "%s", env_git_revision());
	snprintf(e->compiler, sizeof(e->compiler), "%s", env_compiler());
	e->cpus_online = (int)sysconf(_SC_NPROCESSORS_ONLN);
	e->cpus_usable = (int)usable_n;
	e->smt = (int)read_number(SYS_CPU "/smt/active");
	if (!cpus) {
		cpus = usable;
		n = usable_n;
	}
	for (i = 0; i < n && i < ENV_CPUS_MAX; i++)
		describe_cpu(&e->cpus[e->cpus_n++], cpus[i]);
	if (e->cpus_n)
		describe_caches(e, e->cpus[0].cpu);
}
