/* SPDX-License-Identifier: BSD-2-Clause */
/* Which warnings a set of results calls for: of figures and rounds here, of machines beside. */
#include <errno.h>
#include <string.h>

#include "bench/page_part.h"

/* --- figures --- */

/* Every figure of which `is` holds, a line each. */
static size_t list_figures(const struct page_view *v, struct page_warnings *w,
			   bool (*is)(const struct page_figure *f), bool main_only)
{
	char text[PAGE_TEXT * 3], share[HUMAN_MAX];
	size_t n = 0;

	for (size_t i = 0; i < v->rows; i++)
		for (unsigned m = 0; m < PAGE_METRICS; m++) {
			const struct page_figure *f = v->row[i].figure[m];

			if (!f || !is(f) || (main_only && m != v->row[i].main))
				continue;
			n++;
			if (!w)
				continue;
			page_figure_text(v, &v->row[i], f, text, sizeof(text));
			page_share(f->first, f->ratio, share, sizeof(share));
			if (f->exceeded && *share)
				page_warn_line(w, "%s: %s of its limit", text, share);
			else
				page_warn_line(w, "%s", text);
		}
	return n;
}

static bool is_exceeded(const struct page_figure *f)
{
	return f->exceeded > 0;
}

static bool is_unlimited(const struct page_figure *f)
{
	return f->no_limit > 0;
}

static bool is_unverified(const struct page_figure *f)
{
	return f->unverified > 0;
}

static bool is_disturbed(const struct page_figure *f)
{
	return f->disturbed > 0;
}

static bool is_thin(const struct page_figure *f)
{
	return f->rounds - f->marked < 3 && !f->disturbed;
}

static void doubt_figures(const struct page_view *v, struct page_warnings *w)
{
	static const struct {
		bool (*is)(const struct page_figure *f);
		bool main_only;
		enum page_severity severity;
		const char *one, *many, *text;
	} doubts[] = {
		{is_exceeded, false, PAGE_ERROR, "figure lies above its limit",
		 "figures lie above their limit",
		 "That cannot be: the limit or the figure was measured wrongly. Trust neither; run "
		 "it again on a quieter machine."},
		{is_disturbed, true, PAGE_WARNING, "figure rests on disturbed rounds alone",
		 "figures rest on disturbed rounds alone",
		 "In that regime no undisturbed round was seen, so the disturbed ones were summed "
		 "up. They tell an order of magnitude, no more."},
		{is_unlimited, false, PAGE_WARNING, "figure has no limit to be held against",
		 "figures have no limit to be held against",
		 "The limit was not seen in the regime the figure was measured in."},
		{is_unverified, true, PAGE_WARNING, "figure is unverified",
		 "figures are unverified",
		 "A foreign sink took the frames: nobody checked that they arrived whole."},
		{is_thin, true, PAGE_NOTE, "figure rests on fewer than three undisturbed rounds",
		 "figures rest on fewer than three undisturbed rounds",
		 "The spread says little there; more rounds (--rounds) would."},
	};

	for (size_t i = 0; i < sizeof(doubts) / sizeof(doubts[0]); i++) {
		size_t n = list_figures(v, NULL, doubts[i].is, doubts[i].main_only);

		if (n == 0)
			continue;
		page_warn(w, doubts[i].severity, "%zu %s", n,
			  n == 1 ? doubts[i].one : doubts[i].many);
		page_warn_text(w, doubts[i].text);
		list_figures(v, w, doubts[i].is, doubts[i].main_only);
	}
}

/* --- rounds --- */

static void doubt_rounds(const struct page_view *v, struct page_warnings *w)
{
	if (!v->marked)
		return;
	page_warn(w, PAGE_WARNING, "%zu of %zu rounds %s disturbed", v->marked, v->rounds,
		  v->marked == 1 ? "was" : "were");
	page_warn_text(w, "They are marked, kept, and left out of the summaries where undisturbed "
			  "ones are. A round may have several reasons:");
	for (unsigned bit = 0; bit < ROUND_MARK_BITS; bit++)
		if (v->marks[bit])
			page_warn_line(w, "%zu: %s", v->marks[bit], round_mark_text(bit));
	if (v->marks[ROUND_MARK_BITS])
		page_warn_line(w, "%zu: for a reason this program does not know",
			       v->marks[ROUND_MARK_BITS]);
}

static void doubt_regimes(const struct page_view *v, struct page_warnings *w)
{
	unsigned kinds = 0;

	for (unsigned g = 0; g <= REGIMES; g++)
		kinds += v->by_regime[g] > 0;
	if (kinds < 2)
		return;
	page_warn(w, PAGE_WARNING, "%u regimes were seen", kinds);
	page_warn_text(w, "The round trip of a cache line between the two CPUs moved, and whatever "
			  "crosses from one to the other moved with it. Compare figures of one "
			  "regime only.");
	for (unsigned g = 0; g < REGIMES; g++) {
		double below = regime_bins[g].below_ns, above = g ? regime_bins[g - 1].below_ns : 0;

		if (!v->by_regime[g])
			continue;
		if (g == REGIME_NONE)
			page_warn_line(w, "%s: %zu rounds (both sides on one CPU)",
				       regime_name((enum regime)g), v->by_regime[g]);
		else if (g == REGIME_FAR)
			page_warn_line(w, "%s: %zu rounds (from %.0f ns)",
				       regime_name((enum regime)g), v->by_regime[g], above);
		else
			page_warn_line(w, "%s: %zu rounds (below %.0f ns)",
				       regime_name((enum regime)g), v->by_regime[g], below);
	}
	if (v->by_regime[REGIMES])
		page_warn_line(w, "%zu rounds of regimes this program does not know",
			       v->by_regime[REGIMES]);
}

/* Time the hypervisor took, of the time that was measured. A tenth of a percent is nothing. */
static void doubt_steal(const struct page_view *v, struct page_warnings *w)
{
	double stolen = 0, measured = 0;
	char buf[HUMAN_MAX];

	for (size_t i = 0; i < v->files; i++)
		for (size_t k = 0; k < v->file[i].f->results; k++) {
			const struct run_result *r = &v->file[i].f->result[k];

			for (size_t d = 0; d < r->rounds; d++) {
				stolen += r->round[d].steal_s;
				measured += r->round[d].duration_s;
			}
		}
	/* Rounds are counted once for each of their figures, in both sums alike. */
	if (measured <= 0 || stolen < 0.001 * measured)
		return;
	page_warn(w, PAGE_WARNING, "The hypervisor took %s of the time that was measured",
		  page_value(stolen / measured, "ratio", buf, sizeof(buf)));
	page_warn_text(w,
		       "Other guests want the same CPUs. Rounds that lost more than 1\xc2\xa0% are "
		       "marked; a host of one's own, or CPUs pinned there, would end it.");
}

int page_warnings_of(const struct page_view *v, struct page_warnings *w)
{
	memset(w, 0, sizeof(*w));
	doubt_figures(v, w);
	doubt_rounds(v, w);
	doubt_regimes(v, w);
	doubt_steal(v, w);
	page_doubt_machines(v, w);
	page_doubt_runs(v, w);
	page_warnings_sort(w);
	return w->lost ? -ENOMEM : 0;
}
