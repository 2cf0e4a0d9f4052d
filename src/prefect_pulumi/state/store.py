"""Where states are kept: objects by key, in the layout of the official CLI's own backends.

A key is a path below the backend's root: `.pulumi/stacks/<project>/<stack>.json`. `FileStore` keeps the objects as
files, `ObjectStore` in a bucket. Every fault of a store is an `OSError` with a `strerror` and, as `filename`, the
place; that of a bucket is a `StateError` besides.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object as it was read. `version`: what `replace` compares; `modified`: Unix seconds by the store's clock."""

    data: bytes
    version: str
    modified: float


@dataclass(frozen=True, slots=True)
class ListedObject:
    """An object of a listing; `modified` as in `StoredObject`."""

    key: str
    modified: float


class ChangedObjectError(Exception):
    """The object is not the one that was read: another program has written or deleted it since."""


class TakenLogError(Exception):
    """Another run has taken the log over: nothing that would be appended to it is read any more."""


class Log(Protocol):
    """Lines that are appended while something is under way; may be used from several threads."""

    @property
    def where(self) -> str: ...

    def exists(self) -> bool: ...

    def append(self, line: bytes, *, sync: bool = True, wait: bool = True) -> None:
        """Appends a line (without its end).

        With `wait` the line and all before it outlive this process when this returns; without, they are on their way.
        `sync`: they outlive the machine too, where the two differ. Raises `TakenLogError`, `OSError`; after one of
        them it appends nothing more.
        """

    def lines(self) -> list[bytes]:
        """All whole lines in their order; none when there is no such log."""

    def seize(self) -> list[bytes]:
        """As `lines`, and takes the log over: who appends to it gets a `TakenLogError` from now on."""

    def clear(self) -> None:
        """Deletes the log."""

    def close(self) -> None:
        """Ends the appending: what is on its way arrives."""


class Store(Protocol):
    """The objects below one root.

    `url`: of the root, as the official CLI takes it. `remedy`: what to type when it cannot be written. `is_bucket`:
    whether it is apart from the machine's files. `is_local`: whether its objects are files of this machine's own disk,
    which no other machine writes.
    """

    is_bucket: bool

    @property
    def url(self) -> str: ...
    @property
    def remedy(self) -> str: ...

    def is_local(self) -> bool: ...

    def has_conditional_writes(self) -> bool:
        """Whether `create` and `replace` hold against writers on other machines."""

    def caution(self) -> str:
        """What a user should know before anything is written here; "" for nothing."""

    def where(self, key: str) -> str:
        """The object's place, for people: a path or a URL."""

    def read(self, key: str) -> StoredObject | None:
        """None when there is no such object."""

    def write(self, key: str, data: bytes, *, private: bool = False) -> None:
        """Writes the object whole or not at all, over whatever is there. `private`: for its owner alone."""

    def create(self, key: str, data: bytes) -> str:
        """Writes a new object; returns its version. Raises `FileExistsError`."""

    def replace(self, key: str, data: bytes, version: str) -> str:
        """Writes the object over that `version` ("": there was none); returns the new one.

        Raises `ChangedObjectError` when another one is there.
        """

    def list(self, folder: str) -> list[ListedObject]:
        """All objects below `folder/`, by key; none when there is no such folder."""

    def delete(self, keys: Iterable[str]) -> None:
        """Deletes those of the objects that exist."""

    def log(self, key: str) -> Log: ...

    def below(self, folder: str) -> Store:
        """The store whose root is `folder` of this one."""
