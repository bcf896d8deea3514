/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every unit test suite, in the order it runs; included more than once, with other meanings of
 * SUITE. SUITE(name): tests/unit/test_name.c, needs only the product; also runs on foreign
 * machines. SUITE_HARNESS(name): also needs bench/, conformance/, target/ or report/; native builds
 * only.
 */
