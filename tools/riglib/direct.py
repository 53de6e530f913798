# SPDX-License-Identifier: MIT
"""An image that Xen starts as dom0: no toolstack, no backends, no other
domain, and a second from power-on to its first line. Its console is Xen's
serial port, without a prefix.
"""

import os
import re
import time

from . import images, places
from .clock import Clock, Life
from .errors import RigError
from .image import Output, whereabouts
from .logs import Tail, split, xen_bad
from .machine import SERIAL, XEN_WORDS, Machine, processor
from .session import REASONS, write_lines, write_result

PVH_WORDS = "dom0=pvh dom0-iommu=none"
HALTED = "Hardware Dom0 halted: halting machine"
# Xen's last words for a dom0 that ends, and the reason that it gave.
ENDS = ((HALTED, 0), ("Hardware Dom0 shutdown: rebooting", 1),
        ("Hardware Dom0 crashed", 3), ("Hardware Dom0 shutdown: watchdog", 4),
        ("Hardware Dom0 did unsupported soft reset", 5),
        ("Hardware Dom0 shutdown (unknown", 2))
STARTED = re.compile(r"Freed \d+kB init memory")
# Seconds of silence while Xen starts the image.
XEN_BOOT = 60


class ImageMachine(Machine):
    """QEMU with Xen and an image in dom0's place."""

    def __init__(self, directory, o):
        super().__init__(directory)
        self.o = o

    def _qemu(self, options):
        o = self.o
        # QEMU takes a file's name to end at a blank or comma: links.
        for name, path in (("image", o.image), ("ramdisk", o.ramdisk)):
            if path:
                os.symlink(path, self.path(name))
        words = [XEN_WORDS, f"dom0_mem={o.memory}M,max:{o.memory}M",
                 f"dom0_max_vcpus={o.vcpus}"]
        if o.type == "pvh":
            words.append(PVH_WORDS)
        modules = "image " + o.cmdline.replace(",", ",,")
        if o.ramdisk:
            modules += ",ramdisk"
        return ([places.emulator()] + processor(options) +
                ["-m", str(options["memory"]), "-no-user-config",
                 "-nodefaults", "-display", "none", "-no-reboot",
                 *SERIAL,
                 "-kernel", images.hypervisor(options["xen"]),
                 "-append", " ".join(words + [o.xen_cmdline]).strip(),
                 "-initrd", modules])

    def _wait_for_dom0(self, progress, began):
        while not os.path.exists(self.path("xen.log")):
            if not self.alive():
                with open(self.path("qemu.log"), encoding="utf-8") as f:
                    raise RigError("QEMU did not start: " + f.read().strip())
            time.sleep(0.01)


class DirectSession:
    """Follows Xen's log until the image's end, and judges."""

    def __init__(self, machine, o, logdir, show, began):
        self.machine, self.o, self.logdir = machine, o, logdir
        self.show, self.began = show, began
        self.output = Output(o, show)
        self.problems, self.times = [], {}
        self.slow = 5 if o.icount else 1
        self.life = Life(Clock(machine.pid), XEN_BOOT * self.slow)
        self.reason = None
        self.started = self.hung = self.done = False
        self.panic = ""
        self.head = ""
        self.tail = Tail(machine.path("xen.log"), True)

    def run(self):
        self.life.begin()
        try:
            while not self.done:
                alive = self.machine.alive()
                self._read()
                if self.done:
                    break
                if not alive:
                    self.problems.append("the machine died (QEMU ended, and "
                                         "Xen did not say why)")
                    self.done = True
                elif why := self.life.over():
                    if not self.started:
                        raise RigError("Xen did not come up; see "
                                       f"{self.logdir}/xen.log")
                    self._hang(why)
                else:
                    time.sleep(0.02)
        finally:
            self._save()

    def _hang(self, why):
        self.done = self.hung = True
        self.problems.append(why)
        write_lines(self.logdir, "cpus.log",
                    self.machine.ask_xen("0", self.slow))

    def _mark(self, name):
        self.times[name] = round(time.monotonic() - self.began, 1)

    def _read(self):
        for line in self.tail.lines():
            # A message of Xen's may come in the middle of the image's line.
            head, xen, rest = line.partition("(XEN) ")
            if xen:
                self.head += head
                self._from_xen(rest)
            else:
                text, self.head = self.head + split(line)[1], ""
                self._from_image(text)
        # Nothing follows the very last words, not even the line's end.
        if HALTED in self.tail.partial():
            self._end(self.tail.partial())

    def _from_image(self, text):
        if not self.output.lines:
            self._mark("first line")
        self.life.sign()
        self.output.feed(text.rstrip("\r"))

    def _from_xen(self, text):
        self.show.detail("(XEN) " + text)
        if not xen_bad(text, dom0=True):
            self.life.sign()
        if text.startswith("Panic on CPU"):
            self.panic = text
        elif self.panic and text.startswith("Reboot in"):
            self.problems.append("Xen panicked: " + self.panic)
            self.done = True
        elif self.panic and text.strip("* "):
            self.panic = text
        elif STARTED.search(text) and not self.started:
            self.started = True
            self.life.patience = self.o.timeout
            self.life.begin()
            self._mark("started")
            self.show.progress("image started", self.began)
        elif self._end(text):
            pass
        elif (self.started and xen_bad(text, dom0=True)
              and not any(r.search(text) for r in self.o.ignore_log)):
            self.problems.append("bad news in Xen's log: " + text.strip())

    def _end(self, text):
        """Whether these are Xen's last words, and of what end."""
        for words, reason in ENDS:
            if words in text and self.reason is None:
                self.reason, self.done = reason, True
                self._mark("ended")
                self.show.progress("image " + REASONS[reason], self.began)
                if reason:
                    self.problems.append("the image " + REASONS[reason])
        return self.done

    def result(self):
        """Judges; a dictionary, also written to result.json."""
        crashed = bool(self.reason) or (self.started and not self.hung
                                        and self.reason is None)
        if crashed or self.hung:
            self.problems += whereabouts(
                self.o, self.logdir, "cpus.log" if self.hung else "xen.log")
        if self.started:
            verdict = self.output.verdict(self.problems, crashed, self.hung)
        else:
            verdict = "failed"
        self._mark("done")
        return write_result(self.logdir, {
            "verdict": verdict, "problems": self.problems,
            "shutdown_reason": self.reason, "seconds": self.times})

    def _save(self):
        write_lines(self.logdir, "guest.out", self.output.lines)
        with open(os.path.join(self.logdir, "xen.log"), "wb") as f:
            f.write(self.tail.everything())
        self.tail.close()
