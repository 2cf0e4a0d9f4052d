"""What a use case tells while it runs: the engine's events, lines of progress, notices, and a rollout that has ended.

A sink gets them in the order in which they happen; it may be called from several threads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from prefect_pulumi.core.diagnostics import Diagnostic
from prefect_pulumi.core.display_text import one_line
from prefect_pulumi.engine.run import events as engine_events
from prefect_pulumi.engine.run.events import Diagnosed, Message, StepDone, StepStarted, Waiting
from prefect_pulumi.promotion.rollout import Rollout
from prefect_pulumi.state.entries import urn_name

__all__ = [
    "Diagnosed",
    "Event",
    "Message",
    "Notice",
    "NullSink",
    "Progress",
    "RolloutEnded",
    "Sink",
    "StepDone",
    "StepStarted",
    "Waiting",
]


@dataclass(frozen=True, slots=True)
class Progress:
    """A line that says how far the use case is, such as a check that passed or a line of a flow run's log."""

    text: str


@dataclass(frozen=True, slots=True)
class Notice:
    """A line beside the result: what was done, or was not necessary."""

    text: str


@dataclass(frozen=True, slots=True)
class RolloutEnded:
    """A promotion or rollback has reached an end, good or bad; an error follows when it is a bad one."""

    rollout: Rollout


Event = engine_events.Event | Progress | Notice | RolloutEnded


class Sink(Protocol):
    def emit(self, event: Event) -> None: ...


class NullSink:
    """Drops everything."""

    def emit(self, event: Event) -> None:
        """Nothing is shown."""


class WarningCollector:
    """A sink that keeps warnings, errors and diagnostics; what the program waits for goes on to `others`."""

    def __init__(self, others: Sink | None = None) -> None:
        self.messages: list[Message] = []
        self.diagnostics: list[Diagnostic] = []
        self._others = others or NullSink()

    def emit(self, event: Event) -> None:
        if isinstance(event, Message) and event.severity in {"warning", "error"}:
            self.messages.append(event)
        elif isinstance(event, Diagnosed):
            self.diagnostics.append(event.diagnostic)
        elif isinstance(event, Waiting):
            self._others.emit(event)

    @property
    def notes(self) -> list[str]:
        """Each message once, in the order of their first emission, with the resource that it is about."""
        named = (
            f"{urn_name(message.urn)}: {message.text}" if message.urn else message.text for message in self.messages
        )
        return list(dict.fromkeys(map(one_line, named)))


class DiagnosticCollector:
    """A sink that keeps diagnostics; every event goes on to `others`."""

    def __init__(self, others: Sink) -> None:
        self.diagnostics: list[Diagnostic] = []
        self._others = others

    def emit(self, event: Event) -> None:
        if isinstance(event, Diagnosed):
            self.diagnostics.append(event.diagnostic)
        self._others.emit(event)
