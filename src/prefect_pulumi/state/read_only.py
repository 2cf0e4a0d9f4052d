"""A backend that cannot write: what reports are given."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from typing_extensions import override

from prefect_pulumi.core.errors import OperationError
from prefect_pulumi.state.backend import FORMS, StateBackend, StateWriter
from prefect_pulumi.state.store import Store


class ReadOnlyBackend(StateBackend):
    """`StateBackend` without its writing half."""

    @override
    def writer(self, stack: str) -> StateWriter:
        self._refuse()

    @override
    def prepare(self) -> None:
        self._refuse()

    @override
    def write_history(
        self, stack: str, *, kind: str, start: int, end: int, result: str, changes: Mapping[str, int]
    ) -> None:
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise OperationError("this command only reads the state", where=self.store.url)


def owned(store: Store) -> dict[str, str]:
    """Id of every object that a stack of any project of the backend owns -> `project/stack`. Nothing is decrypted.

    A checkpoint that cannot be read owns nothing.
    """
    owners: dict[str, str] = {}
    for item in store.list(".pulumi/stacks"):
        name = item.key.removeprefix(".pulumi/stacks/")
        if name.endswith(FORMS) and name.count("/") == 1:
            stack = name.removesuffix(".gz").removesuffix(".json")
            owners.update(dict.fromkeys(_ids(store, item.key), stack))
    return owners


def _ids(store: Store, key: str) -> Iterator[str]:
    try:
        stored = store.read(key)
        data = stored.data if stored is not None else b""
        document = json.loads(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data)
        resources: list[Any] = (document.get("checkpoint") or {}).get("latest", {}).get("resources") or []
    except (OSError, ValueError, AttributeError):
        return
    for entry in resources:
        if not entry.get("custom") or entry.get("external"):
            continue
        if entry.get("id"):
            yield str(entry["id"])
        outputs = entry.get("outputs") or {}
        made = [outputs.get("deployments"), *(outputs.get("automations") or {}).values()]
        for ids in made:
            if isinstance(ids, dict):
                yield from (id for id in ids.values() if isinstance(id, str))
