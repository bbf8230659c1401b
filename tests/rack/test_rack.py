"""A rack from power-on: what its machine serves, what the fleet looks like from there, and what it looks like when nodes move,
go and are lost.

The tests go on from one another. Whatever happens, catalog and targets are right within 90 seconds.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable

import pytest

from rack import ADMITTED, EXPORTERS, MONITORING, SERVER, STRANGER, WORK, Node, Rack, offered
from support import dashboard
from support.guest import Json
from support.json_api import Refused
from support.waiting import wait_for

Record = Callable[[str, object], None]

BOOT = 240.0  # seconds, three emulated boards at once
SOON = 90.0  # seconds
BOOT_ID = "cat /proc/sys/kernel/random/boot_id"
# What no emulated board has, or what nothing that went well has. Prometheus has to understand the question all the same.
WITHOUT_DATA = {
    "node_thermal_zone_temp": "QEMU's boards have no thermal zone",
    "node_hwmon_temp_celsius": "QEMU's boards have no sensor",
    "node_cpu_scaling_frequency_hertz": "QEMU's boards have one frequency",
}


def all_nodes(rack: Rack) -> list[Node]:
    return list(rack.nodes.values())


def left(rack: Rack) -> list[Node]:
    """Without the one that is switched off."""
    return [node for node in all_nodes(rack) if node.name != "rack-03"]


def since_power_on(rack: Rack) -> int:
    return round(time.monotonic() - min(node.started for node in all_nodes(rack)))


def wait_for_catalog(rack: Rack, *nodes: Node, deadline: float = SOON) -> None:
    rack.consul.wait(lambda _: rack.catalog() == offered(*nodes), f"the catalog offers just {[node.name for node in nodes]}", deadline)


def wait_for_targets(rack: Rack, *nodes: Node, deadline: float = SOON) -> None:
    def scraped() -> bool:
        return rack.targets() == rack.targets("up") == offered(*nodes)

    rack.prometheus.wait(lambda _: scraped(), f"Prometheus scrapes just {[node.name for node in nodes]}", deadline)


def wait_for_all_to_be_right(rack: Rack, *nodes: Node, since: float, record: Record, what: str) -> None:
    wait_for_catalog(rack, *nodes, deadline=since + SOON - time.monotonic())
    record(f"{what}: the catalog is right after, s", round(time.monotonic() - since, 1))
    wait_for_targets(rack, *nodes, deadline=since + SOON - time.monotonic())
    record(f"{what}: Prometheus' targets are right after, s", round(time.monotonic() - since, 1))


# --- the rack as it comes up


def test_three_boards_boot_by_pxe_with_what_the_fleets_file_says(rack: Rack, record_property: Record) -> None:
    for node in all_nodes(rack):
        node.wait_for_console("dropbear: running", BOOT)
    record_property("three boards from power-on to ssh, s", since_power_on(rack))
    for node in all_nodes(rack):
        assert f"Filename 'pxelinux.cfg/01-{node.hardware.replace(':', '-')}'." in node.console
        node.wait_for_ssh()
        node.wait_for_name(node.name)
        source, _, kind, *_ = node.wait_for_storage()
        assert (source, kind) == ((f"{SERVER}:/uebo/{node.name}", "nfs4") if node.on_nfs else ("/dev/vda", "ext4"))


def test_the_catalog_offers_every_exporter_of_every_node(rack: Rack) -> None:
    wait_for_catalog(rack, *all_nodes(rack))
    for service in EXPORTERS:
        assert all({service, "prometheus"} <= set(found["ServiceTags"]) for found in rack.consul.service(service))


def test_prometheus_scrapes_every_exporter_by_its_nodes_name(rack: Rack, record_property: Record) -> None:
    wait_for_targets(rack, *all_nodes(rack))
    record_property("three boards from power-on to Prometheus, s", since_power_on(rack))
    for node in all_nodes(rack):
        wait_for(lambda: running_tasks(rack, node) == 2, f"Prometheus sees the two tasks of {node.name}", SOON, 1)
    rack.keep("1-up")


def running_tasks(rack: Rack, node: Node) -> float:
    found = rack.prometheus.query(f'boinc_tasks_total{{instance="{node.name}",state="executing"}}')
    return float(found[0]["value"][1]) if found else 0.0


@pytest.mark.parametrize("name", ["rack-01", "rack-02", "rack-03"])
def test_gui_rpc_is_for_the_hosts_of_remote_hosts_alone(rack: Rack, name: str) -> None:
    node = rack.nodes[name]
    with rack.speaking_as(ADMITTED, node):
        told = rack.boinccmd(node, "--get_tasks")
        assert told.returncode == 0 and "active_task_state: EXECUTING" in told.stdout, told
    for address in (STRANGER, SERVER):
        with rack.speaking_as(address, node):
            refused = rack.boinccmd(node, "--get_tasks")
            assert refused.returncode != 0 and "Tasks" not in refused.stdout and "Authorization failure" in refused.stderr, refused


# --- what is asked of Prometheus


def nodes_in(samples: list[Json]) -> set[str]:
    return {sample["metric"]["instance"] for sample in samples if "instance" in sample["metric"]}


def lacks_data(expression: str) -> bool:
    return any(name in expression for name in WITHOUT_DATA)


def has_data_of_all(rack: Rack, expression: str) -> bool:
    """Samples; where they are told apart by node, some of each node."""
    samples = rack.prometheus.query(expression)
    return bool(samples) and nodes_in(samples) in (set(), set(rack.nodes))


@pytest.mark.parametrize("expression", dashboard.expressions(dashboard.read()))
def test_every_query_of_the_dashboard_has_data_of_all_nodes(rack: Rack, expression: str) -> None:
    if lacks_data(expression):
        assert rack.prometheus.query(expression) == [], "an emulated board has it: off the list with it"
        return
    # A rate needs two scrapes.
    wait_for(lambda: has_data_of_all(rack, expression), f"{expression} gives {rack.prometheus.query(expression)}", 60, 1)


def selectors(expression: str) -> list[str]:
    """The series that an expression begins with: names of metrics, with their matchers."""
    return re.findall(r"\b(?:node|boinc|uebo)_\w+(?:\{[^}]*\})?|\bup\b(?:\{[^}]*\})?", expression)


def test_every_series_that_an_alert_looks_at_is_there_of_all_nodes(rack: Rack) -> None:
    rules = [rule for rule in rack.prometheus.rules() if rule["type"] == "alerting"]
    assert len(rules) == (MONITORING / "uebo.rules.yml").read_text().count("- alert:")
    looked_at = {selector for rule in rules for selector in selectors(rule["query"])} - set(WITHOUT_DATA)
    assert len(looked_at) >= 8
    expected = {selector for selector in looked_at if not lacks_data(selector)}
    assert {selector for selector in expected if nodes_in(rack.prometheus.query(selector)) != set(rack.nodes)} == set()


def test_no_alert_fires_while_all_is_well_and_all_are_evaluated(rack: Rack) -> None:
    wait_for(lambda: all(rule["health"] == "ok" for rule in rack.prometheus.rules()), "every rule was evaluated", 60, 1)
    assert [alert for alert in rack.prometheus.alerts() if alert["state"] == "firing"] == []


# --- from a desk


def test_the_whole_fleet_is_seen_at_a_glance(rack: Rack) -> None:
    shown = rack.fleet()
    (WORK / "fleet.txt").write_text(shown.stdout)
    assert shown.returncode == 0, shown
    head, *rows = shown.stdout.splitlines()
    assert head.split()[:4] == ["NODE", "STATE", "TASKS", "PROGRESS"]
    assert [row.split()[:3] for row in rows] == [[name, "working", "2/2"] for name in sorted(rack.nodes)], shown.stdout
    told = json.loads(rack.fleet("status", "--json").stdout)
    assert {name: node["node"]["hostname"] for name, node in told.items()} == {name: name for name in rack.nodes}


def test_a_drain_over_ssh_tells_which_tasks_are_not_safe(rack: Rack) -> None:
    drained = rack.fleet("drain", "rack-01", "--timeout", "3s")
    assert drained.returncode == 1 and "rack-01: FAILED: without a checkpoint: " in drained.stdout, drained


def test_nodes_are_rebooted_and_waited_for(rack: Rack, record_property: Record) -> None:
    names = ["rack-01", "rack-02"]
    before = {name: rack.nodes[name].run(BOOT_ID) for name in names}
    for name in names:
        rack.nodes[name].drop_ssh()
    rebooted = rack.fleet("reboot", *names, "--at-once", "2")
    assert rebooted.returncode == 0 and rebooted.stdout.count(": back after ") == 2, rebooted
    for name in names:
        rack.nodes[name].wait_for_ssh()
        assert rack.nodes[name].run(BOOT_ID) != before[name]
    wait_for_catalog(rack, *all_nodes(rack))
    wait_for_targets(rack, *all_nodes(rack))


# --- what happens to racks


def test_a_node_that_moves_is_found_at_its_new_address_alone(rack: Rack, record_property: Record) -> None:
    node = rack.nodes["rack-02"]
    moved = time.monotonic()
    rack.move(node, "10.0.0.82")
    wait_for_all_to_be_right(rack, *all_nodes(rack), since=moved, record=record_property, what="a node moved")
    rack.keep("2-moved")


def test_a_node_that_is_switched_off_in_order_takes_its_leave(rack: Rack, record_property: Record) -> None:
    node = rack.nodes["rack-03"]
    asked = time.monotonic()
    node.try_run("poweroff")  # whether it still says so depends on who is stopped first
    wait_for_all_to_be_right(rack, *left(rack), since=asked, record=record_property, what="a node switched off")
    rack.keep("3-switched-off")
    assert node.name not in rack.consul.nodes()


# For up to two minutes behind it Prometheus hears of nothing new: it asks for what is later than the last that it knows, and
# Consul counts from 1 again. So this comes behind whatever changes the catalog.
def test_all_nodes_that_are_left_come_back_to_a_consul_without_its_data(rack: Rack, record_property: Record) -> None:
    rack.consul.ask("/kv/before", "PUT", "there")
    lost = time.monotonic()
    rack.consul.empty()
    with pytest.raises(Refused, match="404"):
        rack.consul.ask("/kv/before")
    wait_for_all_to_be_right(rack, *left(rack), since=lost, record=record_property, what="Consul emptied")
    rack.keep("4-emptied")


def test_a_node_that_is_lost_stays_in_sight_and_the_alert_fires(rack: Rack, record_property: Record) -> None:
    node, other = rack.nodes["rack-01"], rack.nodes["rack-02"]
    lost = time.monotonic()
    node.destroy()
    rack.prometheus.wait(lambda _: rack.targets("down") == offered(node) and rack.targets("up") == offered(other),
                         f"the targets of {node.name} are down, and no others", SOON)  # fmt: skip
    wait_for(lambda: ("NodeGone", "firing") in alerts_of(rack, node), "the alert fires", lost + SOON - time.monotonic(), 0.5)
    record_property("a node lost: the alert fires after, s", round(time.monotonic() - lost, 1))
    rack.keep("5-lost")
    assert rack.catalog() == offered(node, other), "nobody has taken it out of the catalog"
    values = {(sample["metric"]["instance"], sample["metric"]["job"]): sample["value"][1] for sample in rack.prometheus.query("up")}
    assert values == {(target.instance, target.job): "0" if target.instance == node.name else "1" for target in offered(node, other)}
    assert alerts_of(rack, other) == set()


def test_a_rolling_reboot_ends_at_the_first_node_that_is_not_there(rack: Rack) -> None:
    before = rack.nodes["rack-02"].run(BOOT_ID)
    seen = rack.fleet()
    assert seen.returncode == 1 and re.search(r"^rack-01 +silent: ", seen.stdout, re.M), seen
    rebooted = rack.fleet("reboot", "--all")
    assert rebooted.returncode == 1, rebooted
    assert rebooted.stdout.splitlines() == ["rack-01: begun", "rack-01: FAILED: it can't be reached by ssh", "not begun: rack-02"]
    assert rack.nodes["rack-02"].run(BOOT_ID) == before


def alerts_of(rack: Rack, node: Node) -> set[tuple[str, str]]:
    """Name and state of those that are pending or firing."""
    labels = [(alert["labels"], alert["state"]) for alert in rack.prometheus.alerts()]
    return {(label["alertname"], state) for label, state in labels if label.get("instance") == node.name}


def test_the_node_that_was_switched_off_is_off_and_no_alert_has_missed_it(rack: Rack) -> None:
    """BOINC gives its tasks a minute, and Prometheus learns of it in half a minute."""
    rack.nodes["rack-03"].wait_for_power_off(90)
    assert rack.prometheus.query('max_over_time(ALERTS{alertstate="firing",instance="rack-03"}[1h])') == []
    missed = rack.prometheus.query('max_over_time(ALERTS{alertstate="firing"}[1h])')
    assert {(alert["metric"]["alertname"], alert["metric"]["instance"]) for alert in missed} == {("NodeGone", "rack-01")}


def test_what_was_seen_is_kept(rack: Rack) -> None:
    steps = ("1-up", "2-moved", "3-switched-off", "4-emptied", "5-lost")
    expected = {f"{step}.{what}.json" for step in steps for what in ("catalog", "targets", "alerts")}
    assert {file.name for file in WORK.glob("[1-5]-*.json")} == expected
