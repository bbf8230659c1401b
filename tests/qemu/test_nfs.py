"""/storage over NFSv4, from a real server that is there, late, wrong, stopped, frozen, and started again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Callable

import pytest

from support import disks
from support.guest import WORK, Disk, Guest, Json
from support.network import Network
from support.nfs_server import NfsServer
from support.plugged_guest import PluggedGuest
from support.waiting import scaled, wait_for

Record = Callable[[str, object], None]
SHUTDOWN_WITH_A_DEAD_SERVER = 45


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[NfsServer]:
    server = NfsServer(request.node.name)
    yield server
    server.kill()


@pytest.fixture
def boot(request: pytest.FixtureRequest) -> Iterator[Callable[..., Guest]]:
    guests: list[Guest] = []

    def start(append: str, **options: object) -> Guest:
        guest = Guest(f"nfs-{request.node.name}-{len(guests)}"[:60], append=append, **options)  # type: ignore[arg-type]
        guests.append(guest)
        return guest.start()

    yield start
    for guest in guests:
        guest.destroy()


def running_node(boot: Callable[..., Guest], server: NfsServer) -> Guest:
    """BOINC works in the export."""
    guest = boot(server.argument)
    guest.wait_for_ssh()
    guest.wait_for_state("boinc", "running", 120)
    wait_for(lambda: (server.data / "boinc/client_state.xml").exists(), "BOINC has written its state", 60, 0.5)
    return guest


def detail(guest: Guest) -> str:
    return str(guest.status("storage").get("detail", ""))


def power_off(guest: Guest, deadline: float) -> float:
    """Returns the seconds from the order to the end of the machine."""
    began = time.monotonic()
    guest.try_run("poweroff", timeout=20)
    guest.wait_for_power_off(deadline)
    return time.monotonic() - began


# --- the quick part: BOINC on NFS


@pytest.fixture(scope="module")
def node() -> Iterator[tuple[Guest, NfsServer]]:
    server = NfsServer("node")
    (server.data / "hostname").write_text("named-by-nfs\n")
    server.start()
    guest = Guest("nfs-node", append=f"{server.argument} uebo.hostname=before").start()
    try:
        guest.wait_for_ssh()
        yield guest, server
    finally:
        guest.destroy()
        server.kill()


def test_boinc_works_in_the_export(node: tuple[Guest, NfsServer]) -> None:
    guest, server = node
    guest.wait_for_state("boinc", "running", 120)
    mount = guest.run("grep ' /storage ' /proc/mounts").split()
    assert mount[0] == "10.0.2.2:/uebo" and mount[2] == "nfs4"
    assert {"rw", "noatime", "nosuid", "nodev", "hard", "vers=4.1", "proto=tcp"} <= set(mount[3].split(","))
    wait_for(lambda: (server.data / "boinc/client_state.xml").exists(), "BOINC has written its state", 60, 0.5)
    assert (server.data / "boinc").stat().st_uid == 100
    assert (server.data / "dropbear/ed25519_hostkey").exists()
    assert not list(server.data.glob(".uebo-test-*"))


def test_name_and_client_id_are_there_before_the_mount(node: tuple[Guest, NfsServer]) -> None:
    guest, _ = node
    assert guest.run("cat /sys/module/nfs/parameters/nfs4_unique_id").strip() == "52:54:00:12:34:56"
    lines = guest.console_lines("identity: ") + guest.console_lines("storage: ")
    assert "before" in lines[0], "the name of the arguments came first"
    wait_for(lambda: guest.run("hostname").strip() == "named-by-nfs", "then that of the storage", 30, 0.5)


def test_an_orderly_shutdown_leaves_all_written(node: tuple[Guest, NfsServer], record_property: Record) -> None:
    guest, server = node
    guest.run("echo kept > /storage/kept; echo '{\"enabled\": false}' > /tmp/x; uebo disable node_exporter")
    mark = len(guest.console)
    record_property("shutdown from NFS, s", round(power_off(guest, 100), 1))
    said = guest.console[mark:]
    assert "storage: stopped: unmounted\n" in said
    assert said.find("storage: stopped") < said.find("dhcp@eth0: stopped"), "the network goes last"
    assert (server.data / "kept").read_text() == "kept\n"
    assert (server.data / "services/node_exporter.json").exists()


# --- boot


@pytest.mark.full
def test_a_server_that_is_down_at_boot_is_waited_for(boot: Callable[..., Guest], server: NfsServer) -> None:
    """And a local disk with the label does not take its place."""
    disk = disks.make_ext4(WORK / "nfs-tempting.img")
    guest = boot(server.argument, disks=[Disk(disk)])
    guest.wait_for_ssh()

    def waits() -> Json | None:
        status = guest.status("storage")
        said = str(status.get("detail", ""))
        return status if "Connection refused" in said and f"10.0.2.2:{server.port}" in said and "next_try_in" in status else None

    status = wait_for(waits, "status says what it waits for", 60, 0.5)
    assert status["next_try_in"] <= 33
    assert "storage" in guest.status("boinc")["waits_for"]
    assert guest.state("node_exporter") == "ready"
    assert guest.storage_mount() == []
    wait_for(lambda: guest.status("storage")["restarts"] >= 5, "five tries", 90, 1)
    assert len([line for line in guest.console_lines("Connection refused") if "storage:" in line]) <= 2, "a line, not one a try"
    assert guest.storage_mount() == [], "no disk takes its place"
    server.start()
    guest.wait_for_state("boinc", "running", 120)
    assert "10.0.2.2:/uebo" in guest.run("grep ' /storage ' /proc/mounts")


@pytest.mark.full
def test_a_server_that_dies_during_the_boot_is_waited_for(boot: Callable[..., Guest], server: NfsServer) -> None:
    server.start()
    guest = boot(server.argument)
    guest.wait_for_console("dhcp@eth0: running", 60)
    server.kill()
    guest.wait_for_ssh()
    server.start()
    guest.wait_for_state("boinc", "running", 180)


@pytest.mark.full
def test_a_frozen_server_at_boot_costs_seconds(boot: Callable[..., Guest], server: NfsServer) -> None:
    server.start()
    server.freeze()
    guest = boot(server.argument)
    guest.wait_for_ssh()
    wait_for(lambda: "says nothing" in detail(guest), "status says that the server is silent", 60, 0.5)
    server.thaw()
    guest.wait_for_state("boinc", "running", 120)


@pytest.mark.full
def test_a_wrong_export_is_one_clear_line(boot: Callable[..., Guest], server: NfsServer) -> None:
    server.start()
    guest = boot(f"uebo.nfsdir=10.0.2.2:/nobody/has/this,port={server.port}", disks=[Disk(disks.make_ext4(WORK / "nfs-wrong.img"))])
    guest.wait_for_ssh()
    wait_for(lambda: guest.status("storage")["restarts"] >= 4, "four tries", 60, 0.5)
    lines = [line for line in guest.console_lines("10.0.2.2:/nobody/has/this") if "storage:" in line]
    assert len(lines) == 1 and "no such directory" in lines[0]
    assert guest.storage_mount() == []
    assert guest.state("boinc") == "waiting"


@pytest.mark.full
@pytest.mark.parametrize(("access", "squash", "said"), [("RO", "No_Root_Squash", "read-write"), ("RW", "Root_Squash", "no_root_squash")])
def test_an_export_that_boinc_could_not_use_is_refused(
    boot: Callable[..., Guest], server: NfsServer, access: str, squash: str, said: str
) -> None:
    server.configure(access, squash)
    server.data.chmod(0o777)
    server.start()
    guest = boot(server.argument)
    guest.wait_for_ssh()
    wait_for(lambda: said in detail(guest), "status says what is wrong", 90, 0.5)
    assert guest.storage_mount() == []
    assert guest.state("boinc") == "waiting"
    server.kill()
    server.configure()
    server.start()
    guest.wait_for_state("boinc", "running", 180)


@pytest.mark.full
def test_a_bad_argument_takes_no_disk_either(boot: Callable[..., Guest]) -> None:
    guest = boot("uebo.nfsdir=10.0.2.2", disks=[Disk(disks.make_ext4(WORK / "nfs-bad.img"))])
    guest.wait_for_ssh()
    wait_for(lambda: "SERVER:/PATH" in detail(guest), "status says what was expected", 60, 0.5)
    assert guest.storage_mount() == []


@pytest.mark.full
def test_a_server_that_reads_zeros_is_refused(boot: Callable[..., Guest], server: NfsServer) -> None:
    """nfs-ganesha 4.3 over NFS 4.2: once a newer one of Debian does not, this test has nothing to look at."""
    server.start()
    guest = boot(f"{server.argument},vers=4.2")
    guest.wait_for_ssh()
    wait_for(lambda: "something else than was written" in (said := detail(guest)) or "mounted on" in said, "a verdict", 60, 0.5)
    if guest.state("storage") == "done":
        assert guest.run("echo seen > /storage/x; echo 3 > /proc/sys/vm/drop_caches; cat /storage/x").strip() == "seen"
    else:
        assert guest.storage_mount() == []


@pytest.mark.full
def test_two_nodes_of_one_name_keep_their_locks(boot: Callable[..., Guest], server: NfsServer) -> None:
    server.start()
    first = boot(f"{server.argument} uebo.hostname=twin")
    second = boot(f"{server.argument} uebo.hostname=twin", network="none",
                  extra=["-netdev", "user,id=two", "-device", "e1000,romfile=,netdev=two,mac=52:54:00:12:34:57"])  # fmt: skip
    first.wait_for_ssh()
    first.wait_for_state("boinc", "running", 120)
    second.wait_for_console("storage: 10.0.2.2:/uebo", 120)
    assert first.run("cat /sys/module/nfs/parameters/nfs4_unique_id").strip() == "52:54:00:12:34:56"
    # Whoever came first keeps the other one out.
    nodes = (first, second)
    late = wait_for(lambda: next((node for node in nodes if node.console_lines("boinc: exit code 108")), None), "one is kept out", 120, 0.5)
    early = second if late is first else first
    assert early.console_lines("boinc: running") and not early.console_lines("boinc: exit code")


@pytest.mark.full
def test_an_ipv6_server_in_brackets(boot: Callable[..., Guest], request: pytest.FixtureRequest) -> None:
    server = NfsServer(request.node.name, address="::")
    server.start()
    try:
        guest = boot(f"uebo.nfsdir=[fec0::2]:/uebo,port={server.port}")
        guest.wait_for_ssh()
        guest.wait_for_state("storage", "done", 120)
        assert "[fec0::2]:/uebo" in guest.run("grep ' /storage ' /proc/mounts")
    finally:
        server.kill()


@pytest.mark.full
def test_a_server_by_its_name(request: pytest.FixtureRequest) -> None:
    """The name is known to the name server that DHCP names."""
    with Network(WORK / "lan-nfs") as lan:
        bridge = lan.bridge("10.79.0.1/24")
        lan.dnsmasq(f"--interface={bridge.name}", "--dhcp-range=10.79.0.5,10.79.0.5,1h", "--address=/nas.rack/10.79.0.1")
        server = NfsServer(request.node.name, address="10.79.0.1", lan=lan).start()
        argument = f"uebo.nfsdir=nas.rack:/uebo,port={server.port}"
        guest = PluggedGuest("nfs-by-name", append=argument, lan=lan, bridges=[bridge], address="10.79.0.5")
        try:
            guest.start().wait_for_ssh()
            guest.wait_for_state("storage", "done", 120)
            assert guest.run("grep ' /storage ' /proc/mounts").startswith("nas.rack:/uebo ")
        finally:
            guest.destroy()
            server.kill()


# --- while it runs


@pytest.mark.full
@pytest.mark.parametrize("away", ["killed", "frozen"])
def test_boinc_and_pid_1_survive_a_server_that_goes_away(boot: Callable[..., Guest], server: NfsServer, away: str) -> None:
    server.start()
    guest = running_node(boot, server)
    boinc = guest.status("boinc")["pid"]
    if away == "killed":
        server.kill()
    else:
        server.freeze()
    # Out of the ssh server's group, which is restarted below.
    dd = "echo 0 >/sys/fs/cgroup/cgroup.procs; exec dd if=/dev/zero of=/storage/boinc/blocked bs=64k count=64 conv=fsync"
    writer = guest.run(f"sh -c '({dd}) >/dev/null 2>/tmp/dd & echo $!'").strip()
    wait_for(lambda: "who uses /storage waits" in detail(guest), "status says that the server does not answer", 60, 1)
    assert guest.console_lines("who uses /storage waits")
    guest.drop_ssh()
    guest.wait_for_ssh(30)
    assert guest.try_run("uebo restart dropbear").returncode in (0, 255)
    guest.drop_ssh()
    guest.wait_for_ssh(60)
    assert guest.run("cat /proc/uptime; uebo status", timeout=10)
    assert guest.status("boinc").get("pid") == boinc
    if away == "killed":
        server.start()
    else:
        server.thaw()
    wait_for(lambda: "waits" not in detail(guest), "it answers again", 60, 1)
    wait_for(lambda: guest.run(f"test -d /proc/{writer} || echo gone"), "the writer has ended", 120, 1)
    assert "64+0 records out" in guest.run("cat /tmp/dd")
    assert (server.data / "boinc/blocked").stat().st_size == 64 * 65536
    assert guest.status("boinc").get("pid") == boinc
    assert guest.run("su -s /bin/sh boinc -c 'echo after > /storage/boinc/after; cat /storage/boinc/after'").strip() == "after"


@pytest.mark.full
def test_a_restart_of_the_server_is_ridden_out(boot: Callable[..., Guest], server: NfsServer) -> None:
    server.start()
    guest = running_node(boot, server)
    boinc = guest.status("boinc")["pid"]
    server.kill()
    server.start()
    assert guest.run("echo x > /storage/after-restart; cat /storage/after-restart", timeout=120).strip() == "x"
    assert guest.status("boinc").get("pid") == boinc and guest.status("boinc")["restarts"] == 0


@pytest.mark.full
def test_a_lost_carrier_stops_neither_storage_nor_boinc(boot: Callable[..., Guest], server: NfsServer) -> None:
    server.start()
    guest = running_node(boot, server)
    boinc = guest.status("boinc")["pid"]
    mark = len(guest.console)
    guest.monitor("set_link", name="net0", up=False)
    guest.wait_for_console("dhcp@eth0: stopped", 30, after=mark)
    guest.monitor("set_link", name="net0", up=True)
    guest.wait_for_console("dhcp@eth0: running", 30, after=mark)
    guest.drop_ssh()
    guest.wait_for_ssh(60)
    assert guest.status("boinc").get("pid") == boinc
    assert guest.run("echo x > /storage/after-carrier; cat /storage/after-carrier", timeout=120).strip() == "x"


# --- shutdown


@pytest.mark.full
@pytest.mark.parametrize("away", ["killed", "frozen"])
def test_shutdown_without_the_server_is_short(
    boot: Callable[..., Guest], server: NfsServer, away: str, record_property: Record
) -> None:
    server.start()
    guest = running_node(boot, server)
    guest.run("dd if=/dev/zero of=/storage/boinc/dirty bs=64k count=16 2>/dev/null")
    if away == "killed":
        server.kill()
    else:
        server.freeze()
    mark = len(guest.console)
    took = power_off(guest, 170)
    assert "what was not written yet is lost" in guest.console[mark:]
    record_property(f"shutdown with the NFS server {away}, s", round(took, 1))
    assert took <= scaled(SHUTDOWN_WITH_A_DEAD_SERVER)


@pytest.mark.full
def test_a_server_that_restarts_during_the_shutdown_is_waited_for(boot: Callable[..., Guest], server: NfsServer) -> None:
    """BOINC writes its state when it ends, and that reaches the server."""
    server.start()
    guest = running_node(boot, server)
    state = server.data / "boinc/client_state.xml"
    before = state.stat().st_mtime_ns
    mark = len(guest.console)
    server.kill()
    guest.run("sh -c 'poweroff >/dev/null 2>&1 &'")
    server.start()
    guest.wait_for_power_off(SHUTDOWN_WITH_A_DEAD_SERVER)
    assert guest.console_lines("storage: stopped: unmounted"), guest.console[mark:]
    assert state.stat().st_mtime_ns > before


@pytest.mark.full
def test_a_fixed_ipv6_address_stays_until_all_is_written(request: pytest.FixtureRequest) -> None:
    """Nobody but `uebo.net` gives the node its address here."""
    with Network(WORK / "lan-nfs6") as lan:
        bridge = lan.bridge("fd79::1/64")
        server = NfsServer(request.node.name, address="fd79::1", lan=lan).start()
        arguments = f"uebo.net=[fd79::5]::[fd79::1]:64::eth0 uebo.nfsdir=[fd79::1]:/uebo,port={server.port}"
        guest = PluggedGuest("nfs-fixed-ipv6", append=arguments, lan=lan, bridges=[bridge], address="fd79::5")
        try:
            guest.start().wait_for_ssh()
            guest.wait_for_state("boinc", "running", 120)
            assert "fd79::5/64" in guest.conditions()["net"]["static@eth0"]
            mark = len(guest.console)
            power_off(guest, 100)
            said = guest.console[mark:]
            assert "storage: stopped: unmounted\n" in said
            assert said.find("storage: stopped") < said.find("static@eth0: stopped"), "the network goes last"
        finally:
            guest.destroy()
            server.kill()
