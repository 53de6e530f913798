# SPDX-License-Identifier: MIT
"""What dom0 gets for one run: a directory of files that it sees as
/share/<job>. Everything is built before a machine is booted, so that errors are
reported at once.

	kernel, ramdisk, domain.cfg	the guest, for xl
	root-*.cpio			in place of the ramdisk: for its first disk
	vars				for dom0-job.sh, which does the work
	dom0-job.sh, dom0-lib.sh, dom0-script
	extra.cpio			programs and files, unpacked in dom0
	disk-xvd?			contents of disks made from files
	shell				exists if the user wants the console
"""

import json
import os
import shutil
import time

from . import images, places
from .options import needs_qemu
from .archive import Archive, Programs, shell_words

# The rig's own options; no driver under test needs them. A kernel that does not
# know Xen's debug port by name uses it as a serial port.
GUEST_WORDS = "printk.devkmsg=on oops=panic"
INIT = {False: "rdinit=/init", True: "root=/dev/{} rw rootwait init=/init"}
EARLY = {True: "earlyprintk=xen,keep",
         False: "earlyprintk=serial,0xe9,115200,keep"}
# For the PV console, until its driver takes over.
PV_EARLY = "earlyprintk=xen"
# Seconds for the dom0 script to end after the guest, counted by dom0.
SCRIPT_GRACE = 60
# The shim's words, where there is no shim. dom0-job.sh asks Xen for the
# frequency: on a busy host Linux cannot measure it.
HVM_WORDS = "nopv tsc=reliable tsc_early_khz=@KHZ@"
# An HVM guest has as few devices of a PC as possible.
HVM = {"bios": "seabios", "vga": "none", "vnc": 0, "sdl": 0,
       "nographic": 1, "serial": "none", "usb": 0,
       "xen_platform_pci": 1}
# An image is started first, in hvmloader's place.
HVM_IMAGE = {"firmware_override": "/run/job/kernel",
             "bios_path_override": "/run/job/ramdisk"}
# Emulated interfaces need no firmware to start a system from a network.
HVM_LINUX = {"device_model_args_hvm": ["-global", "rtl8139.romfile="]}


