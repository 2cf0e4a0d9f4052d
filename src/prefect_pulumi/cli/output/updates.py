"""What an update would do and has done, as lines on stderr."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from prefect_pulumi.cli.output.steps import SIGNS, kind_of
from prefect_pulumi.cli.output.terminal import stderr_console
from prefect_pulumi.core.display_text import printable
from prefect_pulumi.core.masking import current
from prefect_pulumi.core.values import mask
from prefect_pulumi.engine.operations import Result
from prefect_pulumi.engine.plan.steps import STACK_TYPE, Op, Step
from prefect_pulumi.state.entries import urn_name

if TYPE_CHECKING:
    from rich.text import Text


def print_plan(result: Result) -> None:
    """The steps of a preview, one line each, with the properties that change."""
    from rich.text import Text

    console = stderr_console()
    imported = {step.urn for step in result.steps if step.op is Op.IMPORT}
    for step in result.steps:
        if step.op is Op.SAME or step.is_default_provider or step.type == STACK_TYPE:
            continue
        sign, style, word, _ = SIGNS[step.op]
        line = Text.assemble(
            (f" {sign:2}", style), printable(f" {kind_of(step)} {urn_name(step.urn)} ", kept=""), (word, "dim")
        )
        console.print(line)
        for path, kind in sorted((step.diff.detailed if step.diff else {}).items()):
            values = _values(step, path) if step.urn in imported else ""
            console.print(Text(printable(f"       {path} ({kind.value}){values}", kept=""), "dim"))
    console.print(counts(result.summary))


def _values(step: Step, path: str) -> str:
    """The live and the declared value of a property, of an object that is taken over."""
    if step.old is None or step.new is None:
        return ""
    name = re.split(r"[.\[]", path, maxsplit=1)[0]
    live, declared = (
        mask(entry.inputs.get(name, entry.outputs.get(name) if entry is step.old else None))
        for entry in (step.old, step.new)
    )
    shown = (textwrap.shorten(repr(value), 60) if value is not None else "not set" for value in (live, declared))
    return current().text(f": {' -> '.join(shown)}")


def counts(summary: dict[str, int]) -> str:
    words = [f"{summary[op]} to {op}" for op in ("import", "create", "update", "replace", "delete") if summary.get(op)]
    if not words:
        return f"No changes: {summary.get('same', 0)} resources are as declared."
    unchanged = summary.get("same", 0)
    return ", ".join(words) + (f", {unchanged} unchanged" if unchanged else "")


def print_done(result: Result, *, stack: str, verb: str) -> None:
    """The table at the end of an update, then what to do next."""
    from rich.text import Text

    console = stderr_console()
    if not result.changed:
        console.print(f"{counts(result.summary)} ({result.seconds:.1f}s)")
    else:
        console.print(_table(_changed_resources(result.steps)), soft_wrap=True, end="")
        seconds, summary = f"{result.seconds:.1f}s", _past(result.summary)
        console.print(Text.assemble(f"\n{verb} stack ", (stack, "bold"), f" in {seconds}: {summary}"))
    if verb == "Updated" and result.outputs:
        _print_next(console, mask(result.outputs.get("deployments")), mask(result.outputs.get("ui")), stack)


def _changed_resources(steps: Iterable[Step]) -> list[Step]:
    changed = []
    for step in steps:
        entry = step.new or step.old
        if step.op is not Op.SAME and not step.is_default_provider and entry is not None and entry.custom:
            changed.append(step)
    return changed


def _print_next(console: Any, deployments: Any, ui: Any, stack: str) -> None:
    if isinstance(deployments, dict) and deployments:
        console.print("\nNext:")
        for name in deployments:
            console.print(f"  infra run '{name}' -s {stack}", markup=False)
    if ui:
        console.print(f"  Prefect: {ui}", markup=False)


def _table(steps: list[Step]) -> Text:
    """One line a step, in columns. A table of rich costs ten times as much, which thousands of lines show."""
    from rich.text import Text

    kind = max((len(kind_of(step)) for step in steps), default=0)
    name = max((len(urn_name(step.urn)) for step in steps), default=0)
    text = Text()
    for step in steps:
        sign, style, _, word = SIGNS[step.op]
        text.append(f"{sign:2} ", style)
        text.append(printable(f"{kind_of(step):{kind}}  {urn_name(step.urn):{name}}  ", kept=""))
        text.append(word + "\n", "dim")
    return text


def _past(summary: dict[str, int]) -> str:
    words = {"import": "imported", "create": "created", "update": "updated", "replace": "replaced", "delete": "deleted"}
    return ", ".join(f"{summary[op]} {word}" for op, word in words.items() if summary.get(op)) or "nothing to do"
