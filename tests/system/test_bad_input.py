#!/usr/bin/env python3
"""Broken files and wrong options: one clear line on stderr that says what to do, exit code 1, nothing else."""
import atexit
import gzip
import os
import shutil
import struct
import subprocess
import tempfile

from harness import DBTVM, SRCDIR, main, run

BASE = ["-M", "vexpress-a9", "-nographic"]


def refused(args, *words, timeout=60):
    code, out, err = run(args, timeout=timeout)
    assert code == 1, (args, code, out[-300:], err)
    assert out == "", out
    lines = err.strip().split("\n")
    assert len([l for l in lines if not "instead of the tree's" in l]) == 1 and lines[-1].startswith("dbtvm: "), err
    for word in words:
        assert word in err, (word, err)


def new_folder():
    """An empty folder that goes when the test program does."""
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def with_file(name, data):
    path = os.path.join(new_folder(), name)
    with open(path, "wb") as f:
        f.write(data)
    return path


def zimage(size=4096, end=None):
    head = bytearray(size)
    struct.pack_into("<III", head, 0x24, 0x016f2818, 0, size if end is None else end)
    return bytes(head)


def cpio():
    p = subprocess.run("mkdir a; echo hello > a/b; find a | cpio -o -H newc --quiet", shell=True, capture_output=True, check=True,
                       cwd=new_folder())
    return p.stdout


def test_options():
    refused([], "-M vexpress-a9")
    refused(["-M", "virt"], "virt", "-M help")
    refused(["-M", "vexpress-a9", "-frobnicate"], "-frobnicate", "-help")
    refused(["-M", "vexpress-a9", "vmlinuz"], "-kernel")
    refused(["-M"], "-M MACHINE")
    refused(BASE + ["-smp", "2"], "-smp 1")
    refused(BASE + ["-smp", "x"], "-smp")
    refused(BASE + ["-cpu", "cortex-a15"], "cortex-a9")
    refused(BASE + ["-d", "everything"], "everything")
    refused(BASE + ["-accel", "tcg"], "tcg")
    refused(BASE + ["-accel", "dbt,no-such"], "no-such")
    for size in ("", "0", "1025", "64M", "-1"):
        refused(BASE + ["-accel", "dbt,tb-size=" + size], "1 to 1024 MiB")
    refused(BASE + ["-dfilter", "zzz"], "zzz")
    refused(BASE + ["-D", "/nonexistent/log"], "/nonexistent/log")
    refused(BASE + ["-serial", "teletype:5"], "teletype")
    refused(BASE + ["-unmodelled", "maybe"], "abort, log, ram")
    refused(["-M", "vexpress-a9,secure=off"], "dumpdtb")
    refused(BASE + ["-rtc", "base=yesterday"], "YYYY-MM-DD")


def test_help():
    for args in (["-help"], ["-h"], ["--help"], ["-M", "help"], ["-d", "help"], ["-accel", "help"], ["-version"]):
        code, out, err = run(args)
        assert code == 0 and out and not err, (args, code, err)


def test_standard_descriptors():
    """Closed ones do no harm; what cannot be written is told."""
    for closed in ("<&-", ">&-", "<&- >&-"):
        code, _, err = run(["-c", "timeout 3 %s -M vexpress-a9 -nographic %s; echo code $? >&2" % (DBTVM, closed)], program="sh")
        # Without input the guest waits at its prompt, until the time is over.
        assert "code 124" in err and "ssertion" not in err, (closed, err)
    code, _, err = run(["-c", DBTVM + " -help > /dev/full"], program="sh")
    assert code == 1 and "standard output" in err, (code, err)


def test_memory():
    refused(BASE + ["-m", "lots"], "-m 512")
    refused(BASE + ["-m", "0"], "-m 0")
    refused(BASE + ["-m", "-5"], "-m -5")
    refused(BASE + ["-m", "2G"], "1024 MiB")
    refused(BASE + ["-m", "99999999999999999999"], "-m")
    refused(BASE + ["-m", "4k"], "-m")


def test_missing_files():
    refused(BASE + ["-kernel", "/nonexistent/vmlinuz"], "/nonexistent/vmlinuz", "No such file")
    refused(BASE + ["-dtb", "/nonexistent/guest.dtb"], "/nonexistent/guest.dtb")
    refused(BASE + ["-kernel", "/"], "regular file")
    refused(BASE + ["-symbols", "/etc/passwd"], "System.map")
    kernel = with_file("k", zimage())
    refused(BASE + ["-kernel", kernel, "-initrd", "/nonexistent/initrd"], "/nonexistent/initrd")
    refused(BASE + ["-initrd", kernel], "-kernel")