class Job:
    """The files of a job: contents by name, and files to copy."""

    def __init__(self, options):
        o = self.o = options
        self.name = f"j{os.getpid()}-{int(time.time() * 1000) % 10**9}"
        self.copies = {"dom0-job.sh": places.lib("dom0-job.sh")}
        if o.dom0_script:
            self.copies["dom0-script"] = o.dom0_script
        self.contents = {
            "dom0-lib.sh": images.script_library("dom0-lib.sh")}
        if needs_qemu(o):
            self.copies["device-model.cpio"] = images.device_model()
        words = self._guest()
        self.contents.update({
            "extra.cpio": self._extra(),
            "domain.cfg": self._config(words).encode(),
            "vars": self._vars().encode()})

    def _guest(self):
        """Adds what is started; returns its command line."""
        o = self.o
        source = o.kernel or places.stock_kernel()
        unpacked = images.unpacked_kernel(source)
        if o.type == "hvm":
            self.copies["kernel"] = source      # by its firmware
        elif o.in_tree:
            self.copies["kernel"] = unpacked
        else:
            self.copies["kernel"] = images.wrapped_kernel(source)
        archives = images.guest_archives(o)
        if o.root:
            for i, data in enumerate(archives):
                self.contents[f"root-{i}.cpio"] = data
        else:
            self.contents["ramdisk"] = b"".join(archives)
        if o.command == "shell":
            self.contents["shell"] = b""
        init = INIT[o.root].format(self._root())
        words = f"{GUEST_WORDS} {init} {o.cmdline}".strip()
        if o.type == "hvm" and not o.in_tree:
            words = HVM_WORDS + " " + words
        if "earlyprintk=" in words:
            return words
        if o.type == "pv":
            return PV_EARLY + " " + words
        # In HVM guests, older kernels know its name and print nothing.
        by_name = o.type != "hvm" and images.has_word(unpacked, b"xenboot")
        return EARLY[by_name] + " " + words

    def write(self, directory):
        """Writes all to the machine's share. Disk images may be large, so they
        are copied only now."""
        os.makedirs(directory)
        for name, path in self.copies.items():
            shutil.copyfile(path, os.path.join(directory, name))
        for d in self.o.disk:
            if "file" in d:
                shutil.copyfile(d["file"], os.path.join(
                    directory, f"disk-{d['vdev']}"))
        for name, data in self.contents.items():
            with open(os.path.join(directory, name), "wb") as f:
                f.write(data)

    def _root(self):
        """The disk with the guest's files, or ""."""
        return self.o.disk[0]["vdev"] if self.o.root else ""

    def _extra(self):
        archive, programs = Archive(), Programs(places.roots())
        for t in self.o.dom0_tools + ["mke2fs"] * self.o.root:
            programs.add(archive, t)
        if self.o.root:
            archive.data("etc/mke2fs.conf", images.mke2fs_conf())
        for src, dst in self.o.dom0_files:
            archive.file(dst, src)
        return archive.bytes()

    def _vars(self):
        disks = " ".join(f"{d['vdev']}:{d.get('size', '')}:"
                         + (f"disk-{d['vdev']}" if "file" in d else "")
                         for d in self.o.disk)
        console = "1" if self.o.type == "pv" else ""
        folders = " ".join(d["path"] for d in self.o.p9)
        return (f"NAME='{self.name}'\nDISKS='{disks}'\n"
                f"FOLDERS='{folders}'\nROOT='{self._root()}'\n"
                f"CONSOLE={console}\nSLOW={self.o.slow}\n"
                f"TOOLS='{shell_words(self.o.dom0_tools)}'\n"
                f"SCRIPT_GRACE={SCRIPT_GRACE}\n")

    def _config(self, words):
        """What xl reads; see xl.cfg(5)."""
        o = self.o
        disks = [("backendtype=qdisk" if "qemu" in d else
                  "backendtype=phy,script=block")
                 + f",format=raw,vdev={d['vdev']},"
                 f"access={'ro' if 'ro' in d else 'rw'},"
                 f"target=/disks/{d['vdev']}" for d in o.disk]
        # As xl does by default, an HVM Linux guest has each disk and interface
        # twice, once emulated. QEMU emulates only the first four disks.
        kind = "ioemu" if o.type == "hvm" and not o.image else "vif"
        vifs = [f"type={kind},mac={v['mac']},bridge=xenbr0,script=vif-bridge"
                + (",untrusted" if "untrusted" in v else "") for v in o.vif]
        # TCG intercepts RDTSC badly when Xen emulates it: native.
        lines = {"name": self.name, "type": o.type, "vcpus": o.vcpus,
                 "memory": o.memory, "tsc_mode": "native",
                 "on_poweroff": "destroy", "on_reboot": "destroy",
                 "on_crash": "destroy", "disk": disks, "vif": vifs}
        if o.p9:
            lines["p9"] = [f"tag={d['tag']},path={d['path']},"
                           "security_model=none" for d in o.p9]
        if o.type == "hvm":
            lines.update(HVM | (HVM_IMAGE if o.image else HVM_LINUX))
        if o.type != "hvm" or not o.image:
            lines.update({"kernel": "/run/job/kernel", "cmdline": words})
            if "ramdisk" in self.contents or "ramdisk" in self.copies:
                lines["ramdisk"] = "/run/job/ramdisk"
        for line in o.xl:
            lines.pop(line.partition("=")[0].strip(), None)
        return "".join([f"{k} = {json.dumps(v)}\n" for k, v in lines.items()]
                       + [line + "\n" for line in o.xl])


class ImageJob(Job):
    """A guest that is an image, started unchanged."""

    def _guest(self):
        o = self.o
        self.copies["kernel"] = o.image
        if o.type == "hvm":
            self.contents["ramdisk"] = self._firmware()
        elif o.ramdisk:
            self.copies["ramdisk"] = o.ramdisk
        return o.cmdline

    def _firmware(self):
        """The image's module "firmware", since the image is in the firmware's
        place: xl passes a command line and a ramdisk only to kernels, which
        firmware starts."""
        data = self.o.cmdline.encode() + b"\0"
        if self.o.ramdisk:
            with open(self.o.ramdisk, "rb") as f:
                data += f.read()
        return data
