#!/usr/bin/env python3
"""A Linux kernel compiled to Thumb-2 code boots, works and powers off like Debian's, which is Arm code. None is packaged: it is built on first
use from Debian's linux-source-6.1 (scripts/fetch-thumb-kernel). Slow: part of `make check-slow`. Skipped only when the package cannot be fetched.
"""
import os
import re
import subprocess

from harness import Guest, boot_args, debian_guest, main, run, script
from test_builtin import ALL_OFF

_guest = None


def args(test):
    global _guest
    if _guest is None:
        kernel = script("fetch-thumb-kernel") + "/zImage"
        _guest = (kernel, *debian_guest())
    kernel, folder, initrd = _guest
    words = boot_args(folder, initrd, test=test)
    words[words.index("-kernel") + 1] = kernel
    return words


def boot_off(*extra):
    code, out, err = run(args("off") + list(extra), timeout=1500)
    assert code == 0, (code, out[-2000:], err[-2000:])
    assert "INIT-STARTED" in out and "reboot: Power down" in out, out[-2000:]


def test_is_thumb():
    """It says so itself; and the crypto self tests that ran while it booted passed."""
    with Guest(args("")) as g:
        g.expect("guest# ")
        g.send("zcat /proc/config.gz | grep THUMB2_KERNEL\r")
        g.expect("CONFIG_THUMB2_KERNEL=y\r")
        g.send("grep -c selftest.*passed /proc/crypto\r")
        assert int(g.expect(r"\n(\d+)\r").group(1)) >= 2
        g.send("grep -c selftest.*unknown /proc/crypto\r")
        g.expect(r"\n0\r")
        g.send("poweroff -f\r")
        g.expect("Power down")
        assert g.wait() == 0


def test_work_equals_host():
    code, out, err = run(args("work"))
    assert code == 0 and "WORK-DONE" in out, (code, out[-2000:], err[-1000:])
    expected = subprocess.run("seq 1 3000 | sort -rn | sha256sum", shell=True, capture_output=True, text=True, check=True).stdout.split()[0]
    busybox = subprocess.run(["sha256sum", _guest[1] + "/busybox"], capture_output=True, text=True, check=True).stdout.split()[0]
    assert expected in out
    assert out.count(busybox) == 2
    assert "harmonic 10.480728217" in out, re.findall("harmonic.*", out)


def test_without_optimizations():
    boot_off("-accel", ALL_OFF)


def test_interpreter():
    boot_off("-accel", "interp")


def test_verify():
    boot_off("-verify")


def test_shadow_check():
    boot_off("-d", "shadow-check")


if __name__ == "__main__":
    try:
        main(globals())
    finally:
        if _guest:
            os.unlink(_guest[2])
