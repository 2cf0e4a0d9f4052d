"""State in a bucket: what one machine began and did not end, another one goes on with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from prefect_pulumi.state.lock import StackLock
from tests.support.buckets import BucketService
from tests.support.engines import Failed
from tests.support.mixed_project import MixedProject
from tests.support.projects import Project

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
SIZE = 50
POINTS = (40, 150, 60)
"""Boundaries at which a run is killed, one after the other: each heals the one before."""


@pytest.fixture
def machines(
    s3: BucketService, bucket: str, small: Project, tmp_path: Path, prefect_server: str
) -> tuple[MixedProject, MixedProject]:
    """The same project on two machines: a folder and a HOME each, the state in one bucket."""
    project = small.root / "Pulumi.yaml"
    lines = project.read_text().splitlines(keepends=True)
    text = "".join(line for line in lines if not line.startswith("backend:"))
    project.write_text(f"{text}backend: {{url: '{s3.url(f'{bucket}/states')}'}}\n")
    one = MixedProject(small, prefect_server, SIZE)
    one.environment = {**s3.environment, "HOME": str(tmp_path / "home of one")}
    other = one.on(Project.small(tmp_path / "another machine", prefect_server), HOME=str(tmp_path / "home of two"))
    return one, other


def move_lock(world: MixedProject) -> None:
    """The lock that the killed run left becomes that of a machine which is not this one."""
    (key,) = [item.key for item in world.store.list(".pulumi/locks")]
    stored = world.store.read(key)
    assert stored is not None
    world.store.write(key, json.dumps({**json.loads(stored.data), "bootId": "another", "hostname": "one"}).encode())


def test_what_was_killed_on_one_machine_is_healed_on_another(machines: Any, warm: Any) -> None:
    one, other = machines
    for point in POINTS:
        killed = warm.infra(one, "up", "--yes", kill=point)
        assert killed["code"] == -9, killed["output"]
        move_lock(one)
        assert "locked by" in warm.infra(other, "up", "--yes")["output"]
        assert "removed 1 lock" in warm.infra(other, "cancel")["output"]
        one, other = other, one
    healed = warm.infra(one, "up", "--yes")
    assert healed["code"] == 0, healed["output"]
    one.check(SIZE)
    seen = warm.infra(other, "preview", "--refresh", "--expect-no-changes")
    assert seen["code"] == 0, seen["output"]
    assert not (one.project.root / ".infra/state").exists()
    assert warm.infra(other, "destroy", "--yes")["code"] == 0
    one.check(0)


def test_the_official_cli_takes_turns(machines: Any, warm: Any, official: Any) -> None:
    """On one bucket, with no difference either way; what a killed run left pending is settled before the CLI begins."""
    one, other = machines
    assert warm.infra(one, "up", "--yes", kill=POINTS[1])["code"] == -9
    official.up()
    one.check(SIZE)
    assert official.changes(refresh=True) == {}
    seen = warm.infra(one, "preview", "--refresh", "--expect-no-changes")
    assert seen["code"] == 0, seen["output"]
    with StackLock(one.store, "prefect-infra", "dev"), pytest.raises(Failed, match="locked"):
        official.up()
    kinds = {item.key.split("/")[1] for item in one.store.list(".pulumi")}
    assert kinds >= {"stacks", "history", "backups", "meta.yaml"}
    assert "prefect-infra" in json.dumps([item.key for item in one.store.list(".pulumi/history")])
    assert warm.infra(other, "destroy", "--yes")["code"] == 0
    one.check(0)
