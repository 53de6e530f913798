# SPDX-License-Identifier: MIT
"""What is booted: the hypervisor, dom0's and the guest's ramdisks, and the
guest's kernel. Ramdisks that do not change are kept in the cache, under a
name that depends on what they are built from.
"""

import gzip
import hashlib
import importlib.machinery
import importlib.util
import mmap
import os
import shutil
import subprocess
import sys
import tempfile

from . import places
from .archive import Archive, Modules, Programs, shell_words
from .errors import BadInput, RigError

DOM0_PROGRAMS = ("xl", "xenstored", "oxenstored", "xenconsoled", "xenconsole",
                 "xen-init-dom0", "libxl-save-helper", "lsevtchn", "xenctx")
DOM0_TOOLS = ("xenstore-read", "xenstore-write", "xenstore-list",
              "xenstore-ls", "xenstore-rm", "xenstore-exists",
              "xenstore-watch", "ethtool")
DEVICE_MODEL = "xen-qemu-system-i386"
# An HVM guest's firmware, and what QEMU adds to it to start a Linux kernel.
FIRMWARE = ("usr/lib/xen-{}/boot/hvmloader", "usr/share/seabios/bios-256k.bin",
            "usr/share/qemu/linuxboot.bin", "usr/share/qemu/linuxboot_dma.bin")
DOM0_MODULES = ("virtio_pci", "virtio_console", "9pnet_virtio", "9p",
                "xen-evtchn", "xen-gntdev", "xen-gntalloc", "xen-privcmd",
                "xenfs", "xen-netback", "xen-blkback", "bridge", "loop",
                "tun", "ext4", "crc32c_generic")

GUEST_TOOLS = ("mke2fs", "e2fsck", "resize2fs", "ethtool", "xenstore-read",
               "xenstore-write", "xenstore-list")
GUEST_MODULES = ("ext4", "crc32c_generic", "crc32c_intel", "crc32_pclmul",
                 "loop", "xen-blkfront", "xen-netfront")
# Drivers of the disks and interfaces that QEMU emulates.
EMULATED_MODULES = ("ata_piix", "sd_mod", "8139cp")

# The number of files of each kind to keep.
KEEP = 6


def _kept(name, build, *inputs):
    """The path of cache/made/name-<hash of inputs>, built if it is missing."""
    sums = hashlib.sha256()
    for i in inputs:
        sums.update(repr(i).encode() + b"\0")
    made = os.path.join(places.CACHE, "made")
    path = os.path.join(made, f"{name}-{sums.hexdigest()[:16]}")
    if not os.path.exists(path):
        os.makedirs(made, exist_ok=True)
        fd, tmp = tempfile.mkstemp(dir=made, prefix=f".{name}")
        try:
            with os.fdopen(fd, "wb") as f:
                f.write(build())
            os.rename(tmp, path)
            _forget(made, name)
        except BaseException:
            os.unlink(tmp)
            raise
    os.utime(path)
    return path


def _forget(made, name):
    """Removes the least recently used files."""
    paths = [os.path.join(made, f) for f in os.listdir(made)
             if f.startswith(name + "-")]
    for old in sorted(paths, key=os.path.getmtime)[:-KEEP]:
        os.unlink(old)


def _versions(xen=None):
    """Versions of the cache's content, for names of files made from it."""
    out = []
    for root in places.roots(xen) + [places.kernel_root()]:
        with open(os.path.join(root, ".versions"), encoding="ascii") as f:
            out.append(f.read())
    return out


def _read(path):
    with open(path, "rb") as f:
        return f.read()


def _packed(data):
    return gzip.compress(data, 6, mtime=0)


def mke2fs_conf():
    return _read(os.path.join(places.CACHE, "rig/etc/mke2fs.conf"))


def hypervisor(xen=None):
    """Xen as an uncompressed multiboot image, as QEMU needs it."""
    root = places.xen_root(xen)
    packed = os.path.join(root,
                          f"boot/xen-{places.xen_version(root)}-amd64.gz")
    return _kept("xen", lambda: gzip.decompress(_read(packed)),
                 _versions(xen))


def _busybox(archive, programs):
    path = programs.find(["bin/busybox"])
    archive.file("bin/busybox", path, 0o755)
    applets = subprocess.run([path, "--list"], capture_output=True, text=True,
                             check=True).stdout.split()
    for applet in applets:
        if applet != "busybox":
            archive.link(f"bin/{applet}", "busybox")


