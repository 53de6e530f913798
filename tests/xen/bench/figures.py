# SPDX-License-Identifier: MIT
"""What the benchmarks share: reading figures that the rig's guests print
("#= NAME VALUE", once for each repetition), and writing tables and plots.
"""
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
sys.path.insert(0, os.path.dirname(HERE))
from rigrun import rigrun  # noqa: E402

OUT = os.path.join(TOP, "build")
DIR = os.path.join(OUT, "bench")
RIG = os.path.join(TOP, "tools", "rig")
FIGURE = re.compile(r"#= (\S+) ([0-9.]+)$")


def measure(label, options, terse=False):
    """Returns: the figures of one run of the rig: row -> list of values. Exits
    if the run fails. terse: shows the rig's own messages only then."""
    command = [RIG, "run", "--log", os.path.join(DIR, label)] + options
    start = time.monotonic()
    values, held = {}, []

    def show(line):
        found = FIGURE.search(line.strip())
        if found:
            values.setdefault(found.group(1), []).append(float(found.group(2)))
            print("  %4d s  %-24s %12.1f" % (
                time.monotonic() - start, found.group(1),
                float(found.group(2))), flush=True)
        elif line.startswith(("ok ", "TAP ", "1..", "# ")):
            pass
        elif terse:
            held.append("  " + line)
        else:
            print("  " + line, flush=True)

    try:
        status = rigrun(command, values.clear, show)
    except KeyboardInterrupt:
        sys.exit(130)
    if status:
        print("\n".join(held))
        sys.exit("bench: the %s run failed; its logs are in %s"
                 % (label, os.path.relpath(os.path.join(DIR, label))))
    return values


def spread(values):
    """The largest distance from the median, relative to it."""
    median = statistics.median(values)
    return max(abs(v - median) for v in values) / median if median else 0.0


def write_table(name, rows):
    """Write build/bench/NAME.json."""
    path = os.path.join(DIR, name + ".json")
    with open(path, "w") as f:
        json.dump(rows, f, indent=1)
        f.write("\n")
    print("\ntable: " + os.path.relpath(path))


def plot(name, size, script):
    """Make build/bench/NAME.svg with gnuplot; size in pixels."""
    if not shutil.which("gnuplot"):
        print("bench: gnuplot is not here (tools/setup bench installs it): no plot")
        return
    svg = os.path.join(DIR, name + ".svg")
    head = "set terminal svg size %d,%d font 'sans,13' background 'white'\n" \
        "set output '%s'\n" % (*size, svg)
    if subprocess.run(["gnuplot"], input=head + script, text=True).returncode:
        print("bench: gnuplot failed: no plot")
        return
    print("plot:  " + os.path.relpath(svg))
