"""The overview of all stacks of a project: as plain data, as text for a terminal, and as a page."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.resources import files
from typing import Any

from prefect_pulumi.models.release_record import ReleaseRecord
from prefect_pulumi.promotion.release_records import StackReleases
from prefect_pulumi.review import phrases
from prefect_pulumi.review.model import Environment, Status

HEALTHY, NOTICE, BAD = "good", "notice", "bad"


@dataclass(frozen=True, slots=True)
class Runs:
    """Flow runs of the last day by the type of their state; `last` is the newest: name, state, time (RFC 3339); `next`
    the first that is scheduled: deployment, time."""

    counts: Mapping[str, int] = field(default_factory=dict)
    last: Mapping[str, str] = field(default_factory=dict)
    more: bool = False
    next: Mapping[str, str] = field(default_factory=dict)

    @staticmethod
    def of(rows: Sequence[Mapping[str, Any]], *, next: Mapping[str, str], more: bool) -> Runs:
        """From rows of `POST /flow_runs/filter`, the newest first."""
        if not rows:
            return Runs(next=next)
        first = rows[0]
        last = {"name": first["name"], "state": first.get("state_name") or "", "time": first.get("start_time") or ""}
        return Runs(dict(Counter(str(run.get("state_type")) for run in rows)), last, more, next)


@dataclass(frozen=True, slots=True)
class HealthProblem:
    """Something that keeps flows from running well. `subject`: deployment, work pool or automation; `url`: its page."""

    subject: str
    text: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One stack. `pinned` is the release that its config asks for and it does not run yet. `drift` is the status,
    "" when it was not checked. `workers`: declared ones online, and declared ones. `problem`: why something could
    not be read. `notes`: warnings of the program and of the providers. `health`: what keeps its flows from running,
    None when it was not looked at. `refused`: the newest command that would have changed it, unless it succeeded."""

    stack: str
    made: bool = False
    server: str = ""
    release: ReleaseRecord | None = None
    verified: str = ""
    pinned: str = ""
    under_way: str = ""
    drift: str = ""
    drifted: int = 0
    workers: tuple[int, int] | None = None
    runs: Runs | None = None
    problem: str = ""
    notes: tuple[str, ...] = ()
    health: tuple[HealthProblem, ...] | None = None
    refused: str = ""

    @property
    def needs_attention(self) -> bool:
        return bool(self.drifted or self.health or self.refused or self.under_way)

    @property
    def lines(self) -> list[tuple[str, str]]:
        """What stands below the row: text and address of its page, "" for none."""
        return [
            *((f"{problem.subject}: {problem.text}", problem.url) for problem in self.health or ()),
            *((line, "") for line in (self.refused, *self.notes, self.problem) if line),
        ]


def verified_word(releases: StackReleases) -> str:
    """ "no", "failed: <checks>", or the time at which the running release was verified."""
    if releases.record is None:
        return ""
    verification = releases.verification(releases.record.id)
    if verification is None:
        return "no"
    return (
        verification.ended
        if verification.passed
        else "failed: " + ", ".join(check.name for check in verification.failed)
    )


def drift_of(environment: Environment) -> tuple[str, int]:
    return str(environment.status), sum(1 for item in environment.items if item.counts)


def document(rows: Sequence[Row], project: str, time: str) -> dict[str, Any]:
    return {"project": project, "time": time, "stacks": [_plain(row) for row in rows]}


def _plain(row: Row) -> dict[str, Any]:
    document = asdict(row)
    document["workers"] = None if row.workers is None else {"online": row.workers[0], "declared": row.workers[1]}
    return document


COLUMNS = ("stack", "release", "verified", "drift", "health", "workers", "last runs", "next run")


def cells(row: Row) -> list[tuple[str, str]]:
    """What stands in each of `COLUMNS`, and how it is meant: good, notice, bad or ""."""
    return [
        (row.stack, ""),
        _release(row),
        _verified(row),
        _drift(row),
        _health(row),
        _workers(row),
        _runs(row),
        _next_run(row),
    ]


def _release(row: Row) -> tuple[str, str]:
    if not row.made:
        return ("not created yet", NOTICE)
    text = f"{row.release.id} {row.release.commit[:12]}" if row.release else "none"
    if row.release and row.release.promoted.get("release"):
        text += f" of {row.release.promoted['release']}"
    if row.under_way:
        return (f"{text}; {row.under_way}", BAD)
    if row.pinned:
        return (f"{text}; pinned to {row.pinned}, not deployed yet", NOTICE)
    return (text, "" if row.release else NOTICE)


def _verified(row: Row) -> tuple[str, str]:
    word = row.verified
    return (
        phrases.moment(word) if word[:2] == "20" else word or "-",
        BAD if word.startswith("failed") else NOTICE if word == "no" else HEALTHY if word else "",
    )


def _drift(row: Row) -> tuple[str, str]:
    if row.drift == str(Status.DRIFT):
        return (f"{row.drifted} drifted", BAD)
    return (row.drift or "-", {str(Status.IN_SYNC): HEALTHY, str(Status.CANNOT_CHECK): BAD}.get(row.drift, ""))


def _health(row: Row) -> tuple[str, str]:
    if row.health is None:
        return ("-", "")
    count = len(row.health)
    return (f"{count} problem{'' if count == 1 else 's'}", BAD) if count else ("healthy", HEALTHY)


def _next_run(row: Row) -> tuple[str, str]:
    if row.runs is None or not row.runs.next:
        return ("-", "")
    return (f"{row.runs.next['deployment']} {phrases.moment(row.runs.next['time'])}", "")


def _workers(row: Row) -> tuple[str, str]:
    if row.workers is None:
        return ("-", "")
    online, declared = row.workers
    if not declared:
        return ("none declared", "")
    return (f"{online} of {declared} online", HEALTHY if online == declared else BAD)


def _runs(row: Row) -> tuple[str, str]:
    if row.runs is None:
        return ("-", "")
    if not row.runs.last:
        return ("none in 24 h", "")
    counted = ", ".join(f"{count} {kind.lower()}" for kind, count in sorted(row.runs.counts.items()))
    more = " or more" if row.runs.more else ""
    failed = any(row.runs.counts.get(kind) for kind in ("FAILED", "CRASHED"))
    last = row.runs.last
    return (f"{last['state']} {phrases.moment(last['time'])}; 24 h: {counted}{more}", BAD if failed else HEALTHY)


def html(rows: Sequence[Row], project: str, time: str) -> str:
    """One file that needs nothing else; every value is escaped by the template."""
    from jinja2 import Environment as Templates
    from jinja2 import StrictUndefined

    text = (files(__package__) / "page" / "status.html.j2").read_text("utf-8")
    template = Templates(autoescape=True, undefined=StrictUndefined).from_string(text)
    shown = [{"row": row, "cells": list(zip(COLUMNS, cells(row), strict=True))} for row in rows]
    return template.render(project=project, time=time, columns=COLUMNS, stacks=shown)


def as_json(rows: Sequence[Row], project: str, time: str) -> str:
    return json.dumps(document(rows, project, time), indent=2, ensure_ascii=False) + "\n"


def text(rows: Sequence[Row], project: str, time: str) -> str:
    """A line for each row, and one for each of what it has to say, for a file."""
    lines = []
    for row in rows:
        lines.append("  ".join(cell for cell, _ in cells(row)))
        lines += [f"  {line}" for line, _ in row.lines]
    return "\n".join(lines) + "\n"


RENDERERS = {"text": text, "json": as_json, "html": html}
