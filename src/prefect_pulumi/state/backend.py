"""The file backend: the same folders and files as the official CLI's `file://` backend."""

from __future__ import annotations

import contextlib
import fcntl
import gzip
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol, TypeVar

from prefect_pulumi.core.errors import StateError, UnsupportedError
from prefect_pulumi.core.folders import make_folder
from prefect_pulumi.state import checkpoint, integrity
from prefect_pulumi.state.entries import Snapshot
from prefect_pulumi.state.journal import sync_folder
from prefect_pulumi.state.secrets import PassphraseManager

T = TypeVar("T")


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
        """The stack's checkpoint; of a plain and a compressed one the newer counts.

        Raises `UnsupportedError` when the CLI keeps it as zstd, which this engine does not read.
        """
        plain, packed = self._stacks / f"{stack}.json", self._stacks / f"{stack}.json.gz"
        zstd = self._stacks / f"{stack}.json.zst"
        if zstd.exists():
            raise UnsupportedError(
                "a state compressed with zstd is for the official CLI",
                where=str(zstd),
                remedy="unset PULUMI_DIY_BACKEND_ZSTD and let `pulumi stack export | pulumi stack import` rewrite it",
            )
        files = [path for path in (plain, packed) if path.exists()]
        if files:
            return max(files, key=lambda path: path.stat().st_mtime_ns)
        return packed if _on("PULUMI_DIY_BACKEND_GZIP") else plain

    def digest(self, stack: str) -> str:
        """SHA-256 of the checkpoint file, "" when there is none: differs once another program has written it."""
        try:
            return hashlib.sha256(self.file_of(stack).read_bytes()).hexdigest()
        except OSError:
            return ""

    def holds_secrets(self, stack: str) -> bool:
        """Whether loading the state will need the passphrase's key; a look, not a check."""
        with contextlib.suppress(OSError):
            path = self.file_of(stack)
            return path.suffix == ".gz" or b'"ciphertext"' in path.read_bytes()
        return False

    def prepare(self) -> None:
        """Makes the folders and `meta.yaml` of an empty backend."""
        make_folder(self._stacks)
        meta = self._pulumi / "meta.yaml"
        if not meta.exists():
            write_atomic(meta, b"version: 1\n")

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
        file = self.file_of(stack)
        form = file.name.removeprefix(stack)
        text = json.dumps(record).encode()
        try:
            data = file.read_bytes()
            folder = self._pulumi / "history" / self.project / stack
            make_folder(folder)
            packed = gzip.compress(text) if form.endswith(".gz") else text
            write_atomic(folder / f"{stack}-{stamp}.history{form}", packed)
            write_atomic(folder / f"{stack}-{stamp}.checkpoint{form}", data)
            if not _on("PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS"):
                backups = self._pulumi / "backups" / self.project / stack
                make_folder(backups)
                write_atomic(backups / f"{stack}.{stamp}{form}", data)
        except OSError as error:
            raise StateError(
                f"the history cannot be written: {error.strerror or error}", where=str(error.filename or self._pulumi)
            ) from error

    def newest_good_copy(self, stack: str) -> Path | None:
        """The youngest copy of the stack's state that the CLI would read."""
        paths = [*self._stacks.glob(f"{stack}.json*.bak")]
        paths += (self._pulumi / "backups" / self.project / stack).glob(f"{stack}.*.json*")
        paths += (self._pulumi / "history" / self.project / stack).glob(f"{stack}-*.checkpoint.json*")
        copies = [path for path in paths if not path.name.endswith(".attrs")]
        for path in sorted(copies, key=lambda path: path.stat().st_mtime_ns, reverse=True):
            if checkpoint.sound(path.read_bytes()):
                return path
        return None


