"""Service files that change while their services run, and files that lie over them."""

from __future__ import annotations

import json
from typing import Any

from node import Json, Node
from support.waiting import wait_for


def reload(node: Node, *words: str, code: int = 0) -> Json:
    result = node.uebo("reload", "--json", *words)
    assert result.returncode == code, result.stdout + result.stderr
    answer: Json = json.loads(result.stdout)
    return answer


def changes(answer: Json) -> dict[str, Any]:
    return {change["name"]: change["follows"] for change in answer["changes"]}


def pids(node: Node, *names: str) -> list[int]:
    return [int(node.status(name)["pid"]) for name in names]


def test_an_overlay_disables_a_service_from_the_start(node: Node) -> None:
    node.service("kept", "wait")
    node.service("off", "wait")
    node.overlay("off", {"enabled": False})
    node.start()
    node.wait_for_state("kept", "running")
    status = node.status("off")
    assert status["state"] == "stopped" and status["enabled"] is False


def test_an_overlay_changes_an_environment_variable_and_nothing_else(node: Node) -> None:
    node.service("talks", "wait", command=["/bin/sh", "-c", "echo $ONE $TWO; exec sleep 1000"],
                 environment={"ONE": "image", "TWO": "image"})
    node.overlay("talks", {"environment": {"TWO": "overlay"}})
    node.start()
    node.wait_for_log("talks", "image overlay")


def test_a_bad_overlay_is_told_and_harmless(node: Node) -> None:
    node.service("web", "wait")
    bad = node.overlay("web", '{\n"nice": 99\n}')
    node.start()
    node.wait_for_state("web", "running")
    assert f"{bad}:2: nice: 99: expected a whole number from -20 to 19" in node.said()


def test_a_problem_that_stays_costs_one_line_and_one_that_comes_back_another(node: Node) -> None:
    node.service("web", "wait")
    bad = node.overlay("web", {"nice": 99})
    node.start()
    node.wait_for_state("web", "running")
    reload(node, code=1)
    assert node.said().count(f"{bad}:") == 1
    node.overlay("web", {"nice": 9})
    reload(node)
    node.overlay("web", {"nice": 99})
    reload(node, code=1)
    assert node.said().count(f"{bad}:") == 2


def test_reload_restarts_exactly_what_changed(node: Node) -> None:
    for name in ("same", "changed", "policy"):
        node.service(name, "wait")
    node.service("gone", "wait")
    node.start()
    for name in ("same", "changed", "policy", "gone"):
        node.wait_for_state(name, "running")
    before = pids(node, "same", "changed", "policy")
    node.service("changed", "wait", environment={"NEW": "1"})
    node.overlay("policy", {"longest_backoff": "1s", "description": "another"})
    (node.services / "gone.json").unlink()
    node.service("new", "wait")
    expected = {"changed": "restarts", "policy": "applies at once", "gone": "stops", "new": "starts"}

    assert changes(reload(node, "--dry-run")) == expected
    assert pids(node, "same", "changed", "policy") == before, "a dry run does nothing"
    assert node.state("gone") == "running" and node.uebo("status", "new").returncode == 4

    assert changes(reload(node)) == expected
    wait_for(lambda: node.status("changed").get("pid") not in (None, before[1]), "the changed one is another process")
    node.wait_for_state("changed", "running")
    node.wait_for_state("new", "running")
    wait_for(lambda: node.uebo("status", "gone").returncode == 4, "what has no file any more is forgotten")
    assert not node.processes("gone")
    assert pids(node, "same", "policy") == [before[0], before[2]]
    assert node.status("policy")["description"] == "another"
    assert changes(reload(node)) == {}


def test_reload_says_first_what_it_does(node: Node) -> None:
    node.service("web", "wait")
    node.start()
    node.wait_for_state("web", "running")
    node.overlay("web", {"nice": 5})
    result = node.uebo("reload")
    assert result.returncode == 0
    assert result.stdout == "web  changed (nice): restarts\n0 unchanged\n"
    wait_for(lambda: "web: changed in its file: restarts" in node.said(), "PID 1 says it, too")


def test_a_bad_file_leaves_the_running_service_as_it_is(node: Node) -> None:
    node.service("web", "wait")
    node.overlay("web", {"nice": 5})
    node.start()
    node.wait_for_state("web", "running")
    before = pids(node, "web")
    node.overlay("web", '{"nice": 5,\n"comand": []}')
    answer = reload(node, code=1)
    assert changes(answer) == {}
    assert any("web.json:2: unknown key comand" in problem for problem in answer["problems"])
    node.file("web", "{")
    reload(node, code=1)
    assert pids(node, "web") == before and node.state("web") == "running"


def test_an_instance_has_its_own_overlay_and_follows_it(node: Node) -> None:
    node.file("echo@", {"description": "an echo", "command": ["/bin/sh", "-c", "echo %i $MORE; exec sleep 1000"]})
    node.overlay("echo@b", {"environment": {"MORE": "of b"}})
    node.start()
    assert node.uebo("status", "echo@b").returncode == 4, "a file alone starts no instance"
    for name in ("echo@a", "echo@b"):
        assert node.uebo("start", name).returncode == 0
    node.wait_for_log("echo@b", "b of b")
    before = pids(node, "echo@a", "echo@b")
    node.overlay("echo@b", {"environment": {"MORE": "of both"}})
    assert changes(reload(node)) == {"echo@b": "restarts"}
    node.wait_for_log("echo@b", "b of both")
    assert pids(node, "echo@a") == before[:1]


def test_what_is_prepared_is_what_the_overlay_says(node: Node) -> None:
    target = node.directory / "made"
    node.service("web", "wait", files=[{"path": str(target), "content": "image\n"}])
    node.overlay("web", {"files": [{"path": str(target), "content": "overlay\n"}]})
    node.start()
    node.wait_for_state("web", "running")
    assert target.read_text() == "overlay\n"


def test_a_disabled_service_stays_so_over_a_reload(node: Node) -> None:
    node.service("web", "wait")
    node.start()
    node.wait_for_state("web", "running")
    assert node.uebo("disable", "web").returncode == 0
    node.service("other", "wait")
    reload(node)
    node.wait_for_state("other", "running")
    assert node.state("web") == "stopped"
