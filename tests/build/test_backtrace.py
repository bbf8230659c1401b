"""buildsteps/backtrace reads what a crash of PID 1 has written."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import subprocess
import sys

from fleet.board import ROOT

loader = importlib.machinery.SourceFileLoader("backtrace", str(ROOT / "buildsteps/backtrace"))
spec = importlib.util.spec_from_loader("backtrace", loader)
assert spec
backtrace = importlib.util.module_from_spec(spec)
sys.modules["backtrace"] = backtrace
loader.exec_module(backtrace)

CRASH = """[    9.1] uebo: PID 1 has crashed: SIGSEGV at address 0x10
[    9.1] uebo: backtrace of 0123abcd: 0x400100 0x400200
[    9.2] random: something else
[    9.2] uebo: backtrace of 0123abcd: 0x400300
[    9.2] uebo: what was to be written to disks is written; rebooting
"""


def test_the_lines_of_a_crash_are_one_backtrace() -> None:
    found = backtrace.parse(CRASH.splitlines())
    assert [(one.build, one.addresses) for one in found] == [("0123abcd", [0x400100, 0x400200, 0x400300])]


def test_two_crashes_are_two() -> None:
    assert len(backtrace.parse((CRASH + CRASH).splitlines())) == 2


def test_of_a_return_address_the_call_is_named() -> None:
    assert backtrace.places([0x400100, 0x400200]) == [0x400100, 0x4001FF]


def test_what_holds_no_backtrace_is_said() -> None:
    said = subprocess.run([str(ROOT / "buildsteps/backtrace"), "--help"], capture_output=True, text=True, check=False)
    assert said.returncode == 1
    assert "usage: buildsteps/backtrace" in said.stderr
