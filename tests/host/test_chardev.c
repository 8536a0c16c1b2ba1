#include "base/base.h"
#include "host/chardev.h"

#include "tests/host/bench.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

/* Our ends of the pipes that stand for standard input and output while a chardev opens them. */
struct pipes {
	int in, out;       /* we write and read these */
	int in_far, out_far; /* kept: what dbtvm's parent would still hold */
};

static void open_on_pipes(struct bench *bench, struct pipes *pipes, const char *spec)
{
	int in[2], out[2], old_in = dup(0), old_out = dup(1);

	fflush(stdout);
	ck_assert(!pipe(in) && !pipe(out));
	dup2(in[0], 0);
	dup2(out[1], 1);
	bench_open(bench, spec);
	dup2(old_in, 0);
	dup2(old_out, 1);
	close(old_in);
	close(old_out);
	*pipes = (struct pipes){ in[1], out[0], in[0], out[1] };
}

static void close_pipes(struct pipes *pipes)
{
	close(pipes->in);
	close(pipes->out);
	close(pipes->in_far);
	close(pipes->out_far);
}

START_TEST(stdio_on_pipes)
{
	struct bench bench;
	struct pipes pipes;

	bench_init(&bench, 100);
	open_on_pipes(&bench, &pipes, "stdio");
	put_text(pipes.in, "early");
	chardev_write(bench.chr, (const uint8_t *)"before ", 7);
	bench_run(&bench);
	bench_expect(&bench, "early", 5);
	chardev_write(bench.chr, (const uint8_t *)"after", 5);
	expect_text(pipes.out, "before after");
	put_text(pipes.in, "\001x");
	bench_expect(&bench, "early\001x", 7);
	/* Shared with whoever started us: not to become non-blocking. */
	ck_assert_int_eq(fcntl(pipes.in_far, F_GETFL) & O_NONBLOCK, 0);
	ck_assert_int_eq(fcntl(pipes.out_far, F_GETFL) & O_NONBLOCK, 0);
	ck_assert_int_eq(atomic_load(&bench.quit), -1);
	bench_fini(&bench);
	close_pipes(&pipes);
}
END_TEST

START_TEST(the_end_of_stdin_is_not_ours)
{
	static const char *const inputs[] = { "/dev/null", "/proc/self/cmdline" };

	for (unsigned i = 0; i < ARRAY_SIZE(inputs); i++) {
		struct bench bench;
		int old = dup(0), fd = open(inputs[i], O_RDONLY);
		char text[1000];
		ssize_t len = pread(fd, text, sizeof(text), 0);

		bench_init(&bench, 1000);
		dup2(fd, 0);
		bench_open(&bench, "mon:stdio");
		dup2(old, 0);
		bench_run(&bench);
		bench_expect(&bench, text, (size_t)len);
		for (unsigned k = 0; k < 20; k++)
			nap();
		ck_assert_int_eq(atomic_load(&bench.quit), -1);
		bench_fini(&bench);
		close(fd);
		close(old);
	}
}
END_TEST

