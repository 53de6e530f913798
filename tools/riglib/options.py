# SPDX-License-Identifier: MIT
"""The command line: its options, and a clear message for each wrong one."""

import argparse
import os
import re

from . import elf, images, places
from .errors import BadInput

# An image may have less memory than a Linux guest needs.
MIN_MEMORY, MEMORY, IMAGE_MEMORY = 32, 256, 64
MAX_VCPUS = 128
# Xen's own memory, including what it needs for dom0 and a guest.
XEN_MEMORY = 384
DOM0_MEMORY = 768
MACHINE_MEMORY = 3072
# Seconds of silence, without and with --icount.
TIMEOUT, IMAGE_TIMEOUT = (120, 600), (60, 300)
# An HVM guest's firmware copies kernel and ramdisk, page by page, in silence.
HVM_TIMEOUT = (300, 1500)
MAX_SLOW = 100
MAX_MACHINE = 65536


class Parser(argparse.ArgumentParser):
    """argparse, but with one message and exit status 2."""

    def error(self, message):
        raise BadInput(f"{message} ({self.prog} --help lists the options)")


def whole(name, low, high):
    """A type for a whole number in a range."""
    def convert(text):
        try:
            value = int(text)
        except ValueError:
            raise BadInput(f"--{name} wants a whole number, not "
                           f"'{text}'") from None
        if not low <= value <= high:
            raise BadInput(f"--{name} {value} is out of range: {low} to "
                           f"{high}")
        return value
    return convert


def size_mb(text, name):
    """256M, 1G -> megabytes."""
    found = re.fullmatch(r"(\d+)([MG])", text)
    if not found or int(found[1]) == 0:
        raise BadInput(f"{name}: '{text}' is not a size; write it like 256M "
                       "or 1G")
    return int(found[1]) * (1024 if found[2] == "G" else 1)


# Flags of a disk or an interface, without a value.
FLAGS = ("ro", "qemu", "untrusted")


def _spec(text, name, known):
    """key=value,key=value with known keys, and flags."""
    out = {}
    for part in text.split(","):
        key, eq, value = part.partition("=")
        if key not in known or bool(eq) == (key in FLAGS):
            raise BadInput(f"--{name} '{text}': '{part}' is not one of "
                           + ", ".join(k if k in FLAGS else f"{k}=..."
                                       for k in known))
        if key in out:
            raise BadInput(f"--{name} '{text}': {key} is given twice")
        out[key] = value or True
    return out


def disk(text):
    """size=256M,vdev=xvda,qemu | file=PATH,vdev=xvdb,ro"""
    d = _spec(text, "disk", ("size", "file", "vdev", "ro", "qemu"))
    if "size" not in d and "file" not in d:
        raise BadInput(f"--disk '{text}' needs size=... (an empty disk) or "
                       "file=... (a copy of that image)")
    d["mb"] = size_mb(d["size"], "--disk") if "size" in d else 0
    if "file" in d:
        check_file("--disk file", d["file"])
        d["file"] = os.path.abspath(d["file"])
        d["mb"] = max(d["mb"], os.path.getsize(d["file"]) // 2**20 + 1)
    if "vdev" in d and not re.fullmatch(r"xvd[a-z]", d["vdev"]):
        raise BadInput(f"--disk '{text}': the vdev is one of xvda to xvdz, "
                       f"not '{d['vdev']}'")
    return d


def vif(text):
    """mac=00:16:3e:..,bridge=xenbr0; or the word default"""
    v = {} if text == "default" else \
        _spec(text, "vif", ("mac", "bridge", "untrusted"))
    if "mac" in v:
        mac = v["mac"].lower()
        if not re.fullmatch(r"([0-9a-f]{2}:){5}[0-9a-f]{2}", mac):
            raise BadInput(f"--vif '{text}': '{v['mac']}' is not a MAC "
                           "address like 00:16:3e:12:34:56")
        if int(mac[:2], 16) & 1:
            raise BadInput(f"--vif '{text}': a multicast MAC address cannot "
                           "belong to an interface")
        v["mac"] = mac
    if v.get("bridge", "xenbr0") != "xenbr0":
        raise BadInput(f"--vif '{text}': dom0 has one bridge, xenbr0")
    return v


def p9(text):
    """tag=share,path=/disks/share"""
    d = _spec(text, "p9", ("tag", "path"))
    for key in ("tag", "path"):
        if key not in d:
            raise BadInput(f"--p9 '{text}' needs {key}=...")
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,31}", d["tag"]):
        raise BadInput(f"--p9 '{text}': a tag is made of 1 to 31 letters, "
                       "digits, '_', '.' and '-'")
    if not re.fullmatch(r"(/[A-Za-z0-9_.-]+)+", d["path"]):
        raise BadInput(f"--p9 '{text}': the path '{d['path']}' must be an "
                       "absolute one in dom0, without spaces and the like")
    return d


