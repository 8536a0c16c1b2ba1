/*
 * profile.h - -profile: where the core's thread spends its time, by sampling. For the guest's own functions see bench/hot and -jitdump.
 */
#ifndef DBTVM_DEBUG_PROFILE_H
#define DBTVM_DEBUG_PROFILE_H

#include "base/base.h"
#include "base/error.h"

struct profile;
struct vm;

/* Starts sampling the calling thread, which must be the one that calls vm_run(). NULL and a filled error. */
struct profile *profile_start(struct vm *vm, struct error *err);
/* Ends it, on the same thread. */
void profile_stop(struct profile *profile);
/* A line for each activity with its share; "no samples" when the run was too short. After profile_stop(). */
void profile_print(const struct profile *profile, void (*print)(void *opaque, const char *line), void *opaque);
void profile_destroy(struct profile *profile);

#endif
