/* SPDX-License-Identifier: BSD-2-Clause */
/* gnuplot's SVG made fit for a page; and gnuplot as a child that may do anything. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "bench/gnuplot.h"
#include "bench/plot_svg.h"
#include "scratch.h"

static const char drawing[] =
	"<?xml version=\"1.0\" encoding=\"utf-8\"  standalone=\"no\"?>\n"
	"<svg \n width=\"640\" height=\"480\"\n viewBox=\"0 0 640 480\"\n>\n"
	"<title>Gnuplot</title>\n<desc>Produced by GNUPLOT</desc>\n"
	"<g id=\"gnuplot_canvas\">\n"
	"<rect x=\"0\" y=\"0\" width=\"640\" height=\"480\" fill=\"none\"/>\n"
	"<defs><circle id='gpDot' r='0.5' stroke-width='0.5' stroke='currentColor'/>\n"
	"<path id='gpPt0' stroke-width='0.190' stroke='currentColor' d='M-1,0 h2'/>\n"
	"<filter id='textbox'><feFlood flood-color='white'/></filter></defs>\n"
	"<g fill=\"none\" color=\"white\" stroke=\"currentColor\" stroke-width=\"1.00\">\n</g>\n"
	"<g fill=\"none\" color=\"black\" stroke=\"currentColor\" stroke-width=\"1.00\">\n"
	"\t<path stroke='rgb(  1,   2,   3)'  d='M1.00,2.00 L3.00,4.00  '/></g>\n"
	"<g id=\"gnuplot_plot_1\" ><title>gnuplot_plot_1</title>\n"
	"<g fill=\"none\" color=\"black\" stroke=\"rgb(0,114,178)\" stroke-width=\"2.00\">\n"
	"\t<use xlink:href='#gpPt0' transform='translate(1,2) scale(5)' color='white'/>\n"
	"\t<use xlink:href='#gpPt0' transform='translate(1,2) scale(4)' color='rgb(  0, 114, "
	"178)'/>\n"
	"</g></g>\n"
	"<g transform=\"translate(1,2)\" stroke=\"none\" fill=\"rgb(1,2,3)\" "
	"font-family=\"sans-serif:Bold\" font-size=\"18.00\"  text-anchor=\"start\">\n"
	"<text>a &lt;b&gt; &amp; c</text>\n</g>\n</g>\n</svg>\n";

static char *made(const char *in, const struct plot_svg_look *look)
{
	char *out = NULL;
	size_t n = 0;
	int err = plot_svg_make(in, strlen(in), look, &out, &n);

	CU_ASSERT(err == 0 || (err == -EINVAL && !out));
	CU_ASSERT(!out || n == strlen(out));
	return out;
}

static void test_inline(void)
{
	struct plot_svg_look look = {.inlined = true,
				     .title = "a < b",
				     .about = "what & how",
				     .width = 640,
				     .height = 480};
	char *a = made(drawing, &look), *b;

	CU_ASSERT_PTR_NOT_NULL_FATAL(a);
	CU_ASSERT_EQUAL(strncmp(a, "<svg ", 5), 0);
	CU_ASSERT_STRING_EQUAL(a + strlen(a) - 7, "</svg>\n");
	CU_ASSERT_PTR_NOT_NULL(strstr(a, "viewBox=\"0 0 640 480\""));
	/* It takes the width it is given, and the background. */
	CU_ASSERT_PTR_NULL(strstr(a, " width=\"640\""));
	CU_ASSERT_PTR_NULL(strstr(a, "<rect"));
	CU_ASSERT_PTR_NULL(strstr(a, "white"));
	CU_ASSERT_PTR_NULL(strstr(a, "black"));
	CU_ASSERT_PTR_NULL(strstr(a, "rgb(  1,"));
	CU_ASSERT_PTR_NULL(strstr(a, "rgb(1,2,3)"));
	CU_ASSERT_PTR_NULL(strstr(a, "sans-serif"));
	CU_ASSERT_PTR_NOT_NULL(strstr(a, "<path stroke=\"currentColor\" d="));
	CU_ASSERT_PTR_NOT_NULL(strstr(a, "fill=\"currentColor\""));
	CU_ASSERT_PTR_NOT_NULL(strstr(a, "font-weight=\"bold\""));
	CU_ASSERT_PTR_NOT_NULL(strstr(a, "color=\"rgb(  0, 114, 178)\""));
	CU_ASSERT_PTR_NOT_NULL(strstr(a, "var(--plot-ground"));
	/* For those who do not see it. */
	CU_ASSERT_PTR_NOT_NULL(strstr(a, ">a &lt; b</title>"));
	CU_ASSERT_PTR_NOT_NULL(strstr(a, ">what &amp; how</desc>"));
	CU_ASSERT_PTR_NOT_NULL(strstr(a, "role=\"img\""));
	CU_ASSERT_PTR_NULL(strstr(a, "Gnuplot"));
	CU_ASSERT_PTR_NULL(strstr(a, "gnuplot_plot_1<"));
	CU_ASSERT_PTR_NULL(strstr(a, "<filter"));
	CU_ASSERT_PTR_NOT_NULL(strstr(a, "<text>a &lt;b&gt; &amp; c</text>"));
	/* Another picture, other ids. */
	look.title = "c";
	b = made(drawing, &look);
	CU_ASSERT(b && strncmp(strstr(a, " id=\""), strstr(b, " id=\""), 14) != 0);
	free(b);
	look.id = "p\"<3";
	b = made(drawing, &look);
	CU_ASSERT(b && strstr(b, "id=\"p3-gpPt0\"") && strstr(b, "xlink:href=\"#p3-gpPt0\""));
	CU_ASSERT(b && !strstr(b, "id=\"gp"));
	free(b);
	free(a);
}