def check_file(what, path):
    if os.path.isdir(path):
        raise BadInput(f"{what}: {path} is a directory, not a file")
    try:
        with open(path, "rb"):
            pass
    except OSError as e:
        raise BadInput(f"{what}: cannot read {path}: "
                       f"{e.strerror}") from None


def script(name):
    def convert(path):
        check_file(f"--{name}", path)
        return os.path.abspath(path)
    return convert


def copied(name):
    """SRC[:DST] -> (source, absolute destination)"""
    def convert(text):
        src, _, dst = text.partition(":")
        check_file(f"--{name}", src)
        dst = dst or "/root/" + os.path.basename(src)
        if not dst.startswith("/"):
            raise BadInput(f"--{name} '{text}': the destination '{dst}' must "
                           "be an absolute path")
        return os.path.abspath(src), dst
    return convert


def xl_line(text):
    if not re.fullmatch(r"[a-z][a-z0-9_]* *=[^\n]+", text):
        raise BadInput(f"--xl '{text}': a line of xl.cfg is KEY=VALUE, on "
                       "one line")
    return text


def regexp(text):
    try:
        return re.compile(text)
    except re.error as e:
        raise BadInput(f"--ignore-log '{text}' is not a regular expression: "
                       f"{e}") from None


def _guest_options(p, with_scripts):
    g = p.add_argument_group("the guest")
    g.add_argument("--kernel", metavar="VMLINUZ",
                   help="a bzImage (default: Debian's, from the cache)")
    g.add_argument("--kernel-modules", metavar="DIR",
                   help="that kernel's own modules: a folder that has "
                   "lib/modules/VERSION, as modules_install makes it")
    g.add_argument("--modules", metavar="DIR",
                   help="xenion*.ko, put into the guest's /lib/xenion")
    g.add_argument("--in-tree", action="store_true",
                   help="the kernel's own Xen support instead of ours")
    g.add_argument("--type", default="pvh", metavar="KIND",
                   help="kind of guest: pvh (default), pv, hvm")
    g.add_argument("--vcpus", type=whole("vcpus", 1, MAX_VCPUS), default=1)
    g.add_argument("--memory", metavar="MB",
                   type=whole("memory", 1, MAX_MACHINE),
                   help=f"default {MEMORY}, for an image {IMAGE_MEMORY}")
    g.add_argument("--disk", type=disk, action="append", default=[],
                   metavar="SPEC", help="size=256M[,vdev=xvda][,ro][,qemu] or "
                   "file=IMAGE[,...] (repeatable)")
    g.add_argument("--root", action="store_true",
                   help="the guest's files are on its first disk, and there is "
                   "no ramdisk: for a kernel that has the drivers built in")
    g.add_argument("--vif", type=vif, action="append", default=[],
                   metavar="SPEC", help="mac=00:16:3e:00:00:01 or the word "
                   "default (repeatable)")
    g.add_argument("--p9", type=p9, action="append", default=[],
                   metavar="SPEC", help="tag=NAME,path=FOLDER: a folder of "
                   "dom0's as a 9P file system (repeatable)")
    g.add_argument("--cmdline", action="append", default=[],
                   metavar="WORDS", help="more words for the guest's kernel "
                   "command line (repeatable)")
    g.add_argument("--xl", type=xl_line, action="append", default=[],
                   metavar="KEY=VALUE", help="a line for xl.cfg, such as "
                   "max_grant_frames=4 (repeatable)")
    g.add_argument("--guest-file", type=copied("guest-file"), action="append",
                   default=[], dest="guest_files", metavar="SRC[:DST]",
                   help="a file for the guest (default place: /root)")
    g.add_argument("--guest-tool", action="append", default=[],
                   dest="guest_tools", metavar="PROGRAM",
                   help="a program from the cache, with its libraries")
    g.add_argument("--guest-module", action="append", default=[],
                   dest="guest_modules", metavar="NAME",
                   help="another module of the kernel's, for modprobe")
    g.add_argument("--dom0-script", type=script("dom0-script"),
                   metavar="FILE", help="runs in dom0 beside the guest")
    g.add_argument("--dom0-file", type=copied("dom0-file"), action="append",
                   default=[], dest="dom0_files", metavar="SRC[:DST]")
    g.add_argument("--dom0-tool", action="append", default=[],
                   dest="dom0_tools", metavar="PROGRAM")
    if with_scripts:
        g.add_argument("--guest-script", type=script("guest-script"),
                       metavar="FILE", help="runs in the guest, sh")
        g.add_argument("--tool", action="append", default=[], dest="tools",
                       metavar="PROGRAM", help="--guest-tool and --dom0-tool")
        g.add_argument("--timeout", type=whole("timeout", 1, 86400),
                       metavar="S", help="after so long a silence it counts as "
                       "hung (default 120, an image 60; with --icount 600, "
                       "300)")
        g.add_argument("--expect-end", choices=("crash", "reboot", "watchdog"),
                       help="how the guest is to end, if not by powering off: "
                       "by a crash that it tells Xen of, by rebooting, by "
                       "Xen's watchdog")
        g.add_argument("--slow", type=whole("slow", 1, MAX_SLOW), default=1,
                       metavar="N", help="a slow guest: all waiting, also "
                       "that of the scripts, may take N times as long")
        g.add_argument("--ignore-log", type=regexp, action="append",
                       default=[], metavar="REGEXP", help="bad news that "
                       "this test expects (repeatable)")


