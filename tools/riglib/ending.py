# SPDX-License-Identifier: MIT
"""A program that is ended from outside cleans up first: once."""

import signal
import sys


def at_end(what=None, *also):
    """SIGTERM, and the signals of also, call what(), if given, and exit. A second one
    (timeout sends two) changes nothing: it would cut that short, or wait for itself.
    Programs that are started meanwhile do not ignore it."""
    signals = (signal.SIGTERM, *also)

    def end(number, _):
        for each in signals:
            signal.signal(each, lambda *_: None)
        if what:
            what()
        sys.exit(128 + number)

    for each in signals:
        signal.signal(each, end)