static void test_file_of_its_own(void)
{
	struct plot_svg_look look = {.title = "a", .width = 640, .height = 480};
	char *a = made(drawing, &look);

	CU_ASSERT_PTR_NOT_NULL_FATAL(a);
	CU_ASSERT_EQUAL(strncmp(a, "<?xml ", 6), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(a, " width=\"640\" height=\"480\""));
	CU_ASSERT_PTR_NOT_NULL(strstr(a, "fill=\"white\""));
	CU_ASSERT_PTR_NOT_NULL(strstr(a, "color=\"white\"")); /* behind points */
	CU_ASSERT_PTR_NOT_NULL(strstr(a, "font-family=\"sans-serif\""));
	free(a);
}

/* Whatever calls itself gnuplot: shapes and text come out, or nothing. */
static void test_foreign(void)
{
	static const char *const refused[] = {
		"",
		"no picture",
		"<html></html>",
		"<svg",
		"<svg>",
		"<svg/>",
		"<svg><g></svg>",
		"<svg></g></svg>",
		"</svg>",
		"<svg></svg><svg></svg>",
		"<svg a></svg>",
		"<svg a=b></svg>",
		"<svg><path d='<'/></svg>",
		"<svg><g",
		"<svg>< ></svg>",
	};
	static const char bad[] = "<svg onload='x()'><script>alert(1)</script><style>*{}</style>"
				  "<a href='http://x/'><text onclick='y()'>t</text></a>"
				  "<foreignObject><iframe src='z'></iframe></foreignObject>"
				  "<g style='fill:url(http://x/)' fill='url(http://x/)' id='i'>"
				  "<use xlink:href='http://x/#p'/><use href='data:x'/>"
				  "<path d='M1' fill='expression(1);'/><image href='q'/></g>"
				  "<!-- c --><![CDATA[ <script/> ]]>loose</svg>";
	struct plot_svg_look look = {.inlined = true, .width = 1, .height = 1};
	char deep[2000] = "<svg>", *out;

	for (unsigned i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		out = made(refused[i], &look);
		CU_ASSERT_PTR_NULL(out);
		if (out)
			printf("\n    %s\n", refused[i]);
		free(out);
	}
	for (unsigned i = 0; i < 300; i++)
		strcat(deep, "<g>");
	CU_ASSERT_PTR_NULL(made(deep, &look));
	out = made(bad, &look);
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	CU_ASSERT_PTR_NULL(strstr(out, "script"));
	CU_ASSERT_PTR_NULL(strstr(out, "style"));
	CU_ASSERT_PTR_NULL(strstr(out, "onload"));
	CU_ASSERT_PTR_NULL(strstr(out, "onclick"));
	CU_ASSERT_PTR_NULL(strstr(out, "alert"));
	CU_ASSERT_PTR_NULL(strstr(out, "http://x"));
	CU_ASSERT_PTR_NULL(strstr(out, "data:"));
	CU_ASSERT_PTR_NULL(strstr(out, "iframe"));
	CU_ASSERT_PTR_NULL(strstr(out, "<image"));
	CU_ASSERT_PTR_NULL(strstr(out, "expression"));
	CU_ASSERT_PTR_NULL(strstr(out, "loose"));
	CU_ASSERT_PTR_NOT_NULL(strstr(out, "<path d=\"M1\"/>"));
	free(out);
}

