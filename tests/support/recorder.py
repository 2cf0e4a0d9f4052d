"""A proxy in front of a Prefect server: it writes down every request, and can die at one."""

from __future__ import annotations

import threading
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

READS = ("/filter", "/paginate", "/count")


class Recorder:
    """Context manager. `seen`: (method, path) in order; `dies_at`: from the first request whose path ends so, every
    connection is cut."""

    def __init__(self, api_url: str, *, dies_at: str = "") -> None:
        target = urlsplit(api_url)
        self._path = target.path
        seen = self.seen = list[tuple[str, str]]()
        dead = threading.Event()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def pass_on(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                seen.append((self.command, self.path))
                if dies_at and self.path.endswith(dies_at):
                    dead.set()
                if dead.is_set():
                    self.close_connection = True
                    self.connection.close()
                    return
                upstream = HTTPConnection(target.hostname or "", target.port, timeout=60)
                upstream.request(self.command, self.path, body, dict(self.headers))
                answer = upstream.getresponse()
                content = answer.read()
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
                upstream.close()

            do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = pass_on  # noqa: N815 - http.server's names

            def log_message(self, format: str, *args: object) -> None:
                """`seen` is enough."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                """A cut connection is what was wanted."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}{self._path}"

    @property
    def writes(self) -> list[tuple[str, str]]:
        """Requests that could change something."""
        return [
            (method, path)
            for method, path in self.seen
            if method not in ("GET", "HEAD") and not (method == "POST" and path.split("?")[0].endswith(READS))
        ]

    def __enter__(self) -> Recorder:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
