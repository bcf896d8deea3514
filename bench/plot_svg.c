/* SPDX-License-Identifier: BSD-2-Clause */
#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/plot_page.h"
#include "bench/plot_svg.h"

#define DEPTH_MAX      32u
#define ATTRIBUTES_MAX 32u
#define ID_MAX	       40u

struct piece {
	const char *at;
	size_t n;
};

struct attribute {
	struct piece name, value;
};

struct tag {
	struct piece name;
	bool closes, empty; /* </x>, <x/> */
	unsigned n;
	struct attribute a[ATTRIBUTES_MAX];
};

/* An element that is open: where it begins in the output, to take it back when nothing is in it. */
struct open {
	struct piece name;
	size_t begin, filled;
	bool styled; /* it says how its content is drawn */
};

struct make {
	const struct plot_svg_look *look;
	char id[ID_MAX];
	char *out;
	size_t n, room;
	bool no_memory;
	struct open open[DEPTH_MAX];
	unsigned depth;
};

/* --- output --- */

static void put_n(struct make *m, const char *s, size_t n)
{
	if (m->n + n + 1 > m->room) {
		size_t room = (m->room + n + 1) * 2;
		char *grown = m->no_memory ? NULL : realloc(m->out, room);

		if (!grown) {
			m->no_memory = true;
			return;
		}
		m->out = grown;
		m->room = room;
	}
	memcpy(m->out + m->n, s, n);
	m->n += n;
	m->out[m->n] = '\0';
}

static void put(struct make *m, const char *s)
{
	put_n(m, s, strlen(s));
}

static void put_escaped(struct make *m, const char *s)
{
	for (; *s; s++)
		if (*s == '&')
			put(m, "&amp;");
		else if (*s == '<')
			put(m, "&lt;");
		else if (*s == '>')
			put(m, "&gt;");
		else if (*s == '"')
			put(m, "&quot;");
		else
			put_n(m, (unsigned char)*s < ' ' ? " " : s, 1);
}

/* --- reading --- */

static bool is(struct piece p, const char *word)
{
	return p.n == strlen(word) && memcmp(p.at, word, p.n) == 0;
}

static bool is_one_of(struct piece p, const char *const *words)
{
	for (; *words; words++)
		if (is(p, *words))
			return true;
	return false;
}

static const char *skip_space(const char *s, const char *end)
{
	while (s < end && isspace((unsigned char)*s))
		s++;
	return s;
}

static const char *skip_word(const char *s, const char *end)
{
	while (s < end && !isspace((unsigned char)*s) && !strchr("=<>/\"'", *s))
		s++;
	return s;
}

/* Read the tag that begins at s ('<'); returns its end, NULL when it is none. */
static const char *read_tag(const char *s, const char *end, struct tag *t)
{
	const char *begin;

	*t = (struct tag){0};
	s++;
	if (s < end && *s == '/') {
		t->closes = true;
		s++;
	}
	begin = s;
	s = skip_word(s, end);
	t->name = (struct piece){begin, (size_t)(s - begin)};
	for (s = skip_space(s, end); s < end && *s != '>'; s = skip_space(s, end)) {
		struct attribute a;
		char quote;

		if (*s == '/') {
			t->empty = true;
			s++;
			continue;
		}
		begin = s;
		s = skip_word(s, end);
		a.name = (struct piece){begin, (size_t)(s - begin)};
		s = skip_space(s, end);
		if (a.name.n == 0 || s >= end || *s != '=')
			return NULL;
		s = skip_space(s + 1, end);
		if (s >= end || (*s != '"' && *s != '\''))
			return NULL;
		quote = *s++;
		begin = s;
		while (s < end && *s != quote && *s != '<')
			s++;
		if (s >= end || *s != quote)
			return NULL;
		a.value = (struct piece){begin, (size_t)(s - begin)};
		s++;
		if (t->n < ATTRIBUTES_MAX)
			t->a[t->n++] = a;
	}
	return s < end && t->name.n ? s + 1 : NULL;
}

/* --- what is let through --- */

static const char *const shapes[] = {"path",	"rect",	    "circle", "use",  "text",  "g",
				     "polygon", "polyline", "line",   "defs", "tspan", NULL};

