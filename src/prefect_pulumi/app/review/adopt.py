"""Live values written back into the code, as a patch for `git apply` that was tried before it is offered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from prefect_pulumi.app.events import Message
from prefect_pulumi.app.review.drift_report import load_rules, observed_environment
from prefect_pulumi.app.review.patches import find_patches
from prefect_pulumi.app.review.trial import open_trial
from prefect_pulumi.app.session.view import StackView
from prefect_pulumi.core.errors import InputError, OperationError
from prefect_pulumi.core.globs import matches, matches_any
from prefect_pulumi.project import git
from prefect_pulumi.review.model import Class, Item
from prefect_pulumi.review.remedies import reference


@dataclass(frozen=True, slots=True)
class AdoptRequest:
    """`objects`: names such as `WorkPool etl`, patterns; none: all that drifted."""

    objects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Adoption:
    """`patch` is for `git apply`; `left` says of each object that could not be adopted why."""

    patch: str
    left: tuple[str, ...] = ()


def adopt(view: StackView, request: AdoptRequest) -> Adoption:
    """Reads only; nothing of the trial is kept.

    Raises `InputError` for a name that matches no drift, `PrefectPulumiError` when the program does not run as it is.
    """
    environment, observation = observed_environment(view, None, rules=load_rules(view.stack.config_root))
    for note in environment.notes:
        view.sink.emit(Message("warning", note))
    chosen = chosen_items(environment.items, request.objects)
    if observation is None:
        return Adoption("", tuple(f"{reference(item)}: not checked" for item in chosen))
    if observation.code.problem is not None:
        raise observation.code.problem
    patches = find_patches(view.stack, chosen, lambda items: open_trial(view, observation, items))
    if refusal := git.refusal(view.stack.project_dir, patches.together) if patches.together else "":
        raise OperationError(f"git apply refuses the patch: {refusal}", where="infra adopt")
    return Adoption(patches.together, tuple(map(str, patches.left)))


def chosen_items(items: Iterable[Item], names: Sequence[str]) -> list[Item]:
    """Drifted items of these names (`Kind name`, patterns); all without names. Raises `InputError` for no match."""
    drifted = [item for item in items if item.drifted and item.cls is not Class.UNMANAGED_LIVE]
    for name in names:
        if not any(matches(reference(item), name) for item in drifted):
            known = ", ".join(repr(reference(item)) for item in drifted[:10]) or "none"
            raise InputError(f"no drifted object named {name!r}", where="infra adopt", remedy=f"drifted: {known}")
    return [item for item in drifted if not names or matches_any(reference(item), names)]
