/*
 * fault.c - the signal that an access to a window raises when its page is not mapped there.
 *
 * The handler looks whether the thread is in translated code, at an instruction that was emitted as such an access, and whether the address
 * lies in the window: then the thread goes on in x64_stubs.fault with the site's number on its stack, as code that missed in the tables
 * jumps to the slow stub, and all else happens there. Every other fault is somebody's error and goes to whoever had the signal
 * before, so that it ends the program as it should. Who had it is state of the process, like that of terminal.c.
 */
#include "base/base.h"
#include "translator/x64/emit.h"

#include <pthread.h>
#include <ucontext.h>

#include "translator/x64/signals.h"

static struct {
	struct sigaction old;
	pthread_once_t once;
} handler = { .once = PTHREAD_ONCE_INIT };

/* The number of the site of the access at @pc, or -1. */
static int32_t find_site(const struct x64 *x64, uintptr_t pc)
{
	uintptr_t offset = pc - (uintptr_t)x64->cache.exec;
	const struct x64_site *sites = x64->sites;
	uint32_t low = 0, high = x64->site_count;
	bool found;

	if (offset >= x64->cache.used)
		return -1;
	/* the first that begins behind it */
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (sites[middle].code <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low--)
		return -1;
	/* Members of a group are of one site; nothing else between them can have faulted in a window. */
	if (sites[low].access & SITE_PLAIN) {
		found = sites[low].code == offset;
	} else {
		const struct x64_access *access = site_access(x64, &sites[low]);

		found = access->raw && offset < access->resume;
	}
	return found ? (int32_t)low : -1;
}

static void on_fault(int signum, siginfo_t *info, void *context)
{
	greg_t *regs = ((ucontext_t *)context)->uc_mcontext.gregs;
	const struct x64 *x64 = signals_x64();
	uintptr_t window = (uintptr_t)regs[REG_R15] + sizeof(struct space);
	int32_t site;

	if (likely(x64 && info->si_code > 0 && (uintptr_t)info->si_addr - window < SPACE_RESERVED - sizeof(struct space))) {
		site = find_site(x64, (uintptr_t)regs[REG_RIP]);
		if (likely(site >= 0)) {
			regs[REG_RSP] -= 8;
			*(uint64_t *)regs[REG_RSP] = (uint64_t)site;
			regs[REG_RIP] = (greg_t)(uintptr_t)x64->stubs.fault;
			return;
		}
	}
	signals_pass_on(signum, info, context, &handler.old);
}

static void install(void)
{
	signals_handle(SIGSEGV, on_fault, &handler.old);
}

void fault_install(void)
{
	pthread_once(&handler.once, install);
}
