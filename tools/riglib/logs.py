# SPDX-License-Identifier: MIT
"""Reading Xen's log: where a line comes from, and which lines are bad news.

Xen prefixes its own lines with "(XEN) " and what guest N prints through its
debug port with "(dN) ". The list of bad news is documented in docs/rig.md.
"""

import re

# In Xen's own lines.
XEN_BAD = [
    r"\bBUG\b|Assertion .* failed|FATAL|Panic on CPU|Xen call trace",
    r"\bcrash|Triple fault|domain_crash|Domain \d+ .*crashed",
    r"Insn.len emulation failed|MMIO emulation failed|Unexpected|Unhandled",
    r"\bmm(/\w+)?\.c:\d+:d\d+|\bp2m[\w-]*\.c:\d+:d\d+",
    r"grant_table\.c:\d+:d\d+(v\d+)? (?!Expanding)",
    r"event_\w+\.c:\d+:d\d+",
    r"memory\.c:\d+:d\d+(v\d+)? (?!Domain \d+ page number)",
    r"Bad (grant|page|MFN|gfn)|[Ii]nvalid (grant|pin|gref)|dying domain",
    r"Hypercall.*(bug|denied|unknown)",
]
# Xen's own lines that are not bad news, although the list above matches.
NO_CRASH = r"\bno crash\b|kexec|Crash kernel"
XEN_GOOD = [
    NO_CRASH,
    r"d0(v\d+)? ",
]
# In the guest kernel's lines. What KCSAN reports: see Races.
GUEST_BAD = [
    r"\bBUG: (?!KCSAN)|kernel BUG at|Oops: |Kernel panic"
    r"|general protection fault",
    r"WARNING: CPU: |\bcut here\b|Call Trace:",
    r"INFO: task .* blocked for more|rcu: INFO: .*stall|soft lockup",
    r"KASAN: |UBSAN: |list_(add|del) corruption|refcount_t: ",
    r"printk messages dropped|nobody cared|No irq handler|g\.e\. .*still in use",
]
# Reports of debug kernels only: on locks (lockdep, and that it gives up), slab
# (SLUB_DEBUG) and free pages (PAGE_POISONING), objects in use (DEBUG_OBJECTS,
# references of interfaces), leaks (kmemleak).
DEBUG_BAD = [
    r"WARNING: (possible|inconsistent|suspicious|bad |held lock|lock held"
    r"|Nested lock|chain_key|\S+ still has|\S+-safe ->)|\[ BUG: ",
    r"INFO: trying to register non-static key|correctness validator",
    r"\bBUG \S+ \(|pagealloc: |corrupted stack end",
    r"ODEBUG: (?!selftest)|ref_tracker: |waiting for \S+ to become free"
    r"|stalled pool shutdown|tried to init an initialized object",
    r"kmemleak: (leaked|.*disabled|Cannot|Memory pool|.*unknown object)",
]
# In dom0's kernel log: the backends' reports of a frontend that misbehaves.
DOM0_BAD = [
    r"\bBUG: |kernel BUG at|Oops: |WARNING: CPU: |general protection fault",
    r"vif.*(fatal error|Too many slots|Invalid|Missing extra|\bBad )",
    r"xen-blkback: .*(\b[Bb]ad |[Ii]nvalid|not up-to-date|[Ee]rror)",
    r"vbd.*(error|fail)",
    r"Out of memory: Killed process|invoked oom-killer",
]
# A fault of QEMU's, not of the guest (docs/rig.md): an interrupt that QEMU
# delivered twice. The second one comes at the very first instruction of the
# handler, with interrupts disabled; the guest dies by a triple fault, or lives
# long enough to report where it was.
EMULATOR = re.compile(r"\bTriple fault\b"
                      r"|RIP: 0010:(asm_(sysvec|common_interrupt)\w*\+0x0/"
                      r"|irq_entries_start\+0x)")
# Another fault: a guest's CPU executed a breakpoint of the kernel's, which it
# uses to patch its own code, although the memory (the byte before the one in
# brackets) already has the new code.
_breakpoint = re.compile(r"\bint3: 0000 \[#")
_code = re.compile(r"\bCode: .*\b([0-9a-f]{2}) <[0-9a-f]{2}>")
# A report of KCSAN: its first line, where each access begins, a frame of an
# interrupt's entry, one of a module's, and its last line.
_race = re.compile(r"\bBUG: KCSAN: ")
# Between Linux's own functions, whoever calls them: NAPI reads its state plainly.
_linux_race = re.compile(r"data-race in napi_complete_done / napi_schedule_prep")
_access = re.compile(r" to 0x[0-9a-f]+ of \d+ bytes by ")
_entry = re.compile(r"\basm_\w+\+0x")
_module_frame = re.compile(r"\+0x[0-9a-f]+/0x[0-9a-f]+ \[\w+\]")
_frame = re.compile(r"\+0x[0-9a-f]+/0x[0-9a-f]+")
_race_end = re.compile(r"={30}")
# The number of frames, from the access on, that may name the module.
DEEP = 3
# Another fault: Xen shows its own state, with its code segment and an address
# in its code, as that of a guest's vCPU.
XEN_AT = re.compile(r"RIP: +e008:\[<ffff82d")
GUEST_STATE = re.compile(r"CONTEXT: hvm guest")
# dom0's own messages, which have no prefix in Xen's log.
DOM0_DEAD = re.compile(r"Kernel panic - not syncing: ([^\r]*)")
GUEST_DEAD = re.compile(r"Kernel panic - not syncing|---\[ end Kernel panic")

