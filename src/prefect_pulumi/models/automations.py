"""Automations (prefect/server/api/automations.py; triggers and actions: prefect/server/events)."""

from __future__ import annotations

import threading
from datetime import timedelta
from functools import cache
from importlib.metadata import version
from typing import Annotated, Any, ClassVar, Literal, Self, TypeAlias

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

from prefect_pulumi.core.suggestions import suggestion
from prefect_pulumi.models.base import Kind, Meta, path_of
from prefect_pulumi.models.names import FreeName

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


class _Selecting(AutomationModel):
    """An action on one selected object, or on the one that the event is about."""

    chosen: ClassVar[str]
    source: Literal["selected", "inferred"] = Field(
        default="selected", description="A selected object, or the one that the event is about."
    )

    @model_validator(mode="after")
    def _selected(self) -> Self:
        if (self.source == "selected") != (getattr(self, self.chosen) is not None):
            word = "is required" if self.source == "selected" else "is not allowed with source 'inferred'"
            raise ValueError(f"'{self.chosen}' {word}")
        return self


class _OnDeployment(_Selecting):
    chosen: ClassVar[str] = "deployment_id"
    deployment_id: str | None = Field(default=None, description="UUID of the deployment.")


class _OnWorkPool(_Selecting):
    chosen: ClassVar[str] = "work_pool_id"
    work_pool_id: str | None = Field(default=None, description="UUID of the work pool.")


class _OnWorkQueue(_Selecting):
    chosen: ClassVar[str] = "work_queue_id"
    work_queue_id: str | None = Field(default=None, description="UUID of the work queue.")


class _OnAutomation(_Selecting):
    chosen: ClassVar[str] = "automation_id"
    automation_id: str | None = Field(default=None, description="UUID of the automation.")


class DoNothing(AutomationModel):
    """Does nothing; the firing is recorded all the same."""

    type: Literal["do-nothing"] = Field(description="Always do-nothing.")


class RunDeployment(_OnDeployment):
    """Runs a deployment."""

    type: Literal["run-deployment"] = Field(description="Always run-deployment.")
    parameters: dict[str, Any] | None = Field(default=None, description="Parameters of the run.")
    job_variables: dict[str, Any] | None = Field(default=None, description="Job variables of the run.")
    schedule_after: Seconds = Field(default=0.0, ge=0, description="Seconds to wait before it runs.")


class PauseDeployment(_OnDeployment):
    """Pauses a deployment."""

    type: Literal["pause-deployment"] = Field(description="Always pause-deployment.")


class ResumeDeployment(_OnDeployment):
    """Resumes a deployment."""

    type: Literal["resume-deployment"] = Field(description="Always resume-deployment.")


StateType: TypeAlias = Literal[
    "SCHEDULED", "PENDING", "RUNNING", "COMPLETED", "FAILED", "CANCELLED", "CRASHED", "PAUSED", "CANCELLING"
]


class ChangeFlowRunState(AutomationModel):
    """Changes the state of the flow run that the event is about."""

    type: Literal["change-flow-run-state"] = Field(description="Always change-flow-run-state.")
    state: StateType = Field(description="Type of the new state.")
    name: str | None = Field(default=None, description="Name of the new state.")
    message: str | None = Field(default=None, description="Message of the new state.")
    force: bool = Field(default=False, description="Even when the transition is not allowed.")


class CancelFlowRun(AutomationModel):
    """Cancels the flow run that the event is about."""

    type: Literal["cancel-flow-run"] = Field(description="Always cancel-flow-run.")


class DeleteFlowRun(AutomationModel):
    """Deletes the flow run that the event is about."""

    type: Literal["delete-flow-run"] = Field(description="Always delete-flow-run.")


class SuspendFlowRun(AutomationModel):
    """Suspends the flow run that the event is about."""

    type: Literal["suspend-flow-run"] = Field(description="Always suspend-flow-run.")


class ResumeFlowRun(AutomationModel):
    """Resumes the flow run that the event is about."""

    type: Literal["resume-flow-run"] = Field(description="Always resume-flow-run.")