def _image_options(p):
    g = p.add_argument_group("a guest that is not Linux")
    g.add_argument("--image", metavar="ELF", type=script("image"),
                   help="started as it is; its TAP is the verdict")
    g.add_argument("--ramdisk", metavar="FILE", type=script("ramdisk"),
                   help="handed to the image as it is")
    g.add_argument("--as-dom0", action="store_true",
                   help="Xen starts the image as dom0, in place of ours")
    g.add_argument("--xen-cmdline", default="", metavar="WORDS",
                   help="more words for Xen, with --as-dom0")
    g.add_argument("--no-tap", action="store_true", help="the image prints "
                   "none: its end and the dom0 script are the verdict")


def _machine_options(p):
    g = p.add_argument_group("the machine")
    g.add_argument("--name", default="default",
                   help="which started machine (default: default)")
    g.add_argument("--icount", action="store_true",
                   help="QEMU counts instructions: reproducible, slower")
    g.add_argument("--machine-memory", metavar="MB",
                   type=whole("machine-memory", 1280, MAX_MACHINE))
    g.add_argument("--dom0-memory", metavar="MB",
                   type=whole("dom0-memory", 512, MAX_MACHINE))
    g.add_argument("--cpus", type=whole("cpus", 1, 16), default=2,
                   help="processors of the machine (default 2)")
    g.add_argument("--xen", metavar="VERSION", help="another Xen than "
                   "Debian's, with its toolstack: 4.14, 4.20 (tools/setup xens)")
    g.add_argument("--xenstored", metavar="PROGRAM", default="xenstored",
                   help="the store's daemon: xenstored (default), oxenstored")


def _output_options(p):
    g = p.add_argument_group("output")
    g.add_argument("--log", metavar="DIR",
                   help="keep the logs there (default: build/rig/last)")
    g.add_argument("--verbose", action="store_true",
                   help="show the guest's kernel and Xen as well")


def parser():
    p = Parser(prog="rig", description="Runs guests on a real Xen in QEMU.",
               epilog="docs/rig.md tells more.")
    sub = p.add_subparsers(dest="command", metavar="COMMAND",
                           parser_class=Parser)
    run = sub.add_parser("run", help="start a guest, run scripts, tell the "
                         "outcome (in the started machine if there is one)")
    _guest_options(run, True)
    _image_options(run)
    _machine_options(run)
    run.add_argument("--fresh", action="store_true",
                     help="boot a machine for this run in any case")
    _output_options(run)
    shell = sub.add_parser("shell", help="a guest with you at its console")
    _guest_options(shell, False)
    _machine_options(shell)
    _output_options(shell)
    start = sub.add_parser("start", help="boot a machine that stays up")
    _machine_options(start)
    stop = sub.add_parser("stop", help="end the started machine")
    stop.add_argument("--name", default="default")
    sub.add_parser("status", help="say which machines are up")
    return p


