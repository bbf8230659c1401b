"""Work units from attach to credit, on the real image with the stock client: what the whole system is for."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from boincproject.project import CREDIT, element
from conftest import BOOT_DEADLINE, CORES, MACHINES, PASSWORD, Crunch
from support.time_server import TimeServer
from support.waiting import wait_for

Record = Callable[[str, object], None]
STEPS = 10_000_000_000  # half a minute and more of an emulated core


@pytest.mark.parametrize("kind", MACHINES)
def test_a_work_unit_from_attach_to_credit_with_a_reboot_in_the_middle(kind: str, time_server: TimeServer, record_property: Record) -> None:
    with Crunch(kind, f"crunch-{kind}", time_server) as it:
        work = it.project.add_work(CORES + 1, STEPS)
        it.guest.wait_for_console(f"attached to Project of the tests ({it.project.url}), as its host", 120)
        tasks = it.all_cores_busy()
        it.guest.wait_for_ssh(BOOT_DEADLINE)

        def progress() -> list[float]:
            samples = it.guest.samples(9109) or {}
            return [value for name, value in samples.items() if name.startswith("boinc_task_fraction_done{") and value > 0]

        wait_for(lambda: len(progress()) >= CORES, "the exporter shows progress", 60, 1)
        it.safe(tasks)
        it.reboot("reboot")
        assert set(it.all_cores_busy()) >= set(tasks), "the same tasks go on"
        it.credited(work)
        for task in tasks:
            says = it.project.work[task.removesuffix("_0")].says
            assert says["began"] > 0 and says["starts"] == 2, f"{task} goes on from its checkpoint: {says}"
        assert [host.credit for host in it.project.hosts.values()] == [CREDIT * len(work)], "one host, and all of its credit"
        assert {it.project.hosts[number].platforms[-1 if kind == "armhf-on-aarch64" else 0] for number in it.project.hosts} == {it.platform}
        total = "boinc_project_total_credit"
        wait_for(lambda: CREDIT * len(work) in [v for n, v in (it.guest.samples(9109) or {}).items() if n.startswith(total)],
                 "the exporter shows the credit", 60, 1)  # fmt: skip
        assert not it.guest.console_lines("CRITICAL"), it.guest.console[-2000:]
    moments = [event.moment for event in it.project.events]
    record_property(f"three work units on {kind}, a reboot in the middle, s", round(moments[-1] - moments[0]))


def test_a_drain_waits_for_checkpoints_and_is_undone_or_called_off(time_server: TimeServer) -> None:
    with Crunch("aarch64", "crunch-drain", time_server) as it:
        work = it.project.add_work(CORES, 3 * STEPS)
        tasks = it.all_cores_busy()
        it.guest.wait_for_ssh(BOOT_DEADLINE)
        before = it.checkpoints()
        drained = it.guest.try_run("uebo drain --timeout 5m", timeout=320)
        assert drained.returncode == 0 and "all tasks are safe and suspended" in drained.stdout, drained
        assert all(it.checkpoints()[task] > before.get(task, 0) for task in tasks)
        wait_for(lambda: not it.running(), "nothing runs", 30, 0.5)
        it.guest.run("uebo drain --undo")
        assert set(it.all_cores_busy()) == set(tasks)
        it.safe(tasks)
        # And the node with it.
        it.reboot("reboot --drain --drain-timeout 5m", 320)
        assert set(it.all_cores_busy()) == set(tasks), "the modes are put back"
        it.credited(work)
        assert all(done.says["starts"] == 3 and done.says["began"] > 0 for done in work), it.project.log()
        # A task that never makes a checkpoint.
        it.guest.wait_for_ssh(BOOT_DEADLINE)
        it.project.add_work(CORES, 3 * STEPS, arguments="--no-checkpoint")
        unsafe = it.all_cores_busy()
        refused = it.guest.try_run("reboot --drain --drain-timeout 5s", timeout=60)
        assert refused.returncode == 7 and all(task in refused.stdout for task in unsafe), refused
        assert "the node is not shut down" in refused.stderr
        # Ctrl-C.
        interrupted = it.guest.try_run("timeout -s INT 4 uebo drain", timeout=60)
        assert interrupted.returncode == 1 and "interrupted: the node works on as before" in interrupted.stdout, interrupted
        status = it.guest.ask_boinc("<get_cc_status/>", PASSWORD)
        for mode in ("task_mode", "network_mode"):
            assert element(mode, status) == element(f"{mode}_perm", status) != "", status
        assert it.running() == unsafe, "it works on as before"


def test_on_nfs_with_a_power_cut_in_the_middle(time_server: TimeServer) -> None:
    with Crunch("aarch64", "crunch-nfs", time_server, on_nfs=True) as it:
        work = it.project.add_work(CORES, STEPS)
        tasks = it.all_cores_busy()
        it.safe(tasks)
        it.cut_power()
        it.credited(work)
        assert all(it.project.work[task.removesuffix("_0")].says["began"] > 0 for task in tasks), it.project.log()
        assert len(it.project.hosts) == 1, "the host keeps its id"


def test_a_power_cut_on_a_disk(time_server: TimeServer) -> None:
    with Crunch("aarch64", "crunch-power-cut", time_server) as it:
        work = it.project.add_work(CORES, 2 * STEPS)
        tasks = it.all_cores_busy()
        it.safe(tasks)
        it.on_disk()
        it.cut_power()
        assert set(it.all_cores_busy()) >= set(tasks), "the state file is readable"
        it.credited(work)
        assert all(done.says["began"] > 0 for done in work), it.project.log()
        assert len(it.project.hosts) == 1, "the host keeps its id"


def test_a_task_that_eats_all_memory_dies_alone_and_is_reported(time_server: TimeServer, record_property: Record) -> None:
    with Crunch("aarch64", "crunch-hog", time_server) as it:
        (hog,) = it.project.add_work(1, STEPS, arguments="--hog")
        work = it.project.add_work(CORES, STEPS)
        it.guest.wait_for_ssh(BOOT_DEADLINE)
        client = it.guest.wait_for_state("boinc", "running")
        it.project.wait(lambda _: hog.reported, "the hog is reported", 300)
        began, reported = (next(event.moment for event in it.project.events if f"{hog.name} is {what}" in event.text) for what in ("sent", "reported"))
        assert hog.exit_status != 0 and not hog.credited, hog
        it.credited(work)
        after = it.guest.status("boinc")
        assert (after["pid"], after["restarts"]) == (client["pid"], client["restarts"]), "the client lives"
        said = it.guest.run("uebo logs boinc_keeper")
        assert f"{hog.result} is aborted: " in said, said
        record_property("a task that eats all memory is aborted and reported, s", round(reported - began))


def test_each_task_has_a_processor_of_its_own_the_big_one_first(time_server: TimeServer) -> None:
    """Of three processors the second is a big one, as the device tree has it; QEMU runs them all alike."""
    with Crunch("aarch64", "crunch-pinned", time_server, capacities=(446, 1024, 446)) as it:
        it.project.add_work(2, 20 * STEPS)
        it.all_cores_busy()
        it.guest.wait_for_ssh(BOOT_DEADLINE)
        assert it.guest.run("cat /sys/devices/system/cpu/cpu[0-2]/cpu_capacity").split() == ["446", "1024", "446"]

        def places() -> list[set[str]]:
            """Where the threads of each task may run."""
            return [
                {line.split()[1] for line in it.guest.run(f"grep -h ^Cpus_allowed_list /proc/{pid}/task/*/status").splitlines()} for pid in it.pids()
            ]

        wait_for(lambda: sorted(places(), key=sorted) == [{"0"}, {"1"}], "both are pinned", 30, 0.5)
        it.guest.run("uebo stop boinc_keeper")
        assert places() == [{"0-2"}, {"0-2"}], "all processors are everybody's again"
