# SPDX-License-Identifier: MIT
"""One guest in a machine: hand over the job, follow it, judge it.

Two streams are followed: the lines that dom0 sends over the control port
(see dom0-job.sh), and Xen's log, which carries what the guest says.
"""

import json
import os
import re
import shutil
import time

from . import places
from .clock import Clock, Life
from .logs import (DOM0_DEAD, EMULATOR, GUEST_DEAD, GUEST_STATE, XEN_AT,
                   GuestText, Races, Stale, Tail, dom0_bad, guest_bad, split,
                   xen_bad)

REASONS = {0: "powered off", 1: "rebooted", 2: "suspended", 3: "crashed",
           4: "was ended by its watchdog", 5: "soft reset"}
# How a guest may be to end (--expect-end), and what is wrong if it does not.
ENDS = {None: (0, ""), "reboot": (1, " and did not reboot"),
        "crash": (3, " and did not crash"),
        "watchdog": (4, " and its watchdog did not end it")}
# Seconds of the machine's: for a guest to go after its script's end, a panic to
# be printed, dom0 to clean up.
GO, TRACE, CLEAN = 60, 3, 150
# At most so many lines of the guest's kernel log, from the first bad one on, are
# shown with the verdict: enough for a call trace.
SHOWN = 24


def write_result(logdir, result):
    """result.json; returns the result."""
    with open(os.path.join(logdir, "result.json"), "w",
              encoding="utf-8") as f:
        json.dump(result, f, indent=1)
        f.write("\n")
    return result


def write_lines(logdir, name, lines):
    """One of the logs."""
    with open(os.path.join(logdir, name), "w", encoding="utf-8") as f:
        f.writelines(line + "\n" for line in lines)


