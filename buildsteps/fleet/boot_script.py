"""boot.scr.uimg: what U-Boot runs when its network boot loads a script."""

from collections.abc import Iterable

from fleet import uimage
from fleet.board import Board

_SCRIPT = """\
echo UEBO: network boot
{addresses}if pxe get; then
  pxe boot
else
  # The node is in no file of its own, nor is there a default for its board: the default of its architecture.
  if test "${{cpu}}" = armv8; then setenv bootfile aarch64/; else setenv bootfile armhf/; fi
  if pxe get; then pxe boot; fi
fi
# A server that is not ready, or too busy when a whole rack is switched on, is asked again: nobody sits at this prompt.
# A node that has an entry never falls back to a default: it would run under another name, without its storage.
echo UEBO: no entry of pxelinux.cfg could be booted. Trying again in 10 s
sleep 10
reset
"""


def text(boards: Iterable[Board]) -> str:
    return _SCRIPT.format(addresses=addresses(boards))


def addresses(boards: Iterable[Board]) -> str:
    """Lines that set the addresses of the boards whose own ones don't do."""
    lines: dict[str, str] = {}
    for board in boards:
        if board.uboot and board.uboot.set_by_script:
            cpu = "armv8" if board.arch == "aarch64" else "armv7"
            condition = f'test "${{soc}}" = {board.uboot.soc} && test "${{cpu}}" = {cpu}'
            settings = "; ".join(f"setenv {name} {value:#010x}" for name, value in sorted(board.uboot.addresses.items()))
            lines[condition] = f"if {condition}; then {settings}; fi\n"
    return "".join(lines.values())


def image(boards: Iterable[Board]) -> bytes:
    return uimage.script(text(boards))
