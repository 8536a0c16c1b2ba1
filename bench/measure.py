"""measure.py - runs guests and native programs, collects what they print. Every sample is a float in nanoseconds unless its name says otherwise."""
import os
import re
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SRCDIR = os.path.join(HERE, "..")
PATIENCE = 1800
# QEMU must not spend its start on the host's sound system.
ENVIRONMENT = dict(os.environ, QEMU_AUDIO_DRV="none")
LINE = re.compile(rb"BENCH (\S+) ([\d.]+)\r?\n")
WRONG = re.compile(rb"BENCH-FAIL ([^\r\n]*)")


class Failed(Exception):
    """found: what was measured all the same."""

    def __init__(self, reason, found=None):
        super().__init__(reason)
        self.found = found or {}


class Side:
    """A way to run guests: dbtvm with its options, or QEMU."""

    def __init__(self, name, program, extra=()):
        self.name, self.program, self.extra = name, program, list(extra)


def script(path, *args):
    p = subprocess.run(["sh", path, *args], capture_output=True, text=True, check=False)
    if p.returncode:
        raise Failed("%s: %s" % (path, p.stderr.strip() or "exit code %d" % p.returncode))
    return p.stdout.strip()


class Files:
    """Guest kernel, tree, our programs, the initramfs; built below `build`."""

    def __init__(self, build, full=False, linux=True):
        self.build = os.path.abspath(build)
        os.makedirs(self.build, exist_ok=True)
        script(os.path.join(HERE, "guest", "build"), self.build, *([] if linux else ["bare"]))
        if not linux:
            return
        self.guest = script(os.path.join(SRCDIR, "scripts", "fetch-guest"))
        self.initrd = os.path.join(self.build, "bench-full.gz" if full else "bench.gz")
        self.extra = []
        if full:
            try:
                self.extra = [script(os.path.join(HERE, "guest", "fetch-full"), os.path.join(self.build, "full"))]
            except Failed as reason:
                warn("without packaged programs: %s" % reason)
        script(os.path.join(HERE, "guest", "make-initrd"), self.guest, self.build, self.initrd, *self.extra)

    def linux(self, append):
        return ["-M", "vexpress-a9", "-kernel", self.guest + "/vmlinuz", "-dtb", self.guest + "/vexpress-v2p-ca9.dtb", "-initrd", self.initrd,
                "-append", "console=ttyAMA0 quiet panic=-1 rdinit=/init " + append, "-m", "512", "-nographic", "-no-reboot"]

    def bare(self, name="bare"):
        return ["-M", "vexpress-a9", "-kernel", os.path.join(self.build, name + ".bin"), "-m", "512", "-nographic", "-no-reboot"]


def run(command, mark=None):
    """Runs to the end: (output, wall seconds to `mark`, wall seconds, peak RSS in KiB, stderr)."""
    with tempfile.TemporaryFile() as errors:
        start = time.monotonic()
        p = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, env=ENVIRONMENT)
        marked, text = None, b""
        while True:
            data = os.read(p.stdout.fileno(), 65536)
            if not data:
                break
            text += data
            if mark and marked is None and mark in text:
                marked = time.monotonic() - start
            if time.monotonic() - start > PATIENCE:
                p.kill()
        _, status, usage = os.wait4(p.pid, 0)
        p.returncode = os.waitstatus_to_exitcode(status)
        wall = time.monotonic() - start
        p.stdout.close()
        errors.seek(0)
        err = errors.read().decode("utf-8", "replace")
    if p.returncode:
        raise Failed("%s: exit code %d\n%s\n%s" % (" ".join(command), p.returncode, text.decode("utf-8", "replace")[-2000:], err[-2000:]))
    return text, marked, wall, usage.ru_maxrss, err


def parse(text):
    found = {m.group(1).decode(): float(m.group(2)) for m in LINE.finditer(text)}
    wrong = WRONG.search(text)
    if wrong:
        raise Failed("a program failed or computed something else: " + wrong.group(1).decode(), found)
    return found


def guest_work(side, files, parts, slice_ms, only=()):
    """One boot that runs `parts`."""
    append = "bench=%s slice=%d" % (",".join(parts), slice_ms) + (" only=" + ",".join(only) if only else "")
    text, init, _, _, _ = run([side.program] + files.linux(append) + side.extra, b"BENCH-INIT")
    if b"BENCH-DONE" not in text:
        raise Failed("%s ended early:\n%s" % (side.name, text.decode("utf-8", "replace")[-2000:]))
    del init
    return parse(text)


def boot(side, files):
    """One boot that only powers off."""
    _, init, wall, rss, _ = run([side.program] + files.linux("bench=none"), b"BENCH-INIT")
    return {"machine.boot-to-init": init * 1e9, "machine.boot-to-power-off": wall * 1e9, "memory.peak-rss-KiB": float(rss)}


def bare_metal(side, files):
    return parse(run([side.program] + files.bare() + side.extra)[0])


def empty_vm(side, files):
    """Start, one store that powers off, end."""
    _, _, wall, rss, _ = run([side.program] + files.bare("empty") + side.extra)
    return {"start.empty-vm": wall * 1e9, "memory.empty-vm-rss-KiB": float(rss)}


def native(files, parts, slice_ms, only=()):
    result = {}
    for program in sorted({"kernel" if part == "kernel" else "cpu" for part in parts if part != "machine"}):
        text = run([os.path.join(files.build, "native", program), "-t", str(slice_ms), *only])[0]
        result.update(parse(text))
    return result


def translation(side, files):
    """dbtvm's own counters and time shares of one boot to power-off."""
    _, _, wall, _, err = run([side.program] + files.linux("bench=none") + side.extra + ["-stats", "-profile"])
    counters = {m.group(1): int(m.group(2)) for m in re.finditer(r"^ +([\w-]+) +(\d+)  ", err, re.M)}
    if not counters.get("translate-ns") or not counters.get("insns-translated"):
        raise Failed("-stats printed no translation counters")
    insns = counters["insns-translated"]
    shares = re.search(r"^profile: .*\n((?:  .*\n?)+)", err, re.M)
    shares = re.findall(r"^  (\w+) +([\d.]+) %", shares.group(1), re.M) if shares else []
    found = {"boot-share.%s-%%" % name: float(share) for name, share in shares}
    return {**found, "translation.million-insns-per-s": insns * 1e3 / counters["translate-ns"],
            "translation.code-bytes-per-insn": counters["code-bytes"] / insns,
            "translation.table-bytes-per-insn": counters["table-bytes"] / insns, "translation.insns": float(insns),
            "translation.share-of-boot-%": counters["translate-ns"] / (wall * 1e7)}


def warn(message):
    print("bench: %s" % message, file=sys.stderr)
