"""Accounts in kernel arguments: the stock client is attached to a project, and to an account manager, in a network of its own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from node import BINARY
from support.machine import ROOT
from support.network import Network, Server
from support.waiting import wait_for

URL = "http://127.0.0.1:8080/"
KEY = "0123456789abcdef"
HASH = "0123456789abcdef0123456789abcdef"
PASSWORD = "of-the-tests"
OPTIONS = "<cc_config>\n<options>\n<skip_cpu_benchmarks>1</skip_cpu_benchmarks>\n<no_gpus>1</no_gpus>\n</options>\n</cc_config>\n"
BAD_KEY = "Invalid or missing account key"


class Host:
    """A network with a project, a client and the keeper, each started when a test wants it."""

    def __init__(self, lan: Network, directory: Path) -> None:
        self.lan = lan
        self.directory = directory
        self.data = directory / "data"
        self.data.mkdir()
        (self.data / "cc_config.xml").write_text(OPTIONS)
        (self.data / "gui_rpc_auth.cfg").write_text(PASSWORD)
        self.servers: dict[str, Server] = {}

    def start(self, name: str, *command: str) -> Server:
        self.servers[name] = self.lan.start(name, *command)
        return self.servers[name]

    def stop(self, name: str) -> None:
        self.servers.pop(name).stop()

    def start_project(self) -> None:
        path = ["env", f"PYTHONPATH={ROOT / 'tests'}", "PYTHONDONTWRITEBYTECODE=1"]
        words = ["-m", "boincproject", "--host", "127.0.0.1", "--login", f"desk:{HASH}"]
        server = self.start("project", *path, sys.executable, *words)
        wait_for(lambda: URL in server.text, "the project listens")

    def start_client(self) -> None:
        self.start("boinc", "unshare", "--pid", "--fork", "--kill-child", "boinc", "--dir", str(self.data))

    def start_keeper(self, arguments: str) -> None:
        line = self.directory / "cmdline"
        line.write_text(f"quiet {arguments}\n")
        inside = f"mount --bind {line} /proc/cmdline && exec {BINARY} boinc-keeper {self.data}"
        self.start("keeper", "unshare", "--mount", "sh", "-c", inside)

    def says(self, name: str, text: str, deadline: float = 60) -> list[str]:
        def lines() -> list[str]:
            assert self.servers[name].works, self.servers[name].text
            return [line for line in self.servers[name].text.splitlines() if text in line]

        try:
            return wait_for(lines, "it says so", deadline, 0.1)
        except AssertionError:
            raise AssertionError(f"{name} does not say {text!r}: {self.servers[name].text}") from None

    def has_account(self, key: str) -> bool:
        files = list(self.data.glob("account_*.xml"))
        return len(files) == 1 and f"<authenticator>{key}</authenticator>" in files[0].read_text()


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    with Network(tmp_path / "network") as lan:
        it = Host(lan, tmp_path)
        yield it
        for name in list(it.servers):
            it.stop(name)


def test_a_project_of_the_arguments_is_attached_once(host: Host) -> None:
    host.start_project()
    host.start_client()
    host.start_keeper(f"uebo.boinc.project={URL},{KEY}")
    line = host.says("keeper", "attached to Project of the tests")
    assert URL in line[0] and "as its host " in line[0] and KEY not in host.servers["keeper"].text
    assert host.has_account(KEY)
    # Again, and it is the same.
    host.stop("keeper")
    requests = host.servers["boinc"].text.count("Fetching configuration file")
    host.start_keeper(f"uebo.boinc.project={URL.upper().replace('HTTP', 'http')},{KEY}")
    wait_for(lambda: "attach" not in host.servers["keeper"].text and host.servers["keeper"].works, "it has nothing to say")
    host.stop("boinc")
    host.start_client()
    host.says("boinc", "Initialization completed")
    assert requests == 1 and "Fetching configuration file" not in host.servers["boinc"].text
    assert host.servers["project"].text.count("attaches") == 1


def test_a_project_that_is_down_is_one_line_and_attached_when_it_is_up(host: Host) -> None:
    host.start_client()
    host.start_keeper(f"uebo.boinc.project={URL},{KEY}")
    host.says("keeper", f"can't attach to {URL}, and tries again. BOINC says: connect() failed (-107)")
    host.says("boinc", "Fetching configuration file")
    wait_for(lambda: host.servers["boinc"].text.count("Fetching configuration file") >= 2, "it tries again", 60, 0.2)
    assert host.servers["keeper"].text.count("can't attach") == 1, "the same trouble is told once"
    host.start_project()
    host.says("keeper", "attached to Project of the tests", 90)


def test_a_wrong_key_is_told_in_the_projects_words_and_replaced_by_the_next_boots(host: Host) -> None:
    host.start_project()
    host.start_client()
    host.start_keeper(f"uebo.boinc.project={URL},deadbeef")
    host.says("keeper", BAD_KEY)
    assert "deadbeef" not in host.servers["keeper"].text
    host.stop("keeper")
    host.start_keeper(f"uebo.boinc.project={URL},{KEY}")
    host.says("keeper", "attached to Project of the tests")
    assert host.has_account(KEY)


def test_what_lies_in_the_data_directory_counts(host: Host) -> None:
    account = f"<account>\n<master_url>{URL}</master_url>\n<authenticator>{KEY}</authenticator>\n</account>\n"
    (host.data / "account_127.0.0.1_8080.xml").write_text(account)
    host.start_project()
    host.start_client()
    host.says("project", "attaches")
    host.start_keeper(f"uebo.boinc.project={URL},0000another0000")
    host.stop("boinc")
    host.start_client()
    host.says("boinc", "Initialization completed")
    assert host.has_account(KEY), "it is attached already"


def test_an_account_manager_names_the_project(host: Host) -> None:
    host.start_project()
    host.start_client()
    host.start_keeper(f"uebo.boinc.acctmgr={URL},desk,{HASH}")
    host.says("keeper", f"the account manager {URL} names the projects from now on")
    host.says("project", "attaches")
    assert HASH not in host.servers["keeper"].text and host.has_account(KEY)


def test_a_login_that_the_account_manager_refuses_is_told_in_its_words(host: Host) -> None:
    host.start_project()
    host.start_client()
    host.start_keeper(f"uebo.boinc.acctmgr={URL},desk,{HASH[::-1]}")
    host.says("keeper", "Bad login or password")


def test_an_account_manager_that_is_down_is_told_in_boincs_words(host: Host) -> None:
    host.start_client()
    host.start_keeper(f"uebo.boinc.acctmgr={URL},desk,{HASH}")
    host.says("keeper", "BOINC says: AM RPC HTTP failure: connect() failed")
