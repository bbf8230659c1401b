"""What a test asks a server that speaks JSON over HTTP, from this machine or from inside a network of the tests' own."""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import Any

from support.network import Network
from support.waiting import scaled


class Refused(Exception):
    """An answer that is none of 2xx. `status` is its number, the text what stood in it."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status}: {text}")
        self.status = status


@dataclass
class JsonApi:
    """`base` is what stands before each path: http://127.0.0.1:8500."""

    lan: Network | None
    base: str
    headers: dict[str, str] = field(default_factory=dict)
    trust: ssl.SSLContext | None = None

    def ask(self, path: str, method: str = "GET", body: Any = None) -> Any:
        """The answer, None where it is empty. Raises Refused, and OSError where nobody answers."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, {"Content-Type": "application/json", **self.headers}, method=method)

        def exchange() -> bytes:
            # Whatever proxy this machine's environment names is not meant for these.
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=self.trust))
            with opener.open(request, timeout=scaled(10)) as answer:
                content: bytes = answer.read()
                return content

        try:
            text = self.lan.within(exchange) if self.lan else exchange()
        except urllib.error.HTTPError as error:
            raise Refused(error.code, error.read().decode(errors="replace").strip()) from None
        return json.loads(text) if text.strip() else None
