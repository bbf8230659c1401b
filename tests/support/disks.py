"""Disks for guests: file systems with content, damaged ones, and initramfs archives that carry something more."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
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


# --- file systems of all kinds, on disks of all layouts: a disk is a file, made without loop devices


@dataclass(frozen=True)
class FileSystem:
    """`make` ends with the option for the label; label and file come behind. `check` changes nothing and fails on errors."""

    make: list[str]
    check: list[str]


FILE_SYSTEMS = {
    "ext4": FileSystem(["mke2fs", "-q", "-F", "-t", "ext4", "-L"], ["e2fsck", "-f", "-n"]),
    "ext2": FileSystem(["mke2fs", "-q", "-F", "-t", "ext2", "-L"], ["e2fsck", "-f", "-n"]),
    "f2fs": FileSystem(["mkfs.f2fs", "-q", "-f", "-l"], ["fsck.f2fs", "--dry-run"]),
    "xfs": FileSystem(["mkfs.xfs", "-q", "-f", "-L"], ["xfs_repair", "-n"]),
    "btrfs": FileSystem(["mkfs.btrfs", "-q", "-f", "-L"], ["btrfs", "check", "--readonly"]),
    "vfat": FileSystem(["mkfs.vfat", "-F", "32", "-n"], ["fsck.vfat", "-n"]),
}
# The tables as sfdisk reads them, and the number of the last partition, which holds the file system.
LAYOUTS = {
    "whole disk": ("", 0),
    "GPT": ("label: gpt\nsize=8MiB\nsize=480MiB\n", 2),
    "MBR primary": ("label: dos\nsize=8MiB, type=c\nsize=480MiB, type=83\n", 2),
    "MBR logical": ("label: dos\nsize=8MiB, type=c\ntype=5\nsize=480MiB, type=83\n", 5),
}
DISK_SIZE = 512 << 20  # a card's must be a power of two; xfs wants 300 MB


def make_file_system(file: Path, kind: str, label: str = "storage", size: int = DISK_SIZE, options: Iterable[str] = ()) -> Path:
    file.unlink(missing_ok=True)
    file.touch()
    os.truncate(file, size)
    command = FILE_SYSTEMS[kind].make
    subprocess.run([command[0], *options, *command[1:], label, str(file)], check=True, capture_output=True)
    return file


def make_disk(file: Path, layout: str, kind: str) -> Path:
    """With a file system labelled storage; where there are partitions, the first one holds noise."""
    table, _ = LAYOUTS[layout]
    if not table:
        return make_file_system(file, kind)
    file.unlink(missing_ok=True)
    file.touch()
    os.truncate(file, DISK_SIZE)
    subprocess.run(["sfdisk", "-q", str(file)], input=table, text=True, check=True, capture_output=True)
    first, last = partitions(file)[0], partitions(file)[-1]
    with file.open("r+b") as disk:
        disk.seek(first[0])
        disk.write(os.urandom(first[1]))
    part = make_file_system(file.with_suffix(".part"), kind, size=last[1])
    subprocess.run(["dd", f"if={part}", f"of={file}", "bs=1M", f"seek={last[0]}", "oflag=seek_bytes", "conv=notrunc,sparse"],
                   check=True, capture_output=True)  # fmt: skip
    part.unlink()
    return file


def partitions(file: Path) -> list[tuple[int, int]]:
    """Start and size of each in bytes; the extended one, which only holds others, is left out."""
    table = json.loads(subprocess.run(["sfdisk", "--json", str(file)], check=True, capture_output=True).stdout)
    found = table["partitiontable"]["partitions"]
    return [(entry["start"] * 512, entry["size"] * 512) for entry in found if entry["type"] != "5"]


def file_system_of(file: Path, layout: str) -> Path:
    """The file system in a file of its own."""
    if layout == "whole disk":
        return file
    start, size = partitions(file)[-1]
    part = file.with_suffix(".part")
    part.unlink(missing_ok=True)
    subprocess.run(["dd", f"if={file}", f"of={part}", "bs=1M", f"skip={start}", f"count={size}", "iflag=skip_bytes,count_bytes",
                    "conv=sparse"], check=True, capture_output=True)  # fmt: skip
    return part


def check_file_system(file: Path, kind: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*FILE_SYSTEMS[kind].check, str(file)], capture_output=True, text=True, check=False)


def digest(file: Path, size: int | None = None) -> str:
    """Of the first `size` bytes, or of all."""
    with file.open("rb") as content:
        return hashlib.sha256(content.read() if size is None else content.read(size)).hexdigest()


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


def pack_usr(usr: Path, target: Path, files: dict[str, str]) -> Path:
    """/usr as the image has it, with these files in it: place below /usr -> content. Quickly packed, so a little larger."""
    tree = target.with_suffix(".tree")
    shutil.rmtree(tree, ignore_errors=True)
    shutil.copytree(usr, tree, symlinks=True, copy_function=_link)
    for name, content in files.items():
        (tree / name).unlink(missing_ok=True)
        (tree / name).write_text(content)
    target.unlink(missing_ok=True)
    subprocess.run(["mksquashfs", str(tree), str(target), "-comp", "zstd", "-Xcompression-level", "3", "-all-root", "-noappend",
                    "-no-progress", "-quiet"], check=True, capture_output=True)  # fmt: skip
    shutil.rmtree(tree)
    return target


def _link(source: str, target: str) -> None:
    os.link(source, target, follow_symlinks=False)
