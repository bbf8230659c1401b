"""One clean node: the image as it is built, with storage, a time server and a BOINC password."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import PASSWORD
from support import disks
from support.guest import WORK, Guest
from support.machine import AARCH64, ROOT
from support.time_server import TimeServer
from support.waiting import scaled, wait_for

MEBI = 1 << 20


# --- sizes


def test_the_initramfs_has_at_most_24_mb() -> None:
    assert AARCH64.initramfs.stat().st_size <= 24_000_000


def test_the_binary_is_static_and_has_at_most_4_mb() -> None:
    binary = AARCH64.folder / "uebo"
    assert binary.stat().st_size <= 4_000_000
    said = subprocess.run(["file", "-b", str(binary)], capture_output=True, text=True, check=True).stdout
    assert "statically linked" in said and "stripped" in said and "not stripped" not in said


Record = Callable[[str, object], None]


def test_memory_used_is_at_most_68_mib(memory: dict[str, float], record_property: Record) -> None:
    used = (memory["node_memory_MemTotal_bytes"] - memory["node_memory_MemAvailable_bytes"]) / MEBI
    record_property("memory used, MiB", round(used, 1))
    assert used <= 68, f"{used:.1f} MiB"


def test_pid_1_has_at_most_4_mb(clean: Guest, record_property: Record) -> None:
    status = dict(line.split(":", 1) for line in clean.run("cat /proc/1/status").splitlines())
    record_property("PID 1", f"VmRSS {status['VmRSS'].strip()}, RssAnon {status['RssAnon'].strip()}")
    assert int(status["VmRSS"].split()[0]) <= 4096
    assert int(status["RssAnon"].split()[0]) <= 600


# --- the boot


def test_the_clock_is_in_step_with_the_time_server(clean: Guest, time_server: TimeServer) -> None:
    if not time_server.works:
        pytest.skip("no time server: port 123 of this machine is not to be had")

    def synced() -> bool:
        return any("synced" in detail for detail in clean.conditions().get("clock", {}).values())

    wait_for(synced, "the clock is synced", 90, 1)
    assert "synced" in clean.run("uebo status")


def test_all_services_run(clean: Guest) -> None:
    clean.wait_for_state("boinc", "running", 90)
    units = {unit["name"]: unit for unit in clean.status()["units"]}
    for name in ("boinc", "node_exporter", "boinc_exporter", "metrics", "dropbear", "ntpd", "dhcp@eth0", "getty@ttyAMA0"):
        assert units[name]["up"], units[name]
        assert units[name]["restarts"] == 0, units[name]
    unfinished = [unit for unit in units.values() if unit["type"] == "job" and unit["wanted"] and unit["state"] not in ("done", "waiting")]
    assert unfinished == []


def test_the_console_shows_one_line_a_step(clean: Guest) -> None:
    for step in ("file systems", "arguments", "/usr", "modules", "storage", "network", "identity", "purge", "consoles"):
        lines = [line for line in clean.console_lines(f"uebo: {step}") if re.search(rf"uebo: {step}\b", line)]
        assert lines, f"no line about {step}"
        assert re.search(r"\(\d+\.\d\d s\)", lines[0]), lines[0]
    assert clean.console_lines("error:") == []
    after = clean.console.split("Run /init as init process", 1)[1]
    chatter = [line for line in after.splitlines() if re.match(r"\[ *\d+\.\d+\] (?!uebo:)", line)]
    assert chatter == [], "kernel chatter is silenced once PID 1 runs"


def test_the_modules_are_gone_and_their_memory_is_back(clean: Guest) -> None:
    line = clean.console_lines("uebo: purge:")[0]
    gained = re.search(r"(\d+\.\d) MB of memory", line)
    assert gained and float(gained[1]) > 1, line
    left = set(clean.run("find /lib/modules -name '*.ko*'").split())
    all_of_them = list((AARCH64.folder / "parts/modules/lib/modules").rglob("*.ko*"))
    assert 0 < len(left) < len(all_of_them) / 2
    names = {Path(path).name.split(".")[0].replace("-", "_") for path in left}
    loaded = {line.split()[0] for line in clean.run("cat /proc/modules").splitlines()}
    assert {"usb_storage", "uas", "sd_mod", "ext4", "f2fs", "r8152"} <= names | loaded


def test_half_of_ram_can_be_swapped_into_compressed_memory(clean: Guest) -> None:
    device, kind, size, _, priority = clean.run("tail -n 1 /proc/swaps").split()
    assert (device, kind, priority) == ("/dev/zram0", "partition", "100")
    total = int(clean.run("grep MemTotal /proc/meminfo").split()[1])
    assert int(size) == pytest.approx(total / 2, rel=0.01)
    memory = "/sys/fs/cgroup/uebo/{}/memory.swap.max"
    assert int(clean.run(f"cat {memory.format('boinc')}")) == pytest.approx(0.12 * total * 1024, rel=0.03)
    assert int(clean.run(f"cat {memory.format('metrics')}")) == 8 << 20, "half of its memory_max"


def test_boot_shows_phases_and_times(clean: Guest) -> None:
    clean.wait_for_state("boinc", "running", 120)
    shown = clean.run("uebo boot")
    for name in ("file systems", "storage", "boinc"):
        assert name in shown
    assert "came up last" in shown and "PID 1, in line" in shown
    # What README shows of a boot is made of this: buildsteps/readme-tables.
    kept = json.loads(clean.run("uebo boot --json"))
    (WORK / "boot.json").write_text(json.dumps(kept, indent=1) + "\n")
    times = {unit["name"]: unit for unit in kept["units"]}
    boinc = times["boinc"]
    assert boinc["wanted"] <= boinc["started"] <= boinc["running"] <= boinc["up"]
    conditions = {condition["name"]: condition for condition in kept["conditions"]}
    assert conditions["storage"]["by"] == "storage" and conditions["clock"]["by"] in ("ntpd", "clock-assume")
    assert max(conditions[name]["set"] for name in ("storage", "clock")) <= boinc["started"]


def test_the_host_name_comes_from_the_argument(clean: Guest) -> None:
    assert clean.run("hostname").strip() == "clean"
    assert "clean" in clean.run("cat /etc/hosts")


def test_storage_is_mounted_without_privileges_on_it(clean: Guest) -> None:
    options = clean.run("grep ' /storage ' /proc/mounts").split()[3].split(",")
    assert {"rw", "noatime", "nosuid", "nodev"} <= set(options)


def test_the_loader_finds_every_library_that_boincs_applications_name(clean: Guest) -> None:
    libraries = tomllib.loads((ROOT / "buildsteps/platforms/common.toml").read_text())["applications"]["libraries"]
    # ld.so(8) says of each that it can't load, and goes on.
    said = clean.run(f"LD_PRELOAD='{' '.join(libraries)}' /usr/bin/boinc --version 2>&1")
    assert "cannot be preloaded" not in said, said
    absent = clean.run("LD_PRELOAD='libabsent.so.1' /usr/bin/boinc --version 2>&1")
    assert "libabsent.so.1" in absent and "cannot be preloaded" in absent, absent


def test_nothing_else_listens(clean: Guest) -> None:
    lines = clean.run("netstat -tln").splitlines()
    ports = {int(line.split()[3].rsplit(":", 1)[1]) for line in lines if "LISTEN" in line}
    assert ports == {22, 9100, 9101, 9109, 31416}


# --- BOINC


def test_boinccmd_talks_to_it_with_the_password(clean: Guest) -> None:
    clean.wait_for_state("boinc", "running", 90)
    result = wait_for(lambda: r if (r := clean.boinccmd("--get_state", password=PASSWORD)).returncode == 0 else None, "an answer", 60, 1)
    assert "Projects" in result.stdout
    assert clean.boinccmd("--read_global_prefs_override", password=PASSWORD).returncode == 0


def test_boinccmd_is_refused_with_a_wrong_one(clean: Guest) -> None:
    for password in ("wrong", PASSWORD[:-1]):
        result = clean.boinccmd("--get_state", password=password)
        assert result.returncode != 0, password
        assert "Authorization failure" in result.stderr + result.stdout, password


def test_without_a_password_nothing_is_told_to_other_hosts(clean: Guest) -> None:
    for request in ("<get_state/>", "<get_cc_status/>", "<get_host_info/>", "<read_cc_config/>", "<quit/>"):
        assert "<unauthorized/>" in clean.ask_boinc(request), request
    assert clean.state("boinc") == "running"


def test_the_password_file_is_roots_once_the_client_answers(clean: Guest) -> None:
    def owner() -> str:
        return clean.run("stat -c '%U %a' /storage/boinc/gui_rpc_auth.cfg").strip()

    wait_for(lambda: owner() == "root 600", "gui_rpc_auth.cfg belongs to root", 60, 1)


def test_boinc_runs_without_privileges_and_with_a_memory_limit(clean: Guest) -> None:
    pid = clean.status("boinc")["pid"]
    status = dict(line.split(":\t", 1) for line in clean.run(f"cat /proc/{pid}/status").splitlines() if ":\t" in line)
    assert status["Uid"].split() == ["100"] * 4
    assert status["NoNewPrivs"].strip() == "1"
    assert int(status["CapBnd"], 16) == 0 and int(status["CapEff"], 16) == 0
    limit = int(clean.run("cat /sys/fs/cgroup/uebo/boinc/memory.max"))
    total = int(clean.run("grep MemTotal /proc/meminfo").split()[1]) * 1024
    assert total / 2 < limit <= total * 0.9


def test_a_killed_boinc_comes_back_with_its_data(clean: Guest) -> None:
    before = clean.run("grep -o '<host_cpid>.*</host_cpid>' /storage/boinc/client_state.xml; touch /storage/boinc/kept")
    pid = clean.status("boinc")["pid"]
    clean.run(f"kill -9 {pid}")

    def back() -> bool:
        status = clean.status("boinc")
        return bool(status["state"] == "running" and status.get("pid") != pid and status["restarts"] == 1)

    wait_for(back, "boinc runs again", 30, 0.5)
    wait_for(lambda: clean.boinccmd("--get_state", password=PASSWORD).returncode == 0, "it answers again", 60, 1)
    assert clean.run("grep -o '<host_cpid>.*</host_cpid>' /storage/boinc/client_state.xml; ls /storage/boinc/kept").startswith(before)


# --- people


def test_scp_works(clean: Guest, tmp_path: Path) -> None:
    source = tmp_path / "file"
    source.write_bytes(bytes(range(256)) * 4096)
    result = clean.copy_to(source, "/tmp/file")
    assert result.returncode == 0, result.stderr
    digest = subprocess.run(["sha256sum", str(source)], capture_output=True, text=True, check=True).stdout.split()[0]
    assert clean.run("sha256sum /tmp/file").split()[0] == digest


def test_the_serial_line_lets_in_with_the_sites_password_alone(clean: Guest) -> None:
    mark = len(clean.console)
    clean.type("\nroot\n")
    clean.wait_for_console("Password:", 30, after=mark)
    clean.type("wrong\n")
    clean.wait_for_console("Login incorrect", 30, after=mark)
    wait_for(lambda: "login:" in clean.console[mark:].split("Login incorrect", 1)[1], "another prompt", 30)
    mark = len(clean.console)
    clean.type("root\n")
    clean.wait_for_console("Password:", 30, after=mark)
    clean.type("serial-line\n")
    mark = len(clean.console)
    clean.type("echo in_$((40 + 2))\n")
    clean.wait_for_console("in_42", 30, after=mark)
    clean.type("exit\n")


def test_arguments_are_in_a_file_for_the_shell_and_blank_elsewhere(clean: Guest) -> None:
    assert clean.run("stat -c '%U %a' /run/bootargs").strip() == "root 600"
    assert clean.run(". /run/bootargs; echo \"$uebo_boinc_password\"").strip() == PASSWORD
    for place in ("/proc/cmdline", "/proc/device-tree/chosen/bootargs", "/sys/firmware/devicetree/base/chosen/bootargs"):
        shown = clean.run(f"cat {place}")
        assert PASSWORD not in shown and "uebo.boinc.password=" in shown, place
    assert clean.run("cat /proc/sys/kernel/dmesg_restrict /proc/sys/kernel/yama/ptrace_scope").split() == ["1", "1"]


def test_stop_start_restart(clean: Guest) -> None:
    assert clean.try_run("stop node_exporter").returncode == 0
    clean.wait_for_state("node_exporter", "stopped")
    assert clean.try_run("status node_exporter").returncode == 3
    assert clean.node_exporter() is None
    assert clean.try_run("start node_exporter").returncode == 0
    first = clean.wait_for_state("node_exporter", "ready")["pid"]
    assert clean.try_run("restart node_exporter").returncode == 0
    wait_for(lambda: clean.status("node_exporter").get("pid") not in (None, first), "another process", 30, 0.5)
    clean.wait_for_state("node_exporter", "ready")
    assert clean.try_run("start nobody").returncode == 4
    assert "running" in clean.run("logs dropbear; uebo status dropbear")


# --- over a reboot, and off


def reboot(guest: Guest) -> None:
    mark = len(guest.console)
    guest.try_run("reboot")
    guest.drop_ssh()
    guest.wait_for_console("Booting Linux on physical CPU", scaled(90), after=mark)
    guest.wait_for_ssh()


def test_what_boinc_wrote_and_what_was_disabled_outlive_a_reboot(clean: Guest) -> None:
    clean.run("su -s /bin/sh boinc -c 'echo result > /storage/boinc/result'")
    host_key = clean.run("dropbearkey -y -f /storage/dropbear/ed25519_hostkey | grep ^ssh-")
    assert clean.try_run("disable node_exporter").returncode == 0
    clean.wait_for_state("node_exporter", "stopped")
    reboot(clean)
    assert clean.run("cat /storage/boinc/result").strip() == "result"
    clean.wait_for_state("boinc", "running", 90)
    assert clean.run("cat /storage/boinc/result").strip() == "result"
    assert "was not cleanly unmounted" not in clean.run("cat /var/log/storage/current")
    status = clean.status("node_exporter")
    assert status["state"] == "stopped" and status["enabled"] is False
    assert clean.run("dropbearkey -y -f /storage/dropbear/ed25519_hostkey | grep ^ssh-") == host_key
    assert clean.try_run("enable node_exporter").returncode == 0
    clean.wait_for_state("node_exporter", "ready")


@pytest.mark.last
def test_poweroff_leaves_a_clean_file_system(clean: Guest, time_server: TimeServer) -> None:
    mark = len(clean.console)
    clean.try_run("poweroff")
    clean.wait_for_power_off()
    said = clean.console[mark:]
    assert "could not be stopped" not in said
    result = disks.check(WORK / "clean.img")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "not cleanly unmounted" not in result.stdout and "recovering journal" not in result.stdout
    if time_server.works:
        assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\n", disks.read_from(WORK / "clean.img", "/lastdate"))
