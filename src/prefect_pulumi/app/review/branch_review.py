"""A review of a branch: what it changes in each environment, and what drifted there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from prefect_pulumi.app.review.base_branch import base_code, merge_base, worktree
from prefect_pulumi.app.review.drift_report import environment_of, load_rules, make_report
from prefect_pulumi.app.session.view import StackView
from prefect_pulumi.core.errors import InputError
from prefect_pulumi.review.model import Report
from prefect_pulumi.review.rules import Rules


@dataclass(frozen=True, slots=True)
class ReviewRequest:
    """`stacks`: names; each is reviewed once. `base`: the branch that is compared with. `cli`: the official CLI is
    asked for code and server."""

    stacks: tuple[str, ...] = ("dev",)
    base: str = "main"
    cli: bool = False


def review(view_of: Callable[[str], StackView], request: ReviewRequest) -> Report:
    """`view_of` opens a stack of the project. Reads only. Raises `InputError` when git finds no common commit."""
    views: Sequence[StackView] = [view_of(name) for name in dict.fromkeys(request.stacks)]
    stack = views[0].stack
    rules = load_rules(stack.config_root)
    commit = merge_base(stack.root, request.base)
    environments = []
    with worktree(stack.root, commit) as folder:
        rules = rules.against(_base_rules(folder))
        for view in views:
            code = base_code(view, folder, cli=request.cli)
            environments.append(environment_of(view.at_pin(), code, rules=rules, cli=request.cli))
    return make_report("review", stack, environments, base=commit)


def _base_rules(folder: Path) -> Rules:
    try:
        return load_rules(folder)
    except InputError:
        return Rules()  # what was broken there is new here
