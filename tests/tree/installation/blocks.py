#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The code of docs/porting.md, as files.

    blocks.py DOCUMENT FOLDER

A block that begins with "```c NAME" (or asm, ld) is added to FOLDER/NAME; those of
"```sh" become FOLDER/step1.sh, step2.sh, ... The paragraph before a file's block must
name the file too, because readers do not see the rest of that line. Prints the
names, one per line.
"""
import os
import re
import sys

BLOCK = re.compile(r"^```(c|asm|ld|sh)[ \t]*([\w.]*)\n(.*?)^```$", re.M | re.S)


def main():
    if len(sys.argv) != 3:
        print("usage: blocks.py DOCUMENT FOLDER", file=sys.stderr)
        return 2
    with open(sys.argv[1]) as f:
        document = f.read()
    files = {}
    steps = 0
    for found in BLOCK.finditer(document):
        kind, name, text = found.groups()
        before = document[:found.start()].rstrip().rsplit("\n\n", 1)[-1]
        if kind == "sh":
            steps += 1
            name = "step%d.sh" % steps
        elif not name or "`%s`" % name not in before:
            print("which file is this of?\n" + text, file=sys.stderr)
            return 1
        files.setdefault(name, []).append(text)
    for name, texts in files.items():
        with open(os.path.join(sys.argv[2], name), "w") as f:
            f.write("\n".join(texts))
        print(name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