class CallWebhook(AutomationModel):
    """Calls a webhook."""

    type: Literal["call-webhook"] = Field(description="Always call-webhook.")
    block_document_id: str = Field(description="UUID of a webhook block.")
    payload: str = Field(default="", description="What is sent; a template.")


class SendNotification(AutomationModel):
    """Sends a notification."""

    type: Literal["send-notification"] = Field(description="Always send-notification.")
    block_document_id: str = Field(description="UUID of a notification block.")
    subject: str = Field(default="Prefect automated notification", description="Subject; a template.")
    body: str = Field(description="Text; a template.")


class PauseWorkPool(_OnWorkPool):
    """Pauses a work pool."""

    type: Literal["pause-work-pool"] = Field(description="Always pause-work-pool.")


class ResumeWorkPool(_OnWorkPool):
    """Resumes a work pool."""

    type: Literal["resume-work-pool"] = Field(description="Always resume-work-pool.")


class PauseWorkQueue(_OnWorkQueue):
    """Pauses a work queue."""

    type: Literal["pause-work-queue"] = Field(description="Always pause-work-queue.")


class ResumeWorkQueue(_OnWorkQueue):
    """Resumes a work queue."""

    type: Literal["resume-work-queue"] = Field(description="Always resume-work-queue.")


class PauseAutomation(_OnAutomation):
    """Pauses an automation."""

    type: Literal["pause-automation"] = Field(description="Always pause-automation.")


class ResumeAutomation(_OnAutomation):
    """Resumes an automation."""

    type: Literal["resume-automation"] = Field(description="Always resume-automation.")


Action: TypeAlias = Annotated[
    DoNothing
    | RunDeployment
    | PauseDeployment
    | ResumeDeployment
    | ChangeFlowRunState
    | CancelFlowRun
    | DeleteFlowRun
    | SuspendFlowRun
    | ResumeFlowRun
    | CallWebhook
    | SendNotification
    | PauseWorkPool
    | ResumeWorkPool
    | PauseWorkQueue
    | ResumeWorkQueue
    | PauseAutomation
    | ResumeAutomation,
    Field(discriminator="type"),
]

SHAPES: dict[str, Any] = {"Trigger": Trigger, "Action": Action}
"""Name -> union: what `Meta.shape` refers to."""

UNKNOWN_ACTIONS_SINCE = (3, 9)
"""Prefect since which servers and clients pass actions on whose type they do not know (prefect/events/actions.py)."""

_BUILDING = threading.Lock()


def adapter(shape: str) -> TypeAdapter[Any]:
    """Validates and describes a union of `SHAPES`. May be called from several threads."""
    with _BUILDING:
        return _adapter(shape)


@cache
def _adapter(shape: str) -> TypeAdapter[Any]:
    return TypeAdapter(SHAPES[shape])


PARTS: tuple[type[AutomationModel], ...] = (
    EventTrigger,
    MetricQuery,
    MetricTrigger,
    CompoundTrigger,
    SequenceTrigger,
    DoNothing,
    RunDeployment,
    PauseDeployment,
    ResumeDeployment,
    ChangeFlowRunState,
    CancelFlowRun,
    DeleteFlowRun,
    SuspendFlowRun,
    ResumeFlowRun,
    CallWebhook,
    SendNotification,
    PauseWorkPool,
    ResumeWorkPool,
    PauseWorkQueue,
    ResumeWorkQueue,
    PauseAutomation,
    ResumeAutomation,
)


def normal(shape: str, value: Any) -> Any:
    """The form in which two spellings of one trigger or action are equal: defaults filled in, sets sorted, no ids."""
    if isinstance(value, list):
        return [normal(shape, item) for item in value]
    if is_unknown_action(shape, value):
        return value
    parsed: BaseModel = adapter(shape).validate_python(_without_ids(value))
    return parsed.model_dump(mode="json")


def short(shape: str, value: Any) -> Any:
    """`normal` without what is a default anyway: the form that an import writes."""
    if isinstance(value, list):
        return [short(shape, item) for item in value]
    if is_unknown_action(shape, value):
        return value
    parsed: BaseModel = adapter(shape).validate_python(_without_ids(value))
    return _shortened(parsed.model_dump(mode="json", exclude_defaults=True))


