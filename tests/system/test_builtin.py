#!/usr/bin/env python3
"""The built-in guest: our first system. Under each accelerator, and with the optimizations off."""
import re
import shutil
import subprocess
import tempfile

from harness import DBTVM, Guest, Skip, SRCDIR, main, run

# Every optimization and pass there is, from the lists that the program is made of.
ALL_OFF = ",".join(["dbt"] + ["no-" + name for part in ("run/optimizations", "passes/passes")
                              for name in re.findall(r'^(?:OPTIMIZATION|PASS)\(\w+, "([^"]+)"',
                                                     open(SRCDIR + "/src/translator/%s.def" % part).read(), re.M)])


def to_prompt(args):
    with Guest(["-M", "vexpress-a9", "-m", "128", "-nographic"] + args) as guest:
        guest.expect(r"Type help for the commands\.\s+guest> ")
        guest.send("off\r")
        guest.expect("power off")
        assert guest.wait() == 0
        return guest.text()


def check_tests(text):
    results = re.findall(r"^test (.*): (\w+)$", text, re.M)
    assert len(results) >= 28, text[-2000:]
    bad = [name for name, result in results if result != "pass"]
    assert not bad, bad
    assert "0 failures" in text


def test_dbt():
    check_tests(to_prompt([]))


def test_interpreter():
    check_tests(to_prompt(["-accel", "interp"]))


def test_optimizations_off():
    check_tests(to_prompt(["-accel", ALL_OFF]))


def test_verify():
    check_tests(to_prompt(["-verify"]))


def test_shadow_check():
    text = to_prompt(["-d", "shadow-check"])
    check_tests(text)
    assert "differ" not in text


def test_icount_is_repeatable():
    def output():
        return to_prompt(["-icount", "shift=3", "-D", "/dev/null"])

    first = output()
    check_tests(first)
    assert first == output()


def test_prompt():
    with Guest(["-M", "vexpress-a9", "-m", "128", "-nographic"]) as guest:
        guest.expect("guest> ")
        guest.send("help\r")
        guest.expect(r"fault ADDR\s+load from ADDR")
        guest.send("dump 60010000 10\r")
        guest.expect(r"60010000: [0-9a-f]{8} [0-9a-f]{8} [0-9a-f]{8} [0-9a-f]{8}\s")
        guest.send("poke 60800000 cafe\r")
        guest.send("dump 60800000 4\r")
        guest.expect("60800000: 0000cafe")
        guest.send("timer\r")
        guest.expect(r"24 MHz counter 0x[0-9a-f]{8}")
        guest.send("fault 04000000\r")
        # Both the guest and the user are told: the guest by an external abort, the user by a line on stderr.
        guest.expect(r"data abort: status 0x008, address 0x04000000")
        assert re.search(r"read32 0x04000000 .*from 0x600\w+.*no device, no RAM here", guest.text()), guest.text()[-800:]
        guest.send("fault 1e000058\r")
        guest.expect(r"data abort: status 0x008, address 0x1e000058")
        guest.send("off\r")
        assert guest.wait() == 0


def test_reboot():
    with Guest(["-M", "vexpress-a9", "-m", "128", "-nographic"]) as guest:
        guest.expect("guest> ")
        guest.send("reboot\r")
        guest.expect("dbtvm built-in guest")
        guest.expect("0 failures")
        guest.expect("guest> ")
        guest.send("off\r")
        assert guest.wait() == 0
    with Guest(["-M", "vexpress-a9", "-m", "128", "-nographic", "-no-reboot"]) as guest:
        guest.expect("guest> ")
        guest.send("reboot\r")
        assert guest.wait() == 0
        assert guest.text().count("dbtvm built-in guest") == 1


