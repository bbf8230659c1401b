"""The mutations of tests/mutants: what each takes away, which tests see it, and which trouble of other init systems it stands for.

A mutation is a patch NAME.patch that `git apply` takes. Before its first `diff` line it says, a line each:
    mechanism: what of the program is taken away, as a sentence
    trouble: the number of one of troubles.toml (where it stands for one)
    test: unit SUITE.NAME, or namespace FILE.py::NAME (one or several such lines: each of them must see it)
"""

import pathlib
import re
import tomllib
from dataclasses import dataclass

from readme.record import ROOT

FOLDER = ROOT / "tests/mutants"


@dataclass(frozen=True)
class Mutant:
    name: str
    patch: pathlib.Path
    mechanism: str
    trouble: int | None
    tests: tuple[tuple[str, str], ...]  # ("unit", "Restart.TheFirstIsAtOnce")
    sources: tuple[str, ...]  # the files that it changes


class BadMutant(Exception):
    """What is wrong with a patch file, and what was expected."""


def read_one(patch: pathlib.Path) -> Mutant:
    head, diff, body = patch.read_text().partition("diff --git ")
    said: dict[str, list[str]] = {}
    for number, line in enumerate(head.splitlines(), 1):
        found = re.fullmatch(r"(mechanism|trouble|test): (\S.*)", line)
        if not found and line:
            raise BadMutant(f"{patch.name}:{number}: {line!r}, expected `mechanism: ...`, `trouble: N` or `test: unit|namespace NAME`")
        if found:
            said.setdefault(found[1], []).append(found[2])
    tests = tuple((kind, name) for kind, _, name in (test.partition(" ") for test in said.get("test", [])))
    if len(said.get("mechanism", [])) != 1 or not tests or any(kind not in ("unit", "namespace") for kind, _ in tests):
        raise BadMutant(f"{patch.name}: expected one line `mechanism:` and lines `test: unit NAME` or `test: namespace NAME`")
    sources = tuple(re.findall(r"^\+\+\+ b/(\S+)", diff + body, re.MULTILINE))
    for source in sources:
        if not re.fullmatch(r"src/.*\.cpp", source):
            raise BadMutant(f"{patch.name}: changes {source}, expected .cpp files of src/ alone (a header would rebuild everything)")
    if not sources:
        raise BadMutant(f"{patch.name}: changes nothing")
    trouble = int(said["trouble"][0]) if "trouble" in said else None
    return Mutant(patch.stem, patch, said["mechanism"][0], trouble, tests, sources)


def read(folder: pathlib.Path = FOLDER) -> list[Mutant]:
    return [read_one(patch) for patch in sorted(folder.glob("*.patch"))]


def troubles() -> dict[int, str]:
    """The things that users of other init systems got hurt by: number -> a sentence."""
    return {int(number): text for number, text in tomllib.loads((FOLDER / "troubles.toml").read_text()).items()}


def table() -> str:
    """README's table: each trouble, what is done about it, and which tests fail without that."""
    mutants = read()
    rows = []
    for number, trouble in troubles().items():
        of_it = [mutant for mutant in mutants if mutant.trouble == number]
        done = "<br>".join(mutant.mechanism for mutant in of_it)
        tests = "<br>".join(f"`{name}`" for mutant in of_it for _, name in mutant.tests)
        rows.append(f"| {trouble} | {done} | {tests} |\n")
    others = sum(1 for mutant in mutants if mutant.trouble is None)
    return (
        "| what hurt people elsewhere | what is done about it here | tests that fail without it |\n|---|---|---|\n"
        + "".join(rows)
        + f"\n{len(mutants)} mutations in all; {others} of them take away mechanisms that stand for none of these.\n"
    )
