/* SPDX-License-Identifier: BSD-2-Clause */
/* Time for measuring: CLOCK_MONOTONIC in nanoseconds (BPF's clock), and raw ticks where a clock
 * call would show in the figure. */
#ifndef BENCH_CLOCK_H
#define BENCH_CLOCK_H

#include <time.h>
#include <vop/base.h>

VOP_INLINE uint64_t clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

VOP_INLINE uint64_t clock_thread_cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/*
 * A counter that is cheap to read; its rate is found by reading it and clock_ns() at both ends of a
 * round (clock_scale). The compiler does not move it, the CPU may by a few instructions.
 */
VOP_INLINE uint64_t clock_ticks(void)
{
#if defined(__x86_64__)
	return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
	uint64_t v;

	__asm__ volatile("mrs %0, cntvct_el0" : "=r"(v));
	return v;
#else
	return clock_ns();
#endif
}

struct clock_scale {
	uint64_t ns0, ticks0;
	double ns_per_tick;
};

static inline void clock_scale_begin(struct clock_scale *s)
{
	s->ns0 = clock_ns();
	s->ticks0 = clock_ticks();
	s->ns_per_tick = 1;
}

/* At least a millisecond after begin, for a scale good to a part in ten thousand. */
static inline void clock_scale_end(struct clock_scale *s)
{
	uint64_t ns = clock_ns() - s->ns0, ticks = clock_ticks() - s->ticks0;

	if (ticks)
		s->ns_per_tick = (double)ns / (double)ticks;
}

#endif
