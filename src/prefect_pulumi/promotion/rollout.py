"""The course of one promotion or rollback, as data: which step comes next after whatever happened. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any


class Stage(StrEnum):
    """What is under way. The last three are ends."""

    PIN = "pin"
    DEPLOY = "deploy"
    WORKERS = "workers"
    SMOKE = "smoke"
    RESTORE_PIN = "restore pin"
    RESTORE = "restore"
    DONE = "done"
    ROLLED_BACK = "rolled back"
    FAILED = "failed"

    @property
    def ended(self) -> bool:
        return self in (Stage.DONE, Stage.ROLLED_BACK, Stage.FAILED)

    @property
    def restoring(self) -> bool:
        return self in (Stage.RESTORE_PIN, Stage.RESTORE)


_AFTER = {
    Stage.PIN: Stage.DEPLOY,
    Stage.DEPLOY: Stage.WORKERS,
    Stage.WORKERS: Stage.SMOKE,
    Stage.SMOKE: Stage.DONE,
    Stage.RESTORE_PIN: Stage.RESTORE,
    Stage.RESTORE: Stage.ROLLED_BACK,
}


@dataclass(frozen=True, slots=True)
class Event:
    """`time`: RFC 3339."""

    time: str
    text: str


@dataclass(frozen=True, slots=True)
class Course:
    """`pin` is what the stack is brought to, `back` the pin of the release before it, None when there was none.

    `kind`: promote or rollback.
    """

    kind: str
    stack: str
    pin: Mapping[str, Any]
    back: Mapping[str, Any] | None
    by: str
    stage: Stage = Stage.PIN
    events: tuple[Event, ...] = ()

    def noted(self, time: str, text: str) -> Course:
        return replace(self, events=(*self.events, Event(time, text)))

    def next(self) -> Course:
        """The step is done."""
        return replace(self, stage=_AFTER[self.stage])

    def failed(self) -> Course:
        """The step failed: the release before is restored, where there is one and this is not that already."""
        restores = self.back is not None and not self.stage.restoring
        return replace(self, stage=Stage.RESTORE_PIN if restores else Stage.FAILED)

    def document(self) -> dict[str, Any]:
        return asdict(self)

    @staticmethod
    def parse(raw: Mapping[str, Any]) -> Course:
        """Raises `KeyError`, `TypeError` or `ValueError` for what is none."""
        return Course(
            kind=str(raw["kind"]),
            stack=str(raw["stack"]),
            pin=dict(raw["pin"]),
            back=dict(raw["back"]) if raw.get("back") is not None else None,
            by=str(raw["by"]),
            stage=Stage(raw["stage"]),
            events=tuple(Event(str(each["time"]), str(each["text"])) for each in raw.get("events", ())),
        )
