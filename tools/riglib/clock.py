# SPDX-License-Identifier: MIT
"""The time of a machine: time of day, minus the time that its CPUs waited for a
processor of the host. So a guest on a busy host does not count as hung sooner.
"""

import os
import time

# The least part of any time span that counts, so that all waits end.
LEAST = 0.05
# Seconds between two reads of how long QEMU's threads have waited.
LOOK = 0.25
# A guest may print for ever: it counts as hung after this many times the limit
# for a silent one.
TOTAL = 12


def _children(pid):
    """Ids of the processes that pid has started."""
    out = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", encoding="ascii",
                          errors="replace") as f:
                    parent = f.read().rsplit(")", 1)[1].split()[1]
            except OSError:
                continue
            if int(parent) == pid:
                out.append(int(name))
    return out


def _waits(pid):
    """Seconds that each thread has waited for a processor since its start."""
    out = {}
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/schedstat",
                      encoding="ascii") as f:
                out[thread] = int(f.read().split()[1]) / 1e9
    except (OSError, IndexError):
        pass        # it has ended, or the host's kernel does not count that
    return out


class Clock:
    """The time of one machine; pid is QEMU's or its guardian's."""

    def __init__(self, pid):
        self.pid, self.qemu = pid, None
        self.seconds = 0.0
        self.looked = time.monotonic()
        self.waits = {}

    def now(self):
        """Seconds since the beginning."""
        passed = time.monotonic() - self.looked
        if passed >= LOOK:
            self.looked += passed
            self.seconds += max(passed - self._waited(), LEAST * passed)
        return self.seconds

    def _waited(self):
        """The longest wait of any thread since the last read."""
        if not self.qemu:
            self.qemu = (_children(self.pid) or [self.pid])[0]
        before, self.waits = self.waits, _waits(self.qemu)
        return max((now - before.get(thread, now)
                    for thread, now in self.waits.items()), default=0)


class Life:
    """Signs of life: how long a guest has been silent, and how long it has
    been running."""

    def __init__(self, clock, patience):
        self.clock, self.patience = clock, patience
        self.begin()

    def begin(self):
        self.began = self.heard = self.clock.now()

    def sign(self):
        self.heard = self.clock.now()

    def over(self):
        """Why the guest counts as hung, or None."""
        now = self.clock.now()
        if now - self.heard > self.patience:
            return (f"hang: no sign of life for {self.patience} s "
                    "(--timeout)")
        if now - self.began > TOTAL * self.patience:
            return (f"hang: still not done after {TOTAL * self.patience} s "
                    f"({TOTAL} times --timeout)")
        return None
