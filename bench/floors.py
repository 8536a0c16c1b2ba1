"""floors.py - what issue 4 asks for: (what, names or prefixes, kind, least ratio). Ratios to QEMU: 4 = four times as fast."""
QEMU_FLOORS = [
    ("null system call", ["kernel.null-syscall"], 20),
    ("read 1 byte", ["kernel.read-1"], 20),
    ("signal delivery and return", ["kernel.signal"], 20),
    ("pipe round trip, two processes", ["kernel.pipe-round-trip"], 15),
    ("page fault (anonymous)", ["kernel.page-fault"], 10),
    ("mmap + touch + munmap", ["kernel.mmap-touch-munmap"], 15),
    ("fork + exit + wait", ["kernel.fork-exit-wait"], 7),
    ("vfork + exec + wait", ["kernel.vfork-exec-wait"], 7),
    ("boot to init", ["machine.boot-to-init"], 3),
    ("integer CPU-bound, geometric mean (A32 and Thumb-2)", ["int."], 3),
    ("call- and indirect-branch-heavy, geometric mean", ["branch."], 4),
    ("floating point scalar, geometric mean", ["fp."], 5),
    ("NEON float, geometric mean", ["neon.sgemm", "neon.fir", "neon.saxpy"], 8),
    ("pointer chase in L1", ["mem.chase-16K"], 1.4),
    ("MMIO read (PL011 flag register)", ["bare.mmio-read"], 3),
    ("SVC + return, bare metal", ["bare.svc"], 5),
    ("cps / msr cpsr pair", ["bare.cps-mask", "bare.msr-cpsr"], 15),
    ("store into code + run it", ["bare.code-modification.never-seen"], 4),
    ("peak RSS of a boot", ["memory.peak-rss-KiB"], 1),
]
# Times slower than the host running the same C natively: at most.
NATIVE_FLOORS = [
    ("integer against the host, geometric mean", ["int."], 2.5),
    ("scalar floating point against the host, geometric mean", ["fp."], 3.0),
]
# dbtvm alone: (what, name, least or most, value, unit)
OWN_FLOORS = [
    ("start-up of an empty VM", "start.empty-vm", "at most", 20e6, "ns"),
    ("guest instructions translated", "translation.million-insns-per-s", "at least", 3.0, "million/s"),
]
# More is better.
RATES = ["translation.million-insns-per-s"]


def matches(name, wanted):
    """int. is a prefix; kernel.signal the name itself or with .a32, .t32."""
    return any(name.startswith(w) if w.endswith(".") else name == w or name in (w + ".a32", w + ".t32") for w in wanted)
