"""A guest that a command starts, given as a person gives it: the terminal is its console, and there is no monitor."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from support.guest import Guest
from support.machine import ROOT

LEAVE = "\x01x"  # Ctrl-A X of QEMU's -nographic


@dataclass(eq=False)
class TerminalGuest(Guest):
    words: list[str] = field(default_factory=list)
    folder: Path = ROOT  # where the command is given

    def command(self) -> list[str]:
        return self.words

    def start(self) -> TerminalGuest:
        self._path("ssh").unlink(missing_ok=True)
        self.serial_log.write_bytes(b"")
        self.started = time.monotonic()
        self.qemu = subprocess.Popen(self.command(), cwd=self.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                     stderr=subprocess.STDOUT)  # fmt: skip
        Guest._started.append(self)
        threading.Thread(target=self._read_output, daemon=True).start()
        return self

    def _read_output(self) -> None:
        assert self.qemu and self.qemu.stdout
        with self.serial_log.open("ab", buffering=0) as log:
            while data := os.read(self.qemu.stdout.fileno(), 65536):
                log.write(data)
                with self._known:
                    self._console += data
                    self._known.notify_all()

    def type(self, text: str) -> None:
        assert self.qemu and self.qemu.stdin
        self.qemu.stdin.write(text.encode())
        self.qemu.stdin.flush()
