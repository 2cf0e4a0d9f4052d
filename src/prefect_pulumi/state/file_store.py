"""A store in a folder: the files of the official CLI's `file://` backend."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

from prefect_pulumi.core.folders import make_folder
from prefect_pulumi.state import machine
from prefect_pulumi.state.store import ChangedObjectError, ListedObject, StoredObject, TakenLogError

SIDECAR = ".attrs"
"""Ending of what the CLI's blob library keeps beside each file."""


class FileStore:
    """`Store` below the folder `root`. Files are replaced by rename and synced; a version is the content's SHA-256."""

    is_bucket = False
    remedy = "free the disk or correct the folder's permissions, then run again"

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def url(self) -> str:
        return f"file://{self.root.resolve()}"

    def is_local(self) -> bool:
        return machine.is_local(self.root)

    def has_conditional_writes(self) -> bool:
        """Other machines may share the folder, and their locks of files do not hold here."""
        return False

    def caution(self) -> str:
        return ""

    def where(self, key: str) -> str:
        return str(self.root / key)

    def read(self, key: str) -> StoredObject | None:
        path = self.root / key
        try:
            with path.open("rb") as file:
                modified = os.fstat(file.fileno()).st_mtime
                data = file.read()
        except FileNotFoundError:
            return None
        except OSError as error:
            error.filename = str(path)
            raise
        return StoredObject(data, hashlib.sha256(data).hexdigest(), modified)

    def write(self, key: str, data: bytes, *, private: bool = False) -> None:
        path = self.root / key
        make_folder(path.parent)
        write_atomic(path, data, mode=0o600 if private else 0o666)

    def create(self, key: str, data: bytes) -> str:
        path = self.root / key
        make_folder(path.parent)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "wb") as file:
            try:
                file.write(data)
                file.flush()
            except OSError:
                path.unlink(missing_ok=True)  # a full disk may have cut it off
                raise
        return hashlib.sha256(data).hexdigest()

    def replace(self, key: str, data: bytes, version: str) -> str:
        path = self.root / key
        make_folder(path.parent)
        with _alone(path.parent):
            present = self.read(key)
            if (present.version if present is not None else "") != version:
                raise ChangedObjectError(str(path))
            write_atomic(path, data)
        return hashlib.sha256(data).hexdigest()

    def list(self, folder: str) -> list[ListedObject]:
        listed = []
        for path in sorted((self.root / folder).rglob("*")):
            with contextlib.suppress(FileNotFoundError):  # deleted meanwhile
                if path.is_file() and not path.name.endswith(SIDECAR) and not _is_temporary(path.name):
                    listed.append(ListedObject(path.relative_to(self.root).as_posix(), path.stat().st_mtime))
        return listed

    def delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            path = self.root / key
            path.unlink(missing_ok=True)
            path.with_name(path.name + SIDECAR).unlink(missing_ok=True)

    def log(self, key: str) -> FileLog:
        return FileLog(self.root / key)

    def below(self, folder: str) -> FileStore:
        return FileStore(self.root / folder)


class FileLog:
    """`Log` in one file. Whole lines only: what a full disk cut off is taken back."""

    def __init__(self, path: Path) -> None:
        self.where = str(path)
        self._path = path
        self._lock = threading.Lock()
        self._file: int | None = None
        self._size = 0
        self._fault: OSError | TakenLogError | None = None

    def exists(self) -> bool:
        return self._path.exists()

    def append(self, line: bytes, *, sync: bool = True, wait: bool = True) -> None:
        with self._lock:
            if self._fault is not None:
                raise self._fault
            try:
                file = self._opened()
                if os.fstat(file).st_nlink == 0:
                    raise TakenLogError(self.where)
                self._write(file, line + b"\n")
                if sync:
                    os.fsync(file)
            except (OSError, TakenLogError) as error:
                self._fault = error
                raise

    def _opened(self) -> int:
        if self._file is None:
            make_folder(self._path.parent)
            new = not self._path.exists()
            self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            self._size = os.fstat(self._file).st_size
            if new:
                sync_folder(self._path.parent)
        return self._file

    def _write(self, file: int, line: bytes) -> None:
        data = memoryview(line)
        try:
            while data:
                data = data[os.write(file, data) :]
        except OSError:
            os.ftruncate(file, self._size)
            raise
        self._size += len(line)

    def lines(self) -> list[bytes]:
        """A torn last line is what was never synced, and is dropped."""
        try:
            *lines, _ = self._path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return []
        return lines

    def seize(self) -> list[bytes]:
        """Its writer sees the file removed once this run has cleared it."""
        return self.lines()

    def clear(self) -> None:
        self.close()
        self._path.unlink(missing_ok=True)

    def close(self) -> None:
        with self._lock:
            if self._file is not None:
                os.close(self._file)
                self._file = None


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


def write_atomic(path: Path, data: bytes, *, mode: int = 0o666) -> None:
    """Temporary file, sync, rename; a stale sidecar of the CLI's blob library goes.

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
    path.with_name(path.name + SIDECAR).unlink(missing_ok=True)


def _is_temporary(name: str) -> bool:
    return name.startswith(".") and name.endswith(".tmp")


def _temporaries(path: Path) -> Iterator[Path]:
    """Leftovers of writers of `path`; the stack's lock keeps living ones away."""
    prefix = f".{path.name}."
    with os.scandir(path.parent) as folder:
        for item in folder:
            if item.name.startswith(prefix) and item.name.endswith(".tmp"):
                yield Path(item.path)


def sync_folder(folder: Path) -> None:
    """Makes a new or renamed name in `folder` last through a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
