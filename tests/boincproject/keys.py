"""Keys, made anew for each project: of the code signing, and of TLS. All by the openssl program."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

BITS = 1024  # the one length that the client takes: MAX_RSA_MODULUS_BITS of lib/crypt.h


def _openssl(*words: str, given: bytes = b"") -> bytes:
    return subprocess.run(["openssl", *words], input=given, capture_output=True, check=True).stdout


def _hex(data: bytes) -> str:
    """sprint_hex_data of lib/crypt.cpp: 32 bytes a line, and a full stop behind the last."""
    text = data.hex()
    lines = [text[start : start + 64] for start in range(0, len(text), 64)]
    return "\n".join([*lines, "."]) + "\n"


@dataclass(frozen=True)
class SigningKey:
    """What vouches for programs, and for the addresses in an account manager's reply."""

    file: Path

    @classmethod
    def make(cls, file: Path) -> SigningKey:
        _openssl("genrsa", "-out", str(file), str(BITS))
        return cls(file)

    def public(self) -> str:
        """print_public_key_hex: the number of bits, modulus and exponent, both as long as the longest modulus."""
        text = _openssl("rsa", "-in", str(self.file), "-noout", "-modulus", "-text").decode()
        modulus, exponent = re.search(r"^Modulus=([0-9A-F]+)$", text, re.M), re.search(r"^publicExponent: (\d+)", text, re.M)
        assert modulus and exponent, text
        length = BITS // 8
        return f"{BITS}\n" + _hex(bytes.fromhex(modulus[1]) + int(exponent[1]).to_bytes(length, "big"))

    def signature(self, md5: str) -> str:
        """sign_block: PKCS#1 v1.5 over the hexadecimal digits of the MD5, without a prefix that names a digest."""
        sign = ("pkeyutl", "-sign", "-inkey", str(self.file), "-pkeyopt", "rsa_padding_mode:pkcs1")
        return _hex(_openssl(*sign, given=md5.encode()))


@dataclass(frozen=True)
class Authority:
    """Vouches for servers; `certificate` and `key` are PEM files. tests/run makes the one that the tests' images trust."""

    certificate: Path
    key: Path

    def vouch_for(self, folder: Path, *names: str) -> Path:
        """A server's certificate and its key, in one PEM file. `names` as subjectAltName has them: "IP:10.0.2.2", "DNS:boinc.lan"."""
        folder.mkdir(parents=True, exist_ok=True)
        key, request, extensions, server = (folder / f"server.{end}" for end in ("key", "csr", "ext", "pem"))
        _openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=project of the tests",
                 "-keyout", str(key), "-out", str(request))  # fmt: skip
        extensions.write_text(f"subjectAltName={','.join(names)}\n")
        signed = _openssl("x509", "-req", "-in", str(request), "-CA", str(self.certificate), "-CAkey", str(self.key),
                          "-CAcreateserial", "-days", "3650", "-extfile", str(extensions))  # fmt: skip
        server.write_bytes(signed + key.read_bytes())
        return server
