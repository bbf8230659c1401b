"""Stand-ins for shared libraries that programs name but never use in this image (platforms/common.toml, [stand-ins])."""

import os
import pathlib
import re
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass


def strangers(users: Iterable[pathlib.Path], meant: list[str]) -> list[pathlib.Path]:
    """The users of a library whose stand-in is not for them. `meant` are names of programs, and of libraries up to .so."""
    return [user for user in users if user.name.split(".so")[0] not in meant]


@dataclass(frozen=True)
class Symbol:
    name: str
    version: str | None
    kind: str
    size: int
    defined: bool


def symbols(path: pathlib.Path) -> list[Symbol]:
    """The dynamic symbols of a program or library."""
    text = subprocess.run(["readelf", "--dyn-syms", "-W", str(path)], check=True, capture_output=True, text=True).stdout
    found = []
    for line in text.splitlines():
        fields = line.split()
        if len(fields) < 8 or not fields[0].rstrip(":").isdigit():
            continue
        name, _, version = fields[7].partition("@")
        found.append(Symbol(name, version.lstrip("@") or None, fields[3], int(fields[2], 0), fields[6] != "UND"))
    return found


def imported(library: pathlib.Path, users: Iterable[pathlib.Path]) -> list[Symbol]:
    """What `users` import of what `library` defines."""
    wanted = {symbol.name for user in users for symbol in symbols(user) if not symbol.defined}
    chosen = {symbol.name: symbol for symbol in symbols(library) if symbol.defined and symbol.name in wanted}
    return [chosen[name] for name in sorted(chosen)]


def source(chosen: list[Symbol], returns: int) -> str:
    lines = []
    for symbol in chosen:
        if symbol.kind == "OBJECT":
            lines.append(f"const char {symbol.name}[{max(symbol.size, 1)}] __attribute__((aligned(16))) = {{0}};")
        else:
            lines.append(f"long {symbol.name}(void) {{ return {returns}; }}")
    return "\n".join(lines) + "\n"


def version_script(chosen: list[Symbol]) -> str:
    """The version nodes that the users ask for; libraries without versions have none."""
    nodes: dict[str, list[str]] = {}
    for symbol in chosen:
        if symbol.version and not re.fullmatch(r"Base", symbol.version):
            nodes.setdefault(symbol.version, []).append(symbol.name)
    return "".join(f"{node} {{ global: {' '.join(f'{name};' for name in names)} }};\n" for node, names in nodes.items())


def build(soname: str, library: pathlib.Path, users: Iterable[pathlib.Path], returns: int, target: pathlib.Path) -> int:
    """Builds the stand-in for `library` at `target`; how many symbols it has."""
    chosen = imported(library, users)
    with tempfile.TemporaryDirectory() as folder:
        code = pathlib.Path(folder) / "stand_in.c"
        code.write_text(source(chosen, returns))
        script = pathlib.Path(folder) / "versions"
        script.write_text(version_script(chosen))
        compiler = f"{os.environ['TRIPLET']}-gcc-14"
        command = [compiler, "-shared", "-fPIC", "-Os", "-nostdlib", "-s", "-w", "-fno-builtin", f"-Wl,-soname,{soname}"]
        command += ["-Wl,-z,noexecstack", "-Wl,--build-id=none", "-o", str(target), str(code)]
        if script.stat().st_size:
            command.append(f"-Wl,--version-script={script}")
        subprocess.run(command, check=True)
    return len(chosen)
