#!/usr/bin/env python3
"""-verify over a whole Debian boot and a little work in its user space: every block in the translator and in the interpreter, with the
same results. Slow: part of `make check-slow`."""
import os

from harness import boot_args, debian_guest, main, run
from test_builtin import ALL_OFF

_guest = None


def verified(*extra):
    global _guest
    if _guest is None:
        _guest = debian_guest()
    code, out, err = run(boot_args(*_guest, test="work") + ["-verify", "-stats", *extra], timeout=3600)
    assert "-verify:" not in err, err[-6000:]
    assert code == 0 and "WORK-DONE" in out and "reboot: Power down" in out, (code, out[-2000:], err[-2000:])
    for line in err.split("\n"):
        if "guest instructions" in line or "dispatches" in line:
            print("    " + line.strip())


def test_verify_boot():
    verified()


def test_verify_boot_all_off():
    verified("-accel", ALL_OFF)


if __name__ == "__main__":
    try:
        main(globals())
    finally:
        if _guest:
            os.unlink(_guest[1])
