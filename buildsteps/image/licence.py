"""What a Debian package says of its licences."""

import pathlib
import re
from collections.abc import Callable

UNKNOWN = "see copyright"


def named_in(text: str) -> str:
    """The licences that debian/copyright names: in its machine-readable form, or by the common ones that it refers to."""
    if re.search(r"^Format:.*copyright-format", text, re.MULTILINE):
        names = re.findall(r"^License:[ \t]*(\S.*)$", text, re.MULTILINE)
    else:
        names = re.findall(r"/usr/share/common-licenses/([A-Za-z0-9.+-]*[A-Za-z0-9])", text)
    return ", ".join(sorted({name.strip() for name in names})) or UNKNOWN


def of_package(name: str, tree: pathlib.Path, other_tree: Callable[[str], pathlib.Path | None]) -> str:
    """Of the package unpacked in `tree`. Its documentation may be a link to that of another: `other_tree` finds it."""
    documentation = tree / "usr/share/doc" / name
    if documentation.is_symlink():
        owner = documentation.readlink().parts[0]
        tree, name = other_tree(owner) or tree, owner
    file = tree / "usr/share/doc" / name / "copyright"
    return named_in(file.read_text(errors="replace")) if file.is_file() else UNKNOWN