/* --- gnuplot --- */

static struct scratch dir;
static char said[512], path_was[4096];

/* A directory with nothing but a gnuplot that does what body says, and a PATH that is it. */
static void become(const char *body)
{
	char path[128];
	FILE *f;

	scratch_enter(&dir);
	snprintf(path_was, sizeof(path_was), "%s", getenv("PATH") ? getenv("PATH") : "");
	snprintf(path, sizeof(path), "%.64s:/usr/bin:/bin", dir.place);
	if (!body)
		snprintf(path, sizeof(path), "%.64s", dir.place);
	setenv("PATH", path, 1);
	if (!body)
		return;
	f = fopen("gnuplot", "w");
	if (!f)
		abort();
	fprintf(f, "#!/bin/sh\n%s\n", body);
	fclose(f);
	chmod("gnuplot", 0755);
}

static void leave(void)
{
	setenv("PATH", path_was, 1);
	scratch_leave(&dir);
}

static int run(double timeout_s, char **out, size_t *n)
{
	FILE *err = fmemopen(said, sizeof(said), "w");
	int e;

	if (!err)
		abort();
	memset(said, 0, sizeof(said));
	e = gnuplot_run("a script\n", 9, timeout_s, out, n, err);
	fclose(err);
	/* One line when it fails, none when it does not. */
	CU_ASSERT(e ? strchr(said, '\n') == said + strlen(said) - 1 : said[0] == '\0');
	CU_ASSERT((e == 0) == (*out != NULL));
	return e;
}

static int run_as(const char *body, double timeout_s)
{
	char *out;
	size_t n;
	int e;

	become(body);
	e = run(timeout_s, &out, &n);
	free(out);
	leave();
	return e;
}

static void test_script_goes_in(void)
{
	char *out;
	size_t n;

	become("echo \"$1 $LC_ALL [$GNUTERM$LANG$GNUPLOT_LIB]\"; cat; echo warning >&2");
	setenv("GNUTERM", "x11", 1);
	setenv("GNUPLOT_LIB", "/", 1);
	CU_ASSERT_EQUAL(run(10, &out, &n), 0);
	CU_ASSERT(out && strcmp(out, "-d C.UTF-8 []\na script\n") == 0 && n == strlen(out));
	unsetenv("GNUTERM");
	unsetenv("GNUPLOT_LIB");
	free(out);
	leave();
}

static void test_failures(void)
{
	CU_ASSERT_EQUAL(run_as(NULL, 10), -ENOENT);
	CU_ASSERT_STRING_EQUAL(said,
			       "vop-bench: plot needs gnuplot: install the package gnuplot-nox\n");
	CU_ASSERT_EQUAL(
		run_as("printf 'plot x\\n     ^\\n     line 3: bad\\033 thing\\n\\n' >&2; exit 3",
		       10),
		-EIO);
	CU_ASSERT_STRING_EQUAL(said,
			       "vop-bench: gnuplot failed with status 3: line 3: bad  thing\n");
	CU_ASSERT_EQUAL(run_as("exit 1", 10), -EIO);
	CU_ASSERT_PTR_NOT_NULL(strstr(said, "did not say why"));
	CU_ASSERT_EQUAL(run_as("exit 0", 10), -EIO);
	CU_ASSERT_PTR_NOT_NULL(strstr(said, "drew nothing"));
	CU_ASSERT_EQUAL(run_as("kill -9 $$", 10), -EIO);
	CU_ASSERT_PTR_NOT_NULL(strstr(said, "signal 9"));
	CU_ASSERT_EQUAL(run_as("exec cat /dev/zero", 10), -EIO);
	CU_ASSERT_PTR_NOT_NULL(strstr(said, "64 MiB"));
}

