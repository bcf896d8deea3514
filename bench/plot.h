/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pictures of results, drawn by gnuplot (docs/plots.md shows them all).
 *
 * A picture comes back as bytes in memory, whole or not at all; nothing is written anywhere. Names
 * and notes of result files are foreign text: they appear as text and as nothing else.
 *
 * A set made of some files of a loaded one (n, and a copy of those struct run_file) is drawn just
 * as well: only file[0..n) is read. Any number of threads may draw at a time.
 */
#ifndef BENCH_PLOT_H
#define BENCH_PLOT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "bench/compare.h"
#include "bench/runs.h"

/*
 * What can be drawn: X(symbol, word, what it shows). Ordered: the first the data can give is what
 * is drawn when nobody says which.
 */
#define PLOT_KINDS(X)                                                                              \
	X(SIZE, "size", "rate and goodput over the frame size, with the limit")                    \
	X(QUEUES, "queues", "rate over the number of queue pairs")                                 \
	X(DEVICES, "devices", "rate over the number of devices")                                   \
	X(DEPTH, "depth", "rate over the number of buffers in flight")                             \
	X(BATCH, "batch", "rate over the number of buffers made available at a time")              \
	X(QUEUE_SIZE, "queue-size", "rate over the size of the virtqueues")                        \
	X(LATENCY, "latency", "latency over the percentile, with a logarithmic tail")              \
	X(CDF, "cdf", "share of the round trips that were as fast as that")                        \
	X(ROUNDS, "rounds", "every round over time, by regime, with the bare round trip")          \
	X(COMPARE, "compare", "ratio of two sets of results, with its interval")

enum plot_kind {
#define PLOT_KIND_ENUM(sym, word, text) PLOT_##sym,
	PLOT_KINDS(PLOT_KIND_ENUM)
#undef PLOT_KIND_ENUM
		PLOT_KIND_COUNT
};

/* Word and explanation of a kind. Never NULL. */
const char *plot_kind_word(enum plot_kind kind);
const char *plot_kind_text(enum plot_kind kind);

/*
 * Kinds the data can give: bit 1u << kind for each. Never COMPARE, which needs two sets and
 * plot_comparison().
 */
uint32_t plot_kinds_of(const struct runs *r);

enum plot_format {
	/*
	 * An <svg> element to be put into HTML as it is: no fixed size but a viewBox, so that it
	 * takes the width it is given; transparent; text and axes in currentColor, series in
	 * colours that can be read on white and on near black, points on a disc in the colour of
	 * --plot-ground (unless set: Canvas), which is to be the background; its ids are its own;
	 * <title> and <desc> for those who do not see it. No script, no style sheet, nothing from
	 * elsewhere.
	 */
	PLOT_INLINE,
	PLOT_SVG, /* a file of its own: opaque, black on white */
	PLOT_PNG,
	PLOT_PDF,
};

struct plot_look {
	enum plot_format format;
	const char *title; /* NULL: one made from the data; "": none */
	const char *id;	   /* PLOT_INLINE: begins every id, letters and digits; NULL: made from what
			      is drawn, so that two different pictures differ */
	unsigned width;	  /* units, 12 to 16 of which are the height of a letter; 0: 640. The height
			      follows from what is drawn */
	double timeout_s; /* longest wait for gnuplot; 0: 60 */
};

/*
 * Draw. look NULL: all zero. *bytes (to be freed by the caller; also ended by a 0, which *n does
 * not count) holds the picture. 0; a negative errno after one line on err that says what is wrong:
 * -ENODATA: the data cannot give this kind; -ENOENT: no gnuplot here; -ETIMEDOUT, -EIO: it hung or
 * failed, with its words; -ENOMEM.
 */
int plot_runs(const struct runs *r, enum plot_kind kind, const struct plot_look *look, char **bytes,
	      size_t *n, FILE *err);
/* The same of a comparison; -ENODATA: it has no rows. */
int plot_comparison(const struct comparison *c, const struct plot_look *look, char **bytes,
		    size_t *n, FILE *err);

#endif