def _toolstack(archive, programs, xen=None):
    # The toolstack finds its own parts by this path.
    version = places.xen_version(places.xen_root(xen))
    for p in DOM0_PROGRAMS:
        programs.add(archive, p, f"usr/lib/xen-{version}/bin")
    for p in DOM0_TOOLS:
        programs.add(archive, p)


def device_model():
    """What dom0 needs in addition to start an HVM guest, to serve a file
    system, or for a disk whose backend is QEMU: QEMU, and firmware."""
    programs = Programs(places.roots())
    version = places.xen_version(places.xen_root())
    firmware = [f.format(version) for f in FIRMWARE]
    if not all(programs.find([f]) for f in firmware):
        raise RigError("there is no QEMU for dom0 in the cache, or not all of "
                       "it, which HVM guests, --p9 and a disk with qemu "
                       "need; run tools/setup guest")

    def build():
        there, archive = Archive(), Archive()
        _toolstack(there, programs)
        programs.add(archive, DEVICE_MODEL, "usr/libexec")
        for name in firmware:
            archive.file(name, programs.find([name]))
        # It requires a keymap even without a keyboard.
        archive.data("usr/share/qemu/keymaps/en-us", "")
        for name in there.entries:
            archive.entries.pop(name, None)
        return archive.bytes()

    sources = {n: _read(places.lib(n)) for n in ("archive.py", "images.py")}
    return _kept("hvm.cpio", build, _versions(), sources)


def dom0_ramdisk(xen=None):
    """dom0's whole system."""
    sources = {n: _read(places.lib(n)) for n in
               ("dom0-init.sh", "hotplug-block.sh", "hotplug-vif.sh",
                "archive.py", "images.py")}

    def build():
        archive, programs = Archive(), Programs(places.roots(xen))
        _busybox(archive, programs)
        _toolstack(archive, programs, xen)
        archive.data("init", sources["dom0-init.sh"], 0o755)
        archive.data("etc/xen/scripts/block", sources["hotplug-block.sh"],
                     0o755)
        archive.data("etc/xen/scripts/vif-bridge", sources["hotplug-vif.sh"],
                     0o755)
        archive.data("etc/xen/xl.conf", "")
        # It says where Linux shows the store's page.
        archive.file("etc/xen/oxenstored.conf",
                     programs.find(["etc/xen/oxenstored.conf"]), 0o644)
        archive.data("etc/passwd", "root::0:0:root:/root:/bin/sh\n")
        Modules(places.module_tree(None)).add(archive, DOM0_MODULES)
        return _packed(archive.bytes())

    return _kept("dom0.cpio.gz", build, _versions(xen), sources)


def _guest_modules(named, other, emulated):
    """The kernel's modules that a guest gets. Another kernel than Debian's
    may lack some, except those requested by name."""
    tree = Modules(places.module_tree(other))
    usual = [m for m in GUEST_MODULES + (EMULATED_MODULES if emulated else ())
             if not other or tree.have(m)]
    return tree, tuple(usual) + tuple(named)


def script_library(name):
    """The library of a script: the shared parts, then its own."""
    return b"".join(_read(places.lib(n))
                    for n in ("tap.sh", "both-lib.sh", name))


def guest_base(tools, modules, other, emulated):
    """The part of the guest's ramdisk that is the same in every run. emulated:
    the guest has devices that QEMU emulates."""
    sources = {n: _read(places.lib(n)) for n in
               ("guest-init.sh", "archive.py", "images.py")}
    sources["guest-lib.sh"] = script_library("guest-lib.sh")
    tree, wanted = _guest_modules(modules, other, emulated)

    def build():
        archive, programs = Archive(), Programs(places.roots())
        _busybox(archive, programs)
        for p in GUEST_TOOLS + tuple(tools):
            programs.add(archive, p)
        archive.link("usr/bin/mkfs.ext4", "mke2fs")
        archive.data("init", sources["guest-init.sh"], 0o755)
        archive.data("rig/guest-lib.sh", sources["guest-lib.sh"])
        archive.data("etc/passwd", "root::0:0:root:/root:/bin/sh\n")
        archive.data("etc/mke2fs.conf", mke2fs_conf())
        tree.add(archive, wanted)
        return (_packed if emulated else bytes)(archive.bytes())

    return _kept("guest.cpio", build, _versions(), sources, sorted(tools),
                 [(p, os.path.getmtime(p)) for p in tree.closure(wanted)],
                 tree.abi, sorted(tree.builtin), emulated)


