#!/usr/bin/env python3
"""Real programs in a Debian armhf user space inside the guest: what they print equals what the host's (or qemu-arm's) programs print, or
they check themselves. Slow: part of `make check-slow`. Skipped only when the packages cannot be fetched.

Each job is a shell fragment that runs in the guest as /jobs/NAME. Its output between the marks is compared: with EXPECT (a function of
the host) or, where that is None, searched for what the program itself says when all is well.
"""
import hashlib
import os
import re
import subprocess
import tempfile

from harness import Skip, main, run, script

ACCEL = os.environ.get("DBTVM_TEST_ACCEL")

INIT = """#!/bin/busybox sh
/bin/busybox mkdir -p /busybox
/bin/busybox --install -s /busybox
# Debian's own programs first; the shell is dash, since busybox's prefers its own applets.
export PATH=/usr/bin:/bin:/usr/sbin:/sbin:/busybox HOME=/root LC_ALL=C PYTHONDONTWRITEBYTECODE=1
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/shm
mount -t tmpfs tmpfs /dev/shm
mount -t tmpfs tmpfs /tmp
ip link set lo up
# Programs that are killed or crash must be seen.
dmesg -n 4
cd /tmp
for word in $(cat /proc/cmdline); do
	case $word in job=*) job=${word#job=} ;; esac
done
echo "<<<begin"
dash /jobs/$job 2>&1
echo ">>>end $?"
poweroff -f
"""

# 2 MiB that compress, but not to nothing; the same on both sides, from awk's integers only.
DATA = """awk 'BEGIN { x = 1; for (i = 0; i < 60000; i++) { x = (x * 16807) % 2147483647; printf "%d %s line %d\\n", x % 977, substr("abcdefghij", x % 10 + 1), i } }' > data
"""

PYTHON_TESTS = ("test_float test_math test_struct test_cmath test_long test_int test_complex test_fractions test_statistics test_array "
                "test_binascii test_zlib test_hashlib test_random test_strtod test_format test_unicode test_re test_json test_pow "
                "test_numeric_tower test_bigmem test_memoryview test_sort test_list test_dict test_generators test_threading_local")

C_PROGRAM = r"""
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return x < y ? -1 : x > y;
}

int main(void)
{
	enum { N = 20000 };
	static uint32_t v[N];
	uint64_t mix = 1469598103934665603ull;
	double sum = 0;
	uint32_t x = 12345;

	for (int i = 0; i < N; i++) {
		x = x * 1664525u + 1013904223u;
		v[i] = x;
	}
	qsort(v, N, sizeof(v[0]), by_value);
	for (int i = 0; i < N; i++) {
		mix = (mix ^ v[i]) * 1099511628211ull;
		sum += sqrt((double)v[i]) / (i + 1) + (double)(int32_t)v[i] * 0.25;
		mix ^= (uint64_t)((int64_t)mix / (int64_t)(i + 3)) + v[i] % (uint32_t)(i + 1);
	}
	printf("%016llx %.17g %.9e\n", (unsigned long long)mix, sum, (double)(float)(sum / 3));
	for (int i = 0; i < 10; i++)
		printf("%a %d\n", fmod(sum, i + 1.5), (int)lrint(sum / (1 << i) / 1e9));
	return 0;
}
"""

PERL = r"""
use strict; use warnings;
my ($h, %count) = (5381);
for my $i (1 .. 60000) { $h = ($h * 33 + $i) % 4294967291; $count{$h % 1009}++; }
my $text = join(",", map { "$_=$count{$_}" } sort { $a <=> $b } keys %count);
print length($text), " ", unpack("%32C*", $text), "\n";
my $s = 0; $s += sin($_) * sqrt($_) for 1 .. 20000; printf "%.9f\n", $s;
(my $t = $text) =~ s/(\d+)=(\d+)/$2:$1/g; print substr($t, 0, 200), "\n";
print join(" ", map { sprintf "%x", $_ } unpack("N*", pack("f>4 d>2", 1.5, -0.1, 3e38, 1e-40, 1/3, 2**0.5))), "\n";
"""

