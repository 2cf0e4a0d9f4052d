"""The state of a project's stacks in a store: the same keys and documents as the official CLI's own backends."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
import os
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Protocol, TypeVar

from prefect_pulumi.core.errors import StateError, UnsupportedError
from prefect_pulumi.state import checkpoint, integrity
from prefect_pulumi.state.entries import Snapshot
from prefect_pulumi.state.secrets import PassphraseManager
from prefect_pulumi.state.store import ChangedObjectError, ListedObject, Store, StoredObject

T = TypeVar("T")

META = ".pulumi/meta.yaml"
FORMS = (".json", ".json.gz")
"""Endings of checkpoints that this engine reads."""


class StateReader(Protocol):
    """What planning, drift and review are given."""

    def exists(self) -> bool: ...

    def salt(self) -> str: ...

    def load(self, manager: PassphraseManager | None) -> Snapshot: ...


class StateWriter(StateReader, Protocol):
    """What updates are given. `digest`: of the checkpoint that this writer has loaded or saved, "" when there was none.

    It saves only over that one.
    """

    digest: str

    def save(self, snapshot: Snapshot, manager: PassphraseManager | None) -> None: ...


class StateBackend:
    """Stacks of one project in `store`."""

    def __init__(self, store: Store, project: str) -> None:
        self.store = store
        self.project = project

    @property
    def _stacks(self) -> str:
        return f".pulumi/stacks/{self.project}"

    def list_stacks(self) -> list[str]:
        """Names of the stacks that exist."""
        names = (item.key.rpartition("/")[2] for item in self.store.list(self._stacks))
        return sorted({name.removesuffix(".gz").removesuffix(".json") for name in names if name.endswith(FORMS)})

    def reader(self, stack: str) -> StateReader:
        return _StackFile(self, stack)

    def writer(self, stack: str) -> StateWriter:
        return _StackFile(self, stack)

    def key_of(self, stack: str) -> str:
        """The stack's checkpoint; of a plain and a compressed one the newer counts.

        Raises `UnsupportedError` when the CLI keeps it as zstd, which this engine does not read, and `StateError` when
        the stack has moved to another backend.
        """
        plain, packed, zstd = (f"{self._stacks}/{stack}.json{ending}" for ending in ("", ".gz", ".zst"))
        listed = {item.key: item.modified for item in self.store.list(self._stacks)}
        if zstd in listed:
            raise UnsupportedError(
                "a state compressed with zstd is for the official CLI",
                where=self.store.where(zstd),
                remedy="unset PULUMI_DIY_BACKEND_ZSTD and let `pulumi stack export | pulumi stack import` rewrite it",
            )
        present = [key for key in (plain, packed) if key in listed]
        if present:
            return max(present, key=lambda key: listed[key])
        if moved_key(self.project, stack) in listed:
            raise self._moved(stack)
        return packed if _on("PULUMI_DIY_BACKEND_GZIP") else plain

    def _moved(self, stack: str) -> StateError:
        key = moved_key(self.project, stack)
        stored = self.store.read(key)
        url = "another backend"
        with contextlib.suppress(ValueError, KeyError, TypeError):
            url = str(json.loads(stored.data if stored is not None else b"")["movedTo"])
        return StateError(
            f"the state of stack {stack} was moved to {url}",
            where=self.store.where(key),
            remedy=f"write backend: {{url: '{url}'}} into Pulumi.yaml, or set PULUMI_BACKEND_URL",
        )

    def where(self, stack: str) -> str:
        """The place of the stack's checkpoint, for people."""
        return self.store.where(self.key_of(stack))

    def read(self, stack: str) -> StoredObject | None:
        """The stack's checkpoint as it is stored; None when there is no such stack. Raises `StateError`."""
        key = self.key_of(stack)
        try:
            return self.store.read(key)
        except OSError as error:
            raise StateError(error.strerror or str(error), where=self.store.where(key)) from error

    def digest(self, stack: str) -> str:
        """SHA-256 of the checkpoint, "" when there is none: differs once another program has written it."""
        stored = self.read(stack)
        return digest_of(stored.data) if stored is not None else ""

    def holds_secrets(self, stack: str) -> bool:
        """Whether loading the state will need the passphrase's key; a look, not a check."""
        stored = self.read(stack)
        return stored is not None and (stored.data[:2] == b"\x1f\x8b" or b'"ciphertext"' in stored.data)

    def prepare(self) -> None:
        """Makes the `meta.yaml` of an empty backend."""
        if self.store.read(META) is None:
            self.store.write(META, b"version: 1\n")

    def write_history(
        self, stack: str, *, kind: str, start: int, end: int, result: str, changes: Mapping[str, int]
    ) -> None:
        """The record that `pulumi stack history` shows, and a copy of the state after it. Times: unix seconds.

        The CLI's switch for the further copy in `backups`, `PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS`, counts
        here too. Raises `StateError`; the state itself is saved by then.
        """
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
        key = self.key_of(stack)
        form = key.removeprefix(f"{self._stacks}/{stack}")
        text = json.dumps(record).encode()
        folder = f".pulumi/history/{self.project}/{stack}"
        try:
            stored = self.store.read(key)
            if stored is None:
                raise FileNotFoundError(2, "the state is gone", self.store.where(key))
            packed = gzip.compress(text) if form.endswith(".gz") else text
            self.store.write(f"{folder}/{stack}-{stamp}.history{form}", packed)
            self.store.write(f"{folder}/{stack}-{stamp}.checkpoint{form}", stored.data)
            if not _on("PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS"):
                self.store.write(f".pulumi/backups/{self.project}/{stack}/{stack}.{stamp}{form}", stored.data)
        except OSError as error:
            raise StateError(
                f"the history cannot be written: {error.strerror or error}",
                where=str(error.filename or self.store.where(folder)),
            ) from error

    def newest_good_copy(self, stack: str) -> ListedObject | None:
        """The youngest copy of the stack's state that the CLI would read."""
        folders: dict[str, tuple[str, str | tuple[str, ...]]] = {
            self._stacks: (f"{stack}.json", ".bak"),
            f".pulumi/backups/{self.project}/{stack}": (f"{stack}.", FORMS),
            f".pulumi/history/{self.project}/{stack}": (f"{stack}-", (".checkpoint.json", ".checkpoint.json.gz")),
        }
        copies = [
            item
            for folder, (beginning, endings) in folders.items()
            for item in self.store.list(folder)
            if item.key.startswith(f"{folder}/{beginning}") and item.key.endswith(endings)
        ]
        for item in sorted(copies, key=lambda item: item.modified, reverse=True):
            stored = self.store.read(item.key)
            if stored is not None and checkpoint.sound(stored.data):
                return item
        return None


