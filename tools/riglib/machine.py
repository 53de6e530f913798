# SPDX-License-Identifier: MIT
"""One emulated machine: QEMU with Xen and dom0 in it.

Its directory under build/rig holds all of its state: the options it was
started with, its process id, Xen's and dom0's logs, a directory that dom0
sees as /share (9p), and the sockets. Orders go to dom0 over a virtio-serial
port, not over Xen's console: that has the log, and takes Xen's debug keys when
dom0 does not answer.
"""

import ctypes
import fcntl
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import time

from . import images, places
from .clock import Clock
from .errors import RigError

CPU = ("qemu64,+svm,+npt,+ssse3,+sse4.1,+sse4.2,+popcnt,-rdtscp,-monitor,"
       "family=23,model=1,stepping=2")
# Not the default scheduler, credit2: now and then it leaves a vCPU that could
# run in its queue while all processors sleep (docs/rig.md). conswitch: what is typed
# is for Xen, not for dom0.
XEN_WORDS = ("sched=credit console=com1 com1=115200,8n1 loglvl=all "
             "guest_loglvl=all conring_size=1M bootscrub=0 conswitch=ax")
DOM0_WORDS = "console=hvc0 quiet rdinit=/init panic=1"

# Xen's console: what it prints is in xen.log; a client can type at it.
SERIAL = ["-chardev", "socket,id=com1,path=serial.sock,server=on,wait=off,"
          "logfile=xen.log", "-serial", "chardev:com1"]
# Seconds for dom0 to take a line.
SEND = 300
# Seconds of silence that end Xen's answer to a key.
ANSWER = 1
# No machine outlives this, whoever forgets it.
LIFETIME = {"own": 4 * 3600, "started": 24 * 3600}


def processor(o):
    """QEMU's words for the machine's CPUs."""
    if o["icount"]:
        accel = ["-accel", "tcg,thread=single",
                 "-icount", "shift=1,sleep=off", "-smp", "1"]
    else:
        accel = ["-accel", "tcg,thread=multi", "-smp", str(o["cpus"])]
    return accel + ["-cpu", CPU]


def _die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)      # PR_SET_PDEATHSIG


def _alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as f:
            return f.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def _answer(serial, key, at_most):
    """Until it is silent, or so many seconds."""
    text = b""
    enough = time.monotonic() + at_most
    try:
        serial.sendall(key.encode())
        while time.monotonic() < enough and (got := serial.recv(4096)):
            text += got
    except OSError:
        pass                            # a time-out: that was all
    return text