START_TEST(terminal_commands)
{
	static const struct {
		const char *typed, *guest, *printed, *line;
		int quit, breaks;
	} cases[] = {
		{ "abc", "abc", "", "", -1, 0 },
		{ "a\001\001b", "a\001b", "", "", -1, 0 },
		{ "a\001zb", "ab", "", "", -1, 0 },
		{ "ab\001x", "ab", "dbtvm: Terminated\n", "", 0, 0 },
		{ "ab\001bcd", "abcd", "", "", -1, 3 },
		{ "a\001chelp me\r\001cb", "ab", "\n(dbtvm) help me\n[help me]\n(dbtvm) \n", "help me", -1, 0 },
		{ "\001cabx\177\bc\r\n", "", "\n(dbtvm) abx\b \b\b \bc\n[ac]\n(dbtvm) ", "ac", -1, 0 },
		{ "\001cab\025c\n", "", "\n(dbtvm) ab\b \b\b \bc\n[c]\n(dbtvm) ", "c", -1, 0 },
		{ "\001cab\003c\n", "", "\n(dbtvm) ab\n(dbtvm) c\n[c]\n(dbtvm) ", "c", -1, 0 },
		{ "\001ca\001xb\001cq", "q", "\n(dbtvm) adbtvm: Terminated\nb\n", "", 0, 0 },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct bench bench;
		struct pipes pipes;

		bench_init(&bench, 100);
		open_on_pipes(&bench, &pipes, "mon:stdio");
		bench_run(&bench);
		put_text(pipes.in, cases[i].typed);
		bench_expect(&bench, cases[i].guest, strlen(cases[i].guest));
		expect_text(pipes.out, cases[i].printed);
		bench_expect_int(&bench.quit, cases[i].quit);
		bench_expect_int(&bench.breaks, cases[i].breaks);
		pthread_mutex_lock(&bench.lock);
		ck_assert_str_eq(bench.line, cases[i].line);
		pthread_mutex_unlock(&bench.lock);
		bench_fini(&bench);
		close_pipes(&pipes);
	}
}
END_TEST

START_TEST(help_names_every_command)
{
	struct bench bench;
	struct pipes pipes;
	char text[1000];

	bench_init(&bench, 100);
	open_on_pipes(&bench, &pipes, "mon:stdio");
	bench_run(&bench);
	put_text(pipes.in, "\001h");
	ssize_t n = 0;

	do
		n += read(pipes.out, text + n, sizeof(text) - 1 - (size_t)n);
	while (text[n - 1] != ')' && text[n - 2] != ')' && n < 900);
	text[n] = '\0';
	for (const char *key = "hxcb"; *key; key++) {
		char line[] = "C-a ? ";

		line[4] = *key;
		ck_assert_msg(strstr(text, line) != NULL, "%s is not in %s", line, text);
	}
	bench_fini(&bench);
	close_pipes(&pipes);
}
END_TEST

START_TEST(a_busy_device_holds_input_back)
{
	struct bench bench;
	struct pipes pipes;
	enum { TOTAL = 300000 };
	static uint8_t bytes[TOTAL];
	size_t sent = 0;

	for (unsigned i = 0; i < TOTAL; i++)
		bytes[i] = (uint8_t)(i * 7 ^ i >> 8);
	bench_init(&bench, TOTAL);
	bench.room = 0;
	open_on_pipes(&bench, &pipes, "stdio");
	bench_run(&bench);
	fcntl(pipes.in, F_SETFL, O_NONBLOCK);
	/* The pipe and the queue are full, and stay so: bounded. */
	for (unsigned idle = 0; idle < 50;) {
		ssize_t n = write(pipes.in, bytes + sent, TOTAL - sent);
		sent += n > 0 ? (size_t)n : 0;
		idle = n > 0 ? 0 : idle + 1;
		nap();
	}
	ck_assert_uint_lt(sent, TOTAL);
	ck_assert_uint_eq(bench.in_len, 0);
	/* The device takes 16 bytes at a time, as a FIFO does. */
	for (unsigned i = 0; i < 100000 && bench.in_len < TOTAL; i++) {
		if (sent < TOTAL) {
			ssize_t n = write(pipes.in, bytes + sent, TOTAL - sent);
			sent += n > 0 ? (size_t)n : 0;
		}
		pthread_mutex_lock(&bench.lock);
		if (bench.room == 0) {
			bench.room = i < 50 ? 16 : 8192;
			if (bench.room > TOTAL - bench.in_len)
				bench.room = TOTAL - bench.in_len;
			chardev_accept_input(bench.chr);
		}
		pthread_mutex_unlock(&bench.lock);
		nap();
	}
	bench_expect(&bench, bytes, TOTAL);
	bench_fini(&bench);
	close_pipes(&pipes);
}
END_TEST

