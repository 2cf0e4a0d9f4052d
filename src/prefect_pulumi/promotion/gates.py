"""What has to hold before a release may move on; each gate is a pure function of what was seen."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from prefect_pulumi.core.display_text import first_few
from prefect_pulumi.core.errors import InputError
from prefect_pulumi.models.release_record import ReleaseRecord, Verification
from prefect_pulumi.promotion.gate_rules import FreezeWindow, frozen_until
from prefect_pulumi.promotion.release_records import StackReleases
from prefect_pulumi.review.model import Environment, Status

OF_TIME = frozenset({"freeze", "soak", "approved"})
"""Gates that may close between the promotion and its deployment: a reason given in advance is kept."""
NAMES = ("stage", "verified", "newer", "drift", "policy", "secrets", "versions", "images", *sorted(OF_TIME))
SHOWN = 5
"""Objects that a closed gate names."""


@dataclass(frozen=True, slots=True)
class Gate:
    """`forced` is the reason for which a gate that is not passed was overruled."""

    name: str
    passed: bool
    text: str
    remedy: str = ""
    forced: str = ""

    @property
    def open(self) -> bool:
        return self.passed or bool(self.forced)


def stage(fault: str, source: str, target: str) -> Gate:
    return Gate("stage", not fault, fault or f"{target} comes after {source}", "promote it stage by stage")


def verified(record: ReleaseRecord, verification: Verification | None, source: str) -> Gate:
    if verification is None:
        text = f"{record.id} has not been verified"
    elif not verification.passed:
        text = f"{record.id}: " + "; ".join(f"{check.name}: {check.text}" for check in verification.failed)
    else:
        return Gate("verified", True, f"{record.id} was verified at {verification.ended} by {verification.by}")
    return Gate("verified", False, text, f"infra verify -s {source}")


def newer(target: StackReleases, exists: bool, missing: Sequence[str], stack: str) -> Gate:
    """`missing`: commits that the target's release has and the promoted one lacks; `exists`: whether the stack has
    ever been created."""
    if not exists:
        return Gate("newer", True, f"{stack} is deployed for the first time")
    if target.record is None:
        return Gate(
            "newer",
            False,
            f"{stack} has no release, so it is not known whether it runs something newer",
            f"infra up -s {stack} from a clean commit",
        )
    if missing:
        shown = first_few(missing, SHOWN, "; ")
        remedy = f"bring it into the branch that is released from, or: infra rollback -s {stack}"
        return Gate("newer", False, f"{stack} has what this release lacks: {shown}", remedy)
    return Gate("newer", True, f"the release holds all of {target.record.commit[:12]}, which {stack} runs")


def drift(target: Environment) -> Gate:
    if target.status is Status.CANNOT_CHECK:
        return Gate("drift", False, "; ".join(problem.message for problem in target.problems), "can it be reached?")
    counted = [item for item in target.items if item.counts]
    if counted:
        shown = first_few([f"{item.kind} {item.name} ({item.cls})" for item in counted], SHOWN)
        return Gate("drift", False, shown, f"infra drift -s {target.stack}: adopt, revert or accept it")
    accepted = [item for item in target.items if item.drifted]
    note = f"; accepted: {', '.join(f'{item.kind} {item.name}' for item in accepted)}" if accepted else ""
    return Gate("drift", True, f"{target.stack} is as it was deployed{note}")


def policy(target: Environment) -> Gate:
    if target.failed:
        text = "; ".join(f"{verdict.rule}: {verdict.text}" for verdict in target.failed)
        return Gate("policy", False, text, "an override in review.yaml, which is itself reviewed")
    passed = [f"{verdict.rule}: overridden by {verdict.overridden}" for verdict in target.verdicts]
    return Gate("policy", True, "; ".join(passed) or "no rule of review.yaml is broken")


def secrets(source: Collection[str], target: Collection[str], missing: Mapping[str, str], stack: str) -> Gate:
    """Names only. `missing`: secrets that the target's config declares and gives no value to -> how to give it."""
    lacking = {name: f"infra config set --secret {name} -s {stack}" for name in sorted(set(source) - set(target))}
    lacking |= missing
    if lacking:
        return Gate("secrets", False, f"{stack} lacks {', '.join(lacking)}", "; ".join(lacking.values()))
    return Gate("secrets", True, "every secret has a value there" if target else "there are none")


