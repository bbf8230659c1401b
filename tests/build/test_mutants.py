"""The mutations of tests/mutants, before `tests/run mutants` tries them: they fit the tree, and every trouble has one."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from readme import mutants
from readme.record import ROOT


def test_every_trouble_has_a_mutation() -> None:
    seen = {mutant.trouble for mutant in mutants.read()} - {None}
    assert set(mutants.troubles()) == set(range(1, 14))
    assert seen == set(mutants.troubles())


@pytest.mark.parametrize("mutant", mutants.read(), ids=lambda mutant: mutant.name)
def test_it_fits_the_tree(mutant: mutants.Mutant) -> None:
    subprocess.run(["git", "apply", "--check", str(mutant.patch)], cwd=ROOT, check=True)


def test_readme_has_the_table() -> None:
    found = re.search(r"<!-- mutants: [^\n]*-->\n(.*?)<!-- end of mutants -->", (ROOT / "README.md").read_text(), re.DOTALL)
    assert found and found[1] == mutants.table(), "run buildsteps/readme-tables --record"


BODY = "diff --git a/src/a.cpp b/src/a.cpp\n--- a/src/a.cpp\n+++ b/src/a.cpp\n@@ -1 +1 @@\n-a\n+b\n"


@pytest.mark.parametrize(
    "text, expected",
    [
        ("test: unit A.B\n" + BODY, "mechanism"),
        ("mechanism: It works.\n" + BODY, "test: unit NAME"),
        ("mechanism: It works.\ntest: qemu A\n" + BODY, "test: unit NAME"),
        ("mechanism: It works.\nnonsense\ntest: unit A.B\n" + BODY, ":2: 'nonsense'"),
        ("mechanism: It works.\ntest: unit A.B\n", "changes nothing"),
        ("mechanism: It works.\ntest: unit A.B\n" + BODY.replace("a.cpp", "a.hpp"), "a.hpp"),
    ],
)
def test_a_bad_one_is_told(tmp_path: Path, text: str, expected: str) -> None:
    patch = tmp_path / "x.patch"
    patch.write_text(text)
    with pytest.raises(mutants.BadMutant, match=re.escape(expected)):
        mutants.read_one(patch)


def test_a_good_one_is_read(tmp_path: Path) -> None:
    patch = tmp_path / "x.patch"
    patch.write_text("mechanism: It works.\ntrouble: 3\ntest: unit A.B\ntest: namespace test_a.py::test_b\n" + BODY)
    read = mutants.read_one(patch)
    assert read.tests == (("unit", "A.B"), ("namespace", "test_a.py::test_b"))
    assert (read.name, read.trouble, read.sources) == ("x", 3, ("src/a.cpp",))
