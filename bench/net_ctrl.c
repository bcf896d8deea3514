/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <unistd.h>

#include "bench/clock.h"
#include "bench/net_ctrl.h"

#define CTRL_MQ	      4
#define CTRL_MQ_PAIRS 0
#define CTRL_OK	      0

/* Command, argument and answer apart, as the layout of 5.1.6.5 has them. */
struct ctrl_area {
	uint8_t class, command;
	uint8_t pad[62];
	uint8_t pairs[2]; /* le16 */
	uint8_t pad2[62];
	uint8_t ack;
};

int net_ctrl_set_pairs(struct session *s, unsigned ctrl, uint16_t pairs, int timeout_ms,
		       struct vop_error *err)
{
	struct session_queue *q = &s->q[ctrl];
	uint64_t bus, since = clock_ns();
	struct ctrl_area *area = s->t->ops->alloc(s->t, VOP_AT_DRIVER, sizeof(*area), 64, &bus);
	struct vop_done done;
	struct vop_buf b[3];

	if (area == NULL) {
		snprintf(err->text, sizeof(err->text), "no memory for a control request");
		return -ENOMEM;
	}
	*area = (struct ctrl_area){.class = CTRL_MQ, .command = CTRL_MQ_PAIRS, .ack = 0xff};
	area->pairs[0] = (uint8_t)pairs;
	area->pairs[1] = (uint8_t)(pairs >> 8);
	b[0] = (struct vop_buf){bus, 2};
	b[1] = (struct vop_buf){bus + offsetof(struct ctrl_area, pairs), 2};
	b[2] = (struct vop_buf){bus + offsetof(struct ctrl_area, ack), 1};
	if (vop_drvq_add_chain(&q->vq, b, 2, 1, 0))
		return -EIO;
	if (vop_drvq_publish(&q->vq))
		vop_doorbell_ring(q->cfg.kick);
	while (vop_drvq_get(&q->vq, &done, 1) == 0) {
		if (clock_ns() - since > (uint64_t)timeout_ms * 1000000u ||
		    vop_drvq_broken(&q->vq)) {
			snprintf(err->text, sizeof(err->text),
				 "the device does not answer on its control queue");
			return -ETIMEDOUT;
		}
		s->t->ops->service(s->t);
		usleep(50);
	}
	if (*(volatile uint8_t *)&area->ack != CTRL_OK) {
		snprintf(err->text, sizeof(err->text),
			 "the device refused %u queue pairs; try fewer --queues", pairs);
		return -EREMOTEIO;
	}
	return 0;
}