def _shortened(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _shortened(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_shortened(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _without_ids(value: Any) -> Any:
    """The server gives each trigger an id of its own at every write."""
    if not isinstance(value, dict):
        return value
    kept = {key: item for key, item in value.items() if key != "id"}
    if isinstance(kept.get("triggers"), list):
        kept["triggers"] = [_without_ids(item) for item in kept["triggers"]]
    return kept


def is_unknown_action(shape: str, value: Any) -> bool:
    """Whether a newer server has the type of an action. It is handed on as it is."""
    kind = value.get("type") if isinstance(value, dict) else None
    return shape == "Action" and isinstance(kind, str) and kind not in _TYPE_NAMES


def unknown_action_fault(kind: str, installed: str) -> str:
    """What is wrong with an action of a type that is not known here, "" for one to be handed on: its type looks like a
    misspelt one, or the `installed` Prefect hands none on."""
    near = suggestion(kind, _TYPE_NAMES)
    if near or tuple(map(int, installed.split(".")[:2])) < UNKNOWN_ACTIONS_SINCE:
        return f"action type: there is no action {kind!r}; {near or f'Prefect {installed} has none of that name'}"
    return ""


def _checked(shape: str, value: Any) -> Any:
    if is_unknown_action(shape, value):
        if fault := unknown_action_fault(value["type"], version("prefect")):
            raise ValueError(fault)
        return value
    try:
        adapter(shape).validate_python(value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        # The names of the union's members stand in the path, and mean nothing to the reader.
        place = path_of(tuple(part for part in first["loc"] if part not in _TYPE_NAMES))
        words = first["msg"].removeprefix("Value error, ")
        raise ValueError(f"{shape.lower()}{f' {place}' if place else ''}: {words}") from error
    return value


_TYPE_NAMES = {
    name
    for part in PARTS
    if "type" in part.model_fields
    for name in getattr(part.model_fields["type"].annotation, "__args__", ())
}


def _trigger(value: dict[str, Any]) -> dict[str, Any]:
    checked: dict[str, Any] = _checked("Trigger", value)
    return checked


def _actions(value: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [_checked("Action", item) for item in value]


Actions = Annotated[list[dict[str, Any]], AfterValidator(_actions), Meta(shape="Action")]


class Automation(Kind):
    """Actions that follow when events come, or do not come.

    Triggers and actions are objects under the API's own names, such as `match_related` and `deployment_id`.
    """

    kind: ClassVar[str] = "Automation"
    faults: ClassVar[tuple[str, ...]] = (
        "An unknown trigger or action, a missing or an unknown key of one: refused at preview, with its path. Since "
        "Prefect 3.9 an action of an unknown type that resembles none is handed on as it is.",
        "A metric trigger on a self-hosted server is refused at preview.",
        "An import by a name that several automations have asks for the UUID.",
        "A trigger that expects every event fires on the events of its own firing.",
    )
    example: ClassVar[str] = 'Automation("alert", trigger=failed_runs, actions=[{"type": "cancel-flow-run"}])'
    import_id: ClassVar[str] = "name"

    name: Annotated[FreeName, Meta(logical_name=True)] = Field(
        description="Name of the automation; need not be unique."
    )
    description: str = Field(default="", description="Free text.")
    enabled: bool = Field(default=True, description="Whether it acts.")
    tags: list[str] = Field(default_factory=list, description="Free labels.")
    trigger: Annotated[dict[str, Any], AfterValidator(_trigger), Meta(shape="Trigger")] = Field(
        description="What it waits for: an event, compound or sequence trigger, on Prefect Cloud also a metric one."
    )
    actions: Actions = Field(description="What it does when it fires.")
    actions_on_trigger: Actions = Field(default_factory=list, description="What it does when it turns triggered.")
    actions_on_resolve: Actions = Field(default_factory=list, description="What it does when it turns resolved.")
    created: Annotated[str | None, Meta(output=True)] = Field(default=None, description="When it was made (RFC 3339).")
