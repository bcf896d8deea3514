/* SPDX-License-Identifier: BSD-2-Clause */
/* Packed ring, driver half; see fuzz_drv.h. */
#include "fuzz_drv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_drv(data, size, true);
}
