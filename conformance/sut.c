/* SPDX-License-Identifier: BSD-2-Clause */
#include "conformance/sut.h"

int sut_start(struct sut *s, struct vop_error *err)
{
	int r;

	if (s->target)
		return 0;
	r = s->ops->start(s, err);
	if (r)
		s->target = NULL;
	else
		s->starts++;
	return r;
}

void sut_stop(struct sut *s)
{
	s->ops->stop(s);
	s->target = NULL;
}

void sut_free(struct sut *s)
{
	if (!s)
		return;
	sut_stop(s);
	s->ops->free(s);
}