static void test_not_a_program(void)
{
	char *out;
	size_t n;

	become("exit 0");
	chmod("gnuplot", 0644);
	setenv("PATH", dir.place, 1);
	CU_ASSERT(run(10, &out, &n) == -EIO || getuid() == 0);
	free(out);
	CU_ASSERT_EQUAL(scratch_files("."), 1);
	leave();
}

/* A time-out ends what it started as well; who waits for the pipe would wait for ever otherwise. */
static void test_hangs(void)
{
	int fd[2];
	char c;

	CU_ASSERT_EQUAL_FATAL(pipe(fd), 0);
	become("echo half; sleep 600 & echo $! >child; sleep 600");
	{
		char *out;
		size_t n;

		CU_ASSERT_EQUAL(run(0.5, &out, &n), -ETIMEDOUT);
		CU_ASSERT_PTR_NOT_NULL(strstr(said, "did not end within 0.5 s"));
	}
	{
		FILE *f = fopen("child", "r");
		int pid = 0;

		CU_ASSERT(f && fscanf(f, "%d", &pid) == 1);
		if (f)
			fclose(f);
		/* Killed; reaped by whoever inherits it, in a moment. */
		for (unsigned i = 0; i < 2000 && pid > 0 && kill(pid, 0) == 0; i++) {
			char path[64], state = '?';

			snprintf(path, sizeof(path), "/proc/%d/stat", pid);
			f = fopen(path, "r");
			if (f && fscanf(f, "%*d (%*[^)]) %c", &state) == 1 && state == 'Z')
				pid = 0;
			if (f)
				fclose(f);
			usleep(5000);
		}
		CU_ASSERT(pid == 0 || kill(pid, 0) != 0);
	}
	leave();
	close(fd[1]);
	CU_ASSERT_EQUAL(read(fd[0], &c, 1), 0); /* nobody holds our descriptors */
	close(fd[0]);
}

/* Who dies while gnuplot draws takes it along. */
static void test_dies_with_us(void)
{
	int fd[2];
	pid_t pid;
	char c;

	become("echo x >&9; exec sleep 600");
	CU_ASSERT_EQUAL_FATAL(mkfifo("alive", 0600), 0);
	{
		FILE *f = fopen("gnuplot", "w");

		fprintf(f, "#!/bin/sh\nexec 9>alive\necho x >&9\nexec sleep 600\n");
		fclose(f);
	}
	fd[0] = open("alive", O_RDONLY | O_NONBLOCK);
	CU_ASSERT_FATAL(fd[0] >= 0);
	pid = fork();
	if (pid == 0) {
		char *out;
		size_t n;

		gnuplot_run("x", 1, 0, &out, &n, stderr);
		_exit(0);
	}
	fcntl(fd[0], F_SETFL, 0);
	/* A byte when it runs; the end of the file when it does no more. */
	while (read(fd[0], &c, 1) != 1)
		usleep(1000);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	while (read(fd[0], &c, 1) > 0)
		;
	close(fd[0]);
	leave();
}

int suite_plot_svg(void)
{
	CU_pSuite s = CU_add_suite("plot_svg", NULL, NULL);

	if (!s || !CU_add_test(s, "inline", test_inline) ||
	    !CU_add_test(s, "a file of its own", test_file_of_its_own) ||
	    !CU_add_test(s, "foreign", test_foreign) ||
	    !CU_add_test(s, "the script goes in, the picture comes out", test_script_goes_in) ||
	    !CU_add_test(s, "a gnuplot that fails", test_failures) ||
	    !CU_add_test(s, "a gnuplot that is no program", test_not_a_program) ||
	    !CU_add_test(s, "a gnuplot that hangs", test_hangs) ||
	    !CU_add_test(s, "a gnuplot left alone", test_dies_with_us))
		return CU_get_error();
	return 0;
}
