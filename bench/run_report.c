/* SPDX-License-Identifier: BSD-2-Clause */
/* What the reports of `run net`, `run blk` and `run fs` have in common. */
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "bench/cmd.h"
#include "bench/run_report.h"
#include "target/feature_names.h"

void report_mark(struct report_marks *s, uint32_t marks)
{
	s->rounds++;
	s->marked += marks != 0;
	for (unsigned bit = 0; bit < ROUND_MARK_BITS; bit++)
		s->by[bit] += marks >> bit & 1;
}

void report_marks_print(const struct report_marks *s)
{
	if (!s->marked)
		return;
	printf("%u of %u rounds are marked as disturbed, and left out where others are:\n",
	       s->marked, s->rounds);
	for (unsigned bit = 0; bit < ROUND_MARK_BITS; bit++)
		if (s->by[bit])
			printf("  %4u: %s\n", s->by[bit], round_mark_text(bit));
}

bool report_narrow(unsigned wide)
{
	struct winsize w;

	return isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 0 &&
	       w.ws_col < wide;
}

double report_samples_needed(enum result_metric metric)
{
	return metric == METRIC_LATENCY_P999 ? 10000 : metric == METRIC_LATENCY_P99 ? 1000 : 0;
}

unsigned report_keep_known(struct hist *const hist[REGIMES], enum result_metric metric,
			   struct round *r, unsigned n)
{
	double needed = report_samples_needed(metric);
	unsigned kept = 0, seen[REGIMES] = {0};

	for (unsigned i = 0; i < n; i++)
		seen[r[i].regime]++;
	for (unsigned i = 0; i < n; i++) {
		const struct hist *h = hist[r[i].regime];

		if (h && (double)h->count >= needed * seen[r[i].regime])
			r[kept++] = r[i];
	}
	return kept;
}

json_t *report_features(uint16_t device_id, const uint64_t f[2])
{
	json_t *a = json_array();

	for (const char *const *w = feature_words(device_id); *w; w++)
		if (vop_feature_has(f, (unsigned)feature_bit(device_id, *w, strlen(*w))))
			json_array_append_new(a, json_string(*w));
	return a;
}

int report_finish(struct result *res, const char *json, bool no_save)
{
	bool exceeded = result_limit_exceeded(res);
	char name[512];

	if (json || !no_save) {
		if (result_write(res, json, name, sizeof(name), stderr))
			return CMD_COULD_NOT;
		printf("result: %s\n", name);
	}
	if (!exceeded)
		return CMD_DONE;
	fprintf(stderr, "vop-bench: a figure stands above its limit: the limit or the figure was "
			"measured wrongly; run it again on a quieter machine\n");
	return CMD_FAILED;
}
