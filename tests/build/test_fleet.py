"""A fleet's file: what is refused, with its line and the reason; and what is made of a good one."""

from __future__ import annotations

import struct
import subprocess
import zlib
from dataclasses import replace
from pathlib import Path

import pytest

from fleet import board, boot_script, dnsmasq, memory, pxelinux, sdcard, uimage
from fleet.board import MIB, ROOT
from fleet.check import check_images
from fleet.fleet import Fleet, Node, read
from fleet.images import Images
from fleet.kernel_image import KernelImage
from fleet.kernel_image import read as read_kernel
from fleet.tree import Tree, architectures_of, entry

NODE = '[[node]]\nname = "a"\nboard = "pine64-plus"\nmacs = ["02:00:00:00:00:01"]\n'


def fleet_of(folder: Path, text: str) -> tuple[Fleet, list[str]]:
    file = folder / "fleet.toml"
    file.write_text(text)
    fleet, document = read(file)
    return fleet, document.report().splitlines()


def other(name: str = "b", mac: str = "02:00:00:00:00:02", kind: str = "pine64-plus") -> str:
    return f'[[node]]\nname = "{name}"\nboard = "{kind}"\nmacs = ["{mac}"]\n'


@pytest.mark.parametrize(("text", "line", "reason"), [
    (NODE + other(name="A"), 6, "the name A is that of line 2 too"),
    (NODE + other(mac="02-00-00-00-00-01"), 8, "the MAC address 02:00:00:00:00:01 is that of line 4 too"),
    (NODE + other(kind="pine64-pluss"), 7, "unknown 'pine64-pluss', did you mean pine64-plus?"),
    (NODE + 'uebo.boinc.pasword = "x"\n', 5, "unknown 'uebo.boinc.pasword', did you mean uebo.boinc.password?"),
    (NODE + other(kind="raspberry-pi-5"), 7, "raspberry-pi-5 can't work: Debian's kernel lacks"),
    (NODE + other(kind="qemu-pc"), 7, "PC has no U-Boot, expected a board of aarch64 or armhf"),
    ('[defaults]\nplatform = "amd64"\n' + NODE, 2, "platform: unknown 'amd64'"),
    (NODE.replace('"a"', '["a"]'), 2, "expected a host label"),
    (NODE + "uebo.boinc.password = 7\n", 5, "uebo.boinc.password = 7, expected a text"),
    (NODE + 'uebo.boinc.password = "a$b"\n', 5, "holds $"),
    (NODE + "uebo.boinc.password = 'a\"b'\n", 5, 'holds "'),
    (NODE + 'uebo.hostname = "b"\n', 5, "uebo.hostname is the node's name already"),
    (NODE + 'append = "quiet uebo.modules=keep"\n', 5, "append holds uebo.modules, expected it as a key"),
    (NODE + f'append = "{"x" * 1024}"\n', 1, "expected at most 1023: U-Boot stops at more"),
    (NODE + 'colour = "red"\n', 5, "unknown 'colour'"),
    (NODE + 'serial = "12"\n', 5, "serial = '12', expected 8 digits"),
    (NODE + 'dtb = "nothing.dtb"\n', 5, "unknown 'nothing.dtb'"),
    (NODE.replace('"a"', '"a_b"'), 2, "expected a host label"),
    (NODE.replace('"02:00:00:00:00:01"', '"02:00:00:00:00"'), 4, "is no MAC address of a board"),
    (NODE.replace('"02:00', '"03:00'), 4, "is no MAC address of a board"),
    (NODE.replace("02:00:00:00:00:01", "00:00:00:00:00:00"), 4, "is no MAC address of a board"),
    (NODE + 'serial = "0123abcd"\n', 5, "serial is for a Raspberry Pi, and Pine64+ is none"),
    (NODE + 'append = "a=\\"b"\n', 5, "append has a quote that is not closed"),
    (NODE + 'uebo.nfsdir = "10.0.0.1:boinc"\n', 5, "uebo.nfsdir = '10.0.0.1:boinc', expected SERVER:/PATH"),
    (NODE + 'uebo.ntp = ["10.0.0.1", "10.0.0.256"]\n', 5, "uebo.ntp = '10.0.0.256', expected host names or addresses"),
    (NODE + 'uebo.storage.wait = "2h"\n', 5, "uebo.storage.wait = '2h', expected a duration up to 1h"),
    (NODE + 'uebo.boinc.password = " x"\n', 5, "uebo.boinc.password = this value, expected 1 to 255 characters"),
    ('[defaults]\nuebo.nfsdir = "nas:/{nmae}"\n' + NODE, 2, "holds {nmae}, expected no placeholder but {name}"),
    ('[defaults]\nuebo.nfsdir = "nas:/boinc"\n' + NODE + other(), 7, "b has its storage in nas:/boinc, as a has"),
    (NODE + 'uebo.nfsdir = "nas:/x"\n' + other() + 'uebo.nfsdir = "nas:/x,port=20490"\n', 10, "b has its storage in nas:/x"),
    (f'[defaults]\nappend = "{"x" * 1024}"\n', 1, "expected at most 1023: U-Boot stops at more"),
    (NODE.replace('["02:00:00:00:00:01"]', "[]"), 4, "macs = [], expected a list"),
    ('[[node]]\nname = "a"\nmacs = ["02:00:00:00:00:01"]\n', 1, "this node has no board"),
    ('[network]\nsubnet = "10.0.0.300"\n', 2, 'expected a network such as "10.0.0.0/24"'),
    ('[network]\nsubnet = "10.0.0.0"\nrange = ["10.0.0.9", "10.0.0.1"]\n', 3, "expected two addresses of 10.0.0.0/24"),
    ('[defaults]\n\nuebo.consull = "a:1"\n', 3, "did you mean uebo.consul?"),
    ('[defaults]\nplatform = "aarch64+armhv"\n', 2, "did you mean aarch64+armhf?"),
    ("# nothing\n[[nodes]]\n", 2, "unknown 'nodes', did you mean node?"),
    ('[[node]]\nname = "a\n', 2, "Illegal character"),
])  # fmt: skip
def test_what_is_refused_has_its_line_and_the_reason(tmp_path: Path, text: str, line: int, reason: str) -> None:
    problems = fleet_of(tmp_path, text)[1]
    assert any(said.startswith(f"fleet.toml:{line}: ") and reason in said for said in problems), problems


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    text = '[defaults]\nuebo.x = "1"\n' + other(name="-", mac="no") + other(kind="none")
    problems = fleet_of(tmp_path, text)[1]
    assert [said.split(":")[1] for said in problems] == ["2", "4", "6", "9"], problems


