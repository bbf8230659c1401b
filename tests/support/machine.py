"""The boards that QEMU emulates, and what it takes to boot an image on each without a boot loader."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
IMAGES = Path(os.environ.get("UEBO_IMAGES", ROOT / "out"))


@dataclass(frozen=True)
class Image:
    """What the build makes for one platform: kernel, initramfs.zst, uebo, dtbs/, parts/."""

    arch: str
    kernel_name: str

    @property
    def folder(self) -> Path:
        return IMAGES / self.arch

    @property
    def kernel(self) -> Path:
        return self.folder / self.kernel_name

    @property
    def initramfs(self) -> Path:
        return self.folder / "initramfs.zst"


AARCH64 = Image("aarch64", "Image")
ARMHF = Image("armhf", "zImage")
AMD64 = Image("amd64", "bzImage")
AARCH64_ARMHF = Image("aarch64+armhf", "Image")
AARCH64_OPTIONAL = Image("aarch64-optional", "Image")  # with every optional package


@dataclass(frozen=True)
class Machine:
    """`nic` is the device, or empty where the board has its own; `disk` the device of a disk, or "sd" for the card slot."""

    name: str
    image: Image
    program: str
    options: list[str] = field(default_factory=list)
    console: str = "ttyAMA0"
    nic: str = "e1000,romfile="
    disk: str = "virtio-blk-pci"
    dtb: str = ""
    memory: int = 512
    powers_off: bool = True  # where not, QEMU goes on after the kernel's last word
    own_loader: bool = False  # it begins with a boot loader of its own, which may use the network

    def command(self, append: str, initramfs: Path, memory: int) -> list[str]:
        """QEMU up to the kernel and its arguments; disks and network come after."""
        command = [self.program, *self.options, "-m", str(memory), "-kernel", str(self.image.kernel), "-initrd", str(initramfs)]
        if self.dtb:
            command += ["-dtb", str(self.image.folder / "dtbs" / self.dtb)]
        return command + ["-append", f"console={self.console} panic=30 {append}".strip()]


@dataclass(frozen=True)
class PoweredOn(Machine):
    """A machine that begins with its own boot loader: kernel and arguments come from where that looks."""

    own_loader: bool = True

    def command(self, append: str, initramfs: Path, memory: int) -> list[str]:
        return [self.program, *self.options, "-m", str(memory)]


VIRT_AARCH64 = Machine("virt, cortex-a53", AARCH64, "qemu-system-aarch64", ["-M", "virt", "-cpu", "cortex-a53", "-smp", "2"])
VIRT_AARCH64_ARMHF = replace(VIRT_AARCH64, image=AARCH64_ARMHF)
VIRT_AARCH64_OPTIONAL = replace(VIRT_AARCH64, image=AARCH64_OPTIONAL)
# Fujitsu's processor has no 32-bit mode: execve(2) of a 32-bit program fails as with a kernel without COMPAT. Its kernel needs
# the interrupt controller that it says it has.
WITHOUT_32_BIT = replace(VIRT_AARCH64_ARMHF, name="virt, a64fx", options=["-M", "virt,gic-version=3", "-cpu", "a64fx", "-smp", "2"])
# A kernel without LPAE sees no PCI above 4 GiB: highmem=off.
VIRT_ARMHF = Machine("virt, cortex-a7", ARMHF, "qemu-system-arm", ["-M", "virt,highmem=off", "-cpu", "cortex-a7", "-smp", "2"])
PC = Machine("q35", AMD64, "qemu-system-x86_64", ["-M", "q35", "-cpu", "max", "-smp", "2"], console="ttyS0")
ORANGEPI_PC = Machine("orangepi-pc", ARMHF, "qemu-system-arm", ["-M", "orangepi-pc"], console="ttyS0", nic="", disk="sd",
                      dtb="sun8i-h3-orangepi-pc.dtb", memory=1024)  # fmt: skip
RASPI2B = Machine("raspi2b", ARMHF, "qemu-system-arm", ["-M", "raspi2b"], nic="usb-net", disk="sd", dtb="bcm2836-rpi-2-b.dtb",
                  memory=1024, powers_off=False)  # fmt: skip
RASPI3B = Machine("raspi3b", AARCH64, "qemu-system-aarch64", ["-M", "raspi3b"], nic="usb-net", disk="sd",
                  dtb="broadcom/bcm2837-rpi-3-b.dtb", memory=1024, powers_off=False)  # fmt: skip
MACHINES = (VIRT_AARCH64, VIRT_AARCH64_ARMHF, VIRT_AARCH64_OPTIONAL, WITHOUT_32_BIT, VIRT_ARMHF, PC, ORANGEPI_PC, RASPI2B, RASPI3B)
