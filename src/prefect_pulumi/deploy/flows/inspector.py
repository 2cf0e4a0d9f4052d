"""What the flows and steps of a project are, found by importing them in a child process; kept by content.

Nothing of the user's code runs in the engine, and an unchanged project starts no process.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import queue
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

from prefect_pulumi.core.folders import make_folder
from prefect_pulumi.deploy.flows.source import Entrypoint, SourceFault, needed_files
from prefect_pulumi.interpreter.interpreters import Child, Command, Interpreter

Json = dict[str, Any]

START_SECONDS = 120.0
"""How long prefect itself may take to be imported."""

NOT_HANDED_ON = ("PREFECT_", "PULUMI_")
"""Credentials and settings of ours that the user's code has no need of."""

QUIET = {
    "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_LOGGING_TO_API_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
}
"""No server is started, nothing is sent and nothing is written for an import."""

PASSING = frozenset(
    {"_", "SHLVL", "PWD", "OLDPWD", "COLUMNS", "LINES", "TERM", "NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE"}
    | {"TTY_INTERACTIVE", "RANDOM", "SECONDS"}
)
"""Variables that change from one terminal to the next and mean nothing."""


def handed_on(env: Mapping[str, str]) -> dict[str, str]:
    """What of our own environment the user's code gets."""
    return {key: value for key, value in env.items() if not key.startswith(NOT_HANDED_ON)}


@dataclass(frozen=True)
class ImportResult:
    """What one import gave.

    A flow has its `flow` name and the JSON `schema` of its parameters, a step its `arguments` (name -> whether it is
    required; `others`: it takes more). `fault` says why the import failed, or with `absent` that the module has
    no such flow; `missing_module` which module was not found (name and schema are then those of the source),
    `needs_server` that it asked for a Prefect API. `files` are the project's files that it read, relative to the
    folder, `variables` the environment variables.
    """

    name: str
    flow: str = ""
    schema: Json | None = None
    arguments: Mapping[str, bool] | None = None
    others: bool = False
    fault: str = ""
    absent: bool = False
    missing_module: str = ""
    needs_server: bool = False
    files: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()

    @property
    def lasting(self) -> bool:
        """Whether another import of the same files would end the same way."""
        return not self.fault or self.needs_server or bool(self.missing_module)