def test_a_bad_default_is_told_once_though_every_node_has_it(tmp_path: Path) -> None:
    problems = fleet_of(tmp_path, '[defaults]\nuebo.boinc.passwrd = "1"\n' + NODE + other())[1]
    assert len(problems) == 1, problems


def test_values_over_many_lines_do_not_hide_the_lines_of_keys(tmp_path: Path) -> None:
    text = '[[node]]\nmacs = [ # ]\n  "02:00:00:00:00:01",\n  "02:00:00:00:00:02",\n]\nname = "a"\nboard = "x"\n'
    assert fleet_of(tmp_path, text)[1][0].startswith("fleet.toml:7: ")


def test_the_example_is_good() -> None:
    fleet, document = read(ROOT / "fleet.toml.example")
    assert not document.problems and len(fleet.nodes) == 2
    assert fleet.nodes[0].append == ("console=ttyS0,115200 uebo.hostname=pine-01 uebo.nfsdir=10.0.0.1:/boinc/pine-01 "
                                     "uebo.boinc.remote_hosts=10.0.0.5 uebo.boinc.password=secret quiet")  # fmt: skip
    assert fleet.nodes[1].append.endswith("quiet cma=16M")
    assert "{name}" not in fleet.default_append and "nfsdir" not in fleet.default_append


def test_a_nodes_word_wins_and_spaces_are_quoted(tmp_path: Path) -> None:
    text = '[defaults]\nuebo.boinc.password = "common"\n' + NODE + 'uebo.boinc.password = "two words"\n'
    fleet, problems = fleet_of(tmp_path, text)
    assert not problems and fleet.nodes[0].append == 'console=ttyS0,115200 uebo.hostname=a uebo.boinc.password="two words"'


def test_fixed_addresses_go_into_the_command_line(tmp_path: Path) -> None:
    text = NODE + 'uebo.net = ["10.0.0.5::10.0.0.1:24::eth0:off", "[fd00::5]:::64::eth0.7"]\n'
    fleet, problems = fleet_of(tmp_path, text)
    assert not problems, problems
    assert fleet.nodes[0].append.endswith("uebo.net=10.0.0.5::10.0.0.1:24::eth0:off uebo.net=[fd00::5]:::64::eth0.7")


