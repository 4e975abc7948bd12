// SPDX-License-Identifier: GPL-2.0
/* A view on the terminal, refreshed until q is pressed.  All of ncurses. */
#include <curses.h>
#include <poll.h>
#include <stdbool.h>
#include <unistd.h>

#include "views.h"

static void draw_line(void *arg, const char *text)
{
	int *y = arg;

	mvaddnstr((*y)++, 0, text, COLS);
}

static void draw(const struct cs_view *now, const struct cs_view *before)
{
	int y = 0;

	erase();
	/* The last line is for what can be done. */
	cs_view_draw(now, before, LINES > 1 ? (unsigned int)LINES - 1 : 1,
		     draw_line, &y);
	attron(A_REVERSE);
	mvaddnstr(LINES - 1, 0, "q quits, any other key refreshes", COLS);
	attroff(A_REVERSE);
	refresh();
}

/* Has the terminal gone?  Then there will never be a key. */
static bool hung_up(void)
{
	struct pollfd in = { .fd = STDIN_FILENO };

	return poll(&in, 1, 0) > 0 && in.revents & (POLLHUP | POLLERR);
}

/* Shows views until told to stop; Return: 0, or -1 after a message. */
static int show(struct cs_nl *nl, struct cs_view *views)
{
	bool has_before = false;
	unsigned int turn = 0;
	int key = ERR;

	while (key != 'q' && key != 'Q') {
		if (cs_nl_view(nl, &views[turn]))
			return -1;
		draw(&views[turn], has_before ? &views[!turn] : NULL);
		has_before = true;
		turn = !turn;
		key = getch();
		if (key == ERR && hung_up())
			break;
	}
	return 0;
}

/**
 * cs_screen_run - show a view on the terminal
 * @nl: where it is from
 * @seconds: from one view to the next
 *
 * Return: an exit status.
 */
int cs_screen_run(struct cs_nl *nl, unsigned int seconds)
{
	struct cs_view views[2] = { { .when = 0 }, { .when = 0 } };
	SCREEN *screen = newterm(NULL, stdout, stdin);
	int err;

	if (!screen) {
		cs_err("this terminal is not known: set TERM, or redirect the output");
		return CS_FAILED;
	}
	cbreak();
	noecho();
	curs_set(0);
	timeout((int)seconds * 1000);
	err = show(nl, views);
	endwin();
	delscreen(screen);
	/* What was said on the screen went with it. */
	if (err)
		cs_nl_view(nl, &views[0]);
	cs_view_clear(&views[0]);
	cs_view_clear(&views[1]);
	return err ? CS_FAILED : CS_OK;
}
