#!/usr/bin/env python3
"""Writes test_simd_cases.def: every operation of cpu/simd_ops.def as an A32 instruction word (by the GNU assembler) and a descriptor.

Run by hand after simd_ops.def has changed: tests/cpu/test_simd_cases.py > tests/cpu/test_simd_cases.def
"""
import subprocess, sys, tempfile, os

cases = []  # (op, assembly, vd, vn, vm, q, scalar, imm)

def add(op, asm, vd, vn=0, vm=0, q=0, scalar=0, imm=0):
    cases.append((op, asm, vd, vn, vm, q, scalar, imm))

def q(n, wide):
    """The name of the register that starts at D n."""
    return f"q{n // 2}" if wide else f"d{n}"

# --- scalar VFP: S registers 1, 4, 7; D registers 1, 2, 3 (all of them in D0-D3) ---
for size, t, r, (d, n, m) in ((32, "f32", "s", (1, 4, 7)), (64, "f64", "d", (1, 2, 3))):
    f = f"F{size}"
    for op in "ADD SUB MUL NMUL DIV MLA MLS NMLA NMLS".split():
        add(f"{f}_{op}", f"v{op.lower()}.{t} {r}{d}, {r}{n}, {r}{m}", d, n, m)
        add(f"{f}_{op}", f"v{op.lower()}.{t} {r}{d}, {r}{d}, {r}{m}", d, d, m)
    for op in "SQRT ABS NEG".split():
        add(f"{f}_{op}", f"v{op.lower()}.{t} {r}{d}, {r}{m}", d, 0, m)
    add(f"{f}_MOV", f"vmov.{t} {r}{d}, {r}{m}", d, 0, m)
    for op in ("CMP", "CMPE"):
        add(f"{f}_{op}", f"v{op.lower()}.{t} {r}{d}, {r}{m}", d, 0, m)
        add(f"{f}_{op}Z", f"v{op.lower()}.{t} {r}{d}, #0", d)
    for k, it in (("S", "s32"), ("U", "u32")):
        add(f"{k}32_{f}", f"vcvt.{it}.{t} s1, {r}{m}", 1, 0, m)
        add(f"{k}32R_{f}", f"vcvtr.{it}.{t} s1, {r}{m}", 1, 0, m)
        add(f"{f}_{k}32", f"vcvt.{t}.{it} {r}{d}, s7", d, 0, 7)
        for bits in (16, 32):
            flags = (64 if bits == 16 else 0) | (128 if k == "U" else 0)
            for frac in (1, 7, bits):
                add(f"FIXED_{f}", f"vcvt.{it[0]}{bits}.{t} {r}{d}, {r}{d}, #{frac}", d, 0, 0, imm=frac | flags)
                add(f"{f}_FIXED", f"vcvt.{t}.{it[0]}{bits} {r}{d}, {r}{d}, #{frac}", d, 0, 0, imm=frac | flags)
add("F64_F32", "vcvt.f64.f32 d1, s7", 1, 0, 7)
add("F32_F64", "vcvt.f32.f64 s1, d3", 1, 0, 3)
for imm, x in ((0, "b"), (1, "t")):
    add("F32_F16", f"vcvt{x}.f32.f16 s1, s7", 1, 0, 7, imm=imm)
    add("F16_F32", f"vcvt{x}.f16.f32 s1, s7", 1, 0, 7, imm=imm)

# --- Advanced SIMD: registers from D2, D4, D6, so that Q forms have the same numbers ---
D, N, M = 2, 4, 6
INT = ("s8", "s16", "s32", "u8", "u16", "u32")
INT64 = ("s8", "s16", "s32", "s64", "u8", "u16", "u32", "u64")
BARE = ("i8", "i16", "i32")
BARE64 = BARE + ("i64",)
SIGNED = {"i8": "s8", "i16": "s16", "i32": "s32", "i64": "s64"}
def bits(t):
    return int(t[1:])

