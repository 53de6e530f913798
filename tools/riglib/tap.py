# SPDX-License-Identifier: MIT
"""What an image prints: its TAP, and the lines that speak to the rig.

	# tell WORD		wakes the dom0 script's "wait_guest WORD"
	# ignore-log REGEXP	that bad news is provoked on purpose

Everything else that is not TAP is passed on and not looked at.
"""

import re

_plan = re.compile(r"1\.\.(\d+)(?:\s*#\s*skip\b.*)?\s*$", re.I)
_result = re.compile(r"(not )?ok\b(?:\s+(\d+))?\s*-?\s*(.*)")
_directive = re.compile(r"#\s*(?:skip|todo)\b", re.I)
_order = re.compile(r"# (tell|ignore-log) (.*\S)")

# Names of failed tests that are told; the rest is counted.
TOLD = 3


class Tap:
    """Adds up. failed and missing are sentences, empty when all is well."""

    def __init__(self):
        self.planned = None
        self.came = 0
        self.bad = []
        self.odd = []

    def feed(self, line):
        plan, result = _plan.match(line), _result.match(line)
        if plan:
            if self.planned is not None:
                self.odd.append("there is a second plan: " + line)
            self.planned = int(plan[1])
        elif result:
            self.came += 1
            if result[2] and int(result[2]) != self.came:
                self.odd.append(f"test {result[2]} came where {self.came} "
                                "was due")
                self.came = int(result[2])
            if result[1] and not _directive.search(result[3]):
                self.bad.append(result[3].strip() or f"test {self.came}")
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
