"""Each gate by itself."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from prefect_pulumi.core.errors import InputError
from prefect_pulumi.models.release_record import CheckResult, ReleaseRecord, Verification
from prefect_pulumi.promotion import gates
from prefect_pulumi.promotion.gate_rules import FreezeWindow
from prefect_pulumi.promotion.release_records import StackReleases
from prefect_pulumi.review.model import Acceptance, Class, Environment, Item, Problem, Verdict

DIGEST = "registry/etl@sha256:" + "0" * 64
RECORD = ReleaseRecord("dev-3", "c" * 40, images={"etl": DIGEST}, versions={"prefect": "3.8.8", "provider": "0.1.0"})
PASSED = Verification("dev-3", "t0", "t1", "ann", (CheckResult("drift", True, "none"),))
DRIFTED = Item("urn", "WorkPool", "etl", Class.CHANGED_LIVE)


def test_verified_asks_for_evidence_that_passed() -> None:
    assert gates.verified(RECORD, PASSED, "dev").passed
    none = gates.verified(RECORD, None, "dev")
    assert (none.passed, none.text, none.remedy) == (False, "dev-3 has not been verified", "infra verify -s dev")
    failed = Verification(
        "dev-3", "t0", "t1", "ann", (*PASSED.checks, CheckResult("workers", False, "etl-1 is offline"))
    )
    assert gates.verified(RECORD, failed, "dev").text == "dev-3: workers: etl-1 is offline"
    assert not Verification("dev-3", "t0", "t1", "ann").passed  # nothing was looked at


def test_newer_sees_what_would_be_lost() -> None:
    carried = StackReleases(True, ReleaseRecord("prod-1", "d" * 40))
    assert gates.newer(StackReleases(), False, [], "prod").passed
    assert gates.newer(carried, True, [], "prod").passed
    lost = gates.newer(carried, True, [f"abc{n} change {n}" for n in range(7)], "prod")
    assert not lost.passed
    assert "abc0 change 0" in lost.text
    assert lost.text.endswith("and 2 more")
    unknown = gates.newer(StackReleases(True), True, [], "prod")
    assert not unknown.passed
    assert "has no release" in unknown.text


def test_drift_counts_what_nobody_accepted() -> None:
    accepted = Acceptance("ann", "for the sale", "2026-12-31")
    assert gates.drift(Environment("prod", "s")).passed
    assert gates.drift(Environment("prod", "s", items=(DRIFTED,))).text == "WorkPool etl (changed live)"
    taken = Item("urn", "WorkPool", "etl", Class.CHANGED_LIVE, accepted=accepted)
    gate = gates.drift(Environment("prod", "s", items=(taken,)))
    assert gate.passed
    assert "accepted: WorkPool etl" in gate.text
    unread = gates.drift(Environment("prod", "s", problems=(Problem("no connection"),)))
    assert (unread.passed, unread.text) == (False, "no connection")


def test_policy_takes_overrides() -> None:
    broken = Verdict("no-deletes", "1 pool would be deleted")
    assert gates.policy(Environment("prod", "s")).passed
    assert gates.policy(Environment("prod", "s", verdicts=(broken,))).text == "no-deletes: 1 pool would be deleted"
    pardoned = Verdict("no-deletes", "1 pool would be deleted", "ann: it is empty")
    assert gates.policy(Environment("prod", "s", verdicts=(pardoned,))).passed


def test_secrets_are_compared_by_name() -> None:
    assert gates.secrets({"a"}, {"a", "b"}, {}, "prod").passed
    gate = gates.secrets({"a", "b"}, {"a"}, {"c": "set C"}, "prod")
    assert gate.text == "prod lacks b, c"
    assert gate.remedy == "infra config set --secret b -s prod; set C"


@pytest.mark.parametrize(
    ("here", "passed"),
    [
        ({"prefect": "3.8.8", "provider": "0.1.0"}, True),
        ({"prefect": "3.8.9", "provider": "0.1.0"}, False),
        ({"prefect": "3.8.8", "provider": "0.2.0"}, False),
    ],
)
def test_versions_are_those_that_were_verified(here: dict[str, str], passed: bool) -> None:
    assert gates.versions(RECORD, here).passed is passed


def test_images_come_with_the_release() -> None:
    assert gates.images(RECORD, []).passed
    assert gates.images(RECORD, ["etl"]).passed
    assert gates.images(RECORD, ["etl", "ml"]).text == "the release has no image for ml"
    local = ReleaseRecord("dev-3", "c" * 40, images={"etl": "sha256:" + "0" * 64})
    assert "on the machine that built it only" in gates.images(local, ["etl"]).text


def test_stage_says_why_not() -> None:
    assert gates.stage("", "dev", "prod").passed
    assert gates.stage("it skips staging", "dev", "prod").text == "it skips staging"


def test_force_overrules_closed_gates_only_and_by_name() -> None:
    closed, passed = gates.stage("it skips staging", "dev", "prod"), gates.verified(RECORD, PASSED, "dev")
    found = gates.forced([closed, passed], {"stage": "an outage", "verified": "not needed"})
    assert [(gate.open, gate.forced) for gate in found] == [(True, "an outage"), (True, "")]
    assert [gate.open for gate in gates.forced([closed, passed], {})] == [False, True]
    with pytest.raises(InputError, match="there is no gate stages"):
        gates.forced([closed], {"stages": "x"})


def test_freeze_names_its_end_and_its_reason() -> None:
    friday = datetime.fromisoformat("2026-11-27T15:00:00+00:00")
    window = FreezeWindow(days=("fri",), start="12:00", zone="Europe/Berlin", reason="quiet Fridays")
    gate = gates.freeze([window], friday, "prod")
    assert not gate.passed
    assert gate.text == "nothing is deployed to prod until Sat 2026-11-28 00:00 Europe/Berlin: quiet Fridays"
    assert gates.freeze([window], friday - timedelta(days=1), "prod").passed


def test_soak_asks_for_time_and_for_no_failed_run() -> None:
    assert gates.soak(gates.Soak("dev", 24.5), 24).passed
    early = gates.soak(gates.Soak("dev", 3.2), 24)
    assert (early.passed, early.remedy) == (False, "wait 20.8 h")
    failed = gates.soak(gates.Soak("dev", 48, ("etl/daily: calm-bee Crashed",)), 24)
    assert (failed.passed, failed.text) == (False, "runs failed on dev: etl/daily: calm-bee Crashed")
    assert gates.soak(gates.Soak("dev", 48, unread="no connection"), 24).text.endswith("cannot be read: no connection")
    assert not gates.soak(None, 24).passed


def test_approved_counts_reviewers() -> None:
    assert gates.approved(None, 2).passed  # the pull request is still to be made
    one = gates.Approval(("ben",), "https://forge/7")
    assert gates.approved(one, 1).text == "https://forge/7 was approved by ben"
    assert gates.approved(one, 2).text == "2 approvals are asked for; https://forge/7 was approved by ben"
    assert "approved by nobody" in gates.approved(gates.Approval(url="https://forge/7"), 1).text
    assert not gates.approved(gates.Approval(problem="no merged pull request"), 1).passed


def test_a_reason_in_advance_is_kept_where_time_may_close_the_gate() -> None:
    passed = [gates.Gate("freeze", True, "not frozen"), gates.Gate("drift", True, "none")]
    kept = gates.forced(passed, {"freeze": "prod is down", "drift": "prod is down"})
    assert [gate.forced for gate in kept] == ["prod is down", ""]
