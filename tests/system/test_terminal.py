#!/usr/bin/env python3
"""The terminal as a person has it: raw while the guest runs, Ctrl-A commands, restored at every end."""
import fcntl
import os
import pty
import signal
import subprocess
import termios
import time

from harness import DBTVM, Guest, main

ARGS = ["-M", "vexpress-a9", "-m", "128", "-nographic"]
ENDS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGSEGV, signal.SIGABRT)


def in_child():
    """A terminal of its own; signals as in a shell's foreground, even when the tests run in the background or under nohup."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    for number in ENDS:
        signal.signal(number, signal.SIG_DFL)


class Shell(Guest):
    """A guest on a terminal that outlives it, so that its modes can be looked at."""

    def __init__(self, args):  # pylint: disable=super-init-not-called
        self.out = b""
        self.seen = 0
        self.status = None
        self.fd, self.slave = pty.openpty()
        self.before = termios.tcgetattr(self.slave)
        self.process = subprocess.Popen([DBTVM] + args, stdin=self.slave, stdout=self.slave, stderr=self.slave, start_new_session=True,
                                        preexec_fn=in_child)
        self.pid = self.process.pid

    def modes(self):
        return termios.tcgetattr(self.slave)

    def end(self):
        end = time.monotonic() + 60
        while self.process.poll() is None and time.monotonic() < end:
            self._read(0.05)
        self.status = self.process.poll()
        return self.status

    def __exit__(self, *exc):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.fd)
        os.close(self.slave)


def test_raw_and_restored():
    with Shell(ARGS) as g:
        g.expect("guest> ")
        assert not g.modes()[3] & (termios.ECHO | termios.ICANON | termios.ISIG)
        g.send("\x01x")
        assert g.end() == 0
        assert g.modes() == g.before


def test_control_c_goes_to_the_guest():
    with Shell(ARGS) as g:
        g.expect("guest> ")
        g.send("\x03help\r")
        g.expect("power off")
        g.send("off\r")
        assert g.end() == 0
        assert g.modes() == g.before


def test_help_and_monitor():
    with Shell(ARGS) as g:
        g.expect("guest> ")
        g.send("\x01h")
        g.expect("C-a x")
        g.send("\x01c")
        g.expect(r"\(dbtvm\) ")
        g.send("\x01c")
        g.send("help\r")
        g.expect("reboot")
        g.send("\x01c")
        g.expect(r"\(dbtvm\) ")
        for command, answer in (("info registers", r"R15=6001\w{4}\s"), ("info shadow", "privileged"), ("info mtree", r"mmio .*pl011"),
                                ("x/2i 0x60010000", r"0x60010000:\s+mov r4, r2"), ("x/1x 0x20000000", "Cannot access"),
                                ("stop", r"\(dbtvm\)"), ("info status", "paused"), ("cont", r"\(dbtvm\)"),
                                ("info status", "running"), ("frobnicate", "unknown command")):
            g.send(command + "\r")
            g.expect(answer, timeout=30)
        g.expect(r"\(dbtvm\) ")
        g.send("quit\r")
        assert g.end() == 0
        assert g.modes() == g.before


def test_monitor_resets_the_machine():
    with Shell(ARGS) as g:
        g.expect("guest> ")
        g.send("\x01csystem_reset\r")
        g.expect("built-in guest")
        g.send("\x01c")
        g.expect("guest> ")
        g.send("off\r")
        assert g.end() == 0


def test_restored_on_signals():
    for number in ENDS:
        with Shell(ARGS) as g:
            g.expect("guest> ")
            os.kill(g.pid, number)
            g.end()
            assert g.status is not None, number
            assert g.modes() == g.before, number


def test_usr1_prints_stats():
    with Shell(ARGS) as g:
        g.expect("guest> ")
        os.kill(g.pid, signal.SIGUSR1)
        g.expect("guest instructions")
        g.send("off\r")
        assert g.end() == 0


if __name__ == "__main__":
    main(globals())
