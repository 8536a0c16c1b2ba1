#!/usr/bin/env python3
"""Debian's own armhf kernel with busybox: the main job. Skipped only when the packages cannot be fetched."""
import gzip
import lzma
import os
import re
import struct
import subprocess
import tempfile

from harness import Guest, Skip, boot_args, debian_guest, main, run

_guest = None


def guest():
    global _guest
    if _guest is None:
        _guest = debian_guest()
    return _guest


def boot_off(extra, memory="512"):
    code, out, err = run(boot_args(*guest(), test="off", memory=memory) + extra, timeout=1500)
    assert code == 0, (code, out[-2000:], err[-2000:])
    assert "INIT-STARTED" in out and "reboot: Power down" in out, out[-2000:]
    return out, err


def test_shell():
    with Guest(boot_args(*guest())) as g:
        g.expect("guest# ")
        g.send("uname -m; echo $((6*7))\r")
        g.expect(r"armv7l\s+42\s")
        g.send("cat /proc/cpuinfo\r")
        features = g.expect(r"Features\s*: (.*)\r")
        assert features.group(1).split() == b"half thumb fastmult vfp edsp thumbee neon vfpv3 tls vfpd32".split(), features.group(1)
        g.expect(r"CPU part\s*: 0xc09")
        g.send("sleep 1; date; ls / | sort | tail -n 3\r")
        g.expect(r"tmp")
        g.send("poweroff -f\r")
        g.expect("Power down")
        assert g.wait() == 0


def test_work_equals_host():
    """Real programs; their output equals what the host computes."""
    code, out, err = run(boot_args(*guest(), test="work"))
    assert code == 0 and "WORK-DONE" in out, (code, out[-2000:], err[-1000:])
    expected = subprocess.run("seq 1 3000 | sort -rn | sha256sum", shell=True, capture_output=True, text=True, check=True).stdout.split()[0]
    busybox = subprocess.run(["sha256sum", guest()[0] + "/busybox"], capture_output=True, text=True, check=True).stdout.split()[0]
    assert expected in out
    assert out.count(busybox) == 2
    assert "harmonic 10.480728217" in out, re.findall("harmonic.*", out)


def test_stats():
    _, err = boot_off(["-stats"])
    for name in ("guest instructions", "blocks-translated", "fills-read", "traced-writes", "translate-ns", "uart@9000"):
        assert name in err, name


def test_shadow_check():
    _, err = boot_off(["-d", "shadow-check"])
    assert "differ" not in err


def test_reboot():
    code, out, _ = run(boot_args(*guest(), test="reboot"))
    assert code == 0 and out.count("INIT-STARTED") == 1 and "reboot: Restarting system" in out
    with Guest([a for a in boot_args(*guest(), test="reboot") if a != "-no-reboot"]) as g:
        g.expect("INIT-STARTED")
        g.expect("Booting Linux on physical CPU")
        g.expect("INIT-STARTED")
        g.send("\x01x")
        assert g.wait() == 0


def test_board_tree():
    """Without -dtb the board's own tree boots the same kernel."""
    args = boot_args(*guest(), test="off")
    at = args.index("-dtb")
    code, out, err = run(args[:at] + args[at + 2:])
    assert code == 0 and "reboot: Power down" in out, (out[-2000:], err[-500:])


def test_random_numbers_at_once():
    """The kernel's generator is ready when it starts; the seed is in no dump of the tree."""
    out, _ = boot_off([])
    assert re.search(r"\[    0\.0\d+\] random: crng init done", out), re.findall("random:.*", out)
    with tempfile.TemporaryDirectory() as tmp:
        args = boot_args(*guest(), test="off")
        args[args.index("-M") + 1] += ",dumpdtb=" + tmp + "/tree.dtb"
        assert run(args)[0] == 0
        with open(tmp + "/tree.dtb", "rb") as f:
            assert b"rng-seed" not in f.read()


def test_kernel_formats():
    """gzip of the zImage, and the uImage of it, boot like the zImage."""
    folder, initrd = guest()
    with tempfile.TemporaryDirectory() as tmp:
        subprocess.run("gzip -1 -n < %s/vmlinuz > %s/vmlinuz.gz" % (folder, tmp), shell=True, check=True)
        args = boot_args(folder, initrd, test="off")
        args[args.index("-kernel") + 1] = tmp + "/vmlinuz.gz"
        code, out, err = run(args)
        assert code == 0 and "INIT-STARTED" in out, (out[-1000:], err[-500:])


def test_raw_image():
    """The kernel proper, taken out of the zImage: at RAM + TEXT_OFFSET, where QEMU does not put it."""
    folder, initrd = guest()
    with open(folder + "/vmlinuz", "rb") as f:
        packed = f.read()
    at = -1
    while (at := packed.find(b"\xfd7zXZ\0", at + 1)) >= 0:
        try:
            image = lzma.LZMADecompressor(lzma.FORMAT_XZ).decompress(packed[at:])
        except lzma.LZMAError:  # the magic number in the unpacker's own code
            continue
        break
    else:
        raise Skip("this kernel is not packed by xz")
    with tempfile.TemporaryDirectory() as tmp:
        # As a vmlinux: linked and "physically" placed at virtual addresses.
        vmlinux = b"\x7fELF\x01\x01\x01" + bytes(9) + struct.pack("<HHIIIIIHHHHHH", 2, 40, 1, 0xc0208000, 52, 0, 0x5000400, 52, 32, 1, 0, 0, 0)
        vmlinux += struct.pack("<IIIIIIII", 1, 84, 0xc0208000, 0xc0208000, len(image), len(image) + 0x100000, 7, 4) + image
        for name, data in (("Image", image), ("Image.gz", gzip.compress(image, 1)), ("vmlinux", vmlinux)):
            with open(tmp + "/" + name, "wb") as f:
                f.write(data)
            args = boot_args(folder, initrd, test="off")
            args[args.index("-kernel") + 1] = tmp + "/" + name
            code, out, err = run(args)
            assert code == 0 and "INIT-STARTED" in out, (out[-1000:], err[-500:])


def test_tree_says_what_to_boot():
    folder, initrd = guest()
    with tempfile.TemporaryDirectory() as tmp:
        tree = tmp + "/guest.dtb"
        subprocess.run(["cp", folder + "/vexpress-v2p-ca9.dtb", tree], check=True)
        for name, value in (("dbtvm,kernel", folder + "/vmlinuz"), ("dbtvm,initrd", os.path.relpath(initrd, tmp)),
                            ("bootargs", "console=ttyAMA0 rdinit=/init test=off")):
            subprocess.run(["fdtput", "-t", "s", tree, "/chosen", name, value], check=True)
        code, out, err = run(["-M", "vexpress-a9", "-dtb", tree])
        assert code == 0 and "reboot: Power down" in out, (out[-1000:], err[-500:])


def main_with_guest(scope):
    try:
        main(scope)
    finally:
        if _guest:
            os.unlink(_guest[1])


if __name__ == "__main__":
    main_with_guest(globals())
