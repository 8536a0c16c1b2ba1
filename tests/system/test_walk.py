#!/usr/bin/env python3
"""Random page tables in a bare-metal guest: every translation, fault and value as the golden file says, which QEMU's board prints as well."""
import os
import re
import shutil
import subprocess
import tempfile

from harness import DBTVM, SRCDIR, Skip, main, run

FOLDER = os.path.join(SRCDIR, "tests/guest/walk")


def lines(program, args=()):
    if not shutil.which("arm-none-eabi-gcc"):
        raise Skip("no arm-none-eabi-gcc")
    with tempfile.TemporaryDirectory() as out:
        subprocess.run(["sh", FOLDER + "/build", out], check=True)
        _, text, _ = run(["-M", "vexpress-a9", "-kernel", out + "/walk.elf", "-nographic", "-no-reboot", *args], program=program)
    return re.findall(r"^[0-9a-f]{8} [0-9a-f]{8}$", text, re.M)


def golden():
    with open(FOLDER + "/golden.txt") as file:
        return file.read().split("\n")[:-1]


def test_dbt():
    assert lines(DBTVM) == golden()


def test_interpreter():
    assert lines(DBTVM, ["-accel", "interp"]) == golden()


def test_shadows_are_coherent():
    assert lines(DBTVM, ["-d", "shadow-check"]) == golden()


def test_qemu_agrees():
    if not shutil.which("qemu-system-arm"):
        raise Skip("no qemu-system-arm")
    assert lines("qemu-system-arm") == golden()


main(globals())
