/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Run gnuplot once: a script in, what it wrote to its standard output back.
 *
 * Script, output and words of error live in memory only; no file is made and no shell is asked.
 * The user's own settings of gnuplot and the locale do not reach it. It is started in a group of
 * its own and dies with the thread that called, however that ends.
 *
 * No state; any number of threads.
 */
#ifndef BENCH_GNUPLOT_H
#define BENCH_GNUPLOT_H

#include <stddef.h>
#include <stdio.h>

#define GNUPLOT_TIMEOUT_S 60.0

/*
 * script[0..size): commands; the picture must go to standard output, where gnuplot sends it unless
 * told otherwise. timeout_s: longest wait; 0: GNUPLOT_TIMEOUT_S.
 *
 * 0: *out (to be freed by the caller, ended by a 0 that *n does not count) is what came, at least
 * one byte. A negative errno after one line on err: -ENOENT no gnuplot is here; -ETIMEDOUT it did
 * not end in time and was killed; -EIO it failed, with its own words, or gave nothing; -ENOMEM and
 * errno of fork() and the like.
 */
int gnuplot_run(const char *script, size_t size, double timeout_s, char **out, size_t *n,
		FILE *err);

#endif
