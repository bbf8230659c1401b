"""The kernel's uebo.* arguments: the program's own schema, and how a value is written in a command line.

arguments.json is what `uebo check --arguments --json` prints; the unit test Readme.FleetKnowsTheArguments keeps it so.
"""

import difflib
import json
import pathlib
from dataclasses import dataclass

# U-Boot's cli_simple_process_macros() takes these for itself in an append line.
_UBOOT_TAKES = "$\\'"


@dataclass(frozen=True)
class Argument:
    value: str  # what is expected
    repeatable: bool
    secret: bool


def known() -> dict[str, Argument]:
    rows = json.loads(pathlib.Path(__file__).with_name("arguments.json").read_text())
    return {row["name"]: Argument(row["value"], row["repeatable"], row["secret"]) for row in rows}


def unknown(name: str, names: list[str]) -> str:
    """The message for a name that nobody knows."""
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.75)
    hint = f"did you mean {near[0]}?" if near else f"expected one of: {', '.join(names)}"
    return f"unknown '{name}', {hint}"


def bad_text(value: str) -> str | None:
    """Why a value can't stand in a command line that U-Boot reads."""
    if any(ord(c) < 32 or ord(c) == 127 for c in value):
        return "has a control character, expected printable text"
    for taken, reader in ((_UBOOT_TAKES, "U-Boot replaces it in an append line"), ('"', "the kernel takes quotes for itself")):
        for character in taken:
            if character in value:
                return f"holds {character}, expected a text without it ({reader})"
    return None


def word(name: str, value: str) -> str:
    """As the kernel reads it: quotes where there are spaces (lib/cmdline.c, next_arg())."""
    return f'{name}="{value}"' if " " in value else f"{name}={value}"
