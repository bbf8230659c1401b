"""out/tftproot/: everything that boards load over the network. It may be moved: all paths in it are relative."""

import pathlib
import shutil
from collections.abc import Iterable

from fleet import board, boot_script, pxelinux, raspberry_pi, uimage
from fleet.board import Board
from fleet.fleet import Fleet, Node
from fleet.images import Images, place


class Tree:
    def __init__(self, root: pathlib.Path, images: Images, fleet: Fleet, architectures: list[str]) -> None:
        self.root = root
        self.images = images
        self.fleet = fleet
        self.architectures = architectures
        self.boards = [kind for kind in board.load().values() if kind.arch in architectures]

    def write(self, firmware: pathlib.Path | None) -> None:
        """Into a new directory, which then takes the place of the old one."""
        fresh = self.root.with_name(self.root.name + ".new")
        old = self.root.with_name(self.root.name + ".old")
        for stale in (fresh, old):
            shutil.rmtree(stale, ignore_errors=True)
        fresh.mkdir(parents=True)
        for arch in self.architectures:
            self.architecture(fresh, arch)
        for node in self.fleet.nodes:
            self.node(fresh, node)
        self.defaults(fresh)
        self.save(fresh / "boot.scr.uimg", boot_script.image(self.boards))
        if firmware:
            raspberry_pi.write(fresh, self.images, self.fleet, self.boards, firmware)
        if self.root.exists():
            self.root.rename(old)
        fresh.rename(self.root)
        shutil.rmtree(old, ignore_errors=True)

    def save(self, path: pathlib.Path, content: str | bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    def architecture(self, root: pathlib.Path, arch: str) -> None:
        place(self.images.kernel(arch), root / arch / board.kernel_image(arch))
        place(self.images.initramfs(arch), root / arch / "initramfs.zst")
        for source in sorted(self.images.dtbs(arch).rglob("*.dtb")):
            place(source, root / arch / "dtbs" / source.relative_to(self.images.dtbs(arch)))
        for kind in self.boards:
            if kind.arch == arch and kind.uimage_load is not None:
                self.legacy_images(root / arch / kind.id, kind, kind.uimage_load)

    def legacy_images(self, folder: pathlib.Path, kind: Board, load: int) -> None:
        kernel, initramfs = uimage.both(kind.arch, self.images.kernel(kind.arch), self.images.initramfs(kind.arch), load)
        self.save(folder / "uImage", kernel)
        self.save(folder / "uInitrd", initramfs)

    def node(self, root: pathlib.Path, node: Node) -> None:
        text = pxelinux.text(entry(node))
        for mac in node.macs:
            self.save(root / "pxelinux.cfg" / pxelinux.file_of(mac), text)

    def defaults(self, root: pathlib.Path) -> None:
        """For boards that no node's entry knows. U-Boot's names don't tell 32 from 64 bits: a name that would have to serve
        both is left out here, and boot.scr.uimg finds the directory of its architecture."""
        users: dict[str, set[str]] = {}
        for kind in self.boards:
            names = pxelinux.default_files(kind.uboot.soc, kind.uboot.board) if kind.uboot else ["default-arm"]
            for name in names:
                users.setdefault(name, set()).add(kind.arch)
        for name, architectures in users.items():
            for arch in architectures:
                self.save(root / arch / "pxelinux.cfg" / name, self.default(arch, ""))
                if len(architectures) == 1:
                    self.save(root / "pxelinux.cfg" / name, self.default(arch, f"{arch}/"))

    def default(self, arch: str, prefix: str) -> str:
        files = (prefix + board.kernel_image(arch), prefix + "initramfs.zst")
        return pxelinux.text(pxelinux.Entry("uebo", *files, append=self.fleet.default_append, fdtdir=prefix + "dtbs"))


def entry(node: Node) -> pxelinux.Entry:
    """A node's boot entry, with paths from the root of the tree."""
    arch = node.board.arch
    folder = f"{arch}/{node.board.id}" if node.board.uimage_load is not None else arch
    kernel, initramfs = ("uImage", "uInitrd") if node.board.uimage_load is not None else (board.kernel_image(arch), "initramfs.zst")
    fdt = f"{arch}/dtbs/{node.dtb}" if node.dtb else ""
    return pxelinux.Entry(node.name, f"{folder}/{kernel}", f"{folder}/{initramfs}", node.append, fdt)


def architectures_of(fleet: Fleet, images: Images) -> list[str]:
    """Those of the nodes; of a fleet without nodes, what is built."""
    return sorted({node.board.arch for node in fleet.nodes} or set(images.present()))


def missing(architectures: Iterable[str], images: Images) -> list[str]:
    return [arch for arch in architectures if arch not in images.present()]
