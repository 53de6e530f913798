# SPDX-License-Identifier: MIT
"""Run the rig, for the programs that judge what its guests print."""
import argparse
import contextlib
import os
import re
import shutil
import subprocess
import sys
import time

# Seconds between two signs of life of a long run: of one that has a new result, of
# one that prints at all.
SIGN, LIFE = 10, 60

TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
OUT = os.path.join(TOP, "build")
RIG = os.path.join(TOP, "tools", "rig")
sys.path.insert(0, os.path.join(TOP, "tools"))
from riglib import places, tap  # noqa: E402
from riglib.ending import at_end  # noqa: E402

# Exit status of the rig: how often a run that ends so is made again
# (docs/rig.md, "Faults of QEMU's").
AGAIN = {5: 2} if places.mended_emulator() else {5: 2, 6: 1}

DOM0 = "dom0: "


def test_in(line):
    """The result in a line of the rig's output: DOM0 or "", and what; or None."""
    whose = DOM0 if line.startswith(DOM0) else ""
    result = tap.result(line[len(whose):])
    return result and (whose, result)


def part_of(word):
    """"2/3" as the slice [1::3]."""
    found = re.fullmatch(r"([1-9]\d*)/([1-9]\d*)", word)
    if not found or int(found[1]) > int(found[2]):
        raise argparse.ArgumentTypeError(
            "'%s' is no part of a list; say 1/2 or 2/2" % word)
    return slice(int(found[1]) - 1, None, int(found[2]))


def arguments(words, parts=False):
    """The command line of a suite of guests: names, which Linux, and whether a
    part of the list may be asked for."""
    p = argparse.ArgumentParser()
    p.add_argument("names", nargs="*", metavar="NAME")
    p.add_argument("--build", metavar="DIR", help="the folder with kmod and "
                   "selftest that belong to it")
    p.add_argument("--kernel", metavar="VMLINUZ",
                   help="another kernel than Debian's")
    p.add_argument("--machine", default="", metavar="WORDS",
                   help="options for the machine, as --xen 4.20")
    p.add_argument("--rig", default="", metavar="WORDS",
                   help="more options for each rig run")
    if parts:
        p.add_argument("--part", type=part_of, default="1/1", metavar="I/N",
                       help="only every Nth run, from the Ith on")
    args = p.parse_args(words)
    args.build = os.path.abspath(args.build or OUT)
    return args


@contextlib.contextmanager
def machine(runs, kind, words=()):
    """One machine for all runs, started with more words: the options that tell
    the rig of it. If it does not start, a test has failed, and it is None."""
    name = ["--name", "%s-%d" % (kind, os.getpid())]
    options = name + list(words)
    try:
        up = not subprocess.call([RIG, "start"] + options,
                                 stdin=subprocess.DEVNULL)
        if not up:
            runs.result(False, "the machine starts")
        runs.machine = options
        yield options if up else None
    finally:
        subprocess.call([RIG, "stop"] + name)


def keep_logs(command):
    """Of a run that is made again: its words, where there are logs of it."""
    if "--log" not in command:
        return ""
    log = command[command.index("--log") + 1]
    shutil.rmtree(log + ".again", ignore_errors=True)
    try:
        os.rename(log, log + ".again")
    except OSError:
        return ""
    return "; logs: %s.again" % log


def rigrun(command, begin, line):
    """The rig's exit status. begin() before each try, line(text) for each line
    of its output. What is said of a run that is made again is for
    tests/harness, which repeats it at the end of the suite."""
    tried = 0
    while True:
        begin()
        with subprocess.Popen(command, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True,
                              errors="replace") as proc:
            try:
                for text in proc.stdout:
                    line(text.rstrip("\n"))
            except KeyboardInterrupt:
                proc.wait()
                raise
            except SystemExit:
                proc.terminate()
                raise
        if tried >= AGAIN.get(proc.returncode, 0):
            return proc.returncode
        tried += 1
        print("# rig: status %d, the same once more (docs/rig.md)%s"
              % (proc.returncode, keep_logs(command)), flush=True)


class Runs:
    """Many runs as one TAP: each guest's tests with the run's name before
    them, and one more for what the rig saw (a crash, a hang, bad news in a
    log, something left behind)."""

    def __init__(self):
        # Ended from outside: the machine that was started goes with us.
        at_end()
        self.count = 0
        self.machine = None         # the started one's options
        print("TAP version 13", flush=True)

    def result(self, good, name):
        self.count += 1
        print("%s %d - %s" % ("ok" if good else "not ok", self.count, name),
              flush=True)

    def run(self, name, command):
        """The lines of its output."""
        print("# %s ..." % name, flush=True)
        output = []
        shown = time.monotonic()
        last = ""

        def heard(text):
            nonlocal shown, last
            output.append(text)
            found = test_in(text)
            last = found[1].name if found else last
            if time.monotonic() - shown > (SIGN if found else LIFE):
                shown = time.monotonic()
                print("# %s: %s ..." % (name, last), flush=True)

        # Judged only at the end: a run that QEMU broke does not count.
        status = rigrun(command, output.clear, heard)
        tests = 0
        words = []
        for line in output:
            found = test_in(line)
            if found:
                tests += 1
                whose, result = found
                self.result(result.good, name + ": " + whose + result.name)
            elif line.startswith("rig: "):
                words.append(line[5:].strip())
            else:
                print("# " + line)
        for word in words[-6:] if status else []:
            print("# rig: " + word)
        if status == 4:
            self.result(True, name + " # SKIP")
        else:
            self.result(status == 0 and tests > 0,
                        name + ": the rig saw nothing bad")
        if status not in (0, 4):
            self._revive()
        return output

    def _revive(self):
        """A run that hung may have ended the machine: the next gets a new one. The
        rig refuses to start what is up."""
        if self.machine:
            subprocess.call([RIG, "start"] + self.machine,
                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)

    def end(self):
        print("1..%d" % self.count)
