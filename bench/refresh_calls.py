"""Counts the HTTP calls of a refresh of 1,000 objects, through a proxy on loopback; writes docs/refresh-calls.md.

The mix: 10 % pools, 20 % queues, 30 % variables, 20 % secret blocks, 20 % limits. Starts its own server.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from prefect_pulumi.local.server import ServerSpec, start, stop

ROOT = Path(__file__).parents[1]
OBJECTS = int(sys.argv[1]) if sys.argv[1:2] and sys.argv[1].isdigit() else 1000
PROGRAM = f"""
import pulumi
from prefect_pulumi.resources import *
N = {OBJECTS}
pools = [WorkPool(f"pool-{{i}}", type="process") for i in range(N // 10)]
for i in range(N // 5):
    WorkQueue(f"queue-{{i}}", name=f"q{{i}}", work_pool_name=pools[i % len(pools)].name)
for i in range(N * 3 // 10):
    Variable(f"variable_{{i}}", value={{"number": i}})
for i in range(N // 5):
    SecretBlock(f"secret-{{i}}", value=f"value {{i}}")
    GlobalConcurrencyLimit(f"limit-{{i}}", limit=i + 1)
"""


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


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        server = ServerSpec(root / "server", port=_free_port())
        start(server)
        proxy = Proxy(server.port)
        try:
            rows = measure(root / "project", proxy)
        finally:
            proxy.server.shutdown()
            stop(server)
    text = "\n".join(
        [
            "# HTTP calls",
            "",
            f"{OBJECTS} objects on a self-hosted server (10 % pools, 20 % queues, 30 % variables, 20 % secret blocks,",
            "20 % limits), counted by a proxy on loopback. Made by `python bench/refresh_calls.py`.",
            "",
            "| command | seconds | calls | which |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )
    (ROOT / "docs" / "refresh-calls.md").write_text(text)
    sys.stdout.write(text)


def measure(project: Path, proxy: Proxy) -> list[str]:
    (project / "infra").mkdir(parents=True)
    (project / "infra" / "__main__.py").write_text(PROGRAM)
    (project / "Pulumi.yaml").write_text("name: bench\nruntime: python\nmain: infra\n")
    (project / "Pulumi.dev.yaml").write_text(f"config:\n  prefect:apiUrl: {proxy.url}\n")
    env = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    env["PULUMI_CONFIG_PASSPHRASE"] = "bench"  # noqa: S105 - of a folder that is deleted at the end
    rows = []
    for words in (["up", "--yes"], ["preview"], ["preview", "--refresh"], ["destroy", "--yes"]):
        proxy.calls.clear()
        began = time.perf_counter()
        command = [sys.executable, "-m", "prefect_pulumi.cli.main", *words, "-s", "dev"]
        subprocess.run(command, cwd=project, env=env, check=True, capture_output=True)
        seconds = time.perf_counter() - began
        shown = ", ".join(f"{route} x {count}" for route, count in proxy.calls.most_common(6))
        rows.append(f"| `infra {' '.join(words)}` | {seconds:.1f} | {proxy.calls.total()} | {shown} |")
    return rows


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    main()
