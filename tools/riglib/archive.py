# SPDX-License-Identifier: MIT
"""The initial ramdisks: a writer of cpio archives ("newc"), and finding out
what a program (shared libraries) or a kernel module (other modules) needs.

Everything is taken from the cache that tools/setup fills, so that dom0 and
the guests are the same on every host.
"""

import functools
import glob
import lzma
import os
import re
import stat
import subprocess

from .errors import RigError


class Archive:
    """Collects files by their name in the ramdisk; bytes() is the archive."""

    def __init__(self):
        self.entries = {}

    def _parents(self, name):
        head = os.path.dirname(name)
        while head and head not in self.entries:
            self.entries[head] = (stat.S_IFDIR | 0o755, b"")
            head = os.path.dirname(head)

    def _put(self, name, mode, data):
        name = name.strip("/")
        self._parents(name)
        self.entries[name] = (mode, data)

    def directory(self, name):
        self._put(name, stat.S_IFDIR | 0o755, b"")

    def data(self, name, data, mode=0o644):
        if isinstance(data, str):
            data = data.encode()
        self._put(name, stat.S_IFREG | mode, data)

    def file(self, name, path, mode=None):
        with open(path, "rb") as f:
            data = f.read()
        if mode is None:
            mode = 0o755 if os.access(path, os.X_OK) else 0o644
        self.data(name, data, mode)

    def link(self, name, target):
        self._put(name, stat.S_IFLNK | 0o777, target.encode())

    def bytes(self):
        out = []
        names = sorted(self.entries)          # parents before their children
        for ino, name in enumerate(names, 1):
            mode, data = self.entries[name]
            self._record(out, ino, name, mode, data)
        self._record(out, 0, "TRAILER!!!", 0, b"")
        return b"".join(out)

    @staticmethod
    def _record(out, ino, name, mode, data):
        raw = name.encode() + b"\0"
        fields = (ino, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(raw), 0)
        head = b"070701" + b"".join(b"%08x" % f for f in fields) + raw
        out += [head, b"\0" * (-len(head) % 4), data, b"\0" * (-len(data) % 4)]


LIBRARY_DIRS = ("lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu",
                "usr/lib/x86_64-linux-gnu/ceph", "lib64")
LOADER = "lib64/ld-linux-x86-64.so.2"


def needed_libraries(path):
    """The sonames that the ELF file at path needs."""
    dump = subprocess.run(["readelf", "-d", path], capture_output=True,
                          text=True, check=False).stdout
    return re.findall(r"\(NEEDED\).*\[(.*)\]", dump)


def shell_words(programs):
    """Programs whose names can be shell functions (both-lib.sh)."""
    return " ".join(sorted({p for p in programs
                            if re.fullmatch(r"[A-Za-z_]\w*", p)}))


# What a library loads at run time: libxenstore cancels its thread, for which glibc
# wants this one.
LOADED = {"libxenstore.so": "libgcc_s.so.1"}


class Programs:
    """Programs and their libraries, from the unpacked packages in roots."""

    def __init__(self, roots):
        self.roots = roots

    def find(self, names):
        """The path of the first of these; names may be patterns."""
        for root in self.roots:
            for name in names:
                for path in glob.glob(os.path.join(glob.escape(root), name)):
                    return path
        return None

    def find_program(self, program):
        dirs = ("usr/lib/xen-*/bin", "usr/bin", "usr/sbin", "bin", "sbin",
                "usr/libexec")
        return self.find([os.path.join(d, program) for d in dirs])

    def add(self, archive, program, where="usr/bin"):
        path = self.find_program(program)
        if not path:
            raise RigError(f"the cache has no program '{program}'")
        archive.file(os.path.join(where, program), path, 0o755)
        self._add_libraries(archive, path, program)

    def _add_library(self, archive, soname, wanted_by):
        name = f"lib/x86_64-linux-gnu/{soname}"
        if name in archive.entries:
            return
        path = self.find([os.path.join(d, soname) for d in LIBRARY_DIRS])
        if not path:
            raise RigError(f"{wanted_by} needs {soname}, and no package in "
                           "the cache has it")
        archive.file(name, path, 0o755)
        self._add_libraries(archive, path, soname)
        for loader, loaded in LOADED.items():
            if soname.startswith(loader):
                self._add_library(archive, loaded, soname)

    def _add_libraries(self, archive, path, wanted_by):
        for soname in needed_libraries(path):
            if soname.startswith("ld-linux"):
                # glibc's package has it under its real name and a link.
                loader = self.find(["lib/x86_64-linux-gnu/" + soname, LOADER])
                if not loader:
                    raise RigError(f"the cache has no {soname}")
                archive.file(LOADER, os.path.realpath(loader), 0o755)
            else:
                self._add_library(archive, soname, wanted_by)


