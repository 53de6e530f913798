# SPDX-License-Identifier: MIT
"""The commands of the rig."""

import os
import re
import select
import shutil
import sys
import termios
import time
import tty

from . import options, places
from .ending import at_end
from .errors import BadInput, RigError
from .direct import DirectSession, ImageMachine
from .image import ImageSession
from .job import ImageJob, Job
from .machine import Machine
from .session import Session

ESCAPE = b"\x1d"                                        # Ctrl-]
KEEP_LOGS = 20
EXIT = {"passed": 0, "failed": 1, "skipped": 4, "broken by QEMU": 5,
        "hung": 6, "crashed": 7, "incomplete": 8}
BROKEN = 3


class Show:
    """Progress goes to standard error, the guest script's output to standard
    output, so that a program can read its TAP."""

    def __init__(self, verbose, quiet_guest=False):
        self.verbose, self.quiet_guest = verbose, quiet_guest

    @staticmethod
    def _say(text):
        print(text, file=sys.stderr, flush=True)

    def progress(self, text, began=None):
        self._say("rig: " + text + ("" if began is None else
                                    f" {time.monotonic() - began:.0f} s"))

    def guest(self, text):
        if not self.quiet_guest:
            print(text, flush=True)

    def dom0(self, text):
        if not self.quiet_guest:
            self._say("dom0: " + text)

    def verdict(self, result, began=None, where=""):
        """How a run ended, and what was wrong."""
        for text in result.get("shown", []):
            self._say(text)
        for text in result["problems"]:
            self.progress(text)
        if where:
            self.progress(f"{result['verdict']} (logs: {where})", began)

    def detail(self, text):
        if self.verbose:
            self._say("  " + text)


def _logdir(o):
    """The folder of this run's logs; build/rig/last links to the newest."""
    if o.log:
        return o.log
    logs = os.path.join(places.STATE, "logs")
    path = os.path.join(logs, time.strftime("%Y%m%d-%H%M%S-")
                        + str(os.getpid()))
    os.makedirs(path)
    for old in sorted(os.listdir(logs))[:-KEEP_LOGS]:
        shutil.rmtree(os.path.join(logs, old), ignore_errors=True)
    link = os.path.join(places.STATE, "last")
    tmp = f"{link}.{os.getpid()}"
    os.symlink(os.path.join("logs", os.path.basename(path)), tmp)
    os.replace(tmp, link)
    return path


def _started(o, show):
    """The started machine, if there is one that can be used, or None."""
    machine = Machine(places.machine_dir(o.name))
    up = not o.fresh and machine.attach()
    why = options.fits(machine.options, o) if up else "it is not up"
    if not why:
        return machine
    if o.name != "default" and not o.fresh:
        raise BadInput(f"the machine '{o.name}' does not serve: {why}")
    if up:
        show.progress(f"the started machine is left alone: {why}")
    return None


def _machine_for(o, started, show):
    """A machine that is ready."""
    if started:
        started.take_lock(show.progress)
        if started.alive() and started.connect():
            show.progress(f"using the started machine '{o.name}'")
            return started
    _sweep()
    machine = Machine(places.machine_dir(f"own-{os.getpid()}"))
    machine.take_lock(show.progress)
    show.progress("booting Xen and dom0 in QEMU (about 10 s"
                  + (", with --icount 20 s)" if o.icount else ")"))
    machine.start(options.machine_options(o), True, show.progress)
    return machine


def _sweep():
    """Removes machines of killed single runs; so far, their logs were kept."""
    os.makedirs(places.STATE, exist_ok=True)
    for name in os.listdir(places.STATE):
        pid = re.fullmatch(r"own-(\d+)(\.lock)?", name)
        if pid and not os.path.exists(f"/proc/{pid[1]}"):
            path = os.path.join(places.STATE, name)
            if pid[2]:
                os.unlink(path)
            else:
                shutil.rmtree(path, ignore_errors=True)


def _finish(machine, logdir):
    if not machine.own:
        return
    machine.power_off()
    whole = machine.path("xen.log")
    if os.path.exists(whole):
        shutil.copyfile(whole, os.path.join(logdir, "xen-boot.log"))
    machine.forget()


def _run_beside_dom0(o, show, began):
    """(result, folder of the logs)"""
    started = _started(o, show)
    job = ImageJob(o) if o.image else Job(o)
    logdir = _logdir(o)
    machine = _machine_for(o, started, show)
    try:
        kind = ImageSession if o.image else Session
        session = kind(machine, job, logdir, show, began)
        session.run()
        return session.result(), logdir
    finally:
        _finish(machine, logdir)


