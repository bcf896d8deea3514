/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report/json.h"

static int put(json_t *o, const char *key, json_t *v)
{
	return json_object_set_new(o, key, v) ? -ENOMEM : 0;
}

json_t *json_text(const char *text)
{
	json_t *v;
	char *copy, *s;

	if (!text || !*text)
		return json_null();
	v = json_string(text);
	if (v)
		return v;
	/* Not UTF-8: keep what is ASCII, show where the rest was. */
	copy = strdup(text);
	if (!copy)
		return NULL;
	for (s = copy; *s; s++)
		if ((unsigned char)*s >= 0x80)
			*s = '?';
	v = json_string(copy);
	free(copy);
	return v;
}

json_t *json_number(double v)
{
	if (!isfinite(v))
		return json_null();
	if (v == floor(v) && fabs(v) <= 9007199254740992.0)
		return json_integer((json_int_t)v);
	return json_real(v);
}

int json_put_text(json_t *o, const char *key, const char *text)
{
	return put(o, key, json_text(text));
}

int json_put_number(json_t *o, const char *key, double v)
{
	return put(o, key, json_number(v));
}

int json_put_int(json_t *o, const char *key, int64_t v)
{
	return put(o, key, json_integer(v));
}

int json_put_known(json_t *o, const char *key, int64_t v)
{
	return put(o, key, v < 0 ? json_null() : json_integer(v));
}

int json_put_bool(json_t *o, const char *key, int v)
{
	return put(o, key, json_boolean(v));
}

json_t *json_put_object(json_t *o, const char *key)
{
	json_t *v = json_object();

	return put(o, key, v) ? NULL : v;
}

json_t *json_put_array(json_t *o, const char *key)
{
	json_t *v = json_array();

	return put(o, key, v) ? NULL : v;
}

/* --- a file, whole or not at all --- */

/* Directory of path, "." when it names none; NULL without memory. */
static char *directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return strdup(".");
	return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

/* Write everything and see it reach the disk: an error may show only at the last step. */
static int write_synced(int fd, const json_t *doc, bool sync)
{
	FILE *f = fdopen(fd, "w");
	int err = 0;

	if (!f) {
		err = -errno;
		close(fd);
		return err;
	}
	errno = 0;
	if (json_dumpf(doc, f, JSON_INDENT(1) | JSON_REAL_PRECISION(12)) || fputc('\n', f) == EOF ||
	    fflush(f) || (sync && fsync(fd)))
		err = errno ? -errno : -EIO;
	/* Some file systems report a full disk only here. */
	if (fclose(f) && !err)
		err = -errno;
	return err;
}

static int put_in_place(const char *temporary, const char *path, int exclusive)
{
	if (!exclusive)
		return rename(temporary, path) ? -errno : 0;
	if (renameat2(AT_FDCWD, temporary, AT_FDCWD, path, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -errno;
	/* The file system cannot; link() fails when the name exists, too. */
	if (link(temporary, path))
		return -errno;
	unlink(temporary);
	return 0;
}

/* Without it the rename itself may be lost with the power. Not every file system can. */
static void sync_directory(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

/* Beside path, then over it. path names a file that is there, or nothing. */
static int write_beside(const json_t *doc, const char *path, int exclusive)
{
	char *dir = directory_of(path), *temporary = NULL;
	mode_t mask;
	int fd, err;

	if (!dir || asprintf(&temporary, "%s/.vop-bench-XXXXXX", dir) < 0) {
		free(dir);
		return -ENOMEM;
	}
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0) {
		err = -errno;
		goto out;
	}
	/* mkostemp makes it private; a result is read by others as any file of the user. */
	mask = umask(0);
	umask(mask);
	if (fchmod(fd, 0666 & ~mask)) {
		err = -errno;
		close(fd);
	} else {
		err = write_synced(fd, doc, true);
	}
	if (!err)
		err = put_in_place(temporary, path, exclusive);
	if (err)
		unlink(temporary);
	else
		sync_directory(dir);
out:
	free(temporary);
	free(dir);
	return err;
}

int json_write_file(const json_t *doc, const char *path, int exclusive)
{
	struct stat st;
	char *real;
	int fd, err;

	if (exclusive || stat(path, &st))
		return write_beside(doc, path, exclusive);
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!S_ISREG(st.st_mode)) {
		/* A terminal, a pipe, /dev/null: to be written into, never to be replaced. */
		fd = open(path, O_WRONLY | O_CLOEXEC);
		return fd < 0 ? -errno : write_synced(fd, doc, false);
	}
	/* Replace what a symbolic link points to, not the link. */
	real = realpath(path, NULL);
	if (!real)
		return -errno;
	err = write_beside(doc, real, 0);
	free(real);
	return err;
}
