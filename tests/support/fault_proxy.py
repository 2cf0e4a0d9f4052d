"""A proxy on loopback before a real server, which answers some calls with a fault instead of the server's answer."""

from __future__ import annotations

import asyncio
import json
import random
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime

FAULTS = ("429", "500", "503", "500 after", "503 after", "reset", "reset after", "late")
"""`after`: the server has acted; `late`: its answer comes after `late` seconds. In `once` there may also be 403,
501, and 422, which echoes what was sent."""


@dataclass
class Call:
    method: str
    path: str
    fault: str
    at: float


@dataclass
class FaultPlan:
    """Which fault a call gets, "" for none. The first matching entry of `once` is used up; then `share` is drawn."""

    share: float = 0.0
    seed: int = 0
    late: float = 5.0
    once: list[tuple[Callable[[str, str], bool], str]] = field(default_factory=list)
    down: bool = False
    ahead: float = 0.0
    """Seconds by which the server's clock is ahead of the client's: its `Date` and the times of its objects."""
    silent: bool = False
    """It takes connections and requests, and answers none."""
    faults: tuple[str, ...] = FAULTS

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self._dealt: list[str] = []

    def fault(self, method: str, path: str) -> str:
        for index, (matches, fault) in enumerate(self.once):
            if matches(method, path):
                del self.once[index]
                return fault
        if self.random.random() >= self.share:
            return ""
        if not self._dealt:
            self._dealt = self.random.sample(self.faults, len(self.faults))
        return self._dealt.pop()


class FaultProxy:
    """`plan` may be exchanged between two runs. `calls`: what came, in order."""

    def __init__(self, upstream: int) -> None:
        self.upstream = upstream
        self.plan = FaultPlan()
        self.calls: list[Call] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self._serve, "127.0.0.1", 0), self._loop
        ).result()
        self.port = self._server.sockets[0].getsockname()[1]
        self.api = f"http://127.0.0.1:{self.port}/api"

    def close(self) -> None:
        async def end() -> None:
            self._server.close()
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while not self.plan.down and await self._answer(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        body = await reader.readexactly(_length(head))
        method, path, _ = head.split(b"\r\n", 1)[0].decode().split(" ", 2)
        if self.plan.down:
            return False
        if self.plan.silent:
            await reader.read()  # until the caller has enough of it
            return False
        fault = self.plan.fault(method, path)
        self.calls.append(Call(method, path, fault, time.monotonic()))
        if fault in {"403", "422", "429", "501", "500", "503"}:
            text = json.dumps({"detail": f"cannot take {body.decode()}"}).encode() if fault == "422" else b"{}"
            writer.write(b"HTTP/1.1 %s X\r\ncontent-length: %d\r\n\r\n%s" % (fault.encode(), len(text), text))
            await writer.drain()
            return True
        if fault == "reset":
            writer.transport.abort()
            return False
        answer = await self._forward(head, body)
        if fault == "reset after":
            writer.transport.abort()
            return False
        if fault.endswith(" after"):
            answer = b"HTTP/1.1 %s X\r\ncontent-length: 2\r\n\r\n{}" % fault[:3].encode()
        if self.plan.ahead:
            answer = _shifted(answer, self.plan.ahead)
        if fault == "late":
            await asyncio.sleep(self.plan.late)
        writer.write(answer)
        await writer.drain()
        return True

    async def _forward(self, head: bytes, body: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.upstream)
        try:
            writer.write(head.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n") + body)
            await writer.drain()
            answer = await reader.readuntil(b"\r\n\r\n")
            answer = answer.replace(b"connection: close\r\n", b"")
            return answer + await reader.readexactly(_length(answer))
        finally:
            writer.close()


def _shifted(answer: bytes, seconds: float) -> bytes:
    """The answer of a server whose clock is that much ahead."""
    by = timedelta(seconds=seconds)

    def moved(found: re.Match[bytes]) -> bytes:
        return found[1] + (datetime.fromisoformat(found[2].decode()) + by).isoformat().encode() + found[3]

    head, _, body = answer.partition(b"\r\n\r\n")
    body = re.sub(rb'("(?:created|updated)":")([^"]+)(")', moved, body)
    lines = []
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b": ")
        if name.lower() == b"date":
            value = format_datetime(parsedate_to_datetime(value.decode()) + by, usegmt=True).encode()
        elif name.lower() == b"content-length":
            value = b"%d" % len(body)
        lines.append(name + b": " + value if value else line)
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0
