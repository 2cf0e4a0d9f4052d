"""All that is kept of a stack: a new name in every URN, a removal that leaves a copy, the history in pages."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from prefect_pulumi.core.errors import InputError, StateError
from prefect_pulumi.core.values import REFERENCE, SECRET, SIGNATURE
from prefect_pulumi.state import stack_objects
from prefect_pulumi.state.backend import StateBackend
from prefect_pulumi.state.store import Store

DEV = "urn:pulumi:dev::p::"
ROOT = {"urn": f"{DEV}pulumi:pulumi:Stack::p-dev", "type": "pulumi:pulumi:Stack"}
THING = {
    "urn": f"{DEV}t:index:Thing::a::dev",
    "type": "t:index:Thing",
    "parent": ROOT["urn"],
    "provider": f"{DEV}pulumi:providers:t::default::1",
    "dependencies": [ROOT["urn"], "urn:pulumi:dev::q::t:index:Thing::other-project"],
    "propertyDependencies": {"x": [ROOT["urn"]], "y": []},
    "aliases": [f"{DEV}t:index:Thing::b"],
    "deletedWith": ROOT["urn"],
    "inputs": {"ref": {SIGNATURE: REFERENCE, "urn": ROOT["urn"], "id": "x"}, "text": ROOT["urn"], "n": 1.5},
    "outputs": {"list": [{"deep": {SIGNATURE: REFERENCE, "urn": ROOT["urn"]}}]},
    "futureField": {"kept": True},
}
SEALED = {SIGNATURE: SECRET, "ciphertext": "v1:AAAA:BBBB"}


@pytest.fixture
def backend(store: Store) -> StateBackend:
    """In files and in each kind of bucket."""
    return StateBackend(store, "p")


def stored(*resources: Any, pending: Any = None, time: str = "2026-01-02T03:04:05Z") -> bytes:
    latest: dict[str, Any] = {"manifest": {"time": time}, "resources": list(resources)}
    if pending is not None:
        latest["pending_operations"] = [{"type": "creating", "resource": pending}]
    document = {"version": 3, "checkpoint": {"stack": "organization/p/dev", "latest": latest}}
    return json.dumps(document).encode()


def write(backend: StateBackend, key: str, data: bytes = b"{}") -> None:
    backend.store.write(f".pulumi/{key}", data)


def keys(backend: StateBackend) -> set[str]:
    """Without the note on what the bucket can do, which is of no stack."""
    listed = {item.key.removeprefix(".pulumi/") for item in backend.store.list(".pulumi")}
    return listed - {"prefect/conditional-writes"}


@pytest.mark.parametrize("packed", [False, True])
def test_a_new_name_is_in_every_urn_and_nowhere_else(packed: bool) -> None:
    data = stored(ROOT, {**THING, "secret": SEALED}, pending=THING)
    renamed = stack_objects.renamed_checkpoint(gzip.compress(data) if packed else data, "p", "dev", "eu")
    text = gzip.decompress(renamed) if packed else renamed
    document = json.loads(text)
    new = "urn:pulumi:eu::p::"
    root = f"{new}pulumi:pulumi:Stack::p-eu"
    expected = {
        **THING,
        "urn": f"{new}t:index:Thing::a::dev",
        "parent": root,
        "provider": f"{new}pulumi:providers:t::default::1",
        "dependencies": [root, "urn:pulumi:dev::q::t:index:Thing::other-project"],
        "propertyDependencies": {"x": [root], "y": []},
        "aliases": [f"{new}t:index:Thing::b"],
        "deletedWith": root,
        "inputs": {"ref": {SIGNATURE: REFERENCE, "urn": root, "id": "x"}, "text": ROOT["urn"], "n": 1.5},
        "outputs": {"list": [{"deep": {SIGNATURE: REFERENCE, "urn": root}}]},
    }
    latest = document["checkpoint"]["latest"]
    assert latest["resources"] == [{**ROOT, "urn": root}, {**expected, "secret": SEALED}]
    assert latest["pending_operations"][0]["resource"] == expected
    assert document["checkpoint"]["stack"] == "organization/p/eu"


def test_a_rename_takes_history_tags_and_promotion_along(backend: StateBackend) -> None:
    write(backend, "stacks/p/dev.json", stored(ROOT))
    write(backend, "stacks/p/dev.pulumi-tags")
    write(backend, "promotions/p/dev.json")
    write(backend, "prefect/p/dev.history.json")
    for name in ("dev-1.history.json", "dev-1.checkpoint.json", "dev-2.history.json.gz", "stray.json"):
        write(backend, f"history/p/dev/{name}")
    stack_objects.rename(backend, "dev", "eu-1")
    assert keys(backend) == {
        "stacks/p/eu-1.json",
        "stacks/p/eu-1.pulumi-tags",
        "stacks/p/dev.json.bak",
        "promotions/p/eu-1.json",
        "prefect/p/eu-1.history.json",
        "history/p/eu-1/eu-1-1.history.json",
        "history/p/eu-1/eu-1-1.checkpoint.json",
        "history/p/eu-1/eu-1-2.history.json.gz",
        "history/p/dev/stray.json",
    }
    assert stack_objects.resources_of(backend, "eu-1") == []


def test_a_rename_overwrites_nothing(backend: StateBackend) -> None:
    write(backend, "stacks/p/dev.json", stored(ROOT, THING))
    write(backend, "stacks/p/eu.json", stored())
    before = keys(backend)
    with pytest.raises(InputError, match="there is a stack 'eu' already"):
        stack_objects.rename(backend, "dev", "eu")
    write(backend, "stacks/p/broken.json", b"[")
    with pytest.raises(StateError, match="not JSON of the form"):
        stack_objects.rename(backend, "broken", "new")
    assert keys(backend) == {*before, "stacks/p/broken.json"}


@pytest.mark.parametrize("backups", [False, True])
def test_a_removal_leaves_a_copy_unless_that_goes_too(backend: StateBackend, backups: bool) -> None:
    write(backend, "stacks/p/dev.json", stored(ROOT))
    for key in (
        "stacks/p/dev.pulumi-tags",
        "stacks/p/other.json",
        "history/p/dev/dev-1.history.json",
        "promotions/p/dev.json",
        "prefect/p/dev.history.json",
        "prefect/p/dev/creates/x.jsonl",
        "backups/p/dev/dev.1.json",
    ):
        write(backend, key)
    stack_objects.remove(backend, "dev", backups=backups)
    copies = set() if backups else {"stacks/p/dev.json.bak", "backups/p/dev/dev.1.json"}
    assert keys(backend) == {"stacks/p/other.json", *copies}


def test_stacks_are_summed_up_and_what_cannot_be_read_is_listed(backend: StateBackend) -> None:
    write(backend, "stacks/p/dev.json", stored(ROOT, THING, pending=THING))
    write(backend, "stacks/p/empty.json", json.dumps({"version": 3, "checkpoint": {}}).encode())
    write(backend, "stacks/p/new.json.gz", gzip.compress(stored(time="0001-01-01T00:00:00Z")))
    for name, data in (("bad", b"{"), ("odd", b'{"checkpoint": {"latest": {"resources": [3]}}}'), ("list", b"[]")):
        write(backend, f"stacks/p/{name}.json", data)
    assert {each.name: (each.updated, each.resources) for each in stack_objects.summaries(backend)} == {
        "bad": ("", None),
        "dev": ("2026-01-02T03:04:05Z", 2),
        "empty": ("", 0),
        "list": ("", None),
        "new": ("", 0),
        "odd": ("", None),
    }
    assert len(stack_objects.resources_of(backend, "dev")) == 3
    with pytest.raises(StateError, match="not JSON of the form"):
        stack_objects.resources_of(backend, "odd")


def test_the_history_comes_in_pages_the_newest_first(backend: StateBackend) -> None:
    for number in range(1, 6):
        record = {"kind": "update", "startTime": number, "endTime": number + 2, "result": "succeeded", "version": 0}
        data = json.dumps(record).encode()
        packed = number == 3
        name = f"history/p/dev/dev-{number}.history.json{'.gz' if packed else ''}"
        write(backend, name, gzip.compress(data) if packed else data)
        write(backend, f"history/p/dev/dev-{number}.checkpoint.json", stored())
    assert [record.start for record in stack_objects.history(backend, "dev")] == [5, 4, 3, 2, 1]
    pages = [stack_objects.history(backend, "dev", page_size=2, page=page) for page in (1, 2, 3, 4)]
    assert [[record.start for record in page] for page in pages] == [[5, 4], [3, 2], [1], []]
    assert stack_objects.history(backend, "never") == []
    write(backend, "history/p/dev/dev-9.history.json", b'{"kind": "update"}')
    with pytest.raises(StateError, match="the record of an operation cannot be read") as raised:
        stack_objects.history(backend, "dev")
    assert raised.value.where.endswith("dev-9.history.json")
