# SPDX-License-Identifier: MIT
"""ELF images: whether Xen can start one in a kind of domain, and which
function an address belongs to.
"""

import bisect
import os
import re
import struct
import subprocess

from .errors import BadInput

PT_NOTE = 4
# Types of the notes whose name is "Xen"; see Xen's public elfnote.h.
ENTRY, XEN_VERSION, PHYS32_ENTRY = 1, 5, 18


def _headers(data):
    """(whether of 32 bits, [(type, offset, size)]) of x86 program headers."""
    if data[:4] != b"\x7fELF" or data[4:6] not in (b"\1\1", b"\2\1"):
        raise ValueError
    bits32 = data[4] == 1
    machine = struct.unpack_from("<H", data, 18)[0]
    if machine != (3 if bits32 else 62):
        raise ValueError
    at = struct.unpack_from("<I" if bits32 else "<Q", data,
                            28 if bits32 else 32)[0]
    size, count = struct.unpack_from("<HH", data, 42 if bits32 else 54)
    found = []
    for i in range(count):
        raw = struct.unpack_from("<IIIII" if bits32 else "<IIQQQQ", data,
                                 at + i * size)
        found.append((raw[0], raw[1] if bits32 else raw[2],
                      raw[4] if bits32 else raw[5]))
    return bits32, found


def _xen_notes(data, headers):
    """The types of Xen's notes."""
    found = set()
    for kind, at, size in headers:
        end = at + size
        while kind == PT_NOTE and at + 12 <= end:
            name, desc, note = struct.unpack_from("<III", data, at)
            if data[at + 12:at + 12 + name] == b"Xen\0":
                found.add(note)
            at += 12 + (name + 3 & ~3) + (desc + 3 & ~3)
    return found


def check_image(path, kind):
    """Checks that the image is one for this kind of domain."""
    try:
        with open(path, "rb") as f:
            data = f.read()
        bits32, headers = _headers(data)
        notes = _xen_notes(data, headers)
    except OSError as e:
        raise BadInput(f"cannot read the image {path}: "
                       f"{e.strerror}") from None
    except (ValueError, struct.error):
        raise BadInput(f"{path} is not an x86 ELF image, or a damaged "
                       "one") from None
    if kind == "pvh" and PHYS32_ENTRY not in notes:
        raise BadInput(f"{path} has no note PHYS32_ENTRY, so Xen cannot "
                       "start it with --type pvh")
    if kind == "pv" and not {ENTRY, XEN_VERSION} & notes:
        raise BadInput(f"{path} has no notes of a PV kernel, so Xen cannot "
                       "start it with --type pv")
    if kind == "hvm" and notes:
        raise BadInput(f"{path} has notes for Xen, so it cannot be started "
                       "with --type hvm in a firmware's place")
    if kind == "hvm" and not bits32:
        raise BadInput(f"{path} is a 64-bit ELF file, and --type hvm starts "
                       "32-bit ones only (objcopy -O elf32-i386)")


def places_of(path, lines):
    """Where CPUs are, by the dumps of Xen or xenctx: a list of
    function+offset, or of addresses if neither the image nor IMAGE.debug has
    symbols."""
    debug = path + ".debug"
    listing = subprocess.run(
        ["nm", "-n", debug if os.path.exists(debug) else path],
        capture_output=True, text=True, check=False).stdout
    symbols = [(int(a, 16), name) for a, name in
               re.findall(r"^([0-9a-f]+) [Tt] (\S+)$", listing, re.M)]
    out = []
    for line in lines:
        found = re.search(r"\b[er]ip:\s*(?:[0-9a-f]{4}:)?(?:\[<)?([0-9a-f]+)",
                          line, re.I)
        if not found:
            continue
        address = int(found[1], 16)
        at = bisect.bisect(symbols, (address, "~")) - 1
        out.append(f"{symbols[at][1]}+{address - symbols[at][0]:#x}"
                   if at >= 0 else f"{address:#x}")
    return out
