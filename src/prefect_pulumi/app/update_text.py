"""An update as text: what it would do and what it has done. Names in it are data, made printable here."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

from prefect_pulumi.core.display_text import printable
from prefect_pulumi.core.masking import current
from prefect_pulumi.core.values import mask
from prefect_pulumi.engine.operations import Result
from prefect_pulumi.engine.plan.steps import STACK_TYPE, Op, Step, summarize
from prefect_pulumi.review.impacts import impacts_of
from prefect_pulumi.review.model import Action
from prefect_pulumi.state.entries import urn_name

Line = Sequence[tuple[str, str]]
"""Parts of a line, each with its style: a colour, `bold`, `dim`, or "" for none."""

SIGNS = {
    Op.CREATE: ("+", "green", "create", "created"),
    Op.UPDATE: ("~", "yellow", "update", "updated"),
    Op.REPLACE: ("+-", "magenta", "replace", "replaced"),
    Op.DELETE: ("-", "red", "delete", "deleted"),
    Op.DELETE_REPLACED: ("-", "red", "delete for replacement", "deleted for replacement"),
    Op.READ: (">", "cyan", "read", "read"),
    Op.REFRESH: ("~", "cyan", "refresh", "refreshed"),
    Op.DISCARD: ("-", "red", "forget", "forgotten"),
    Op.REMOVE_PENDING: ("-", "red", "forget", "forgotten"),
    Op.IMPORT: ("=", "cyan", "import", "imported"),
    Op.SAME: (" ", "dim", "unchanged", "unchanged"),
}
"""Of each operation: sign, style, and what it does and has done."""
PAST = {"import": "imported", "create": "created", "update": "updated", "replace": "replaced", "delete": "deleted"}


def kind_of(step: Step) -> str:
    """`prefect:index:WorkPool` -> `WorkPool`."""
    return step.type.rsplit(":", 1)[-1]


def once(steps: Sequence[Step]) -> list[Step]:
    """Each object once: what a refresh found of it goes where the program then does something to it."""
    last = {step.urn: index for index, step in enumerate(steps) if step.op in (Op.UPDATE, Op.CREATE, Op.REPLACE)}

    def is_repeated(index: int, step: Step) -> bool:
        found = step.op in (Op.UPDATE, Op.DELETE, Op.REFRESH) and step.old is not None and not step.old.delete
        return found and last.get(step.urn, -1) > index

    return [step for index, step in enumerate(steps) if not is_repeated(index, step)]


def plan_lines(result: Result) -> list[Line]:
    """The steps of a preview, one line each, with the properties that change and what a replacement costs; then the
    counts."""
    lines: list[Line] = []
    imported = {step.urn for step in result.steps if step.op is Op.IMPORT}
    steps = once(result.steps)
    for step in steps:
        if step.op is Op.SAME or step.is_default_provider or step.type == STACK_TYPE:
            continue
        sign, style, word, _ = SIGNS[step.op]
        lines.append([(f" {sign:2}", style), (_name(f" {kind_of(step)} {urn_name(step.urn)} "), ""), (word, "dim")])
        for path, kind in sorted((step.diff.detailed if step.diff else {}).items()):
            values = _values(step, path) if step.urn in imported else ""
            lines.append([(_name(f"       {path} ({kind.value}){values}"), "dim")])
        if step.op is Op.REPLACE:
            impacts = impacts_of(kind_of(step), Action.REPLACE, False, ())
            lines += [[(f"       {impact.flag}: {impact.text}", "dim")] for impact in impacts]
    return [*lines, [(counts(summarize(steps)), "")]]


def counts(summary: dict[str, int]) -> str:
    """Of a preview; the keys of `summary` are operations."""
    words = [f"{summary[op]} to {op}" for op in PAST if summary.get(op)]
    unchanged = summary.get("same", 0)
    if not words:
        resources = "1 resource is" if unchanged == 1 else f"{unchanged} resources are"
        return f"No changes: {resources} as declared."
    return ", ".join(words) + (f", {unchanged} unchanged" if unchanged else "")


_NOTHING = {"Refreshed": "No changes: the state is as the servers have it.", "Destroyed": "Nothing to destroy."}
"""What a verb that reads no program says when it changed nothing."""


def result_lines(result: Result, *, stack: str, verb: str) -> list[Line]:
    """The table at the end of an update, then what to do next. `verb`: `Updated`, ..."""
    seconds = f"{result.seconds:.1f}s"
    if not result.changed:
        text = _NOTHING.get(verb) or counts(result.summary)
        lines: list[Line] = [[(f"{text} ({seconds})", "")]]
    else:
        steps = once(result.steps)
        summary = summarize(steps)
        counted = ", ".join(f"{summary[op]} {word}" for op, word in PAST.items() if summary.get(op))
        end = f" in {seconds}: {counted or 'nothing to do'}"
        lines = [*_table(_changed_resources(steps)), [], [(f"{verb} stack ", ""), (stack, "bold"), (end, "")]]
    if verb == "Updated" and result.outputs:
        lines += _next_lines(mask(result.outputs.get("deployments")), mask(result.outputs.get("ui")), stack)
    return lines


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


def _changed_resources(steps: Iterable[Step]) -> list[Step]:
    changed = []
    for step in steps:
        entry = step.new or step.old
        if step.op is not Op.SAME and not step.is_default_provider and entry is not None and entry.custom:
            changed.append(step)
    return changed


def _table(steps: list[Step]) -> list[Line]:
    kind = max((len(kind_of(step)) for step in steps), default=0)
    name = max((len(urn_name(step.urn)) for step in steps), default=0)
    lines: list[Line] = []
    for step in steps:
        sign, style, _, word = SIGNS[step.op]
        label = _name(f"{kind_of(step):{kind}}  {urn_name(step.urn):{name}}  ")
        lines.append([(f"{sign:2} ", style), (label, ""), (word, "dim")])
    return lines


def _next_lines(deployments: Any, ui: Any, stack: str) -> list[Line]:
    lines: list[Line] = []
    if isinstance(deployments, dict) and deployments:
        lines += [[], [("Next:", "")], *([(_name(f"  infra run '{name}' -s {stack}"), "")] for name in deployments)]
    return [*lines, [(_name(f"  Prefect: {ui}"), "")]] if ui else lines


def _name(text: str) -> str:
    return printable(text, kept="")
