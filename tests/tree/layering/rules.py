#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The layering rules, as far as reading the sources shows them.

    rules.py RULE [TREE]    print what breaks RULE, one line each
    rules.py --list         the rules, each with its sentence

Exit status: 0 nothing found, 1 something found, 2 wrong use.
"""
import os
import re
import sys

# The floors. A file may include headers of a lower floor, and of its own room.
FLOORS = {
    "hypercall": 0, "boot": 1, "mmu": 2, "events": 3, "grant": 3, "time": 3,
    "xenbus": 4, "frontends": 5,
}
# Public headers by name; those not named belong to a frontend of that name.
HEADERS = {
    "os": "hypercall", "decls": "hypercall", "hypercall": "hypercall",
    "format": "hypercall", "ring": "hypercall", "version": "hypercall", "boot": "boot",
    "mmu": "mmu", "vcpus": "mmu", "events": "events", "grant": "grant", "time": "time",
    "xenbus": "xenbus", "control": "xenbus", "store": "xenbus",
    "availability": "xenbus", "target": "xenbus",
    "guest": "xenbus",  # one instance of each room, up to xenbus
    "x86/hypercall": "hypercall", "x86/tsc": "hypercall",
    "x86/cpuid": "hypercall", "x86/boot": "boot", "x86/pv": "mmu",
    "x86/msr": "hypercall", "x86/port": "hypercall",
    "x86/unplug": "boot", "x86/upcall": "events",
}
ROOMS = ["hypercall", "boot", "mmu", "events", "grant", "time", "xenbus", "frontends"]
# Parts of the core that are programs of their own, not linked into an OS.
APART = ["boot/shim"]

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"][^>"]+[>"])', re.M)
# What is specific to an architecture.
ARCH = re.compile(
    r"(<xenion/x86/[^>]*>|<xen-public/arch-[^>]*>|\"x86/[^\"]*\"|__asm__|"
    r"__x86_64__|__i386__|__aarch64__|__arm__|__builtin_ia32_\w+)")
LAYER_MACRO = re.compile(
    r"^\s*#\s*(?:if|ifdef|ifndef|elif)\b.*"
    r"\b(__linux__|__KERNEL__|MODULE|CONFIG_\w+|LINUX\w*|__unix__)", re.M)


def files(tree, suffixes=(".c", ".h")):
    """Paths of the core's files, relative to the tree."""
    for top in ["include/xenion"] + ROOMS:
        for folder, _, names in os.walk(os.path.join(tree, top)):
            rel = os.path.relpath(folder, tree)
            if any(rel == a or rel.startswith(a + "/") for a in APART):
                continue
            for name in sorted(names):
                if name.endswith(suffixes):
                    yield os.path.join(rel, name)


def read(tree, path):
    with open(os.path.join(tree, path), errors="replace") as f:
        return f.read()


def includes(tree, path):
    return INCLUDE.findall(read(tree, path))


def header_room(name):
    """Room of the public header <xenion/NAME.h>."""
    return HEADERS.get(name, "frontends")


def file_room(path):
    if path.startswith("include/xenion/"):
        return header_room(path[len("include/xenion/"):-len(".h")])
    return path.split("/")[0]


def frontend(path):
    """frontends/blk/queue.c and <xenion/blkfront.h> both belong to blk; files
    beside the folders, and <xenion/frontend.h>, belong to every frontend."""
    if path.startswith("frontends/"):
        folders = path.split("/")[1:-1]
        return folders[0] if folders else None
    name = os.path.basename(path)[:-len(".h")]
    return re.sub("front(end)?$", "", name) or None


def xenion_headers(tree, path):
    for inc in includes(tree, path):
        found = re.fullmatch(r"<xenion/(.+)\.h>", inc)
        if found:
            yield found.group(1)


def no_os_header(tree):
    """the core includes only <xenion/...>, <xen-public/...> and its own"""
    for path in files(tree):
        for inc in includes(tree, path):
            if re.match(r"<(xenion|xen-public)/", inc):
                continue
            if inc == "<xn_os_layer.h>" and path == "include/xenion/os.h":
                continue
            if inc.startswith('"') and "/" not in inc:
                continue
            # A folder of a room may include the header of the whole room.
            if re.fullmatch(r'"\.\./\w+\.h"', inc) and path.count("/") == 2 \
                    and not path.startswith("include/"):
                continue
            yield f"{path}: includes {inc}"


