"""What has to hold before a release may move on; each gate is a pure function of what was seen."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from prefect_pulumi.core.display_text import first_few
from prefect_pulumi.core.errors import InputError
from prefect_pulumi.models.release_record import ReleaseRecord, Verification
from prefect_pulumi.promotion.release_records import StackReleases
from prefect_pulumi.review.model import Environment, Status

NAMES = ("stage", "verified", "newer", "drift", "policy", "secrets", "versions", "images")
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


def forced(gates: Sequence[Gate], reasons: Mapping[str, str]) -> list[Gate]:
    """The gates with the reasons of those that are overruled. A gate that is passed needs none and takes none."""
    unknown = sorted(set(reasons) - set(NAMES))
    if unknown:
        raise InputError(
            f"there is no gate {', '.join(unknown)}",
            where="infra promote --force",
            remedy=f"one of: {', '.join(NAMES)}",
        )
    return [gate if gate.passed else replace(gate, forced=reasons.get(gate.name, "")) for gate in gates]
