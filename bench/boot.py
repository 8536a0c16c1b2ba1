#!/usr/bin/env python3
"""boot.py [-n RUNS]: Debian's kernel on dbtvm and on the installed qemu-system-arm, same files, alternating; medians and ratios.

Reports wall time from start to the init script's first line and to power-off, the guest's own time for 200,000 one-byte dd copies, and
peak RSS. A report, not a test.
"""
import argparse
import os
import re
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tests", "system"))
sys.dont_write_bytecode = True
import harness  # noqa: E402  pylint: disable=wrong-import-position


def once(program, args):
    """One run: wall seconds to INIT-STARTED and to the end, the dd's seconds, peak RSS in MiB."""
    start = time.monotonic()
    p = subprocess.Popen([program] + args, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    init, text = None, b""
    while True:
        data = os.read(p.stdout.fileno(), 65536)
        if not data:
            break
        text += data
        if init is None and b"INIT-STARTED" in text:
            init = time.monotonic() - start
    _, status, usage = os.wait4(p.pid, 0)
    p.returncode = os.waitstatus_to_exitcode(status)
    end = time.monotonic() - start
    if p.returncode or init is None:
        sys.exit("%s failed (%d):\n%s" % (program, p.returncode, text.decode("utf-8", "replace")[-2000:]))
    dd = re.search(rb"real\s+(\d+)m\s*([\d.]+)s", text)
    return {"boot to init (s)": init, "boot to power-off (s)": end, "peak RSS (MiB)": usage.ru_maxrss / 1024,
            "dd bs=1 count=200000 (s)": int(dd.group(1)) * 60 + float(dd.group(2)) if dd else None}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=5, help="runs of each")
    parser.add_argument("--accel", default="dbt", help="dbtvm's -accel")
    options = parser.parse_args()
    folder, initrd = harness.debian_guest()
    programs = {"dbtvm": (harness.DBTVM, ["-accel", options.accel]), "qemu-system-arm": ("qemu-system-arm", [])}
    results = {}
    try:
        for _ in range(options.n):
            for test in ("off", "dd"):
                for name, (program, extra) in programs.items():
                    for row, value in once(program, harness.boot_args(folder, initrd, test) + extra).items():
                        if value is None or (test == "dd") != row.startswith("dd"):
                            continue
                        results.setdefault(row, {}).setdefault(name, []).append(value)
    finally:
        os.unlink(initrd)
    print("| what | dbtvm | qemu-system-arm | QEMU / dbtvm |\n| --- | --- | --- | --- |")
    for row, by_name in results.items():
        ours, theirs = by_name["dbtvm"], by_name["qemu-system-arm"]
        print("| %s | %.2f (%.2f-%.2f) | %.2f (%.2f-%.2f) | %.2f |" % (
            row, statistics.median(ours), min(ours), max(ours), statistics.median(theirs), min(theirs), max(theirs),
            statistics.median(theirs) / statistics.median(ours)))
    print("\nMedians of %d (lowest-highest), alternating, %s." % (options.n, time.strftime("%Y-%m-%d")))


if __name__ == "__main__":
    main()
