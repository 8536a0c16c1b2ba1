/*
 * monitor.h - the monitor (Ctrl-A c): looks at a VM through its public headers while it runs. Commands are spelled as QEMU's where it has them.
 */
#ifndef DBTVM_DEBUG_MONITOR_H
#define DBTVM_DEBUG_MONITOR_H

struct vm;

/* One line typed by the user, without newline; answers through vm_tell(). On the I/O thread, without the VM lock. */
void monitor_line(struct vm *vm, const char *line);

#endif
