"""The one place where a test waits: for something to become true, with a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_scale = 1.0


def scale_deadlines(factor: float) -> None:
    """A slow machine gets longer deadlines: all of them are multiplied from now on."""
    global _scale
    _scale = max(1.0, factor)


def scaled(seconds: float) -> float:
    return seconds * _scale


def wait_for(condition: Callable[[], T | None], what: str, deadline: float = 15.0, interval: float = 0.02) -> T:
    """Returns the first value of `condition` that is true; fails with `what` and the last value at the deadline."""
    end = time.monotonic() + scaled(deadline)
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= end:
            raise AssertionError(f"not within {scaled(deadline):.0f} s: {what} (last: {value!r})")
        time.sleep(interval)
