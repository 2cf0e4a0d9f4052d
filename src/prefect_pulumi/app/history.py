"""What was done with a stack, and what drift was seen: one record for each command that wrote and each drift report.

The records are one object beside the state, the newest `KEPT`. It is no part of the state: without it everything works.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from prefect_pulumi.app.events import Message
from prefect_pulumi.app.session.view import StackView
from prefect_pulumi.core import masking
from prefect_pulumi.core.display_text import one_line
from prefect_pulumi.core.errors import InputError, InterruptedRun, PrefectPulumiError, StateError
from prefect_pulumi.project import git
from prefect_pulumi.project.stack import Stack
from prefect_pulumi.provider.handlers.release import who
from prefect_pulumi.review.model import Item, Report, Status
from prefect_pulumi.state.store import ChangedObjectError, Store, StoredObject

KEPT = 500
TRIES = 5
"""Of writing, where other commands write at the same time."""
LONGEST = 500
"""Characters of a failure's text."""


@dataclass(frozen=True, slots=True)
class CommandRecord:
    """One command. `time`: when it began, RFC 3339, UTC. `result`: succeeded, failed or interrupted; of a drift report
    its status. `text`: why it failed. `job`: address of the CI job. `commit`: of the checkout. `changes`: operation ->
    number. `plan`: checksum of the approved plan. `drift`: key of each drifted object -> when it was first seen so."""

    time: str
    command: str
    by: str
    result: str
    seconds: float
    text: str = ""
    commit: str = ""
    job: str = ""
    changes: Mapping[str, int] = field(default_factory=dict)
    plan: str = ""
    release: str = ""
    drift: Mapping[str, str] = field(default_factory=dict)

    @staticmethod
    def parse(raw: Mapping[str, Any]) -> CommandRecord:
        return CommandRecord(**{name: raw[name] for name in CommandRecord.__dataclass_fields__ if name in raw})

    def document(self) -> dict[str, Any]:
        return {key: value for key, value in asdict(self).items() if value or key in {"result", "seconds"}}


class Details:
    """What a command adds to its record before it ends."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.discarded = False

    def add(self, **values: Any) -> None:
        self.values |= values

    def discard(self) -> None:
        """There was nothing to do: no record is kept."""
        self.discarded = True


def read_history(stack: Stack) -> list[CommandRecord]:
    """The newest first. Raises `StateError` for what cannot be read."""
    try:
        return _parse(stack.commands.read(stack.commands_key))
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise StateError(
            f"the history cannot be read: {error}",
            where=stack.commands.where(stack.commands_key),
            remedy="delete it; nothing depends on it",
        ) from error


@contextmanager
def recorded(view: StackView, command: str) -> Iterator[Details]:
    """Records how the block ends. What is refused as bad input has done nothing, and leaves no record, as where the
    state cannot be read; a record that cannot be written is a warning."""
    details, began, clock = Details(), datetime.now(UTC), time.monotonic()

    def record(result: str, text: str = "") -> None:
        values = {"result": result, "text": one_line(masking.current().text(text))[:LONGEST], **details.values}
        _append(view, CommandRecord(_rfc3339(began), command, who(), seconds=_since(clock), **values))

    try:
        yield details
    except (InputError, StateError):
        raise
    except (KeyboardInterrupt, InterruptedRun):
        record("interrupted")
        raise
    except PrefectPulumiError as error:
        record("failed", error.message)
        raise
    if not details.discarded:
        record("succeeded")


def drift_since(stack: Stack) -> dict[str, str]:
    """Key of each object that the last drift report saw drifted -> when it was first seen so."""
    try:
        return _last_drift(read_history(stack))
    except StateError:
        return {}


def _last_drift(records: Sequence[CommandRecord]) -> dict[str, str]:
    return next((dict(record.drift) for record in records if record.command == "drift"), {})


def with_since(stack: Stack, items: Sequence[Item]) -> list[Item]:
    """Each drifted item with the time at which it was first seen so, as far as there were reports."""
    if not any(item.drifted for item in items):
        return list(items)
    since = drift_since(stack)
    return [
        replace(item, facts=replace(item.facts, since=since[item.key])) if item.drifted and item.key in since else item
        for item in items
    ]


def drift_details(report: Report) -> dict[str, Any]:
    """What the record of a drift report says besides. One that could not check everything repeats what the last report
    saw, as does a report that failed; that is read when the record is written."""
    environment = report.environments[0]
    if environment.status is Status.CANNOT_CHECK:
        text = "; ".join(problem.message for problem in environment.problems)
        return {"result": str(environment.status), "text": one_line(text)[:LONGEST]}
    drifted = {item.key: item.facts.since or report.time for item in environment.items if item.drifted}
    return {"result": str(environment.status), "drift": drifted}


def _append(view: StackView, record: CommandRecord) -> None:
    stack = view.stack
    commit = git.head(stack.root)
    record = replace(record, commit=commit, job=_job(os.environ))
    store, key = stack.commands, stack.commands_key
    try:
        for _ in range(TRIES):
            try:
                _write(store, key, record)
            except ChangedObjectError:
                continue
            return
        reason = "other commands write it all the time"
    except (OSError, ValueError, TypeError, AttributeError) as error:
        reason = str(getattr(error, "strerror", None) or error)
    view.sink.emit(Message("warning", f"the command is not in the history, {store.where(key)}: {reason}"))


def _write(store: Store, key: str, record: CommandRecord) -> None:
    stored = store.read(key)
    before = _parse(stored)
    if record.command == "drift" and record.result not in {Status.IN_SYNC, Status.DRIFT}:
        record = replace(record, drift=_last_drift(before))
    records = [record, *before][:KEPT]
    data = json.dumps({"version": 1, "commands": [entry.document() for entry in records]}, indent=1).encode()
    store.replace(key, data, stored.version if stored is not None else "")


def _parse(stored: StoredObject | None) -> list[CommandRecord]:
    if stored is None:
        return []
    return [CommandRecord.parse(raw) for raw in json.loads(stored.data)["commands"]]


def _job(env: Mapping[str, str]) -> str:
    """Address of the CI job that runs this, "" elsewhere."""
    if env.get("GITHUB_RUN_ID") and env.get("GITHUB_REPOSITORY"):
        server = env.get("GITHUB_SERVER_URL") or "https://github.com"
        return f"{server}/{env['GITHUB_REPOSITORY']}/actions/runs/{env['GITHUB_RUN_ID']}"
    return env.get("CI_JOB_URL", "")


def _rfc3339(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def _since(clock: float) -> float:
    return round(time.monotonic() - clock, 1)
