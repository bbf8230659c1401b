"""The registrar against the real Consul: what the catalog holds, whatever happens to Consul, to the board, or to its name."""

from __future__ import annotations

import os
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from consul_board import LOOK, Between, Board
from node import BINARY, Node, cgroup2_root
from support.consul import Consul
from support.network import Bridge, Network
from support.waiting import wait_for

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="networks with bridges need root")

ADDRESS = "10.5.0.254"
IPV6_ADDRESS = "fd05::fe"

Json = dict[str, Any]
MakeBoard = Callable[..., Board]


@pytest.fixture(scope="module")
def bridge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bridge]:
    with Network(tmp_path_factory.mktemp("lan") / "lan") as lan:
        yield lan.bridge(f"{ADDRESS}/24", f"{IPV6_ADDRESS}/64")


@pytest.fixture(scope="module")
def one_consul(bridge: Bridge) -> Iterator[Consul]:
    with Consul(bridge.network, bridge.network.directory / "consul", address=ADDRESS, listen=f"{ADDRESS} {IPV6_ADDRESS}") as consul:
        yield consul


@pytest.fixture
def consul(one_consul: Consul) -> Consul:
    if not one_consul.is_running:
        one_consul.start()
    return one_consul


@pytest.fixture(scope="module")
def guarded(bridge: Bridge) -> Iterator[Consul]:
    """With access control and a certificate."""
    with Consul(bridge.network, bridge.network.directory / "guarded", address=ADDRESS, acl=True, tls=(f"IP:{ADDRESS}",)) as consul:
        yield consul


