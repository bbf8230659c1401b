"""What the build left for boards, and how a file of it gets into a tree."""

import os
import pathlib
import shutil
from dataclasses import dataclass, field

from fleet import board


@dataclass(frozen=True)
class Images:
    """What buildsteps/build left in out/PLATFORM/: for each architecture its own platform, or the one that was chosen."""

    folder: pathlib.Path
    platforms: dict[str, str] = field(default_factory=dict)

    def platform(self, arch: str) -> str:
        return self.platforms.get(arch, arch)

    def kernel(self, arch: str) -> pathlib.Path:
        return self.folder / self.platform(arch) / board.kernel_image(arch)

    def initramfs(self, arch: str) -> pathlib.Path:
        return self.folder / self.platform(arch) / "initramfs.zst"

    def dtbs(self, arch: str) -> pathlib.Path:
        return self.folder / self.platform(arch) / "dtbs"

    def present(self) -> list[str]:
        """The architectures of ARM that are built."""
        return [arch for arch in board.ARCHITECTURES if self.kernel(arch).exists() and self.initramfs(arch).exists()]


def place(source: pathlib.Path, target: pathlib.Path) -> None:
    """A hard link where the file system allows one. The build replaces its files and never writes into one."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
