/*
 * kernel.c - what the guest's kernel does for a program: system calls, signals, pipes, page faults, processes, threads.
 *
 * Runs on the host too, which shows what the operation costs where nothing is emulated. With the argument --exit it exits at once: that is the
 * program that vfork-exec starts.
 */
#define _GNU_SOURCE
#include "bench.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RING 16
#define FAULT_PAGES 64
#define PAGE 4096

static int zero_fd, null_fd, ping[2], pong[2], ring[RING][2];
static pid_t children[RING];
static unsigned child_count;
static uint8_t *region;
static volatile sig_atomic_t signals;
static uint32_t futex_word;

static uint32_t run_getppid(void)
{
	return syscall(SYS_getppid) < 0;
}

static uint32_t run_read(void)
{
	char c;

	return read(zero_fd, &c, 1) != 1;
}

static uint32_t run_write(void)
{
	return write(null_fd, "x", 1) != 1;
}

static uint32_t run_stat(void)
{
	struct stat s;

	return stat("/dev/null", &s) != 0;
}

static uint32_t run_open_close(void)
{
	int fd = open("/dev/null", O_RDONLY);

	return fd < 0 || close(fd);
}

static uint32_t run_clock(void)
{
	struct timespec t;

	return clock_gettime(CLOCK_MONOTONIC, &t) != 0;
}

static void on_signal(int number)
{
	signals += number == SIGUSR1;
}

static void setup_signal(void)
{
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	action.sa_handler = on_signal;
	if (sigaction(SIGUSR1, &action, NULL))
		bench_die("sigaction");
}

static uint32_t run_signal(void)
{
	sig_atomic_t before = signals;

	return kill(getpid(), SIGUSR1) || signals != before + 1;
}

static void setup_files(void)
{
	zero_fd = open("/dev/zero", O_RDONLY);
	null_fd = open("/dev/null", O_WRONLY);
	if (zero_fd < 0 || null_fd < 0)
		bench_die("/dev/zero and /dev/null");
}

/* Passes bytes on until the other side closes. */
static _Noreturn void pass_on(int in, int out)
{
	char c;

	while (read(in, &c, 1) == 1)
		if (write(out, &c, 1) != 1)
			break;
	_exit(0);
}

static void setup_pipe(void)
{
	if (pipe(ping) || pipe(pong))
		bench_die("pipe");
	children[0] = fork();
	if (children[0] < 0)
		bench_die("fork");
	if (!children[0]) {
		close(ping[1]);
		pass_on(ping[0], pong[1]);
	}
	child_count = 1;
}

static uint32_t run_pipe(void)
{
	char c = 'x';

	return write(ping[1], &c, 1) != 1 || read(pong[0], &c, 1) != 1;
}

/* A token goes round sixteen processes: each hop is a switch. The parent is one of them. */
static void setup_ring(void)
{
	for (unsigned i = 0; i < RING; i++)
		if (pipe(ring[i]))
			bench_die("pipe");
	for (unsigned i = 1; i < RING; i++) {
		pid_t pid = fork();

		if (pid < 0)
			bench_die("fork");
		if (!pid)
			pass_on(ring[i - 1][0], ring[i][1]);
		children[i - 1] = pid;
	}
	child_count = RING - 1;
}

static uint32_t run_ring(void)
{
	char c = 'x';

	return write(ring[0][1], &c, 1) != 1 || read(ring[RING - 1][0], &c, 1) != 1;
}

static void end_children(void)
{
	for (unsigned i = 0; i < child_count; i++)
		kill(children[i], SIGKILL);
	while (wait(NULL) > 0)
		;
	child_count = 0;
}

