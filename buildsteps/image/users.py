"""The users that optional packages bring, beside those of rootfiles/etc/passwd. Each has a group of the same name and number."""

import re
from typing import Any

# As in services/schema.json; Debian's own begin with _ as well.
NAME = re.compile(r"[a-z_][a-z0-9_-]*")
LAST_SYSTEM_ID = 999


def added(passwd: str, group: str, users: dict[str, Any]) -> tuple[str, str]:
    """Both files with `users` (name -> id, what) behind the others. A ValueError says what is wrong with one."""
    for name, user in users.items():
        if not isinstance(user, dict) or set(user) - {"id", "what"}:
            raise ValueError(f"users: {name} must be a table of id and what")
        number, what = user.get("id"), user.get("what", name)
        if not NAME.fullmatch(name) or ":" in what or "\n" in what:
            raise ValueError(f"users: {name!r} ({what!r}) can't stand in /etc/passwd")
        if not isinstance(number, int) or not 1 <= number <= LAST_SYSTEM_ID:
            raise ValueError(f"users: {name} needs an id from 1 to {LAST_SYSTEM_ID}")
        for file, text in (("passwd", passwd), ("group", group)):
            _check_free(file, text, name, number)
        passwd += f"{name}:x:{number}:{number}:{what}:/:/usr/sbin/nologin\n"
        group += f"{name}:x:{number}:\n"
    return passwd, group


def _check_free(file: str, text: str, name: str, number: int) -> None:
    for line in text.splitlines():
        other, _, taken = line.split(":")[:3]
        if other == name or int(taken) == number:
            raise ValueError(f"users: {name} with id {number}: /etc/{file} has {other} with id {taken}")