class _StackFile:
    """Reader and writer of one checkpoint."""

    def __init__(self, backend: FileBackend, stack: str) -> None:
        self._backend = backend
        self._stack = stack
        self.digest = ""

    @property
    def _path(self) -> Path:
        return self._backend.file_of(self._stack)

    def exists(self) -> bool:
        return self._path.exists()

    def salt(self) -> str:
        if not self.exists():
            return ""
        return self._read(lambda data: checkpoint.salt_of(data, str(self._path)))

    def load(self, manager: PassphraseManager | None) -> Snapshot:
        """The stack's snapshot, empty when the stack does not exist yet.

        Raises `StateError` for a broken file: with the place of the fault, and the newest good copy.
        """
        if not self.exists():
            self.digest = ""
            return Snapshot.empty()

        def parse(data: bytes) -> Snapshot:
            self.digest = hashlib.sha256(data).hexdigest()
            return checkpoint.parse(data, manager, str(self._path))

        return self._read(parse)

    def _read(self, parse: Callable[[bytes], T]) -> T:
        try:
            data = self._path.read_bytes()
        except OSError as error:
            raise StateError(error.strerror or str(error), where=str(self._path)) from error
        try:
            return parse(data)
        except StateError as error:
            if error.remedy == checkpoint.RESTORE:
                error.remedy = self._remedy()
            raise

    def _remedy(self) -> str:
        copy = self._backend.newest_good_copy(self._stack)
        if copy is None:
            return "pulumi state repair; there is no good copy of it here"
        when = datetime.fromtimestamp(copy.stat().st_mtime, UTC).isoformat(timespec="seconds")
        return f"the newest good copy is of {when}: {copy}; copy it over the file, or try `pulumi state repair`"

    def save(self, snapshot: Snapshot, manager: PassphraseManager | None) -> None:
        """Writes the checkpoint whole or not at all; the file as it was stays as `.bak`.

        Raises `StateError` when the file is no longer the one that this writer has loaded or saved: the lock was lost,
        and another run has written it. The snapshot is put aside then.
        """
        faults = integrity.check(snapshot)
        if faults:
            raise StateError(f"refusing to write a state that the CLI would not read: {faults[0]}", where=self._stack)
        data = checkpoint.render(snapshot, manager, f"{self._backend.project}/{self._stack}")
        try:
            self._backend.prepare()
            with _alone(self._path.parent):
                path = before = self._path
                if self._backend.digest(self._stack) != self.digest:
                    raise self._overtaken(data)
                if before.exists():
                    write_atomic(before.with_name(before.name + ".bak"), before.read_bytes())
                    packed = _on("PULUMI_DIY_BACKEND_GZIP")
                    path = before.with_name(f"{self._stack}.json{'.gz' if packed else ''}")
                written = gzip.compress(data) if path.suffix == ".gz" else data
                write_atomic(path, written)
                self.digest = hashlib.sha256(written).hexdigest()
                if before != path:
                    before.unlink(missing_ok=True)
        except OSError as error:
            raise StateError(
                f"the state cannot be written: {error.strerror or error}",
                where=str(self._path),
                remedy="free the disk or correct the folder's permissions, then run again: the journal has all results",
            ) from error

    def _overtaken(self, data: bytes) -> StateError:
        """Puts the refused state beside the newer one, for its owner alone; its secrets are encrypted."""
        path = self._path
        aside = path.with_name(f"{self._stack}.json.{time.time_ns()}.conflict")
        write_atomic(aside, data, mode=0o600)
        return StateError(
            "another run has written the state meanwhile, so this run's state was not written over it",
            where=str(path),
            remedy=f"it was put aside: {aside}; infra up -s {self._stack} again looks for what this run created",
        )


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Between the comparison and the write no other run of ours writes in `folder`, whatever became of the lock."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # a file system without locks: the comparison alone has to do
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _on(variable: str) -> bool:
    return os.environ.get(variable, "").lower() in {"1", "true"}


def write_atomic(path: Path, data: bytes, *, mode: int = 0o666) -> None:
    """Temporary file, sync, rename; a stale `.attrs` sidecar of the CLI's blob library goes.

    What a process that was killed in between left behind is removed first.
    """
    for left in _temporaries(path):
        left.unlink(missing_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
    path.with_name(path.name + ".attrs").unlink(missing_ok=True)


def _temporaries(path: Path) -> Iterator[Path]:
    """Leftovers of writers of `path`; the stack's lock keeps living ones away."""
    prefix = f".{path.name}."
    with os.scandir(path.parent) as folder:
        for item in folder:
            if item.name.startswith(prefix) and item.name.endswith(".tmp"):
                yield Path(item.path)
