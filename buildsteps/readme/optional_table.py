"""README's table of optional packages, from buildsteps/platforms/optional/*.toml."""

import pathlib
import tomllib

from readme.record import ROOT

FOLDER = ROOT / "buildsteps/platforms/optional"


def table(folder: pathlib.Path = FOLDER) -> str:
    files = sorted(folder.glob("*.toml"))
    rows = (f"| `{file.stem}` | {tomllib.loads(file.read_text())['what']} |\n" for file in files)
    return "| in `optional` | what it does |\n|---|---|\n" + "".join(rows)
