"""One promotion or rollback as a state machine: which phase follows whatever happened. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from prefect_pulumi.models.release_record import ReleasePin


class Phase(StrEnum):
    """The step that comes next. The last three are ends."""

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
        return self in (Phase.DONE, Phase.ROLLED_BACK, Phase.FAILED)

    @property
    def restoring(self) -> bool:
        return self in (Phase.RESTORE_PIN, Phase.RESTORE)


_AFTER = {
    Phase.PIN: Phase.DEPLOY,
    Phase.DEPLOY: Phase.WORKERS,
    Phase.WORKERS: Phase.SMOKE,
    Phase.SMOKE: Phase.DONE,
    Phase.RESTORE_PIN: Phase.RESTORE,
    Phase.RESTORE: Phase.ROLLED_BACK,
}


@dataclass(frozen=True, slots=True)
class Event:
    """`time`: RFC 3339."""

    time: str
    text: str


@dataclass(frozen=True, slots=True)
class Rollout:
    """`pin` is the release to deploy, `back` the pin of the release before it, None when there was none.

    `kind`: promote or rollback. `approval`: who approved it, where the stack asks for that.
    """

    kind: str
    stack: str
    pin: ReleasePin
    back: ReleasePin | None
    by: str
    phase: Phase = Phase.PIN
    events: tuple[Event, ...] = ()
    approval: str = ""

    def noted(self, time: str, text: str) -> Rollout:
        return replace(self, events=(*self.events, Event(time, text)))

    def next(self) -> Rollout:
        """The step is done."""
        return replace(self, phase=_AFTER[self.phase])

    def failed(self) -> Rollout:
        """The step failed: the release before is restored, where there is one and this is not that already."""
        restores = self.back is not None and not self.phase.restoring
        return replace(self, phase=Phase.RESTORE_PIN if restores else Phase.FAILED)

    def document(self) -> dict[str, Any]:
        """As it is stored and printed; the phase is called `stage` there."""
        return {
            "kind": self.kind,
            "stack": self.stack,
            "pin": self.pin.document(),
            "back": self.back.document() if self.back is not None else None,
            "by": self.by,
            "stage": str(self.phase),
            "events": [asdict(event) for event in self.events],
            **({"approval": self.approval} if self.approval else {}),
        }

    @staticmethod
    def parse(raw: Mapping[str, Any]) -> Rollout:
        """Raises `KeyError`, `TypeError` or `ValueError` for what is none."""
        return Rollout(
            kind=str(raw["kind"]),
            stack=str(raw["stack"]),
            pin=ReleasePin.model_validate(raw["pin"]),
            back=ReleasePin.model_validate(raw["back"]) if raw.get("back") is not None else None,
            by=str(raw["by"]),
            phase=Phase(raw["stage"]),
            events=tuple(Event(str(event["time"]), str(event["text"])) for event in raw.get("events", ())),
            approval=str(raw.get("approval") or ""),
        )
