"""Sets drift back that `review.yaml` lists under `heal`, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from prefect_pulumi.app import operations
from prefect_pulumi.app.operations import UpRequest
from prefect_pulumi.app.review.drift_report import drift_report, load_rules
from prefect_pulumi.app.session.view import StackView
from prefect_pulumi.app.update_text import once
from prefect_pulumi.core import masking
from prefect_pulumi.core.errors import InputError, PrefectPulumiError
from prefect_pulumi.core.globs import covers
from prefect_pulumi.engine.operations import Result
from prefect_pulumi.engine.plan.scope import Selection
from prefect_pulumi.engine.plan.steps import Op, Step, summarize
from prefect_pulumi.promotion.rollout import Rollout
from prefect_pulumi.review import phrases
from prefect_pulumi.review.model import Item, Report

IN_PLACE = frozenset({Op.UPDATE, Op.REFRESH})


def healed_report(view: StackView, report: Report) -> tuple[Report, Mapping[str, int]]:
    """The report as it is after the listed fields were set back, with a note for each object; and what was changed, as
    operation -> number. Nothing is set back where not everything could be checked.

    Raises `InputError` for a stack whose state only the official CLI reaches.
    """
    (environment,) = report.environments
    rules = load_rules(view.at_pin().stack.config_root)
    healed = {item.key: rules.healed_fields(item, environment.stack) for item in environment.items}
    fields = {key: patterns for key, patterns in healed.items() if patterns}
    items = [item for item in environment.items if item.key in fields]
    if not items or environment.problems:
        return report, {}
    if view.stack.is_remote:
        raise InputError(
            "only the official CLI reaches the state of this stack, and --heal needs the embedded engine",
            where=f"infra drift -s {view.name} --heal",
            remedy="leave --heal out, and revert by hand: pulumi up --refresh --target URN",
        )
    request = UpRequest(selection=Selection(targets=tuple(fields)), refresh=True)
    allowed = {key.partition("#")[0]: patterns for key, patterns in fields.items()}
    try:
        result = operations.up(view.fresh(), request, lambda planned: is_listed(planned, allowed)).result
    except PrefectPulumiError as error:
        return _noted(report, items, f"not set back ({masking.current().text(error.message)})"), {}
    if result is None or not result.changed:
        return _noted(report, items, "not set back (it changed again meanwhile: look at the next report)"), {}
    return _noted(drift_report(view.fresh().at_pin()), items, "set back"), summarize(once(result.steps))


def is_listed(planned: Result | Rollout, allowed: Mapping[str, Sequence[str]]) -> bool:
    """Whether an update changes nothing but the fields (patterns) of these URNs, in place. A deploy step lists its
    deployments, not their fields."""
    return isinstance(planned, Result) and all(_is_listed(step, allowed) for step in planned.steps if step.changes)


def _is_listed(step: Step, allowed: Mapping[str, Sequence[str]]) -> bool:
    if step.urn not in allowed or step.op not in IN_PLACE:
        return False
    paths = step.diff.detailed if step.diff is not None and not step.type.endswith(":Deployments") else {}
    return all(any(covers(pattern, path) for pattern in allowed[step.urn]) for path in paths)


def _noted(report: Report, items: Sequence[Item], result: str) -> Report:
    (environment,) = report.environments
    notes = [f"{result}: {item.kind} {item.name}: {_changes(item)}" for item in items]
    return replace(report, environments=(replace(environment, notes=(*environment.notes, *notes)),))


def _changes(item: Item) -> str:
    """What was live, and what the code says."""
    return "; ".join(
        f"{change.path}: {phrases.value(change.live, change.path)} -> {phrases.value(change.code, change.path)}"
        for change in item.fields
    )
