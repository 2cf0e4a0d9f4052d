"""Automations (prefect/server/api/automations.py) with their triggers and actions."""

from __future__ import annotations

import threading
from functools import cache
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, Field, TypeAdapter, ValidationError

from prefect_pulumi.core.suggestions import is_unknown_key, suggestion, with_hint
from prefect_pulumi.models import automation_actions, automation_triggers
from prefect_pulumi.models.automation_actions import Action
from prefect_pulumi.models.automation_names import ID_FIELDS
from prefect_pulumi.models.automation_triggers import AutomationModel, Trigger
from prefect_pulumi.models.base import Kind, Meta, path_of
from prefect_pulumi.models.names import FreeName

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


PARTS: tuple[type[AutomationModel], ...] = (*automation_triggers.PARTS, *automation_actions.PARTS)


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


def unknown_action_fault(kind: str, installed: str, *, cloud: bool = False) -> str:
    """What is wrong with an action of a type that is not known here, "" for one to be handed on: its type looks like a
    misspelt one, or it goes to a server of one's own and the `installed` Prefect hands none on."""
    near = suggestion(kind, _TYPE_NAMES)
    if near or (not cloud and tuple(map(int, installed.split(".")[:2])) < UNKNOWN_ACTIONS_SINCE):
        return f"action type: there is no action {kind!r}; {near or f'Prefect {installed} has none of that name'}"
    return ""


def _checked(shape: str, value: Any) -> Any:
    if is_unknown_action(shape, value):
        if fault := unknown_action_fault(value["type"], "", cloud=True):
            raise ValueError(fault)
        return value  # whether the server may know it is the provider's question
    try:
        adapter(shape).validate_python(value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        # The names of the union's members stand in the path, and mean nothing to the reader.
        place = path_of(tuple(part for part in first["loc"] if part not in _TYPE_NAMES))
        words = first["msg"].removeprefix("Value error, ")
        if is_unknown_key(first):
            words = with_hint("unknown key", suggestion(str(first["loc"][-1]), _KEYS))
        raise ValueError(f"{shape.lower()}{f' {place}' if place else ''}: {words}") from error
    return value


_TYPE_NAMES = {
    name
    for part in PARTS
    if "type" in part.model_fields
    for name in getattr(part.model_fields["type"].annotation, "__args__", ())
}

_KEYS = sorted({*ID_FIELDS, *(key for part in PARTS for key in part.model_fields)})


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
        "An unknown trigger or action, a missing or an unknown key of one: refused at preview, with its path. On "
        "Prefect Cloud and since Prefect 3.9 an action of an unknown type that resembles none is sent as it is, with a "
        "warning.",
        "A metric trigger, or an action that only Prefect Cloud has, is refused at preview on a self-hosted server; "
        "delete-flow-run is refused on Prefect Cloud, which has none.",
        "An import by a name that several automations have asks for the UUID.",
        "A trigger that expects every event fires on the events of its own firing.",
    )
    example: ClassVar[str] = """Automation(
    "alert",
    trigger={"type": "event", "posture": "Reactive", "expect": ["prefect.flow-run.Late"]},
    actions=[{"type": "cancel-flow-run"}],
)"""
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