static void setup_region(void)
{
	region = mmap(NULL, FAULT_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (region == MAP_FAILED)
		bench_die("mmap");
	madvise(region, FAULT_PAGES * PAGE, MADV_NOHUGEPAGE);
}

/* Gives 64 pages back and touches each; the one madvise() is shared by 64 faults. */
static uint32_t run_fault(void)
{
	if (madvise(region, FAULT_PAGES * PAGE, MADV_DONTNEED))
		return 1;
	for (unsigned i = 0; i < FAULT_PAGES; i++)
		region[i * PAGE] = 1;
	return 0;
}

static uint32_t run_mmap(void)
{
	uint8_t *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return 1;
	p[0] = 1;
	return munmap(p, PAGE) != 0;
}

static uint32_t run_fork(void)
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(7);
	return pid < 0 || waitpid(pid, &status, 0) != pid || WEXITSTATUS(status) != 7;
}

static uint32_t run_exec(void)
{
	static char self[] = "/proc/self/exe", argument[] = "--exit";
	char *argv[] = { self, argument, NULL }, *envp[] = { NULL };
	int status;
	pid_t pid = vfork();

	if (!pid) {
		execve(self, argv, envp);
		_exit(1);
	}
	return pid < 0 || waitpid(pid, &status, 0) != pid || WEXITSTATUS(status) != 7;
}

static void *thread_body(void *p)
{
	return p;
}

static uint32_t run_thread(void)
{
	pthread_t thread;
	void *result;

	return pthread_create(&thread, NULL, thread_body, children) || pthread_join(thread, &result) || result != children;
}

static uint32_t run_futex_wake(void)
{
	return syscall(SYS_futex, &futex_word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0) != 0;
}

/* Two threads hand a word to and fro: 1 is the helper's turn, 2 the main thread's. */
static pthread_t helper;

static void wait_for(uint32_t value)
{
	uint32_t seen;

	while ((seen = __atomic_load_n(&futex_word, __ATOMIC_ACQUIRE)) != value && seen != 3)
		syscall(SYS_futex, &futex_word, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
}

static void hand_over(uint32_t value)
{
	__atomic_store_n(&futex_word, value, __ATOMIC_RELEASE);
	syscall(SYS_futex, &futex_word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void *helper_body(void *p)
{
	for (;;) {
		wait_for(1);
		if (__atomic_load_n(&futex_word, __ATOMIC_ACQUIRE) == 3)
			return p;
		hand_over(2);
	}
}

static void setup_futex(void)
{
	futex_word = 2;
	if (pthread_create(&helper, NULL, helper_body, NULL))
		bench_die("pthread_create");
}

static void teardown_futex(void)
{
	hand_over(3);
	pthread_join(helper, NULL);
	futex_word = 0;
}

static uint32_t run_futex(void)
{
	hand_over(1);
	wait_for(2);
	return 0;
}

const struct bench bench_table[] = {
	{ "kernel.null-syscall", run_getppid, 1, 0, NULL, NULL },
	{ "kernel.read-1", run_read, 1, 0, setup_files, NULL },
	{ "kernel.write-1", run_write, 1, 0, setup_files, NULL },
	{ "kernel.stat", run_stat, 1, 0, NULL, NULL },
	{ "kernel.open-close", run_open_close, 1, 0, NULL, NULL },
	{ "kernel.clock-gettime", run_clock, 1, 0, NULL, NULL },
	{ "kernel.signal", run_signal, 1, 0, setup_signal, NULL },
	{ "kernel.pipe-round-trip", run_pipe, 1, 0, setup_pipe, end_children },
	{ "kernel.page-fault", run_fault, FAULT_PAGES, 0, setup_region, NULL },
	{ "kernel.mmap-touch-munmap", run_mmap, 1, 0, NULL, NULL },
	{ "kernel.fork-exit-wait", run_fork, 1, 0, NULL, NULL },
	{ "kernel.vfork-exec-wait", run_exec, 1, 0, NULL, NULL },
	{ "kernel.switch-16-processes", run_ring, RING, 0, setup_ring, end_children },
	{ "kernel.thread-create-join", run_thread, 1, 0, NULL, NULL },
	{ "kernel.futex-wake", run_futex_wake, 1, 0, NULL, NULL },
	{ "kernel.futex-round-trip", run_futex, 1, 0, setup_futex, teardown_futex },
	{ NULL, NULL, 0, 0, NULL, NULL },
};

int bench_main_hook(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "--exit"))
		_exit(7);
	return 0;
}
