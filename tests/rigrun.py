# SPDX-License-Identifier: MIT
"""Run the rig, for the programs that judge what its guests print."""
import subprocess

BROKEN_BY_QEMU = 5      # docs/rig.md, "A fault of QEMU's"
TRIES = 3


def rigrun(command, begin, line):
    """The rig's exit status. begin() before each try, line(text) for each line
    of its output. A run that QEMU broke is made again."""
    for left in reversed(range(TRIES)):
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
        if proc.returncode != BROKEN_BY_QEMU:
            break
        if left:
            line("rig: the same once more")
    return proc.returncode