static const char *const strokes[] = {"stroke", "fill", "color", NULL};

static const char *const plain[] = {"d",
				    "x",
				    "y",
				    "cx",
				    "cy",
				    "r",
				    "x1",
				    "y1",
				    "x2",
				    "y2",
				    "width",
				    "height",
				    "points",
				    "transform",
				    "opacity",
				    "fill-opacity",
				    "stroke-opacity",
				    "stroke-width",
				    "stroke-dasharray",
				    "stroke-linecap",
				    "stroke-linejoin",
				    "font-size",
				    "font-weight",
				    "font-style",
				    "text-anchor",
				    NULL};

/* Values of drawings need no more; nothing that leads elsewhere can be written with it. */
static bool harmless(struct piece v)
{
	for (size_t i = 0; i < v.n; i++)
		if (!isalnum((unsigned char)v.at[i]) && !strchr(" \t\n.,-+#%()", v.at[i]))
			return false;
	return memmem(v.at, v.n, "url", 3) == NULL;
}

/* gnuplot puts a disc of the background behind a point, to part it from the lines it lies on. */
static bool is_ground(const struct tag *t, struct piece name, struct piece v)
{
	return is(t->name, "use") && is(name, "color") && is(v, "white");
}

static bool is_foreground(struct piece v)
{
	char text[32] = "";
	unsigned r, g, b;

	if (v.n < sizeof(text))
		memcpy(text, v.at, v.n);
	return sscanf(text, "rgb( %u , %u , %u )", &r, &g, &b) == 3 &&
	       (r << 16 | g << 8 | b) == PLOT_FG;
}

static void put_attribute(struct make *m, const char *name, struct piece value)
{
	put(m, " ");
	put(m, name);
	put(m, "=\"");
	put_n(m, value.at, value.n);
	put(m, "\"");
}

static void put_reference(struct make *m, const char *name, const char *before, struct piece value)
{
	put(m, " ");
	put(m, name);
	put(m, "=\"");
	put(m, before);
	put(m, m->id);
	put_n(m, value.at, value.n);
	put(m, "\"");
}

static void put_family(struct make *m, struct piece v)
{
	const char *colon = memchr(v.at, ':', v.n);

	/* In a page, its own letters. */
	if (!m->look->inlined)
		put_attribute(m, "font-family", (struct piece){"sans-serif", 10});
	if (colon && v.n - (size_t)(colon - v.at) == 5 && memcmp(colon, ":Bold", 5) == 0)
		put_attribute(m, "font-weight", (struct piece){"bold", 4});
}

/* What nearly every group of gnuplot's says, said once by the root: a third of all bytes. */
static const struct {
	const char *name, *value, *ours;
} usual[] = {
	{"fill", "none", "none"},
	{"stroke", "currentColor", "currentColor"},
	{"stroke-width", "1.00", "1"},
	{"stroke-linecap", "butt", "butt"},
	{"stroke-linejoin", "miter", "miter"},
};
enum { USUAL = sizeof(usual) / sizeof(usual[0]) };

static bool is_usual(const struct make *m, const struct tag *t, const struct attribute *a)
{
	if (!is(t->name, "g"))
		return false;
	for (unsigned i = 1; i < m->depth; i++)
		if (m->open[i].styled)
			return false;
	for (unsigned i = 0; i < USUAL; i++)
		if (is(a->name, usual[i].name) && is(a->value, usual[i].value))
			return true;
	return false;
}

/* One of the shapes of points, in units of their size. */
static bool is_shape(const struct tag *t)
{
	for (unsigned i = 0; i < t->n; i++)
		if (is(t->a[i].name, "id") && t->a[i].value.n > 4)
			return memcmp(t->a[i].value.at, "gpPt", 4) == 0;
	return false;
}

