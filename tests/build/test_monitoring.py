"""What Prometheus is given: its configuration, the alerts, each as it fires and as it does not, and the dashboard."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.dashboard import expressions, panels, read
from support.machine import ROOT
from support.prometheus import promtool

MONITORING = ROOT / "buildsteps/monitoring"
RULES = MONITORING / "uebo.rules.yml"
README = (ROOT / "README.md").read_text()
STEP = 15  # seconds between two values of a series


def succeeds(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 0, done.stdout + done.stderr


def alerts() -> list[str]:
    return re.findall(r"^ +- alert: (\w+)$", RULES.read_text(), re.MULTILINE)


def test_prometheus_takes_configuration_and_rules() -> None:
    succeeds(promtool("check", "config", str(MONITORING / "prometheus.yml")))


def test_what_a_rule_counts_in_a_minute_and_a_half_is_scraped_often_enough() -> None:
    intervals = re.findall(r"scrape_interval: (\d+)s", (MONITORING / "prometheus.yml").read_text())
    assert intervals == [str(STEP)] * 2
    assert 90 // STEP > 4


# --- alerts


@dataclass(frozen=True)
class Case:
    """`series`: PromQL's name -> its values, `interval` seconds apart, in promtool's words. `firing`: seconds -> who fires then."""

    alert: str
    what: str
    series: dict[str, str]
    firing: dict[int, list[dict[str, str]]]
    interval: int = STEP


def up(instance: str, values: str, *jobs: str) -> dict[str, str]:
    return {f'up{{instance="{instance}",job="{job}"}}': values for job in jobs or ("node_exporter", "boinc_exporter", "uebo")}


def steady(name: str, value: float, minutes: int = 120) -> dict[str, str]:
    return {name: f"{value}+0x{minutes * 60 // STEP}"}


def of(**labels: str) -> list[dict[str, str]]:
    return [labels]


def storage(place: str, size: int, free: int) -> dict[str, str]:
    labels = f'{{instance="a",mountpoint="{place}",device="/dev/sda1"}}'
    return {**steady("node_filesystem_size_bytes" + labels, size), **steady("node_filesystem_avail_bytes" + labels, free)}


GIB = 1 << 30
TASKS = 'boinc_tasks_total{instance="a",state="executing"}'
CRASH = 'uebo_service_state{instance="a",service="boinc",state="crash-loop"}'
OOM = 'uebo_service_oom_kills_total{instance="a",service="boinc"}'
# One that answers, and one that answers until 45 s.
LOST = {**up("a", "1+0x40"), **up("b", "1+0x3 0+0x36")}
# Scraped 3 s before each evaluation, second by second: three answers, then four scrapes without one. That of 117 s would be next.
UNANSWERED = " ".join({12: "1", 27: "1", 42: "1", 57: "0", 72: "0", 87: "0", 102: "0"}.get(second, "_") for second in range(103))

CASES = [
    Case("NodeGone", "four scrapes after the last answer", LOST, {105: [], 120: of(instance="b"), 600: of(instance="b")}),
    Case("NodeGone", "the fifth scrape still waits for an answer", up("a", UNANSWERED), {90: [], 120: of(instance="a")}, interval=1),
    Case("NodeGone", "not while one of its exporters answers",
         {**up("a", "0+0x40", "node_exporter", "uebo"), **up("a", "1+0x40", "boinc_exporter")}, {600: []}),
    Case("NodeGone", "not where it took its leave", up("a", "1+0x4 0+0x2 _x2 stale"), {at: [] for at in range(60, 180, STEP)}),
    Case("ExporterSilent", "five minutes", {**up("a", "0+0x40", "boinc_exporter"), **up("a", "1+0x40", "uebo", "node_exporter")},
         {285: [], 315: of(instance="a", job="boinc_exporter")}),
    Case("ExporterSilent", "not of a node that is gone", up("a", "0+0x60"), {900: []}),
    Case("NoTasks", "the client answers, and no task is at work", {**steady('boinc_up{instance="a"}', 1), **steady(TASKS, 0)},
         {1740: [], 1860: of(instance="a")}),
    Case("NoTasks", "the client does not answer", steady('boinc_up{instance="a"}', 0), {1740: [], 1860: of(instance="a")}),
    Case("NoTasks", "not while one is at work", {**steady('boinc_up{instance="a"}', 1), **steady(TASKS, 1)}, {3600: []}),
    Case("NoTasks", "not between two tasks", {**steady('boinc_up{instance="a"}', 1), TASKS: "1+0x100 0+0x60 1+0x200"},
         {2400: [], 3600: []}),
    Case("CrashLoop", "at once, and until ten minutes behind it", {CRASH: "0+0x20 1+0x4 0+0x100"},
         {285: [], 315: of(instance="a", service="boinc"), 900: of(instance="a", service="boinc"), 1200: []}),
    Case("CrashLoop", "not of what runs", {CRASH: "0+0x100"}, {1200: []}),
    Case("Pid1Silent", "two minutes", steady('uebo_up{instance="a"}', 0), {105: [], 135: of(instance="a")}),
    Case("Pid1Silent", "not for one missed answer", {'uebo_up{instance="a"}': "1+0x20 0+0x4 1+0x20"}, {at: [] for at in range(300, 480, STEP)}),
    Case("StorageMissing", "five minutes", steady('uebo_condition{instance="a",condition="storage"}', 0),
         {285: [], 315: of(instance="a", condition="storage")}),
    Case("StorageMissing", "not while it is mounted, whatever else is missing",
         {**steady('uebo_condition{instance="a",condition="storage"}', 1),
          **steady('uebo_condition{instance="a",condition="net"}', 0)}, {1200: []}),
    Case("StorageFull", "a twentieth is free", storage("/storage", 20 * GIB, GIB),
         {585: [], 615: of(instance="a", mountpoint="/storage", device="/dev/sda1")}),
    Case("StorageFull", "not with a fifth, nor for the image's own read-only part",
         {**storage("/storage", 5 * GIB, GIB), **storage("/usr", GIB, 0)}, {1200: []}),
    Case("OutOfMemory", "at once, and for a quarter of an hour", {OOM: "2+0x20 3+0x200"},
         {285: [], 330: of(instance="a", service="boinc"), 1100: of(instance="a", service="boinc"), 1320: []}),
    Case("OutOfMemory", "not of kills long ago", {OOM: "7+0x200"}, {1200: []}),
    Case("Hot", "by the thermal zone", steady('node_thermal_zone_temp{instance="a",zone="0",type="cpu-thermal"}', 85),
         {285: [], 315: of(instance="a")}),
    Case("Hot", "by a sensor, whichever is hottest", {**steady('node_hwmon_temp_celsius{instance="a",chip="c",sensor="temp1"}', 40),
         **steady('node_hwmon_temp_celsius{instance="a",chip="c",sensor="temp2"}', 91)}, {315: of(instance="a")}),
    Case("Hot", "not when it is warm", steady('node_thermal_zone_temp{instance="a",zone="0",type="cpu-thermal"}', 75), {1200: []}),
    # promtool's clock begins in 1970.
    Case("ClockOff", "a minute ahead", {'node_time_seconds{instance="a"}': f"60+{STEP}x80"}, {285: [], 315: of(instance="a")}),
    Case("ClockOff", "decades behind", {'node_time_seconds{instance="a"}': f"-1000000000+{STEP}x80"}, {315: of(instance="a")}),
    Case("ClockOff", "not by two seconds", {'node_time_seconds{instance="a"}': f"2+{STEP}x80"}, {1200: []}),
]  # fmt: skip


def severity(alert: str) -> str:
    found = re.search(rf"- alert: {alert}\n.*?severity: (\w+)", RULES.read_text(), re.DOTALL)
    assert found
    return found[1]


def written(name: str, labels: dict[str, str]) -> str:
    return f"{name}{{{','.join(f'{key}={json.dumps(value)}' for key, value in labels.items())}}}"


def firing(case: Case, labels: dict[str, str]) -> dict[str, object]:
    full = {"alertname": case.alert, "alertstate": "firing", "severity": severity(case.alert), **labels}
    return {"labels": written("ALERTS", full), "value": 1}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.alert}: {case.what}")
def test_an_alert_fires_when_it_should_and_not_else(case: Case, tmp_path: Path) -> None:
    selector = f'ALERTS{{alertname="{case.alert}",alertstate="firing"}}'
    expected = [{"expr": selector, "eval_time": f"{at}s", "exp_samples": [firing(case, labels) for labels in who]}
                for at, who in case.firing.items()]  # fmt: skip
    series = [{"series": name, "values": values} for name, values in case.series.items()]
    file = tmp_path / "test.json"  # JSON is YAML
    file.write_text(json.dumps({"rule_files": [str(RULES)], "evaluation_interval": f"{STEP}s",
                                "tests": [{"interval": f"{case.interval}s", "input_series": series, "promql_expr_test": expected}]}))  # fmt: skip
    succeeds(promtool("test", "rules", str(file)))


def test_every_alert_has_a_case_in_which_it_fires_and_one_in_which_it_does_not() -> None:
    assert {case.alert for case in CASES if any(case.firing.values())} == set(alerts())
    assert {case.alert for case in CASES if not any(case.firing.values())} == set(alerts())


def test_every_alert_says_what_to_do() -> None:
    blocks = RULES.read_text().split("- alert: ")[1:]
    assert [block.split()[0] for block in blocks if not re.search(r"summary: .*\n.*description: >-\n", block)] == []


# --- the dashboard


def test_every_query_of_the_dashboard_is_one(tmp_path: Path) -> None:
    """As recording rules, of which promtool reads the expressions."""
    rules = [{"record": f"panel:{number}", "expr": expression} for number, expression in enumerate(expressions(read()))]
    assert len(rules) > 20
    file = tmp_path / "rules.json"
    file.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    succeeds(promtool("check", "rules", str(file)))


def test_the_dashboard_asks_the_data_source_that_its_user_chooses() -> None:
    dashboard = read()
    variables = {variable["name"]: variable["type"] for variable in dashboard["templating"]["list"]}
    assert variables["datasource"] == "datasource"
    chosen = {"type": "prometheus", "uid": "${datasource}"}
    asked = [panel for panel in panels(dashboard) if panel["type"] != "row"]
    assert all(target["datasource"] == chosen for panel in asked for target in panel["targets"])
    assert all(panel["datasource"] == chosen for panel in asked)
    assert len({panel["id"] for panel in panels(dashboard)}) == len(panels(dashboard))
    assert dashboard["id"] is None, "Grafana gives it one"


def test_no_panel_of_the_dashboard_lies_on_another() -> None:
    taken: dict[tuple[int, int], str] = {}
    for panel in panels(read()):
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        columns, lines = range(place["x"], place["x"] + place["w"]), range(place["y"], place["y"] + place["h"])
        for cell in itertools.product(columns, lines):
            assert cell not in taken, f"{panel['title']} and {taken[cell]}"
            taken[cell] = panel["title"]


# --- README


def test_the_readme_has_the_configuration_as_it_stands() -> None:
    lines = (MONITORING / "prometheus.yml").read_text().split("scrape_configs:\n", 1)[1].rstrip()
    assert f"```yaml\nscrape_configs:\n{lines}\n```" in README


def test_the_readme_tells_every_alert_and_no_other() -> None:
    chapter = README.split("\n## Monitoring\n", 1)[1].split("\n## ", 1)[0]
    assert re.findall(r"^\| `(\w+)` \|", chapter.split("### Alerts", 1)[1].split("\n### ", 1)[0], re.MULTILINE) == alerts()
