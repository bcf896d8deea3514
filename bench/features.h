/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Words for feature bits, as --features takes them and `list features` prints them. The ring format
 * is chosen by --ring and therefore not among them; VERSION_1 and ACCESS_PLATFORM are not up for
 * choice.
 */
#ifndef BENCH_FEATURES_H
#define BENCH_FEATURES_H

#include <vop/features.h>

/* X(word, bit, what it does). Bits of a network device: VIRTIO 1.4, 5.1.3. */
#define BENCH_FEATURES(X)                                                                          \
	X(indirect_desc, VOP_F_INDIRECT_DESC, "descriptor tables outside the ring")                \
	X(event_idx, VOP_F_EVENT_IDX, "notify by index: fewer kicks and calls")                    \
	X(in_order, VOP_F_IN_ORDER, "buffers are used in the order they were made available")      \
	X(ring_reset, VOP_F_RING_RESET, "a queue can be reset on its own")                         \
	X(mtu, 3, "net: the device says its largest frame")                                        \
	X(mac, 5, "net: the device says its address")                                              \
	X(mrg_rxbuf, 15, "net: a received frame may span several buffers")                         \
	X(status, 16, "net: link state in the configuration")                                      \
	X(ctrl_vq, 17, "net: control queue")                                                       \
	X(mq, 22, "net: several queue pairs")

enum bench_feature {
#define BENCH_FEATURE_ENUM(word, bit, text) BENCH_FEATURE_##word,
	BENCH_FEATURES(BENCH_FEATURE_ENUM)
#undef BENCH_FEATURE_ENUM
		BENCH_FEATURE_COUNT
};

/* For struct opt.words: enum bench_feature is the index; ends with NULL. */
extern const char *const bench_feature_words[BENCH_FEATURE_COUNT + 1];
/* Bit number of a word, and its explanation; f < BENCH_FEATURE_COUNT. */
unsigned bench_feature_bit(unsigned f);
const char *bench_feature_text(unsigned f);

#endif
