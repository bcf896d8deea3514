/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Between the parts of a report page (page_*.c): what is known of the data, gathered once.
 *
 * A row is one case in one regime: of one file, or with many files of all that are alike. All
 * strings belong to the loaded sets.
 */
#ifndef BENCH_PAGE_PART_H
#define BENCH_PAGE_PART_H

#include "bench/page.h"
#include "report/html.h"
#include "report/table.h"

/* --- files, machines and the whole (page_view.c) --- */

struct page_file {
	const struct run_file *f;
	unsigned side;	  /* 0: old, or the only one; 1: new */
	unsigned machine; /* into view.machine */
};

struct page_machine {
	const struct page_file *first;
	size_t files;
};

/* --- rows (page_rows.c) --- */

/* Metrics that stand side by side in one row; any other has rows of its own, in PAGE_OTHER. */
enum page_metric {
	PAGE_P50,
	PAGE_RATE,
	PAGE_GOODPUT,
	PAGE_CPU_DRIVER,
	PAGE_CPU_DEVICE,
	PAGE_P90,
	PAGE_P99,
	PAGE_P999,
	PAGE_MAX,
	PAGE_OTHER,
	PAGE_METRICS
};

struct page_figure {
	const struct run_result *first;
	const char *limit_name; /* of the first that has one; NULL: none has */
	unsigned files;		/* results it is made of */
	struct stats s;		/* of the file, or over the medians of the files */
	double limit, ratio;	/* likewise; 0: none seen */
	size_t rounds, marked;
	size_t marks[ROUND_MARK_BITS + 1];		    /* rounds by reason; last: others */
	unsigned disturbed, unverified, exceeded, no_limit; /* files of which that is so */
	double *medians, *limits, *ratios;		    /* of each file, where there are many */
	size_t room;					    /* of these three */
};

#define PAGE_LIST (~0u)

/* One case in one regime: a line of a table. */
struct page_row {
	const struct page_file *file; /* the first */
	const struct run_result *first;
	struct page_figure *figure[PAGE_METRICS]; /* NULL: not there */
	enum page_metric main;			  /* what the row is about */
	unsigned section;			  /* its workload, into view.section */
	unsigned table;	 /* rows of one table share it; PAGE_LIST: the list of single figures */
	unsigned order;	 /* of its name within the list */
	unsigned regime; /* enum regime; REGIMES: a word of a later day */
	bool pooled;	 /* of all files that are alike; file and first are one of them */
	bool best;	 /* of the regimes of a case the one with most undisturbed rounds */
};

/* Rows of one workload: rows [begin, end), those of a table together, sorted. */
struct page_section {
	const char *workload;
	size_t begin, end;
	size_t files;
};

/* All that is known of the data. */
struct page_view {
	const struct page *page;
	bool pooled; /* many files: rows over all that are alike */
	size_t files, machines, rows, sections;
	struct page_file *file;
	struct page_machine *machine;
	struct page_row *row;
	struct page_section *section;
	/* over the main figures of all rows */
	size_t rounds, marked, marks[ROUND_MARK_BITS + 1], by_regime[REGIMES + 1];
};

/* Fill the view; 0 or -ENOMEM. Freed by page_view_free(). */
int page_view_fill(struct page_view *v, const struct page *p);
void page_view_free(struct page_view *v);
/* Facts of an environment that tell machines apart, ended by NULL. */
const char *const *page_machine_facts(void);
bool page_machine_fact_differs(const struct page_machine *a, const struct page_machine *b,
			       const char *fact);
int page_rows_fill(struct page_view *v);
void page_rows_free(struct page_view *v);

/* Are two rows one case but for size and regime? */
bool page_same_line(const struct page_row *a, const struct page_row *b);
/* Of what a row is about: its main figure. */
static inline const struct page_figure *page_main(const struct page_row *r)
{
	return r->figure[r->main];
}
/* Does a table of its own go with the name (rates, latencies), or is it a line of a list? */
static inline bool page_has_table(const struct page_row *r)
{
	return r->main == PAGE_RATE || r->main == PAGE_P50;
}

/* --- parameters (page_params.c) --- */

#define PAGE_PARAMS_MAX 24u

/*
 * Parameters of some rows: what all share, and what tells them apart. Of a file that has more than
 * there is room for, the last are left out.
 */
struct page_params {
	unsigned n;
	struct {
		const char *key;
		const char *same; /* the text all have; NULL: it varies */
		bool words;	  /* a list of words: only those not shared are shown */
		bool number;
	} param[PAGE_PARAMS_MAX];
	char *shared_words; /* words all lists have */
};
/* 0 or -ENOMEM; freed by page_params_free(). */
int page_params_of(const struct page_row *rows, size_t n, struct page_params *out);
void page_params_free(struct page_params *p);
/* What tells a row apart in parameter i, into buf; "" when it has none. */
const char *page_param_text(const struct page_params *p, unsigned i, const struct run_result *r,
			    char *buf, size_t size);
/* A key as people read it: "queue size". */
const char *page_param_title(const char *key, char *buf, size_t size);

/* --- columns that tell rows apart (page_identity.c) --- */

#define PAGE_COLUMNS_MAX 48u

struct page_columns {
	unsigned n;
	struct html_column column[PAGE_COLUMNS_MAX];
};