START_TEST(a_file_gets_everything_in_order)
{
	struct bench bench;
	char path[] = "/tmp/dbtvm-test-XXXXXX", spec[100];
	enum { TOTAL = 3000000 };
	static uint8_t bytes[TOTAL], have[TOTAL + 1];
	int fd = mkstemp(path);

	for (unsigned i = 0; i < TOTAL; i++)
		bytes[i] = (uint8_t)(i ^ i >> 8 ^ i >> 16);
	put_text(fd, "to be truncated");
	snprintf(spec, sizeof(spec), "file:%s", path);
	bench_init(&bench, 1);
	bench_open(&bench, spec);
	for (size_t at = 0, n; at < TOTAL; at += n) {
		n = 1 + at * 31 % 977;
		if (n > TOTAL - at)
			n = TOTAL - at;
		chardev_write(bench.chr, bytes + at, n);
		if (at < TOTAL / 4 && at + n >= TOTAL / 4)
			bench_run(&bench);
	}
	chardev_flush(bench.chr);
	ck_assert_int_eq(pread(fd, have, TOTAL + 1, 0), TOTAL);
	ck_assert_mem_eq(have, bytes, TOTAL);
	bench_fini(&bench);
	close(fd);
	unlink(path);
}
END_TEST

START_TEST(closing_flushes)
{
	struct bench bench;
	char path[] = "/tmp/dbtvm-test-XXXXXX", spec[100], have[10] = "";
	int fd = mkstemp(path);

	snprintf(spec, sizeof(spec), "file:%s", path);
	bench_init(&bench, 1);
	bench_open(&bench, spec);
	chardev_write(bench.chr, (const uint8_t *)"last", 4);
	/* The loop has never run. */
	bench_fini(&bench);
	ck_assert_int_eq(read(fd, have, sizeof(have)), 4);
	ck_assert_str_eq(have, "last");
	close(fd);
	unlink(path);
}
END_TEST

static double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

START_TEST(a_reader_that_stalls_does_not_stop_the_guest)
{
	struct bench bench;
	struct pipes pipes;
	static uint8_t block[64 * 1024];

	bench_init(&bench, 1);
	open_on_pipes(&bench, &pipes, "stdio");
	bench_run(&bench);
	double start = seconds();

	/* More than is buffered. */
	for (unsigned i = 0; i < 80; i++)
		chardev_write(bench.chr, block, sizeof(block));
	ck_assert(seconds() - start < 5);
	/* And when it goes away altogether, no signal and no waiting. */
	close(pipes.out);
	pipes.out = open("/dev/null", O_RDONLY);
	start = seconds();
	chardev_flush(bench.chr);
	chardev_write(bench.chr, block, sizeof(block));
	chardev_flush(bench.chr);
	ck_assert(seconds() - start < 5);
	bench_fini(&bench);
	close_pipes(&pipes);
}
END_TEST

START_TEST(stdio_is_there_once)
{
	struct bench bench;
	struct error err = { 0 };

	bench_init(&bench, 1);
	bench_open(&bench, "stdio");
	ck_assert_ptr_null(chardev_open(bench.loop, "mon:stdio", &err));
	ck_assert_ptr_nonnull(strstr(err.msg, "already in use"));
	chardev_close(bench.chr);
	bench_open(&bench, "stdio");
	bench_fini(&bench);
}
END_TEST

