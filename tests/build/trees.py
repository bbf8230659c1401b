"""Small device trees and kernels for tests: dtc compiles the one, the other is a folder of depmod's tables."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from image.board_modules import Tables
from image.device_tree import DeviceTree
from image.drivers import Drivers
from image.kernel_modules import Modules


def compiled(source: str) -> bytes:
    return subprocess.run(["dtc", "-q", "-I", "dts", "-O", "dtb", "-"], input=f"/dts-v1/;\n{source}".encode(), check=True,
                          capture_output=True).stdout  # fmt: skip


def tree(nodes: str, root: str = 'compatible = "maker,board", "maker,soc";') -> DeviceTree:
    return DeviceTree(compiled(f"/ {{ {root}\n{nodes} }};"))


@dataclass
class Kernel:
    """`modules`: path below kernel/ -> its aliases. `needs`: what a module depends on. `builtin`: compatibles that the kernel's
    own drivers match. `texts`: what else stands in it."""

    modules: dict[str, list[str]]
    needs: dict[str, list[str]] = field(default_factory=dict)
    builtin: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def without(self, module: str) -> Kernel:
        rest = {path: aliases for path, aliases in self.modules.items() if not path.endswith(f"/{module}")}
        assert len(rest) < len(self.modules), module
        return Kernel(rest, self.needs, self.builtin, self.texts)

    def drivers(self, folder: Path) -> Drivers:
        places = {path.rsplit("/", 1)[1]: f"kernel/{path}.ko.xz" for path in self.modules}
        folder.mkdir(parents=True, exist_ok=True)
        needs = {name: " ".join(places[need] for need in self.needs.get(name, [])) for name in places}
        (folder / "modules.dep").write_text("".join(f"{place}: {needs[name]}\n" for name, place in places.items()))
        aliases = [(alias, path.rsplit("/", 1)[1]) for path, own in self.modules.items() for alias in own]
        (folder / "modules.alias").write_text("".join(f"alias {alias} {name}\n" for alias, name in aliases))
        for name in ("modules.softdep", "modules.builtin"):
            (folder / name).write_text("")
        return Drivers(Modules(folder), self.image())

    def image(self) -> bytes:
        """struct of_device_id: name[32], type[32], compatible[128], a pointer."""
        tables = b"".join(bytes(64) + text.encode().ljust(128, b"\0") + b"\1\2\3\4\5\6\7\x80" for text in self.builtin)
        return tables + b"".join(b"\0" + text.encode() + b"\0" for text in self.texts)


TABLES = Tables(
    left_out=("kernel/sound", "kernel/drivers/gpu"),
    references={"*-supply": "", "clocks": "#clock-cells", "phys": "#phy-cells"},
    children={"maker,pmic": ["pmic-regulator"]},
    kinds={"ethernet": ["ethernet"], "mmc": ["mmc"]},
    no_driver=["maker,slot"],
)
