# SPDX-License-Identifier: MIT
"""TAP, as all programs that run tests here read it; and an image's lines for
the rig:

	# tell WORD		wakes the dom0 script's "wait_guest WORD"
	# ignore-log REGEXP	bad news that is provoked on purpose

Everything else that is not TAP is passed on unread.
"""

import collections
import re

_plan = re.compile(r"1\.\.(\d+)(?:\s*#\s*skip\b.*)?\s*$", re.I)
_result = re.compile(r"(not )?ok\b(?:\s+(\d+))?\s*-?\s*(.*)")
_skip = re.compile(r"#\s*skip\b", re.I)
_todo = re.compile(r"#\s*todo\b", re.I)
_order = re.compile(r"# (tell|ignore-log) (.*\S)")

# The number of failed tests to name; the rest is counted.
TOLD = 3


# good: not a failure; a result that is not ok is good with "TODO".
Result = collections.namedtuple("Result", "good name number skipped")


def plan(line):
    """The number of results that a plan announces; None: not a plan."""
    found = _plan.match(line)
    return int(found[1]) if found else None


def result(line):
    """The line's result; None: not a result."""
    found = _result.match(line)
    if not found:
        return None
    skipped = bool(_skip.search(found[3]))
    return Result(not found[1] or skipped or bool(_todo.search(found[3])),
                  found[3].strip(), found[2] and int(found[2]), skipped)


class Tap:
    """Adds up. failed and missing are messages, empty if all is well."""

    def __init__(self):
        self.planned = None
        self.came = 0
        self.bad = []
        self.odd = []

    def feed(self, line):
        planned, came = plan(line), result(line)
        if planned is not None:
            if self.planned is not None:
                self.odd.append("there is a second plan: " + line)
            self.planned = planned
        elif came:
            self.came += 1
            if came.number and came.number != self.came:
                self.odd.append(f"test {came.number} came where {self.came} "
                                "was due")
                self.came = came.number
            if not came.good:
                self.bad.append(came.name or f"test {self.came}")
        elif line.startswith("Bail out!"):
            self.bad.append(line)

    @property
    def skipped(self):
        return self.planned == 0 and not self.came

    @property
    def failed(self):
        if not self.bad:
            return ""
        more = len(self.bad) - TOLD
        return (f"{len(self.bad)} not ok: " + "; ".join(self.bad[:TOLD])
                + (f"; and {more} more" if more > 0 else ""))

    @property
    def missing(self):
        if self.odd:
            return "a result is missing: " + self.odd[0]
        if self.planned is None:
            return ("no result came" if not self.came else
                    f"no plan came, so {self.came} results may not be all")
        if self.came != self.planned:
            return (f"{self.came} of {self.planned} results came")
        return ""


def order(line):
    """("tell" or "ignore-log", its word) if the line is one, or None."""
    found = _order.fullmatch(line)
    return (found[1], found[2]) if found else None
