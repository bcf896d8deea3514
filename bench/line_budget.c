/* SPDX-License-Identifier: BSD-2-Clause */
/* A bucket: each line said puts one in, time takes one out after the other. */
#include "bench/line_budget.h"

#define TELL_NS 1000000000u

enum line_budget_verdict line_budget_take(struct line_budget *b, uint64_t now_ns,
					  uint64_t *left_out)
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
		if (b->left_out++)
			return LINE_LEAVE;
		b->told_at = now_ns;
		return LINE_LEAVE_FIRST;
	}
	b->spent++;
	if (b->left_out && now_ns > b->told_at && now_ns - b->told_at >= TELL_NS) {
		*left_out = b->left_out;
		b->left_out = 0;
	}
	return LINE_SAY;
}
