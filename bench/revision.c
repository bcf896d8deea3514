/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The revision, in a file of its own: ninja/revision writes it into the options of this one object,
 * so a commit recompiles nothing else.
 */
#include "bench/env.h"

const char *env_git_revision(void)
{
	return VOP_GIT_REVISION;
}