def test_the_entry_of_a_node(tmp_path: Path) -> None:
    fleet = fleet_of(tmp_path, NODE)[0]
    assert pxelinux.text(entry(fleet.nodes[0])).splitlines() == [
        "default a", "prompt 0", "label a", "  kernel aarch64/Image", "  initrd aarch64/initramfs.zst",
        "  fdt aarch64/dtbs/allwinner/sun50i-a64-pine64-plus.dtb", "  append console=ttyS0,115200 uebo.hostname=a",
    ]  # fmt: skip


# --- memory


def kernel_of(size: int) -> KernelImage:
    return KernelImage(size, size, "Image")


def test_a_kernel_that_reaches_into_the_device_tree_is_refused() -> None:
    kind = board.load()["raspberry-pi-3b"]
    assert not memory.overlaps(kind, kernel_of(40 * MIB), 20 * MIB)
    found = memory.overlaps(kind, kernel_of(60 * MIB), 20 * MIB)
    assert any("the kernel" in text and "the device tree" in text for text in found), found


def test_an_initramfs_beyond_the_end_of_ram_is_refused() -> None:
    kind = board.load()["pine64-plus"]
    assert any("outside RAM" in text for text in memory.overlaps(kind, kernel_of(40 * MIB), 800 * MIB))


def test_a_kernels_own_word_on_its_size_counts(tmp_path: Path) -> None:
    image = tmp_path / "Image"
    image.write_bytes(struct.pack("<IIQQQQQQ4s", 0, 0, 0, 77 * MIB, 0xA, 0, 0, 0, b"ARM\x64").ljust(100, b"\0"))
    assert read_kernel(image).memory_size == 77 * MIB


def test_a_zimages_table_tells_its_unpacked_size(tmp_path: Path) -> None:
    data = bytearray(0x100)
    struct.pack_into("<IIIIII", data, 0x24, 0x016F2818, 0, 0x100, 0x04030201, 0x45454545, 0x40)
    struct.pack_into("<IIII", data, 0x40, 6, 0x5A534C4B, 0x80, 3 * MIB)
    struct.pack_into("<I", data, 0x80, 20 * MIB)
    (tmp_path / "zImage").write_bytes(data)
    found = read_kernel(tmp_path / "zImage")
    assert (found.kind, found.memory_size) == ("zImage", 23 * MIB + 0x208000)


def test_every_board_has_room_for_forty_megabytes_of_kernel() -> None:
    for kind in board.load().values():
        if kind.uboot and board.kernel_image(kind.arch) == "Image":
            assert not memory.overlaps(kind, kernel_of(40 * MIB), 24 * MIB), kind.id


# --- files for boot loaders


def test_a_legacy_image_has_the_sums_that_uboot_checks() -> None:
    image = uimage.kernel("armhf", b"kernel", 0x208000)
    magic, header_sum, _, size, load, start, data_sum = struct.unpack_from(">IIIIIII", image)
    assert (magic, size, load, start, data_sum) == (0x27051956, 6, 0x208000, 0x208000, zlib.crc32(b"kernel"))
    assert header_sum == zlib.crc32(image[:4] + bytes(4) + image[8:64]) and image[64:] == b"kernel"


def test_the_script_sets_addresses_where_a_boards_own_overlap() -> None:
    text = boot_script.text(board.load().values())
    assert text.count('test "${soc}" = bcm283x') == len({b.arch for b in board.load().values() if b.uboot and b.uboot.set_by_script})
    assert "setenv ramdisk_addr_r 0x04000000" in text and "sunxi" not in text


def test_the_script_goes_on_trying() -> None:
    assert boot_script.text(board.load().values()).endswith("sleep 10\nreset\n")


@pytest.fixture
def images(tmp_path: Path) -> Images:
    for arch, kernel in (("aarch64", "Image"), ("armhf", "zImage")):
        (tmp_path / "out" / arch / "dtbs").mkdir(parents=True)
        for name in (kernel, "initramfs.zst"):
            (tmp_path / "out" / arch / name).write_text(name)
    return Images(tmp_path / "out")