# The ends of a module's file name, and what makes an ELF file of it.
MODULE_ENDS = {".ko": bytes, ".ko.xz": lzma.decompress}


def module_name(path):
    """The name by which Linux knows the module in a file; None if the file has
    none."""
    name, dot, end = os.path.basename(path).partition(".")
    return name.replace("-", "_") if dot + end in MODULE_ENDS else None


@functools.lru_cache(maxsize=None)
def module_data(path):
    """The module in a file, not compressed: the guest's insmod and modprobe need
    not know how it was."""
    with open(path, "rb") as f:
        return MODULE_ENDS[path[path.rindex(".ko"):]](f.read())


class Modules:
    """The modules of one kernel package, and what each of them needs."""

    def __init__(self, top):
        """top: the folder .../lib/modules/VERSION"""
        self.top, self.abi = top, os.path.basename(top)
        self.paths = {}
        for where, _, files in os.walk(top):
            for f in files:
                if module_name(f):
                    self.paths[module_name(f)] = os.path.join(where, f)
        with open(os.path.join(self.top, "modules.builtin"),
                  encoding="ascii") as f:
            self.builtin = {os.path.basename(line.strip())[:-3]
                            .replace("-", "_") for line in f}

    def have(self, name):
        """Is there such a module, or is it built in?"""
        name = name.replace("-", "_")
        return name in self.paths or name in self.builtin

    def closure(self, names):
        """Paths of the modules and all they need, in order of loading."""
        done = {}
        for name in names:
            self._visit(name.replace("-", "_"), done)
        return list(done.values())

    def _visit(self, name, done):
        if name in done or name in self.builtin:
            return
        path = self.paths.get(name)
        if not path:
            raise RigError(f"the kernel {self.abi} has no module '{name}'")
        found = re.search(rb"\0depends=([^\0]+)\0", module_data(path))
        for need in found[1].decode().split(",") if found else ():
            self._visit(need.replace("-", "_"), done)
        done[name] = path

    def _place(self, path):
        """Where it is in the guest, below the modules of its kernel."""
        return os.path.relpath(path[:path.rindex(".ko")] + ".ko", self.top)

    def add(self, archive, names):
        """Adds modules and the tables that modprobe reads."""
        base = f"lib/modules/{self.abi}"
        deps, aliases = [], []
        for path in self.closure(names):
            name = module_name(path)
            data = module_data(path)
            rel = self._place(path)
            archive.data(f"{base}/{rel}", data)
            needs = [self._place(p)
                     for p in reversed(self.closure([name])[:-1])]
            deps.append(f"{rel}: " + " ".join(needs))
            aliases += [f"alias {a.decode()} {name}" for a in
                        re.findall(rb"\0alias=([^\0]*)(?=\0)", data)]
        archive.data(f"{base}/modules.dep", "\n".join(deps) + "\n")
        archive.data(f"{base}/modules.alias", "\n".join(aliases) + "\n")
        archive.data(f"{base}/modules.symbols", "")
        archive.file(f"{base}/modules.builtin",
                     os.path.join(self.top, "modules.builtin"), 0o644)
