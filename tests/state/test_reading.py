"""The backend that cannot write, and who owns what in it."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from prefect_pulumi.core.errors import OperationError
from prefect_pulumi.state.entries import Snapshot
from prefect_pulumi.state.file_store import FileStore
from prefect_pulumi.state.read_only import ReadOnlyBackend, owned


def test_every_way_to_write_is_refused(tmp_path: Path) -> None:
    backend = ReadOnlyBackend(FileStore(tmp_path), "p")
    assert not backend.reader("dev").exists()
    assert backend.reader("dev").load(None) == Snapshot.empty()
    for write in (
        lambda: backend.writer("dev"),
        backend.prepare,
        lambda: backend.write_history("dev", kind="update", start=0, end=0, result="", changes={}),
    ):
        with pytest.raises(OperationError, match="only reads"):
            write()
    assert list(tmp_path.iterdir()) == []


def test_objects_of_all_stacks_are_owned(tmp_path: Path) -> None:
    def stored(*resources: dict[str, object]) -> bytes:
        return json.dumps({"version": 3, "checkpoint": {"latest": {"resources": resources}}}).encode()

    folder = tmp_path / ".pulumi" / "stacks"
    for project in ("a", "b"):
        (folder / project).mkdir(parents=True)
    secret = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:x"}
    (folder / "a" / "dev.json").write_bytes(
        stored(
            {"custom": True, "id": "1", "outputs": {"value": secret}},
            {"custom": True, "id": "2", "external": True},
            {"custom": False},
        )
    )
    flows = {"deployments": {"f/d": "3"}, "automations": {"f/d": {"late": "4"}}}
    (folder / "b" / "prod.json.gz").write_bytes(gzip.compress(stored({"custom": True, "id": "x", "outputs": flows})))
    (folder / "b" / "broken.json").write_text("{")
    assert owned(FileStore(tmp_path)) == {"1": "a/dev", "x": "b/prod", "3": "b/prod", "4": "b/prod"}
