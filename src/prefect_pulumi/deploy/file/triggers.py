"""Triggers and service level agreements of a deployment in `prefect.yaml`; pure.

A trigger is that of an automation (`models/automation_triggers.py`) with the defaults that Prefect fills in, and with
what the run of the deployment gets (prefect/events/schemas/deployment_triggers.py). Prefect ignores the keys that it
does not know; here they are refused.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import Discriminator, Field, Tag, model_validator

from prefect_pulumi.deploy.file.parts import FileModel
from prefect_pulumi.deploy.file.value_types import JsonMapping, OrTemplate, Span

Labels: TypeAlias = dict[str, Any]
MINIMUM_WITHIN = timedelta(seconds=10)
MINIMUM_RANGE = timedelta(seconds=300)

TextOrTemplate = Annotated[str, OrTemplate]
SpanOrTemplate = Annotated[Span, OrTemplate]
Texts = Annotated[list[str], OrTemplate]


class _Fired(FileModel):
    """What every trigger of a deployment may say about the automation and its run."""

    name: str | None = Field(default=None, description="Name of the automation that is created.")
    description: str = Field(default="", description="Free text.")
    enabled: Annotated[bool, OrTemplate] = Field(default=True, description="Whether it acts.")
    parameters: JsonMapping | None = Field(default=None, description="Parameters of the run; {{ event }} is kept.")
    job_variables: JsonMapping | None = Field(default=None, description="Job variables of the run.")
    schedule_after: SpanOrTemplate = Field(default=timedelta(0), description="How long to wait before the run.")


class _Resource(_Fired):
    match: Annotated[Labels, OrTemplate] = Field(default={}, description="Labels of the resource of the event.")
    match_related: Any = Field(default={}, description="Labels of related resources, or a list of such mappings.")

    @model_validator(mode="after")
    def _related(self) -> Self:
        related = self.match_related if isinstance(self.match_related, list) else [self.match_related]
        if not all(isinstance(label, dict) or (isinstance(label, str) and "{{" in label) for label in related):
            raise ValueError("match_related must be a mapping of labels, or a list of such mappings")
        return self


class EventTrigger(_Resource):
    """Fires when events come (Reactive), or do not come (Proactive)."""

    type: Literal["event"] = Field(default="event", description="Always event.")
    posture: Literal["Reactive", "Proactive"] = Field(
        default="Reactive", description="React to events, or to their absence."
    )
    expect: Texts = Field(default=[], description="Names of events it counts; '*' at the end is a wildcard.")
    after: Texts = Field(default=[], description="Names of events that must have come before.")
    for_each: Texts = Field(default=[], description="Labels for whose values it counts apart.")
    threshold: Annotated[int, OrTemplate] = Field(default=1, description="How many events fire it.")
    within: SpanOrTemplate = Field(
        default=timedelta(0), description="Time within which they come; Proactive: at least 10 seconds."
    )

    @model_validator(mode="after")
    def _least_within(self) -> Self:
        short = isinstance(self.within, timedelta) and timedelta(0) < self.within < MINIMUM_WITHIN
        if self.posture == "Proactive" and short:
            raise ValueError("within must be at least 10 seconds for a Proactive trigger")
        return self


class MetricQuery(FileModel):
    """What a metric trigger asks, and when it fires."""

    name: Literal["lateness", "duration", "successes"] = Field(description="Name of the metric.")
    threshold: float = Field(description="Value it is compared with.")
    operator: Literal["<", "<=", ">", ">="] = Field(description="How it is compared.")
    range: Annotated[Span, Field(ge=MINIMUM_RANGE)] = Field(default=MINIMUM_RANGE, description="How far it looks back.")
    firing_for: Annotated[Span, Field(ge=MINIMUM_RANGE)] = Field(
        default=MINIMUM_RANGE, description="How long it must hold before it fires."
    )


class MetricTrigger(_Resource):
    """Fires on the result of a metric query. Prefect Cloud only."""

    type: Literal["metric"] = Field(default="metric", description="Always metric.")
    posture: Literal["Metric"] = Field(default="Metric", description="Always Metric.")
    metric: MetricQuery = Field(description="The query.")


class CompoundTrigger(_Fired):
    """Fires when some of several triggers have."""

    type: Literal["compound"] = Field(default="compound", description="Always compound.")
    triggers: list[Trigger] = Field(min_length=1, description="The triggers.")
    require: int | Literal["any", "all"] = Field(description="How many must have fired: a number, any or all.")
    within: SpanOrTemplate | None = Field(default=None, description="Time within which they fire.")

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if isinstance(self.require, int) and not 1 <= self.require <= len(self.triggers):
            raise ValueError(f"require must be 1 to {len(self.triggers)}, the number of its triggers")
        return self


class SequenceTrigger(_Fired):
    """Fires when several triggers have, in their order."""

    type: Literal["sequence"] = Field(default="sequence", description="Always sequence.")
    triggers: list[Trigger] = Field(min_length=1, description="The triggers, in order.")
    within: SpanOrTemplate | None = Field(default=None, description="Time within which they fire.")


def _kind(value: Any) -> str:
    """How Prefect tells what is meant when `type` is left out."""
    if not isinstance(value, dict):
        return "<event>"
    if "type" in value:
        return f"<{value['type']}>"
    if value.get("posture") == "Metric":
        return "<metric>"
    if "triggers" in value:
        return "<compound>" if "require" in value else "<sequence>"
    return "<event>"


Trigger: TypeAlias = Annotated[
    Annotated[EventTrigger, Tag("<event>")]
    | Annotated[MetricTrigger, Tag("<metric>")]
    | Annotated[CompoundTrigger, Tag("<compound>")]
    | Annotated[SequenceTrigger, Tag("<sequence>")],
    Discriminator(
        _kind,
        custom_error_type="trigger",
        custom_error_message="type must be event, metric, compound or sequence",
    ),
]
CompoundTrigger.model_rebuild()
SequenceTrigger.model_rebuild()


class _Agreement(FileModel):
    name: str = Field(description="Name of the agreement, unique in its deployment.")
    severity: Literal["minor", "low", "moderate", "high", "critical"] = Field(
        default="moderate", description="How bad a violation is."
    )
    enabled: bool | None = Field(default=True, description="Whether it is watched.")


class TimeToCompletion(_Agreement):
    """Violated when a run takes longer."""

    duration: int = Field(gt=0, description="Seconds that a run may take.")


class Lateness(_Agreement):
    """Violated when a run starts later."""

    within: Span = Field(description="Time within which a run has to start.")


class Frequency(_Agreement):
    """Violated when no run has completed for longer."""

    stale_after: Span = Field(description="Time within which a run has to complete.")


def _agreement(value: Any) -> str:
    keys = value if isinstance(value, dict) else {}
    forms = [name for name in ("duration", "within", "stale_after") if name in keys]
    return f"<{forms[0]}>" if len(forms) == 1 else "<>"


Sla: TypeAlias = Annotated[
    Annotated[TimeToCompletion, Tag("<duration>")]
    | Annotated[Lateness, Tag("<within>")]
    | Annotated[Frequency, Tag("<stale_after>")],
    Discriminator(
        _agreement,
        custom_error_type="sla",
        custom_error_message="give one of duration (seconds), within and stale_after",
    ),
]
