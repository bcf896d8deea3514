/* SPDX-License-Identifier: BSD-2-Clause */
/* A process that offers one device over vhost-user: it listens (or connects), takes one front-end
 * after the other, and runs the poller. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "vop/front/vhost_user.h"
#include "vop/meeting.h"

#define CANCELLED 1
#define BACKLOG	  16
#define SPIN_NS	  50000u /* adaptive queues */
#define RETRY_MS  100	 /* client: between two tries to connect */

struct server {
	const struct vop_vu_serve_config *cfg;
	struct vop_error *err;
	struct vop_poller *poller;
	struct vop_vu_front *front;
	int listener; /* -1: client */
	int64_t next_stats;
};

static void say(const struct server *s, enum vop_service_event event, const char *text)
{
	if (s->cfg->say)
		s->cfg->say(s->cfg->ctx, event, text);
}

static int could_not(const struct server *s, const char *what, int err)
{
	snprintf(s->err->text, sizeof(s->err->text), "%s %s: %s", what, s->cfg->path,
		 strerror(-err));
	return err;
}

/* --- the socket --- */

static int address(const struct server *s, struct sockaddr_un *a)
{
	*a = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (strlen(s->cfg->path) >= sizeof(a->sun_path))
		return could_not(s, "cannot use", -ENAMETOOLONG);
	strcpy(a->sun_path, s->cfg->path);
	return 0;
}

static int new_socket(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	return fd < 0 ? -errno : fd;
}

/* Is it a socket that nobody listens at any more? */
static bool is_stale(const struct sockaddr_un *a)
{
	struct stat st;
	int fd, r;

	if (lstat(a->sun_path, &st) || !S_ISSOCK(st.st_mode))
		return false;
	fd = new_socket();
	if (fd < 0)
		return false;
	r = connect(fd, (const struct sockaddr *)a, sizeof(*a)) ? errno : 0;
	close(fd);
	return r == ECONNREFUSED;
}

static int open_listener(struct server *s)
{
	struct sockaddr_un a;
	int fd, r = address(s, &a);

	if (r)
		return r;
	fd = new_socket();
	if (fd < 0)
		return could_not(s, "cannot listen at", fd);
	r = bind(fd, (struct sockaddr *)&a, sizeof(a)) ? -errno : 0;
	if (r == -EADDRINUSE && is_stale(&a)) {
		unlink(a.sun_path);
		r = bind(fd, (struct sockaddr *)&a, sizeof(a)) ? -errno : 0;
	}
	if (!r && listen(fd, BACKLOG)) {
		r = -errno;
		unlink(a.sun_path);
	}
	if (r) {
		close(fd);
		return could_not(s, "cannot listen at", r);
	}
	s->listener = fd;
	return 0;
}

/* --- waiting for a front-end --- */

/* One try: a connection; -EAGAIN: nobody is there; -EBUSY: try again in a while; another negative
 * errno. */
static int try_once(const struct server *s)
{
	struct sockaddr_un a;
	int fd, r;

	if (s->listener >= 0) {
		fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd >= 0)
			return fd;
		/* Otherwise somebody came and left again, or the system is out of something. */
		return errno == EAGAIN ? -EAGAIN : -EBUSY;
	}
	r = address(s, &a);
	if (r)
		return r;
	fd = new_socket();
	if (fd < 0)
		return fd;
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
		return fd;
	r = -errno;
	close(fd);
	return r == -ENOENT || r == -ECONNREFUSED ? -EAGAIN : could_not(s, "cannot connect to", r);
}

