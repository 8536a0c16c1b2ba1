/*
 * chardev_mux.c - one terminal for the guest and for the monitor.
 *
 * Ctrl-A starts a command, as in QEMU's -nographic. What is typed at the
 * monitor is edited here, a line at a time; what lines mean is the monitor's affair.
 */
#include "base/base.h"
#include "host/chardev.h"
#include "host/chardev_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CTRL_KEY(letter) ((letter) - 'A' + 1)
#define ESCAPE CTRL_KEY('A')
#define LINE_MAX_LEN 1024u
#define PROMPT "(dbtvm) "

struct chardev_mux {
	struct chardev *chr;
	bool escaped; /* the last byte was Ctrl-A */
	bool at_monitor;
	bool after_cr; /* a "\n" that follows belongs to the "\r" */
	size_t len;
	char line[LINE_MAX_LEN];
};

struct chardev_mux *chardev_mux_create(struct chardev *chr)
{
	struct chardev_mux *mux = calloc(1, sizeof(*mux));

	if (mux)
		mux->chr = chr;
	return mux;
}

void chardev_mux_destroy(struct chardev_mux *mux)
{
	free(mux);
}

static void print(struct chardev_mux *mux, const char *text)
{
	chardev_write(mux->chr, (const uint8_t *)text, strlen(text));
}

static void print_help(struct chardev_mux *mux)
{
	print(mux, "\n"
	           "C-a h    print this help\n"
	           "C-a x    end dbtvm\n"
	           "C-a c    switch between the console and the monitor\n"
	           "C-a b    send a break\n"
	           "C-a C-a  send C-a\n"
	           "C-a s    (saving disks is not supported: there are none)\n");
}

static void switch_focus(struct chardev_mux *mux)
{
	mux->at_monitor = !mux->at_monitor;
	mux->len = 0;
	print(mux, mux->at_monitor ? "\n" PROMPT : "\n");
}

static void command(struct chardev_mux *mux, uint8_t byte)
{
	/* What was typed before it comes before it. */
	chardev_deliver(mux->chr);
	switch (byte) {
	case 'h':
	case '?':
		print_help(mux);
		break;
	case 'x':
		print(mux, "dbtvm: Terminated\n");
		io_loop_quit(mux->chr->loop, 0);
		break;
	case 'c':
		switch_focus(mux);
		break;
	case 'b':
		mux->chr->breaks++;
		chardev_deliver(mux->chr);
		break;
	case 's':
		print(mux, "\ndbtvm: C-a s is not supported\n");
		break;
	default:
		break;
	}
}

static void run_line(struct chardev_mux *mux)
{
	const struct io_loop_hooks *hooks = &mux->chr->loop->hooks;

	mux->line[mux->len] = '\0';
	mux->len = 0;
	print(mux, "\n");
	if (hooks->monitor)
		hooks->monitor(hooks->opaque, mux->line);
	else if (!strcmp(mux->line, "quit") || !strcmp(mux->line, "q"))
		io_loop_quit(mux->chr->loop, 0);
	else if (mux->line[0])
		print(mux, "this monitor knows only: quit\n");
	print(mux, PROMPT);
}

static void erase(struct chardev_mux *mux, size_t n)
{
	for (; n && mux->len; n--, mux->len--)
		print(mux, "\b \b");
}

static void edit(struct chardev_mux *mux, uint8_t byte)
{
	bool after_cr = mux->after_cr;

	mux->after_cr = byte == '\r';
	switch (byte) {
	case '\n':
		if (after_cr)
			break;
		run_line(mux);
		break;
	case '\r':
		run_line(mux);
		break;
	case '\b':
	case 0x7f:
		erase(mux, 1);
		break;
	case CTRL_KEY('U'):
		erase(mux, mux->len);
		break;
	case CTRL_KEY('C'):
		mux->len = 0;
		print(mux, "\n" PROMPT);
		break;
	default:
		if (byte < ' ' || mux->len == LINE_MAX_LEN - 1)
			break;
		mux->line[mux->len++] = (char)byte;
		chardev_write(mux->chr, &byte, 1);
		break;
	}
}

void chardev_mux_input(struct chardev_mux *mux, uint8_t byte)
{
	if (!mux->escaped && byte == ESCAPE) {
		mux->escaped = true;
		return;
	}
	if (mux->escaped) {
		mux->escaped = false;
		if (byte != ESCAPE) {
			command(mux, byte);
			return;
		}
	}
	if (mux->at_monitor)
		edit(mux, byte);
	else
		chardev_queue_input(mux->chr, byte);
}