def test_input_from_a_pipe():
    """No terminal at all: the guest's console still works, and end of file does not end the guest."""
    p = subprocess.Popen([DBTVM, "-M", "vexpress-a9", "-m", "128", "-nographic"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL)
    out, _ = p.communicate(b"help\roff\r", timeout=120)
    assert p.returncode == 0 and b"power off" in out


def test_qemu_agrees():
    """The same image on the packaged QEMU: every test line is the same, but for the external abort that QEMU does not give."""
    qemu = shutil.which("qemu-system-arm")
    if not qemu:
        raise Skip("no qemu-system-arm")
    with tempfile.TemporaryDirectory() as folder:
        build(folder)
        tree = folder + "/board.dtb"
        assert run(["-M", "vexpress-a9,dumpdtb=" + tree])[0] == 0
        with Guest(["-M", "vexpress-a9", "-m", "128", "-nographic", "-kernel", folder + "/guest.bin", "-dtb", tree, "-no-reboot"],
                   qemu) as guest:
            guest.expect(r"Type help for the commands\.\s+guest> ")
            guest.send("off\r")
            guest.wait()
            theirs = re.findall(r"^test .*$", guest.text(), re.M)
        ours = re.findall(r"^test .*$", to_prompt([]), re.M)
    known = "test nothing where nothing is listed: "
    assert known + "FAIL" in theirs, "QEMU has changed: it gives external aborts now"
    assert [line for line in ours if not line.startswith(known)] == [line for line in theirs if not line.startswith(known)]


def build(folder):
    if not shutil.which("arm-none-eabi-gcc"):
        raise Skip("no arm-none-eabi-gcc")
    subprocess.run(["sh", SRCDIR + "/tests/guest/builtin/build", folder], check=True)


def test_image_is_from_its_sources():
    with tempfile.TemporaryDirectory() as folder:
        build(folder)
        with open(folder + "/builtin_guest.c") as made, open(SRCDIR + "/src/machine/builtin_guest.c") as kept:
            assert made.read() == kept.read(), "run tests/guest/builtin/build and copy builtin_guest.c to src/machine/"


def test_elf_image():
    with tempfile.TemporaryDirectory() as folder:
        build(folder)
        check_tests(to_prompt(["-kernel", folder + "/guest.elf", "-symbols", folder + "/guest.elf"]))


def test_tree_names_the_kernel():
    """dbtvm,kernel in /chosen, relative to the tree's folder; the guest does not see it."""
    with tempfile.TemporaryDirectory() as folder:
        build(folder)
        tree = folder + "/guest.dtb"
        assert run(["-M", "vexpress-a9,dumpdtb=" + tree])[0] == 0
        subprocess.run(["fdtput", "-t", "s", tree, "/chosen", "dbtvm,kernel", "guest.bin"], check=True)
        check_tests(to_prompt(["-dtb", tree]))
        final = folder + "/final.dtb"
        assert run(["-M", "vexpress-a9,dumpdtb=" + final, "-dtb", tree])[0] == 0
        listed = subprocess.run(["fdtget", "-p", final, "/chosen"], capture_output=True, text=True, check=True).stdout.split()
        assert "stdout-path" in listed and "dbtvm,kernel" not in listed, listed


def test_only_listed_devices():
    """A tree without the second timer: the guest gets an abort where it was, the user a line that names the board's node."""
    with tempfile.TemporaryDirectory() as folder:
        tree = folder + "/guest.dtb"
        assert run(["-M", "vexpress-a9,dumpdtb=" + tree])[0] == 0
        subprocess.run(["fdtput", "-r", tree, "/motherboard/peripherals/timer@10012000"], check=True)
        with Guest(["-M", "vexpress-a9", "-m", "128", "-nographic", "-dtb", tree]) as guest:
            guest.expect("guest> ")
            guest.send("fault 10012004\r")
            guest.expect("data abort: status 0x008")
            assert re.search(r"/motherboard/peripherals/timer@10012000: of the board, not in the guest's tree", guest.text())
            guest.send("off\r")
            assert guest.wait() == 0


def test_full_disk():
    """What the guest writes to a serial line whose disk is full is lost, and that is said."""
    args = [DBTVM, "-M", "vexpress-a9", "-m", "128", "-display", "none", "-monitor", "none", "-serial", "file:/dev/full"]
    with subprocess.Popen(args, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as p:
        for line in p.stderr:
            if "output ends here: No space left on device" in line:
                break
        p.terminate()
        rest = p.stderr.read()
    assert re.search(r"[1-9]\d* bytes of a serial line's output were lost: No space left on device", rest), rest


if __name__ == "__main__":
    main(globals())
