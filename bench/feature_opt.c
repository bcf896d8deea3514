/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include <vop/features.h>
#include "bench/feature_opt.h"
#include "target/feature_names.h"

void feature_opt(uint16_t device_id, const struct opt_words *words, const unsigned *standard,
		 unsigned n, uint64_t want[2], uint64_t need[2])
{
	bool replaces = words->n && words->v[0].sign == 0;

	for (unsigned i = 0; !replaces && i < n; i++)
		vop_feature_set(want, standard[i]);
	for (unsigned i = 0; i < words->n; i++) {
		/* The parser let only words of the table through. */
		const char *word = feature_words(device_id)[words->v[i].index];
		unsigned bit = (unsigned)feature_bit(device_id, word, strlen(word));

		if (words->v[i].sign == '-') {
			vop_feature_clear(want, bit);
			continue;
		}
		vop_feature_set(want, bit);
		vop_feature_set(need, bit);
	}
}
