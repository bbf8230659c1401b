"""Runs a project for people to look at: python3 -m boincproject [--port N] [--work N] [--steps N] [--arch ARCH]...

Prints its URL and a key to attach with, then what happens.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from boincproject.application import PLATFORMS, build
from boincproject.keys import SigningKey
from boincproject.project import Project
from boincproject.server import Server


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", default="10.0.2.2", help="what clients call this machine; 10.0.2.2 is what QEMU's guests do")
    parser.add_argument("--address", default="127.0.0.1", help="the address to listen at")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--work", type=int, default=8, help="how many tasks there are")
    parser.add_argument("--steps", type=int, default=2_000_000_000, help="how long each takes")
    parser.add_argument("--arch", action="append", choices=[*PLATFORMS], help="what tasks are for: aarch64 without a word")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        applications = [build(arch, arch) for arch in arguments.arch or ["aarch64"]]
        project = Project(SigningKey.make(Path(folder) / "key.pem"), applications)
        project.add_account("0123456789abcdef")
        project.add_work(arguments.work, arguments.steps)
        server = Server(project, arguments.host, arguments.address, arguments.port)
        print(f"{project.url} with the key 0123456789abcdef", flush=True)
        shown = 0
        try:
            while True:
                for event in project.events[shown:]:
                    print(event.text, flush=True)
                    shown += 1
                time.sleep(0.5)
        except KeyboardInterrupt:
            server.stop()


if __name__ == "__main__":
    main()
