"""The file backend: the same folders and files as the official CLI's `file://` backend."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from prefect_pulumi.errors import StateError
from prefect_pulumi.state import checkpoint, integrity
from prefect_pulumi.state.entries import Snapshot
from prefect_pulumi.state.secrets import PassphraseManager


class StateReader(Protocol):
    """What planning, drift and review are given."""

    def exists(self) -> bool: ...

    def salt(self) -> str: ...

    def load(self, manager: PassphraseManager | None) -> Snapshot: ...


class StateWriter(StateReader, Protocol):
    """What updates are given."""

    def save(self, snapshot: Snapshot, manager: PassphraseManager | None) -> None: ...


class FileBackend:
    """Stacks of one project under `root`/.pulumi."""

    def __init__(self, root: Path, project: str) -> None:
        self.root = root
        self.project = project

    @property
    def _pulumi(self) -> Path:
        return self.root / ".pulumi"

    @property
    def _stacks(self) -> Path:
        return self._pulumi / "stacks" / self.project

    def list_stacks(self) -> list[str]:
        """Names of the stacks that exist."""
        names = {
            path.name.removesuffix(".gz").removesuffix(".json")
            for path in self._stacks.glob("*.json*")
            if path.name.endswith((".json", ".json.gz"))
        }
        return sorted(names)

    def reader(self, stack: str) -> StateReader:
        return _StackFile(self, stack)

    def writer(self, stack: str) -> StateWriter:
        return _StackFile(self, stack)

    def file_of(self, stack: str) -> Path:
        """The stack's checkpoint; of a plain and a compressed one the newer counts."""
        plain, packed = self._stacks / f"{stack}.json", self._stacks / f"{stack}.json.gz"
        found = [path for path in (plain, packed) if path.exists()]
        return max(found, key=lambda path: path.stat().st_mtime_ns) if found else plain

    def holds_secrets(self, stack: str) -> bool:
        """Whether loading the state will need the passphrase's key; a look, not a check."""
        path = self.file_of(stack)
        with contextlib.suppress(OSError):
            return path.suffix == ".gz" or b'"ciphertext"' in path.read_bytes()
        return False

    def prepare(self) -> None:
        """Makes the folders and `meta.yaml` of an empty backend."""
        self._stacks.mkdir(parents=True, exist_ok=True)
        meta = self._pulumi / "meta.yaml"
        if not meta.exists():
            write_atomic(meta, b"version: 1\n")

    def write_history(
        self, stack: str, *, kind: str, start: int, end: int, result: str, changes: Mapping[str, int]
    ) -> None:
        """The record that `pulumi stack history` shows, with a copy of the state after it. Times: unix seconds."""
        folder = self._pulumi / "history" / self.project / stack
        folder.mkdir(parents=True, exist_ok=True)
        stamp = time.time_ns()
        record = {
            "kind": kind,
            "startTime": start,
            "message": "",
            "environment": {"exec.kind": "prefect-pulumi"},
            "config": {},
            "version": 0,
            "result": result,
            "endTime": end,
            "resourceChanges": dict(changes),
        }
        write_atomic(folder / f"{stack}-{stamp}.history.json", json.dumps(record).encode())
        write_atomic(folder / f"{stack}-{stamp}.checkpoint.json", self.file_of(stack).read_bytes())


class _StackFile:
    """Reader and writer of one checkpoint."""

    def __init__(self, backend: FileBackend, stack: str) -> None:
        self._backend = backend
        self._stack = stack

    @property
    def _path(self) -> Path:
        return self._backend.file_of(self._stack)

    def exists(self) -> bool:
        return self._path.exists()

    def salt(self) -> str:
        return checkpoint.salt_of(self._read(), str(self._path)) if self.exists() else ""

    def load(self, manager: PassphraseManager | None) -> Snapshot:
        """The stack's snapshot, empty when the stack does not exist yet."""
        if not self.exists():
            return Snapshot.empty()
        return checkpoint.parse(self._read(), manager, str(self._path))

    def _read(self) -> bytes:
        try:
            return self._path.read_bytes()
        except OSError as error:
            raise StateError(error.strerror or str(error), where=str(self._path)) from error

    def save(self, snapshot: Snapshot, manager: PassphraseManager | None) -> None:
        """Writes the checkpoint whole or not at all; the file as it was stays as `.bak`."""
        faults = integrity.check(snapshot)
        if faults:
            raise StateError(f"refusing to write a state that the CLI would not read: {faults[0]}", where=self._stack)
        data = checkpoint.render(snapshot, manager, f"{self._backend.project}/{self._stack}")
        try:
            self._backend.prepare()
            path = self._backend.file_of(self._stack)
            if path.exists():
                write_atomic(path.with_name(path.name + ".bak"), path.read_bytes())
            if path.suffix == ".gz":
                path.rename(path.with_name(path.name + ".bak"))
                path = path.with_suffix("")
            write_atomic(path, data)
        except OSError as error:
            raise StateError(
                f"the state cannot be written: {error.strerror or error}",
                where=str(self._path),
                remedy="free the disk or mend the folder's permissions, then run again: the journal has what was done",
            ) from error


def write_atomic(path: Path, data: bytes) -> None:
    """Temporary file, sync, rename; a stale `.attrs` sidecar of the CLI's blob library goes."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    path.with_name(path.name + ".attrs").unlink(missing_ok=True)
