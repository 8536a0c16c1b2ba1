"""report.py - samples to CSV, a Markdown table and a chart. samples: {benchmark: {side: [values]}}, in the order they were first seen."""
import csv
import math
import os
import shutil
import statistics
import subprocess

import floors


def middle(values, best, name=""):
    if not best:
        return statistics.median(values)
    return max(values) if name in floors.RATES else min(values)


def geometric_mean(values):
    return math.exp(sum(map(math.log, values)) / len(values)) if values else None


def native_name(name):
    return name[:-4] if name.endswith((".a32", ".t32")) else name


# Less than this an operation is not measurable.
FLOOR_NS = 0.05


class Report:
    def __init__(self, samples, ours="dbtvm", best=False):
        self.samples, self.ours, self.best = samples, ours, best

    def value(self, name, side):
        values = self.samples.get(name, {}).get(side)
        return middle(values, self.best, name) if values else None

    def host(self, name):
        return self.value(native_name(name), "native")

    def ratio(self, name):
        """How many times as fast as QEMU (or as small)."""
        ours, theirs = self.value(name, self.ours), self.value(name, "qemu")
        return theirs / ours if ours and theirs and min(ours, theirs) >= FLOOR_NS else None

    def slowdown(self, name):
        """How many times slower than native."""
        ours, host = self.value(name, self.ours), self.host(name)
        return ours / host if ours and host else None

    def names(self):
        return [n for n in self.samples if self.ours in self.samples[n] or "qemu" in self.samples[n]]

    def write_csv(self, path):
        with open(path, "w", newline="", encoding="utf-8") as f:
            out = csv.writer(f)
            out.writerow(["benchmark", "side", "runs", "median", "lowest", "highest", "values"])
            for name, sides in self.samples.items():
                for side, values in sides.items():
                    out.writerow([name, side, len(values), "%.3f" % statistics.median(values), "%.3f" % min(values), "%.3f" % max(values),
                                  " ".join("%.3f" % v for v in values)])

    def cell(self, name, side):
        values = self.samples.get(name, {}).get(side)
        if not values:
            return ""
        text = human(middle(values, self.best, name), name)
        if len(values) > 1:
            text += " (%s-%s)" % (human(min(values), name), human(max(values), name))
        return text

    def table(self):
        lines = ["| benchmark | dbtvm | qemu-system-arm | QEMU / dbtvm | native | dbtvm / native | guest insns |",
                 "| --- | --- | --- | --: | --- | --: | --: |"]
        for name in self.names():
            insns = self.value(name, "insns")
            lines.append("| %s | %s | %s | %s | %s | %s | %s |" % (
                name, self.cell(name, self.ours), self.cell(name, "qemu"), number(self.ratio(name)), self.cell(native_name(name), "native"),
                number(self.slowdown(name)), "%.4g" % insns if insns and insns < 1e4 else "%.0f" % insns if insns else ""))
        return "\n".join(lines)

    def floor_rows(self):
        """(what, measured, wanted, reached share, details) - a share of 1 or more: reached."""
        for what, wanted, least in floors.QEMU_FLOORS:
            ratios = [r for r in (self.ratio(n) for n in self.names() if floors.matches(n, wanted)) if r]
            if ratios:
                mean = geometric_mean(ratios)
                yield what, "%s x QEMU" % number(mean), "%g" % least, mean / least
        for what, wanted, most in floors.NATIVE_FLOORS:
            slow = [s for s in (self.slowdown(n) for n in self.names() if floors.matches(n, wanted)) if s]
            if slow:
                mean = geometric_mean(slow)
                yield what, "%s x slower" % number(mean), "at most %g" % most, most / mean
        for what, name, sense, limit, unit in floors.OWN_FLOORS:
            value = self.value(name, self.ours)
            if value:
                shown = human(limit, name) if unit == "ns" else "%g %s" % (limit, unit)
                yield what, human(value, name), "%s %s" % (sense, shown), value / limit if sense == "at least" else limit / value

    def floor_table(self):
        rows = sorted(self.floor_rows(), key=lambda row: row[3])
        lines = ["| work | measured | floor | reached |", "| --- | --: | --: | --- |"]
        for what, measured, wanted, share in rows:
            lines.append("| %s | %s | %s | %s |" % (what, measured, wanted, "yes" if share >= 1 else "no: %d %% of it" % (share * 100)))
        return "\n".join(lines)

    def chart(self, folder):
        """ratios.svg and ratios.png, by gnuplot where it is installed. Returns the paths."""
        rows = [(n, self.ratio(n)) for n in self.names() if self.ratio(n)]
        if not rows or not shutil.which("gnuplot"):
            return []
        data = os.path.join(folder, "ratios.dat")
        with open(data, "w", encoding="utf-8") as f:
            for i, (name, ratio) in enumerate(reversed(rows)):
                f.write("%d %.4f \"%s\"\n" % (i, ratio, name))
        made = []
        height = 80 + 15 * len(rows)
        for kind, terminal in (("svg", "svg size 900,%d font 'sans,10'" % height), ("png", "pngcairo size 900,%d font 'sans,9'" % height)):
            path = os.path.join(folder, "ratios." + kind)
            plot = "\n".join([
                "set terminal " + terminal, "set output '%s'" % path, "set title 'Times as fast as qemu-system-arm (same guest files, one host)'",
                "set logscale x 10", "set xrange [0.1:200]", "set yrange [-1:%d]" % len(rows), "set grid xtics", "unset key", "set boxwidth 0.7",
                "set style fill solid 0.8", "set lmargin 32", "set arrow from 1,-1 to 1,%d nohead lw 2 lc rgb '#aa3333'" % len(rows),
                "plot '%s' using (sqrt($2)):1:(1 < $2 ? 1 : $2):(1 < $2 ? $2 : 1):($1-0.35):($1+0.35):ytic(3) with boxxyerror lc rgb '#33669a'" % data])
            p = subprocess.run(["gnuplot"], input=plot, text=True, capture_output=True, check=False)
            if p.returncode == 0:
                made.append(path)
        return made


def number(x):
    if x is None:
        return ""
    return "%.0f" % x if x >= 100 else "%.1f" % x if x >= 10 else "%.2f" % x


def human(value, name):
    """Nanoseconds with a unit; other things as they are."""
    if name.startswith("memory."):
        return "%.1f MiB" % (value / 1024)
    if name.startswith(("translation.", "boot-share.")):
        return number(value)
    for unit, size in (("s", 1e9), ("ms", 1e6), ("us", 1e3)):
        if value >= size:
            return "%s %s" % (number(value / size), unit)
    return "%s ns" % number(value)


def put_section(path, name, text):
    """Replaces what stands between the markers of a generated section; adds it at the end when there is none."""
    begin, end = "<!-- begin generated: %s -->" % name, "<!-- end generated: %s -->" % name
    try:
        with open(path, encoding="utf-8") as f:
            old = f.read()
    except FileNotFoundError:
        old = ""
    section = "%s\n%s\n%s" % (begin, text.rstrip(), end)
    if begin in old and end in old:
        new = old[:old.index(begin)] + section + old[old.index(end) + len(end):]
    else:
        new = old.rstrip() + "\n\n" + section + "\n"
    with open(path, "w", encoding="utf-8") as f:
        f.write(new)
