# SPDX-License-Identifier: MIT
"""Run the rig, for the programs that judge what its guests print."""
import subprocess

# Exit status of the rig: how often a run that ends so is made again
# (docs/rig.md, "A fault of QEMU's").
AGAIN = {5: 2, 6: 1}


def rigrun(command, begin, line):
    """The rig's exit status. begin() before each try, line(text) for each line
    of its output."""
    tried = 0
    while True:
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
        if tried >= AGAIN.get(proc.returncode, 0):
            return proc.returncode
        tried += 1
        print("# rig: status %d, the same once more (docs/rig.md)"
              % proc.returncode, flush=True)
