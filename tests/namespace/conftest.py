from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from node import Node, cgroup2_root


@pytest.fixture
def node(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Node]:
    root = cgroup2_root()
    if root is None:
        pytest.skip("no writable cgroup2 file system on this machine")
    # A user of its own for a service must be able to reach its files.
    for directory in (tmp_path, *tmp_path.parents):
        if directory.stat().st_uid == os.geteuid() and directory != Path("/"):
            directory.chmod(directory.stat().st_mode | 0o111)
    it = Node(tmp_path, root / f"uebo-{os.getpid()}-{request.node.name}")
    yield it
    it.destroy()