def no_layer_macro(tree):
    """the core does not ask for which OS layer it is built"""
    for path in files(tree):
        for word in LAYER_MACRO.findall(read(tree, path)):
            yield f"{path}: depends on {word}"


def architecture_apart(tree):
    """an architecture shows only in folders of its name"""
    for path in files(tree):
        if "/x86/" in path:
            continue
        text = re.sub(r"/\*.*?\*/", "", read(tree, path), flags=re.S)
        for word in ARCH.findall(text):
            yield f"{path}: has {word}"


def floors(tree):
    """no room includes a header of a higher floor, or of its neighbour"""
    for path in files(tree):
        room = file_room(path)
        for name in xenion_headers(tree, path):
            other = header_room(name)
            if other != room and FLOORS[other] >= FLOORS[room]:
                yield f"{path} ({room}): includes <xenion/{name}.h> ({other})"


def frontends_apart(tree):
    """no frontend includes another frontend's header"""
    for path in files(tree):
        if file_room(path) != "frontends":
            continue
        own = frontend(path)
        for inc in includes(tree, path):
            name = inc[1:-1]
            if inc.startswith('"'):
                folder = os.path.dirname(path)
                other = frontend(os.path.normpath(os.path.join(folder, name)))
            elif name.startswith("xenion/") and \
                    header_room(name[len("xenion/"):-2]) == "frontends":
                other = frontend(name)
            else:
                continue
            if other not in (own, None):
                yield f"{path}: includes {inc} of {other}"


# Documented together, at the head of their header.
TOGETHER = re.compile(r"xn_hc_\w+|xn_hypercall")


def documented(tree):
    """every public function has kernel-doc, and every such text a function"""
    for path in files(tree, (".h",)):
        if not path.startswith("include/xenion/"):
            continue
        text = read(tree, path)
        docs = set(re.findall(r"/\*\*\s*(?:\*\s*)?(xn_\w+)(?:\(\))? - ", text))
        bare = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
        bare = re.sub(r"\\\n", "", bare)
        bare = re.sub(r"^\s*#.*$", "", bare, flags=re.M)
        bare = re.sub(r"^XN_DECLS_(BEGIN|END)$", "", bare, flags=re.M)
        # Bodies of inline functions and structs are not declarations.
        while re.search(r"\{[^{}]*\}", bare):
            bare = re.sub(r"\{[^{}]*\}", ";", bare)
        names = set()
        for decl in bare.split(";"):
            if decl.strip().startswith("typedef"):
                continue
            found = re.match(r"\s*(?:[A-Za-z_]\w*[\s*]+)+(xn_\w+)\s*\(", decl)
            if found and not TOGETHER.fullmatch(found.group(1)):
                names.add(found.group(1))
        for name in sorted(names - docs):
            yield f"{path}: {name} has no kernel-doc"
        for name in sorted(docs - names):
            yield f"{path}: kernel-doc for {name}, which is not declared there"


def licensed(tree):
    """every file of the core begins with its licence, MIT"""
    for path in files(tree):
        first = read(tree, path).split("\n", 1)[0]
        want = "// {}" if path.endswith(".c") else "/* {} */"
        if first != want.format("SPDX-License-Identifier: MIT"):
            yield f"{path}: first line is {first!r}"


RULES = {f.__name__: f for f in (no_os_header, no_layer_macro, floors,
                                 architecture_apart, frontends_apart, documented, licensed)}


def main(argv):
    if argv == ["--list"]:
        for name, rule in RULES.items():
            print(name, rule.__doc__)
        return 0
    if not 1 <= len(argv) <= 2 or argv[0] not in RULES:
        print("usage: rules.py RULE [TREE]; rules.py --list shows the rules",
              file=sys.stderr)
        return 2
    tree = argv[1] if len(argv) == 2 else \
        os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../..")
    found = list(RULES[argv[0]](tree))
    print(*found, sep="\n", end="\n" if found else "")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
