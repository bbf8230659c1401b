"""The modules that a device tree asks for."""

from __future__ import annotations

from pathlib import Path

import pytest

from image.board_modules import choose, read_tables
from image.drivers import Drivers
from fleet.board import ROOT
from trees import TABLES, Kernel, tree

KERNEL = Kernel({
    "drivers/net/mac": ["of:N*T*Cmaker,mac", "of:N*T*Cmaker,macC*"],
    "drivers/net/usb_mac": ["usb:v0424pEC00d*dc*dsc*dp*ic*isc*ip*in*"],
    "drivers/net/phy/a_phy": ["mdio:0000000000011100110010010001????"],
    "drivers/mfd/pmic": ["of:N*T*Cmaker,pmicC*", "of:N*T*Cmaker,pmic"],
    "drivers/regulator/pmic_regulator": ["platform:pmic-regulator"],
    "drivers/gpu/display": ["of:N*T*Cmaker,display"],
    "drivers/gpu/display_phy": ["of:N*T*Cmaker,display-phy"],
    "sound/card": ["of:N*T*Cmaker,card"],
    "drivers/cpufreq/soc_cpufreq": ["of:N*T*Cmaker,soc"],
}, builtin=["maker,clock"])  # fmt: skip


@pytest.fixture
def drivers(tmp_path: Path) -> Drivers:
    return KERNEL.drivers(tmp_path / "modules")


def test_each_compatible_of_a_node_counts(drivers: Drivers) -> None:
    found = choose(tree('eth { compatible = "maker,new-mac", "maker,mac"; };'), drivers, TABLES)
    assert found.modules == {"maker,mac": ["mac"]}


@pytest.mark.parametrize("nodes", [
    'eth { compatible = "maker,mac"; status = "disabled"; };',
    'bus { status = "disabled"; eth { compatible = "maker,mac"; }; };',
    'bus { status = "fail"; port { eth { compatible = "maker,mac"; status = "okay"; }; }; };',
])  # fmt: skip
def test_nothing_is_taken_for_a_disabled_node_or_what_lies_below_one(drivers: Drivers, nodes: str) -> None:
    assert choose(tree(nodes), drivers, TABLES).modules == {}


def test_a_usb_device_and_a_phy_are_found_by_their_ids(drivers: Drivers) -> None:
    found = choose(tree('a { compatible = "usb424,ec00"; }; b { compatible = "ethernet-phy-id001C.C915"; };'), drivers, TABLES)
    assert found.modules == {"usb424,ec00": ["usb_mac"], "ethernet-phy-id001C.C915": ["a_phy"]}
    assert choose(tree('b { compatible = "ethernet-phy-id001c.c905"; };'), drivers, TABLES).modules == {}


def test_what_a_driver_makes_of_its_node_comes_along(drivers: Drivers) -> None:
    found = choose(tree('pmic { compatible = "maker,pmic"; };'), drivers, TABLES)
    assert found.modules == {"maker,pmic": ["pmic", "pmic_regulator"]}


def test_folders_that_no_node_needs_are_left_out(drivers: Drivers) -> None:
    nodes = 'a { compatible = "maker,card"; }; b { compatible = "maker,display"; };'
    assert choose(tree(nodes), drivers, TABLES).all() == {"soc_cpufreq"}


def test_but_not_what_a_node_that_stays_points_at(drivers: Drivers) -> None:
    nodes = """
        phy: phy { compatible = "maker,display-phy"; #phy-cells = <1>; };
        clock: clock { compatible = "maker,clock"; #clock-cells = <2>; };
        eth { compatible = "maker,mac"; clocks = <&clock 1 2>; phys = <&phy 3>; };
        """
    assert choose(tree(nodes), drivers, TABLES).modules["maker,display-phy"] == ["display_phy"]


def test_a_node_that_is_left_out_keeps_nothing(drivers: Drivers) -> None:
    nodes = """
        phy: phy { compatible = "maker,display-phy"; #phy-cells = <0>; };
        display { compatible = "maker,display"; phys = <&phy>; };
        """
    assert choose(tree(nodes), drivers, TABLES).modules == {}


def test_the_roots_modules_are_for_a_list_since_it_has_no_device(drivers: Drivers) -> None:
    found = choose(tree(""), drivers, TABLES)
    assert found.listed == {"maker,soc": ["soc_cpufreq"]} and found.modules == {}


def test_what_the_kernel_has_nothing_for_is_told(drivers: Drivers) -> None:
    nodes = """
        a { compatible = "maker,unknown", "maker,other"; };
        b { compatible = "maker,clock"; };
        c { compatible = "maker,slot"; };
        """
    assert choose(tree(nodes), drivers, TABLES).without_driver == ["maker,unknown"]


def test_the_tables_are_whole() -> None:
    tables = read_tables(ROOT / "buildsteps/kernel/device-trees.toml")
    assert tables.kinds.keys() == {"ethernet", "mmc"} and tables.children and tables.references and tables.no_driver
    assert all(folder.startswith("kernel/") and not folder.endswith("/") for folder in tables.left_out)
