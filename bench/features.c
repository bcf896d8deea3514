/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/features.h"

const char *const bench_feature_words[BENCH_FEATURE_COUNT + 1] = {
#define BENCH_FEATURE_WORD(word, bit, text) #word,
	BENCH_FEATURES(BENCH_FEATURE_WORD)
#undef BENCH_FEATURE_WORD
};

static const struct {
	unsigned bit;
	const char *text;
} features[BENCH_FEATURE_COUNT] = {
#define BENCH_FEATURE_LINE(word, bit, text) {bit, text},
	BENCH_FEATURES(BENCH_FEATURE_LINE)
#undef BENCH_FEATURE_LINE
};

unsigned bench_feature_bit(unsigned f)
{
	return features[f].bit;
}

const char *bench_feature_text(unsigned f)
{
	return features[f].text;
}
