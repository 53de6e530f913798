# SPDX-License-Identifier: MIT
"""Guests that are an image of their own: their output is judged, not a script's
exit status. Either xl starts one as a guest (ImageSession), or Xen starts it as
dom0 (direct.py).
"""

import os
import re

from . import elf
from .logs import GUEST_LINE
from .session import Session
from .tap import Tap, order


# Seconds of silence while xl creates a guest, its device model included.
CREATE = 120


class Output:
    """The output of an image."""

    def __init__(self, o, show):
        self.o, self.show = o, show
        self.tap = Tap()
        self.lines = []

    def feed(self, line):
        """Returns the word that the image has for the dom0 script, if any."""
        self.lines.append(line)
        self.show.guest(line)
        self.tap.feed(line)
        kind, word = order(line) or (None, "")
        if kind == "tell" and re.fullmatch(r"[\w.-]+", word):
            return word
        if kind == "ignore-log":
            try:
                self.o.ignore_log.append(re.compile(word))
            except re.error:
                self.tap.odd.append(f"'{word}' is no regular expression")
        return None

    def verdict(self, problems, crashed, hung):
        """Adds what the TAP shows to the problems. Returns: the verdict."""
        missing = "" if self.o.no_tap else self.tap.missing
        problems += [p for p in (self.tap.failed, missing) if p]
        if crashed:
            return "crashed"
        if hung:
            return "hung"
        if missing:
            return "incomplete"
        if problems:
            return "failed"
        return "skipped" if self.tap.skipped else "passed"


def whereabouts(o, logdir, log):
    """A message on where an image hung or crashed, by the dumps of its CPUs in
    one of the logs."""
    with open(os.path.join(logdir, log), encoding="ascii",
              errors="replace") as f:
        where = elf.places_of(o.image, f)
    return ["its CPUs were at " + ", ".join(where)
            + f" (more is in {log})"] if where else []


class PlainText:
    """Joins lines that Xen has cut."""

    lost = 0

    def __init__(self):
        self.held = ""

    def feed(self, text):
        self.held += text
        if len(text) < GUEST_LINE:
            yield from self.flush()

    def flush(self):
        whole, self.held = self.held, ""
        if whole:
            yield "o", whole


class ImageSession(Session):
    """An image that xl starts. It prints to Xen's debug port; a PV guest has
    none, so it prints to the PV console (see dom0-job.sh)."""

    code = 0x100000

    def __init__(self, machine, job, logdir, show, began):
        super().__init__(machine, job, logdir, show, began)
        self.text = PlainText()
        self.output = Output(self.o, show)
        self.guest_out = self.output.lines

    def run(self, pump=None):
        # An image itself is quick. Until it starts, dom0 needs time, e.g. for
        # the device model.
        self.life.patience = max(CREATE * self.slow, self.o.timeout)
        super().run(pump)

    def _from_dom0(self, line):
        super()._from_dom0(line)
        if line.startswith("@domid") and self.begun:
            self.life.patience = self.o.timeout
            self.life.begin()

    def _from_guest(self, kind, text):
        self.life.sign()
        if not self.output.lines:
            self._mark("first line")
        word = self.output.feed(text.rstrip("\r"))
        if word:
            self.machine.send(f"tell {word}")

    def _verdict(self):
        if self.domid is None:
            return "failed"
        if self._broken():
            return "broken by QEMU"
        crashed = not self.killed and self.reason != 0
        if crashed or self.hung:
            self.problems += whereabouts(
                self.o, self.logdir, "cpus.log" if self.hung else "xen.log")
        return self.output.verdict(self.problems, crashed, self.hung)
