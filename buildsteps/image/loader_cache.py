"""Writes an ld.so.cache for other architectures, which ldconfig of the build machine refuses to do.

Format: glibc, sysdeps/generic/dl-cache.h (the new format alone, as ldconfig writes it since glibc 2.32).
"""

import functools
import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass

HEADER = struct.Struct("<17s3sII B3xI 12x")
ENTRY = struct.Struct("<iIIIQ")
LITTLE_ENDIAN = 2


def _compare(left: str, right: str) -> int:
    """glibc's _dl_cache_libcmp: runs of digits compare as numbers, and a digit comes after anything else."""
    a = re.findall(r"\d+|\D", left)
    b = re.findall(r"\d+|\D", right)
    for x, y in zip(a, b):
        if x.isdigit() and y.isdigit():
            if int(x) != int(y):
                return int(x) - int(y)
        elif x.isdigit() != y.isdigit():
            return 1 if x.isdigit() else -1
        elif x != y:
            return ord(x) - ord(y)
    return len(a) - len(b)


@dataclass(frozen=True)
class Library:
    soname: str
    path: str  # absolute
    flags: int  # of its architecture: each loader takes those that bear its own


def _order(left: Library, right: Library) -> int:
    return _compare(left.soname, right.soname) or left.flags - right.flags


def cache(libraries: Iterable[Library]) -> bytes:
    # The loader searches by bisection in a table in descending order.
    ordered = sorted(libraries, key=functools.cmp_to_key(_order), reverse=True)
    strings = bytearray()
    base = HEADER.size + ENTRY.size * len(ordered)
    entries = bytearray()
    for library in ordered:
        key = base + len(strings)
        strings += library.soname.encode() + b"\0"
        value = base + len(strings)
        strings += library.path.encode() + b"\0"
        entries += ENTRY.pack(library.flags, key, value, 0, 0)
    header = HEADER.pack(b"glibc-ld.so.cache", b"1.1", len(ordered), len(strings), LITTLE_ENDIAN, 0)
    return header + bytes(entries) + bytes(strings)
