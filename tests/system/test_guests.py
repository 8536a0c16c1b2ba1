#!/usr/bin/env python3
"""Bare-metal guests (tests/guest/<group>/): what they print equals golden.txt, under each accelerator, and under qemu-system-arm but for
the lines that the group's qemu.txt lists with the manual's section.

DBTVM_REBASELINE=1 rewrites the golden files from dbtvm's own output: read the diff against the manual before committing it.
"""
import atexit
import fnmatch
import os
import re
import shutil
import subprocess
import tempfile

from harness import DBTVM, Skip, SRCDIR, main, run
from test_builtin import ALL_OFF

GUESTS = os.path.join(SRCDIR, "tests/guest")
GROUPS = sorted(g for g in os.listdir(GUESTS) if os.path.exists(os.path.join(GUESTS, g, "golden.txt")) and
                os.path.exists(os.path.join(GUESTS, g, "qemu.txt")))
_folder = None
_built = {}


def image(group):
    global _folder
    if not shutil.which("arm-none-eabi-gcc"):
        raise Skip("arm-none-eabi-gcc is not installed")
    if _folder is None:
        _folder = tempfile.mkdtemp()
        atexit.register(shutil.rmtree, _folder, ignore_errors=True)
    if group not in _built:
        path = "%s/%s.elf" % (_folder, group)
        subprocess.run(["sh", GUESTS + "/common/build", group, path], check=True)
        _built[group] = path
    return _built[group]


def output(group, program=DBTVM, extra=()):
    env = dict(os.environ, QEMU_AUDIO_DRV="none")
    args = [program, "-M", "vexpress-a9", "-m", "128", "-kernel", image(group), "-nographic", "-no-reboot", *extra]
    p = subprocess.run(args, stdin=subprocess.DEVNULL, capture_output=True, timeout=300, env=env)
    text = p.stdout.decode("utf-8", "replace").replace("\r", "")
    assert text.endswith("DONE\n"), (group, p.returncode, text[-2000:], p.stderr.decode("utf-8", "replace")[-2000:])
    return text.split("\n")


def golden(group):
    with open("%s/%s/golden.txt" % (GUESTS, group)) as f:
        return f.read().split("\n")


def qemu_faults(group):
    """qemu.txt: lines "case-name-pattern: section, what differs", and "s/regex/replacement/: ..." for all of QEMU's lines."""
    with open("%s/%s/qemu.txt" % (GUESTS, group)) as f:
        lines = [line for line in f if line.strip() and not line.startswith("#")]
    edits = [line.split("/")[1:3] for line in lines if line.startswith("s/")]
    return edits, [line.split(":")[0] for line in lines if not line.startswith("s/")]


def listed(name, known):
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in known)


def by_name(lines):
    """Lines by the case's name and how often it came before."""
    seen, found = {}, {}
    for line in lines:
        name = line.split(":")[0]
        seen[name] = seen.get(name, 0) + 1
        found[name, seen[name]] = line
    return found


def differences(lines, expected):
    got, want = by_name(lines), by_name(expected)
    return [(key[0], got.get(key, "nothing"), want.get(key, "nothing")) for key in {**want, **got} if got.get(key) != want.get(key)]


def compare(group, lines, expected, known=()):
    differ = ["got  %s\nwant %s" % (got, want) for name, got, want in differences(lines, expected) if not listed(name, known)]
    assert not differ, "%s:\n%s" % (group, "\n".join(differ[:20]))


def check(extra=(), but=()):
    count = 0
    for group in GROUPS:
        if group not in but:
            lines = output(group, extra=extra)
            compare(group, lines, golden(group))
            count += len(lines) - 2
    print("    %d groups, %d cases" % (len(GROUPS) - len(but), count))


def test_dbt():
    if os.environ.get("DBTVM_REBASELINE"):
        for group in GROUPS:
            with open("%s/%s/golden.txt" % (GUESTS, group), "w") as f:
                f.write("\n".join(output(group)))
    check()


def test_interpreter():
    check(["-accel", "interp"])


def test_optimizations_off():
    check(["-accel", ALL_OFF])


def test_windows():
    """Every load and store that can be one host instruction is, from the first block on."""
    check(["-accel", "dbt,windows=always", "-d", "shadow-check"])


def test_verify():
    check(["-verify"])
    check(["-verify", "-accel", "dbt,windows=always"])


def test_shadow_check():
    check(["-d", "shadow-check"])


def test_qemu():
    """The golden files are QEMU's too."""
    if not shutil.which("qemu-system-arm"):
        raise Skip("qemu-system-arm is not installed")
    for group in GROUPS:
        edits, known = qemu_faults(group)
        lines = output(group, "qemu-system-arm")
        for regex, replacement in edits:
            lines = [re.sub(regex, replacement, line) for line in lines]
        want = golden(group)
        compare(group, lines, want, known)
        differ = differences(lines, want)
        # A listed difference that is gone must leave the list.
        for pattern in known:
            assert any(fnmatch.fnmatchcase(name, pattern) for name, _, _ in differ), \
                "%s: %s no longer differs; take it out of qemu.txt" % (group, pattern)
        print("    %s: %d cases, %d differ as listed" % (group, len(want) - 2, len(differ)))


if __name__ == "__main__":
    try:
        main(globals())
    finally:
        if _folder:
            shutil.rmtree(_folder)