class _StackFile:
    """Reader and writer of one checkpoint."""

    def __init__(self, backend: StateBackend, stack: str) -> None:
        self._backend = backend
        self._store = backend.store
        self._stack = stack
        self.digest = ""

    def exists(self) -> bool:
        return self._backend.read(self._stack) is not None

    def salt(self) -> str:
        stored = self._backend.read(self._stack)
        if stored is None:
            return ""
        return self._parsed(stored.data, checkpoint.salt_of)

    def load(self, manager: PassphraseManager | None) -> Snapshot:
        """The stack's snapshot, empty when the stack does not exist yet.

        Raises `StateError` for a broken file: with the place of the fault, and the newest good copy.
        """
        stored = self._backend.read(self._stack)
        self.digest = digest_of(stored.data) if stored is not None else ""
        if stored is None:
            return Snapshot.empty()
        return self._parsed(stored.data, lambda data, where: checkpoint.parse(data, manager, where))

    def _parsed(self, data: bytes, parse: Callable[[bytes, str], T]) -> T:
        try:
            return parse(data, self._backend.where(self._stack))
        except StateError as error:
            if error.remedy == checkpoint.RESTORE:
                error.remedy = self._remedy()
            raise

    def _remedy(self) -> str:
        copy = self._backend.newest_good_copy(self._stack)
        if copy is None:
            return "pulumi state repair; there is no good copy of it here"
        when = datetime.fromtimestamp(copy.modified, UTC).isoformat(timespec="seconds")
        place = self._store.where(copy.key)
        return f"the newest good copy is of {when}: {place}; copy it over the file, or try `pulumi state repair`"

    def save(self, snapshot: Snapshot, manager: PassphraseManager | None) -> None:
        """Writes the checkpoint whole or not at all; the one before stays as `.bak`.

        Raises `StateError` when it is no longer the one that this writer has loaded or saved: the lock was lost, and
        another run has written it. The snapshot is put aside then.
        """
        faults = integrity.check(snapshot)
        if faults:
            raise StateError(f"refusing to write a state that the CLI would not read: {faults[0]}", where=self._stack)
        data = checkpoint.render(snapshot, manager, f"{self._backend.project}/{self._stack}")
        try:
            self._backend.prepare()
            self._write(data)
        except OSError as error:
            raise StateError(
                f"the state cannot be written: {error.strerror or error}",
                where=str(error.filename or self._store.where(self._backend.key_of(self._stack))),
                remedy=f"{self._store.remedy}: the journal has all results",
            ) from error

    def _write(self, data: bytes) -> None:
        key = before = self._backend.key_of(self._stack)
        stored = self._store.read(before)
        if (digest_of(stored.data) if stored is not None else "") != self.digest:
            raise self._overtaken(before, data)
        version = stored.version if stored is not None else ""
        if stored is not None:
            self._store.write(f"{before}.bak", stored.data)
            key = f"{before.removesuffix('.gz')}{'.gz' if _on('PULUMI_DIY_BACKEND_GZIP') else ''}"
        if key != before:
            older = self._store.read(key)
            version = older.version if older is not None else ""
        written = gzip.compress(data) if key.endswith(".gz") else data
        try:
            self._store.replace(key, written, version)
        except ChangedObjectError as error:
            raise self._overtaken(key, data) from error
        self.digest = digest_of(written)
        if before != key:
            self._store.delete([before])

    def _overtaken(self, key: str, data: bytes) -> StateError:
        """Puts the refused state beside the newer one, for its owner alone; its secrets are encrypted."""
        aside = f"{key.rpartition('/')[0]}/{self._stack}.json.{time.time_ns()}.conflict"
        self._store.write(aside, data, private=True)
        return StateError(
            "another run has written the state meanwhile, so this run's state was not written over it",
            where=self._store.where(key),
            remedy=f"it was put aside: {self._store.where(aside)}; infra up -s {self._stack} again looks for what this "
            "run created",
        )


def moved_key(project: str, stack: str) -> str:
    """The note that a stack leaves where it was (`stack_move`)."""
    return f".pulumi/stacks/{project}/{stack}.moved"


def digest_of(data: bytes) -> str:
    """SHA-256 of a stored checkpoint, in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def _on(variable: str) -> bool:
    return os.environ.get(variable, "").lower() in {"1", "true"}
