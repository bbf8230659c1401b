"""A fleet's file refuses the very values of uebo.* arguments that the node would refuse."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from fleet import arguments, values
from fleet.board import ROOT

UEBO = Path(os.environ.get("UEBO_BUILD", ROOT / "out/host-asan")) / "uebo"

GOOD = {
    "uebo.hostname": ["a", "node-7", "x" * 63],
    "uebo.nfsdir": ["nas:/export/uebo", "10.0.2.2:/a", "[fe80::1]:/a", "nas:/", "nas:/a,port=20490", "[::1]:/a,vers=4.1,port=1"],
    "uebo.boinc.project": ["https://boinc.example.org/x,12ab_CD", "HTTP://10.0.2.2:8080//a,k"],
    "uebo.boinc.acctmgr": ["https://bam.example.org/,me@example.org,0123456789abcdef0123456789ABCDEF"],
    "uebo.boinc.password": ["x", "my word", "a'b`", "x" * 255, "é" * 127],
    "uebo.boinc.remote_hosts": ["10.0.2.2", "a,b.example,::1", "a,,b"],
    "uebo.consul": ["consul:8500", "10.0.2.2:1", "[::1]:65535", "a:00080", "http://a", "http://a:1", "https://[::1]", "https://10.0.0.1:8501"],
    "uebo.consul.token": ["x", "e5a9e1c4-0d3a-4a94-9a1b-2f0a8a4f9b11", "x" * 255],
    "uebo.consul.mode": ["catalog", "agent"],
    "uebo.storage.wait": ["0", "10s", "2m", "1h", "500ms", "3600"],
    "uebo.watchdog": ["off", "5s", "30", "2m", "10m", "5000ms"],
    "uebo.boinc.pin": ["on", "off"],
    "uebo.zram": ["off", "1%", "50%", "100%", "07%"],
    "uebo.web": ["on", "off"],
    "uebo.web.token": ["x", "b3f1!~", "x" * 255],
    "uebo.modules": ["keep"],
    "uebo.ntp": ["pool.example", "10.0.2.2,a"],
    "uebo.log": ["storage"],
    "uebo.syslog": ["logs", "logs.example:1514", "10.0.2.2", "[::1]", "[fd00::1]:514"],
}
BAD = {
    "uebo.hostname": ["a_b", "a.b", "-a", "a-", "x" * 64, "é"],
    "uebo.nfsdir": ["nas", "nas:a", ":/a", "/a", "::1:/a", "nas:/a,port=0", "nas:/a,port=65536", "nas:/a,port=+1", "nas:/a,vers=3",
                    "nas:/a,hard", "nas:/a,", "10.0.0.256:/a", "[nas]:/a", "[::1:/a", "nas:/a,vers=4.1x"],
    "uebo.boinc.project": ["https://a.b/", "a.b,k", "https://localhost/,k", "https://.b/,k", "https://a.b/,", "https://a.b/,k,l",
                           "https://a.b/,k<", "https://a.b/" + "x" * 250 + ",k"],
    "uebo.boinc.acctmgr": ["https://a.b/,me", "https://a.b/,,0123456789abcdef0123456789abcdef", "https://a.b/,me,0123",
                           "a.b,me,0123456789abcdef0123456789abcdef"],
    "uebo.boinc.password": [" x", "x ", "x" * 256, "é" * 128],
    "uebo.boinc.remote_hosts": [",", "a b", "10.0.0.0/8", "a,b:80", "1.2.3", "a..b", "a."],
    "uebo.consul": ["consul", "consul:", ":8500", "consul:0", "consul:65536", "::1:8500", "[a]:1", "ftp://a:1", "a:²",
                    "https://", "https://a:", "http://a/v1", "https://::1", "http://u@a", "http://[::1"],
    "uebo.consul.token": ["a b", "é", "x" * 256],
    "uebo.consul.mode": ["Agent", "server"],
    "uebo.storage.wait": ["soon", "-1", "2h", "10 s", "s", "3601", "3600001ms", "1d", "10S"],
    "uebo.watchdog": ["on", "0", "4s", "4999ms", "11m", "601", "Off", "30 s"],
    "uebo.boinc.pin": ["Off", "no", "2"],
    "uebo.zram": ["on", "0%", "101%", "50", "50M", "%", "-1%", "1.5%"],
    "uebo.web": ["ON", "yes", "9101"],
    "uebo.web.token": ["a b", "é", "x" * 256],
    "uebo.modules": ["Keep", "purge"],
    "uebo.log": ["Storage", "/storage/log", "on"],
    "uebo.syslog": ["logs:", ":514", "logs:0", "logs:65536", "::1", "[::1", "[logs]:514", "udp://logs", "a b"],
    "uebo.ntp": ["a;b", "http://a", f"{'a' * 60}.{'b' * 60}.{'c' * 60}.{'d' * 60}.{'e' * 60}"],
}  # fmt: skip


def test_every_argument_has_a_rule_and_values_that_try_it() -> None:
    assert set(arguments.known()) - values.LEFT_TO_THE_NODE == set(values.RULES) == set(GOOD) == set(BAD)


@pytest.mark.parametrize(("name", "value", "good"), [
    *((name, value, True) for name, listed in GOOD.items() for value in listed),
    *((name, value, False) for name, listed in BAD.items() for value in listed),
])  # fmt: skip
def test_the_fleets_rules_are_those_of_the_node(name: str, value: str, good: bool) -> None:
    said = subprocess.run([str(UEBO), "check", "--json", "--cmdline", f'quiet {name}="{value}"'], capture_output=True, text=True)
    assert (json.loads(said.stdout) == []) == good, said.stdout + said.stderr
    assert values.good(name, value) == good
