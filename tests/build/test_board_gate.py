"""The gate: a board without a driver for its network, storage or processor's supply is found, and its file has to say so."""

from __future__ import annotations

from pathlib import Path

import pytest

from image import boards, device_tree
from image.board_gate import Verdict, examine
from image.board_set import BoardSet, Trees
from image.boards import Board, OwnDeviceTree
from trees import TABLES, Kernel, compiled, tree

# A board as they are: Ethernet behind a bus, with a clock and a PHY; a card whose supply is an output of a power chip on a
# bus of its own, as is the processor's.
BOARD = """
    cpus { cpu@0 { compatible = "maker,cpu"; cpu-supply = <&out1>; }; };
    clock: clock { compatible = "maker,clock"; #clock-cells = <0>; };
    bus {
        compatible = "maker,bus";
        ethernet@1 {
            compatible = "maker,mac"; clocks = <&clock>; phys = <&phy>;
            mdio { phy: phy@1 { compatible = "maker,phy"; #phy-cells = <0>; }; };
        };
        mmc@2 { compatible = "maker,mmc"; vmmc-supply = <&out2>; slot { compatible = "maker,slot"; }; };
    };
    i2c { compatible = "maker,i2c"; pmic { compatible = "maker,pmic"; regulators { out1: out1 { }; out2: out2 { }; }; }; };
    """
KERNEL = Kernel({
    "drivers/bus/bus": ["of:N*T*Cmaker,bus"],
    "drivers/net/mac": ["of:N*T*Cmaker,mac"],
    "drivers/net/phy/phy": ["of:N*T*Cmaker,phy"],
    "drivers/mmc/mmc": ["of:N*T*Cmaker,mmc"],
    "drivers/i2c/i2c": ["of:N*T*Cmaker,i2c"],
    "drivers/mfd/pmic": ["of:N*T*Cmaker,pmic"],
    "drivers/regulator/pmic_regulator": ["platform:pmic-regulator"],
}, builtin=["maker,clock"])  # fmt: skip


def verdict_of(kernel: Kernel, folder: Path, nodes: str = BOARD) -> Verdict:
    drivers = kernel.drivers(folder / "modules")
    return examine(tree(nodes), drivers, TABLES, set(drivers.modules.paths))


def test_a_board_with_drivers_for_all_passes(tmp_path: Path) -> None:
    verdict = verdict_of(KERNEL, tmp_path)
    assert verdict.missing == {}
    assert verdict.found == {
        "ethernet": ["/bus/ethernet@1: mac"], "mmc": ["/bus/mmc@2: mmc"],
        "cpu-supply": ["/i2c/pmic/regulators/out1: pmic, pmic_regulator"],
    }  # fmt: skip


@pytest.mark.parametrize(("module", "missing"), [
    ("mac", "maker,mac"), ("mmc", "maker,mmc"), ("pmic", "maker,pmic"), ("pmic_regulator", "maker,pmic"),
    ("bus", "maker,bus"), ("phy", "maker,phy"), ("i2c", "maker,i2c"),
])  # fmt: skip
def test_a_driver_that_is_gone_turns_it_red(tmp_path: Path, module: str, missing: str) -> None:
    verdict = verdict_of(KERNEL.without(module), tmp_path)
    assert list(verdict.missing) == [missing]
    assert verdict.undeclared({})


def test_so_does_one_that_the_kernel_has_and_the_image_not(tmp_path: Path) -> None:
    drivers = KERNEL.drivers(tmp_path)
    verdict = examine(tree(BOARD), drivers, TABLES, set(drivers.modules.paths) - {"mac"})
    assert verdict.missing == {"maker,mac": "no driver for /bus/ethernet@1"}


def test_and_one_that_was_in_the_kernel_itself(tmp_path: Path) -> None:
    verdict = verdict_of(Kernel(KERNEL.modules, builtin=["maker,clock2"]), tmp_path)
    assert verdict.missing == {"maker,clock": "no driver for /clock, which /bus/ethernet@1 needs"}


def test_what_a_driver_makes_may_be_in_the_kernel_too(tmp_path: Path) -> None:
    kernel = KERNEL.without("pmic_regulator")
    assert verdict_of(Kernel(kernel.modules, builtin=kernel.builtin, texts=["pmic-regulator"]), tmp_path).missing == {}


def test_a_kind_that_the_device_tree_does_not_enable_is_missing(tmp_path: Path) -> None:
    off = BOARD.replace('compatible = "maker,mac";', 'compatible = "maker,mac"; status = "disabled";')
    assert verdict_of(KERNEL, tmp_path, off).missing == {"ethernet": "its device tree enables none"}


def test_what_is_switched_off_is_no_need(tmp_path: Path) -> None:
    off = BOARD.replace('compatible = "maker,clock";', 'compatible = "maker,nothing"; status = "disabled";')
    assert verdict_of(KERNEL, tmp_path, off).missing == {}


def test_but_a_supply_that_is_switched_off_is_waited_for_for_ever(tmp_path: Path) -> None:
    off = BOARD.replace("out2: out2 { };", 'out2: out2 { status = "disabled"; };')
    assert verdict_of(KERNEL, tmp_path, off).missing == {
        "maker,mmc": "/i2c/pmic/regulators/out2, the supply of /bus/mmc@2, is switched off"
    }


