"""The order of the stages, and who may go where."""

from __future__ import annotations

from typing import Any

import pytest

from prefect_pulumi.core.errors import ConfigError
from prefect_pulumi.promotion.stages import Stages

STAGES = Stages.parse({"stages": ["dev", "staging", ["prod-eu", "prod-us"]]})


@pytest.mark.parametrize(
    ("source", "target", "came_from", "fault"),
    [
        ("dev", "staging", [], ""),
        ("staging", "prod-us", ["dev"], ""),
        ("dev", "prod-eu", [], "it skips staging"),
        ("staging", "dev", [], "dev does not come after staging"),
        ("prod-eu", "prod-us", ["dev", "staging"], "prod-us does not come after prod-eu"),
        ("dev", "dev", [], "dev cannot be promoted to itself"),
        ("staging", "prod-eu", [], "it was not promoted to staging from dev"),
        ("dev", "prod", [], "prod is no stage (Pulumi.yaml: promotion.stages has dev, staging, prod-eu, prod-us)"),
    ],
)
def test_a_release_goes_from_stage_to_stage(source: str, target: str, came_from: list[str], fault: str) -> None:
    assert STAGES.fault(source, target, came_from) == fault


def test_without_stages_any_way_is_allowed() -> None:
    assert Stages.parse(None).fault("dev", "prod", []) == ""
    assert Stages.parse(None).stacks == []


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({"stages": ["dev", ["dev"]]}, "dev: named twice"),
        ({"stages": "dev"}, "stages: Input should be a valid list"),
        ({"stage": ["dev"]}, "stage: Extra inputs are not permitted"),
        (["dev"], "promotion: Input should be a valid dictionary"),
    ],
)
def test_faults_are_named(raw: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=r"Pulumi\.yaml: promotion") as caught:
        Stages.parse(raw)
    assert message in str(caught.value)
