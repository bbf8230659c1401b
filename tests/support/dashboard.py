"""The Grafana dashboard, as a test reads it."""

from __future__ import annotations

import json
from typing import Any

from support.machine import ROOT

FILE = ROOT / "buildsteps/monitoring/uebo-dashboard.json"
# What Grafana puts in for its variables; the whole fleet is chosen.
_VARIABLES = {"$__rate_interval": "1m", "$__range": "1h", "$instance": ".*"}

Json = dict[str, Any]


def read() -> Json:
    dashboard: Json = json.loads(FILE.read_text())
    return dashboard


def panels(dashboard: Json) -> list[Json]:
    """Rows too, and what lies folded up in them."""
    return [panel for outer in dashboard["panels"] for panel in [outer, *outer.get("panels", [])]]


def expressions(dashboard: Json) -> list[str]:
    """PromQL of every panel, as Grafana would send it."""
    found = [target["expr"] for panel in panels(dashboard) for target in panel.get("targets", [])]
    for name, value in _VARIABLES.items():
        found = [expression.replace(name, value) for expression in found]
    return found
