# SPDX-License-Identifier: MIT
"""Where things are: the tree, the cache, the state of machines and runs."""

import glob
import os

from .errors import BadInput, RigError

LIB = os.path.dirname(os.path.realpath(__file__))
TOP = os.path.dirname(os.path.dirname(LIB))
CACHE = os.path.abspath(os.environ.get("XENION_CACHE")
                        or os.path.join(TOP, "build/cache"))
STATE = os.path.join(TOP, "build/rig")
WRAP = os.path.join(TOP, "tools/xenion-wrap")

SETUP_HINT = "run tools/setup run (make run does it)"


def lib(name):
    """A file of this directory."""
    return os.path.join(LIB, name)


def kernel_abi():
    """The ABI name of the cached distribution kernel: 6.1.0-56-amd64."""
    try:
        with open(os.path.join(CACHE, "kernel-abi"), encoding="ascii") as f:
            return f.read().strip()
    except OSError:
        raise RigError(f"there is no kernel in the cache; {SETUP_HINT}") \
            from None


def kernel_root():
    """The unpacked linux-image package."""
    return os.path.join(CACHE, f"kernel-{kernel_abi()}")


def module_tree(other):
    """The folder of a kernel's modules, ROOT/lib/modules/VERSION: Debian's, or
    that of the ROOT that the user gave."""
    if not other:
        return os.path.join(kernel_root(), "lib/modules", kernel_abi())
    found = [d for lib in ("lib", "usr/lib") for d in
             glob.glob(os.path.join(glob.escape(other), lib, "modules/*"))
             if os.path.exists(os.path.join(d, "modules.builtin"))]
    found = sorted({os.path.realpath(d) for d in found})
    if len(found) != 1:
        raise BadInput(f"--kernel-modules: {other}/lib/modules is no folder "
                       "with the modules of one kernel: make modules_install "
                       f"INSTALL_MOD_PATH={other} in its build makes that")
    return found[0]


def xen_root(wanted=None):
    """The unpacked packages of a Xen and its toolstack: Debian's, or those of
    the version that the user wants."""
    if not wanted:
        return os.path.join(CACHE, "rig")
    others = os.path.join(CACHE, "xens")
    have = sorted(os.listdir(others)) if os.path.isdir(others) else []
    if wanted not in have:
        raise BadInput(f"--xen {wanted} is not in the cache"
                       + (", which has " + " and ".join(have) if have else "")
                       + ": tools/setup xens fetches those that the tests use")
    return os.path.join(others, wanted)


def xen_version(root):
    """The version of the Xen in a root, as in the names of its files."""
    for path in glob.glob(os.path.join(root, "boot/xen-*-amd64.gz")):
        return os.path.basename(path).split("-")[1]
    raise RigError(f"there is no Xen in the cache; {SETUP_HINT}")


def stock_kernel():
    """The unmodified bzImage of the distribution."""
    return os.path.join(kernel_root(), f"boot/vmlinuz-{kernel_abi()}")


def mended_emulator():
    """QEMU without the faults that qemu.patch mends; where tools/setup has built it."""
    path = os.path.join(CACHE, "qemu/bin/qemu-system-x86_64")
    return path if os.path.exists(path) else None


def emulator():
    """That one, or else the distribution's."""
    return mended_emulator() or "qemu-system-x86_64"


def roots(xen=None):
    """The unpacked packages that programs and libraries come from. Another Xen
    has a whole system of its own, with the libraries of its time."""
    if xen:
        return [xen_root(xen)]
    found = [os.path.join(CACHE, d)
             for d in ("rig", "check", "hvm", "bench", "example")
             if os.path.isdir(os.path.join(CACHE, d))]
    if not found:
        raise RigError(f"the cache is empty; {SETUP_HINT}")
    return found


def machine_dir(name):
    """State of the machine called name."""
    return os.path.join(STATE, name)