def guest_archives(options):
    """The guest's files for one run, as archives. A ramdisk is all of these, one
    after the other. In an emulator, decompressing is slower than copying, unless
    an HVM guest's firmware copies, byte by byte."""
    archive = Archive()
    if options.guest_script:
        archive.file("rig/guest-script", options.guest_script, 0o644)
    columns, rows = shutil.get_terminal_size()
    archive.data("rig/vars", f"ROWS={rows}\nCOLUMNS={columns}\nDRIVERS="
                 + ("in-tree" if options.in_tree else "xenion")
                 + f"\nSLOW={options.slow}\n"
                 + f"TOOLS='{shell_words(options.guest_tools)}'\n")
    if options.command == "shell":
        archive.data("rig/shell", "")
    if options.modules:
        for f in sorted(os.listdir(options.modules)):
            if f.endswith(".ko"):
                archive.file(f"lib/xenion/{f}",
                             os.path.join(options.modules, f), 0o644)
    for src, dst in options.guest_files:
        archive.file(dst, src)
    hvm = options.type == "hvm"
    base = _read(guest_base(options.guest_tools, options.guest_modules,
                            options.kernel_modules, hvm))
    return base, (_packed if hvm else bytes)(archive.bytes())


def check_kernel(path):
    """Checks that it is a bzImage."""
    try:
        with open(path, "rb") as f:
            head = f.read(0x264)
    except OSError as e:
        raise BadInput(f"cannot read the kernel {path}: "
                       f"{e.strerror}") from None
    if len(head) < 0x264 or head[0x202:0x206] != b"HdrS":
        raise BadInput(f"{path} is not a Linux bzImage: give --kernel a "
                       "vmlinuz, as Debian has it in /boot")


class _StaysPacked(Exception):
    """A compression that cannot be unpacked here."""


def _unpack(raw):
    """With what xenion-wrap knows of kernels."""
    loader = importlib.machinery.SourceFileLoader("xenion_wrap", places.WRAP)
    wrap = importlib.util.module_from_spec(
        importlib.util.spec_from_loader("xenion_wrap", loader))
    # Beside the program there is no place for compiled code.
    sys.dont_write_bytecode, before = True, sys.dont_write_bytecode
    loader.exec_module(wrap)
    sys.dont_write_bytecode = before
    kernel = wrap.unpack(raw)
    if kernel is None:
        raise _StaysPacked
    return kernel


def unpacked_kernel(path):
    """The ELF image inside a bzImage. The toolstack could unpack it, but needs
    several seconds for that in an emulator. What cannot be unpacked here is left to
    the toolstack."""
    raw = _read(path)
    try:
        return _kept("vmlinux", lambda: _unpack(raw),
                     hashlib.sha256(raw).hexdigest())
    except _StaysPacked:
        return path
    except ValueError as e:
        raise BadInput(f"the kernel {path} is damaged: it cannot be "
                       f"unpacked ({e})") from None


def has_word(path, word):
    """Are the bytes of word anywhere in the file?"""
    with open(path, "rb") as f, \
            mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ) as m:
        return m.find(word) >= 0


def wrapped_kernel(path):
    """The bzImage inside our boot shim."""
    if not os.access(places.WRAP, os.X_OK):
        raise RigError("tools/xenion-wrap is not here, and without it only "
                       "--in-tree works")

    def build():
        with tempfile.TemporaryDirectory() as d:
            out = os.path.join(d, "image")
            run = subprocess.run([places.WRAP, path, "-o", out],
                                 capture_output=True, text=True, check=False)
            if run.returncode == 2:
                raise BadInput(run.stderr.strip().split("\n")[-1])
            if run.returncode:
                raise RigError("xenion-wrap failed: "
                               + (run.stderr or run.stdout).strip())
            return _read(out)

    shim = os.path.join(places.TOP, "build/boot/shim.elf")
    if not os.path.exists(shim):
        raise RigError("the boot shim build/boot/shim.elf is not built; run "
                       "make first, or use --in-tree")
    marks = [hashlib.sha256(_read(f)).hexdigest()
             for f in (path, places.WRAP, shim)]
    return _kept("image", build, marks)
