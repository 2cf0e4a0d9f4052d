"""The stored shapes of releases: record, pin and verification."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from prefect_pulumi.models.release_record import CheckResult, ReleasePin, ReleaseRecord, Verification

COMMIT = "c" * 40
RECORD = ReleaseRecord(
    "prod-2",
    COMMIT,
    time="2026-01-01T00:00:00+00:00",
    by="ann",
    deployments={"f/d": "abc"},
    infrastructure="def",
    images={"etl": "image"},
    versions={"prefect": "3.8.8"},
    promoted={"release": "dev-3", "stage": "dev", "plan": "sha256:1", "forced": {}},
)


def test_a_record_survives_its_document() -> None:
    assert ReleaseRecord.parse(RECORD.document()) == RECORD
    assert list(RECORD.document()) == [
        *("id", "commit", "time", "by", "deployments", "infrastructure", "images", "versions", "promoted"),
    ]
    assert ReleaseRecord.parse({"id": "a", "commit": "b", "by": None, "later": 1}) == ReleaseRecord("a", "b")


def test_the_name_that_a_release_had_first() -> None:
    assert RECORD.origin == "dev-3"
    assert ReleaseRecord("dev-3", COMMIT).origin == "dev-3"


def test_the_pin_of_a_record() -> None:
    pin = RECORD.pin("prod", plan="sha256:2", forced={"drift": "an outage"})
    document = {
        "id": "prod-2",
        "commit": COMMIT,
        "stage": "prod",
        "images": {"etl": "image"},
        "plan": "sha256:2",
        "forced": {"drift": "an outage"},
    }
    assert pin.document() == document
    assert ReleasePin.model_validate(document) == pin
    assert ReleaseRecord("dev-1", COMMIT).pin("dev").document() == {"id": "dev-1", "commit": COMMIT, "stage": "dev"}


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({}, True),
        ({"images": {"etl": "other"}}, True),
        ({"id": "dev-4"}, False),
        ({"commit": "d" * 40}, False),
        ({"stage": "staging"}, False),
        ({"plan": ""}, False),
    ],
)
def test_whether_a_stack_runs_what_is_pinned(change: dict[str, object], same: bool) -> None:
    pin = {"id": "dev-3", "commit": COMMIT, "stage": "dev", "plan": "sha256:1"}
    assert RECORD.is_of(ReleasePin.model_validate({**pin, **change})) is same


@pytest.mark.parametrize("change", [{"commit": "short"}, {"later": 1}, {"id": None}])
def test_pins_that_are_none(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ReleasePin.model_validate({"id": "dev-3", "commit": COMMIT, "stage": "dev", **change})


def test_a_verification_survives_its_document() -> None:
    passed = CheckResult("drift", True, "none", {"objects": 3})
    failed = CheckResult("workers", False, "etl-1 is offline")
    both = Verification("dev-3", "t0", "t1", "ann", (passed, failed))
    assert Verification.parse(both.document()) == both
    assert (both.passed, both.failed, both.document()["passed"]) == (False, (failed,), False)
    assert Verification("dev-3", "t0", "t1", "ann", (passed,)).passed
    assert not Verification("dev-3", "t0", "t1", "ann").passed