START_TEST(bad_specs)
{
	static const struct {
		const char *spec, *says;
	} cases[] = {
		{ "", "is no serial back end" },
		{ "mon:", "is no serial back end" },
		{ "stdiox", "is no serial back end" },
		{ "stdi", "is no serial back end" },
		{ "com1", "is no serial back end" },
		{ "file:/nonexistent/x", "cannot write the serial line's file '/nonexistent/x': No such file" },
		{ "tcp:localhost", "HOST:PORT" },
		{ "tcp:localhost:", "HOST:PORT" },
		{ "tcp:[::1:5", "HOST:PORT" },
		{ "tcp:127.0.0.1:1,bogus", "no option 'bogus'" },
		{ "tcp:127.0.0.1:1,server=maybe", "no option 'server=maybe'" },
		{ "tcp:127.0.0.1:1,waiter", "no option 'waiter'" },
		{ "tcp:127.0.0.1:1", "cannot connect to tcp:127.0.0.1:1: Connection refused" },
		{ "unix:", "1 to 107" },
		{ "unix:/nonexistent/socket", "cannot connect to unix:/nonexistent/socket" },
		{ "unix:/nonexistent/socket,server,nowait", "cannot listen at unix:/nonexistent/socket" },
	};
	struct bench bench;

	bench_init(&bench, 1);
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct error err = { 0 };

		ck_assert_msg(!chardev_open(bench.loop, cases[i].spec, &err), "'%s' was accepted", cases[i].spec);
		ck_assert_msg(strstr(err.msg, cases[i].says) != NULL, "'%s': %s", cases[i].spec, err.msg);
	}
	bench_open(&bench, "null");
	chardev_write(bench.chr, (const uint8_t *)"x", 1);
	bench_fini(&bench);
}
END_TEST

static int unix_connect(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(sun.sun_path, path);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	return fd;
}

/* Sends until the other side answers: what a server says before it has seen us is thrown away. */
static void talk(struct bench *bench, int fd, const char *text, size_t before)
{
	char all[100];

	put_text(fd, text);
	memcpy(all, bench->in, before);
	strcpy(all + before, text);
	bench_expect(bench, all, before + strlen(text));
	chardev_write(bench->chr, (const uint8_t *)text, strlen(text));
	expect_text(fd, text);
}

START_TEST(unix_server_serves_one_after_the_other)
{
	struct bench bench;
	char dir[] = "/tmp/dbtvm-test-XXXXXX", path[100], spec[200];

	ck_assert_ptr_nonnull(mkdtemp(dir));
	/* A comma in the name is written twice. */
	snprintf(path, sizeof(path), "%s/a,b", dir);
	snprintf(spec, sizeof(spec), "unix:%s/a,,b,server=on,wait=off", dir);
	bench_init(&bench, 100);
	bench_open(&bench, spec);
	bench_run(&bench);
	chardev_write(bench.chr, (const uint8_t *)"nobody hears", 12);
	size_t before = 0;

	for (unsigned i = 0; i < 3; i++) {
		char text[] = "hello0";
		int fd = unix_connect(path);

		text[5] = (char)('0' + i);
		talk(&bench, fd, text, before);
		before += strlen(text);
		close(fd);
	}
	bench_fini(&bench);
	ck_assert_int_eq(access(path, F_OK), -1);
	rmdir(dir);
}
END_TEST

static void *connect_later(void *opaque)
{
	for (unsigned i = 0; i < 50; i++)
		nap();
	int *fd = malloc(sizeof(*fd));

	*fd = unix_connect(opaque);
	return fd;
}

START_TEST(unix_server_waits)
{
	struct bench bench;
	char dir[] = "/tmp/dbtvm-test-XXXXXX", path[100], spec[200];
	pthread_t thread;
	void *fd;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/s", dir);
	snprintf(spec, sizeof(spec), "unix:%s,server", path);
	bench_init(&bench, 100);
	pthread_create(&thread, NULL, connect_later, path);
	bench_open(&bench, spec);
	/* It is there already: nothing is lost. */
	chardev_write(bench.chr, (const uint8_t *)"first", 5);
	bench_run(&bench);
	pthread_join(thread, &fd);
	expect_text(*(int *)fd, "first");
	talk(&bench, *(int *)fd, "then", 0);
	close(*(int *)fd);
	free(fd);
	bench_fini(&bench);
	rmdir(dir);
}
END_TEST

