"""The status page of a node that crunches, in a browser."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from boincproject.project import NAME
from browser import DESK, PHONE, Browser, browser
from conftest import BOOT_DEADLINE, CORES, KEPT, Crunch
from support.time_server import TimeServer
from support.waiting import wait_for

TOKEN = "t0k-8c9f2e"
STEPS = 10_000_000_000


@pytest.fixture(scope="module")
def crunch(time_server: TimeServer) -> Iterator[Crunch]:
    with Crunch("aarch64", "crunch-page", time_server, arguments=f"uebo.web.token={TOKEN}") as it:
        it.project.add_work(CORES, 20 * STEPS)
        it.all_cores_busy()
        it.guest.wait_for_ssh(BOOT_DEADLINE)
        yield it


@pytest.fixture(scope="module")
def seen() -> Iterator[Browser]:
    with browser() as it:
        yield it


@pytest.fixture(scope="module")
def address(crunch: Crunch) -> str:
    return f"http://127.0.0.1:{crunch.guest.ports[9101]}/"


def document(address: str) -> dict[str, object]:
    request = urllib.request.Request(address, headers={"Accept": "application/json"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        told: dict[str, object] = json.load(answer)
    return told


def test_it_shows_tasks_projects_and_services_and_asks_nobody_else(crunch: Crunch, seen: Browser, address: str) -> None:
    seen.show(address)
    tasks = crunch.running()
    shown = seen.text("#tasks")
    assert all(task in shown for task in tasks), shown
    assert NAME in seen.text("#projects")
    assert "dropbear" in seen.text("#services") and "/dev/" in seen.text("#node")
    seen.wait_for(lambda: seen.script("return [...document.querySelectorAll('progress')].some((bar) => bar.value > 0)"), "progress", 120)
    loaded = seen.script("return performance.getEntriesByType('resource').map((entry) => entry.name)")
    assert loaded and all(name.startswith(address) for name in loaded), loaded
    assert seen.complaints() == []


def test_it_keeps_itself_up_to_date(crunch: Crunch, seen: Browser, address: str) -> None:
    seen.show(address)
    seen.script("window.neverLoadedAgain = true")
    before = seen.text("#task-list progress + *") or seen.text("#tasks")
    seen.wait_for(lambda: (seen.text("#task-list progress + *") or seen.text("#tasks")) != before, "the bars move")
    crunch.guest.run("logger -t x y 2>/dev/null; uebo restart boinc_exporter")
    seen.script("const list = document.getElementById('log-of'); list.value = 'uebo'; list.dispatchEvent(new Event('change'))")
    seen.wait_for(lambda: "boinc_exporter" in seen.text("#lines"), "PID 1's log")
    crunch.guest.run("uebo stop boinc_exporter; uebo start boinc_exporter")
    seen.wait_for(lambda: "boinc_exporter: stopped" in seen.text("#lines"), "a line that has just come")
    assert seen.script("return window.neverLoadedAgain") is True


@pytest.mark.parametrize(("size", "scheme", "name"), [(DESK, "light", "desk"), (PHONE, "light", "phone"), (DESK, "dark", "desk-dark"), (PHONE, "dark", "phone-dark")])
def test_it_fits_a_desk_and_a_phone_by_day_and_by_night(size: tuple[int, int], scheme: str, name: str, seen: Browser, address: str) -> None:
    seen.show(address, size, scheme)
    seen.wait_for(lambda: seen.text("#lines"), "lines of the log")
    assert seen.script("return document.documentElement.scrollWidth <= window.innerWidth"), "nothing is cut off or scrolls sideways"
    dark = seen.script("return getComputedStyle(document.body).backgroundColor.match(/\\d+/g).every((part) => part < 128)")
    assert dark == (scheme == "dark")
    seen.picture(KEPT / f"page-{name}.png")
    assert seen.complaints() == []


def test_a_screen_reader_finds_its_way(seen: Browser, address: str) -> None:
    seen.show(address)
    assert seen.nameless() == []
    assert {"banner", "main", "heading", "table", "button", "log"} <= seen.roles(), seen.roles()
    assert seen.script("return document.documentElement.lang") == "en"
    levels = seen.script("return [...document.querySelectorAll('h1,h2,h3')].map((head) => +head.tagName[1])")
    assert levels[0] == 1 and all(after <= before + 1 for before, after in zip(levels, levels[1:], strict=False)), levels


def test_under_another_name_or_without_the_token_nothing_is_done(crunch: Crunch, address: str) -> None:
    def asked(path: str, headers: dict[str, str], body: dict[str, str] | None = None) -> int:
        data = json.dumps(body).encode() if body else None
        request = urllib.request.Request(address + path, data=data, headers={"Content-Type": "application/json", **headers})
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as refused:
            return refused.code

    restart = {"verb": "restart", "name": "boinc_exporter"}
    before = crunch.guest.status("boinc_exporter")["pid"]
    assert asked("", {"Host": "evil.example"}) == 421
    assert asked("", {"Host": "crunch-page.local"}) == 200
    assert asked("change", {"Authorization": "Bearer wrong"}, restart) == 403
    assert asked("change", {"Authorization": f"Bearer {TOKEN}", "Origin": "http://evil.example"}, restart) == 403
    assert asked("change", {}, restart) == 401
    assert asked("change", {"Authorization": f"Bearer {TOKEN}"}, {"verb": "poweroff", "name": "boinc"}) == 400
    assert crunch.guest.status("boinc_exporter")["pid"] == before
    assert TOKEN not in crunch.guest.run("cat /proc/cmdline")
    pid = crunch.guest.status("metrics")["pid"]
    assert TOKEN not in crunch.guest.run(f"cat /proc/{pid}/environ /proc/{pid}/cmdline | tr '\\0' ' '")


def test_with_the_token_services_are_restarted_and_the_node_is_drained(crunch: Crunch, seen: Browser, address: str) -> None:
    seen.show(address)
    before = crunch.guest.status("boinc_exporter")["pid"]
    restart = "button[data-verb=restart][data-name=boinc_exporter]"
    seen.fill("#token", "wrong")
    seen.click(restart)
    seen.wait_for(lambda: "the token is wrong" in seen.text("#answer"), "a wrong token is told")
    seen.fill("#token", TOKEN)
    seen.click(restart)
    wait_for(lambda: crunch.guest.status("boinc_exporter").get("pid") not in (None, before), "it runs anew", 30)
    seen.click("button[data-verb=restart][data-name=drain]")
    seen.wait_for(lambda: "Drain:" in seen.text("#tasks"), "the drain is seen")
    seen.wait_for(lambda: "drained" in seen.text("header"), "the node is drained", 240)
    seen.picture(KEPT / "page-drained.png")
    assert document(address)["state"] == "drained"
    assert not crunch.running()
    seen.click("button[data-verb=restart][data-name=drain-undo]")
    assert len(crunch.all_cores_busy()) == CORES
    # Once more, and called off.
    seen.click("button[data-verb=restart][data-name=drain]")
    wait_for(lambda: crunch.guest.state("drain") == "running", "it drains again", 30)
    seen.click("button[data-verb=stop][data-name=drain]")
    seen.wait_for(lambda: "interrupted: the node works on as before" in seen.text("#tasks"), "it is called off")
    assert len(crunch.running()) == CORES
