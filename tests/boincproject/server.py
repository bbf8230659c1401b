"""The project over HTTP, or HTTPS: the places that the client asks (client/http_curl.cpp, client/file_xfer.cpp)."""

from __future__ import annotations

import http.server
import re
import ssl
import threading
from pathlib import Path
from typing import Any

from boincproject.project import Project, element

UPLOAD_REFUSED = "<data_server_reply><status>-1</status><message>no such file is wanted</message></data_server_reply>\n"


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    project: Project

    def do_GET(self) -> None:
        path = self.path.split("?")[0]
        project = self.project
        if path == "/":
            self._answer(project.master_page().encode(), "text/html")
        elif path == "/get_project_config.php":
            self._answer(project.configuration().encode())
        elif path.startswith("/download/") and path.removeprefix("/download/") in project.files:
            name = path.removeprefix("/download/")
            project.say(f"{name} is downloaded")
            self._answer_part(project.files[name])
        else:
            project.say(f"nothing is at {self.path}")
            self.send_error(404)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        text = body.decode(errors="replace")
        if self.path == "/cgi-bin/scheduler":
            self._answer(self.project.schedule(text).encode())
        elif self.path == "/cgi-bin/file_upload_handler":
            self._answer(self._upload(body, text).encode())
        elif self.path == "/rpc.php":
            self._answer(self.project.account_of(text).encode())
        else:
            self.project.say(f"nothing is at {self.path}")
            self.send_error(404)

    def _upload(self, body: bytes, text: str) -> str:
        """sched/file_upload_handler.cpp: how much is there already, which is nothing; then the file, behind a line with <data>."""
        if element("get_file_size", text):
            return "<data_server_reply>\n<status>0</status>\n<file_size>0</file_size>\n</data_server_reply>\n"
        found = re.search(rb"<data>\n?", body)
        size = int(element("nbytes", text) or 0)
        content = body[found.end() : found.end() + size] if found else b""
        taken = len(content) == size and self.project.take_upload(element("name", element("file_info", text)), content)
        return "<data_server_reply>\n<status>0</status>\n</data_server_reply>\n" if taken else UPLOAD_REFUSED

    def _answer(self, body: bytes, kind: str = "text/xml", status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _answer_part(self, body: bytes) -> None:
        """A download that broke off is gone on with (RFC 9110, 14.2)."""
        found = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        begin = int(found[1]) if found else 0
        if not 0 < begin < len(body):
            self._answer(body, "application/octet-stream")
            return
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {begin}-{len(body) - 1}/{len(body)}")
        self.send_header("Content-Length", str(len(body) - begin))
        self.end_headers()
        self.wfile.write(body[begin:])

    def log_message(self, format: str, *args: Any) -> None:
        """The project's own log tells what happened."""


class _Listener(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that is killed hangs up in the middle: that is what tests do."""


class Server:
    """Serves a project at `address` until it is stopped; `host` is what clients call it. Its URL is the project's from then on.
    With a certificate (and its key, one PEM file) over TLS alone."""

    def __init__(self, project: Project, host: str, address: str = "127.0.0.1", port: int = 0, certificate: Path | None = None) -> None:
        handler = type("Handler", (_Handler,), {"project": project})
        self._listener = _Listener((address, port), handler)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            # The handshake is the connection's own thread's to do.
            self._listener.socket = context.wrap_socket(self._listener.socket, server_side=True, do_handshake_on_connect=False)
        self.port = int(self._listener.server_address[1])
        project.url = f"{'https' if certificate else 'http'}://{host}:{self.port}/"
        self._thread = threading.Thread(target=self._listener.serve_forever, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._listener.shutdown()
        self._listener.server_close()
