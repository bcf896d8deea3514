/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Words for feature bits, the only table of them: for messages, for --features and for `list
 * features`. Bits of the transport have one name everywhere; bits of a device type
 * (VIRTIO 1.4, 2.2) are named after its table. A bit without a name is "bitN" in both directions.
 *
 * Everything here is pure: any thread.
 */
#ifndef TARGET_FEATURE_NAMES_H
#define TARGET_FEATURE_NAMES_H

#include <vop/features.h>
#include "vop/node.h"

#define FEATURE_NAME_MAX 32u /* longest name with its NUL */

/*
 * Name of bit (0..127) for a device of VIRTIO device id `device_id`; buf, which is returned,
 * holds FEATURE_NAME_MAX bytes.
 */
const char *feature_name(uint16_t device_id, unsigned bit, char *buf);
/* What the bit does, a few words; "" for a bit without a name. Never NULL. */
const char *feature_about(uint16_t device_id, unsigned bit);
/*
 * Names of the bits a user may ask a session for, ended by NULL: those its driver half knows how to
 * drive, less what it settles itself (VERSION_1, the ring format). For struct opt.words.
 */
const char *const *feature_words(uint16_t device_id);
/* Bit number of a name (as above, "bitN" included); -ENOENT. len bytes of name count. */
int feature_bit(uint16_t device_id, const char *name, size_t len);
/*
 * Comma-separated names into f, which is overwritten; an empty list is none. 0; -EINVAL with
 * *err naming the word.
 */
int feature_parse(uint16_t device_id, const char *list, uint64_t f[2], struct vop_error *err);
/*
 * Comma-separated names of the bits of f, cut to size bytes with NUL ("..." at the end then),
 * "none" for none; returns buf.
 */
char *feature_text(uint16_t device_id, const uint64_t f[2], char *buf, size_t size);

#endif
