"""A FUSE file system whose server takes requests and never answers: whoever opens a file on it can't be killed (state D)
until the server is gone. The protocol is that of include/uapi/linux/fuse.h."""

from __future__ import annotations

import contextlib
import ctypes
import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

FUSE = Path("/dev/fuse")
INIT = 26  # opcode
IN_HEADER = struct.Struct("=IIQQIIII")  # length, opcode, unique, node, uid, gid, pid, padding
OUT_HEADER = struct.Struct("=IiQ")  # length, error, unique
INIT_OUT = struct.Struct("=IIIIHHIIHHI28x")  # major, minor, readahead, flags, background, congestion, write, ...
LONGEST_REQUEST = 1 << 17


def serve(directory: str) -> None:
    device = os.open(FUSE, os.O_RDWR)
    options = f"fd={device},rootmode=40000,user_id=0,group_id=0".encode()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"silent", directory.encode(), b"fuse", 0, options) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), directory)
    print("mounted", flush=True)
    while True:
        request = os.read(device, LONGEST_REQUEST)
        _, opcode, unique, *_ = IN_HEADER.unpack_from(request)
        if opcode != INIT:
            print("asked", flush=True)
            continue
        answer = INIT_OUT.pack(7, 31, 0, 0, 0, 0, 4096, 1, 1, 0, 0)
        os.write(device, OUT_HEADER.pack(OUT_HEADER.size + len(answer), 0, unique) + answer)


class SilentFileSystem:
    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir()
        self._server = subprocess.Popen([sys.executable, __file__, str(directory)], stdout=subprocess.PIPE, text=True)
        self._expect("mounted")

    def wait_until_asked(self) -> None:
        self._expect("asked")

    def release(self) -> None:
        """Whoever waits for it gets an error."""
        self._server.kill()
        self._server.wait()

    def destroy(self) -> None:
        self.release()
        subprocess.run(["umount", "-l", self.directory], check=False)

    def _expect(self, word: str) -> None:
        assert self._server.stdout
        assert self._server.stdout.readline().strip() == word


@contextlib.contextmanager
def silent_file_system(directory: Path) -> Iterator[SilentFileSystem]:
    it = SilentFileSystem(directory)
    try:
        yield it
    finally:
        it.destroy()


if __name__ == "__main__":
    serve(sys.argv[1])
