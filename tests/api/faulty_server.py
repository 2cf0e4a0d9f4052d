"""A server on loopback that fails as real ones do, and a client of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio

from prefect_pulumi.api.client import PrefectClient
from prefect_pulumi.api.connection_settings import ConnectionSettings

RESET = "reset"
RESET_AFTER = "reset after the server acted"


class Faulty:
    """Answers each request with the next entry of `script` (status, headers, body, or a reset); then 200.

    A POST to /things makes the thing of that name; making one twice is a conflict. /guarded wants the token `t`.
    """

    def __init__(self, script: list[Any]) -> None:
        self.script = list(script)
        self.things: list[str] = []
        self.requests: list[str] = []
        self.headers: list[str] = []

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = next(
                (int(h.split(":")[1]) for h in head.splitlines() if h.lower().startswith("content-length")), 0
            )
            body = json.loads(await reader.readexactly(length)) if length else {}
            method, path, _ = head.split(" ", 2)
            self.requests.append(f"{method} {path}")
            self.headers.append(head.lower())
            fault = self.script.pop(0) if self.script else None
            if fault == RESET:
                return
            status, headers, answer = fault if isinstance(fault, tuple) else (200, {}, None)
            if status == 200 and method == "POST" and path == "/api/things":
                name = body["name"]
                status, answer = (409, {"detail": "exists"}) if name in self.things else (201, {"name": name})
                if status == 201:
                    self.things.append(name)
            elif status == 200 and path.startswith("/api/things/"):
                name = path.rsplit("/", 1)[1]
                status, answer = (200, {"name": name}) if name in self.things else (404, {"detail": "no such thing"})
            elif path == "/api/guarded" and "prefect-csrf-token: t\r\n" not in head.lower():
                status, answer = 403, {"detail": "Missing CSRF token."}
            elif status == 200 and "csrf-token?" in path and answer is None:
                answer = {"token": "t"}
            if fault == RESET_AFTER:
                return
            data = json.dumps(answer if answer is not None else {"ok": True}).encode()
            extra = "".join(f"{key}: {value}\r\n" for key, value in headers.items())
            writer.write(
                f"HTTP/1.1 {status} X\r\nContent-Length: {len(data)}\r\nConnection: close\r\n{extra}\r\n".encode()
            )
            writer.write(data)
            await writer.drain()
        finally:
            writer.close()


@asynccontextmanager
async def served(script: list[Any], **settings: Any) -> AsyncIterator[tuple[Faulty, PrefectClient]]:
    faulty = Faulty(script)
    server = await asyncio.start_server(faulty.handle, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    connection = ConnectionSettings(api_url=f"http://127.0.0.1:{port}/api", **settings)
    async with server, PrefectClient(connection) as client:
        yield faulty, client


def run(test: Callable[[], Awaitable[None]]) -> None:
    anyio.run(test)