def test_files_of_a_node_that_left_disappear(tmp_path: Path, images: Images) -> None:
    root = tmp_path / "tftproot"
    Tree(root, images, fleet_of(tmp_path, NODE + other())[0], ["aarch64"]).write(None)
    assert (root / "pxelinux.cfg/01-02-00-00-00-00-02").exists()
    Tree(root, images, fleet_of(tmp_path, NODE)[0], ["aarch64"]).write(None)
    assert not (root / "pxelinux.cfg/01-02-00-00-00-00-02").exists() and (root / "pxelinux.cfg/01-02-00-00-00-00-01").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fleet.toml", "out", "tftproot"]


def test_boards_get_the_image_of_the_platform_that_was_chosen(tmp_path: Path, images: Images) -> None:
    (images.folder / "aarch64+armhf").mkdir()
    for name in ("Image", "initramfs.zst"):
        (images.folder / "aarch64+armhf" / name).write_text(f"{name} of aarch64+armhf")
    fleet = fleet_of(tmp_path, '[defaults]\nplatform = "aarch64+armhf"\n' + NODE)[0]
    root = tmp_path / "tftproot"
    Tree(root, Images(images.folder, fleet.platforms), fleet, ["aarch64", "armhf"]).write(None)
    assert (root / "aarch64/initramfs.zst").read_text() == "initramfs.zst of aarch64+armhf"
    assert (root / "armhf/initramfs.zst").read_text() == "initramfs.zst"


def test_each_architecture_has_a_default(tmp_path: Path, images: Images) -> None:
    root = tmp_path / "tftproot"
    Tree(root, images, Fleet(default_append="quiet"), ["aarch64"]).write(None)
    assert "  kernel aarch64/Image\n" in (root / "pxelinux.cfg/default-arm-sunxi-sunxi").read_text()
    assert "  kernel Image\n" in (root / "aarch64/pxelinux.cfg/default-arm").read_text()


def test_a_name_that_two_architectures_share_is_left_to_the_script(tmp_path: Path, images: Images) -> None:
    root = tmp_path / "tftproot"
    Tree(root, images, Fleet(default_append="quiet"), ["aarch64", "armhf"]).write(None)
    assert not list((root / "pxelinux.cfg").glob("default-arm"))
    for arch, kernel in (("aarch64", "Image"), ("armhf", "zImage")):
        assert f"  kernel {kernel}\n" in (root / arch / "pxelinux.cfg/default-arm").read_text()
    text = boot_script.text(board.load().values())
    assert "setenv bootfile aarch64/; else setenv bootfile armhf/; fi" in text


def test_a_board_with_an_old_loader_says_where_things_are_loaded() -> None:
    for kind in board.load().values():
        assert kind.uimage_load is None or (kind.uboot and {"kernel_addr_r", "ramdisk_addr_r", "fdt_addr_r"} <= set(kind.uboot.addresses))


def test_a_pi_finds_its_own_loaders_files(tmp_path: Path, images: Images) -> None:
    firmware = tmp_path / "firmware"
    firmware.mkdir()
    (firmware / "start4.elf").write_text("firmware")
    text = other(kind="raspberry-pi-4b") + 'serial = "0123abcd"\n'
    Tree(tmp_path / "tftproot", images, fleet_of(tmp_path, text)[0], ["aarch64"]).write(firmware)
    folder = tmp_path / "tftproot/0123abcd"
    assert (folder / "start4.elf").read_text() == "firmware"
    assert (folder / "cmdline.txt").read_text() == "console=ttyS1,115200 uebo.hostname=b\n"
    assert "arm_64bit=1\nkernel=Image\ninitramfs initramfs.zst followkernel\n" in (folder / "config.txt").read_text()


def test_pis_that_no_serial_number_tells_apart_find_kernel_and_device_tree_of_their_model(tmp_path: Path, images: Images) -> None:
    firmware = tmp_path / "firmware"
    firmware.mkdir()
    (firmware / "start.elf").write_text("firmware")
    give_device_tree(images, "broadcom/bcm2837-rpi-3-b.dtb")
    root = tmp_path / "tftproot"
    Tree(root, images, Fleet(default_append="quiet"), ["aarch64", "armhf"]).write(firmware)
    lines = (root / "config.txt").read_text().splitlines()
    assert lines[:2] == ["enable_uart=1", "upstream_kernel=1"]
    for model, bits, kernel, folder in (("pi2", 0, "zImage", "armhf"), ("pi3", 1, "Image", "aarch64"), ("pi4", 1, "Image", "aarch64")):
        place = lines.index(f"[{model}]")
        assert lines[place + 1 : place + 4] == [f"arm_64bit={bits}", f"kernel={folder}/{kernel}",
                                                f"initramfs {folder}/initramfs.zst followkernel"]  # fmt: skip
        assert (root / folder / kernel).exists()
    assert (root / "bcm2837-rpi-3-b.dtb").exists() and (root / "start.elf").exists()


