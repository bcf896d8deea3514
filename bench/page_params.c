/* SPDX-License-Identifier: BSD-2-Clause */
/* Parameters of a set of rows: what all have in common is said once, the rest tells them apart. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/page_part.h"

/* --- lists of words: "mtu, mac, packed" --- */

static bool has_word(const char *list, const char *word, size_t n)
{
	for (const char *s = list; (s = strstr(s, word)); s += n)
		if ((s == list || s[-1] == ' ' || s[-1] == ',') &&
		    (s[n] == '\0' || s[n] == ',' || s[n] == ' '))
			return true;
	return false;
}

/* The next word of a list, or NULL; *n is its length. */
static const char *next_word(const char *s, size_t *n)
{
	s += strspn(s, ", ");
	*n = strcspn(s, ", ");
	return *n ? s : NULL;
}

/* Take out of `shared` the words the list does not have. */
static void keep_shared(char *shared, const char *list)
{
	char *to = shared;
	const char *w = shared;
	char word[64];
	size_t n;

	while ((w = next_word(w, &n))) {
		size_t len = n < sizeof(word) - 1 ? n : sizeof(word) - 1;

		memcpy(word, w, len);
		word[len] = '\0';
		w += n;
		if (len < n || !has_word(list, word, len))
			continue;
		/* Never beyond what was read: the words before were at least as long. */
		if (to != shared)
			*to++ = ' ';
		memmove(to, word, len);
		to += len;
	}
	*to = '\0';
}

/* --- the set --- */

static void add_keys(struct page_params *p, const struct run_result *r)
{
	for (size_t i = 0; i < r->params; i++) {
		unsigned k = 0;

		while (k < p->n && strcmp(p->param[k].key, r->param[i].key) != 0)
			k++;
		if (k < p->n)
			continue;
		if (p->n == PAGE_PARAMS_MAX)
			return;
		p->param[k].key = r->param[i].key;
		p->param[k].same = r->param[i].text;
		p->param[k].number = true;
		p->param[k].words = strcmp(r->param[i].key, "features") == 0;
		p->n++;
	}
}

static void hold_against(struct page_params *p, const struct run_result *r)
{
	for (unsigned k = 0; k < p->n; k++) {
		const char *text = run_param_text(r, p->param[k].key);

		if (!text || (p->param[k].same && strcmp(text, p->param[k].same) != 0))
			p->param[k].same = NULL;
		for (size_t i = 0; i < r->params; i++)
			if (strcmp(r->param[i].key, p->param[k].key) == 0)
				p->param[k].number &= r->param[i].is_number;
	}
}

/* The ring's format is a feature, too, and named as such already. */
static bool is_said(const struct page_params *p, const struct run_result *r, const char *w,
		    size_t n)
{
	const char *ring = run_param_text(r, "ring");

	return has_word(p->shared_words, w, n) ||
	       (ring && strlen(ring) == n && strncmp(ring, w, n) == 0);
}

static const char *words_apart(const struct page_params *p, const struct run_result *r,
			       const char *list, char *buf, size_t size)
{
	char word[64];
	size_t n, at = 0;

	buf[0] = '\0';
	for (const char *w = list; (w = next_word(w, &n)); w += n) {
		snprintf(word, sizeof(word), "%.*s", (int)(n < 63 ? n : 63), w);
		if (!is_said(p, r, word, strlen(word)) && at < size)
			at += (size_t)snprintf(buf + at, size - at, "%s%s", at ? ", " : "", word);
	}
	return buf;
}

const char *page_param_text(const struct page_params *p, unsigned i, const struct run_result *r,
			    char *buf, size_t size)
{
	const char *text = run_param_text(r, p->param[i].key);

	if (!text)
		return "";
	return p->param[i].words ? words_apart(p, r, text, buf, size) : text;
}

/* Lists of words that differ in nothing but what another parameter says do not differ. */
static int settle_words(struct page_params *p, unsigned k, const struct page_row *rows, size_t n)
{
	char first[PAGE_TEXT], buf[PAGE_TEXT];
	const char *list = run_param_text(rows[0].first, p->param[k].key);

	free(p->shared_words);
	p->shared_words = strdup(list ? list : "");
	if (!p->shared_words)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		list = run_param_text(rows[i].first, p->param[k].key);
		keep_shared(p->shared_words, list ? list : "");
	}
	if (p->param[k].same)
		return 0;
	snprintf(first, sizeof(first), "%s",
		 page_param_text(p, k, rows[0].first, buf, sizeof(buf)));
	for (size_t i = 1; i < n; i++)
		if (strcmp(first, page_param_text(p, k, rows[i].first, buf, sizeof(buf))) != 0)
			return 0;
	p->param[k].same = p->shared_words;
	return 0;
}

int page_params_of(const struct page_row *rows, size_t n, struct page_params *p)
{
	memset(p, 0, sizeof(*p));
	for (size_t i = 0; i < n; i++)
		add_keys(p, rows[i].first);
	for (size_t i = 0; i < n; i++)
		hold_against(p, rows[i].first);
	for (unsigned k = 0; k < p->n; k++)
		if (p->param[k].words && settle_words(p, k, rows, n))
			return -ENOMEM;
	return 0;
}

void page_params_free(struct page_params *p)
{
	free(p->shared_words);
	p->shared_words = NULL;
}

const char *page_param_title(const char *key, char *buf, size_t size)
{
	snprintf(buf, size, "%s", key);
	for (char *s = buf; *s; s++)
		if (*s == '_')
			*s = ' ';
	return buf;
}
