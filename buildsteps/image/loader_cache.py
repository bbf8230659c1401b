"""Writes an ld.so.cache for another architecture, which ldconfig of the build machine refuses to do.

Format: glibc, sysdeps/generic/dl-cache.h (the new format alone, as ldconfig writes it since glibc 2.32).
"""

import functools
import re
import struct

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


def cache(libraries: dict[str, str], flags: int) -> bytes:
    """The cache for `libraries`, soname -> absolute path."""
    # The loader searches by bisection in a table in descending order.
    names = sorted(libraries, key=functools.cmp_to_key(_compare), reverse=True)
    strings = bytearray()
    base = HEADER.size + ENTRY.size * len(names)
    entries = bytearray()
    for name in names:
        key = base + len(strings)
        strings += name.encode() + b"\0"
        value = base + len(strings)
        strings += libraries[name].encode() + b"\0"
        entries += ENTRY.pack(flags, key, value, 0, 0)
    header = HEADER.pack(b"glibc-ld.so.cache", b"1.1", len(names), len(strings), LITTLE_ENDIAN, 0)
    return header + bytes(entries) + bytes(strings)
