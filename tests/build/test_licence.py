"""The licences in the manifest: what Debian's copyright files say, in whichever form."""

from __future__ import annotations

from pathlib import Path

from image import licence

MACHINE_READABLE = """\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/

Files: *
License: GPL-2+

Files: debian/*
License: Expat
 Text of it.
"""
PROSE = "the terms of the LGPL; on Debian systems it is in `/usr/share/common-licenses/LGPL-2.1'. See /usr/share/common-licenses/GPL-2."


def package(folder: Path, name: str, text: str) -> Path:
    place = folder / name / "usr/share/doc" / name
    place.mkdir(parents=True)
    (place / "copyright").write_text(text)
    return folder / name


def test_a_machine_readable_file_names_them() -> None:
    assert licence.named_in(MACHINE_READABLE) == "Expat, GPL-2+"


def test_prose_refers_to_the_common_ones() -> None:
    assert licence.named_in(PROSE) == "GPL-2, LGPL-2.1"
    assert licence.named_in("all rights reserved") == licence.UNKNOWN


def test_documentation_that_lies_in_another_package(tmp_path: Path) -> None:
    base = package(tmp_path, "gcc-14-base", PROSE)
    library = tmp_path / "libatomic1"
    (library / "usr/share/doc").mkdir(parents=True)
    (library / "usr/share/doc/libatomic1").symlink_to("gcc-14-base")
    found = licence.of_package("libatomic1", library, {"gcc-14-base": base}.get)
    assert found == "GPL-2, LGPL-2.1"
    assert licence.of_package("libatomic1", library, lambda name: None) == licence.UNKNOWN
