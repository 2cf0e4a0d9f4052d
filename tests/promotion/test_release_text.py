"""Releases as text: what verified them, which one runs, what was forced."""

from __future__ import annotations

from prefect_pulumi.app.documents import release_document, releases_document
from prefect_pulumi.models.release_record import CheckResult, ReleaseRecord, Verification
from prefect_pulumi.promotion.release_records import StackReleases
from prefect_pulumi.promotion.release_text import release_rows, release_text, verified_text

FIRST = ReleaseRecord("prod-1", "a" * 40, "2026-11-01T00:00:00Z", "ana", {"f/d": "b" * 64}, "c" * 64)
SECOND = ReleaseRecord(
    "prod-2",
    "d" * 40,
    "2026-11-02T00:00:00Z",
    "bo",
    images={"etl": "registry/etl@sha256:e"},
    versions={"prefect": "3.8.8"},
    promoted={"stage": "dev", "release": "dev-7", "forced": {"drift": "known"}},
)
PASSED = Verification("prod-1", "began", "ended", "ana", (CheckResult("drift", True, "none"),))
LATE = CheckResult("smoke", False, "late")
FAILED = Verification("prod-2", "began", "ended", "bo", (CheckResult("drift", True, "none"), LATE))
RELEASES = StackReleases(True, SECOND, (SECOND, FIRST), {"prod-1": PASSED, "prod-2": FAILED})


def test_verified() -> None:
    assert verified_text(RELEASES, FIRST) == "ended"
    assert verified_text(RELEASES, SECOND) == "failed: smoke"
    assert verified_text(StackReleases(True, FIRST, (FIRST,)), FIRST) == "no"


def test_rows_mark_the_release_that_runs() -> None:
    rows = release_rows(RELEASES)
    assert [row[:2] for row in rows] == [("*", "prod-2"), ("", "prod-1")]
    assert [row[5] for row in rows] == ["dev-7", "-"]


def test_text_has_each_part() -> None:
    text = release_text(RELEASES, SECOND)
    assert text.splitlines()[0] == "release prod-2 (of dev-7, promoted from dev)"
    for line in (
        "  image          etl registry/etl@sha256:e",
        "  prefect        3.8.8",
        "  forced         drift: known",
        "  verified       failed: smoke",
    ):
        assert line in text.splitlines()
    assert f"  deployment     f/d {'b' * 12}" in release_text(RELEASES, FIRST).splitlines()


def test_documents() -> None:
    assert release_document(RELEASES, FIRST)["verification"]["passed"] is True
    assert release_document(StackReleases(True, FIRST, (FIRST,)), FIRST)["verification"] is None
    assert [entry["current"] for entry in releases_document(RELEASES)] == [True, False]
