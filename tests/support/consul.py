"""The real Consul, a single server: that of Debian bullseye, the last suite with a package of it.

It can be stopped, frozen, started again with its data or without, and asked for its catalog.
"""

from __future__ import annotations

import json
import shutil
import ssl
import subprocess
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from support import daemons, debian
from support.json_api import JsonApi, Refused
from support.network import Network, Server
from support.waiting import wait_for

SUITE = "bullseye"
SERVER = "consul-server"  # its own name in the catalog
MANAGER = "6d616e61-6765-4000-8000-000000000001"  # the token that may do everything

Json = dict[str, Any]
T = TypeVar("T")


class Consul:
    """A server that listens for HTTP at `listen` (0.0.0.0: at every address of its network), and is asked at `address`.

    `acl`: whoever comes without a token may do nothing; the test itself comes with one that may do everything, and `token`
    makes others. `tls`: the names and addresses that its certificate holds ("DNS:consul.lan", "IP:10.0.0.1"); it then
    listens for HTTPS at `https_port` too, and `ca` is the file of the authority.
    """

    def __init__(self, lan: Network | None, directory: Path, *, address: str = "127.0.0.1", port: int = 0, listen: str = "",
                 acl: bool = False, tls: tuple[str, ...] = ()) -> None:  # fmt: skip
        self.lan = lan
        self.directory = directory
        self.address = address
        self.port = port or daemons.free_port()
        self.https_port = daemons.free_port() if tls else -1
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        if tls:
            self._make_certificates(tls)
        self._program = debian.unpacked("consul", SUITE) / "usr/bin/consul"
        self._write_configuration(listen or address, acl, bool(tls))
        self._api = JsonApi(lan, f"http://{address}:{self.port}", {"X-Consul-Token": MANAGER} if acl else {})
        self._server: Server | None = None

    # --- life

    def start(self) -> Consul:
        """Returns when it has elected itself and can be written to."""
        assert not self.is_running
        command = [str(self._program), "agent", "-config-file", str(self.directory / "consul.json")]
        self._server = daemons.start(self.lan, "consul", self.directory / "consul.log", *command)
        wait_for(self._is_ready, f"Consul is ready; log: {self._server.log}", 30, 0.1)
        return self

    @property
    def is_running(self) -> bool:
        return self._server is not None and self._server.works

    @property
    def log(self) -> str:
        assert self._server
        return self._server.text

    def stop(self) -> None:
        """As a power cut."""
        if self._server:
            self._server.thaw()
            self._server.stop()
        self._server = None

    def freeze(self) -> None:
        """It takes connections, as far as the kernel does that for it, and says nothing."""
        assert self._server
        self._server.freeze()

    def thaw(self) -> None:
        assert self._server
        self._server.thaw()

    def empty(self) -> None:
        """Comes back with all its data lost."""
        self.stop()
        shutil.rmtree(self.directory / "data")
        self.start()

    def __enter__(self) -> Consul:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    # --- the catalog

    def ask(self, path: str, method: str = "GET", body: Any = None) -> Any:
        """Any request of its HTTP API, below /v1."""
        return self._api.ask("/v1" + path, method, body)

    def nodes(self) -> dict[str, Json]:
        """Name -> node, without the server itself."""
        return {node["Node"]: node for node in self.ask("/catalog/nodes") if node["Node"] != SERVER}

    def node(self, name: str) -> Json | None:
        """{"Node": ..., "Services": {id: ...}}; nothing where the catalog has no such node."""
        found: Json | None = self.ask(f"/catalog/node/{name}")
        return found

    def services(self) -> dict[str, list[str]]:
        """Name -> tags, without `consul` itself."""
        return {name: tags for name, tags in self.ask("/catalog/services").items() if name != "consul"}

    def service(self, name: str) -> list[Json]:
        found: list[Json] = self.ask(f"/catalog/service/{name}")
        return found

    def checks(self, node: str) -> list[Json]:
        found: list[Json] = self.ask(f"/health/node/{node}")
        return found

    def catalog(self) -> Json:
        """All of it, to be kept: nodes with their services and checks. Consul answers for each node alone: one that leaves
        between the answers is not there."""
        found = {name: self.node(name) for name in sorted(self.nodes())}
        return {name: {**node, "Checks": self.checks(name)} for name, node in found.items() if node}

    def register(self, registration: Json) -> None:
        self.ask("/catalog/register", "PUT", registration)

    def deregister(self, registration: Json) -> None:
        self.ask("/catalog/deregister", "PUT", registration)

    def wait(self, condition: Callable[[Consul], T | None], what: str, deadline: float = 90) -> T:
        """For something of the catalog; that nobody answers meanwhile does not matter."""

        def asked() -> T | None:
            try:
                return condition(self)
            except (OSError, Refused):
                return None

        return wait_for(asked, what, deadline, 0.2)

    # --- access

    def token(self, rules: str) -> str:
        """A new one that may do what `rules` (HCL) say."""
        name = f"tests-{uuid.uuid4()}"
        self.ask("/acl/policy", "PUT", {"Name": name, "Rules": rules})
        made = self.ask("/acl/token", "PUT", {"Policies": [{"Name": name}]})
        return str(made["SecretID"])

    @property
    def ca(self) -> Path:
        return self.directory / "ca.pem"

    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.ca))

    # --- how it is set up

    def _write_configuration(self, listen: str, acl: bool, tls: bool) -> None:
        internal = {name: daemons.free_port() for name in ("server", "serf_lan")}
        configuration: Json = {
            "node_name": SERVER, "datacenter": "rack", "server": True, "bootstrap_expect": 1, "log_level": "INFO",
            "data_dir": str(self.directory / "data"), "bind_addr": "127.0.0.1", "client_addr": listen,
            "ports": {"http": self.port, "https": self.https_port, "dns": -1, "grpc": -1, "serf_wan": -1, **internal},
            "performance": {"raft_multiplier": 1}, "disable_update_check": True, "disable_remote_exec": True,
            "check_update_interval": "0s",
        }  # fmt: skip
        if acl:
            configuration["acl"] = {"enabled": True, "default_policy": "deny", "tokens": {"master": MANAGER, "agent": MANAGER}}
        if tls:
            configuration |= {"ca_file": str(self.ca), "cert_file": str(self.directory / "server.pem"),
                              "key_file": str(self.directory / "server.key")}  # fmt: skip
        (self.directory / "consul.json").write_text(json.dumps(configuration, indent=1))

    def _is_ready(self) -> bool:
        assert self._server and self._server.works, f"Consul ended: {self._server and self._server.text[-2000:]}"
        try:
            # The server has written itself: the log of a leader takes entries.
            return any(node["Node"] == SERVER for node in self.ask("/catalog/nodes")) and self._writes()
        except (OSError, Refused):
            return False

    def _writes(self) -> bool:
        """A leader that has just been elected may refuse for a moment."""
        return self.ask("/kv/ready", "PUT", "yes") is True and self.ask("/kv/ready", "DELETE") is True

    def _make_certificates(self, names: tuple[str, ...]) -> None:
        def openssl(*words: str) -> None:
            subprocess.run(["openssl", *words], cwd=self.directory, check=True, capture_output=True)

        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "3650", "-subj", "/CN=authority of the tests",
                "-addext", "keyUsage=critical,keyCertSign,cRLSign")  # fmt: skip
        openssl("req", *key, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=consul of the tests")
        (self.directory / "extensions").write_text(f"subjectAltName={','.join(names)}\nbasicConstraints=CA:FALSE\n")
        openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out", "server.pem",
                "-days", "3650", "-extfile", "extensions")  # fmt: skip