class Machine:
    """A running machine, or one about to be started."""

    def __init__(self, directory):
        self.dir = directory
        self.options = None
        self.own = False            # it ends with this process
        self.pid = None
        self.process = None
        self.lock = None
        self.control = None
        self.pending = b""

    def path(self, *names):
        return os.path.join(self.dir, *names)

    # --- life ---------------------------------------------------------------

    def start(self, options, own, progress):
        """Boots; returns when dom0 obeys. options: icount, memory (MB, the
        whole machine), dom0_memory, cpus."""
        shutil.rmtree(self.dir, ignore_errors=True)
        os.makedirs(self.path("share"))
        self.options = options
        self.own = own
        began = time.monotonic()
        command = ["timeout", "-k", "5",
                   str(LIFETIME["own" if own else "started"])]
        command += self._qemu(options)
        with open(self.path("qemu.log"), "wb") as log:
            self.process = subprocess.Popen(
                command, cwd=self.dir, stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, start_new_session=True,
                preexec_fn=_die_with_parent if own else None)
        self.pid = self.process.pid
        with open(self.path("machine.json"), "w", encoding="ascii") as f:
            json.dump({"pid": self.pid, "options": options}, f)
        try:
            self._wait_for_dom0(progress, began)
        except BaseException:
            self.kill()
            raise

    def _qemu(self, o):
        mem = o["dom0_memory"]
        ramdisk = images.dom0_ramdisk(o["xen"])
        return ([places.emulator()] + processor(o) +
                ["-m", str(o["memory"]), "-no-user-config",
                 "-nodefaults", "-display", "none", "-no-reboot",
                 *SERIAL,
                 "-monitor", "unix:monitor.sock,server=on,wait=off",
                 "-chardev", "socket,id=ctl,path=control.sock,server=on,"
                 "wait=off",
                 "-chardev", "socket,id=con,path=console.sock,server=on,"
                 "wait=off",
                 "-device", "virtio-serial-pci",
                 "-device", "virtserialport,chardev=ctl,name=rig.control",
                 "-device", "virtserialport,chardev=con,name=rig.console",
                 "-fsdev", "local,id=share,path=share,security_model=none",
                 "-device", "virtio-9p-pci,fsdev=share,mount_tag=share",
                 "-kernel", images.hypervisor(o["xen"]),
                 "-append", f"{XEN_WORDS} dom0_max_vcpus=1 "
                 f"dom0_mem={mem}M,max:{mem}M",
                 "-initrd", f"{places.stock_kernel()} {DOM0_WORDS} "
                 f"rig.xenstored={o['xenstored']},{ramdisk}"])

    def _wait_for_dom0(self, progress, began):
        limit = 900 if self.options["icount"] else 180
        clock, xen = Clock(self.pid), False
        while clock.now() < limit:
            if not self.alive():
                raise RigError("QEMU ended while Xen and dom0 booted; see "
                               f"{self.path('qemu.log')} and "
                               f"{self.path('xen.log')}")
            if not xen and b"Xen version" in self._log_head():
                xen = True
                progress("Xen up", began)
            if self.control is None:
                self.connect()
            line = self.receive(0.5)
            if line and line.startswith("@up"):
                progress("dom0 up", began)
                return
            if line and line.startswith("@bad"):
                raise RigError("dom0: " + line[5:])
        raise RigError(f"dom0 was not up after {limit} s; see "
                       f"{self.path('xen.log')} and {self.path('dom0.log')}")

    def _log_head(self):
        try:
            with open(self.path("xen.log"), "rb") as f:
                return f.read(4096)
        except OSError:
            return b""

    def attach(self):
        """Takes up a machine that an earlier rig has started. False if
        there is none that lives."""
        try:
            with open(self.path("machine.json"), encoding="ascii") as f:
                state = json.load(f)
        except (OSError, ValueError):
            return False
        self.pid, self.options = state["pid"], state["options"]
        return self.alive()

    def alive(self):
        if self.process:
            return self.process.poll() is None
        # The id might have been given to another process since.
        try:
            with open(f"/proc/{self.pid}/cmdline", "rb") as f:
                ours = b"qemu-system-x86_64" in f.read()
        except OSError:
            return False
        return ours and _alive(self.pid)

    def power_off(self):
        """The polite way; kill() afterwards in any case."""
        try:
            self.send("off")
            deadline = time.monotonic() + 10
            while self.alive() and time.monotonic() < deadline:
                self.receive(0.2)
        except RigError:
            pass
        self.kill()

    def kill(self):
        """Ends QEMU: this process, by its id, and its guardian."""
        if self.control:
            self.control.close()
            self.control = None
        for sig, patience in ((signal.SIGTERM, 5), (signal.SIGKILL, 5)):
            if not self.alive():
                break
            try:
                os.killpg(self.pid, sig)
            except ProcessLookupError:
                break
            deadline = time.monotonic() + patience
            while self.alive() and time.monotonic() < deadline:
                time.sleep(0.05)
        if os.path.exists(self.path("machine.json")):
            os.unlink(self.path("machine.json"))

    def forget(self):
        """Removes what a machine that has ended leaves on disk."""
        shutil.rmtree(self.dir, ignore_errors=True)
        if os.path.exists(self.dir + ".lock"):
            os.unlink(self.dir + ".lock")

    def take_lock(self, progress):
        """One rig at a time talks to a machine."""
        os.makedirs(self.dir, exist_ok=True)
        self.lock = open(self.dir + ".lock", "w", encoding="ascii")
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress("waiting for another run in this machine", None)
            fcntl.flock(self.lock, fcntl.LOCK_EX)

    # --- talk ---------------------------------------------------------------

    def open_socket(self, name):
        """Connects to one of the sockets; through /proc, because a socket's
        path may not be longer than 107 bytes."""
        sock = socket.socket(socket.AF_UNIX)
        where = os.open(self.dir, os.O_PATH)
        try:
            sock.connect(f"/proc/self/fd/{where}/{name}")
        except OSError:
            sock.close()
            return None
        finally:
            os.close(where)
        return sock

    def connect(self):
        self.control = self.open_socket("control.sock")
        if self.control:
            self.control.settimeout(SEND)
        return self.control is not None

    def send(self, line):
        if not self.control:
            raise RigError("no connection to dom0")
        try:
            self.control.sendall(line.encode() + b"\n")
        except OSError as e:
            raise RigError("dom0 cannot be reached: "
                           f"{e.strerror or e}") from None

    def ask_xen(self, keys, slow):
        """What Xen itself tells for debug keys, as lines; it answers when dom0
        does not, for "0": dump dom0's registers, "q": domains and their events."""
        serial = self.open_socket("serial.sock")
        if not serial:
            return []
        text = b""
        with serial:
            serial.settimeout(ANSWER * slow)
            # One after the other: Xen forgets a key that it has not begun with.
            for key in keys:
                text += _answer(serial, key, 5 * ANSWER * slow)
        return text.decode("ascii", "replace").splitlines()

    def receive(self, patience):
        """One line from dom0 without its newline, or None in time."""
        deadline = time.monotonic() + patience
        while b"\n" not in self.pending:
            left = max(0, deadline - time.monotonic())
            if not self.control:
                time.sleep(min(left, 0.1))
                return None
            if not select.select([self.control], [], [], left)[0]:
                return None
            got = self.control.recv(65536)
            if not got:
                time.sleep(min(left, 0.1))
                return None
            self.pending += got
        line, self.pending = self.pending.split(b"\n", 1)
        return line.decode("utf-8", "replace")
