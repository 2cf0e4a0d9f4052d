"""A verified release moved to the next stack: planned, pinned in the target's stack file, and rolled out if asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from prefect_pulumi.app.events import Notice
from prefect_pulumi.app.release.journal import refuse_open_rollout
from prefect_pulumi.app.release.plan import STACK_FILES, build_plan, nothing_to_promote
from prefect_pulumi.app.release.rollout import Confirm, is_pending, roll_out_pin
from prefect_pulumi.app.session.view import StackView
from prefect_pulumi.project import git
from prefect_pulumi.promotion.plan import Plan, need_open
from prefect_pulumi.promotion.rollout import Rollout


@dataclass(frozen=True, slots=True)
class PromoteRequest:
    """`apply`: deploy to the target now. `push`: a branch to push the pin to. `force`: gate -> why it is overridden.
    `commit`: a hotfix, a commit that no stage has run. `preview`: only plan."""

    preview: bool = False
    apply: bool = False
    push: str = ""
    force: Mapping[str, str] = field(default_factory=dict)
    commit: str = ""


@dataclass(frozen=True, slots=True)
class Promotion:
    """`needless`: the target runs all of the release already, or is pinned to it and waits for its deployment.
    `pinned`: the pin is in the target's stack file. `pushed`: the commit that was pushed, "" for none. `plan`: None
    where automation, which gives a branch to push to, comes to a stage that no release has reached."""

    plan: Plan | None
    needless: bool = False
    pinned: bool = False
    pushed: str = ""
    rollout: Rollout | None = None


def promote(
    source: StackView,
    target: StackView,
    request: PromoteRequest,
    *,
    show: Callable[[Plan], None] | None = None,
    confirm: Confirm | None = None,
) -> Promotion:
    """`show` gets the plan before its gates are enforced.

    Raises `GateError` when a gate is closed, `InputError` while a rollout of the target is open, `CannotCheckError`
    when a stack cannot be read, and what a rollout raises.
    """
    refuse_open_rollout(target.stack)
    if request.push and not request.commit and not source.exists:
        return Promotion(None, needless=True)
    if request.push and not request.commit and (waiting := _waiting_plan(source, target)) is not None:
        return Promotion(waiting, needless=True)
    plan = build_plan(source, target, commit=request.commit, reasons=request.force, deploys=request.apply)
    if nothing_to_promote(source.stack.root, plan):
        return Promotion(plan, needless=True)
    if show is not None:
        show(plan)
    need_open(plan)
    if request.preview:
        return Promotion(plan)
    target.stack.config.put(["environment", "release"], plan.pin().document())
    target.stack.config.save()
    pushed = _push(target, plan, request.push) if request.push else ""
    if not pushed:
        advice = "commit it" if request.apply else "commit it, or --apply"
        target.sink.emit(Notice(f"pinned {plan.release.id} in {target.stack.config_file.name}: {advice}"))
    if not request.apply:
        return Promotion(plan, pinned=True, pushed=pushed)
    return Promotion(plan, pinned=True, pushed=pushed, rollout=roll_out_pin(target.fresh(), confirm, approved=True))


def _waiting_plan(source: StackView, target: StackView) -> Plan | None:
    """The approved plan that the target pins and waits for, where it still holds and the source runs no other code
    since: the merge that pinned it is a commit of its own, which needs no promotion."""
    pin, record, root = target.pin, source.releases.record, source.stack.root
    if pin is None or record is None or pin.stage != source.name or not is_pending(target):
        return None
    if source.releases.find(pin.id) is None or dict(pin.images) != dict(record.images):
        return None
    if git.changed_files(root, pin.commit, record.commit, STACK_FILES):
        return None
    plan = build_plan(source, target, release=pin.id, reasons=pin.forced)
    return plan if plan.checksum == pin.plan else None


def _push(target: StackView, plan: Plan, branch: str) -> str:
    message = f"Promote {plan.release.id} ({plan.release.commit[:12]}) to {target.name}\n\nplan {plan.checksum}"
    commit = git.push_file(target.stack.root, target.stack.config_file.name, message, branch)
    target.sink.emit(Notice(f"pushed {commit[:12]} to {branch}"))
    return commit
