#include "base/base.h"
#include "host/io_loop.h"

#include "tests/host/bench.h"

#include <signal.h>
#include <sys/wait.h>

struct recorder {
	atomic_int count;
	int order[100];
	pthread_t thread;
};

struct call {
	struct recorder *recorder;
	int number;
};

static void record(void *opaque)
{
	struct call *call = opaque;
	int n = atomic_load(&call->recorder->count);

	call->recorder->order[n] = call->number;
	call->recorder->thread = pthread_self();
	atomic_store(&call->recorder->count, n + 1);
}

START_TEST(calls_run_in_order_on_the_thread)
{
	struct bench bench;
	struct recorder recorder = { 0 };
	struct call calls[100];

	bench_init(&bench, 1);
	for (int i = 0; i < 100; i++) {
		calls[i] = (struct call){ &recorder, i };
		/* Those made before the start wait for it. */
		if (i == 50) {
			ck_assert_int_eq(atomic_load(&recorder.count), 0);
			bench_run(&bench);
		}
		io_loop_call(bench.loop, record, &calls[i]);
	}
	bench_expect_int(&recorder.count, 100);
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(recorder.order[i], i);
	ck_assert(!pthread_equal(recorder.thread, pthread_self()));
	bench_fini(&bench);
}
END_TEST

START_TEST(after_stop_nothing_is_called)
{
	struct bench bench;
	struct recorder recorder = { 0 };
	struct call call = { &recorder, 1 };

	bench_init(&bench, 1);
	bench_run(&bench);
	io_loop_stop(bench.loop);
	io_loop_stop(bench.loop);
	io_loop_call(bench.loop, record, &call);
	for (unsigned i = 0; i < 20; i++)
		nap();
	ck_assert_int_eq(atomic_load(&recorder.count), 0);
	bench_fini(&bench);
}
END_TEST

START_TEST(signals_reach_the_hooks)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	sigset_t before, after;

	/* Whoever runs the tests may have some of them ignored. */
	for (unsigned i = 0; i < ARRAY_SIZE(ends); i++)
		signal(ends[i], SIG_DFL);
	pthread_sigmask(SIG_SETMASK, NULL, &before);
	for (unsigned i = 0; i < ARRAY_SIZE(ends); i++) {
		struct bench bench;

		bench_init(&bench, 1);
		bench_run(&bench);
		kill(getpid(), SIGUSR1);
		bench_expect_int(&bench.stats, 1);
		kill(getpid(), ends[i]);
		bench_expect_int(&bench.quit, ends[i]);
		bench_fini(&bench);
	}
	pthread_sigmask(SIG_SETMASK, NULL, &after);
	for (int signum = 1; signum < SIGRTMIN; signum++)
		ck_assert_int_eq(sigismember(&before, signum), sigismember(&after, signum));
}
END_TEST

START_TEST(a_signal_before_the_start_is_not_lost)
{
	struct bench bench;

	signal(SIGTERM, SIG_DFL);
	bench_init(&bench, 1);
	kill(getpid(), SIGTERM);
	bench_run(&bench);
	bench_expect_int(&bench.quit, SIGTERM);
	bench_fini(&bench);
}
END_TEST

START_TEST(what_is_ignored_stays_ignored)
{
	struct bench bench;

	signal(SIGHUP, SIG_IGN);
	bench_init(&bench, 1);
	bench_run(&bench);
	kill(getpid(), SIGHUP);
	kill(getpid(), SIGUSR1);
	bench_expect_int(&bench.stats, 1);
	ck_assert_int_eq(atomic_load(&bench.quit), -1);
	bench_fini(&bench);
	signal(SIGHUP, SIG_DFL);
}
END_TEST

START_TEST(the_second_signal_ends_a_vm_that_hangs)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		struct bench bench;

		signal(SIGTERM, SIG_DFL);
		bench_init(&bench, 1);
		bench_run(&bench);
		kill(getpid(), SIGTERM);
		bench_expect_int(&bench.quit, SIGTERM);
		kill(getpid(), SIGTERM);
		sleep(20);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { calls_run_in_order_on_the_thread, after_stop_nothing_is_called, signals_reach_the_hooks,
		                       a_signal_before_the_start_is_not_lost, what_is_ignored_stays_ignored,
		                       the_second_signal_ends_a_vm_that_hangs };

	return check_run("io_loop", tests, ARRAY_SIZE(tests));
}
