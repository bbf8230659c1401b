"""pxelinux.cfg, as U-Boot's `pxe` and `sysboot` read it (boot/pxe_utils.c)."""

from dataclasses import dataclass

# U-Boot expands the line in a buffer of CONFIG_SYS_CBSIZE, 1024 on most boards, and gives up on a longer one.
LONGEST_APPEND = 1023


@dataclass(frozen=True)
class Entry:
    name: str
    kernel: str
    initramfs: str
    append: str
    fdt: str = ""
    fdtdir: str = ""  # U-Boot chooses in it by its own $fdtfile


def text(entry: Entry) -> str:
    lines = [
        f"default {entry.name}",
        "prompt 0",
        f"label {entry.name}",
        f"  kernel {entry.kernel}",
        f"  initrd {entry.initramfs}",
    ]
    if entry.fdt:
        lines.append(f"  fdt {entry.fdt}")
    if entry.fdtdir:
        lines.append(f"  fdtdir {entry.fdtdir}")
    lines.append(f"  append {entry.append}")
    return "\n".join(lines) + "\n"


def file_of(mac: str) -> str:
    """01 is the hardware type of Ethernet."""
    return "01-" + mac.lower().replace(":", "-")


def default_files(soc: str, board: str) -> list[str]:
    """The names that U-Boot asks for after those of the node, the most particular first (cmd/pxe.c)."""
    names = [f"default-arm-{soc}-{board}"] if soc and board else []
    return names + ([f"default-arm-{soc}"] if soc else []) + ["default-arm"]
