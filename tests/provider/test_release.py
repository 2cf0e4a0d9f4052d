"""The release's record through the provider's lifecycle: real git, real server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from prefect_pulumi.core.provider_protocol import Changes, CheckRequest, CreateRequest, DiffRequest, UpdateRequest
from prefect_pulumi.core.values import UNKNOWN, secret
from prefect_pulumi.provider.provider import PrefectProvider
from tests.support.git_repository import commit_all, git

URN = "urn:pulumi:dev::project::prefect:index:Release::release"
VARIABLE = "urn:pulumi:dev::project::prefect:index:Variable::region"


class Host:
    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []

    def log(self, severity: str, message: str, urn: str = "") -> None:
        self.lines.append((severity, message))


class Carried:
    """A stack that holds one release, updated again and again by new provider instances."""

    def __init__(self, root: Path, api_url: str) -> None:
        self.root, self.api_url, self.host = root, api_url, Host()
        self.inputs: dict[str, Any] = {}
        self.outputs: dict[str, Any] = {}

    def git(self, *arguments: str) -> str:
        return git(self.root, *arguments)

    def commit(self, text: str) -> str:
        (self.root / "flow.py").write_text(text)
        return commit_all(self.root, text)

    def up(self, *, variable: Any = "eu", **inputs: Any) -> bool:
        """Whether anything changed."""
        provider = PrefectProvider(self.root, self.host)
        provider.configure({"apiUrl": self.api_url})
        try:
            provider.check(CheckRequest(VARIABLE, new_inputs={"value": variable}))
            checked = provider.check(
                CheckRequest(URN, old_inputs=self.inputs, new_inputs={"deployments": {"f/d": "1"}, **inputs})
            )
            assert checked.failures == ()
            if not self.outputs:
                result = provider.create(CreateRequest(URN, checked.inputs))
                self.inputs, self.outputs = checked.inputs, result.outputs
                return True
            found = provider.diff(
                DiffRequest(URN, "dev", old_inputs=self.inputs, old_outputs=self.outputs, new_inputs=checked.inputs)
            )
            if found.changes is Changes.SOME:
                self.outputs = provider.update(
                    UpdateRequest(
                        URN, "dev", old_inputs=self.inputs, old_outputs=self.outputs, new_inputs=checked.inputs
                    )
                )
            self.inputs = checked.inputs
            return found.changes is Changes.SOME
        finally:
            provider.close()

    @property
    def record(self) -> dict[str, Any]:
        found: dict[str, Any] = self.outputs["record"]
        return found


@pytest.fixture
def carried(tmp_path: Path, prefect_server: str, monkeypatch: pytest.MonkeyPatch) -> Carried:
    monkeypatch.setenv("GITHUB_ACTOR", "ann")
    made = Carried(tmp_path, prefect_server)
    made.git("init", "-q")
    return made


def test_a_commit_makes_one_release_and_edits_make_none(carried: Carried) -> None:
    first = carried.commit("first")
    assert carried.up()
    record = carried.record
    assert record["id"] == "dev-1"
    assert record["commit"] == first
    assert record["by"] == "ann"
    assert record["deployments"] == {"f/d": "1"}
    assert set(record["versions"]) == {"prefect", "server", "provider", "python"}
    assert not carried.up()

    (carried.root / "flow.py").write_text("edited")
    assert carried.up()
    assert carried.record == {}
    assert ("warning", "no release will be recorded: not committed: flow.py") in carried.host.lines
    (carried.root / "flow.py").write_text("edited again")
    assert not carried.up(variable="us", deployments={"f/d": "9"})

    second = carried.commit("second")
    carried.outputs["verifications"] = {"dev-1": {"passed": True}, "dev-0": {"passed": True}}
    assert carried.up()
    assert (carried.record["id"], carried.record["commit"]) == ("dev-2", second)
    assert [each["id"] for each in carried.outputs["kept"]] == ["dev-2", "dev-1"]
    assert carried.outputs["verifications"] == {"dev-1": {"passed": True}}


def test_what_is_declared_is_part_of_the_release_and_secrets_are_not(carried: Carried) -> None:
    commit = carried.commit("first")
    carried.up()
    assert carried.up(variable="us")
    assert (carried.record["id"], carried.record["commit"]) == ("dev-2", commit)
    assert carried.up(variable=secret("one"))
    assert not carried.up(variable=secret("another"))
    assert carried.up(variable=secret("another"), images={"etl": "registry/etl@sha256:" + "0" * 64})
    assert carried.record["images"] == {"etl": "registry/etl@sha256:" + "0" * 64}
    for number in range(3):
        carried.up(variable=number, keep=2)
    assert [each["id"] for each in carried.outputs["kept"]] == ["dev-7", "dev-6"]


def test_a_pinned_stack_refuses_another_program(carried: Carried) -> None:
    first = carried.commit("first")
    carried.up(pinned=first, promoted={"stage": "dev", "release": "dev-7"})
    assert carried.record["promoted"] == {"stage": "dev", "release": "dev-7"}
    second = carried.commit("second")
    provider = PrefectProvider(carried.root, carried.host)
    (failure,) = provider.check(CheckRequest(URN, new_inputs={"pinned": first})).failures
    assert f"pinned to the release of commit {first[:12]}, and this program is of {second[:12]}" in failure.reason
    assert "infra up -s dev" in failure.reason


def test_what_is_not_known_yet_leaves_the_fingerprint_open(carried: Carried) -> None:
    carried.commit("first")
    provider = PrefectProvider(carried.root, carried.host)
    provider.check(CheckRequest(VARIABLE, new_inputs={"value": UNKNOWN}))
    checked = provider.check(CheckRequest(URN, new_inputs={}))
    assert checked.inputs["infrastructure"] is UNKNOWN
    assert provider.create(CreateRequest(URN, checked.inputs, preview=True)).outputs["record"] is UNKNOWN
