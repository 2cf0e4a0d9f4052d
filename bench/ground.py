"""What the measurements share: a project of the workload, a free port, and a proxy that counts calls."""

from __future__ import annotations

import os
import re
import socket
import sys
import threading
from collections import Counter
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from workload import PROGRAM

ROOT = Path(__file__).parents[1]
INFRA = [sys.executable, "-m", "prefect_pulumi.cli.main"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def project(folder: Path, api_url: str, size: int) -> dict[str, str]:
    """Writes a project that declares `size` objects; the environment for its commands, without a passphrase."""
    (folder / "infra").mkdir(parents=True)
    (folder / "infra" / "__main__.py").write_text(PROGRAM.format(size=size))
    (folder / "Pulumi.yaml").write_text(
        "name: bench\nruntime: python\nmain: infra\nplugins:\n  providers:\n  - {name: prefect, path: .venv/bin}\n"
    )
    (folder / "Pulumi.dev.yaml").write_text(f"config:\n  prefect:apiUrl: {api_url}\n")
    return {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}


class Proxy:
    """Hands every request on to `port` and counts it by method and route, ids and names left out."""

    def __init__(self, port: int) -> None:
        calls = self.calls = Counter[str]()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def pass_on(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                path = re.sub(
                    r"/(?:[0-9a-f-]{36}|(?:pool|secret|variable|limit)[-_]\d+|q\d+)(?=/|$|\?)", "/{}", self.path
                )
                calls[f"{self.command} {path}"] += 1
                upstream = HTTPConnection("127.0.0.1", port, timeout=60)
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
                """Counting is enough."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/api"
