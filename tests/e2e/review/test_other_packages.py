"""Drift of what other packages' providers keep, as these providers judge it: nothing that a preview would not show."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.support import engine_pair, testbed

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

PROGRAM = """
import pulumi
class Thing(pulumi.CustomResource):
    def __init__(self, logical, opts=None, **props):
        super().__init__("testbed:index:Thing", logical, props, opts)
pulumi.export("pool", "team-etl")
box = dict(name="team-etl-1", pool="team-etl", command=["worker", "team-etl"], env=["TOKEN=of-the-team"])
Thing("etl-1", name="p-dev-etl-1", set=["a", "b", "c"], memory=512, bag=pulumi.Output.secret(box))
Thing("other", set=["z", "y"])
"""


@pytest.fixture
def world() -> testbed.World:
    return testbed.World()


@pytest.fixture
def side(tmp_path: Path, world: testbed.World) -> Any:
    with testbed.serving(world, "testbed") as providers:
        made = engine_pair.EmbeddedSide(engine_pair.Side.folder(tmp_path / "a project"), providers=providers)
        made.up(PROGRAM)
        yield made


def drift(side: Any, *options: str) -> list[dict[str, Any]]:
    environments = json.loads(side.infra("drift", "--format", "json", *options, check=False))["environments"]
    assert environments[0]["problems"] == []
    items: list[dict[str, Any]] = environments[0]["items"]
    return items


def changes(side: Any, *options: str) -> dict[str, tuple[str, list[str]]]:
    return {
        item["name"]: (item["cls"], sorted(field["path"] for field in item["fields"])) for item in drift(side, *options)
    }


@pytest.mark.parametrize("engine", ["embedded", "pulumi"])
def test_drift_is_what_the_provider_says(
    side: Any, world: testbed.World, engine: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = []
    if engine == "pulumi":
        options = ["--cli"]
        folder = request.getfixturevalue("pulumi_cli").parent
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    assert changes(side, *options) == {}
    world.things["etl-1-1"]["props"]["memory"] = 700
    assert changes(side, *options) == {"etl-1": ("changed live", ["memory"])}
    assert "[secret]" not in json.dumps([item["name"] for item in drift(side, *options)])
    # The refresh of both, the update of the state's entry, and that of the object.
    assert side.preview(refresh=True) == {"refresh": 1, "update": 2}
    side.up(refresh=True)
    assert changes(side, *options) == {}
    del world.things["other-1"]
    assert changes(side, *options) == {"other": ("missing live", [])}
    side.write(PROGRAM.replace('"a", "b", "c"', '"c", "a"'))
    found = changes(side, *options)
    assert found["etl-1"][0] == "this change"
    assert "set" in found["etl-1"][1][0]