def versions(record: ReleaseRecord, here: Mapping[str, str]) -> Gate:
    """The Prefect and the provider that verified the release are the ones that will deploy it."""
    other = [
        f"{name} {record.versions[name]} there, {here[name]} here"
        for name in ("prefect", "provider")
        if name in record.versions and name in here and record.versions[name] != here[name]
    ]
    if other:
        return Gate("versions", False, "; ".join(other), "install the pinned dependencies of the released commit")
    return Gate("versions", True, ", ".join(f"{name} {version}" for name, version in sorted(here.items())))


def images(record: ReleaseRecord, wanted: Collection[str]) -> Gate:
    """`wanted`: pools of the target whose workers run in containers."""
    lacking = sorted(set(wanted) - set(record.images))
    local = sorted(name for name in set(wanted) & set(record.images) if "@" not in record.images[name])
    if lacking:
        return Gate("images", False, f"the release has no image for {', '.join(lacking)}", "run its workers there, too")
    if local:
        note = (
            f"the image of {', '.join(local)} is on the machine that built it only: deploy from there, or set push_to"
        )
        return Gate("images", True, note)
    return Gate("images", True, f"{len(wanted)} by digest" if wanted else "none is used")


def freeze(windows: Sequence[FreezeWindow], moment: datetime, stack: str) -> Gate:
    """`moment`: now, with its time zone."""
    frozen = frozen_until(windows, moment)
    if frozen is None:
        return Gate("freeze", True, f"{stack} is not frozen")
    end, window = frozen
    reason = f": {window.reason}" if window.reason else ""
    text = f"nothing is deployed to {stack} until {end:%a %Y-%m-%d %H:%M} {window.zone}{reason}"
    return Gate("freeze", False, text, "wait until then")


@dataclass(frozen=True, slots=True)
class Soak:
    """How a release has done in the stage before. `hours`: since it was deployed there, until it was followed by
    another. `failures`: flow runs that failed or crashed since. `unread`: why they cannot be read."""

    stack: str
    hours: float
    failures: tuple[str, ...] = ()
    unread: str = ""


def soak(observed: Soak | None, hours: float) -> Gate:
    """`observed`: None for a release that no stage has run."""
    if observed is None:
        return Gate("soak", False, "no stage has run this commit", "promote a release of a stage")
    if observed.unread:
        return Gate("soak", False, f"the runs of {observed.stack} cannot be read: {observed.unread}", "is it online?")
    if observed.failures:
        text = f"runs failed on {observed.stack}: {first_few(observed.failures, SHOWN)}"
        return Gate("soak", False, text, f"release a fix: infra up -s {observed.stack}")
    text = f"it ran on {observed.stack} for {observed.hours:.1f} h without a failed run"
    if observed.hours < hours:
        return Gate("soak", False, f"{text}; {hours:g} h are asked for", f"wait {hours - observed.hours:.1f} h")
    return Gate("soak", True, text)


@dataclass(frozen=True, slots=True)
class Approval:
    """Reviews of the pull request that pinned a release. `by`: accounts that approved what was merged, its author left
    out. `problem`: why they cannot be read."""

    by: tuple[str, ...] = ()
    url: str = ""
    problem: str = ""


def approved(approval: Approval | None, required: int) -> Gate:
    """`approval`: None while the pull request is still to be made."""
    if approval is None:
        return Gate("approved", True, f"{required} approvals of the pull request are asked for at the deployment")
    if approval.problem:
        return Gate("approved", False, approval.problem, "have the pull request of the promotion approved and merged")
    names = ", ".join(approval.by) or "nobody"
    if len(approval.by) < required:
        text = f"{required} approvals are asked for; {approval.url} was approved by {names}"
        return Gate("approved", False, text, "have it approved, then run this again")
    return Gate("approved", True, f"{approval.url} was approved by {names}")


def forced(gates: Sequence[Gate], reasons: Mapping[str, str]) -> list[Gate]:
    """The gates with the reasons of those that are overruled. A gate that is passed needs none; it takes one only if it
    may close until the release is deployed."""
    unknown = sorted(set(reasons) - set(NAMES))
    if unknown:
        raise InputError(
            f"there is no gate {', '.join(unknown)}",
            where="infra promote --force",
            remedy=f"one of: {', '.join(NAMES)}",
        )
    return [
        replace(gate, forced=reasons.get(gate.name, "")) if not gate.passed or gate.name in OF_TIME else gate
        for gate in gates
    ]