def test_kernels():
    refused(BASE + ["-kernel", with_file("empty", b"")], "empty")
    refused(BASE + ["-kernel", with_file("z", zimage(4096, 8192))], "truncated", "8192", "4096")
    packed = gzip.compress(os.urandom(50000))
    refused(BASE + ["-kernel", with_file("z.gz", packed[:20000])], "truncated")
    refused(BASE + ["-kernel", with_file("z.gz", packed[:30000] + b"\0" * 64 + packed[30064:])], "corrupt")
    elf = bytearray(b"\x7fELF\x01\x01\x01" + bytes(9) + struct.pack("<HHIIIIIHHHHHH", 2, 40, 1, 0x60010000, 52, 0, 0, 52, 32, 1, 0, 0, 0))
    refused(BASE + ["-kernel", with_file("e", bytes(elf))], "truncated")
    refused(BASE + ["-kernel", with_file("e", bytes(elf[:40]))], "truncated")
    segment = struct.pack("<IIIIIIII", 1, 84, 0x60010000, 0x60010000, 64, 64, 5, 4)
    refused(BASE + ["-kernel", with_file("e", bytes(elf) + segment)], "truncated")
    far = struct.pack("<IIIIIIII", 1, 0, 0x20000000, 0x20000000, 64, 64, 5, 4)
    refused(BASE + ["-kernel", with_file("e", bytes(elf) + far)], "not in RAM")
    elf[18] = 62
    refused(BASE + ["-kernel", with_file("e", bytes(elf) + segment)], "32-bit")
    uimage = struct.pack(">IIIIIIIBBBB32s", 0x27051956, 0, 0, 9999, 0x60008000, 0x60008000, 0, 5, 2, 2, 0, b"x")
    refused(BASE + ["-kernel", with_file("u", uimage + bytes(100))], "truncated", "9999")
    refused(BASE + ["-kernel", with_file("big", zimage(9 << 20)), "-m", "8"], "does not fit", "use -m")


def test_initrds():
    kernel = with_file("k", zimage())
    good = cpio()
    refused(BASE + ["-kernel", kernel, "-initrd", with_file("i", good[:150])], "truncated")
    refused(BASE + ["-kernel", kernel, "-initrd", with_file("i.gz", gzip.compress(good[:good.index(b"TRAILER") - 20]))], "truncated")
    refused(BASE + ["-kernel", kernel, "-initrd", with_file("i.gz", gzip.compress(good)[:-10])], "truncated")
    bad = bytearray(good)
    bad[60] = ord("z")
    refused(BASE + ["-kernel", kernel, "-initrd", with_file("i", bytes(bad))], "corrupt")
    # It fits packed, but not unpacked beside the rest.
    big = subprocess.run("head -c 60M /dev/zero > z; echo z | cpio -o -H newc --quiet", shell=True, capture_output=True, check=True,
                         cwd=new_folder()).stdout
    refused(BASE + ["-kernel", kernel, "-m", "48", "-initrd", with_file("i.gz", gzip.compress(big, 1))], "unpacked", "use -m")


def test_trees():
    dts = SRCDIR + "/src/machine/boards/vexpress-a9.dts"
    blob = subprocess.run(["dtc", "-q", "-I", "dts", "-O", "dtb", dts], capture_output=True, check=True).stdout
    refused(BASE + ["-dtb", with_file("t.dtb", blob[:5000])], "t.dtb")
    refused(BASE + ["-dtb", with_file("t.dtb", os.urandom(5000))], "t.dtb")
    refused(BASE + ["-dtb", with_file("t.dtb", b"")], "t.dtb")
    refused(BASE + ["-dtb", with_file("t.dts", b"/dts-v1/; / { oops }")], "t.dts")
    with open(dts) as f:
        text = f.read()
    no_memory = with_file("t.dts", text.replace('device_type = "memory";', "").encode())
    refused(BASE + ["-dtb", no_memory], "no memory")
    clash = with_file("t.dts", text.replace("reg = <0x10012000 0x1000>", "reg = <0x10011800 0x1000>").encode())
    refused(BASE + ["-dtb", clash], "timer@10011000", "timer@10012000")


def test_dts_works():
    code, _, err = run(["-M", "vexpress-a9,dumpdtb=/dev/null", "-dtb", SRCDIR + "/src/machine/boards/vexpress-a9.dts"])
    assert code == 0, err


if __name__ == "__main__":
    main(globals())