def _run_as_dom0(o, show, began):
    """The same, with the image in place of the rig's dom0."""
    logdir = _logdir(o)
    _sweep()
    machine = ImageMachine(places.machine_dir(f"own-{os.getpid()}"), o)
    machine.take_lock(show.progress)
    show.progress("booting Xen in QEMU, with the image as dom0")
    machine.start(options.machine_options(o), True, show.progress)
    try:
        session = DirectSession(machine, o, logdir, show, began)
        session.run()
        return session.result(), logdir
    finally:
        machine.kill()
        machine.forget()


def run(o):
    show = Show(o.verbose)
    began = time.monotonic()
    how = _run_as_dom0 if o.as_dom0 else _run_beside_dom0
    result, logdir = how(o, show, began)
    show.verdict(result, began, o.log or os.path.relpath(logdir))
    return EXIT[result["verdict"]]


class Terminal:
    """The user's terminal and the guest's console, joined."""

    def __init__(self, sock):
        self.sock = sock
        self.input = sys.stdin.fileno()
        self.open = True
        self.saved = None
        if os.isatty(self.input):
            self.saved = termios.tcgetattr(self.input)
            tty.setraw(self.input)

    def close(self):
        if self.saved:
            termios.tcsetattr(self.input, termios.TCSADRAIN, self.saved)

    def pump(self, patience):
        """Copies input and output; False if the user wants to leave."""
        wait = [self.sock] + ([self.input] if self.open else [])
        ready = select.select(wait, [], [], patience)[0]
        if self.sock in ready:
            os.write(1, self.sock.recv(4096))
        if self.input in ready:
            typed = os.read(self.input, 1024)
            if not typed:
                self.open = False
            if ESCAPE in typed and self.saved:
                return False
            self.sock.sendall(typed)
        return True


def shell(o):
    show = Show(o.verbose, quiet_guest=True)
    began = time.monotonic()
    started = _started(o, show)
    job = Job(o)
    logdir = _logdir(o)
    machine = _machine_for(o, started, show)
    terminal = None
    try:
        sock = machine.open_socket("console.sock")
        if not sock:
            raise RigError("the machine's console port cannot be reached")
        show.progress("the guest boots; Ctrl-] leaves and ends it")
        session = Session(machine, job, logdir, show, began)
        terminal = Terminal(sock)
        session.run(terminal.pump)
        result = session.result()
    finally:
        if terminal:
            terminal.close()
        _finish(machine, logdir)
    show.verdict(result)
    return EXIT[result["verdict"]]


def start(o):
    show = Show(False)
    machine = Machine(places.machine_dir(o.name))
    machine.take_lock(show.progress)
    if machine.attach():
        raise BadInput(f"the machine '{o.name}' is up already; rig stop "
                       "ends it")
    show.progress("booting Xen and dom0 in QEMU")
    machine.start(options.machine_options(o), False, show.progress)
    show.progress(f"machine '{o.name}' is up; rig run uses it, rig stop "
                  "ends it")
    return 0


def stop(o):
    machine = Machine(places.machine_dir(o.name))
    if not machine.attach():
        Show(False).progress(f"no machine '{o.name}' is up")
        return 0
    machine.kill()
    machine.forget()
    Show(False).progress(f"machine '{o.name}' is stopped")
    return 0


def status(_):
    """Shows every started machine; exit status 1 if there is none."""
    up = 0
    names = os.listdir(places.STATE) if os.path.isdir(places.STATE) else []
    for name in sorted(names):
        machine = Machine(places.machine_dir(name))
        if name.startswith("own-") or not machine.attach():
            continue
        m = machine.options
        print(f"machine '{name}' is up: {m['memory']} MB, dom0 "
              f"{m['dom0_memory']} MB, {m['cpus']} CPUs"
              + (", icount" if m["icount"] else ""))
        up += 1
    if not up:
        print("no machine is up")
    return 0 if up else 1


def main(argv):
    at_end()
    commands = {"run": run, "shell": shell, "start": start, "stop": stop,
                "status": status}
    try:
        o = options.parse(argv)
        return commands[o.command](o)
    except BadInput as e:
        print(f"rig: {e}", file=sys.stderr)
        return 2
    except RigError as e:
        print(f"rig: {e}", file=sys.stderr)
        return BROKEN
    except KeyboardInterrupt:
        print("rig: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader of the output has gone: discard the rest.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1
