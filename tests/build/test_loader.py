"""Boot loaders from Debian's packages: what is asked of apt, what is kept, and what is said when there is nothing to be had."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from fleet import loader
from image import apt
from image.debian_package import Unavailable

SOURCES = """\
deb http://mirror.example/debian/ bookworm main
deb http://mirror.example/debian-security/ bookworm-security main"""
ADDRESS = "'http://mirror.example/u-boot-sunxi_1_armhf.deb' u-boot-sunxi_1_armhf.deb 100 SHA256:"


class FakeApt:
    """Answers for apt: `broken` are the names of archives whose lists can't be read."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path, broken: str = "") -> None:
        self.asked: list[str] = []
        self.broken = broken
        self.package = package(folder)
        monkeypatch.setenv("UEBO_APT_SOURCES", SOURCES.replace("bookworm", "@SUITE@"))
        monkeypatch.setattr(loader, "FOLDER", folder / "loaders")
        monkeypatch.setattr(time, "sleep", lambda _seconds: None)
        monkeypatch.setattr(apt.Apt, "run", self.run)

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, *self.answer(command[-1], [word for word in command if word[0] != "-"]))

    def answer(self, last: str, words: list[str]) -> tuple[int, str]:
        self.asked.append(words[1])
        if words[1] == "update":
            folder = loader.FOLDER / "u-boot-sunxi-armhf-bookworm/apt"
            return int(bool(self.broken) and self.broken in (folder / "etc/sources.list").read_text()), ""
        if words[1] == "download":
            return (0, ADDRESS + "0" * 64) if last == "u-boot-sunxi" else (100, "")
        Path(words[3]).write_bytes(self.package.read_bytes())
        return 0, ""


def package(folder: Path) -> Path:
    tree = folder / "tree"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "DEBIAN/control").write_text("Package: u-boot-sunxi\nVersion: 1\nArchitecture: armhf\nMaintainer: a\nDescription: a\n")
    (tree / "usr/lib/u-boot/orangepi_zero").mkdir(parents=True)
    (tree / "usr/lib/u-boot/orangepi_zero/u-boot-sunxi-with-spl.bin").write_text("loader")
    subprocess.run(["dpkg-deb", "--build", "--root-owner-group", str(tree), str(folder / "package.deb")], check=True, capture_output=True)
    return folder / "package.deb"


def test_what_was_fetched_once_is_taken_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake = FakeApt(monkeypatch, tmp_path)
    found = loader.fetch("u-boot-sunxi", "armhf", "bookworm")
    assert (found / "orangepi_zero/u-boot-sunxi-with-spl.bin").read_text() == "loader"
    assert fake.asked == ["update", "download", "download-file"]
    assert loader.fetch("u-boot-sunxi", "armhf", "bookworm") == found and len(fake.asked) == 3


def test_lists_that_disagree_are_asked_again_and_then_it_is_told_what_helps(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake = FakeApt(monkeypatch, tmp_path, broken="bookworm-security")
    with pytest.raises(Unavailable, match="of Debian bookworm for armhf could not be read; .*--without-security") as told:
        loader.fetch("u-boot-sunxi", "armhf", "bookworm")
    assert told.value.temporary and fake.asked == ["update"] * 4
    assert loader.fetch("u-boot-sunxi", "armhf", "bookworm", security=False).is_dir()


def test_a_package_that_is_not_there_is_no_matter_of_time(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    FakeApt(monkeypatch, tmp_path)
    with pytest.raises(Unavailable, match="Debian bookworm has no u-boot-moon for armhf") as told:
        loader.fetch("u-boot-moon", "armhf", "bookworm")
    assert not told.value.temporary


def test_without_security_leaves_all_else() -> None:
    assert apt.without_security(SOURCES, "bookworm") == SOURCES.splitlines()[0]
