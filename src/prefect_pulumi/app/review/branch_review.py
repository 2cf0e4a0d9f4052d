"""A review of a branch: what it changes in each environment, and what drifted there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from prefect_pulumi.app.review.base_branch import base_code, merge_base, worktree
from prefect_pulumi.app.review.drift_report import environment_of, load_rules, make_report
from prefect_pulumi.app.saved_plan import Basis, PlanScope, SavedPlan, basis, saved_plan
from prefect_pulumi.app.session.view import StackView
from prefect_pulumi.core.errors import InputError
from prefect_pulumi.engine.operations import Result
from prefect_pulumi.engine.plan.scope import Selection
from prefect_pulumi.review.model import Report
from prefect_pulumi.review.rules import Rules


@dataclass(frozen=True, slots=True)
class ReviewRequest:
    """`stacks`: names; each is reviewed once. `base`: the branch that is compared with. `cli`: the official CLI is
    asked for code and server. `save_plan`: the file that the plan of the one stack is for."""

    stacks: tuple[str, ...] = ("dev",)
    base: str = "main"
    cli: bool = False
    save_plan: str = ""


def review(
    view_of: Callable[[str], StackView], request: ReviewRequest, keep: Callable[[SavedPlan], None] | None = None
) -> Report:
    """`view_of` opens a stack of the project; `keep` gets the plan that is asked for, unless the program does not run,
    the stack pins a release (whose plan is that of the promotion), or only the official CLI reaches it.

    Reads only. Raises `InputError` when git finds no common commit.
    """
    views: Sequence[StackView] = [view_of(name) for name in dict.fromkeys(request.stacks)]
    stack = views[0].stack
    made_from = None
    if keep is not None and not stack.is_remote and views[0].pin is None:
        made_from = _basis(views, request)
    rules = load_rules(stack.config_root)
    commit = merge_base(stack.root, request.base)
    environments = []
    with worktree(stack.root, commit) as folder:
        rules = rules.against(_base_rules(folder))
        for view in views:
            code = base_code(view, folder, cli=request.cli)

            def planned(result: Result, view: StackView = view) -> str:
                if keep is None or made_from is None:
                    return ""
                scope = PlanScope(refresh=False, adopt=False, selection=Selection())
                plan = saved_plan(view, result, scope, made_from)
                keep(plan)
                return plan.checksum

            environments.append(environment_of(view.at_pin(), code, rules=rules, cli=request.cli, planned=planned))
    return make_report("review", stack, environments, base=commit)


def _basis(views: Sequence[StackView], request: ReviewRequest) -> Basis:
    """What the plan is made from. Raises `InputError` where no plan can be made."""
    if len(views) > 1 or request.cli:
        raise InputError(
            "a plan is one stack's, and the embedded engine's",
            where="infra review --save-plan",
            remedy="name one stack by -s, without --cli",
        )
    return basis(views[0], request.save_plan)


def _base_rules(folder: Path) -> Rules:
    try:
        return load_rules(folder)
    except InputError:
        return Rules()  # what was broken there is new here
