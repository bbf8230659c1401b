"""A kernel's modules: what depends on what (modules.dep, modules.softdep), and what is built in."""

import pathlib
import re
import subprocess


def name_of(path: str) -> str:
    """The name of a module file: kernel/fs/ext4/ext4.ko.xz -> ext4."""
    return pathlib.PurePosixPath(path).name.split(".ko")[0].replace("-", "_")


class Modules:
    """The modules under `base`/lib/modules/`version`; depmod has run there."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        self.paths: dict[str, str] = {}
        self._needs: dict[str, list[str]] = {}
        for line in (folder / "modules.dep").read_text().splitlines():
            path, _, needs = line.partition(":")
            self.paths[name_of(path)] = path
            self._needs[name_of(path)] = [name_of(need) for need in needs.split()]
        self._soft: dict[str, list[str]] = {}
        for line in (folder / "modules.softdep").read_text().splitlines():
            words = line.split()
            if len(words) > 2 and words[0] == "softdep":
                wanted = [word.replace("-", "_") for word in words[2:] if not word.endswith(":")]
                self._soft.setdefault(words[1].replace("-", "_"), []).extend(wanted)
        self.builtin = {name_of(line) for line in (folder / "modules.builtin").read_text().splitlines()}
        self.aliases = [
            (words[1], words[2].replace("-", "_"))
            for words in (line.split() for line in (folder / "modules.alias").read_text().splitlines())
            if len(words) == 3 and words[0] == "alias"
        ]
        # Those by which the kernel asks for a module; a colon is that of a device.
        self._names = [(re.compile(_glob(alias)), module) for alias, module in self.aliases if ":" not in alias]

    def named(self, wanted: str) -> list[str]:
        """The modules that a name or an alias (crypto-crc32c) stands for."""
        name = wanted.replace("-", "_")
        if name in self.paths:
            return [name]
        return [module for pattern, module in self._names if pattern.fullmatch(wanted) or pattern.fullmatch(name)]

    def closure(self, wanted: set[str]) -> set[str]:
        """`wanted` with everything it needs; a soft dependency that the kernel lacks is left out."""
        found: set[str] = set()
        waiting = [module for name in wanted for module in self.named(name)]
        while waiting:
            module = waiting.pop()
            if module in found:
                continue
            found.add(module)
            waiting += self._needs[module]
            waiting += [soft for name in self._soft.get(module, []) for soft in self.named(name)]
        return found


def _glob(pattern: str) -> str:
    return "".join(".*" if c == "*" else "." if c == "?" else re.escape(c) for c in pattern)


def depmod(base: pathlib.Path, version: str) -> None:
    subprocess.run(["depmod", "--basedir", str(base), version], check=True)
