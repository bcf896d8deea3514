/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every unit test suite, in the order it runs; included with another SUITE each time.
 *
 *   SUITE(name)          tests/unit/test_name.c, needs only the product. Runs on foreign machines,
 *                        too, emulated and some twenty times slower: VOP_CROSS is defined there.
 *   SUITE_HARNESS(name)  also needs bench/, conformance/, target/ or report/: native builds only.
 */
SUITE_HARNESS(hist)
SUITE_HARNESS(opt)
SUITE_HARNESS(stats)
SUITE_HARNESS(table)
SUITE_HARNESS(result)
SUITE(link)
SUITE(node)
SUITE(node_roles)
SUITE(page_hostile)
SUITE(doorbell)
SUITE(dma)
SUITE(fault)
SUITE(region)
SUITE(split)
SUITE(packed)
SUITE(notify)
SUITE(hostile_split)
SUITE(hostile_packed)
SUITE(split_device)
SUITE(packed_device)
SUITE(notify_device)
SUITE(hostile_split_device)
SUITE(hostile_packed_device)
SUITE_HARNESS(target)
SUITE_HARNESS(session)
SUITE_HARNESS(session_errors)
SUITE(wakeup)
SUITE(delayed)
SUITE(counted)
SUITE(window_copy)
SUITE(scribble)
SUITE(poller)
SUITE(net)
SUITE(net_plain)
SUITE(api)
