"""The environment of a deploy, and what of it is hidden."""

from __future__ import annotations

from prefect_pulumi.core.values import Secret
from prefect_pulumi.deploy.file.environment import DeployEnvironment, sealed, used_variables

ENV = DeployEnvironment(
    {"REGION": "eu", "DB_PASSWORD": "hunter2", "PLAIN": "p", "MARKED": "marked"}, frozenset({"MARKED"})
)


def test_resolved() -> None:
    value = {"a": "in {{ $REGION }}", "b": ["{{$DB_PASSWORD}}", "{{ $MISSING }}"], "c": 1, "d": "{{ $MARKED }}"}
    assert ENV.resolved(value) == {
        "a": "in eu",
        "b": [Secret("hunter2"), "{{ $MISSING }}"],
        "c": 1,
        "d": Secret("marked"),
    }
    assert used_variables(value) == {"REGION", "DB_PASSWORD", "MISSING", "MARKED"}
    assert ENV.secrets == ["hunter2", "marked"]


def test_digests_depend_on_key_and_value() -> None:
    assert ENV.digest("REGION", "k") == ENV.digest("REGION", "k")
    other = DeployEnvironment({"REGION": "us"})
    digests = {
        ENV.digest("REGION", "k"),
        ENV.digest("REGION", "l"),
        other.digest("REGION", "k"),
        ENV.digest("PLAIN", "k"),
    }
    assert len(digests) == 4


def test_sealed() -> None:
    assert sealed({"a": "x hunter2", "b": ["y"]}, ["hunter2"]) == {"a": Secret("x hunter2"), "b": ["y"]}
    # Without the environment at hand, what was secret stays it.
    assert sealed({"a": "other", "b": [1]}, [], {"a": Secret("old"), "b": [Secret(1)]}) == {
        "a": Secret("other"),
        "b": [Secret(1)],
    }