def test_declaration_and_verdict_are_compared_both_ways() -> None:
    verdict = Verdict(missing={"maker,mmc": "no driver for /mmc"})
    declared = {"maker,mmc": "no card", "ethernet": "none"}
    assert verdict.undeclared(declared) == []
    assert verdict.undeclared({}) == ["maker,mmc: no driver for /mmc; its file declares no limit"]
    assert verdict.outdated(declared) == ["ethernet: declared as a limit (none), but it passes"]


# --- all boards of an architecture

OWN = """
    &{/} { compatible = "other,board"; };
    &{/bus} { mmc@3 { compatible = "maker,mmc"; vmmc-supply = <&{/i2c/pmic/regulators/out1}>; }; };
    """


def set_of(tmp_path: Path, kernel: Kernel, *known: Board) -> BoardSet:
    source = tmp_path / "package"
    (source / "maker").mkdir(parents=True)
    (source / "maker/board.dtb").write_bytes(compiled(f'/ {{ compatible = "maker,board", "maker,soc"; {BOARD} }};'))
    (tmp_path / "changes").mkdir()
    (tmp_path / "changes/own.dtsi").write_text(OWN)
    trees = Trees(source, tmp_path / "changes", tmp_path / "dtbs")
    return BoardSet(list(known), kernel.drivers(tmp_path / "6.12.1-arm64"), trees, TABLES)


def test_a_device_tree_of_our_own_is_made_whole(tmp_path: Path) -> None:
    own = Board("own", "Own", "aarch64", dtbs=["maker/own.dtb"], own=OwnDeviceTree("maker/board.dtb", "own.dtsi"))
    found = set_of(tmp_path, KERNEL, own)
    made = device_tree.read(tmp_path / "dtbs/maker/own.dtb")
    assert made.root.compatible == ["other,board"]
    assert found.report({*found.kernel.modules.paths})["own"]["drivers"]["mmc"] == ["/bus/mmc@2: mmc", "/bus/mmc@3: mmc"]
    assert "pmic_regulator" in found.modules()


def test_a_device_tree_that_is_gone_is_a_warning_and_fails_the_board(tmp_path: Path) -> None:
    found = set_of(tmp_path, KERNEL, Board("lost", "Lost", "aarch64", dtbs=["maker/lost.dtb"]))
    assert found.trees.warnings == ["Lost: this kernel has no device tree maker/lost.dtb"]
    assert found.report(set())["lost"]["disagreements"]


def test_a_board_that_cannot_work_brings_no_modules_and_is_told_when_it_could(tmp_path: Path) -> None:
    hopeless = Board("five", "Five", "aarch64", dtbs=["maker/board.dtb"], unsupported="no drivers")
    found = set_of(tmp_path, KERNEL, hopeless)
    assert found.modules() == set() and not (tmp_path / "dtbs/maker/board.dtb").exists()
    told = found.report(set())["five"]["disagreements"]
    assert told == ["declared unsupported, but this kernel has drivers for what the gate asks"]


@pytest.mark.parametrize(("seen_with", "key"), [("6.1", "news"), ("6.12", "disagreements"), ("6", "disagreements")])
def test_a_limit_that_is_gone_is_an_error_with_the_kernels_it_was_seen_with_and_news_with_others(
    tmp_path: Path, seen_with: str, key: str
) -> None:
    board = Board("b", "B", "aarch64", dtbs=["maker/board.dtb"], limits={"ethernet": "none"}, seen_with=seen_with)
    report = set_of(tmp_path, KERNEL, board).report({"mac", "mmc", "pmic", "pmic_regulator", "bus", "phy", "i2c"})["b"]
    assert report[key] == ["ethernet: declared as a limit (none), but it passes"]
    assert not report["news" if key == "disagreements" else "disagreements"]


def test_and_not_while_something_is_missing(tmp_path: Path) -> None:
    hopeless = Board("five", "Five", "aarch64", dtbs=["maker/board.dtb"], unsupported="no drivers")
    assert set_of(tmp_path, KERNEL.without("mac"), hopeless).report(set())["five"]["disagreements"] == []


def test_what_nothing_asks_for_is_listed_for_the_board_and_its_processor(tmp_path: Path) -> None:
    kernel = Kernel(KERNEL.modules | {"drivers/cpufreq/soc_cpufreq": ["of:N*T*Cmaker,soc"]}, builtin=KERNEL.builtin)
    board = Board("b", "B", "aarch64", compatible="maker,board", dtbs=["maker/board.dtb"], load=["extra"])
    assert set_of(tmp_path, kernel, board).lists() == {"maker,soc": ["soc_cpufreq"], "maker,board": ["extra"]}


def test_device_trees_are_found_with_and_without_folders_of_vendors(tmp_path: Path) -> None:
    (tmp_path / "maker").mkdir()
    (tmp_path / "maker/a.dtb").write_text("")
    assert boards.device_tree(tmp_path, "a.dtb") == boards.device_tree(tmp_path, "maker/a.dtb") == tmp_path / "maker/a.dtb"
    assert boards.device_tree(tmp_path, "b.dtb") is None