def parse(argv):
    o = parser().parse_args(argv)
    if not o.command:
        raise BadInput("say what to do: rig run, shell, start, stop or "
                       "status (rig --help tells more)")
    name = getattr(o, "name", "default")
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,30}", name):
        raise BadInput(f"--name '{name}': a name is made of small letters, "
                       "digits and '-'")
    if name in ("logs", "last") or name.startswith("own-"):
        raise BadInput(f"--name '{name}' is taken by the rig itself; choose "
                       "another")
    if o.command == "shell":
        o.guest_script, o.tools, o.timeout, o.ignore_log = None, [], 86400, []
        o.fresh = o.as_dom0 = o.no_tap = False
        o.expect_end = None
        o.slow = 1
        o.image = o.ramdisk = None
        o.xen_cmdline = ""
    if o.command in ("run", "shell", "start"):
        _check_xen(o)
    if o.command in ("run", "shell"):
        o.cmdline = " ".join(o.cmdline)
        _check_guest(o)
    return o


def _check_xen(o):
    places.xen_root(o.xen)
    if o.xenstored not in ("xenstored", "oxenstored"):
        raise BadInput(f"--xenstored '{o.xenstored}' is no daemon of Xen's: "
                       "xenstored and oxenstored are")
    if o.xen and needs_qemu(o):
        raise BadInput(f"--xen {o.xen} has no QEMU for dom0 here, which --type "
                       "hvm, --p9 and a disk with qemu need: leave --xen out")


def needs_qemu(o):
    """Does dom0 need QEMU for such a guest? It emulates the devices of HVM
    guests, serves file systems, and can be a disk's backend."""
    return (getattr(o, "type", "") == "hvm" or bool(getattr(o, "p9", []))
            or any("qemu" in d for d in getattr(o, "disk", [])))


def _check_guest(o):
    if o.type not in ("pvh", "pv", "hvm"):
        raise BadInput(f"--type '{o.type}' is not a kind of guest; pvh, pv "
                       "and hvm are")
    if o.image:
        _check_image(o)
    else:
        _check_linux(o)
    if o.log:
        try:
            os.makedirs(o.log, exist_ok=True)
        except OSError as e:
            raise BadInput(f"--log: cannot make {o.log}: "
                           f"{e.strerror}") from None
    _name_disks(o.disk)
    for i, v in enumerate(o.vif):
        v.setdefault("mac", f"00:16:3e:00:00:{i + 1:02x}")
    macs = [v["mac"] for v in o.vif]
    if len(set(macs)) < len(macs):
        raise BadInput("two --vif have the same MAC address")
    if len(o.vif) > 32:
        raise BadInput("more than 32 --vif are too many")
    tags = [d["tag"] for d in o.p9]
    if len(set(tags)) < len(tags):
        raise BadInput("two --p9 have the same tag")
    o.guest_tools += o.tools
    o.dom0_tools += o.tools
    times = (IMAGE_TIMEOUT if o.image
             else HVM_TIMEOUT if o.type == "hvm" else TIMEOUT)
    o.timeout = (o.timeout or times[o.icount]) * o.slow
    _size_machine(o)
    _check_cached(o)


def _check_linux(o):
    for name in ("ramdisk", "as_dom0", "xen_cmdline", "no_tap"):
        if getattr(o, name):
            raise BadInput(f"--{name.replace('_', '-')} is for an --image")
    if o.type == "pv" and not o.in_tree:
        raise BadInput("--type pv of a Linux kernel needs --in-tree: our "
                       "shim is a PVH guest")
    if o.root and not o.in_tree:
        raise BadInput("--root needs --in-tree: without a ramdisk, nobody loads "
                       "our modules")
    if o.root and (not o.disk or "size" not in o.disk[0]):
        raise BadInput("--root needs a --disk size=... for the guest's files, "
                       "as the first one")
    o.memory = o.memory or MEMORY
    if o.memory < MIN_MEMORY:
        raise BadInput(f"--memory {o.memory} is out of range: {MIN_MEMORY} "
                       f"to {MAX_MACHINE}")
    if o.kernel:
        images.check_kernel(o.kernel)
    _check_kernel_modules(o)
    if o.modules:
        if not os.path.isdir(o.modules):
            raise BadInput(f"--modules: {o.modules} is not a directory")
        if not any(f.endswith(".ko") for f in os.listdir(o.modules)):
            raise BadInput(f"--modules: {o.modules} has no *.ko; build them "
                           "first")


def _check_kernel_modules(o):
    if not o.kernel_modules:
        return
    if not o.kernel:
        raise BadInput("--kernel-modules are those of a --kernel, and none "
                       "is given")
    places.module_tree(o.kernel_modules)


def _refuse(o, names, why):
    for name in names:
        if getattr(o, name):
            option = name.rstrip("s").replace("_", "-")
            raise BadInput(f"--{option} {why}")


