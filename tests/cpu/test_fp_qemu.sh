#!/bin/sh
# VFP and Advanced SIMD against a second oracle: test_fp_probe built for Arm runs under qemu-arm, and must print what the host's prints.
# FP_COUNT and FP_STRIDE make it thorough: FP_COUNT=100000 FP_STRIDE=17.
set -e
srcdir=${srcdir:-.}
host=${FP_PROBE:-./tests/cpu/test_fp_probe}
cc=${ARM_CC:-arm-linux-gnueabihf-gcc}
count=${FP_COUNT:-60}
stride=${FP_STRIDE:-3000017}

for tool in "$cc" qemu-arm; do
	command -v "$tool" >/dev/null || { echo "SKIP: $tool is not installed"; exit 77; }
done
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"$cc" -std=gnu17 -O1 -static -march=armv7-a -mfpu=neon -I"$srcdir/src" -I"$srcdir" -o "$dir/probe" "$srcdir/tests/cpu/test_fp_probe.c" \
	"$srcdir/tests/cpu/test_simd_random.c"
status=0
for args in "random $count ${FP_SEED:-1}" "sweep $stride"; do
	"$host" $args >"$dir/ours"
	qemu-arm -cpu cortex-a9 "$dir/probe" $args >"$dir/theirs"
	diff "$dir/theirs" "$dir/ours" >"$dir/diff" || { echo "$args differs (< qemu-arm, > ours):"; head -n 40 "$dir/diff"; status=1; }
	echo "$args: $(wc -l <"$dir/ours") instructions"
done
exit $status
