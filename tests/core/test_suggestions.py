"""Hints for names that do not exist."""

from __future__ import annotations

import pytest
from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from prefect_pulumi.core.suggestions import closest, explain, is_unknown_key, nearest, suggestion, with_hint


@pytest.mark.parametrize(("name", "near"), [("deploymens", "deployments"), ("xyz", ""), ("", "")])
def test_the_closest_name(name: str, near: str) -> None:
    assert closest(name, ["deployments", "definitions"]) == near
    assert closest("paols", iter(["pools"])) == "pools"
    assert closest("paols", ["pools"], cutoff=0.9) == ""


def test_hints() -> None:
    assert suggestion("poolz", ["pools"]) == "did you mean pools?"
    assert suggestion("x", ["pools"]) == ""
    assert suggestion("x", ["pools"], "give a pool") == "give a pool"
    assert nearest("x", {"b", "a"}, "it has") == "it has: a, b"
    assert nearest("x", []) == "known: none"
    assert with_hint("no such key", "did you mean a?") == "no such key; did you mean a?"
    assert with_hint("no such key", "") == "no such key"


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")

    size: int = 1
    names: list[int] = []

    @field_validator("size")
    @classmethod
    def _positive(cls, value: int) -> int:
        if value < 0:
            raise ValueError("give a size above zero")
        return value


@pytest.mark.parametrize(
    ("raw", "unknown", "text"),
    [
        ({"sise": 1}, True, "top.sise: unknown key; did you mean size?"),
        ({"zzz": 1}, True, "top.zzz: unknown key"),
        ({"size": -1}, False, "top.size: give a size above zero"),
        (
            {"names": [1, "x"]},
            False,
            "top.names.1: Input should be a valid integer, unable to parse string as an integer",
        ),
    ],
)
def test_faults_of_a_model(raw: dict[str, object], unknown: bool, text: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Strict.model_validate(raw)
    (fault,) = caught.value.errors()
    assert is_unknown_key(fault) is unknown
    assert explain(fault, Strict.model_fields, "top") == text
    assert explain(fault, Strict.model_fields) == text.removeprefix("top.")
