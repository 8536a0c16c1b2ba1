#!/usr/bin/env python3
"""The report of translation overhead (bench/sensitive) on a tiny setting: one run, without QEMU."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

from harness import DBTVM, SRCDIR, Skip, main

CLASSES = re.compile(r'^SENSITIVE\((?!NONE)\w+, "([^"]+)"', re.M)
# Host instructions in line that these are known to be; a helper's call is not counted.
INSTRUCTIONS = {"cp15-id": (0, 1), "mrs-spsr": (0, 1), "mrs-cpsr": (3, 14), "cps": (10, 60), "svc": (3, 20), "cp15-pmu": (3, 20)}


def test_sensitive():
    if not shutil.which("arm-none-eabi-gcc"):
        raise Skip("arm-none-eabi-gcc is not installed")
    with tempfile.TemporaryDirectory() as build:
        doc = os.path.join(build, "report.md")
        p = subprocess.run([sys.executable, "-B", os.path.join(SRCDIR, "bench", "sensitive"), "-n", "1", "--qemu", "", "--dbtvm", os.path.abspath(DBTVM),
                            "--build", build, "--doc", doc], capture_output=True, text=True, timeout=300, check=False)
        assert p.returncode == 0, p.stderr
        with open(doc, encoding="utf-8") as f:
            assert p.stdout.strip() in f.read()
    rows = {}
    for line in p.stdout.splitlines():
        cells = [c.strip() for c in line.strip("|").split("|")]
        if len(cells) == 12:
            rows.setdefault(cells[0], cells)
    with open(os.path.join(SRCDIR, "src", "cpu", "sensitive.def"), encoding="utf-8") as f:
        names = CLASSES.findall(f.read())
    missing = [n for n in names if n not in rows]
    assert names and not missing, missing
    for name, (low, high) in INSTRUCTIONS.items():
        count = rows[name][6].split()
        assert count and low <= float(count[0]) <= high, rows[name]
    # Every class but SMC has a loop, and so a time and a count; all columns are aligned.
    assert [n for n in names if not rows[n][7] or not rows[n][6]] == ["smc"], rows
    assert len({len(line) for line in p.stdout.splitlines() if line.count("|") == 13}) == 1


if __name__ == "__main__":
    main(globals())
