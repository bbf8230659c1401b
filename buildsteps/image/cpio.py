"""A writer of cpio archives in the kernel's "newc" form (Documentation/driver-api/early-userspace/buffer-format.rst).

Entries come in the order they are written, owned by root, with one time for all, so that the same files give the same archive.
"""

import os
import pathlib
import stat
from typing import BinaryIO

ALIGNMENT = 4
TRAILER = "TRAILER!!!"


class Writer:
    def __init__(self, output: BinaryIO, time: int) -> None:
        self._output = output
        self._time = time
        self._inode = 0
        self._written: set[str] = set()

    def _entry(self, name: str, mode: int, content: bytes = b"", device: tuple[int, int] = (0, 0)) -> None:
        self._inode += 1
        links = 2 if stat.S_ISDIR(mode) else 1
        fields = (self._inode, mode, 0, 0, links, self._time, len(content), 0, 0, *device, len(name) + 1, 0)
        header = b"070701" + b"".join(b"%08X" % value for value in fields)
        self._padded(header + name.encode() + b"\0")
        self._padded(content)

    def _padded(self, data: bytes) -> None:
        self._output.write(data + b"\0" * (-len(data) % ALIGNMENT))

    def directory(self, name: str, mode: int = 0o755) -> None:
        if name not in self._written:
            self._parents(name)
            self._written.add(name)
            self._entry(name, stat.S_IFDIR | mode)

    def file(self, name: str, content: bytes, mode: int) -> None:
        self._parents(name)
        self._entry(name, stat.S_IFREG | mode, content)

    def link(self, name: str, target: str) -> None:
        self._parents(name)
        self._entry(name, stat.S_IFLNK | 0o777, target.encode())

    def character_device(self, name: str, mode: int, major: int, minor: int) -> None:
        self._parents(name)
        self._entry(name, stat.S_IFCHR | mode, device=(major, minor))

    def _parents(self, name: str) -> None:
        parent = str(pathlib.PurePosixPath(name).parent)
        if parent not in (".", ""):
            self.directory(parent)

    def tree(self, root: pathlib.Path, leave_out: frozenset[str] = frozenset()) -> None:
        """Everything below `root`, sorted; of a path in `leave_out` the directory alone."""
        for folder, folders, files in os.walk(root):
            folders.sort()
            place = pathlib.Path(folder)
            relative = str(place.relative_to(root))
            if relative != ".":
                self.directory(relative, stat.S_IMODE(place.stat().st_mode))
            if relative in leave_out:
                folders.clear()
                continue
            links = [name for name in folders if (place / name).is_symlink()]
            for name in sorted(files + links):
                path = place / name
                inside = str(path.relative_to(root))
                if path.is_symlink():
                    self.link(inside, str(path.readlink()))
                else:
                    self.file(inside, path.read_bytes(), stat.S_IMODE(path.stat().st_mode))

    def close(self) -> None:
        self._inode = -1
        self._time = 0
        self._entry(TRAILER, 0)
