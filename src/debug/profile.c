/*
 * profile.c - time shares by sampling: a timer signal on the core's own thread, PROFILE_HZ times a second of wall time.
 *
 * A sample in code memory is translated code. Elsewhere the thread says itself what it is doing (cpu->activity); what says nothing is the rest
 * of the run loop and the helpers that translated code calls. Wall time, not CPU time: waiting for interrupts is a row.
 */
#include "base/base.h"
#include "debug/profile.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "cpu/cpu.h"
#include "machine/vm.h"
#include "translator/translator.h"

/* Not a divisor of what guests and hosts tick at. */
#define PROFILE_HZ 997

struct profile {
	const struct cpu *cpu;
	timer_t timer;
	uint64_t code, activity[ACTIVITY_COUNT];
};

static void sample(int number, siginfo_t *info, void *context)
{
	struct profile *profile = info->si_value.sival_ptr;
	const ucontext_t *uc = context;
	const struct cpu *cpu = profile->cpu;

	if (translator_is_code(cpu->translator, (const void *)uc->uc_mcontext.gregs[REG_RIP]))
		profile->code++;
	else
		profile->activity[cpu->activity]++;
}

struct profile *profile_start(struct vm *vm, struct error *err)
{
	struct sigaction action = { .sa_sigaction = sample, .sa_flags = SA_SIGINFO | SA_RESTART };
	const struct itimerspec period = { .it_interval.tv_nsec = 1000000000 / PROFILE_HZ, .it_value.tv_nsec = 1000000000 / PROFILE_HZ };
	struct profile *profile = calloc(1, sizeof(*profile));
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGPROF, .sigev_value.sival_ptr = profile };

	if (!profile) {
		error_set(err, ENOMEM, "-profile: not enough memory");
		return NULL;
	}
	profile->cpu = vm_cpu(vm, 0);
	event._sigev_un._tid = gettid();
	sigemptyset(&action.sa_mask);
	if (sigaction(SIGPROF, &action, NULL) || timer_create(CLOCK_MONOTONIC, &event, &profile->timer)) {
		error_set(err, errno, "-profile: no timer to sample with: %s", strerror(errno));
		free(profile);
		return NULL;
	}
	timer_settime(profile->timer, 0, &period, NULL);
	return profile;
}

void profile_stop(struct profile *profile)
{
	/* A signal that is already on its way must find nothing to do. */
	signal(SIGPROF, SIG_IGN);
	timer_delete(profile->timer);
}

void profile_print(const struct profile *profile, void (*print)(void *opaque, const char *line), void *opaque)
{
	static const char *const names[ACTIVITY_COUNT] = {
#define ACTIVITY(id, name, help) name,
#include "cpu/cpu_activities.def"
#undef ACTIVITY
	};
	static const char *const helps[ACTIVITY_COUNT] = {
#define ACTIVITY(id, name, help) help,
#include "cpu/cpu_activities.def"
#undef ACTIVITY
	};
	uint64_t total = profile->code;
	char line[160];

	for (unsigned i = 0; i < ACTIVITY_COUNT; i++)
		total += profile->activity[i];
	snprintf(line, sizeof(line), "profile: %" PRIu64 " samples of the core's thread, %d a second", total, PROFILE_HZ);
	print(opaque, line);
	if (!total)
		return;
	snprintf(line, sizeof(line), "  %-12s %5.1f %%  guest code as translated", "code", 100.0 * (double)profile->code / (double)total);
	print(opaque, line);
	for (unsigned i = 0; i < ACTIVITY_COUNT; i++) {
		snprintf(line, sizeof(line), "  %-12s %5.1f %%  %s", names[i], 100.0 * (double)profile->activity[i] / (double)total, helps[i]);
		print(opaque, line);
	}
}

void profile_destroy(struct profile *profile)
{
	free(profile);
}
