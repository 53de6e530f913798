# SPDX-License-Identifier: MIT
"""The two kinds of the rig's errors."""


class BadInput(Exception):
    """The user's input is wrong: one message, exit status 2."""


class RigError(Exception):
    """The rig itself failed: one message, exit status 3."""
