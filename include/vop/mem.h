/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Accessors for words that cross a link. The ring code is written once over them; the class is
 * fixed per translation unit: define VOP_MEM before the first VOP header. Coherent memory, the
 * default, pays nothing for the others.
 *
 *   VOP_MEM_CLASS_COHERENT  cacheable memory shared with the peer: store-release / load-acquire,
 * and one full fence where a store must come before a load (notification suppression)
 *   VOP_MEM_CLASS_DEVICE    a PCI window: aligned accesses of at most 32 bits for control words,
 * real barriers towards the bus, a read-back that pushes posted writes VOP_MEM_CLASS_DELAYED test:
 * stores into the peer's window wait in a queue until something reads or rings (mem_delayed.h)
 *   VOP_MEM_CLASS_COUNTED   measuring: coherent, and every access that falls into the peer's window
 * is counted (mem_counted.h)
 *
 * Every accessor reads or writes its word exactly once (volatile / relaxed atomic): a hostile peer
 * may change it at any time, so the value is checked in the local copy. Byte order is the caller's
 * affair.
 */
#ifndef VOP_MEM_H
#define VOP_MEM_H

#include <vop/base.h>

#define VOP_MEM_CLASS_COHERENT 0
#define VOP_MEM_CLASS_DEVICE   1
#define VOP_MEM_CLASS_DELAYED  2
#define VOP_MEM_CLASS_COUNTED  3

#ifndef VOP_MEM
#define VOP_MEM VOP_MEM_CLASS_COHERENT
#endif

#if VOP_MEM == VOP_MEM_CLASS_DELAYED
#include <vop/mem_delayed.h>
#elif VOP_MEM == VOP_MEM_CLASS_COUNTED
#include <vop/mem_counted.h>
#elif VOP_MEM == VOP_MEM_CLASS_DEVICE
#include <vop/mem_device.h>
#else

/* Plain word accesses: no ordering. */
#define VOP_MEM_LD(p)	     __atomic_load_n((p), __ATOMIC_RELAXED)
#define VOP_MEM_ST(p, v)     __atomic_store_n((p), (v), __ATOMIC_RELAXED)
/* Load that comes before every later access; pairs with VOP_MEM_ST_REL. */
#define VOP_MEM_LD_ACQ(p)    __atomic_load_n((p), __ATOMIC_ACQUIRE)
/* Store that comes after every earlier access. */
#define VOP_MEM_ST_REL(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)
/* 64-bit word made of the control fields of a packed descriptor: one access where the memory allows
 * it. */
#define VOP_MEM_WIDE	     1
/* Order every earlier store before every later load, towards the peer (StoreLoad). */
#define VOP_MEM_FULL()	     __atomic_thread_fence(__ATOMIC_SEQ_CST)
/*
 * For the side that arms notifications: after its arming write, before its last look at the ring.
 * `word` is any word of the peer's window. Coherent memory needs the fence only.
 */
#define VOP_MEM_READ_BACK(word)                                                                    \
	do {                                                                                       \
		(void)(word);                                                                      \
		VOP_MEM_FULL();                                                                    \
	} while (0)
/* Payload. dst / src is in shared memory, the other side private. */
#define VOP_MEM_COPY_TO(dst, src, len)	 vop_copy((dst), (src), (len))
#define VOP_MEM_COPY_FROM(dst, src, len) vop_copy((dst), (src), (len))
/* Called before a doorbell is rung: earlier stores must have left for the peer. */
#define VOP_MEM_FLUSH()			 ((void)0)

#endif

#endif
