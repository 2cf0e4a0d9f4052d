"""Events of a run, as plain data for one sink (terminal, JSON, tests)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from prefect_pulumi.core.diagnostics import Diagnostic
from prefect_pulumi.core.masking import Masker
from prefect_pulumi.engine.plan.steps import Step


@dataclass(frozen=True, slots=True)
class StepStarted:
    step: Step
    preview: bool


@dataclass(frozen=True, slots=True)
class StepDone:
    """`error` is empty on success; `seconds` is the wall time of the provider's work."""

    step: Step
    preview: bool
    seconds: float
    error: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """A line of the program, a provider or the engine; `severity` is debug, info, warning or error."""

    severity: str
    text: str
    urn: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """The program has not ended for a while; `text` says what it waits for."""

    text: str


@dataclass(frozen=True, slots=True)
class Diagnosed:
    """A fault or warning of a file's place. It is beside the messages and errors that say the same."""

    diagnostic: Diagnostic


Event = StepStarted | StepDone | Message | Waiting | Diagnosed


class Sink(Protocol):
    """Called from several threads."""

    def emit(self, event: Event) -> None: ...


class NullSink:
    """Drops everything."""

    def emit(self, event: Event) -> None:
        """Nothing to show."""


class CommandSink:
    """The events of one command: masked, and a warning that preview and update both give is reported once."""

    def __init__(self, sink: Sink, masker: Masker) -> None:
        self._sink = sink
        self._masker = masker
        self._warned: set[Message] = set()

    def emit(self, event: Event) -> None:
        if isinstance(event, Message):
            event = replace(event, text=self._masker.text(event.text))
            if event.severity == "warning":
                if event in self._warned:
                    return
                self._warned.add(event)
        elif isinstance(event, Waiting):
            event = replace(event, text=self._masker.text(event.text))
        elif isinstance(event, Diagnosed):
            told = event.diagnostic
            message, remedy = self._masker.text(told.message), self._masker.text(told.remedy)
            event = Diagnosed(replace(told, message=message, remedy=remedy))
        elif isinstance(event, StepDone) and event.error:
            event = replace(event, error=self._masker.text(event.error))
        self._sink.emit(event)


class SinkHost:
    """`provider_protocol.ProviderHost` over a sink."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    def log(self, severity: str, message: str, urn: str = "") -> None:
        self._sink.emit(Message(severity, message, urn))

    def diagnose(self, diagnostic: Diagnostic) -> None:
        """As `provider_protocol.DiagnosticHost`."""
        self._sink.emit(Diagnosed(diagnostic))
