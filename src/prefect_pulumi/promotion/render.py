"""The plan of a promotion as text, Markdown for the forge, and JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

from prefect_pulumi.core.display_text import one_line
from prefect_pulumi.promotion.compare import Row
from prefect_pulumi.promotion.gates import Gate
from prefect_pulumi.promotion.plan import CodeChange, Plan
from prefect_pulumi.review import phrases
from prefect_pulumi.review.renderers.escape import code, plain

_ALL_SIDES = ("source", "now", "after")
LIMIT = 60_000
"""Bytes of Markdown; the forge takes 65,536 characters."""
ROOM_LEFT = 200
"""Bytes that are kept for the end of a list that was cut."""
SHOWN = 20
"""Files, and commits, of one change of code."""


def text(plan: Plan) -> str:
    """For the terminal: values of strangers without control characters."""
    return "\n".join(_text(plan)) + "\n"


def _text(plan: Plan) -> Iterator[str]:
    yield f"{plan.source} -> {plan.target}: {title(plan)}"
    yield f"  plan {plan.checksum}"
    for gate in plan.gates:
        yield f"  {_word(gate):7} " + one_line(
            f"{gate.name}: {gate.text}" + (f" ({gate.forced})" if gate.forced else "")
        )
    yield from ("  " + one_line(f"note: {note}") for note in plan.notes)
    yield _changes_line(plan)
    for row in ordered(plan.changes):
        own = " (its own config)" if row.own else ""
        what = f"{_sign(row)} {row.kind} {row.name}" + (f" {row.path}" if row.path else "")
        now, after = (phrases.value(side, row.path) for side in (row.now, row.after))
        yield "  " + one_line(f"{what}: {now} -> {after}{_there(row, plan)}{own}")
    yield from _code_text(plan)
    if plan.stays:
        yield f"stays {plan.target}'s own:"
    for row in plan.stays:
        what = f"{row.kind} {row.name} {row.path}"
        yield "  " + one_line(f"{what}: {phrases.value(row.now)} ({plan.source}: {phrases.value(row.source)})")


def _changes_line(plan: Plan) -> str:
    if plan.unplanned:
        return one_line(f"changes: not known, {plan.target} cannot be planned: {plan.unplanned}")
    return "changes:" if plan.changes else "no changes"


def _code_text(plan: Plan) -> Iterator[str]:
    if plan.code:
        yield "code:" + (f" {plan.compare_page}" if plan.compare_page else "")
    for change in plan.code:
        yield "  " + one_line(f"~ {', '.join(change.deployments)}")
        for file in change.files[:SHOWN]:
            yield "      " + one_line(f"{file.path} +{file.added} -{file.removed}")
        for commit in change.commits[:SHOWN]:
            yield "      " + one_line(commit)
        yield from (f"      {words}" for words in _rest(change))


def _rest(change: CodeChange) -> Iterator[str]:
    for word, count in (("files", len(change.files)), ("commits", len(change.commits))):
        if count > SHOWN:
            yield f"and {count - SHOWN} more {word}"


def ordered(rows: Iterable[Row]) -> list[Row]:
    """Objects that go first, then what changes, then what is new."""
    return sorted(rows, key=lambda row: "-~+".index(_sign(row)))


def _sign(row: Row) -> str:
    if row.path:
        return "~"
    return "-" if row.after.kind == "absent" else "+" if row.now.kind == "absent" else "~"


def title(plan: Plan) -> str:
    before = f"{plan.before.commit[:12]} ({plan.before.id})" if plan.before else "no release"
    return f"{plan.release.commit[:12]} ({plan.release.id}), now {before}"


def _word(gate: Gate) -> str:
    return "passed" if gate.passed else "forced" if gate.forced else "CLOSED"


def _there(row: Row, plan: Plan) -> str:
    """What the source has, where that is not what the target gets."""
    source, after = (phrases.value(side, row.path) for side in (row.source, row.after))
    return f" ({plan.source}: {source})" if source != after else ""


def marker(plan: Plan) -> str:
    """First line of the comment, by which it is found again."""
    return f"<!-- prefect-pulumi-promotion: {plan.target} -->"


def markdown(plan: Plan) -> str:
    """The body of the promotion's pull request: verdict, gates, what changes, what stays; cut at the forge's limit."""
    word = "may not be promoted" if plan.closed else "is ready"
    head = [
        marker(plan),
        f"### {plain(plan.source)} \N{RIGHTWARDS ARROW} {plain(plan.target)}: {code(plan.release.id)} {word}\n",
        f"commit {code(plan.release.commit[:12])}, now {code(plan.before.commit[:12] if plan.before else 'nothing')}; "
        f"plan {code(plan.checksum)}\n",
        "| gate | | |",
        "|---|---|---|",
        *(f"| {gate.name} | {_mark(gate)} | {plain(gate.text)}{_reason(gate)} |" for gate in plan.gates),
        "",
        *(f"- {plain(note)}" for note in plan.notes),
        *([""] if plan.notes else []),
    ]
    room = LIMIT - len("\n".join(head).encode())
    names = (plan.source, f"{plan.target} now", f"{plan.target} after")
    changes, room = _table("What changes", ordered(plan.changes), names, room)
    stays, room = _table(f"What stays {plan.target}'s own", plan.stays, names[:2], room)
    folded = ["<details><summary>Same fields, other values</summary>\n", *stays, "</details>\n"] if stays else []
    return "\n".join([*head, *(changes or [f"{_no_changes(plan)}\n"]), *_code_markdown(plan, room), *folded])


def _no_changes(plan: Plan) -> str:
    if plan.unplanned:
        return f"What changes is not known: {plain(plan.target)} cannot be planned: {plain(plan.unplanned)}"
    return "Nothing changes."


def _code_markdown(plan: Plan, room: int) -> list[str]:
    """Whole lines as long as there is room."""
    if not plan.code:
        return []
    link = f" ([compare]({plan.compare_page}))" if plan.compare_page else ""
    lines = [f"#### Code{link}\n"]
    for change in plan.code:
        lines.append(f"- {', '.join(code(name) for name in change.deployments)}")
        lines += [f"  - {code(file.path)} +{file.added} -{file.removed}" for file in change.files[:SHOWN]]
        lines += [f"  - {plain(commit)}" for commit in change.commits[:SHOWN]]
        lines += [f"  - {words}" for words in _rest(change)]
    kept: list[str] = []
    for line in lines:
        room -= len(line.encode()) + 1
        if room < ROOM_LEFT:
            return [*kept, "  - ... see the full plan", ""]
        kept.append(line)
    return [*kept, ""]


def _mark(gate: Gate) -> str:
    if gate.passed:
        return "\N{WHITE HEAVY CHECK MARK}"
    return "**forced**" if gate.forced else "\N{CROSS MARK}"


def _reason(gate: Gate) -> str:
    if gate.forced:
        return f" <br>forced: {plain(gate.forced)}"
    return "" if gate.passed or not gate.remedy else f" <br>{plain(gate.remedy)}"


def _table(name: str, rows: list[Row], columns: tuple[str, ...], room: int) -> tuple[list[str], int]:
    """Whole rows as long as there is room, and what is left of it."""
    if not rows:
        return [], room
    lines = [
        f"#### {plain(name)} ({len(rows)})\n",
        "| object | field | " + " | ".join(plain(column) for column in columns) + " |",
        "|---|---|" + "---|" * len(columns),
    ]
    shown = 0
    for row in rows:
        sides = [getattr(row, side) for side in _ALL_SIDES[: len(columns)]]
        shown_sides = (code(phrases.value(side, row.path)) for side in sides)
        sign = f"`{_sign(row)}` " if len(columns) == len(_ALL_SIDES) else ""
        cells = [f"{sign}{row.kind} {code(row.name)}", code(row.path) if row.path else "", *shown_sides]
        line = f"| {' | '.join(cells)} |"
        if len(line.encode()) + 200 > room:
            break
        lines.append(line)
        room -= len(line.encode()) + 1
        shown += 1
    if shown < len(rows):
        lines.append(f"\n... and {len(rows) - shown} more: see the full plan.")
    return [*lines, ""], room


def document(plan: Plan) -> Mapping[str, Any]:
    return {
        "source": plan.source,
        "target": plan.target,
        "release": plan.release.document(),
        "before": plan.before.document() if plan.before else None,
        "checksum": plan.checksum,
        "open": not plan.closed,
        "gates": [{**asdict(gate), "open": gate.open} for gate in plan.gates],
        "actions": [{"action": action, "kind": kind, "name": name} for action, kind, name in plan.actions],
        "changes": [asdict(row) for row in plan.changes],
        "stays": [asdict(row) for row in plan.stays],
        "code": [asdict(change) for change in plan.code],
        "comparePage": plan.compare_page,
        "notes": list(plan.notes),
        "unplanned": plan.unplanned,
    }


def as_json(plan: Plan) -> str:
    return json.dumps(document(plan), indent=2, ensure_ascii=False, default=str) + "\n"


FORMATS: Mapping[str, Callable[[Plan], str]] = {"text": text, "markdown": markdown, "json": as_json}
