#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Circles of calls, as the linker sees them.

    circles.py FOLDER ROOM     print the circles among the files of a room
    circles.py FOLDER A B      print what a file of A uses of a file of B

FOLDER has an object for each source: its path with "-" for each "/", as in an
archive of lib.mk. A name that one file defines and another one uses is an arrow
between the two. ROOM, A and B are beginnings of the objects' names.

Exit status: 0 nothing found, 1 something found, 2 wrong use.
"""
import os
import subprocess
import sys


def symbols(path):
    """The names that an object defines for others, and those that it uses."""
    defined, used = set(), set()
    out = subprocess.run(["nm", path], check=True, capture_output=True,
                         text=True).stdout
    for line in out.splitlines():
        kind, name = line.split()[-2:]
        if kind == "U":
            used.add(name)
        elif kind.isupper():
            defined.add(name)
    return defined, used


def arrows(folder):
    """For each file, the files that it uses, each with the names used."""
    objects = {name[:-2]: symbols(os.path.join(folder, name))
               for name in sorted(os.listdir(folder)) if name.endswith(".o")}
    place = {name: f for f, (defined, _) in objects.items() for name in defined}
    result = {f: {} for f in objects}
    for f, (_, used) in objects.items():
        for name in sorted(used):
            if name in place and place[name] != f:
                result[f].setdefault(place[name], []).append(name)
    return result


def reach(graph, start, room):
    """All that can be reached by arrows within one room."""
    seen, todo = set(), [start]
    while todo:
        for other in graph[todo.pop()]:
            if other.startswith(room) and other not in seen:
                seen.add(other)
                todo.append(other)
    return seen


def circles(graph, room):
    reached = {f: reach(graph, f, room) for f in graph if f.startswith(room)}
    for f in reached:
        for g in graph[f]:
            if g in reached and f in reached[g]:
                yield f"{f} uses {g}: {' '.join(graph[f][g])}"


def uses(graph, a, b):
    for f in graph:
        for g in graph[f]:
            if f.startswith(a) and g.startswith(b):
                yield f"{f} uses {g}: {' '.join(graph[f][g])}"


def main(argv):
    if len(argv) not in (2, 3):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    graph = arrows(argv[0])
    for room in argv[1:]:
        if not any(f.startswith(room) for f in graph):
            print(f"circles.py: {argv[0]} has no object called {room}*; name a "
                  "room by its path, with - for each /", file=sys.stderr)
            return 2
    found = list((circles if len(argv) == 2 else uses)(graph, *argv[1:]))
    print(*found, sep="\n", end="\n" if found else "")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