_xen_bad = re.compile("|".join(XEN_BAD))
_xen_good = re.compile("|".join(XEN_GOOD))
_no_crash = re.compile(NO_CRASH)
_guest_bad = re.compile("|".join(GUEST_BAD + DEBUG_BAD))
_dom0_bad = re.compile("|".join(DOM0_BAD))

_line = re.compile(r"\((XEN|d\d+)\) (.*)")
_kernel = re.compile(r"(?:\[ *\d+\.\d+\](?:\[ *[TC]\d+\])? )(.*)")
_ours = re.compile(r"xr:(\d+):([optx]):(.*)")

# Xen cuts a guest's line when its buffer of this many characters is full.
GUEST_LINE = 199


def xen_bad(text, dom0=False):
    """dom0: also lines about dom0, because that is under test."""
    if not _xen_bad.search(text):
        return False
    return not (_xen_good if not dom0 else _no_crash).search(text)


def guest_bad(text):
    return bool(_guest_bad.search(text))


def dom0_bad(text):
    return bool(_dom0_bad.search(text))


class Stale:
    """Finds an oops at an instruction that is no longer in memory."""

    def __init__(self):
        self.breakpoint = False

    def seen(self, text):
        if _breakpoint.search(text):
            self.breakpoint = True
        code = self.breakpoint and _code.search(text)
        if code:
            self.breakpoint = False
        return bool(code) and code[1] != "cc"


class Races:
    """Finds reports of KCSAN, from "BUG: KCSAN" to a line of "=". A race is a
    module's if its code, or a helper that it calls, makes one of the accesses:
    deeper within Linux, the data are Linux's own. Code that was interrupted,
    below the frame of an interrupt's entry, does not count."""

    def __init__(self):
        self.title = ""
        self.frames = 0         # of this access; DEEP: no further ones count
        self.ours = False

    def seen(self, text):
        """The report's first line, after its end, if it is bad news."""
        if _race.search(text):
            before, self.title = self.title, text
            self.frames, self.ours = DEEP, False
            return before       # an incomplete report
        if not self.title:
            return ""
        if _access.search(text):
            self.frames = 0
        elif _entry.search(text):
            self.frames = DEEP
        elif _frame.search(text):
            self.frames += 1
            if self.frames <= DEEP and _module_frame.search(text):
                self.ours = True
        if not _race_end.search(text):
            return ""
        title, self.title = self.title, ""
        return title if self.ours and not _linux_race.search(title) else ""


class Tail:
    """New whole lines of a growing file, from its current end or its
    beginning on."""

    def __init__(self, path, whole=False):
        self.file = open(path, "rb")
        self.start = self.file.seek(0, 0 if whole else 2)
        self.rest = b""

    def lines(self):
        self.rest += self.file.read()
        *whole, self.rest = self.rest.split(b"\n")
        return [w.decode("ascii", "replace").rstrip("\r") for w in whole]

    def partial(self):
        """The last line, still without its end."""
        return self.rest.decode("ascii", "replace")

    def everything(self):
        """All since the start, as bytes."""
        self.file.seek(self.start)
        return self.file.read()

    def close(self):
        self.file.close()


def split(line):
    """(owner, text) of a line of Xen's log: ("XEN", text), (domid, text),
    or (0, text) for what dom0 writes."""
    found = _line.match(line)
    if not found:
        return 0, line
    if found[1] == "XEN":
        return "XEN", found[2]
    return int(found[1][1:]), found[2]


class GuestText:
    """Joins a guest's cut lines, and separates the kernel's lines from those
    that guest-init.sh sends."""

    def __init__(self):
        self.held = ""
        self.next = 0
        self.partial = ""
        self.lost = 0

    def feed(self, text):
        """Yields (kind, text): "k" a line of the kernel's log; and lines of
        guest-init.sh: "o" output, "t" tell, "x" exit status."""
        if _kernel.match(text):         # the line held was complete
            yield from self.flush()
        self.held += text
        if len(text) < GUEST_LINE:
            yield from self.flush()

    def flush(self):
        """Nothing else has come: the line held is complete."""
        whole, self.held = self.held, ""
        if not whole:
            return
        found = _kernel.match(whole)
        ours = _ours.match(found[1]) if found else None
        if not ours:
            yield "k", whole
            return
        number, kind, payload = int(ours[1]), ours[2], ours[3]
        if not number:                  # also by a second kernel, after kexec
            self.next = 0
        self.lost += number - self.next
        self.next = number + 1
        if kind == "p":
            self.partial += payload
            return
        payload, self.partial = self.partial + payload, ""
        yield kind, payload
