"""Optional packages: what platforms/optional/NAME.toml says is laid over the data of the image whose site asks for NAME."""

import difflib
import os
import tomllib
from typing import Any

from image import platform, site

FOLDER = platform.ROOT / "buildsteps/platforms/optional"
# All but `what`, `users` and `services` mean what they do in platforms/common.toml.
KEYS = {
    "what": str, "packages": dict, "files": dict, "links": dict, "directories": dict, "dlopen": dict, "stand-ins": dict,
    "users": dict, "services": list,
}  # fmt: skip
OF_PACKAGES = ["install", "alone", "assumed"]
OF_A_STAND_IN = {"for", "returns", "why"}


def names() -> list[str]:
    return sorted(place.stem for place in FOLDER.glob("*.toml"))


def hint(word: str, known: list[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1)
    return f"did you mean '{near[0]}'?" if near else f"there are: {', '.join(known)}"


def read(name: str) -> dict[str, Any]:
    if name not in names():
        where = FOLDER.relative_to(platform.ROOT)
        platform.fail(f"{os.environ['SITE']}: optional: '{name}' is not in {where}, {hint(name, names())}")
    place = FOLDER / f"{name}.toml"
    try:
        data = tomllib.loads(place.read_text())
    except tomllib.TOMLDecodeError as error:
        platform.fail(f"{place.name}: {error}")
    for key, value in data.items():
        if key not in KEYS:
            platform.fail(f"{place.name}: unknown key '{key}', {hint(key, list(KEYS))}")
        if not isinstance(value, KEYS[key]):
            kind = {str: "a text", list: "a list", dict: "a table"}[KEYS[key]]
            platform.fail(f"{place.name}: {key} must be {kind}")
    for key in data.get("packages", {}):
        if key not in OF_PACKAGES:
            platform.fail(f"{place.name}: unknown key 'packages.{key}', {hint(key, OF_PACKAGES)}")
    for soname, stand_in in data.get("stand-ins", {}).items():
        if not isinstance(stand_in, dict) or set(stand_in) != OF_A_STAND_IN:
            platform.fail(f"{place.name}: stand-ins: {soname} must be a table of {', '.join(sorted(OF_A_STAND_IN))}")
    return data


def load() -> dict[str, Any]:
    """The data of the image, with that of the packages that its site chose."""
    data = platform.load()
    for name in site.load().optional:
        data = platform.merged(data, read(name))
    return data
