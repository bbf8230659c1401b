"""Optional packages: what the build says of a wrong name or file, what the files of this tree declare, and README's example."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from image import users
from readme import optional_table
from readme.record import ROOT
from support import readme_example

FOLDER = ROOT / "buildsteps/platforms/optional"
SERVICES = ROOT / "services/optional"
NAMES = sorted(place.stem for place in FOLDER.glob("*.toml"))
PASSWD = "root:x:0:0:root:/root:/bin/sh\nboinc:x:100:100:BOINC:/:/usr/sbin/nologin\n"
GROUP = "root:x:0:\ntty:x:5:\nboinc:x:100:\n"
UEBO = Path(os.environ.get("UEBO_BUILD", ROOT / "out/host-asan")) / "uebo"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """What the steps read of this tree, to be changed."""
    for part in ("buildsteps/image", "buildsteps/platforms"):
        shutil.copytree(ROOT / part, tmp_path / part)
    return tmp_path


def load(tree: Path, site: str) -> subprocess.CompletedProcess[str]:
    """The data of an image with that site.toml, as the steps load it; what they say where they refuse it."""
    (tree / "site.toml").write_text(site)
    program = "import json; from image import optional; print(json.dumps(optional.load()))"
    environment = os.environ | {"PLATFORM": "aarch64", "OUT": "out/aarch64", "SITE": str(tree / "site.toml"),
                                "PYTHONPATH": str(tree / "buildsteps"), "PYTHONDONTWRITEBYTECODE": "1"}  # fmt: skip
    return subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)


def refused(tree: Path, site: str) -> str:
    said = load(tree, site)
    assert said.returncode == 1 and said.stdout == "", said
    return said.stderr.strip()


# --- what a site chooses


def test_without_a_choice_the_image_is_that_of_its_platform(tree: Path) -> None:
    plain = json.loads(load(tree, "").stdout)
    assert plain["packages"] == tomllib.loads((ROOT / "buildsteps/platforms/common.toml").read_text())["packages"]
    assert "services" not in plain and "users" not in plain
    assert json.loads(load(tree, "optional = []").stdout) == plain


def test_a_chosen_package_is_laid_over_the_platform(tree: Path) -> None:
    plain = json.loads(load(tree, "").stdout)
    data = json.loads(load(tree, 'optional = ["lldpd", "htop", "lldpd"]').stdout)
    assert data["packages"]["install"] == [*plain["packages"]["install"], "lldpd", "htop"]
    assert data["services"] == ["lldpd"] and set(data["users"]) == {"_lldpd"}
    assert set(plain["stand-ins"]) < set(data["stand-ins"])
    assert len(data["files"]["ncurses-base"]) > len(plain["files"]["ncurses-base"])


def test_an_unknown_name_is_told_with_the_nearest_one(tree: Path) -> None:
    where = f"{tree}/site.toml: optional: "
    assert refused(tree, 'optional = ["lldp"]') == f"{where}'lldp' is not in buildsteps/platforms/optional, did you mean 'lldpd'?"
    assert refused(tree, 'optional = ["nonsense"]').endswith(f"there are: {', '.join(NAMES)}")
    assert "optional must be a list of texts" in refused(tree, 'optional = "htop"')


@pytest.mark.parametrize(("text", "said"), [
    ('wat = "x"', "own.toml: unknown key 'wat', did you mean 'what'?"),
    ('services = "own"', "own.toml: services must be a list"),
    ('[packages]\ninstal = ["x"]', "own.toml: unknown key 'packages.instal', did you mean 'install'?"),
    ('[stand-ins]\n"libx.so.1" = { returns = 0 }', "own.toml: stand-ins: libx.so.1 must be a table of for, returns, why"),
    ("what = ", "own.toml: Invalid value (at end of document)"),
])  # fmt: skip
def test_a_wrong_file_is_told(tree: Path, text: str, said: str) -> None:
    (tree / "buildsteps/platforms/optional/own.toml").write_text(text)
    assert refused(tree, 'optional = ["own"]') == said


# --- users


def test_users_come_behind_the_others_with_a_group_of_their_name() -> None:
    passwd, group = users.added(PASSWD, GROUP, {"_lldpd": {"id": 110, "what": "LLDP daemon"}})
    assert passwd == PASSWD + "_lldpd:x:110:110:LLDP daemon:/:/usr/sbin/nologin\n"
    assert group == GROUP + "_lldpd:x:110:\n"


@pytest.mark.parametrize(("name", "user", "said"), [
    ("web", {"id": 100}, "users: web with id 100: /etc/passwd has boinc with id 100"),
    ("boinc", {"id": 110}, "users: boinc with id 110: /etc/passwd has boinc with id 100"),
    ("web", {"id": 5}, "users: web with id 5: /etc/group has tty with id 5"),
    ("web", {"id": 0}, "users: web needs an id from 1 to 999"),
    ("web", {}, "users: web needs an id from 1 to 999"),
    ("web", {"id": 110, "uid": 3}, "users: web must be a table of id and what"),
    ("a:b", {"id": 110}, "users: 'a:b' ('a:b') can't stand in /etc/passwd"),
])  # fmt: skip
def test_a_user_that_can_not_be_is_told(name: str, user: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(said)}$"):
        users.added(PASSWD, GROUP, {name: user})


# --- the files of this tree


def test_all_of_them_go_together(tree: Path) -> None:
    data = json.loads(load(tree, f"optional = {json.dumps(NAMES)}").stdout)
    passwd, group = ((ROOT / "rootfiles/etc" / name).read_text() for name in ("passwd", "group"))
    users.added(passwd, group, data["users"])
    assert sorted(data["services"]) == sorted(place.stem for place in SERVICES.glob("*.json"))
    assert not {f"{name}.json" for name in data["services"]} & {place.name for place in (ROOT / "services").glob("*.json")}


def test_their_service_files_have_no_problems() -> None:
    said = subprocess.run([UEBO, "check", str(SERVICES)], capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout + said.stderr


@pytest.mark.parametrize("name", NAMES)
def test_what_is_listed_is_shown_on_a_node(name: str) -> None:
    assert re.search(rf"^def test_{name}_", (ROOT / "tests/qemu/test_optional_packages.py").read_text(), re.MULTILINE)


# --- README


def test_the_table_of_the_readme_is_that_of_the_files() -> None:
    found = re.search(r"<!-- optional: [^\n]*-->\n(.*?)<!-- end of optional -->", (ROOT / "README.md").read_text(), re.DOTALL)
    assert found and found[1] == optional_table.table(), "run buildsteps/readme-tables --record"


def test_the_example_of_the_readme_is_whole(tree: Path) -> None:
    files = readme_example.files((ROOT / "README.md").read_text(), "More programs")
    assert set(files) == {"buildsteps/platforms/optional/tinyproxy.toml", "services/optional/tinyproxy.json"}
    assert not any((ROOT / path).exists() for path in files), "it is an example of one that is not listed"
    for path, text in files.items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_text(text)
    data = json.loads(load(tree, f"optional = {json.dumps([*NAMES, 'tinyproxy'])}").stdout)
    assert data["services"][-1] == "tinyproxy" and data["users"]["tinyproxy"]["id"] == 200
    assert max(user["id"] for name, user in data["users"].items() if name != "tinyproxy") < 200, "README says that 200 is free"
    said = subprocess.run([UEBO, "check", str(tree / "services/optional/tinyproxy.json")], capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout + said.stderr
