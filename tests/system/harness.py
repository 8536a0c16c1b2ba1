"""harness.py - what the system tests share: running dbtvm on a pseudo-terminal, expecting output, reporting.

A test file defines functions test_*(); main() runs them all, prints a line each, and exits 0, 1, or 77 when every one was skipped.
The environment: DBTVM (the program), SRCDIR (the source tree).
"""
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time

SRCDIR = os.environ.get("SRCDIR") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
DBTVM = os.environ.get("DBTVM") or os.path.abspath("dbtvm")
# Sanitizers and the interpreter are slow; the limits are for hangs only.
PATIENCE = float(os.environ.get("DBTVM_TEST_PATIENCE", "300"))


class Skip(Exception):
    pass


class Guest:
    """A program on a pseudo-terminal."""

    def __init__(self, args, program=None):
        self.args = [program or DBTVM] + args
        self.out = b""
        self.seen = 0
        self.status = None
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            try:
                os.execvp(self.args[0], self.args)
            finally:
                os._exit(127)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.fd)

    def _read(self, timeout):
        ready, _, _ = select.select([self.fd], [], [], timeout)
        if not ready:
            return None
        try:
            data = os.read(self.fd, 65536)
        except OSError:  # the other side is gone
            return b""
        self.out += data
        return data

    def text(self):
        return self.out.decode("utf-8", "replace").replace("\r", "")

    def expect(self, pattern, timeout=None):
        """Waits for the regular expression in what was printed since the last match."""
        end = time.monotonic() + (timeout or PATIENCE)
        regex = re.compile(pattern.encode() if isinstance(pattern, str) else pattern, re.M)
        while True:
            match = regex.search(self.out, self.seen)
            if match:
                self.seen = match.end()
                return match
            left = end - time.monotonic()
            if left <= 0:
                raise AssertionError("no %r within the time; the last output:\n%s" % (pattern, self.text()[-3000:]))
            if self._read(left) == b"":
                raise AssertionError("ended without %r; the last output:\n%s" % (pattern, self.text()[-3000:]))

    def send(self, text):
        os.write(self.fd, text.encode())

    def wait(self, timeout=None):
        """Reads until the program ends; returns its exit code, negative for a signal."""
        end = time.monotonic() + (timeout or PATIENCE)
        while self._read(max(0, end - time.monotonic())) not in (b"", None):
            pass
        while time.monotonic() < end:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
                return self.status
            time.sleep(0.01)
        raise AssertionError("did not end; the last output:\n%s" % self.text()[-3000:])


def run(args, timeout=None, stdin=subprocess.DEVNULL, program=None):
    """Runs to the end without a terminal; returns (exit code, stdout, stderr)."""
    p = subprocess.run([program or DBTVM] + args, stdin=stdin, capture_output=True, timeout=timeout or PATIENCE)
    return p.returncode, p.stdout.decode("utf-8", "replace").replace("\r", ""), p.stderr.decode("utf-8", "replace")


def script(name, *args):
    p = subprocess.run(["sh", os.path.join(SRCDIR, "scripts", name), *args], capture_output=True, text=True)
    if p.returncode == 77:
        raise Skip(p.stderr.strip() or name + " was skipped")
    if p.returncode:
        raise AssertionError("%s failed: %s" % (name, p.stderr))
    return p.stdout.strip()


def debian_guest():
    """Options for Debian's kernel with our initramfs."""
    folder = script("fetch-guest")
    initrd = os.path.abspath("test-initrd-%d.gz" % os.getpid())
    script("make-initrd", folder, initrd)
    return folder, initrd


def boot_args(folder, initrd, test="", memory="512"):
    return ["-M", "vexpress-a9", "-kernel", folder + "/vmlinuz", "-dtb", folder + "/vexpress-v2p-ca9.dtb", "-initrd", initrd,
            "-append", "console=ttyAMA0 rdinit=/init panic=-1 " + ("test=" + test if test else ""), "-m", memory, "-nographic", "-no-reboot"]


def main(scope):
    only = sys.argv[1:]
    failed = passed = 0
    for name, fn in list(scope.items()):
        if not name.startswith("test_") or (only and name not in only):
            continue
        start = time.monotonic()
        try:
            fn()
        except Skip as reason:
            print("skip %s: %s" % (name, reason))
            continue
        except Exception as error:  # pylint: disable=broad-except
            failed += 1
            print("FAIL %s: %s: %s" % (name, type(error).__name__, error))
            continue
        passed += 1
        print("pass %s (%.1f s)" % (name, time.monotonic() - start))
        sys.stdout.flush()
    sys.exit(1 if failed else 0 if passed else 77)
