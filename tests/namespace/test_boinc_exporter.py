"""The BOINC exporter and the stock BOINC client, in a network of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from node import BINARY
from support import boinc_state
from support.network import Network, Server
from support.prometheus import promtool
from support.waiting import wait_for

Samples = dict[str, float]
# Takes one connection after the other, and has something to say at each.
JUNK = """
import socket, sys
server = socket.create_server(("127.0.0.1", 31416))
while True:
    connection, _ = server.accept()
    connection.recv(65536)
    connection.sendall(bytes.fromhex(sys.argv[1]) * int(sys.argv[2]))
    connection.close()
"""


class Host:
    """A namespace with a client, whose data directory holds 40 tasks, and the exporter."""

    def __init__(self, lan: Network, directory: Path) -> None:
        self.lan = lan
        self.data = boinc_state.write(directory / "data", 40, "x86_64-pc-linux-gnu")
        self.exporter = lan.start("exporter", str(BINARY), "boinc-exporter", "--tasks=10")
        self.client: Server | None = None

    def start_client(self) -> None:
        # In a process namespace that dies with it: its tasks are programs that do not watch over it.
        self.client = self.lan.start("boinc", "unshare", "--pid", "--fork", "--kill-child", "boinc", "--dir", str(self.data), "--no_gpus")

    def kill_client(self) -> None:
        if self.client:
            self.client.stop()
        self.client = None

    def signal_client(self, number: signal.Signals) -> None:
        assert self.client
        unshare = self.client.process.pid  # `ip netns exec` has become it
        os.kill(int(Path(f"/proc/{unshare}/task/{unshare}/children").read_text()), number)

    def scrape(self) -> str:
        answer = self.lan.run("curl", "-sS", "--max-time", "30", "-w", "%{http_code}", "http://127.0.0.1:9109/metrics", check=False)
        text, code = answer.stdout[:-3], answer.stdout[-3:]
        assert code in ("200", "000"), answer.stdout
        return text

    def samples(self) -> Samples:
        pairs = (line.rsplit(" ", 1) for line in self.scrape().splitlines() if line[0] != "#")
        return {name: float(value) for name, value in pairs}

    def samples_when(self, condition: Callable[[Samples], bool], what: str) -> Samples:
        def samples() -> Samples | None:
            found = self.samples()
            return found if found and condition(found) else None

        return wait_for(samples, what, 60, 0.1)


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    with Network(tmp_path / "network") as lan:
        it = Host(lan, tmp_path)
        yield it
        it.kill_client()
        assert it.exporter.works, it.exporter.text


def down_by(reason: str) -> Callable[[Samples], bool]:
    return lambda samples: samples["boinc_up"] == 0 and samples[f'boinc_scrape_error{{reason="{reason}"}}'] == 1


def tasks_run(samples: Samples) -> bool:
    return samples["boinc_up"] == 1 and samples['boinc_tasks_total{state="executing"}'] >= 1


def test_the_stock_client_is_read_and_promtool_agrees(host: Host) -> None:
    host.start_client()
    samples = host.samples_when(tasks_run, "tasks run")
    executing = samples['boinc_tasks_total{state="executing"}']
    assert executing + samples['boinc_tasks_total{state="files_downloaded"}'] == 40
    assert samples["boinc_tasks_without_series"] == 30
    assert len([name for name in samples if name.startswith("boinc_client_task_rsc_memory_bound")]) == 10
    assert len([name for name in samples if name.startswith("boinc_task_fraction_done")]) == executing, "they come first"
    assert samples['boinc_client_user_total_credit{project="One & only"}'] == 1000
    assert samples['boinc_project_total_credit{project="The \\"second\\" \\\\ project",url="http://two.test/science/"}'] == 2000
    said = promtool("check", "metrics", given=host.scrape())
    assert (said.returncode, said.stdout, said.stderr) == (0, "", "")


def test_the_series_are_the_same_at_each_scrape(host: Host) -> None:
    host.start_client()
    first = host.samples_when(tasks_run, "tasks run")
    assert host.samples().keys() == first.keys()


def test_a_client_that_is_not_there_hangs_or_is_started_anew_costs_a_zero_each_time(host: Host) -> None:
    host.samples_when(down_by("refused"), "nobody is there")
    host.start_client()
    host.samples_when(tasks_run, "the client is up")
    host.signal_client(signal.SIGSTOP)
    samples = host.samples()
    assert down_by("timeout")(samples) and 5 <= samples["boinc_scrape_duration_seconds"] < 7
    assert not any(name.startswith(("boinc_client_", "boinc_task")) for name in samples), "nothing stale"
    host.signal_client(signal.SIGCONT)
    host.samples_when(tasks_run, "the client goes on")
    host.kill_client()
    host.samples_when(down_by("refused"), "the client was killed")
    host.start_client()
    host.samples_when(tasks_run, "the client is back")


@pytest.mark.parametrize(
    ("junk", "times", "reason"),
    [
        (b"HTTP/1.0 400 Bad Request\r\n", 1, "junk"),
        (b"\0\xff\x03", 100_000, "junk"),
        (b"<boinc_gui_rpc_reply>\n", 1, "closed"),
        (b"<boinc_gui_rpc_reply>\n</boinc_gui_rpc_reply>\n\3", 1, "junk"),
        (b"<boinc_gui_rpc_reply><server_version>" + b"<a>" * 1000, 1000, "too_long"),
        (b"", 1, "closed"),
    ],
    ids=["another protocol", "noise", "a reply cut short", "an empty reply", "no end", "nothing"],
)
def test_junk_costs_a_zero(host: Host, junk: bytes, times: int, reason: str) -> None:
    server = host.lan.start("junk", sys.executable, "-c", JUNK, junk.hex(), str(times))
    samples = host.samples_when(lambda samples: not down_by("refused")(samples), "somebody answers")
    # A peer that closes with words of ours unread resets the connection, which may come before its own words.
    assert down_by(reason)(samples) or down_by("closed")(samples), (samples, server.text)


def test_what_to_show_has_to_be_said(host: Host) -> None:
    for words in ([], ["--tasks=0"], ["--tasks=1001"], ["--tasks=ten"], ["--tasks=5", "--more"], ["--tasks="]):
        said = subprocess.run([str(BINARY), "boinc-exporter", *words], capture_output=True, text=True, check=False)
        assert said.returncode == 2 and "--tasks=none|N" in said.stderr, words