class Session:
    """State of one run; result() is what rig tells and writes down."""

    code = 0xffffffff80000000   # begins there, in the guest

    def __init__(self, machine, job, logdir, show, began):
        self.machine, self.job, self.o = machine, job, job.o
        self.logdir, self.show, self.began = logdir, show, began
        self.dir = machine.path("share", job.name)
        self.slow = (5 if self.o.icount else 1) * self.o.slow
        self.domid = None
        self.text = GuestText()
        self.guest_out, self.dom0_out, self.guest_log = [], [], []
        self.problems, self.xl, self.left, self.cpus = [], [], [], []
        self.exit = self.script = self.reason = None
        self.begun = self.done = self.killed = self.destroyed = False
        self.twice = self.hung = self.sick = False      # see EMULATOR in logs.py
        self.trace = []
        self.oops, self.stale = Stale(), False
        self.races = Races()
        self.xen_at = self.swapped = False      # see XEN_AT in logs.py
        self.clock = Clock(machine.pid)
        self.life = Life(self.clock, self.o.timeout)
        self.dom0_panic = ""
        self.deadline = None        # for what has to come soon
        self.times = {}

    # --- following ----------------------------------------------------------

    def run(self, pump=None):
        """From handing over to the end of everything. pump, if given, is
        called often: it moves the console's text, and says when the user
        wants to leave."""
        self.job.write(self.dir)
        tail = Tail(self.machine.path("xen.log"))
        try:
            self.machine.send(f"run {self.job.name}")
            self.life.begin()
            try:
                self._follow(tail, pump)
            except (KeyboardInterrupt, SystemExit):
                if self.machine.own:
                    self.machine.kill()
                else:
                    self._end("interrupted")
                    self._follow(tail, None)
                raise
        finally:
            self._save(tail)
            tail.close()
            shutil.rmtree(self.dir, ignore_errors=True)

    def _follow(self, tail, pump):
        while not self.done:
            if pump and not pump(0.1):
                pump = None
                self._end(None)
            patience = 0.0 if pump else 0.2
            # A guest may send faster than we read: it is looked at in between.
            for _ in range(1000):
                line = self.machine.receive(patience)
                if line is None:
                    break
                self._from_dom0(line)
                patience = 0.0
            self._from_xen(tail)
            if not self.done:
                self._watch()
        time.sleep(0.1)
        self._from_xen(tail)

    def _watch(self):
        """Time and death."""
        if not self.machine.alive():
            self.problems.append(self._why_died())
            self.done = True
        elif self.deadline is not None:
            if self.clock.now() > self.deadline:
                self._late()
        elif why := self.life.over():
            if self.domid is None:
                self._end("the guest was not created in time")
            else:
                self.hung = True
                self._end(why)

    def _why_died(self):
        if not self.dom0_panic:
            return "the machine died (QEMU ended; Xen's log may tell why)"
        if "memory" not in self.dom0_panic:
            return f"dom0 panicked: {self.dom0_panic}"
        return (f"dom0 ran out of memory: {self.dom0_panic}; the guest's disks "
                "live there: give --dom0-memory, or smaller ones")

    def _late(self):
        """What had to come soon has not come."""
        if self.killed:
            self.problems.append("dom0 did not clean up in time")
            self.cpus += self.machine.ask_xen("0q", self.slow)
            self.machine.kill()
            self.done = True
        elif self.reason is not None or self.destroyed:
            self._end("the guest is gone, but dom0 is not done with it "
                      "(its script, or devices)")
        elif self.exit is not None:
            self._end("the guest's script ended but the guest did not "
                      "power off")
        else:
            self._end(None)     # a panic, which is a problem already

    def _end(self, problem):
        if problem:
            self.problems.append(problem)
            if self.domid is not None:
                self.machine.send(f"look {self.code:#x}")
        self.killed = True
        self._within(CLEAN)
        self.machine.send("kill")

    def _within(self, seconds):
        """What has to come now has so much time."""
        self.deadline = self.clock.now() + seconds * self.slow

    def _sooner(self, seconds):
        """The same, unless it has less already."""
        before = self.deadline
        self._within(seconds)
        if before is not None:
            self.deadline = min(before, self.deadline)

    def _mark(self, name):
        self.times[name] = round(time.monotonic() - self.began, 1)

    def _from_dom0(self, line):
        kind, _, text = line.partition(" ")
        if kind != "@con":
            self.life.sign()
        if kind == "@begin":
            self.begun = self.begun or text == self.job.name
        elif not self.begun:
            pass                # from a run that was cut short
        elif kind == "@con":
            self._heard(self.text.feed(text.rstrip("\r")))
        elif kind == "@d0":
            self.dom0_out.append(text)
            self.show.dom0(text)
        elif kind == "@xl":
            self.xl.append(text)
            self.show.detail("xl: " + text)
        elif kind == "@cpu":
            self.cpus.append(text)
        elif kind == "@domid":
            if self.domid is None:
                self._mark("created")
                self.show.progress(f"guest created (domain {text})", self.began)
            else:
                self.show.progress(f"guest goes on (domain {text})", self.began)
            self.domid = int(text)
        elif kind == "@shutdown":
            self.reason = int(text)
            self._mark("ended")
            self.show.progress("guest "
                               + REASONS.get(self.reason, f"ended ({text})"),
                               self.began)
            self._within(CLEAN)
        elif kind == "@destroyed":
            self.destroyed = True
            self._within(CLEAN)
        elif kind == "@full":
            self.problems.append(
                f"the guest's disks are full: dom0 keeps {text} MB of their "
                "data and no more; give --dom0-memory, or write less")
        elif kind == "@script":
            self.script = text
        elif kind == "@bad":
            self.problems.append(text)
        elif kind == "@left":
            self.left.append(text)
        elif kind == "@done":
            self.done = True

    def _from_xen(self, tail):
        lines = tail.lines()
        if not lines:
            self._heard(self.text.flush())
        for line in lines:
            owner, text = split(line)
            if owner == "XEN":
                self.show.detail("(XEN) " + text)
                if xen_bad(text):
                    self._bad("Xen", text)
                else:
                    self.life.sign()
                self._state(text)
            elif owner:
                self._heard(self.text.feed(text))
            elif found := DOM0_DEAD.search(text):
                self.dom0_panic = found[1].strip()

    def _state(self, text):
        """A register dump goes by."""
        if XEN_AT.search(text):
            self.xen_at = True
        elif "RIP:" in text:
            self.xen_at = False
        elif self.xen_at and GUEST_STATE.search(text):
            self.swapped = True

    def _heard(self, lines):
        for kind, text in lines:
            self._from_guest(kind, text)

    def _expected(self, text):
        return any(r.search(text) for r in self.o.ignore_log)

    def _bad(self, whose, text):
        """Whether it is: not if the test expects it."""
        self.twice |= bool(EMULATOR.search(text))
        if self._expected(text):
            return False
        self.problems.append(f"bad news in {whose}'s log: {text.strip()}")
        return True

    def _from_guest(self, kind, text):
        if kind == "k":
            self.guest_log.append(text)
            self.show.detail("guest: " + text)
            self.twice |= bool(EMULATOR.search(text))
            self.stale |= self.oops.seen(text)
            race = self.races.seen(text)
            if race or guest_bad(text):
                self.sick |= self._bad("the guest", race or text)
            # A kernel that is stuck says so every minute, in many lines.
            if not self.sick:
                self.life.sign()
            elif len(self.trace) < SHOWN:
                self.trace.append(text.rstrip())
            if GUEST_DEAD.search(text):
                self._died(text)
        elif kind == "o":
            self.life.sign()
            if not self.guest_out:
                self._mark("first line")
            self.guest_out.append(text)
            self.guest_log.append(text)
            self.show.guest(text)
        elif kind == "t":
            self.life.sign()
            if re.fullmatch(r"[\w.-]+", text):
                self.machine.send(f"tell {text}")
        elif kind == "x":
            self.exit = int(text)
            self._mark("script done")
            self._sooner(GO)

    def _died(self, text):
        if self.o.expect_end == "crash":
            self._sooner(GO)
        elif not self._expected(text):      # else a crash kernel takes over
            self._sooner(TRACE)

    # --- judging ------------------------------------------------------------

    def _judge(self):
        p = self.problems
        if self.domid is None:
            p.append("xl did not create the guest: "
                     + (" / ".join(self.xl[-3:]) or "it said nothing"))
            return
        if not self.killed:
            expected, missed = ENDS[self.o.expect_end]
            if self.reason is None:
                p.append("the guest was destroyed")
            elif self.reason != expected:
                p.append("the guest " + REASONS.get(
                    self.reason, f"ended for reason {self.reason}") + missed)
            if self.exit is None and self.o.guest_script and not expected:
                p.append("the guest ended before its script did")
        if self.races.title:
            self._bad("the guest", self.races.title)    # and no end of it
        if self.text.lost:
            p.append(f"{self.text.lost} lines of the guest were lost")
        if self.exit not in (None, 0, 4):
            p.append(f"the guest script failed (exit status {self.exit})")
        if self.script == "late":
            p.append("the dom0 script did not end")
        elif self.script not in (None, "0", "4"):
            p.append(f"the dom0 script failed (exit status {self.script})")
        for text in self.left:
            p.append("left behind in dom0: " + text)

    def _broken(self):
        installed = not places.mended_emulator()
        for seen, what in (
                (installed and self.swapped,
                 "gave a guest's CPU Xen's own state"),
                (self.stale, "executed an instruction that was patched before"),
                (installed and self.twice, "delivered an interrupt twice")):
            if self.problems and seen:
                self.problems.append("QEMU %s, which no guest survives: run "
                                     "again (docs/rig.md)" % what)
                return True
        return False

    def _verdict(self):
        if self.problems and self.hung:
            return "hung"
        if self._broken():
            return "broken by QEMU"
        skipped = 4 in (self.exit, int(self.script or 0)
                        if str(self.script).isdigit() else 0)
        return ("failed" if self.problems
                else "skipped" if skipped else "passed")

    def _shown(self):
        """What the logs have of a failed run that tells most: the first bad news of
        the guest's kernel, and where the CPUs of one that hung were."""
        if not self.problems:
            return []
        return (["guest's kernel: " + text for text in self.trace]
                + ["guest's CPU: " + text for text in self.cpus
                   if text.startswith(("vcpu", "rip:"))])

    def result(self):
        """Judges; a dictionary, also written to result.json."""
        self._judge()
        verdict = self._verdict()
        self._mark("done")
        return write_result(self.logdir, {
            "verdict": verdict, "problems": self.problems,
            "shown": self._shown(),
            "guest_exit": self.exit, "dom0_exit": self.script,
            "shutdown_reason": self.reason, "seconds": self.times})

    def _save(self, tail):
        for name, lines in (("guest.out", self.guest_out),
                            ("dom0.out", self.dom0_out),
                            ("guest.log", self.guest_log),
                            ("cpus.log", self.cpus), ("xl.log", self.xl)):
            write_lines(self.logdir, name, lines)
        with open(os.path.join(self.logdir, "xen.log"), "wb") as f:
            f.write(tail.everything())
        for name in ("out/console.log", "out/dom0.log",
                     "out/device-model.log", "domain.cfg"):
            kept = os.path.join(self.dir, name)
            copy = os.path.join(self.logdir, os.path.basename(name))
            if os.path.exists(kept):
                shutil.copyfile(kept, copy)
            elif os.path.exists(copy):
                os.unlink(copy)                 # an earlier run's
        kept = os.path.join(self.logdir, "dom0.log")
        if os.path.exists(kept):
            with open(kept, encoding="utf-8", errors="replace") as f:
                for line in f:
                    if dom0_bad(line):
                        self._bad("dom0", line)