PYTHON = r"""
import math, hashlib, decimal, fractions
h = hashlib.sha256()
x = 1
for i in range(1, 4000):
    x = x * 16807 % 2147483647
    f = x / 1e5
    h.update(repr((f ** 0.5, f % 7.25, math.floor(f), f * f - 1 / f, round(f, 3), float("%.6g" % f))).encode())
print(h.hexdigest())
print(decimal.getcontext().sqrt(decimal.Decimal(2)), fractions.Fraction(0.1), 3 ** 400 // 7 ** 99, math.factorial(60) % 1000003)
"""


def job_openssl():
    return DATA + """
openssl list -providers | head -n 2 || exit 1
for c in aes-128-cbc aes-256-ctr chacha20 camellia-192-cbc des-ede3-cbc aria-256-cfb; do
	openssl enc -$c -pbkdf2 -iter 100 -S 0011223344556677 -pass pass:secret -in data -out data.enc || exit 1
	openssl enc -d -$c -pbkdf2 -iter 100 -S 0011223344556677 -pass pass:secret -in data.enc -out data.dec || exit 1
	cmp data data.dec && echo $c $(sha256sum < data.enc)
done
for d in md5 sha1 sha256 sha512 sha3-256 blake2b512 blake2s256 sm3; do openssl dgst -$d < data; done
"""


def job_openssl_keys():
    return """
openssl genrsa -out rsa.pem 1024 2>/dev/null && openssl rsa -in rsa.pem -check -noout
openssl ecparam -name prime256v1 -genkey -noout -out ec.pem && openssl ec -in ec.pem -check -noout 2>&1 | grep -i valid
echo hello > message
for k in rsa ec; do
	openssl pkey -in $k.pem -pubout -out $k.pub
	openssl dgst -sha256 -sign $k.pem -out sig message && openssl dgst -sha256 -verify $k.pub -signature sig message
done
openssl prime 170141183460469231731687303715884105727
openssl speed -seconds 1 -bytes 1024 aes-128-cbc sha256 2>&1 | tail -n 3
echo KEYS-DONE
"""


def job_compress():
    return DATA + """
for c in "gzip -n -1" "gzip -n -9" "xz -T1 -2" "xz -T1 -6" "zstd -q -1 --single-thread" "zstd -q -12 --single-thread"; do
	set -- $c
	$c -c < data > packed && $1 -dc < packed > data2 && cmp data data2 && echo "$c: $(sha256sum < packed)"
done
"""


def with_source(name, text, command):
    return "cat > %s <<'SOURCE'\n%s\nSOURCE\n%s\n" % (name, text, command)


