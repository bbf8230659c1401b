"""The real Prometheus, and promtool: those of Debian bullseye. Later suites build theirs without Consul's service discovery."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from support import daemons, debian
from support.json_api import JsonApi, Refused
from support.network import Network, Server
from support.waiting import wait_for

Json = dict[str, Any]
SUITE = "bullseye"


def program(name: str) -> str:
    return str(debian.unpacked("prometheus", SUITE) / "usr/bin" / name)


def promtool(*words: str, given: str = "", cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """`given` is its standard input: promtool("check", "metrics", given=text)."""
    return subprocess.run([program("promtool"), *words], input=given, cwd=cwd, capture_output=True, text=True, check=False)


class Prometheus:
    """A server with the configuration file `configuration` as it stands; it listens on the network's loopback alone."""

    def __init__(self, lan: Network | None, directory: Path, configuration: Path, port: int = 0) -> None:
        self.lan = lan
        self.directory = directory
        self.configuration = configuration
        self.port = port or daemons.free_port()
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        self._api = JsonApi(lan, f"http://127.0.0.1:{self.port}")
        self._server: Server | None = None

    def start(self) -> Prometheus:
        command = [program("prometheus"), f"--config.file={self.configuration}", f"--storage.tsdb.path={self.directory / 'data'}",
                   f"--web.listen-address=127.0.0.1:{self.port}"]  # fmt: skip
        self._server = daemons.start(self.lan, "prometheus", self.directory / "prometheus.log", *command)
        wait_for(self._is_ready, f"Prometheus is ready; log: {self._server.log}", 30, 0.1)
        return self

    def stop(self) -> None:
        if self._server:
            self._server.stop()
        self._server = None

    def __enter__(self) -> Prometheus:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def log(self) -> str:
        assert self._server
        return self._server.text

    def targets(self) -> list[Json]:
        """Those that it scrapes: labels, scrapeUrl, health (up, down, unknown), lastError."""
        found: list[Json] = self._data("/targets?state=active")["activeTargets"]
        return found

    def query(self, expression: str) -> list[Json]:
        """The samples of an instant vector: {"metric": labels, "value": [time, text]}."""
        found: list[Json] = self._data("/query?" + urlencode({"query": expression}))["result"]
        return found

    def alerts(self) -> list[Json]:
        """Those that are pending or firing: labels, state, activeAt."""
        found: list[Json] = self._data("/alerts")["alerts"]
        return found

    def rules(self) -> list[Json]:
        """Every rule that it knows, with the health of its last evaluation."""
        return [rule for group in self._data("/rules")["groups"] for rule in group["rules"]]

    def wait(self, condition: Callable[[Prometheus], Any], what: str, deadline: float = 90) -> Any:
        return wait_for(lambda: condition(self), what, deadline, 0.5)

    def _data(self, path: str) -> Any:
        return self._api.ask("/api/v1" + path)["data"]

    def _is_ready(self) -> bool:
        assert self._server and self._server.works, f"Prometheus ended: {self._server and self._server.text[-2000:]}"
        try:
            self._data("/targets")
        except (OSError, Refused):
            return False
        return True
