# SPDX-License-Identifier: MIT
"""The two ways in which the rig says no."""


class BadInput(Exception):
    """Something the user gave is wrong: one sentence, exit status 2."""


class RigError(Exception):
    """The rig itself could not do its work: one sentence, exit status 1."""