@pytest.fixture
def board(bridge: Bridge, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[MakeBoard]:
    root = cgroup2_root()
    if root is None:
        pytest.skip("no writable cgroup2 file system on this machine")
    for directory in (tmp_path, *tmp_path.parents):
        if directory.stat().st_uid == 0 and directory != Path("/"):
            directory.chmod(directory.stat().st_mode | 0o111)
    made: list[Board] = []

    def make(name: str, number: int) -> Board:
        directory = tmp_path / f"board{number}"
        directory.mkdir()
        node = Node(directory, root / f"uebo-{os.getpid()}-{name}-{number}")
        node.service("bell", "wait", enabled=False)
        made.append(Board(node, bridge, number, name))
        return made[-1]

    yield make
    for board in made:
        print(f"--- registrar of board {board.number}:\n{board.node.log('registrar')}")
        board.node.destroy()


def id_of(board: Board) -> str:
    return str(uuid.uuid5(uuid.UUID("6f1c6f3a-52c1-4d0e-8a55-0c5f7c1f9b27"), board.mac))


def url_of(consul: Consul) -> str:
    return f"http://{ADDRESS}:{consul.port}"


def services(consul: Consul, name: str) -> list[str]:
    node = consul.node(name)
    return sorted(node["Services"]) if node else []


def registered(consul: Consul, name: str, *wanted: str, deadline: float = 20) -> Json:
    def as_wanted(it: Consul) -> Json | None:
        node = it.node(name)
        return node if node and sorted(node["Services"]) == sorted(wanted) else None

    return consul.wait(as_wanted, f"{name} has {wanted}", deadline)


def registered_at(consul: Consul, name: str, address: str) -> None:
    """What is said of a take-over comes before it."""
    consul.wait(lambda it: (it.node(name) or {"Node": {"Address": ""}})["Node"]["Address"] == address, f"{name} is at {address}", 20)


def gone(consul: Consul, name: str, deadline: float = 10) -> None:
    consul.wait(lambda it: it.node(name) is None, f"{name} is gone", deadline)


# --- an ordinary life


def test_the_node_and_its_services_come_and_go_with_tags_meta_and_checks(consul: Consul, board: MakeBoard) -> None:
    pine = board("pine1", 1)
    look = ["/usr/bin/python3", "-c", LOOK, f"{url_of(consul)}/v1/catalog/node/pine1"]
    pine.exporter("node_exporter", 9100, stop={"command": look})
    pine.exporter("boinc_exporter", 9109)
    pine.registrar(url_of(consul))
    pine.start()
    node = registered(consul, "pine1", "boinc_exporter", "node_exporter")
    assert node["Node"]["Address"] == "10.5.0.1"
    assert node["Node"]["Meta"]["external-node"] == node["Node"]["Meta"]["external-probe"] == "true"
    assert node["Node"]["Meta"]["mac"] == "02:00:00:00:05:01"
    exporter = node["Services"]["node_exporter"]
    assert (exporter["Port"], exporter["Tags"], exporter["Meta"]) == (9100, ["node_exporter", "prometheus"], {"node": "pine1"})
    check = next(check for check in consul.checks("pine1") if check["ServiceID"] == "node_exporter")
    assert check["Definition"]["HTTP"] == "http://10.5.0.1:9100/metrics" and check["Status"] == "passing"

    began = time.monotonic()
    pine.node.uebo("stop", "boinc_exporter")
    registered(consul, "pine1", "node_exporter", deadline=3)
    assert time.monotonic() - began < 3
    pine.node.uebo("start", "boinc_exporter")
    registered(consul, "pine1", "boinc_exporter", "node_exporter")

    # Before the exporter was told to stop, the catalog had nothing of the node any more.
    pine.power_off()
    assert consul.node("pine1") is None
    assert "in the catalog: None" in pine.node.log("node_exporter"), pine.node.log("node_exporter")
    assert "pine1 is gone from" in pine.node.log("registrar")


def test_a_node_that_leaves_while_the_catalog_is_read_is_not_in_it(consul: Consul, monkeypatch: pytest.MonkeyPatch) -> None:
    consul.register({"Node": "stays", "Address": "10.5.0.9"})
    there = consul.nodes()
    monkeypatch.setattr(consul, "nodes", lambda: {**there, "left": {}})
    assert sorted(consul.catalog()) == ["stays"] and consul.catalog()["stays"]["Services"] == {}
    consul.deregister({"Node": "stays"})


def test_a_service_is_registered_when_it_takes_connections_and_not_before(consul: Consul, board: MakeBoard) -> None:
    pine = board("pine2", 2)
    pine.exporter("early", 9100)
    pine.node.service("late", "wait", consul={"name": "late", "port": 9200})
    pine.registrar(url_of(consul))
    pine.start()
    registered(consul, "pine2", "early")
    assert pine.node.state("late") == "running"
    listener = pine.node.inside("/usr/bin/python3", "-m", "http.server", "9200")
    process = subprocess.Popen(listener, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        registered(consul, "pine2", "early", "late")
    finally:
        process.kill()
        process.wait()


def test_what_esm_found_out_is_not_overwritten_by_a_refresh(consul: Consul, board: MakeBoard) -> None:
    pine = board("pine3", 3)
    pine.exporter("node_exporter", 9100)
    pine.registrar(url_of(consul), "catalog", "--refresh", "0.5")
    pine.start()
    registered(consul, "pine3", "node_exporter")
    check = next(check for check in consul.checks("pine3") if check["ServiceID"] == "node_exporter")
    consul.register({"Node": "pine3", "SkipNodeUpdate": True, "Check": {**check, "Status": "critical", "Output": "esm"}})
    # Whoever takes a service away sees the next rounds.
    for _ in range(2):
        consul.deregister({"Node": "pine3", "ServiceID": "nobody's"})
        consul.register({"Node": "pine3", "SkipNodeUpdate": True, "Service": {"ID": "x", "Service": "x", "Meta": {"node": "pine3"}}})
        registered(consul, "pine3", "node_exporter")
    check = next(check for check in consul.checks("pine3") if check["ServiceID"] == "node_exporter")
    assert (check["Status"], check["Output"]) == ("critical", "esm")


def test_by_ipv6_alone(consul: Consul, board: MakeBoard) -> None:
    pine = board("pine4", 4)
    pine.exporter("node_exporter", 9100)
    pine.registrar(f"http://[{IPV6_ADDRESS}]:{consul.port}")
    pine.start(ipv6_alone=True)
    node = registered(consul, "pine4", "node_exporter")
    assert node["Node"]["Address"] == "fd05::4"
    check = next(check for check in consul.checks("pine4") if check["ServiceID"] == "node_exporter")
    assert check["Definition"]["HTTP"] == "http://[fd05::4]:9100/metrics"
    pine.power_off()
    assert consul.node("pine4") is None


def test_a_new_address_and_a_new_name_are_told_at_once(consul: Consul, board: MakeBoard) -> None:
    pine = board("pine5", 5)
    pine.exporter("node_exporter", 9100)
    pine.registrar(url_of(consul), "catalog", "--refresh", "60")
    pine.start()
    registered(consul, "pine5", "node_exporter")
    pine.node.run("ip", "address", "add", "10.5.0.105/24", "dev", "eth0")
    pine.node.run("ip", "address", "delete", "10.5.0.5/24", "dev", "eth0")
    pine.node.run("ip", "address", "add", "10.5.0.105/24", "dev", "eth0")
    consul.wait(lambda it: (it.node("pine5") or {}).get("Node", {}).get("Address") == "10.5.0.105", "the new address", 15)
    check = next(check for check in consul.checks("pine5") if check["ServiceID"] == "node_exporter")
    assert check["Definition"]["HTTP"] == "http://10.5.0.105:9100/metrics"

    pine.node.run("hostname", "fir5")
    pine.node.uebo("start", "bell")  # as the job that sets the name: PID 1 tells of a change
    registered(consul, "fir5", "node_exporter")
    assert consul.node("pine5") is None
    pine.power_off()


def test_connections_of_a_lost_address_are_not_used_again(consul: Consul, board: MakeBoard) -> None:
    pine = board("pine17", 17)
    pine.exporter("node_exporter", 9100)
    pine.registrar(url_of(consul), "catalog", "--refresh", "1", "--watch", "60")
    pine.start()
    registered(consul, "pine17", "node_exporter")

    def connections() -> int:
        return len(pine.node.run("ss", "-Htn", "state", "established", f"dst {ADDRESS}").stdout.splitlines())

    wait_for(lambda: connections() >= 2, "that of the watch, and an idle one from a refresh")
    # The second address takes the place of the first in one step: a refresh between two would rightly fail.
    pine.node.run("sh", "-c", "echo 1 > /proc/sys/net/ipv4/conf/eth0/promote_secondaries")
    pine.node.run("ip", "address", "add", "10.5.0.117/24", "dev", "eth0")
    pine.node.run("ip", "address", "delete", "10.5.0.17/24", "dev", "eth0")
    consul.wait(lambda it: (it.node("pine17") or {}).get("Node", {}).get("Address") == "10.5.0.117", "the new address", 3)
    pine.says("(10.5.0.117) is registered")
    assert pine.lines("http://") == pine.lines("is registered at http://") == 2, pine.node.log("registrar")
    pine.power_off()


def test_a_name_that_nobody_tells_of_is_noticed_by_the_next_round(consul: Consul, board: MakeBoard) -> None:
    pine = board("pine18", 18)
    pine.exporter("node_exporter", 9100)
    pine.registrar(url_of(consul), "catalog", "--refresh", "1")
    pine.start()
    registered(consul, "pine18", "node_exporter")
    pine.node.run("hostname", "fir18")
    registered(consul, "fir18", "node_exporter")
    gone(consul, "pine18")
    pine.power_off()


# --- Consul in trouble


def test_consul_is_down_at_boot_and_restarted_empty(consul: Consul, board: MakeBoard) -> None:
    consul.stop()
    pine = board("pine6", 6)
    pine.exporter("node_exporter", 9100)
    pine.registrar(url_of(consul), "catalog", "--refresh", "60")
    pine.start()
    said = pine.says("GET http://10.5.0.254")
    assert "onnect" in said, said
    consul.start()
    registered(consul, "pine6", "node_exporter")
    pine.says("all is well")
    assert pine.lines("GET http://") == 1, "the same complaint is made once"

    consul.empty()
    registered(consul, "pine6", "node_exporter", deadline=10)
    consul.deregister({"Node": "pine6"})
    registered(consul, "pine6", "node_exporter", deadline=10)
    pine.power_off()


def test_answers_that_are_no_use_cost_a_line_each(consul: Consul, board: MakeBoard, bridge: Bridge) -> None:
    between = Between(bridge.network, ADDRESS, 8900, consul.port)
    try:
        between.be("500")
        pine = board("pine7", 7)
        pine.exporter("node_exporter", 9100)
        pine.registrar(between.url, "catalog", "--refresh", "1")
        pine.start()
        pine.says("500 No cluster leader (expected 200)")
        between.be("junk")
        pine.says("expected null or an object with a")
        before = between.asked
        wait_for(lambda: between.asked > before + 2, "it tries again")
        between.be("deep")
        before = between.asked
        wait_for(lambda: between.asked > before + 2, "it tries again")
        assert pine.lines("No cluster leader") == pine.lines("expected null") == 1
        between.be("slow")
        registered(consul, "pine7", "node_exporter")
        pine.says("all is well")

        # Who does not answer does not hold up the shutdown.
        between.be("hold")
        began = time.monotonic()
        pine.power_off()
        took = time.monotonic() - began
        assert took < 8, f"{took:.1f} s"
        assert "could not be taken back" in pine.node.log("registrar")
        assert services(consul, "pine7") == ["node_exporter"]
        consul.deregister({"Node": "pine7"})
    finally:
        between.close()


def test_token_and_certificate(guarded: Consul, board: MakeBoard) -> None:
    pine = board("pine8", 8)
    pine.exporter("node_exporter", 9100)
    pine.registrar(f"https://{ADDRESS}:{guarded.https_port}")
    pine.start()
    pine.says("expected a certificate that the image's authorities or /storage/consul/ca.pem vouch for")
    pine.secret("ca.pem", guarded.ca.read_text())
    pine.says("Consul wants a token")
    reading = guarded.token('node_prefix "" { policy = "read" }')
    pine.secret("token", reading)
    pine.says("may not do this")
    pine.secret("token", "11111111-2222-3333-4444-555555555555")
    pine.says("ACL not found")
    pine.secret("token", guarded.token('node "pine8" { policy = "write" } service_prefix "" { policy = "write" }'))
    registered(guarded, "pine8", "node_exporter")
    assert "11111111" not in pine.node.log("registrar") and reading not in pine.node.log("registrar")
    pine.power_off()
    assert guarded.node("pine8") is None


# --- whose the name is


def rivals(consul: Consul, board: MakeBoard, name: str, number: int) -> tuple[Board, Board]:
    """Two boards of one name, not started yet. They have `number` and the next one."""
    pair = board(name, number), board(name, number + 1)
    for one in pair:
        one.exporter("node_exporter", 9100)
        one.registrar(url_of(consul))
    return pair


def test_two_boards_of_one_name_and_a_power_cut(consul: Consul, board: MakeBoard) -> None:
    first, second = rivals(consul, board, "pine9", 9)
    # What the metrics of PID 1 say of the first one.
    first_id = id_of(first)
    first.exporter("uebo", 9101, unit="metrics", says=f'uebo_node_info{{hostname="pine9",id="{first_id}",mac="{first.mac}"}} 1\n')
    first.start()
    node = registered(consul, "pine9", "node_exporter", "uebo")
    assert node["Node"]["ID"] == first_id
    second.start()
    said = second.says("another board is pine9 and answers")
    assert first.address in said and first.mac in said and second.mac in said
    assert registered(consul, "pine9", "node_exporter", "uebo")["Node"]["Address"] == first.address

    first.cut_power()
    assert services(consul, "pine9") == ["node_exporter", "uebo"], "the catalog keeps it"
    second.says("taking over the name pine9")
    registered_at(consul, "pine9", second.address)
    assert registered(consul, "pine9", "node_exporter")["Node"]["ID"] != first_id
    second.power_off()
    assert consul.node("pine9") is None


def test_a_board_whose_metrics_are_off_keeps_its_name_while_it_lives(consul: Consul, board: MakeBoard) -> None:
    first, second = rivals(consul, board, "pine15", 15)
    first.start()
    registered(consul, "pine15", "node_exporter")
    second.start()
    said = second.says("answers on 9100, but not with its ID")
    assert first.address in said and first.mac in said and second.mac in said
    assert registered(consul, "pine15", "node_exporter")["Node"]["Address"] == first.address

    first.cut_power()
    second.says("taking over the name pine15")
    registered_at(consul, "pine15", second.address)
    second.power_off()


def test_a_name_that_is_an_agents_or_somebody_elses_is_left_alone(consul: Consul, board: MakeBoard) -> None:
    consul.register({"Node": "printer", "Address": "10.5.0.77", "NodeMeta": {"floor": "3"}})
    before = consul.node("printer")
    printer = board("printer", 11)
    printer.exporter("node_exporter", 9100)
    printer.registrar(url_of(consul))
    printer.start()
    said = printer.says("is none of UEBO's")
    assert "printer" in said and "10.5.0.77" in said
    assert consul.node("printer") == before
    consul.deregister({"Node": "printer"})
    registered(consul, "printer", "node_exporter")

    printer.node.run("hostname", "consul-server")
    printer.node.uebo("start", "bell")
    wait_for(lambda: printer.lines("is none of UEBO's") == 2, "the agent's name is left alone")
    agent = consul.node("consul-server")
    assert agent and list(agent["Services"]) == ["consul"]
    printer.power_off()
    assert consul.node("consul-server")


# --- an agent


def test_at_an_agent_with_a_ttl(consul: Consul, board: MakeBoard) -> None:
    pine = board("pine12", 12)
    pine.exporter("node_exporter", 9100)
    pine.exporter("boinc_exporter", 9109)
    pine.registrar(url_of(consul), "agent", "--refresh", "1")
    pine.start()

    def of_the_agent(*wanted: str) -> Json | None:
        found: Json = dict(consul.ask("/agent/services"))
        return found if sorted(found) == sorted(wanted) else None

    both = wait_for(lambda: of_the_agent("boinc_exporter-pine12", "node_exporter-pine12"), "both are the agent's")
    exporter = both["node_exporter-pine12"]
    assert (exporter["Service"], exporter["Port"], exporter["Address"]) == ("node_exporter", 9100, "10.5.0.12")
    assert exporter["Meta"]["node"] == "pine12" and exporter["Tags"] == ["node_exporter", "prometheus"]
    check = consul.ask("/agent/checks")["service:node_exporter-pine12"]
    assert (check["Type"], check["Status"]) == ("ttl", "passing")
    # It is passed again and again: what turns it critical does not last.
    consul.ask("/agent/check/fail/service:node_exporter-pine12", "PUT")
    wait_for(lambda: consul.ask("/agent/checks")["service:node_exporter-pine12"]["Status"] == "passing", "it is passed again")
    consul.ask("/agent/service/deregister/node_exporter-pine12", "PUT")
    wait_for(lambda: of_the_agent("boinc_exporter-pine12", "node_exporter-pine12"), "what got lost is back")
    pine.node.uebo("stop", "boinc_exporter")
    wait_for(lambda: of_the_agent("node_exporter-pine12"), "who stops is gone", 4)
    pine.power_off()
    assert of_the_agent() == {}


def test_the_token_of_the_command_line_is_the_registrars_alone(board: MakeBoard) -> None:
    pine = board("pine13", 13)
    pine.node.start()
    pine.node.run("sh", "-c", "echo 'quiet uebo.consul.token=s3cret' > /run/uebo/cmdline; chmod 400 /run/uebo/cmdline")
    done = pine.node.run(str(BINARY), "consul-secrets")
    assert (done.returncode, done.stderr) == (0, "")
    seen = pine.node.run("stat", "-c", "%U %a %n", "/run/uebo/consul", "/run/uebo/consul/token").stdout
    assert seen == "uebo-consul 700 /run/uebo/consul\nuebo-consul 400 /run/uebo/consul/token\n"
    assert pine.node.run("cat", "/run/uebo/consul/token").stdout == "s3cret"


def test_without_the_argument_there_is_no_registrar(board: MakeBoard) -> None:
    pine = board("pine14", 14)
    for argument in ("uebo.consul", "uebo.consul.mode"):  # the second one has a fallback, which is not "with it"
        pine.node.service("only", "wait", only_with=argument)
        pine.node.service("others", "wait")
        pine.node.start()
        assert pine.node.uebo("status", "others").returncode == 0
        assert pine.node.uebo("status", "only").returncode == 4
        assert "only" not in pine.node.said()
        pine.power_off()
