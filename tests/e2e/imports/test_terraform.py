"""`infra import --from-terraform`: every object of a state by its id, with a clean preview on the same server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.support.commands import infra
from tests.support.projects import Project
from tests.support.terraform_states import attributes, restore, state_of

pytestmark = pytest.mark.e2e


def take_over(folder: Path, server: str, state: Any) -> dict[str, str]:
    """Resource id -> URN of the new stack, whose preview is clean."""
    (folder / "terraform.tfstate").write_text(json.dumps(state))
    done = infra(folder, "import", "--from-terraform", "terraform.tfstate", "--out", "new", PREFECT_API_URL=server)
    assert "left out" not in done.stdout
    root = folder / "new"
    infra(root, "preview", "--refresh", "--expect-no-changes")
    document = json.loads(infra(root, "stack", "export").stdout)
    entries = [entry for entry in document["deployment"]["resources"] if entry["type"].startswith("prefect:index:")]
    return {entry["id"]: entry["urn"] for entry in entries}


@pytest.mark.parametrize(
    ("name", "times"),
    [
        ("one-of-each", 1),
        ("mix-10", 1),
        pytest.param("mix-10", 10, marks=pytest.mark.matrix),
        pytest.param("mix-10", 100, marks=pytest.mark.matrix),
    ],
)
def test_a_state_is_taken_over(tmp_path: Path, prefect_server: str, name: str, times: int) -> None:
    state = state_of(name, f"tf-{uuid4().hex[:6]}-", times)
    restore(state, prefect_server)
    taken = take_over(tmp_path, prefect_server, state)
    assert taken.keys() == {own["id"] for _, own in attributes(state)}


def test_what_is_gone_is_listed_and_the_official_engine_agrees(
    tmp_path: Path, prefect_server: str, pulumi_cli: Path
) -> None:
    from tests.support.engines import Official

    state = state_of("one-of-each", f"tf-{uuid4().hex[:6]}-")
    restore(state, prefect_server)
    gone = {"id": str(uuid4()), "name": "gone"}
    other = {"mode": "managed", "type": "prefect_flow", "name": "gone", "instances": [{"attributes": gone}]}
    state["resources"] += [other, {**other, "type": "prefect_user", "name": "u"}]
    (tmp_path / "s.json").write_text(json.dumps(state))
    command = ("import", "--from-terraform", "s.json", "--out", "new")
    done = infra(tmp_path, *command, PREFECT_API_URL=prefect_server)
    assert f"left out: Terraform prefect_flow.gone: {prefect_server} has no object {gone['id']}" in done.stdout
    assert "left out: Terraform prefect_user.u: there is no kind for a user" in done.stdout
    assert Official(Project(tmp_path / "new"), pulumi_cli).changes() == {}
    state["resources"] = [other]
    (tmp_path / "s.json").write_text(json.dumps(state))
    refused = infra(tmp_path, "import", "--from-terraform", "s.json", check=False, PREFECT_API_URL=prefect_server)
    assert refused.returncode == 2
    assert "set PREFECT_API_URL to the server of that state" in refused.stderr
    assert not (tmp_path / "imported").exists()
