"""Metrics in the text format, as far as tests look at them."""

from __future__ import annotations

import re


def value(text: str, series: str) -> float | None:
    """Of the one sample with this name and these labels: 'uebo_condition{condition="net"}'."""
    found = re.search(rf"^{re.escape(series)} (\S+)$", text, re.MULTILINE)
    return float(found.group(1)) if found else None
