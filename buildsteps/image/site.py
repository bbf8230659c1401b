"""The site's own settings: site.toml, described by site.toml.example."""

import os
import pathlib
import re
import tomllib
from dataclasses import dataclass, field

from image import platform

DEFAULT_TIME_SERVERS = [f"{number}.debian.pool.ntp.org" for number in range(4)]
CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----\n[A-Za-z0-9+/=\n]+\n-----END CERTIFICATE-----")
KEY_LINE = re.compile(r"(^|\s)(ssh-|ecdsa-|sk-)\S+ [A-Za-z0-9+/=]{20,}")


@dataclass(frozen=True)
class Site:
    ssh_keys: list[str] = field(default_factory=list)
    password_hash: str | None = None
    ntp: list[str] = field(default_factory=lambda: DEFAULT_TIME_SERVERS)
    modules: list[str] = field(default_factory=list)
    optional: list[str] = field(default_factory=list)
    certificates: list[str] = field(default_factory=list)


def load() -> Site:
    path = pathlib.Path(os.environ["SITE"])
    if not path.is_file():
        return Site()
    try:
        data = tomllib.loads(path.read_text())
    except tomllib.TOMLDecodeError as error:
        platform.fail(f"{path}: {error}")
    known = {"ssh-keys": list, "password-hash": str, "ntp": list, "modules": list, "optional": list, "certificates": list}
    for key, value in data.items():
        if key not in known:
            platform.fail(f"{path}: unknown setting '{key}' (known: {', '.join(known)})")
        if not isinstance(value, known[key]) or (isinstance(value, list) and not all(isinstance(v, str) for v in value)):
            platform.fail(f"{path}: {key} must be {'a list of texts' if known[key] is list else 'a text'}")
    for line in data.get("ssh-keys", []):
        if "\n" in line or not KEY_LINE.search(line):
            platform.fail(f"{path}: ssh-keys: this is no line of an authorized_keys file: {line!r}")
    for text in data.get("certificates", []):
        if not CERTIFICATE.fullmatch(text.strip()):
            platform.fail(f"{path}: certificates: expected one certificate in PEM, from its BEGIN line to its END line: {text[:60]!r}")
    password = data.get("password-hash")
    if password is not None and not re.fullmatch(r"\$[56]\$[^:\s]+", password):
        platform.fail(f"{path}: password-hash must be a SHA-256 or SHA-512 crypt hash, as `openssl passwd -6` prints it")
    return Site(
        ssh_keys=data.get("ssh-keys", []),
        password_hash=password,
        ntp=data.get("ntp", DEFAULT_TIME_SERVERS),
        modules=data.get("modules", []),
        certificates=data.get("certificates", []),
        optional=list(dict.fromkeys(data.get("optional", []))),
    )
