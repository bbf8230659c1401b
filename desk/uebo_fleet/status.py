"""What the nodes say of themselves: the document of their status page, as a table."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from uebo_fleet.nodes import Node

AT_ONCE = 32
PATIENCE = 10.0  # seconds

Document = dict[str, Any]
HEAD = ("NODE", "STATE", "TASKS", "PROGRESS", "CREDIT", "A DAY", "TEMP", "UP")


def ask(node: Node, patience: float = PATIENCE) -> Document:
    """{"silent": why} for one that does not answer, or says something else."""
    request = urllib.request.Request(node.url, headers={"Accept": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=patience) as answer:
            told = json.load(answer)
        return told if isinstance(told, dict) and "state" in told else {"silent": "what answers there is no status page"}
    except urllib.error.HTTPError as error:
        return {"silent": f"HTTP {error.code}"}
    except urllib.error.URLError as error:
        return {"silent": str(getattr(error.reason, "strerror", None) or error.reason)}
    except (OSError, ValueError) as error:
        return {"silent": str(error)}


def ask_all(nodes: list[Node]) -> list[Document]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(ask, nodes))


def row(node: Node, told: Document) -> tuple[str, ...]:
    if "silent" in told:
        return (node.name, f"silent: {told['silent']}", *[""] * (len(HEAD) - 2))
    boinc = told.get("boinc", {})
    running = [task for task in boinc.get("tasks", []) if task.get("running")]
    done = [task["fraction_done"] for task in running if "fraction_done" in task]
    projects = boinc.get("projects", [])
    heat = [zone["celsius"] for zone in told.get("temperatures", [])]
    failed = [unit["name"] for unit in told.get("services", []) if unit.get("state") in ("failed", "crash-loop", "backoff")]
    state = told["state"] + (f" ({', '.join(failed)} failed)" if failed else "")
    return (
        node.name,
        state,
        f"{len(running)}/{len(boinc.get('tasks', [])) + int(boinc.get('more_tasks', 0))}",
        f"{100 * sum(done) / len(done):.0f} %" if done else "",
        f"{sum(project.get('host_total_credit', 0) for project in projects):.0f}",
        f"{sum(project.get('host_average_credit', 0) for project in projects):.0f}",
        f"{max(heat):.0f} °C" if heat else "",
        duration(told.get("node", {}).get("uptime", 0)),
    )


def duration(seconds: float) -> str:
    minutes, hours, days = int(seconds) // 60, int(seconds) // 3600, int(seconds) // 86400
    if days:
        return f"{days}d{hours % 24:02}h"
    return f"{hours}h{minutes % 60:02}m" if hours else f"{minutes}m{int(seconds) % 60:02}s"


def table(nodes: list[Node], told: list[Document]) -> str:
    rows = [HEAD, *(row(node, document) for node, document in zip(nodes, told, strict=True))]
    widths = [max(len(line[column]) for line in rows) for column in range(len(HEAD))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in rows) + "\n"


def answers(document: Document) -> bool:
    return "silent" not in document
