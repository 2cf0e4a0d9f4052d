"""Google Cloud Storage's XML API on loopback, as far as a store of states uses it: objects, generations, lists.

The emulators that can be had have no conditional writes in this API. One object's requests are answered one at a time.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape


class Server(ThreadingHTTPServer):
    """`objects`: bucket/key -> (content, generation, time of the write)."""

    daemon_threads = True

    def __init__(self, *buckets: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.buckets = set(buckets)
        self.objects: dict[str, tuple[bytes, int, datetime]] = {}
        self.generation = 0
        self.lock = threading.Lock()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        path, bucket, query = self._parts()
        if "list-type" in query:
            self._list(bucket, query.get("prefix", [""])[0])
            return
        with self.server.lock:
            content, generation, written = self.server.objects.get(path, (b"", 0, datetime.now(UTC)))
        if generation:
            self._answer(200, content, generation, written)
        else:
            self._fail(404, "NoSuchKey" if bucket in self.server.buckets else "NoSuchBucket")

    def do_PUT(self) -> None:
        path, bucket, _ = self._parts()
        content = self.rfile.read(int(self.headers.get("content-length", 0)))
        condition = self.headers.get("x-goog-if-generation-match")
        with self.server.lock:
            present = self.server.objects.get(path, (b"", 0, None))[1]
            if bucket not in self.server.buckets:
                self._fail(404, "NoSuchBucket")
            elif condition is not None and int(condition) != present:
                self._fail(412, "PreconditionFailed")
            else:
                self.server.generation += 1
                written = datetime.now(UTC)
                self.server.objects[path] = (content, self.server.generation, written)
                self._answer(200, b"", self.server.generation, written)

    def do_DELETE(self) -> None:
        path, _, _ = self._parts()
        with self.server.lock:
            if self.server.objects.pop(path, None) is None:
                self._fail(404, "NoSuchKey")
            else:
                self._answer(204, b"", 0, datetime.now(UTC))

    def _parts(self) -> tuple[str, str, dict[str, list[str]]]:
        parts = urlsplit(self.path)
        path = unquote(parts.path).lstrip("/")
        return path, path.partition("/")[0], parse_qs(parts.query)

    def _list(self, bucket: str, prefix: str) -> None:
        if bucket not in self.server.buckets:
            self._fail(404, "NoSuchBucket")
            return
        with self.server.lock:
            objects = sorted(self.server.objects.items())
        rows = [
            f"<Contents><Key>{escape(path.partition('/')[2])}</Key><LastModified>{written.isoformat()}</LastModified>"
            f'<ETag>"{generation}"</ETag><Size>{len(content)}</Size></Contents>'
            for path, (content, generation, written) in objects
            if path.startswith(f"{bucket}/{prefix}")
        ]
        self._answer(200, f"<ListBucketResult>{''.join(rows)}</ListBucketResult>".encode(), 0, datetime.now(UTC))

    def _fail(self, status: int, code: str) -> None:
        self._answer(status, f"<Error><Code>{code}</Code></Error>".encode(), 0, datetime.now(UTC))

    def _answer(self, status: int, content: bytes, generation: int, written: datetime) -> None:
        self.send_response(status)
        if generation:
            self.send_header("ETag", f'"{generation}"')
            self.send_header("x-goog-generation", str(generation))
        self.send_header("Last-Modified", format_datetime(written, usegmt=True))
        if status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing to show."""


@contextmanager
def gcs_server(*buckets: str) -> Iterator[Server]:
    server = Server(*buckets)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()
