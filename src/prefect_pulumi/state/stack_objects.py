"""All that a backend keeps of one stack: listed, removed and renamed as the official CLI does, without a passphrase.

    .pulumi/stacks/<project>/<stack>.json         checkpoint, beside it `.bak` and `<stack>.pulumi-tags`
    .pulumi/history/<project>/<stack>/            <stack>-<time>.history.json and .checkpoint.json of each operation
    .pulumi/backups/<project>/<stack>/            copies of the checkpoint
    .pulumi/promotions/<project>/<stack>.json     and .pulumi/prefect/<project>/<stack>/: this toolkit's own, as
    .pulumi/prefect/<project>/<stack>.history.json

Source: `pkg/backend/diy/{backend,state}.go`, `pkg/resource/edit/operations.go`.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from prefect_pulumi.core.errors import InputError, StateError
from prefect_pulumi.core.values import REFERENCE, SIGNATURE
from prefect_pulumi.state.backend import StateBackend
from prefect_pulumi.state.checkpoint import RESTORE
from prefect_pulumi.state.entries import STACK_TYPE
from prefect_pulumi.state.store import ChangedObjectError

COMMANDS = ".history.json"
"""Ends the name of the history of commands."""
UNREADABLE = "the state is not JSON of the form that the CLI writes"


@dataclass(frozen=True, slots=True)
class StackSummary:
    """A stack of a backend. `updated`: RFC 3339, "" when it never was; `resources`: None for a state that cannot be
    read."""

    name: str
    updated: str = ""
    resources: int | None = None


@dataclass(frozen=True, slots=True)
class HistoryRecord:
    """An operation on a stack. Times: Unix seconds. `config`: of the stack file then, secrets encrypted. `changes`:
    operation -> number of resources."""

    kind: str
    result: str
    start: int
    end: int
    message: str = ""
    version: int = 0
    environment: dict[str, str] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    changes: dict[str, int] = field(default_factory=dict)


def summaries(backend: StateBackend) -> list[StackSummary]:
    """Of every stack of the backend's project, by name."""
    return [_summary(backend, name) for name in backend.list_stacks()]


def _summary(backend: StateBackend, name: str) -> StackSummary:
    stored = backend.read(name)
    try:
        deployment = _latest(_document(stored.data)) if stored is not None else {}
        manifest = deployment.get("manifest") or {}
        updated = str(manifest.get("time") or "")
        datetime.fromisoformat(updated or "2000-01-01")
        count = len(_entries(deployment.get("resources")))
        return StackSummary(name, "" if updated.startswith("0001-") else updated, count)
    except (_Unreadable, AttributeError, ValueError):
        return StackSummary(name)


def resources_of(backend: StateBackend, stack: str) -> list[dict[str, Any]]:
    """The entries of the stack's checkpoint as they are stored, those of pending operations included; without the root
    stack's own when it is the only one. Raises `StateError`."""
    stored = backend.read(stack)
    try:
        deployment = _latest(_document(stored.data)) if stored is not None else {}
        pending = [operation.get("resource") for operation in _entries(deployment.get("pending_operations"))]
        entries = [*_entries(deployment.get("resources")), *_entries(pending)]
    except _Unreadable as error:
        raise StateError(UNREADABLE, where=backend.where(stack), remedy=RESTORE) from error
    return [] if [entry.get("type") for entry in entries] == [STACK_TYPE] else entries


def remove(backend: StateBackend, stack: str, *, backups: bool = False) -> None:
    """Removes the stack: its checkpoint stays as `.bak`, and what is in `backups`, unless `backups` go too."""
    store, project = backend.store, backend.project
    key = backend.key_of(stack)
    folders = [f".pulumi/history/{project}/{stack}", f".pulumi/prefect/{project}/{stack}"]
    gone = [key, *single_keys(project, stack)]
    with _faults("removed", backend, stack):
        if backups:
            folders.append(f".pulumi/backups/{project}/{stack}")
            gone.append(f"{key}.bak")
        elif (stored := store.read(key)) is not None:
            store.write(f"{key}.bak", stored.data)
        # The checkpoint first: with it the stack is gone for both engines.
        store.delete(gone)
        store.delete([item.key for folder in folders for item in store.list(folder)])


def rename(backend: StateBackend, old: str, new: str) -> None:
    """Gives the stack another name: in all URNs, in the names of its history, and of its promotion's record.

    Its secrets stay as they are encrypted. Raises `InputError` when there is a stack of that name.
    """
    store, project = backend.store, backend.project
    key, target = backend.key_of(old), backend.key_of(new)
    form = key.removeprefix(f".pulumi/stacks/{project}/{old}")
    with _faults("renamed", backend, old):
        stored = store.read(key)
        if stored is None:
            raise FileNotFoundError(2, "the state is gone", store.where(key))
        if store.read(target) is not None:
            raise _taken(new, store.where(target))
        try:
            data = renamed_checkpoint(stored.data, project, old, new)
        except _Unreadable as error:
            raise StateError(UNREADABLE, where=store.where(key), remedy=RESTORE) from error
        try:
            store.replace(f".pulumi/stacks/{project}/{new}{form}", data, "")
        except ChangedObjectError as error:
            raise _taken(new, store.where(target)) from error
        store.write(f"{key}.bak", stored.data)
        store.delete([key])
        moves = dict(zip(single_keys(project, old), single_keys(project, new), strict=True))
        folder, begin = f".pulumi/history/{project}", f".pulumi/history/{project}/{old}/{old}-"
        for item in store.list(f"{folder}/{old}"):
            if item.key.startswith(begin):
                moves[item.key] = f"{folder}/{new}/{new}-{item.key.removeprefix(begin)}"
        for source, destination in moves.items():
            if (moved := store.read(source)) is not None:
                store.write(destination, moved.data)
                store.delete([source])


