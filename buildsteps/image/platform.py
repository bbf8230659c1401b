"""The data of one image: platforms/common.toml with platforms/ARCH.toml over it."""

import os
import pathlib
import sys
import tomllib
from typing import Any, NoReturn

ROOT = pathlib.Path(__file__).resolve().parents[2]
ARCH = os.environ["ARCH"]
OUT = ROOT / os.environ["OUT"]
WORK = OUT / "parts"


def merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Tables are merged, lists are joined, everything else is replaced."""
    result = dict(base)
    for key, value in over.items():
        if isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = merged(result[key], value)
        elif isinstance(value, list) and isinstance(result.get(key), list):
            result[key] = result[key] + value
        else:
            result[key] = value
    return result


def load() -> dict[str, Any]:
    folder = ROOT / "buildsteps" / "platforms"
    common = tomllib.loads((folder / "common.toml").read_text())
    return merged(common, tomllib.loads((folder / f"{ARCH}.toml").read_text()))


def summary(text: str) -> None:
    """The line that the build shows beside the step."""
    print(f"summary: {text}", flush=True)


def warning(text: str) -> None:
    print(f"warning: {text}", flush=True)


def fail(text: str) -> NoReturn:
    print(text, file=sys.stderr)
    sys.exit(1)