static void put_attributes(struct make *m, const struct tag *t)
{
	for (unsigned i = 0; i < t->n; i++) {
		struct piece name = t->a[i].name, v = t->a[i].value;
		char copy[24];

		if (is(name, "font-family")) {
			put_family(m, v);
			continue;
		}
		if (!harmless(v) || is_usual(m, t, &t->a[i]))
			continue;
		if (is(name, "id"))
			put_reference(m, "id", "", v);
		else if ((is(name, "xlink:href") || is(name, "href")) && v.n && v.at[0] == '#')
			put_reference(m, "xlink:href", "#", (struct piece){v.at + 1, v.n - 1});
		else if (is(t->name, "g") && is(name, "color"))
			continue; /* gnuplot's black; what is drawn in it names its own */
		else if (is_one_of(name, strokes) || is_one_of(name, plain)) {
			snprintf(copy, sizeof(copy), "%.*s", (int)name.n, name.at);
			if (is_one_of(name, strokes) && is_foreground(v))
				v = (struct piece){"currentColor", 12};
			else if (m->look->inlined && is_ground(t, name, v))
				v = (struct piece){"var(--plot-ground, Canvas)", 26};
			else if (is(name, "stroke-width") && is_shape(t))
				v = (struct piece){"0.3", 3}; /* gnuplot's are too thin hollow */
			if (!t->empty)
				m->open[m->depth].styled = true;
			put_attribute(m, copy, v);
		}
	}
}

/* The edge of the picture, which gnuplot draws with no ink: now that ink is usual, a frame. */
static bool is_edge(const struct tag *t)
{
	bool none = false, ink = false;

	for (unsigned i = 0; i < t->n; i++) {
		none |= is(t->a[i].name, "fill") && is(t->a[i].value, "none");
		ink |= is(t->a[i].name, "stroke");
	}
	return is(t->name, "rect") && none && !ink && t->empty;
}

static void put_open(struct make *m, const struct tag *t)
{
	if (is_edge(t))
		return;
	put(m, "<");
	put_n(m, t->name.at, t->name.n);
	put_attributes(m, t);
	put(m, t->empty ? "/>" : ">");
}

static void put_close(struct make *m, struct piece name)
{
	put(m, "</");
	put_n(m, name.at, name.n);
	put(m, ">\n");
}

/* --- the root --- */

/* From what is drawn, so that two pictures of one page differ: FNV-1a. */
static void make_id(struct make *m, const char *in, size_t n)
{
	uint64_t h = UINT64_C(14695981039346656037);
	size_t to = 0;

	if (m->look->id) {
		for (const char *s = m->look->id; *s && to < ID_MAX - 2; s++)
			if (isalnum((unsigned char)*s) || *s == '-' || *s == '_')
				m->id[to++] = *s;
		m->id[to++] = '-';
		m->id[to] = '\0';
		return;
	}
	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)in[i]) * UINT64_C(1099511628211);
	for (const char *s = m->look->title ? m->look->title : ""; *s; s++)
		h = (h ^ (unsigned char)*s) * UINT64_C(1099511628211);
	snprintf(m->id, sizeof(m->id), "v%08x-", (unsigned)(h ^ h >> 32));
}