/* A connection, -ECANCELED, -ETIMEDOUT, or another negative errno. */
static int meet(const struct server *s, int patience_ms)
{
	int64_t end = vop_now_ms() + patience_ms;

	for (;;) {
		struct pollfd p[2] = {{.fd = s->cfg->cancel_fd, .events = POLLIN},
				      {.fd = s->listener, .events = POLLIN}};
		int64_t left = patience_ms < 0 ? INT32_MAX : VOP_MAX(end - vop_now_ms(), 0);
		int fd = try_once(s);

		bool busy = fd == -EBUSY || s->listener < 0;

		if (fd != -EAGAIN && fd != -EBUSY)
			return fd;
		if (left == 0)
			return could_not(s, "no front-end came to", -ETIMEDOUT);
		poll(p, busy ? 1 : 2, (int)(busy ? VOP_MIN(left, RETRY_MS) : left));
		if (p[0].revents)
			return -ECANCELED;
	}
}

/* --- one connection --- */

static void report(struct server *s)
{
	char text[400];

	if (!s->cfg->stats || vop_now_ms() < s->next_stats)
		return;
	vop_vu_front_stats(s->front, s->cfg->stats_ms, text, sizeof(text));
	s->cfg->stats(s->cfg->ctx, text);
	s->next_stats += s->cfg->stats_ms;
}

/* -EPIPE when it has ended, or CANCELLED. */
static int live(struct server *s)
{
	s->next_stats = vop_now_ms() + s->cfg->stats_ms;
	for (;;) {
		struct pollfd p[3] = {
			{.fd = vop_vu_front_fd(s->front), .events = POLLIN},
			{.fd = vop_poller_attention_fd(s->poller), .events = POLLIN},
			{.fd = s->cfg->cancel_fd, .events = POLLIN},
		};
		int timeout = s->cfg->stats ? (int)VOP_MAX(s->next_stats - vop_now_ms(), 0) : -1;

		poll(p, 3, timeout);
		if (p[2].revents)
			return CANCELLED;
		if (p[1].revents) {
			vop_poller_attention_clear(s->poller);
			vop_vu_front_attend(s->front);
		}
		if (p[0].revents && vop_vu_front_service(s->front))
			return -EPIPE;
		report(s);
	}
}

static int live_again(struct server *s)
{
	int patience = s->cfg->timeout_ms, fd, r;

	for (;;) {
		char text[200];

		snprintf(text, sizeof(text), "waiting for a front-end at %s", s->cfg->path);
		say(s, VOP_SERVICE_WAITING, text);
		fd = meet(s, patience);
		if (fd < 0)
			return fd == -ECANCELED ? CANCELLED : fd;
		r = vop_vu_front_attach(s->front, fd);
		if (r)
			return could_not(s, "cannot serve at", r);
		r = live(s);
		if (r == CANCELLED)
			return r;
		if (s->cfg->reconnect_ms == 0) {
			snprintf(s->err->text, sizeof(s->err->text), "the front-end is gone");
			return -EPIPE;
		}
		patience = s->cfg->reconnect_ms;
	}
}

static int serve(struct server *s)
{
	struct vop_vu_front_config fc = {
		.device = s->cfg->device,
		.poller = s->poller,
		.say = s->cfg->say,
		.ctx = s->cfg->ctx,
	};
	int r = s->cfg->client ? 0 : open_listener(s);

	if (r)
		return r;
	s->front = vop_vu_front_open(&fc, s->err);
	r = s->front ? live_again(s) : -EINVAL;
	vop_vu_front_close(s->front);
	if (s->listener >= 0) {
		close(s->listener);
		unlink(s->cfg->path);
	}
	return r;
}

int vop_vu_serve(const struct vop_vu_serve_config *cfg, struct vop_error *err)
{
	struct vop_poller_config pc = {
		.cpu = cfg->poller_cpu,
		.spin_ns = SPIN_NS,
		.yield = cfg->yield,
		.own_thread = true,
	};
	struct server s = {.cfg = cfg, .err = err, .listener = -1};
	int r;

	s.poller = vop_poller_new(&pc);
	if (!s.poller) {
		snprintf(err->text, sizeof(err->text), "cannot start the polling thread%s",
			 cfg->poller_cpu >= 0 ? " on that CPU" : "");
		return -EAGAIN;
	}
	r = serve(&s);
	vop_poller_free(s.poller);
	return r == CANCELLED ? 0 : r;
}
