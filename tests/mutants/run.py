#!/usr/bin/env python3
"""Shows that the tests see what they are there for: takes one mechanism after the other away, and demands that its tests fail.

usage: tests/mutants/run.py [--build DIR] [--report FILE] [NAME]...

Each tests/mutants/NAME.patch is applied to a copy of the files that it changes. They are compiled as the build in DIR compiles
them, and linked with that build's objects: with those of its unit tests alone, or into a program for the namespace tests. The
build must be that of the work tree, and not be touched meanwhile. Prints one line a mutation; exits with 1 if one was not seen.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
import xml.sax.saxutils
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "buildsteps"))

from readme import mutants  # noqa: E402
from readme.mutants import Mutant  # noqa: E402

WORK = ROOT / "out/mutants"
UNIT_SECONDS = 20
NAMESPACE_SECONDS = 240


class Unseen(Exception):
    """Why a mutation proves nothing."""


@dataclass(frozen=True)
class Build:
    """The build that is mutated: how it compiles and links."""

    directory: Path

    def command_for(self, target: str) -> list[str]:
        listing = subprocess.run(["ninja", "-C", self.directory, "-t", "commands", "-s", target], check=True, capture_output=True,
                                 text=True).stdout  # fmt: skip
        return shlex.split(listing.splitlines()[-1])

    def link_command(self, target: str) -> list[str]:
        words = self.command_for(target)
        start = words.index("&&") + 1  # ": && c++ ... && cmake ..."
        return words[start : start + words[start:].index("&&")]


def run(command: list[str], directory: Path, what: str) -> None:
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Unseen(f"{what}: {(done.stderr + done.stdout).strip()[-1500:]}")


def patched_objects(build: Build, mutant: Mutant, folder: Path) -> list[str]:
    objects = []
    for source in mutant.sources:
        (folder / source).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / source, folder / source)
    run(["git", "apply", "--unsafe-paths", f"--directory={folder.relative_to(ROOT)}", str(mutant.patch)], ROOT, "the patch does not apply")
    for source in mutant.sources:
        if (folder / source).read_bytes() == (ROOT / source).read_bytes():
            raise Unseen("the patch changes nothing")
        command = build.command_for(f"CMakeFiles/uebo_rooms.dir/{source}.o")
        target = folder / f"{source}.o"
        command[command.index("-o") + 1] = str(target)
        command[command.index("-MF") + 1] = f"{target}.d"
        command[command.index("-c") + 1] = str(folder / source)
        # What the mutation makes unused is no error; headers beside the file are found as before.
        command += ["-iquote", str((ROOT / source).parent)]
        run(command, build.directory, "does not compile")
        objects.append(str(target))
    return objects


def object_of_test(build: Build, name: str) -> str:
    """The one that its file is compiled into, by itself or with others (CMake's unity build)."""
    suite, _, case = name.partition(".")
    declared = re.compile(rf"^TEST(_F|_P)?\(\s*{re.escape(suite.split('/')[-1])},\s*{re.escape(case.split('/')[0])}\)", re.MULTILINE)
    objects = Path("CMakeFiles/uebo_test_objects.dir")
    for file in sorted((ROOT / "tests/unit").rglob("*_test.cpp")):
        if not declared.search(file.read_text()):
            continue
        for together in sorted((build.directory / objects / "Unity").glob("*.cxx")):
            if f'#include "{file}"' in together.read_text().splitlines():
                return f"{objects}/Unity/{together.name}.o"
        return f"{objects}/{file.relative_to(ROOT)}.o"
    raise Unseen(f"there is no unit test {name}")


def unit_goes_red(build: Build, mutant: Mutant, objects: list[str], folder: Path) -> None:
    """Links the files of the named tests alone, and runs each of the tests."""
    names = [name for kind, name in mutant.tests if kind == "unit"]
    if not names:
        return
    wanted = {object_of_test(build, name) for name in names}
    program = folder / "unit"
    command = [word for word in build.link_command("uebo_unit_tests") if not word.startswith("CMakeFiles/uebo_test_objects.dir/") or word in wanted]
    command[command.index("-o") + 1] = str(program)
    command[command.index("-o") : command.index("-o")] = objects
    run(command, build.directory, "does not link")
    for name in names:
        expect_red_unit(program, name, folder)


def expect_red_unit(program: Path, name: str, folder: Path) -> None:
    report = folder / "unit.json"
    report.unlink(missing_ok=True)
    # A test of parameters is meant with all of them.
    pattern = f"{name}:*/{name}:{name}/*:*/{name}/*"
    command = [str(program), f"--gtest_filter={pattern}", f"--gtest_output=json:{report}"]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace", timeout=UNIT_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return  # it hangs: CI would see that too
    if "[ RUN      ]" not in done.stdout:
        raise Unseen(f"{name} did not run: {done.stdout[-500:]}{done.stderr[-500:]}")
    if done.returncode == 0:
        raise Unseen(f"{name} passes without the mechanism")
    if report.exists() and json.loads(report.read_text())["failures"] == 0 and done.returncode > 0 and "Sanitizer" not in done.stderr:
        raise Unseen(f"{name} passes, though the program ended with {done.returncode}")


def namespace_goes_red(build: Build, mutant: Mutant, objects: list[str], folder: Path) -> None:
    """Links a program, puts it where the namespace tests look for it, and runs each of the tests."""
    names = [name for kind, name in mutant.tests if kind == "namespace"]
    if not names:
        return
    place = folder / "build"
    place.mkdir()
    for made in build.directory.iterdir():
        if made.is_file() and os.access(made, os.X_OK) and made.name not in ("uebo", "uebo_unit_tests"):
            (place / made.name).symlink_to(made)
    command = build.link_command("uebo")
    command[command.index("-o") + 1] = str(place / "uebo")
    command[command.index("-o") : command.index("-o")] = objects
    run(command, build.directory, "does not link")
    for name in names:
        expect_red_namespace(place, name)


def expect_red_namespace(place: Path, name: str) -> None:
    command = ["/usr/bin/python3", "-m", "pytest", "-q", "-x", f"namespace/{name}"]
    environment = os.environ | {"UEBO_BUILD": str(place), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(command, cwd=ROOT / "tests", env=environment, capture_output=True, text=True, timeout=NAMESPACE_SECONDS,
                              check=False)  # fmt: skip
    except subprocess.TimeoutExpired:
        return
    if done.returncode != 1 or " failed" not in done.stdout:  # pytest: 1 is "tests ran and some failed"
        raise Unseen(f"{name} is not red without the mechanism (pytest: {done.returncode}): {done.stdout[-500:]}{done.stderr[-300:]}")


@dataclass(frozen=True)
class Outcome:
    mutant: Mutant
    seconds: float
    why_unseen: str | None


def try_one(build: Build, mutant: Mutant) -> Outcome:
    started = time.monotonic()
    folder = WORK / mutant.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    why = None
    try:
        objects = patched_objects(build, mutant, folder)
        unit_goes_red(build, mutant, objects, folder)
        namespace_goes_red(build, mutant, objects, folder)
        shutil.rmtree(folder)
    except Unseen as unseen:
        why = str(unseen)
    outcome = Outcome(mutant, time.monotonic() - started, why)
    print(f"{'red   ' if why is None else 'UNSEEN'} {mutant.name} ({outcome.seconds:.0f} s){'' if why is None else ': ' + why}", flush=True)
    return outcome


def junit(outcomes: list[Outcome]) -> str:
    cases = []
    for outcome in outcomes:
        why = outcome.why_unseen
        failure = "" if why is None else f"<failure message={xml.sax.saxutils.quoteattr(why)}/>"
        name = xml.sax.saxutils.quoteattr(outcome.mutant.name)
        cases.append(f'<testcase classname="mutants" name={name} time="{outcome.seconds:.1f}">{failure}</testcase>')
    return f'<testsuite name="mutants">{"".join(cases)}</testsuite>'


def main() -> int:
    parser = argparse.ArgumentParser(description="Takes one mechanism after the other away, and demands that its tests fail.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="of a mutation; none: all")
    parser.add_argument("--build", type=Path, default=ROOT / "out/host-asan", help="the build of the work tree")
    parser.add_argument("--report", type=Path, help="a JUnit report is written there")
    options = parser.parse_args()
    every = mutants.read()
    unknown = set(options.names) - {mutant.name for mutant in every}
    if unknown:
        parser.error(f"no such mutation: {', '.join(sorted(unknown))}")
    chosen = [mutant for mutant in every if not options.names or mutant.name in options.names]
    # Those of the namespaces take longest: first.
    chosen.sort(key=lambda mutant: all(kind == "unit" for kind, _ in mutant.tests))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        outcomes = list(pool.map(lambda mutant: try_one(Build(options.build), mutant), chosen))
    if options.report:
        options.report.write_text(junit(outcomes))
    unseen = sum(outcome.why_unseen is not None for outcome in outcomes)
    print(f"{len(outcomes) - unseen} mutations seen, {unseen} not")
    return 1 if unseen else 0


if __name__ == "__main__":
    sys.exit(main())