class FlowInspector:
    """Imports of one folder, with their memory in `cache` (a file that may vanish at any time).

    `limit`: seconds that one import may take; `interpreter`: what starts the child.
    """

    def __init__(
        self,
        root: Path,
        cache: Path,
        env: Mapping[str, str],
        *,
        limit: float = 60.0,
        interpreter: Interpreter | None = None,
    ) -> None:
        self.root = root.resolve()
        self.interpreter = interpreter or Interpreter()
        self.cache = cache
        self.limit = limit
        self.env = handed_on(env)
        self.started = 0
        """Processes that were started."""
        self._hashes: dict[str, str] = {}
        self._base = _installation()
        self._kept: Json | None = None
        self._done: dict[str, ImportResult] = {}

    def inspect(self, entrypoints: Collection[str], steps: Collection[str] = ()) -> dict[str, ImportResult]:
        """Entrypoint or full name of a step's function -> what it is. Each at most once, in the given order."""
        names = [*dict.fromkeys(steps), *dict.fromkeys(entrypoints)]
        self._done |= {
            name: known for name in names if name not in self._done and (known := self._known(name)) is not None
        }
        todo = [name for name in names if name not in self._done]
        while todo:
            answered = self._run([n for n in todo if n in entrypoints], [n for n in todo if n in steps])
            self._done |= answered
            todo = [name for name in todo if name not in answered]
        return {name: self._done[name] for name in names}

    def keep(self) -> None:
        """Writes what was found, for the next run."""
        fresh = {name: self._entry(result) for name, result in self._done.items() if result.lasting}
        if fresh == self._read():
            return
        make_folder(self.cache.parent)
        handle, name = tempfile.mkstemp(dir=self.cache.parent, prefix=self.cache.name)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            json.dump(fresh, stream)
        Path(name).replace(self.cache)

    # What is known from before.

    def _read(self) -> Json:
        if self._kept is None:
            try:
                kept = json.loads(self.cache.read_text("utf-8"))
            except (OSError, ValueError):
                kept = {}
            self._kept = kept if isinstance(kept, dict) else {}
        return self._kept

    def _known(self, name: str) -> ImportResult | None:
        entry = self._read().get(name)
        if not isinstance(entry, dict):
            return None
        try:
            result = _import_result(entry["found"])
            return result if entry["digest"] == self._digest(result) else None
        except (TypeError, KeyError, AttributeError):
            return None

    def _entry(self, result: ImportResult) -> Json:
        return {"digest": self._digest(result), "found": asdict(result)}

    def _digest(self, result: ImportResult) -> str:
        """Over all that the import depended on. Values of variables enter only here."""
        digest = hashlib.sha256(self._base.encode())
        for name in result.variables:
            digest.update(f"\0{name}\0{self.env.get(name, chr(1))}".encode())
        for name in result.files:
            digest.update(f"\0{name}\0{self._hash(name)}".encode())
        return digest.hexdigest()

    def _hash(self, name: str) -> str:
        if name not in self._hashes:
            try:
                self._hashes[name] = hashlib.sha256((self.root / name).read_bytes()).hexdigest()
            except OSError:
                self._hashes[name] = "gone"
        return self._hashes[name]

    # The child.

    def _run(self, entrypoints: list[str], steps: list[str]) -> dict[str, ImportResult]:
        """Answers until all are there, one takes too long, or the child dies: the culprit then has a fault."""
        results: dict[str, ImportResult] = {}
        current = ""
        with tempfile.TemporaryDirectory(prefix="prefect-pulumi-") as home, self._child(home) as child:
            process, requests, stream = child
            lines: queue.Queue[str] = queue.Queue()
            threading.Thread(target=_pump, args=(stream, lines), daemon=True).start()
            request = json.dumps({"entrypoints": entrypoints, "steps": steps})
            with contextlib.suppress(BrokenPipeError), requests:
                requests.write(request)
            while len(results) < len(entrypoints) + len(steps):
                try:
                    text = lines.get(timeout=self.limit if current else START_SECONDS)
                except queue.Empty:
                    results |= self._culprit(
                        current,
                        [*steps, *entrypoints],
                        f"its import took more than {self.limit:g} s; fix it, or raise import_seconds",
                    )
                    break
                if not text:
                    code = process.wait()
                    results |= self._culprit(
                        current, [*steps, *entrypoints], f"its import ended the interpreter (exit code {code})"
                    )
                    break
                line = json.loads(text)
                if "fatal" in line:
                    fault = f"prefect itself cannot be imported in this folder: {line['fatal']}"
                    return {name: ImportResult(name, fault=fault) for name in (*steps, *entrypoints)}
                if "begin" in line:
                    current = line["begin"]
                else:
                    results[line["name"]] = self._complete(_import_result(line))
        return results

    def _culprit(self, current: str, names: list[str], fault: str) -> dict[str, ImportResult]:
        if current:
            return {current: ImportResult(current, fault=fault)}
        return {name: ImportResult(name, fault=f"importing prefect itself: {fault}") for name in names}

    def _complete(self, result: ImportResult) -> ImportResult:
        """With the files that the source names, though this import did not come to read them."""
        try:
            named = needed_files(Entrypoint.parse(result.name, self.root).path, self.root) if result.flow else []
        except SourceFault:
            named = []
        files = {*result.files, *named}
        variables = sorted(name for name in set(result.variables) - PASSING if not name.startswith(NOT_HANDED_ON))
        return _import_result({**asdict(result), "files": sorted(files), "variables": variables})

    @contextlib.contextmanager
    def _child(self, home: str) -> Iterator[tuple[Child, IO[str], IO[str]]]:
        """The child, where it reads its request, and its answers."""
        reader, writer = os.pipe()
        stdin, requests = os.pipe()
        quiet = os.open(os.devnull, os.O_RDWR)
        self.started += 1
        try:
            process = self.interpreter.start(
                Command(
                    "prefect_pulumi.deploy.flows.child",
                    [str(writer)],
                    cwd=self.root,
                    env={**self.env, **QUIET, "PREFECT_HOME": home},
                    streams=(stdin, quiet, quiet),
                    pass_fds=(writer,),
                    session=True,
                )
            )
        finally:
            for descriptor in (writer, stdin, quiet):
                os.close(descriptor)
        with (
            os.fdopen(requests, "w", encoding="utf-8") as request_stream,
            os.fdopen(reader, encoding="utf-8") as answers,
        ):
            try:
                yield process, request_stream, answers
            finally:
                _stop(process)


def _pump(stream: IO[str], lines: queue.Queue[str]) -> None:
    with contextlib.suppress(ValueError, OSError):
        for line in stream:
            lines.put(line)
    lines.put("")


def _stop(process: Child) -> None:
    """Ends the child and what the user's code started in it."""
    began = time.monotonic()
    while process.poll() is None and time.monotonic() - began < 0.5:
        time.sleep(0.01)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _import_result(entry: Mapping[str, Any]) -> ImportResult:
    known: Json = {name: entry[name] for name in ImportResult.__dataclass_fields__ if name in entry}
    known |= {name: tuple(known[name]) for name in ("files", "variables") if name in known}
    return ImportResult(**known)


def _installation() -> str:
    """Changes with the interpreter, with prefect, and when a package comes or goes."""
    parts = [sys.version, sys.executable, version("prefect")]
    parts.append(hashlib.sha256(Path(__file__).with_name("child.py").read_bytes()).hexdigest())
    for folder in sys.path:
        if "site-packages" in folder or "dist-packages" in folder:
            with contextlib.suppress(OSError):
                parts.append(f"{folder}:{Path(folder).stat().st_mtime_ns}")
    return "\0".join(parts)
