"""Runs a project by itself: python3 -m boincproject [--port N] [--work N] [--steps N] [--arch ARCH]...

Prints its URL, then what happens. Its one account has the key 0123456789abcdef; with --login its account manager has it, too.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
from pathlib import Path

from boincproject.application import PLATFORMS, build
from boincproject.keys import SigningKey
from boincproject.project import Project
from boincproject.server import Server

KEY = "0123456789abcdef"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", default="10.0.2.2", help="what clients call this machine; 10.0.2.2 is what QEMU's guests do")
    parser.add_argument("--address", default="127.0.0.1", help="the address to listen at")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--work", type=int, default=8, help="how many tasks there are")
    parser.add_argument("--steps", type=int, default=2_000_000_000, help="how long each takes")
    parser.add_argument("--arch", action="append", choices=[*PLATFORMS], default=[], help="what tasks are for; without it there are none")
    parser.add_argument("--login", default="", help="LOGIN:HASH of the account manager")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        applications = [build(arch, arch) for arch in arguments.arch]
        project = Project(SigningKey.make(Path(folder) / "key.pem"), applications)
        project.tell = lambda text: print(text, flush=True)
        account = project.add_account(KEY)
        if arguments.login:
            login, password_hash = arguments.login.split(":")
            project.manager_logins[login] = (password_hash, account)
        project.add_work(arguments.work, arguments.steps)
        server = Server(project, arguments.host, arguments.address, arguments.port)
        print(project.url, flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            server.stop()


if __name__ == "__main__":
    main()