def host(fragment, need=()):
    """The fragment's output on the host."""
    for program in need:
        if subprocess.run(["sh", "-c", "command -v " + program], capture_output=True).returncode:
            raise Skip("the host has no " + program)
    with tempfile.TemporaryDirectory() as tmp:
        env = dict(os.environ, LC_ALL="C")
        p = subprocess.run(["sh", "-c", fragment], cwd=tmp, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return p.stdout


_base = None


def guest_job(fragment, timeout=1800):
    """Boots with the fragment as the job; returns (its output, its exit code)."""
    global _base
    folder = script("fetch-guest")
    if _base is None:
        _base = script("fetch-programs") + "/programs.cpio.gz"
    with tempfile.TemporaryDirectory() as tmp:
        os.makedirs(tmp + "/r/jobs")
        with open(tmp + "/r/init", "w") as f:
            f.write(INIT)
        os.chmod(tmp + "/r/init", 0o755)
        with open(tmp + "/r/jobs/job", "w") as f:
            f.write(fragment)
        subprocess.run("cat %s > initrd && (cd r && find . | cpio -o -H newc -R 0:0 --quiet) | gzip -1 >> initrd" % _base, shell=True,
                       check=True, cwd=tmp)
        args = ["-M", "vexpress-a9", "-kernel", folder + "/vmlinuz", "-dtb", folder + "/vexpress-v2p-ca9.dtb", "-initrd", tmp + "/initrd",
                "-append", "console=ttyAMA0 quiet rdinit=/init job=job", "-m", "1024", "-nographic", "-no-reboot"]
        if ACCEL:
            args += ["-accel", ACCEL]
        code, out, err = run(args, timeout=timeout)
    assert code == 0, (code, out[-2000:], err[-2000:])
    found = re.search(r"<<<begin\n(.*)>>>end (\d+)", out, re.S)
    assert found, out[-3000:]
    print("    %d bytes of output, md5 %s" % (len(found[1]), hashlib.md5(found[1].encode()).hexdigest()))
    return found[1], int(found[2])


def same_as_host(fragment, need=()):
    expected = host(fragment, need)
    out, code = guest_job(fragment)
    assert code == 0, (code, out[-2000:])
    assert out == expected, "the guest says\n%s\nthe host says\n%s" % (out[-2000:], expected[-2000:])


def test_openssl_round_trips():
    same_as_host(job_openssl().replace("openssl list -providers | head -n 2 || exit 1\n", ""), ["openssl", "awk"])


def test_openssl_keys():
    out, code = guest_job(job_openssl_keys())
    assert code == 0 and "KEYS-DONE" in out, out
    assert "RSA key ok" in out and out.count("Verified OK") == 2 and "is prime" in out and "is not prime" not in out, out
    assert re.search("(?i)ec key valid", out), out


def test_compressors():
    same_as_host(job_compress(), ["gzip", "xz", "zstd", "awk"])


def test_perl():
    same_as_host(with_source("t.pl", PERL, "perl t.pl"), ["perl"])


def test_python():
    same_as_host(with_source("t.py", PYTHON, "python3 t.py"), ["python3"])


def test_python_suite():
    out, code = guest_job("python3 -m test %s\n" % PYTHON_TESTS, 3600)
    assert "Tests result: SUCCESS" in out or "Result: SUCCESS" in out, (code, out[-3000:])


def test_python_decimal():
    out, code = guest_job("python3 -m test test_decimal\n", 3600)
    assert "Tests result: SUCCESS" in out or "Result: SUCCESS" in out, (code, out[-3000:])


def test_gcc():
    """The compiler's output runs, at several levels, and prints what the host's compiler's does."""
    build = "".join("%%s -ffp-contract=off %s t.c -o t%d -lm && ./t%d || exit 1\n" % (flags, i, i)
                    for i, flags in enumerate(("-O0", "-O2", "-O3", "-Os")))
    expected = host(with_source("t.c", C_PROGRAM, build % (("gcc",) * 4)), ["gcc"])
    arm = build.replace("-O3", "-O3 -mcpu=cortex-a9 -mfpu=neon").replace("-Os", "-Os -marm")
    out, code = guest_job(with_source("t.c", C_PROGRAM, arm % (("gcc",) * 4)))
    assert code == 0 and out == expected, (code, out, expected)


def test_stress_ng():
    """Stressors that check their own results."""
    out, code = guest_job("""
stress-ng --version
for s in "--cpu 1 --cpu-ops 300" "--matrix 1 --matrix-ops 600" "--vecmath 1 --vecmath-ops 40" "--vm 1 --vm-bytes 8M --vm-ops 4000" \\
	"--fork 1 --fork-ops 400" "--memcpy 1 --memcpy-ops 200" "--qsort 1 --qsort-ops 5" "--atomic 1 --atomic-ops 200" \\
	"--sigfpe 1 --sigfpe-ops 200" "--mremap 1 --mremap-ops 20" "--switch 1 --switch-ops 2000" "--context 1 --context-ops 200"; do
	echo "== $s"
	timeout 240 stress-ng --verify --timeout 180 $s || { echo "FAILED $s: $?"; exit 1; }
done
echo STRESS-DONE
""", 3600)
    assert code == 0 and "STRESS-DONE" in out and "failed" not in re.sub("failed: 0", "", out), out[-3000:]


if __name__ == "__main__":
    main(globals())