static int tcp_socket(struct sockaddr_in *sin)
{
	socklen_t len = sizeof(*sin);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	*sin = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	ck_assert_int_eq(bind(fd, (struct sockaddr *)sin, sizeof(*sin)), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)sin, &len), 0);
	return fd;
}

START_TEST(tcp_client_and_server)
{
	struct sockaddr_in sin;
	struct bench bench;
	char spec[100];
	int listener = tcp_socket(&sin);

	ck_assert_int_eq(listen(listener, 1), 0);
	snprintf(spec, sizeof(spec), "tcp:127.0.0.1:%u,nodelay", ntohs(sin.sin_port));
	bench_init(&bench, 100);
	bench_open(&bench, spec);
	bench_run(&bench);
	int fd = accept(listener, NULL, NULL);

	talk(&bench, fd, "to a server", 0);
	/* The connection's end is not ours; what is written after it is lost. */
	close(fd);
	for (unsigned i = 0; i < 50; i++) {
		chardev_write(bench.chr, (const uint8_t *)"x", 1);
		nap();
	}
	bench_fini(&bench);
	close(listener);

	close(tcp_socket(&sin));
	snprintf(spec, sizeof(spec), "tcp::%u,server,nowait", ntohs(sin.sin_port));
	bench_init(&bench, 100);
	bench_open(&bench, spec);
	bench_run(&bench);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&sin, sizeof(sin)), 0);
	talk(&bench, fd, "from a client", 0);
	close(fd);
	bench_fini(&bench);
}
END_TEST

START_TEST(pty_comes_and_goes)
{
	struct bench bench;
	int fds[2], old = dup(2);
	char text[200] = "";

	bench_init(&bench, 100);
	ck_assert_int_eq(pipe(fds), 0);
	dup2(fds[1], 2);
	bench_open(&bench, "pty");
	dup2(old, 2);
	close(old);
	ck_assert_int_gt(read(fds[0], text, sizeof(text) - 1), 0);
	close(fds[0]);
	close(fds[1]);
	char *path = strstr(text, "/dev/");

	ck_assert_ptr_nonnull(path);
	path[strcspn(path, "\n")] = '\0';
	bench_run(&bench);
	size_t before = 0;

	for (unsigned i = 0; i < 2; i++) {
		char hello[] = "hello0";
		int fd = open(path, O_RDWR | O_NOCTTY);

		ck_assert_int_ge(fd, 0);
		hello[5] = (char)('0' + i);
		talk(&bench, fd, hello, before);
		before += strlen(hello);
		close(fd);
		/* Long enough to be seen. */
		for (unsigned k = 0; k < 50; k++)
			nap();
		chardev_write(bench.chr, (const uint8_t *)"nobody hears", 12);
	}
	bench_fini(&bench);
}
END_TEST

START_TEST(opened_and_closed_while_the_loop_runs)
{
	struct bench bench;
	struct pipes pipes;

	bench_init(&bench, 100);
	bench_run(&bench);
	open_on_pipes(&bench, &pipes, "stdio");
	put_text(pipes.in, "late");
	bench_expect(&bench, "late", 4);
	chardev_write(bench.chr, (const uint8_t *)"answer", 6);
	chardev_close(bench.chr);
	expect_text(pipes.out, "answer");
	bench.chr = NULL;
	bench_fini(&bench);
	close_pipes(&pipes);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		stdio_on_pipes, the_end_of_stdin_is_not_ours, terminal_commands, help_names_every_command, a_busy_device_holds_input_back,
		a_file_gets_everything_in_order, closing_flushes, a_reader_that_stalls_does_not_stop_the_guest, stdio_is_there_once, bad_specs,
		unix_server_serves_one_after_the_other, unix_server_waits, tcp_client_and_server, pty_comes_and_goes,
		opened_and_closed_while_the_loop_runs,
	};

	return check_run("chardev", tests, ARRAY_SIZE(tests));
}
