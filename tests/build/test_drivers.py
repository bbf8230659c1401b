"""What a kernel has: modules by their aliases, and what is built in, by the texts of its image."""

from __future__ import annotations

import lzma
from pathlib import Path

from image.drivers import Drivers, unpacked
from image.kernel_modules import Modules
from trees import Kernel


def test_a_driver_is_built_in_where_a_match_table_has_the_whole_compatible(tmp_path: Path) -> None:
    drivers = Kernel({}, builtin=["maker,mmc-v2", "maker,ethernet"], texts=["maker,quirk"]).drivers(tmp_path)
    assert drivers.is_builtin("maker,mmc-v2") and drivers.is_builtin("maker,ethernet")
    assert not drivers.is_builtin("maker,mmc") and not drivers.is_builtin("mmc-v2")


def test_a_text_that_only_a_quirk_asks_for_is_no_driver(tmp_path: Path) -> None:
    drivers = Kernel({}, builtin=["maker,mmc"], texts=["maker,quirk", "pmic-regulator"]).drivers(tmp_path)
    assert not drivers.is_builtin("maker,quirk")
    assert drivers.names("pmic-regulator") and not drivers.names("regulator")


def test_a_zimages_kernel_is_found_behind_the_name_of_its_packer(tmp_path: Path) -> None:
    kernel = Kernel({}, builtin=["maker,mmc"]).image()
    image = b"MZ\xfd7zXZ\0 decompressor" + bytes(100) + lzma.compress(kernel) + b"length"
    assert unpacked(image) == kernel and unpacked(kernel) == kernel
    Kernel({}).drivers(tmp_path)
    assert Drivers(Modules(tmp_path), image).is_builtin("maker,mmc")


def test_aliases_of_devices_are_no_names_of_modules(tmp_path: Path) -> None:
    modules = Kernel({"lib/crc": ["crypto-crc32c", "of:N*T*Cmaker,crc"]}).drivers(tmp_path).modules
    assert modules.named("crypto-crc32c") == ["crc"] and modules.named("crc") == ["crc"]
    assert modules.named("of:NcrcTCmaker,crc") == []


def test_device_types_and_several_compatibles_do_not_matter(tmp_path: Path) -> None:
    drivers = Kernel({"a/a": ["of:N*Tnetwork*Cmaker,a", "of:N*T*Cmaker,bC*"]}).drivers(tmp_path)
    assert drivers.of("maker,a") == drivers.of("maker,b") == {"a"} and drivers.of("maker,c") == set()