def three(op, mnemonic, types, qs=(0, 1), accumulate=False, swap=False):
    for t in types:
        name = f"{op}_{t.upper()}" if t else op
        dot = f".{t}" if t else ""
        for w in qs:
            a, b = (M, N) if swap else (N, M)
            add(name, f"{mnemonic}{dot} {q(D, w)}, {q(a, w)}, {q(b, w)}", D, N, M, w)

for op in "VAND VBIC VORR VORN VEOR VBSL VBIT VBIF".split():
    three(op, op.lower(), ("",))
three("VADD", "vadd", BARE64); three("VSUB", "vsub", BARE64)
for op in "VHADD VRHADD VHSUB VMAX VMIN VABD VABA VCGT VCGE".split():
    three(op, op.lower(), INT)
for op in "VQADD VQSUB".split():
    three(op, op.lower(), INT64)
for op in "VSHL VQSHL VRSHL VQRSHL".split():
    three(op, op.lower(), INT64, swap=True)
three("VCEQ", "vceq", BARE); three("VMUL", "vmul", BARE); three("VMLA", "vmla", BARE); three("VMLS", "vmls", BARE)
for t in BARE:
    for w in (0, 1):
        add(f"VTST_{t.upper()}", f"vtst.{bits(t)} {q(D, w)}, {q(N, w)}, {q(M, w)}", D, N, M, w)
three("VMUL", "vmul", ("p8",)); three("VQDMULH", "vqdmulh", ("s16", "s32")); three("VQRDMULH", "vqrdmulh", ("s16", "s32"))
three("VPMAX", "vpmax", INT, (0,)); three("VPMIN", "vpmin", INT, (0,)); three("VPADD", "vpadd", BARE, (0,))
for op in "VADD VSUB VMUL VMLA VMLS VABD VMAX VMIN VCEQ VCGE VCGT VACGE VACGT VRECPS VRSQRTS".split():
    three(op, op.lower(), ("f32",))
for op in "VPADD VPMAX VPMIN".split():
    three(op, op.lower(), ("f32",), (0,))
# long and wide
for op in "VADDL VSUBL VABDL VABAL VMULL VMLAL VMLSL".split():
    for t in INT:
        add(f"{op}_{t.upper()}", f"{op.lower()}.{t} q{D // 2}, d{N}, d{M}", D, N, M)
for op in "VADDW VSUBW".split():
    for t in INT:
        add(f"{op}_{t.upper()}", f"{op.lower()}.{t} q{D // 2}, q{N // 2}, d{M}", D, N, M)
add("VMULL_P8", f"vmull.p8 q{D // 2}, d{N}, d{M}", D, N, M)
for op in "VQDMULL VQDMLAL VQDMLSL".split():
    for t in ("s16", "s32"):
        add(f"{op}_{t.upper()}", f"{op.lower()}.{t} q{D // 2}, d{N}, d{M}", D, N, M)
for op in "VADDHN VRADDHN VSUBHN VRSUBHN".split():
    for t in BARE:
        add(f"{op}_{t.upper()}", f"{op.lower()}.i{2 * bits(t)} d{D}, q{N // 2}, q{M // 2}", D, N, M)
# by scalar
for t, index in (("i16", 3), ("i32", 1), ("f32", 0)):
    for op in "VMUL VMLA VMLS".split():
        for w in (0, 1):
            add(f"{op}_{t.upper()}", f"{op.lower()}.{t} {q(D, w)}, {q(N, w)}, d{M}[{index}]", D, N, M, w, 1, index)
for t, index in (("s16", 1), ("s32", 0)):
    for op in "VQDMULH VQRDMULH".split():
        for w in (0, 1):
            add(f"{op}_{t.upper()}", f"{op.lower()}.{t} {q(D, w)}, {q(N, w)}, d{M}[{index}]", D, N, M, w, 1, index)
    for op in "VQDMULL VQDMLAL VQDMLSL VMULL VMLAL VMLSL".split():
        for u in ("s", "u") if op[1] == "M" else ("s",):
            add(f"{op}_{u.upper()}{bits(t)}", f"{op.lower()}.{u}{bits(t)} q{D // 2}, d{N}, d{M}[{index}]", D, N, M, 0, 1, index)