static void put_root(struct make *m)
{
	const struct plot_svg_look *l = m->look;
	bool told = l->title && *l->title, about = l->about && *l->about;
	char text[160];

	if (!l->inlined)
		put(m, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n");
	put(m, "<svg xmlns=\"http://www.w3.org/2000/svg\" "
	       "xmlns:xlink=\"http://www.w3.org/1999/xlink\"");
	if (!l->inlined) {
		snprintf(text, sizeof(text), " width=\"%.0f\" height=\"%.0f\" color=\"black\"",
			 l->width, l->height);
		put(m, text);
	}
	snprintf(text, sizeof(text), " viewBox=\"0 0 %.0f %.0f\" role=\"img\"", l->width,
		 l->height);
	put(m, text);
	for (unsigned i = 0; i < USUAL; i++)
		put_attribute(m, usual[i].name,
			      (struct piece){usual[i].ours, strlen(usual[i].ours)});
	if (told)
		put_reference(m, "aria-labelledby", "", (struct piece){"title", 5});
	if (about)
		put_reference(m, "aria-describedby", "", (struct piece){"desc", 4});
	put(m, ">\n");
	if (told) {
		put(m, "<title");
		put_reference(m, "id", "", (struct piece){"title", 5});
		put(m, ">");
		put_escaped(m, l->title);
		put(m, "</title>\n");
	}
	if (about) {
		put(m, "<desc");
		put_reference(m, "id", "", (struct piece){"desc", 4});
		put(m, ">");
		put_escaped(m, l->about);
		put(m, "</desc>\n");
	}
	if (!l->inlined)
		put(m, "<rect width=\"100%\" height=\"100%\" fill=\"white\" stroke=\"none\"/>\n");
}

/* --- all of it --- */

/* s is behind the tag `name`, which is not wanted: the place behind its end. */
static const char *skip_element(const char *s, const char *end, struct piece name)
{
	unsigned depth = 1;
	struct tag t;

	while (s < end) {
		const char *tag = memchr(s, '<', (size_t)(end - s));

		if (!tag)
			return end;
		s = read_tag(tag, end, &t);
		if (!s) {
			s = tag + 1;
			continue;
		}
		if (t.name.n != name.n || memcmp(t.name.at, name.at, name.n) || t.empty)
			continue;
		depth += t.closes ? -1u : 1u;
		if (depth == 0)
			return s;
	}
	return end;
}

static bool only_space(const char *s, size_t n)
{
	while (n && isspace((unsigned char)*s)) {
		s++;
		n--;
	}
	return n == 0;
}

/* 0; -EINVAL: not well formed. *s moves on behind what was handled. */
static int handle_tag(struct make *m, const char **s, const char *end)
{
	struct tag t;
	const char *behind;

	if (end - *s >= 2 && ((*s)[1] == '?' || (*s)[1] == '!')) {
		behind = memchr(*s, '>', (size_t)(end - *s));
		*s = behind ? behind + 1 : end;
		return 0;
	}
	behind = read_tag(*s, end, &t);
	if (!behind)
		return -EINVAL;
	*s = behind;
	if (t.closes) {
		struct open *o;

		if (m->depth == 0)
			return -EINVAL;
		o = &m->open[--m->depth];
		if (o->name.n != t.name.n || memcmp(o->name.at, t.name.at, t.name.n))
			return -EINVAL;
		if (m->depth == 0)
			put(m, "</svg>\n");
		else if (!m->no_memory && only_space(m->out + o->filled, m->n - o->filled))
			m->n = o->begin; /* gnuplot opens many a group for nothing */
		else
			put_close(m, t.name);
		return 0;
	}
	if (m->depth == 0) {
		if (!is(t.name, "svg") || t.empty || m->n > 0)
			return -EINVAL;
		put_root(m);
	} else if (!is_one_of(t.name, shapes)) {
		if (!t.empty)
			*s = skip_element(behind, end, t.name);
		return 0;
	}
	if (!t.empty && m->depth == DEPTH_MAX)
		return -EINVAL;
	if (!t.empty)
		m->open[m->depth] = (struct open){.name = t.name, .begin = m->n};
	if (m->depth > 0)
		put_open(m, &t);
	if (t.empty)
		put(m, "\n");
	else
		m->open[m->depth++].filled = m->n;
	return 0;
}

static void handle_text(struct make *m, const char *s, size_t n)
{
	/* Between elements: line breaks at most. */
	if (m->depth == 0 || only_space(s, n))
		return;
	if (is(m->open[m->depth - 1].name, "text") || is(m->open[m->depth - 1].name, "tspan"))
		put_n(m, s, n);
}

int plot_svg_make(const char *in, size_t n, const struct plot_svg_look *look, char **out,
		  size_t *out_n)
{
	struct make m = {.look = look};
	const char *s = in, *end = in + n;
	int err = 0;

	*out = NULL;
	*out_n = 0;
	make_id(&m, in, n);
	while (!err && s < end) {
		const char *tag = memchr(s, '<', (size_t)(end - s));

		handle_text(&m, s, (size_t)((tag ? tag : end) - s));
		s = tag ? tag : end;
		if (tag)
			err = handle_tag(&m, &s, end);
	}
	if (!err && (m.depth > 0 || m.n == 0))
		err = -EINVAL;
	if (m.no_memory)
		err = -ENOMEM;
	if (err) {
		free(m.out);
		return err;
	}
	*out = m.out;
	*out_n = m.n;
	return 0;
}