def renamed_checkpoint(data: bytes, project: str, old: str, new: str) -> bytes:
    """A checkpoint with the stack's new name in every URN of it; compressed as it was."""
    before, after = f"urn:pulumi:{old}::{project}::", f"urn:pulumi:{new}::{project}::"

    def urn(text: Any) -> Any:
        if not isinstance(text, str) or not text.startswith(before):
            return text
        name = text.removeprefix(before)
        return after + (f"{STACK_TYPE}::{project}-{new}" if name.startswith(f"{STACK_TYPE}::") else name)

    document = _document(data)
    deployment = _latest(document)
    pending = [operation.get("resource") for operation in _entries(deployment.get("pending_operations"))]
    for entry in [*_entries(deployment.get("resources")), *_entries(pending)]:
        _rename_entry(entry, urn)
    stack = document["checkpoint"].get("stack")
    if isinstance(stack, str) and stack.rpartition("/")[2] == old:
        document["checkpoint"]["stack"] = stack.removesuffix(old) + new
    written = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    return gzip.compress(written) if data[:2] == b"\x1f\x8b" else written


def _rename_entry(entry: dict[str, Any], urn: Callable[[Any], Any]) -> None:
    for key in ("urn", "parent", "provider", "deletedWith", "viewOf"):
        if key in entry:
            entry[key] = urn(entry[key])
    for key in ("dependencies", "replaceWith", "aliases"):
        if entry.get(key):
            entry[key] = [urn(text) for text in entry[key]]
    for texts in (entry.get("propertyDependencies") or {}).values():
        texts[:] = [urn(text) for text in texts]
    for key in ("inputs", "outputs", "replacementTrigger"):
        _rename_references(entry.get(key), urn)


def _rename_references(value: Any, urn: Callable[[Any], Any]) -> None:
    if isinstance(value, dict):
        if value.get(SIGNATURE) == REFERENCE and "urn" in value:
            value["urn"] = urn(value["urn"])
        else:
            for item in value.values():
                _rename_references(item, urn)
    elif isinstance(value, list):
        for item in value:
            _rename_references(item, urn)


def history(backend: StateBackend, stack: str, *, page_size: int = 0, page: int = 1) -> list[HistoryRecord]:
    """What either engine did with the stack, the newest first; of `page_size` records the `page`-th part (0: all).

    Raises `StateError` for a record that cannot be read.
    """
    store = backend.store
    with _faults("read", backend, stack):
        keys = [item.key for item in store.list(f".pulumi/history/{backend.project}/{stack}")]
        records = sorted((key for key in keys if key.endswith((".history.json", ".history.json.gz"))), reverse=True)
        if page_size:
            records = records[(page - 1) * page_size : page * page_size]
        stored = {key: store.read(key) for key in records}
    return [_record(item.data, store.where(key)) for key, item in stored.items() if item is not None]


def _record(data: bytes, where: str) -> HistoryRecord:
    try:
        raw = _document(data)
        return HistoryRecord(
            kind=str(raw["kind"]),
            result=str(raw.get("result", "")),
            start=int(raw["startTime"]),
            end=int(raw.get("endTime", 0)),
            message=str(raw.get("message", "")),
            version=int(raw.get("version", 0)),
            environment={str(key): str(value) for key, value in (raw.get("environment") or {}).items()},
            config=dict(raw.get("config") or {}),
            changes={str(key): int(value) for key, value in (raw.get("resourceChanges") or {}).items()},
        )
    except (_Unreadable, KeyError, TypeError, ValueError, AttributeError) as error:
        raise StateError(
            "the record of an operation cannot be read", where=where, remedy="delete the record; the state needs none"
        ) from error


def _taken(stack: str, where: str) -> InputError:
    return InputError(f"there is a stack {stack!r} already", where=where, remedy="choose another name")


class _Unreadable(Exception):
    """Not JSON, or of another form than the CLI's."""


def _document(data: bytes) -> dict[str, Any]:
    try:
        document = json.loads(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data)
    except (ValueError, OSError, EOFError, zlib.error, RecursionError) as error:
        raise _Unreadable from error
    if not isinstance(document, dict):
        raise _Unreadable
    return document


def _latest(document: dict[str, Any]) -> dict[str, Any]:
    checkpoint = document.get("checkpoint")
    deployment = (checkpoint.get("latest") if isinstance(checkpoint, dict) else None) or {}
    if not isinstance(deployment, dict):
        raise _Unreadable
    return deployment


def _entries(value: Any) -> list[dict[str, Any]]:
    entries = value or []
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise _Unreadable
    return entries


def single_keys(project: str, stack: str) -> list[str]:
    """Single objects of the stack beside its checkpoint: tags, record of its promotion, history of commands."""
    return [
        f".pulumi/stacks/{project}/{stack}.pulumi-tags",
        f".pulumi/promotions/{project}/{stack}.json",
        f".pulumi/prefect/{project}/{stack}{COMMANDS}",
    ]


@contextmanager
def _faults(verb: str, backend: StateBackend, stack: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StateError(
            f"the stack cannot be {verb}: {error.strerror or error}",
            where=str(error.filename or backend.where(stack)),
            remedy=backend.store.remedy,
        ) from error