struct page_identity {
	const struct page_view *view;
	bool side, run, machine, target; /* differ among the rows */
	struct page_params params;
	char title[PAGE_PARAMS_MAX][64];
};
/* Of all rows of a section. 0 or -ENOMEM; freed by page_identity_free(). */
int page_identity_of(const struct page_view *v, const struct page_section *s,
		     struct page_identity *id);
void page_identity_free(struct page_identity *id);
bool page_identity_has_size(const struct page_identity *id);
/* Columns and cells, with or without the size; first: the first cell is the row's head. */
void page_identity_columns(struct page_identity *id, bool size, struct page_columns *c);
void page_identity_cells(const struct page_identity *id, bool size, const struct page_row *r,
			 bool first, struct html *h);
/* What all rows have in common. */
void page_identity_shared(const struct page_identity *id, struct html *h);

/* --- words (page_words.c) --- */

#define PAGE_TEXT 160u

/* "Transmit" for net.tx; the name itself when it is not known. */
const char *page_name_text(const char *name);
/* "net": what it measures; "" unknown. */
const char *page_workload_text(const char *workload);
/* "frames the receiver verified in its own window" for "rate"; the word itself when unknown. */
const char *page_metric_text(const char *metric);
/* What a limit is, for "line_rate". */
const char *page_limit_text(const char *limit_name);
/* A value with its unit: 1.24 µs. */
const char *page_value(double v, const char *unit, char *buf, size_t size);
/* "9.5 – 12.6 M/s" */
const char *page_range(double low, double high, const char *unit, char *buf, size_t size);
/* "22 November 2026, 11:07 UTC"; what is no such date comes back as it is. */
const char *page_date(const char *started, char *buf, size_t size);
/* "47 %", "2.03 ×"; "" when there is none. */
const char *page_share(const struct run_result *r, double ratio, char *buf, size_t size);
/* "1 round", "5 rounds": count with its noun. */
const char *page_count(size_t n, const char *one, const char *many, char *buf, size_t size);
/* The figure in words: "net.tx rate, 64 B, far (a.json)". */
const char *page_figure_text(const struct page_view *v, const struct page_row *r,
			     const struct page_figure *f, char *buf, size_t size);
/* Name of a file's side: "old", "new"; "" when there is one side only. */
const char *page_side(const struct page_view *v, const struct page_file *f);

/* --- warnings (page_warn.c) --- */

enum page_severity { PAGE_ERROR, PAGE_WARNING, PAGE_NOTE };
#define PAGE_SEVERITIES 3u

struct page_warning {
	enum page_severity severity;
	char *title;	  /* one clause, without its full stop */
	const char *text; /* what it means, what to do: ours; NULL: nothing */
	char **line;	  /* instances */
	size_t lines;	  /* how many are kept */
	size_t further;	  /* how many more there are */
};

struct page_warnings {
	size_t n;
	struct page_warning *w;
	size_t by[PAGE_SEVERITIES];
	bool lost; /* memory ran out */
};

/* Add one; then what is said of the one added last. */
void page_warn(struct page_warnings *w, enum page_severity severity, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void page_warn_text(struct page_warnings *w, const char *text);
void page_warn_line(struct page_warnings *w, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void page_warnings_sort(struct page_warnings *w);

/* All the data calls for, worst first; 0 or -ENOMEM. Freed by page_warnings_free() either way. */
int page_warnings_of(const struct page_view *v, struct page_warnings *out);
void page_warnings_free(struct page_warnings *w);
/* Parts of it: of machines, and of what was asked for and not got (page_doubts_run.c). */
void page_doubt_machines(const struct page_view *v, struct page_warnings *w);
void page_doubt_runs(const struct page_view *v, struct page_warnings *w);
void page_warnings_put(const struct page_warnings *w, struct html *h);

/* --- parts, in the order of the page --- */

void page_summary(const struct page_view *v, const struct page_warnings *w, struct html *h);
void page_comparison(const struct page_view *v, struct html *h);
void page_glance(const struct page_view *v, const struct page_section *s, struct html *h);
void page_tables(const struct page_view *v, const struct page_section *s, struct html *h);
void page_environment(const struct page_view *v, struct html *h);
void page_options(const struct page_view *v, struct html *h);
/* "AMD EPYC, 2 CPUs, a virtual machine under KVM, Linux 6.1" */
const char *page_machine_text(const struct page_machine *m, char *buf, size_t size);
void page_again(const struct page_view *v, struct html *h);
void page_files(const struct page_view *v, struct html *h);

/* The bar of a share, and the share in words. */
void page_bar(struct html *h, double ratio, bool bad);

/* --- the style sheet (page_style.c) --- */

extern const char page_style[];

/* --- pictures (page_plots.c) --- */

struct page_plots {
	bool off;	  /* not wanted, or it cannot be: nothing more is tried */
	bool said;	  /* the page tells that some are missing */
	unsigned drawn;	  /* so far, for ids */
	unsigned missing; /* could not be drawn */
	char reason[200]; /* why the first could not; "" none failed */
};
/* Draw what the section's data can give. */
void page_plots_section(const struct page_view *v, struct page_plots *p,
			const struct page_section *s, struct html *h);
void page_plots_comparison(const struct page_view *v, struct page_plots *p, struct html *h);
/* Tell, once, where they would be, that some are missing and why. */
void page_plots_missing(struct page_plots *p, struct html *h);

#endif