def _check_image(o):
    _refuse(o, ("kernel", "kernel_modules", "modules", "in_tree", "root",
                "guest_script", "guest_files", "guest_tools", "guest_modules",
                "tools", "expect_end"),
            "is for a Linux guest, and an --image is none")
    if o.as_dom0:
        _refuse(o, ("disk", "vif", "p9", "xl", "dom0_script", "dom0_files",
                    "dom0_tools", "dom0_memory"),
                "does not go with --as-dom0: the image is dom0 itself, and "
                "nobody serves it")
        if o.type == "hvm":
            raise BadInput("--type hvm does not go with --as-dom0: dom0 is "
                           "pv or pvh")
    else:
        _refuse(o, ("xen_cmdline",), "goes with --as-dom0 only")
    elf.check_image(o.image, o.type)
    o.memory = o.memory or IMAGE_MEMORY


def _name_disks(disks):
    names = [f"xvd{c}" for c in "abcdefghijklmnopqrstuvwxyz"]
    taken = [d["vdev"] for d in disks if "vdev" in d]
    for name in taken:
        if taken.count(name) > 1:
            raise BadInput(f"two --disk are called {name}")
    if len(disks) > len(names):
        raise BadInput("more than 26 --disk are too many")
    free = (n for n in names if n not in taken)
    for d in disks:
        if "vdev" not in d:
            d["vdev"] = next(free)


def _size_machine(o):
    """The memory that dom0 and the machine need for this guest; disks live
    in dom0's memory."""
    disks = sum(d["mb"] for d in o.disk)
    o.need_dom0 = 0 if o.as_dom0 else DOM0_MEMORY + disks
    if o.dom0_memory and o.dom0_memory < o.need_dom0:
        raise BadInput(f"--dom0-memory {o.dom0_memory} is too small: the "
                       f"disks live there, and this run needs {o.need_dom0}")
    o.need_rest = o.memory + XEN_MEMORY
    need = (o.dom0_memory or o.need_dom0) + o.need_rest
    if need > (o.machine_memory or MAX_MACHINE):
        raise BadInput(f"--memory {o.memory} does not fit into the machine: "
                       f"with dom0, disks and Xen {need} MB are needed; give "
                       "--machine-memory, or the guest less")
    have = _host_memory()
    if max(need, o.machine_memory or 0) > have:
        raise BadInput(f"this run needs a machine of {need} MB, and this "
                       f"host has {have} MB of memory")


def _host_memory():
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20


def _check_cached(o):
    """Checks names of programs and modules. An empty cache is not an error of
    the user's, and is reported when it is needed."""
    if not os.path.exists(os.path.join(places.CACHE, "kernel-abi")):
        return
    from .archive import Modules, Programs
    programs = Programs(places.roots())
    for t in o.guest_tools + o.dom0_tools:
        if not programs.find_program(t):
            raise BadInput(f"the cache has no program '{t}'; programs for "
                           "tests and benchmarks come with tools/setup "
                           "check and tools/setup bench")
    modules = Modules(places.module_tree(o.kernel_modules))
    for m in o.guest_modules:
        if not modules.have(m):
            raise BadInput(f"--guest-module: the kernel {modules.abi} has no "
                           f"module '{m}'")


def machine_options(o):
    """The options for Machine.start()."""
    if getattr(o, "as_dom0", False):
        return {"icount": o.icount, "cpus": 1 if o.icount else o.cpus,
                "xen": o.xen, "memory": o.machine_memory or o.need_rest}
    dom0 = o.dom0_memory or max(getattr(o, "need_dom0", 0), 1024)
    rest = getattr(o, "need_rest", 0)
    return {"icount": o.icount, "dom0_memory": dom0,
            "xen": o.xen, "xenstored": o.xenstored,
            "cpus": 1 if o.icount else o.cpus,
            "memory": o.machine_memory or max(MACHINE_MEMORY, dom0 + rest)}


def fits(machine, o):
    """Why this run cannot use the started machine, or None."""
    if machine["icount"] != o.icount:
        return "it was started with" + ("" if machine["icount"] else "out") \
            + " --icount"
    for what in ("xen", "xenstored"):
        if machine[what] != getattr(o, what):
            return f"it was started with another --{what}"
    if machine["dom0_memory"] < o.need_dom0:
        return "its dom0 has too little memory for the disks"
    if machine["memory"] < machine["dom0_memory"] + o.need_rest:
        return "it has too little memory for the guest"
    return None
