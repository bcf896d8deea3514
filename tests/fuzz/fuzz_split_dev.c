/* SPDX-License-Identifier: BSD-2-Clause */
/* Split ring, device half; see fuzz_dev.h. */
#include "fuzz_dev.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_dev(data, size, false);
}
