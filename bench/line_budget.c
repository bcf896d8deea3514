/* SPDX-License-Identifier: BSD-2-Clause */
/* A bucket: each line said puts one in, time takes one out after the other. */
#include "bench/line_budget.h"

bool line_budget_take(struct line_budget *b, uint64_t now_ns, uint64_t *left_out)
{
	uint64_t paid = now_ns > b->paid_at ? (now_ns - b->paid_at) / b->each_ns : 0;

	*left_out = 0;
	if (paid >= b->spent) {
		/* Nothing is owed: time from here on pays for what comes now. */
		b->spent = 0;
		b->paid_at = now_ns;
	} else {
		b->spent -= paid;
		b->paid_at += paid * b->each_ns;
	}
	if (b->spent >= b->at_once) {
		b->left_out++;
		return false;
	}
	b->spent++;
	*left_out = b->left_out;
	b->left_out = 0;
	return true;
}