def test_an_image_that_does_not_fit_a_nodes_board_is_refused_with_its_line(tmp_path: Path, images: Images) -> None:
    # Its header says that it takes 340 MiB when it runs (Documentation/arch/arm64/booting.rst), from the next 2 MiB on.
    header = struct.pack("<IIQQQQQQ4s", 0, 0, 0, 340 * MIB, 0xA, 0, 0, 0, b"ARM\x64")
    images.kernel("aarch64").write_bytes(header.ljust(100, b"\0"))
    (tmp_path / "fleet.toml").write_text(NODE)
    fleet, text = read(tmp_path / "fleet.toml")
    give_device_tree(images, fleet.nodes[0].dtb)
    check_images(fleet, images, text)
    assert text.report().startswith("fleet.toml:3: a: on Pine64+ the kernel (341.5 MiB at"), text.report()
    assert "overlap" in text.report()


def test_what_an_earlier_build_left_changes_no_default(tmp_path: Path, images: Images) -> None:
    assert architectures_of(fleet_of(tmp_path, NODE)[0], images) == ["aarch64"]
    assert architectures_of(Fleet(), images) == ["aarch64", "armhf"]


@pytest.mark.parametrize(("more", "proxy"), [
    ("", False),
    ('[network]\nsubnet = "10.0.0.0/24"\n', True),
    ('[network]\nsubnet = "10.0.0.0/24"\nrange = ["10.0.0.100", "10.0.0.200"]\n', False),
])  # fmt: skip
def test_dnsmasq_takes_its_configuration(tmp_path: Path, more: str, proxy: bool) -> None:
    fleet, problems = fleet_of(tmp_path, more)
    assert not problems
    file = tmp_path / "dnsmasq.conf"
    file.write_text(dnsmasq.configuration(fleet.network, tmp_path, file))
    checked = subprocess.run(["/usr/sbin/dnsmasq", "--test", f"--conf-file={file}"], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
    assert (",proxy," in file.read_text()) == proxy and ("dhcp-range" in file.read_text()) == bool(more)


# --- SD cards


def test_a_card_has_loader_fat_and_storage(tmp_path: Path, images: Images) -> None:
    node = fleet_of(tmp_path, NODE)[0].nodes[0]
    give_device_tree(images, node.dtb)
    loader = tmp_path / "loader"
    (loader / "pine64_plus").mkdir(parents=True)
    (loader / "pine64_plus/u-boot-sunxi-with-spl.bin").write_bytes(b"the loader")
    card = tmp_path / "card.img"
    sdcard.write(card, 512 * MIB, node, images, sdcard.loader_files(node, loader), None)
    with card.open("rb") as file:
        file.seek(8192)
        assert file.read(10) == b"the loader"
    assert mtype(card, "extlinux/extlinux.conf").splitlines()[3:] == [
        "  kernel /Image", "  initrd /initramfs.zst", f"  fdt /dtbs/{node.dtb}", "  append console=ttyS0,115200 uebo.hostname=a",
    ]  # fmt: skip
    assert mtype(card, f"dtbs/{node.dtb}") == "device tree"
    found = subprocess.run(["/usr/sbin/blkid", "-p", "-O", str(sdcard.FAT_START + sdcard.FAT_SIZE), str(card)],
                           capture_output=True, text=True, check=True).stdout  # fmt: skip
    assert 'LABEL="storage"' in found and 'TYPE="ext4"' in found


def test_a_zimage_of_more_than_sixteen_megabytes_does_not_fit_a_32_bit_allwinner() -> None:
    kind = board.load()["orangepi-pc"]
    assert not memory.overlaps(kind, KernelImage(15 * MIB, 30 * MIB, "zImage"), 24 * MIB)
    assert memory.overlaps(kind, KernelImage(17 * MIB, 30 * MIB, "zImage"), 24 * MIB)


def test_every_32_bit_board_has_room_for_its_kernel() -> None:
    for kind in board.load().values():
        if kind.uboot and kind.arch == "armhf":
            assert not memory.overlaps(kind, KernelImage(8 * MIB, 26 * MIB, "zImage"), 26 * MIB), kind.id


def test_a_card_whose_board_needs_other_addresses_has_a_script(tmp_path: Path, images: Images) -> None:
    node = fleet_of(tmp_path, other(kind="raspberry-pi-3b"))[0].nodes[0]
    give_device_tree(images, node.dtb)
    files = tmp_path / "fat"
    files.mkdir()
    sdcard.fill(files, node, images, None)
    script = (files / "boot.scr").read_bytes()
    assert b"setenv fdt_addr_r 0x03d00000" in script and b"setenv bootargs 'console=ttyS1,115200 uebo.hostname=b'\n" in script
    # Debian's U-Boot for the Raspberry Pi has no sysboot, and it would rather read an extlinux.conf without the addresses.
    assert b"sysboot" not in script and not (files / "extlinux").exists()
    assert script.rstrip(b"\n").endswith(b"booti ${kernel_addr_r} ${ramdisk_addr_r}:${filesize} ${fdt_addr_r}")


def old_loaders_node(folder: Path) -> Node:
    """A node whose board's loader is older than zImage."""
    node = fleet_of(folder, other(kind="orangepi-pc") + 'uebo.boinc.password = "two words"\n')[0].nodes[0]
    return replace(node, board=replace(node.board, uimage_load=0x208000))


def test_a_board_with_an_old_loader_gets_uimage_and_uinitrd(tmp_path: Path, images: Images) -> None:
    node = old_loaders_node(tmp_path)
    tree = Tree(tmp_path / "tftproot", images, Fleet([node]), ["armhf"])
    tree.boards = [node.board]
    tree.write(None)
    lines = (tmp_path / "tftproot/pxelinux.cfg/01-02-00-00-00-00-02").read_text().splitlines()
    assert lines[3:5] == ["  kernel armhf/orangepi-pc/uImage", "  initrd armhf/orangepi-pc/uInitrd"]
    made = [(tmp_path / "tftproot/armhf/orangepi-pc" / name).read_bytes() for name in ("uImage", "uInitrd")]
    assert made == [uimage.kernel("armhf", b"zImage", 0x208000), uimage.ramdisk("armhf", b"initramfs.zst")]


def test_a_card_for_an_old_loader_has_a_boot_ini(tmp_path: Path, images: Images) -> None:
    node = old_loaders_node(tmp_path)
    give_device_tree(images, node.dtb, "armhf")
    files = tmp_path / "fat"
    files.mkdir()
    sdcard.fill(files, node, images, None)
    assert (files / "boot.ini").read_text().splitlines() == [
        "ODROIDC-UBOOT-CONFIG", "", """setenv bootargs 'console=ttyS0,115200 uebo.hostname=b uebo.boinc.password="two words"'""",
        "fatload mmc 0:1 0x42000000 uImage", "fatload mmc 0:1 0x43400000 uInitrd", "fatload mmc 0:1 0x43000000 sun8i-h3-orangepi-pc.dtb",
        "bootm 0x42000000 0x43400000 0x43000000",
    ]  # fmt: skip
    assert sorted(path.name for path in files.iterdir()) == ["boot.ini", "sun8i-h3-orangepi-pc.dtb", "uImage", "uInitrd"]


def test_a_kernel_that_would_be_moved_onto_the_initramfs_is_refused() -> None:
    kind = replace(board.load()["orangepi-pc"], uimage_load=0x43000000)
    found = memory.overlaps(kind, KernelImage(6 * MIB, 30 * MIB, "other"), 20 * MIB)
    assert any("the kernel at its load address" in text and "the initramfs" in text for text in found), found


def give_device_tree(images: Images, name: str, arch: str = "aarch64") -> None:
    place = images.dtbs(arch) / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("device tree")


def mtype(card: Path, name: str) -> str:
    return subprocess.run(["mtype", "-i", f"{card}@@{sdcard.FAT_START}", f"::{name}"], capture_output=True, text=True,
                          check=True).stdout.replace("\r", "")  # fmt: skip
