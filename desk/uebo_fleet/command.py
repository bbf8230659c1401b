"""uebo fleet: all nodes at a glance, and drains and reboots that go through them."""

from __future__ import annotations

import argparse
import json
import re
import shlex
import sys
from pathlib import Path

from uebo_fleet import nodes, rolling, status

SSH = "ssh -o BatchMode=yes -o ConnectTimeout=10"
DURATION = re.compile(r"([0-9]+)(s|m|h|)")
SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}
EPILOG = """
Where the nodes are is told by one of --consul and --fleet.
Exit codes: 0 all is well, 1 a node is silent or has failed, 2 wrong usage.

  desk/uebo fleet --consul 10.0.0.1:8500
  desk/uebo fleet --fleet fleet.toml --domain lan drain pine-01 pine-02
  desk/uebo fleet --consul 10.0.0.1:8500 reboot --all --drain --at-once 4
"""


def duration(text: str) -> str:
    if not DURATION.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r}: expected a duration: 90s, 30m, 2h")
    return text


def seconds(text: str) -> float:
    found = DURATION.fullmatch(text)
    assert found
    return int(found[1]) * SECONDS[found[2]]


def at_least_one(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a number from 1 on")
    return int(text)


def parser() -> argparse.ArgumentParser:
    whole = argparse.ArgumentParser(prog="uebo fleet", description=__doc__, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter)
    place = whole.add_mutually_exclusive_group(required=True)
    place.add_argument("--consul", metavar="HOST:PORT", help="Consul, whose catalog has the nodes")
    place.add_argument("--fleet", metavar="FILE", type=Path, help="the fleet's file: fleet.toml")
    whole.add_argument("--domain", default="", help="with --fleet: the domain that the nodes' names are in")
    whole.add_argument("--ssh", metavar="COMMAND", default=SSH, help="how nodes are reached, for drain and reboot (%(default)s)")
    verbs = whole.add_subparsers(dest="verb", metavar="VERB")
    show = verbs.add_parser("status", help="a table of all nodes; what is done without a verb")
    show.add_argument("--json", action="store_true", help="what each node says, by its name")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("nodes", metavar="NODE", nargs="*")
    common.add_argument("--all", action="store_true", help="all nodes")
    common.add_argument("--at-once", metavar="N", type=at_least_one, default=1, help="so many at a time (%(default)s)")
    drain = verbs.add_parser("drain", parents=[common], help="wait until what tasks have done is safe, and suspend them")
    drain.add_argument("--timeout", type=duration, default="2h", help="how long for each node (%(default)s)")
    reboot = verbs.add_parser("reboot", parents=[common], help="reboot, and wait until the node is back before the next one goes")
    reboot.add_argument("--drain", action="store_true", help="drain first")
    reboot.add_argument("--drain-timeout", type=duration, default="2h", help="how long for each node (%(default)s)")
    reboot.add_argument("--back-within", type=duration, default="10m", help="when a node counts as lost (%(default)s)")
    return whole


def say(line: str) -> None:
    print(line, flush=True)


def main(words: list[str]) -> int:
    command = parser()
    given = command.parse_args(words)
    try:
        known = nodes.from_consul(given.consul) if given.consul else nodes.from_file(given.fleet, given.domain)
        if given.verb in (None, "status"):
            return show(known, given.verb == "status" and given.json)
        if bool(given.nodes) == given.all:
            command.error(f"{given.verb}: expected names of nodes, or --all")
        return 0 if go_through(known if given.all else nodes.chosen(known, given.nodes), given) else 1
    except nodes.Trouble as trouble:
        print(f"uebo fleet: {trouble}", file=sys.stderr)
        return 1


def show(known: list[nodes.Node], as_json: bool) -> int:
    told = status.ask_all(known)
    if as_json:
        print(json.dumps({node.name: document for node, document in zip(known, told, strict=True)}, indent=1))
    else:
        print(status.table(known, told), end="")
    return 0 if all(map(status.answers, told)) else 1


def go_through(chosen: list[nodes.Node], given: argparse.Namespace) -> bool:
    shell = rolling.Shell(shlex.split(given.ssh))

    def work(node: nodes.Node) -> str:
        if given.verb == "drain":
            return rolling.drain(shell, node, given.timeout)
        return rolling.reboot(shell, node, given.drain_timeout if given.drain else "", seconds(given.back_within))

    return rolling.roll(chosen, given.at_once, work, say)
