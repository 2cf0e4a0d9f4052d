"""Triggers of automations (prefect/server/events/triggers.py, prefect/events/schemas/automations.py)."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)

Labels: TypeAlias = dict[str, str | list[str]]
Sorted = Annotated[list[str], AfterValidator(sorted)]
"""A set on the server: the order means nothing."""


def _seconds(value: Any) -> Any:
    """Seconds, also of an ISO 8601 duration or of `HH:MM:SS`, as servers since Prefect 3.9 take them."""
    if not isinstance(value, str):
        return value
    try:
        return _span().validate_python(value).total_seconds()
    except ValidationError:
        raise ValueError(f"{value!r} is no duration: give seconds, or a text such as PT1M") from None


@cache
def _span() -> TypeAdapter[timedelta]:
    return TypeAdapter(timedelta)


Seconds = Annotated[float, BeforeValidator(_seconds)]

PROACTIVE_SECONDS = 10.0
METRIC_SECONDS = 300.0


class AutomationModel(BaseModel):
    """A piece of an automation, under the API's own snake_case names."""

    # Two dozen validators take longer to build than all else of a small preview: `adapter` builds them when asked for.
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class EventTrigger(AutomationModel):
    """Fires when events come (Reactive), or do not come (Proactive)."""

    type: Literal["event"] = Field(description="Always event.")
    posture: Literal["Reactive", "Proactive"] = Field(description="React to events, or to their absence.")
    expect: Sorted = Field(default_factory=list, description="Names of events it counts; '*' at the end is a wildcard.")
    after: Sorted = Field(default_factory=list, description="Names of events that must have come before.")
    match: Labels = Field(default_factory=dict, description="Labels of the resource of the event.")
    match_related: Labels | list[Labels] = Field(default_factory=dict, description="Labels of related resources.")
    for_each: Sorted = Field(default_factory=list, description="Labels for whose values it counts apart.")
    threshold: int = Field(default=1, description="How many events fire it.")
    within: Seconds = Field(default=0.0, ge=0, description="Seconds within which they come; Proactive: at least 10.")

    @model_validator(mode="before")
    @classmethod
    def _least_within(cls, value: Any) -> Any:
        if not isinstance(value, dict) or value.get("posture") != "Proactive":
            return value
        within = _seconds(value.get("within")) or PROACTIVE_SECONDS
        if isinstance(within, int | float) and within < PROACTIVE_SECONDS:
            raise ValueError("'within' of a Proactive trigger must be at least 10 seconds")
        return {**value, "within": within}


class MetricQuery(AutomationModel):
    """What a metric trigger asks, and when it fires."""

    name: Literal["lateness", "duration", "successes"] = Field(description="Name of the metric.")
    threshold: float = Field(description="Value it is compared with.")
    operator: Literal["<", "<=", ">", ">="] = Field(description="How it is compared.")
    range: Seconds = Field(default=METRIC_SECONDS, ge=METRIC_SECONDS, description="Seconds that it looks back.")
    firing_for: Seconds = Field(
        default=METRIC_SECONDS, ge=METRIC_SECONDS, description="Seconds that it must hold before it fires."
    )


class MetricTrigger(AutomationModel):
    """Fires on the result of a metric query. Prefect Cloud only."""

    type: Literal["metric"] = Field(description="Always metric.")
    posture: Literal["Metric"] = Field(default="Metric", description="Always Metric.")
    metric: MetricQuery = Field(description="The query.")
    match: Labels = Field(default_factory=dict, description="Labels of the resources it looks at.")
    match_related: Labels | list[Labels] = Field(default_factory=dict, description="Labels of related resources.")


class CompoundTrigger(AutomationModel):
    """Fires when some of several triggers have."""

    type: Literal["compound"] = Field(description="Always compound.")
    triggers: list[Trigger] = Field(min_length=1, description="The triggers.")
    require: int | Literal["any", "all"] = Field(description="How many must have fired.")
    within: Seconds | None = Field(default=None, description="Seconds within which they fire.")

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if isinstance(self.require, int) and not 1 <= self.require <= len(self.triggers):
            raise ValueError(f"'require' must be 1 to {len(self.triggers)}, the number of its triggers")
        return self


class SequenceTrigger(AutomationModel):
    """Fires when several triggers have, in their order."""

    type: Literal["sequence"] = Field(description="Always sequence.")
    triggers: list[Trigger] = Field(min_length=1, description="The triggers, in order.")
    within: Seconds | None = Field(default=None, description="Seconds within which they fire.")


Trigger: TypeAlias = Annotated[
    EventTrigger | MetricTrigger | CompoundTrigger | SequenceTrigger, Field(discriminator="type")
]


PARTS: tuple[type[AutomationModel], ...] = (
    EventTrigger,
    MetricQuery,
    MetricTrigger,
    CompoundTrigger,
    SequenceTrigger,
)
