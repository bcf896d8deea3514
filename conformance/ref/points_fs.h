/* SPDX-License-Identifier: BSD-2-Clause */
/* Fault points of fs.c; see point.h. */
#ifndef CONFORMANCE_REF_POINTS_FS_H
#define CONFORMANCE_REF_POINTS_FS_H

/* clang-format off */
#define REF_POINTS_FS(X)                                                                           \
	X(FS_USED, VALUE, 26, "fs/used-length", "the bytes an answer is said to have") \
	X(FS_OUT_LEN, VALUE, 26, "fs/length", "the length in the header of an answer") \
	X(FS_UNIQUE, VALUE, 26, "fs/unique", "the unique number in the header of an answer") \
	X(FS_BODY, STEP, 26, "fs/body", "what follows the header of an answer is written") \
	X(FS_MAJOR, VALUE, 26, "fs/major", "the major version FUSE_INIT is answered with") \
	X(FS_WRITE, STEP, 26, "fs/write", "what FUSE_WRITE brings is kept") \
	X(FS_WRITE_SIZE, VALUE, 26, "fs/write-size", "how much FUSE_WRITE says was written") \
	X(FS_READ_AT, VALUE, 26, "fs/read-at", "where FUSE_READ begins to read") \
	X(FS_READ_SIZE, VALUE, 26, "fs/read-size", "how much FUSE_READ brings at most") \
	X(FS_NO_QUEUES, BUG, 26, "fs/no-queues", "says it has no request queue") \
	X(FS_MORE_QUEUES, BUG, 26, "fs/more-queues",                                               \
	  "says it has a request queue more than it has")                                          \
	X(FS_TAG, BUG, 26, "fs/tag", "leaves bytes behind the end of its tag") \
	X(FS_TAG_EMPTY, BUG, 26, "fs/tag-empty", "has no tag") \
	X(FS_TAG_UTF8, BUG, 26, "fs/tag-utf8", "has a tag that is no UTF-8") \
	X(FS_POSITIVE, BUG, 26, "fs/positive-errors",                                              \
	  "answers with error numbers that are positive")                                          \
	X(FS_ERROR_BODY, BUG, 26, "fs/error-body", "answers an error with a body behind it") \
	X(FS_FORGET_ANSWERED, BUG, 26, "fs/forget-answered", "answers FUSE_FORGET") \
	X(FS_FORGET_KEPT, BUG, 26, "fs/forget-kept",                                               \
	  "never gives the buffer of a FUSE_FORGET back")                                          \
	X(FS_BATCH_KEPT, BUG, 26, "fs/batch-forget-kept",                                          \
	  "never gives the buffer of a FUSE_BATCH_FORGET back")                                    \
	X(FS_INTERRUPT_DIES, BUG, 26, "fs/interrupt-dies",                                         \
	  "dies of a FUSE_INTERRUPT for a request it does not know")                               \
	X(FS_HIPRIO_WAITS, BUG, 26, "fs/hiprio-waits",                                             \
	  "lets the high priority queue wait while there is something in a request queue")         \
	X(FS_FIRST_PIECE, BUG, 26, "fs/first-piece",                                               \
	  "takes a request to be in as many pieces as drivers it knows make")                      \
	X(FS_LENGTH_PATCH, BUG, 26, "fs/length-patch",                                             \
	  "mends the length of a short answer in its first piece, however short that is")          \
	X(FS_REINIT, BUG, 26, "fs/init-once", "refuses a second FUSE_INIT")                        \
	X(FS_KEEPS_FILES, BUG, 26, "fs/init-keeps",                                                \
	  "a new session still knows the open files of the one before")                            \
	X(FS_ENDIAN, BUG, 26, "fs/byte-order", "takes every session to have its own byte order")   \
	X(FS_UNKNOWN, BUG, 26, "fs/unknown-silent", "does not answer a request it does not know")  \
	X(FS_ERRNO, BUG, 26, "fs/lookup-errno",                                                    \
	  "a name that is not there is an input/output error")                                     \
	X(FS_EOF, BUG, 26, "fs/end-of-file", "reads beyond the end of a file as if it went on")    \
	X(FS_SHORT_DIES, BUG, 26, "fs/short-dies", "dies of a request shorter than its header")    \
	X(FS_NO_ROOM, BUG, 26, "fs/no-room", "writes a header although there is no room for it")   \
	X(FS_SMALL_ROOM, BUG, 26, "fs/small-room",                                                 \
	  "dies when there is no room for all of an answer")                                       \
	X(FS_NAME, BUG, 26, "fs/name-end", "dies of a name without an end")                        \
	X(FS_NODE, BUG, 26, "fs/node", "dies of a node it does not know")                          \
	X(FS_EARLY, BUG, 26, "fs/early", "dies of a request before FUSE_INIT")                     \
	X(FS_LONG, BUG, 26, "fs/long", "dies of a request whose header says more than there is")   \
	X(FS_WRONG_QUEUE, BUG, 26, "fs/wrong-queue",                                               \
	  "dies of a normal request on the high priority queue")
/* clang-format on */

#endif
