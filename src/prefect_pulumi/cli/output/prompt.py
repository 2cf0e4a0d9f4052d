"""The one question that `infra` asks: whether to go on."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable

from prefect_pulumi.app.update_text import plan_lines
from prefect_pulumi.cli.output.terminal import print_lines
from prefect_pulumi.core.errors import InputError
from prefect_pulumi.engine.operations import Result
from prefect_pulumi.promotion.rollout import Rollout


def confirmation(arguments: Namespace) -> Callable[[Result | Rollout], bool] | None:
    """As `agreement`, to what is planned, which is shown before the question."""
    agreed = agreement(arguments)
    if agreed is None:
        return None

    def ask(planned: Result | Rollout) -> bool:
        if isinstance(planned, Rollout):
            return agreed(f"{planned.kind} {planned.stack} to {planned.pin.id} ({planned.phase})?")
        print_lines(plan_lines(planned))
        return agreed("Go on?")

    return ask


def agreement(arguments: Namespace) -> Callable[[str], bool] | None:
    """None with `--yes`; else a function that asks a question, and raises `InputError` for any answer but yes.

    Raises `InputError` without a terminal to ask on.
    """
    if arguments.yes:
        return None
    if arguments.json or not sys.stdin.isatty():
        raise InputError("there is no terminal to ask on", where="infra", remedy="give --yes")

    def ask(question: str) -> bool:
        try:
            answer = input(f"{question} [y/N] ")
        except EOFError:
            answer = ""
            sys.stderr.write("\n")
        if answer.strip().lower() not in {"y", "yes"}:
            raise InputError("declined: nothing was changed", where=f"infra {arguments.command}")
        return True

    return ask
