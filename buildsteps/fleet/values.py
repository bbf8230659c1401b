"""Whether a node takes the value of a uebo.* argument, so that a rack does not boot with one that it refuses.

The rules are those of src/config/argument_schema.cpp. tests/build/test_values.py asks the program itself about the same values.
"""

import re
import socket
from collections.abc import Callable

_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_LONGEST_NAME = 253
_LONGEST_PASSWORD = 255
_NFS_OPTION = re.compile(r"port=(?P<port>[0-9]+)|vers=4\.[012]")
_CONSUL = re.compile(r"(?P<scheme>https?://)?(?P<host>\[[^\]]*\]|[^:]*)(:(?P<port>.*))?")
_ACCOUNT_KEY = re.compile(r"[A-Za-z0-9_]{1,255}")
_LOGIN = re.compile(r"[^\x00-\x1f\x7f,]{1,255}")
_HASH = re.compile(r"[0-9a-fA-F]{32}")
_PROJECT_URL = re.compile(r"https?://(?=[^/.][^/]*\.)[^\x00-\x1f\x7f \",]+", re.IGNORECASE)
_TOKEN = re.compile(r"[!-~]{1,255}")
_PERCENT = re.compile(r"0*([1-9][0-9]?|100)%")
_DURATION = re.compile(r"([0-9]+)(ms|s|m|h|)")
_MILLISECONDS = {"": 1000, "ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000}


def good(name: str, value: str) -> bool:
    """Of an argument that is left to the node any text is good here."""
    return name not in RULES or RULES[name](value)


def _is_label(text: str) -> bool:
    return bool(_LABEL.fullmatch(text))


def _is_address(text: str) -> bool:
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, text)
            return True
        except (OSError, ValueError):
            pass
    return False


def _is_host(text: str) -> bool:
    labels = text.split(".")
    # "10.0.0.256": labels all right, but nothing that a name server would know.
    is_name = len(text) <= _LONGEST_NAME and all(map(_is_label, labels)) and not labels[-1].isdigit()
    return _is_address(text) or is_name


def _is_host_list(text: str) -> bool:
    hosts = [host for host in text.split(",") if host]
    return bool(hosts) and all(map(_is_host, hosts))


def _is_server(text: str) -> bool:
    """A host before a colon: an IPv6 address stands in brackets there."""
    bracketed = len(text) > 2 and text[0] == "[" and text[-1] == "]"
    host = text[1:-1] if bracketed else text
    return _is_host(host) and (":" in host) == bracketed


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and 1 <= int(text) <= 65535


def _is_consul(text: str) -> bool:
    found = _CONSUL.fullmatch(text)
    if not found or not _is_server(found["host"]):
        return False
    return bool(found["scheme"]) if found["port"] is None else _is_port(found["port"])


def _is_syslog_server(text: str) -> bool:
    """HOST or HOST:PORT; no port is looked for within the brackets of an IPv6 address."""
    host, colon, port = text.rpartition(":")
    if not colon or "]" in port:
        return _is_server(text)
    return _is_server(host) and _is_port(port)


def _is_nfs_export(text: str) -> bool:
    server, found, rest = text.partition(":/")
    if not found or not _is_server(server):
        return False
    options = [_NFS_OPTION.fullmatch(option) for option in rest.split(",")[1:]]
    return all(option and (option["port"] is None or _is_port(option["port"])) for option in options)


def _is_password(text: str) -> bool:
    return 1 <= len(text.encode()) <= _LONGEST_PASSWORD and text.strip(" ") == text


def _is_project_url(text: str) -> bool:
    return len(text) <= 255 and bool(_PROJECT_URL.fullmatch(text))


def _is_project_account(text: str) -> bool:
    url, _, key = text.partition(",")
    return _is_project_url(url) and bool(_ACCOUNT_KEY.fullmatch(key))


def _is_manager_account(text: str) -> bool:
    fields = text.split(",")
    return len(fields) == 3 and _is_project_url(fields[0]) and bool(_LOGIN.fullmatch(fields[1]) and _HASH.fullmatch(fields[2]))


def _is_wait(text: str) -> bool:
    found = _DURATION.fullmatch(text)
    return found is not None and int(found[1]) * _MILLISECONDS[found[2]] <= 3_600_000


def _is_watchdog(text: str) -> bool:
    found = _DURATION.fullmatch(text)
    return text == "off" or (found is not None and 5000 <= int(found[1]) * _MILLISECONDS[found[2]] <= 600_000)


def _is_switch(text: str) -> bool:
    return text in ("on", "off")


def _is_share_of_memory(text: str) -> bool:
    return text == "off" or bool(_PERCENT.fullmatch(text))


RULES: dict[str, Callable[[str], bool]] = {
    "uebo.hostname": _is_label,
    "uebo.nfsdir": _is_nfs_export,
    "uebo.boinc.password": _is_password,
    "uebo.boinc.remote_hosts": _is_host_list,
    "uebo.boinc.project": _is_project_account,
    "uebo.boinc.acctmgr": _is_manager_account,
    "uebo.boinc.pin": _is_switch,
    "uebo.consul": _is_consul,
    "uebo.consul.token": lambda text: bool(_TOKEN.fullmatch(text)),
    "uebo.consul.mode": lambda text: text in ("catalog", "agent"),
    "uebo.storage.wait": _is_wait,
    "uebo.watchdog": _is_watchdog,
    "uebo.zram": _is_share_of_memory,
    "uebo.web": _is_switch,
    "uebo.web.token": lambda text: bool(_TOKEN.fullmatch(text)),
    "uebo.modules": lambda text: text == "keep",
    "uebo.ntp": _is_host_list,
    "uebo.log": lambda text: text == "storage",
    "uebo.syslog": _is_syslog_server,
}
# Ten fields with rules of their own, which `uebo check --cmdline` tells.
LEFT_TO_THE_NODE = frozenset({"uebo.net"})
