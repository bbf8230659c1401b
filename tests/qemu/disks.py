"""Disks for guests: file systems with content, damaged ones, and initramfs archives that carry something more."""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Iterable
from pathlib import Path

SIZE = "192M"


def make_ext4(file: Path, content: Path | None = None, uuid: str = "random", size: str = SIZE) -> Path:
    """A file system labelled storage; `content` becomes its root, with owners and modes as they are. A card's size must be
    a power of two."""
    file.unlink(missing_ok=True)
    fill = ["-d", str(content)] if content else []
    subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", "-L", "storage", "-U", uuid, *fill, str(file), size], check=True,
                   capture_output=True)  # fmt: skip
    return file


def check(file: Path) -> subprocess.CompletedProcess[str]:
    """e2fsck's word on it; nothing is changed."""
    return subprocess.run(["e2fsck", "-f", "-n", str(file)], capture_output=True, text=True, check=False)


def debugfs(file: Path, *requests: str) -> str:
    result = subprocess.run(["debugfs", "-w", "-f", "-", str(file)], input="\n".join(requests) + "\n", capture_output=True,
                            text=True, check=True)  # fmt: skip
    return result.stdout


def read_from(file: Path, path: str) -> str:
    return subprocess.run(["debugfs", "-R", f"cat {path}", str(file)], capture_output=True, text=True, check=True).stdout


# --- initramfs


def _entry(name: str, mode: int, content: bytes, inode: int) -> bytes:
    fields = (inode, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0)
    data = b"070701" + b"".join(b"%08X" % value for value in fields) + name.encode() + b"\0"
    data += b"\0" * (-len(data) % 4) + content
    return data + b"\0" * (-len(data) % 4)


def extend_initramfs(image: Path, target: Path, files: dict[str, Path]) -> Path:
    """The image with a second archive behind it, which the kernel unpacks over the first: file in the guest -> file here."""
    archive = b""
    known: set[str] = set()
    for number, (name, source) in enumerate(files.items()):
        for parent in _parents(name):
            if parent not in known:
                known.add(parent)
                archive += _entry(parent, stat.S_IFDIR | 0o755, b"", 1000 + len(known))
        mode = 0o755 if os.access(source, os.X_OK) else 0o644
        archive += _entry(name, stat.S_IFREG | mode, source.read_bytes(), 2000 + number)
    archive += _entry("TRAILER!!!", 0, b"", 0)
    packed = subprocess.run(["zstd", "-q", "-3", "-c"], input=archive, capture_output=True, check=True).stdout
    target.write_bytes(image.read_bytes() + packed)
    return target


def _parents(name: str) -> Iterable[str]:
    parts = name.split("/")[:-1]
    return ["/".join(parts[: count + 1]) for count in range(len(parts))]
