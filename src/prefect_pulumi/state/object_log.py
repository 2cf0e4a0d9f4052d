"""A log in a bucket: lines that are appended together are one object.

The first object is the log's head, `<key>`: its first line names the run that writes the log. The others are
`<key>.d/<run>/<number>`. Each is created where there is none, and a line counts as written once its object and all
before it are there; so a reader that creates the next object in the place of the writer knows that it has read
everything, and the writer finds it there. That object outlives the log by a day, for a writer that slept meanwhile.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from prefect_pulumi.state.store import Store, TakenLogError

WRITERS = 4
"""Objects that are under way at once; what is appended meanwhile goes into the next one."""
READERS = 16
LINGER = 0.1
"""Seconds for which lines that nobody awaits wait for others."""
FENCE_SECONDS = 86400.0
"""How long the object stays with which a reader has ended a log, at least."""
FENCE = b"\x00taken "
"""Beginning of the object with which a reader ends a log."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a log has: the run that writes it ("": there is none), its lines, and in how many objects they are.

    `is_ended`: nothing can be added any more.
    """

    run: str
    lines: list[bytes]
    count: int
    is_ended: bool


class ObjectLog:
    """`Log` of the objects of `store` under `key`."""

    def __init__(self, store: Store, key: str) -> None:
        self.where = store.where(key)
        self._store = store
        self._key = key
        self._state = threading.Condition()
        self._fault: BaseException | None = None
        self._reset()

    def _reset(self) -> None:
        self._run = uuid.uuid4().hex
        self._lines: list[bytes] = []
        self._appended = 0
        self._written = 0
        self._begun = 0
        self._ended: dict[int, int] = {}
        self._first_open = 1
        self._busy = 0
        self._awaited = False
        self._fence = ""
        self._pool: ThreadPoolExecutor | None = None

    def exists(self) -> bool:
        return self._store.read(self._key) is not None

    def append(self, line: bytes, *, sync: bool = True, wait: bool = True) -> None:
        """`sync` changes nothing: an object that is written outlives every machine."""
        with self._state:
            self._lines.append(line)
            self._appended += 1
            own = self._appended
            if wait:
                self._hurry()
            elif not self._busy:
                self._start_writer()
            while wait and self._written < own and self._fault is None:
                self._state.wait()
            if self._fault is not None:
                raise self._fault

    def _hurry(self) -> None:
        self._awaited = True
        self._state.notify_all()
        self._start_writer()

    def _start_writer(self) -> None:
        """The head is written alone: without it the others belong to nobody."""
        if self._fault is None and self._busy < (WRITERS if self._written else 1):
            self._busy += 1
            if self._pool is None:
                self._pool = ThreadPoolExecutor(WRITERS, thread_name_prefix="log")
            self._pool.submit(self._write_all)

    def _write_all(self) -> None:
        while True:
            with self._state:
                if self._lines:
                    self._state.wait_for(lambda: self._awaited or self._fault is not None, LINGER)
                lines, self._lines, self._awaited = self._lines, [], False
                if not lines or self._fault is not None:
                    self._busy -= 1
                    self._state.notify_all()
                    return
                self._begun += 1
                number, last = self._begun, self._appended
            try:
                self._write(number, lines)
            except BaseException as error:  # noqa: BLE001 - raised where a line is awaited or appended
                with self._state:
                    self._fault = error
                    self._busy -= 1
                    self._state.notify_all()
                return
            with self._state:
                self._ended[number] = last
                while self._first_open in self._ended:
                    self._written = self._ended.pop(self._first_open)
                    self._first_open += 1
                self._state.notify_all()

    def _write(self, number: int, lines: list[bytes]) -> None:
        text = b"".join(line + b"\n" for line in lines)
        try:
            if number == 1:
                self._store.create(self._key, json.dumps({"run": self._run}).encode() + b"\n" + text)
            else:
                self._store.create(self._entry(self._run, number), text)
        except FileExistsError as error:
            raise TakenLogError(self.where) from error

    def _entry(self, run: str, number: int) -> str:
        return f"{self._key}.d/{run}/{number:08d}"

    def _head(self) -> tuple[str, list[bytes]]:
        """The run that writes the log, and the lines of its first object; "" when there is no log."""
        stored = self._store.read(self._key)
        if stored is None:
            return "", []
        first, *lines = stored.data.split(b"\n")
        run = ""
        with contextlib.suppress(ValueError, KeyError, TypeError):
            run = str(json.loads(first)["run"])
        return run, lines[:-1]

    def lines(self) -> list[bytes]:
        return self._read().lines

    def seize(self) -> list[bytes]:
        while True:
            content = self._read()
            self._fence = self._entry(content.run, content.count + 1)
            with contextlib.suppress(FileExistsError):  # the writer was faster, and there is more to read
                if not content.is_ended:
                    self._store.create(self._fence, FENCE + uuid.uuid4().hex.encode())
                return content.lines

    def _read(self) -> Content:
        run, lines = self._head()
        if not run:
            return Content(run, lines, 0, is_ended=True)
        count = 1
        with ThreadPoolExecutor(READERS) as pool:
            while True:
                keys = [self._entry(run, count + 1 + index) for index in range(READERS)]
                for stored in pool.map(self._store.read, keys):
                    if stored is None or stored.data.startswith(FENCE):
                        return Content(run, lines, count, is_ended=stored is not None)
                    count += 1
                    lines += stored.data.split(b"\n")[:-1]

    def clear(self) -> None:
        """The head goes first: without it the rest counts no longer."""
        self.close()
        if isinstance(self._fault, TakenLogError):
            return  # another run's
        run = self._run if self._begun else self._head()[0]
        self._store.delete([self._key])
        own, past = f"{self._key}.d/{run}/", time.time() - FENCE_SECONDS
        self._store.delete(
            item.key
            for item in self._store.list(f"{self._key}.d")
            if (item.key.startswith(own) and item.key != self._fence) or item.modified < past
        )
        self._reset()

    def close(self) -> None:
        with self._state:
            while (self._busy or self._lines) and self._fault is None:
                self._hurry()
                self._state.wait(1.0)
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown()