# shifts by immediate
def shift(op, mnemonic, types, amounts, asm_type=lambda t: t):
    for t in types:
        for imm in amounts(bits(t)):
            for w in (0, 1):
                add(f"{op}_{t.upper()}", f"{mnemonic}.{asm_type(t)} {q(D, w)}, {q(M, w)}, #{imm}", D, 0, M, w, 0, imm)
right = lambda b: (1, b // 2 + 1, b)
left = lambda b: (0, b // 2 - 1, b - 1)
for op in "VSHR VSRA VRSHR VRSRA".split():
    shift(op, op.lower(), INT64, right)
shift("VSRI", "vsri", BARE64, right, lambda t: str(bits(t)))
shift("VSLI", "vsli", BARE64, left, lambda t: str(bits(t)))
shift("VSHLI", "vshl", BARE64, left)
shift("VQSHLI", "vqshl", INT64, left)
shift("VQSHLUI", "vqshlu", BARE64, left, lambda t: SIGNED[t])
def narrow(op, mnemonic, types, asm):
    for t in types:
        for imm in right(bits(t)):
            add(f"{op}_{t.upper()}", f"{mnemonic}.{asm(t)} d{D}, q{M // 2}, #{imm}", D, 0, M, 0, 0, imm)
double = lambda t: f"{t[0]}{2 * bits(t)}"
narrow("VSHRN", "vshrn", BARE, double); narrow("VRSHRN", "vrshrn", BARE, double)
narrow("VQSHRN", "vqshrn", INT, double); narrow("VQRSHRN", "vqrshrn", INT, double)
narrow("VQSHRUN", "vqshrun", BARE, lambda t: f"s{2 * bits(t)}"); narrow("VQRSHRUN", "vqrshrun", BARE, lambda t: f"s{2 * bits(t)}")
for t in BARE:
    add(f"VSHRN_{t.upper()}", f"vmovn.{double(t)} d{D}, q{M // 2}", D, 0, M)
    add(f"VQSHRUN_{t.upper()}", f"vqmovun.s{2 * bits(t)} d{D}, q{M // 2}", D, 0, M)
for t in INT:
    add(f"VQSHRN_{t.upper()}", f"vqmovn.{double(t)} d{D}, q{M // 2}", D, 0, M)
    add(f"VSHLL_{t.upper()}", f"vmovl.{t} q{D // 2}, d{M}", D, 0, M)
    for imm in (1, bits(t) // 2, bits(t) - 1):
        add(f"VSHLL_{t.upper()}", f"vshll.{t} q{D // 2}, d{M}, #{imm}", D, 0, M, 0, 0, imm)
    add(f"VSHLL_{t.upper()}", f"vshll.i{bits(t)} q{D // 2}, d{M}, #{bits(t)}", D, 0, M, 0, 0, bits(t))
# two registers
def two(op, asm, qs=(0, 1), imm=0):
    for w in qs:
        add(op, asm.format(d=q(D, w), m=q(M, w)), D, 0, M, w, 0, imm)
two("VMOV", "vmov {d}, {m}"); two("VMVN", "vmvn {d}, {m}")
for r, sizes in ((16, (8,)), (32, (8, 16)), (64, (8, 16, 32))):
    for b in sizes:
        two(f"VREV{r}_I{b}", f"vrev{r}.{b} {{d}}, {{m}}")
for t in INT:
    for op in ("VPADDL", "VPADAL"):
        two(f"{op}_{t.upper()}", f"{op.lower()}.{t} {{d}}, {{m}}")
for t in BARE:
    T = t.upper()
    two(f"VCLS_{T}", f"vcls.{SIGNED[t]} {{d}}, {{m}}"); two(f"VCLZ_{T}", f"vclz.{t} {{d}}, {{m}}")
    for op in "VABS VNEG VQABS VQNEG".split():
        two(f"{op}_{T}", f"{op.lower()}.{SIGNED[t]} {{d}}, {{m}}")
    two(f"VCEQZ_{T}", f"vceq.{t} {{d}}, {{m}}, #0")
    for op in "VCGE VCGT VCLE VCLT".split():
        two(f"{op}Z_{T}", f"{op.lower()}.{SIGNED[t]} {{d}}, {{m}}, #0")
    for op in "VTRN VUZP VZIP".split():
        two(f"{op}_{T}", f"{op.lower()}.{bits(t)} {{d}}, {{m}}", (1,) if op != "VTRN" and t == "i32" else (0, 1))
    index = 64 // bits(t) - 1
    for w in (0, 1):
        add(f"VDUP_{T}", f"vdup.{bits(t)} {q(D, w)}, d{M}[{index}]", D, 0, M, w, 0, index)
two("VCNT_I8", "vcnt.8 {d}, {m}"); two("VABS_F32", "vabs.f32 {d}, {m}"); two("VNEG_F32", "vneg.f32 {d}, {m}")
for op in "VCEQ VCGE VCGT VCLE VCLT".split():
    two(f"{op}Z_F32", f"{op.lower()}.f32 {{d}}, {{m}}, #0")
two("VSWP", "vswp {d}, {m}")
for op in ("VRECPE", "VRSQRTE"):
    for t in ("u32", "f32"):
        two(f"{op}_{t.upper()}", f"{op.lower()}.{t} {{d}}, {{m}}")
add("VCVT_F32_F16", f"vcvt.f32.f16 q{D // 2}, d{M}", D, 0, M)
add("VCVT_F16_F32", f"vcvt.f16.f32 d{D}, q{M // 2}", D, 0, M)
for k in ("s32", "u32"):
    two(f"VCVT_{k.upper()}_F32", f"vcvt.{k}.f32 {{d}}, {{m}}"); two(f"VCVT_F32_{k.upper()}", f"vcvt.f32.{k} {{d}}, {{m}}")
    for frac in (1, 16, 32):
        two(f"VCVT_{k.upper()}_F32", f"vcvt.{k}.f32 {{d}}, {{m}}, #{frac}", imm=frac)
        two(f"VCVT_F32_{k.upper()}", f"vcvt.f32.{k} {{d}}, {{m}}, #{frac}", imm=frac)
for w, starts in ((0, (0, 3, 7)), (1, (0, 5, 15))):
    for imm in starts:
        add("VEXT", f"vext.8 {q(D, w)}, {q(N, w)}, {q(M, w)}, #{imm}", D, N, M, w, 0, imm)
for n in (1, 2, 3, 4):
    regs = ", ".join(f"d{N + i}" for i in range(n))
    add("VTBL", f"vtbl.8 d{D}, {{{regs}}}, d{8}", D, N, 8, 0, 0, n)
    add("VTBX", f"vtbx.8 d{D}, {{{regs}}}, d{8}", D, N, 8, 0, 0, n)

def assemble(lines):
    with tempfile.TemporaryDirectory() as tmp:
        source, obj, binary = (os.path.join(tmp, x) for x in ("a.s", "a.o", "a.bin"))
        with open(source, "w") as f:
            f.write(".arch armv7-a\n.fpu neon-fp16\n.arm\n" + "\n".join(lines) + "\n")
        subprocess.run(["arm-linux-gnueabihf-as", "-o", obj, source], check=True)
        subprocess.run(["arm-linux-gnueabihf-objcopy", "-O", "binary", obj, binary], check=True)
        with open(binary, "rb") as f:
            data = f.read()
    return [int.from_bytes(data[i:i + 4], "little") for i in range(0, len(data), 4)]

words = assemble([c[1] for c in cases])
assert len(words) == len(cases)
print("/* CASE(operation, A32 instruction, descriptor, \"assembly\") - written by test_simd_cases.py */")
for (op, asm, vd, vn, vm, wide, scalar, imm), word in zip(cases, words):
    flags = (" | SIMD_Q" if wide else "") + (" | SIMD_SCALAR" if scalar else "") + (f" | {imm}u << SIMD_IMM_SHIFT" if imm else "")
    print(f'CASE({op}, 0x{word:08x}, SIMD_DESC({vd}, {vn}, {vm}){flags}, "{asm}")')
