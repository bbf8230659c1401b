"""ld.so.cache: what the build writes for other architectures is what ldconfig reads."""

from __future__ import annotations

import subprocess
from pathlib import Path

from image.loader_cache import Library, cache

AARCH64, ARMHF = 0x0A03, 0x0903


def read(folder: Path, libraries: list[Library]) -> list[str]:
    file = folder / "ld.so.cache"
    file.write_bytes(cache(libraries))
    shown = subprocess.run(["/sbin/ldconfig", "-p", "-C", str(file)], capture_output=True, text=True, check=True).stdout
    return [line.strip() for line in shown.splitlines()[1:]]


def test_both_architectures_have_their_library_of_one_name(tmp_path: Path) -> None:
    assert read(tmp_path, [Library("libc.so.6", "/usr/lib/arm-linux-gnueabihf/libc.so.6", ARMHF),
                           Library("libc.so.6", "/usr/lib/aarch64-linux-gnu/libc.so.6", AARCH64)]) == [
        "libc.so.6 (libc6,AArch64) => /usr/lib/aarch64-linux-gnu/libc.so.6",
        "libc.so.6 (libc6,hard-float) => /usr/lib/arm-linux-gnueabihf/libc.so.6",
    ]  # fmt: skip


def test_names_lie_in_the_order_in_which_the_loader_searches(tmp_path: Path) -> None:
    names = ["libX11.so.6", "liba.so.2", "liba.so.10", "liba.so.9", "libab.so.1", "libstdc++.so.6"]
    shown = read(tmp_path, [Library(name, f"/{name}", AARCH64) for name in names])
    # glibc's _dl_cache_libcmp(), descending: digits behind letters, and as numbers.
    assert [line.split()[0] for line in shown] == [
        "libstdc++.so.6", "libab.so.1", "liba.so.10", "liba.so.9", "liba.so.2", "libX11.so.6",
    ]  # fmt: skip
