#!/usr/bin/env python3
"""What dbtvm writes for perf: the map of translated code and the jitdump."""
import os
import re
import struct
import subprocess
import tempfile

from harness import DBTVM, main
from test_builtin import build

GUEST = ["-M", "vexpress-a9", "-m", "128", "-serial", "stdio", "-display", "none"]


def power_off(folder, *args):
    """The built-in guest to its prompt and off, in `folder`; (pid, stderr)."""
    p = subprocess.Popen([os.path.abspath(DBTVM), *GUEST, *args], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                         text=True)
    _, err = p.communicate("off\r", timeout=120)
    assert p.returncode == 0, err
    return p.pid, err


def read_jitdump(path):
    """[(address, code, name)], after looking at every header."""
    with open(path, "rb") as f:
        data = f.read()
    magic, version, size, machine = struct.unpack_from("<4I", data)
    assert (magic, version, size, machine) == (0x4A695444, 1, 40, 62)
    at, last, loads, closed = size, 0, [], False
    while at < len(data):
        kind, total, when = struct.unpack_from("<IIQ", data, at)
        assert total >= 16 and at + total <= len(data) and when >= last and not closed
        last = when
        if kind == 0:
            pid, _, vma, address, code_size, index = struct.unpack_from("<IIQQQQ", data, at + 16)
            name, code = data[at + 56:at + total - code_size], data[at + total - code_size:at + total]
            assert "jit-%d.dump" % pid == os.path.basename(path) and vma == address and index == len(loads)
            assert name.endswith(b"\0") and name.count(b"\0") == 1 and code_size > 0
            loads.append((address, code, name[:-1].decode()))
        else:
            assert kind == 3 and total == 16
            closed = True
        at += total
    assert closed
    return loads


def test_jitdump():
    with tempfile.TemporaryDirectory() as folder:
        build(folder)
        elf = next(os.path.join(folder, name) for name in os.listdir(folder) if name.endswith(".elf"))
        pid, err = power_off(folder, "-jitdump", "-stats", "-symbols", elf)
        loads = read_jitdump("%s/jit-%d.dump" % (folder, pid))
    blocks = int(re.search(r"blocks-translated +(\d+)", err).group(1))
    interpreted = int(re.search(r"interpreted-blocks +(\d+)", err).group(1))
    assert len(loads) == blocks or interpreted and len(loads) < blocks, (len(loads), blocks)
    names = {name for _, _, name in loads}
    assert "main" in names and not any("+" in name or "<" in name for name in names), sorted(names)[:50]


def test_jitdump_where_nothing_can_be_written():
    p = subprocess.run([os.path.abspath(DBTVM), "-M", "vexpress-a9", "-jitdump"], cwd="/proc", stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert p.returncode == 1 and "-jitdump: cannot write jit-" in p.stderr and p.stderr.count("\n") == 1, p.stderr


def read_perfmap(pid):
    path = "/tmp/perf-%d.map" % pid
    with open(path, encoding="utf-8") as f:
        lines = f.read().splitlines()
    os.unlink(path)
    return lines


def test_perf_reads_the_map():
    """perf asks the map about code in memory without a file only, /dev/zero's included (is_anon_memory() in its util/map.c)."""
    p = subprocess.Popen([DBTVM, *GUEST, "-perfmap"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    for line in p.stdout:
        if "commands" in line:
            break
    with open("/proc/%d/maps" % p.pid, encoding="utf-8") as f:
        maps = [re.match(r"(\w+)-(\w+) (\S+) \S+ \S+ \S+ *(.*)", line).groups() for line in f]
    p.communicate("off\r", timeout=120)
    for line in read_perfmap(p.pid):
        at = int(line.split()[0], 16)
        [(protection, name)] = [(m[2], m[3]) for m in maps if int(m[0], 16) <= at < int(m[1], 16)]
        assert protection == "r-xs" and (name == "" or name.startswith("/dev/zero")), (line, protection, name)


def test_perfmap():
    with tempfile.TemporaryDirectory() as folder:
        pid, err = power_off(folder, "-perfmap", "-stats")
    lines = read_perfmap(pid)
    assert len(lines) > 100 and all(re.fullmatch(r"[0-9a-f]+ [0-9a-f]+ guest 0x[0-9a-f]+( \(Thumb\))?", line) for line in lines), lines[:5]
    assert "blocks-translated" in err


def test_profile():
    with tempfile.TemporaryDirectory() as folder:
        _, err = power_off(folder, "-profile")
        _, interp = power_off(folder, "-profile", "-accel", "interp")
    for text in err, interp:
        samples = int(re.search(r"^profile: (\d+) samples", text, re.M).group(1))
        shares = dict(re.findall(r"^  (\w+) +([\d.]+) %", text, re.M))
        assert samples >= 5 and 99 < sum(map(float, shares.values())) < 101, text
        assert set(shares) == {"code", "run", "translate", "walk", "trace", "device", "idle"}
    # Without translation all that the guest does is done in the run loop.
    assert re.search(r"^  code +0\.0 %", interp, re.M) and float(re.search(r"^  run +([\d.]+)", interp, re.M).group(1)) > 10, interp


if __name__ == "__main__":
    main(globals())
