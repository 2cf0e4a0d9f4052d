"""What Prefect Cloud watches by itself: service level agreements of deployments, managed automations."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from prefect_pulumi.core.suggestions import explain
from prefect_pulumi.models.base import Meta
from prefect_pulumi.models.cloud import CHECKED, REFUSED, Created, Uuid, WorkspaceKind

Seconds = Annotated[float, Field(gt=0)]


class Agreement(BaseModel):
    """One service level agreement, in the API's words. Times are in seconds."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)

    name: str = Field(min_length=1, max_length=5000, description="Name, unique in its deployment.")
    severity: Literal["minor", "low", "moderate", "high", "critical"] = Field(
        default="high", description="How bad a violation is."
    )
    enabled: bool = Field(default=True, description="Whether it is watched.")
    duration: Annotated[int, Field(gt=0)] | None = Field(default=None, description="Seconds that a run may take.")
    stale_after: Seconds | None = Field(default=None, description="Seconds within which a run has to complete.")
    within: Seconds | None = Field(
        default=None, description="Seconds within which a run has to start, or the expected event to come."
    )
    expected_event: Annotated[str, Field(min_length=1)] | None = Field(
        default=None, description="Event that has to come, beside `within` and `resource_match`."
    )
    resource_match: dict[str, str | list[str]] | None = Field(
        default=None, description="Labels of the resource whose event has to come."
    )

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        given = [name for name in ("duration", "stale_after", "within") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError("give one of duration, stale_after and within")
        event = (self.expected_event is not None, self.resource_match is not None)
        if any(event) and not (all(event) and given == ["within"]):
            raise ValueError("give expected_event and resource_match together, beside within")
        return self


def _agreements(values: list[dict[str, Any]]) -> list[dict[str, Any]]:
    faults = []
    for index, value in enumerate(values):
        try:
            Agreement.model_validate(value)
        except ValidationError as error:
            faults += [explain(fault, Agreement.model_fields, f"[{index}]") for fault in error.errors()]
    names = [value.get("name") for value in values]
    faults += [f"the name {name!r} is there twice" for name in sorted({str(n) for n in names if names.count(n) > 1})]
    if faults:
        raise ValueError("; ".join(faults))
    return values


class Sla(WorkspaceKind):
    """The service level agreements of a deployment. They are written as a whole: those that are not listed go."""

    kind: ClassVar[str] = "Sla"
    import_id: ClassVar[str] = "flow/deployment"
    faults: ClassVar[tuple[str, ...]] = (
        REFUSED,
        CHECKED,
        "A preview warns of each agreement that the deployment has and the list has not.",
        "What Prefect Cloud's trigger of an agreement does not say is not compared.",
    )
    example: ClassVar[str] = 'Sla("daily", deployment_id=daily.id, slas=[{"name": "in-time", "duration": 600}])'

    deployment_id: Annotated[Uuid, Meta(replaces=True)] = Field(description="UUID of the deployment.")
    slas: Annotated[list[dict[str, Any]], AfterValidator(_agreements)] = Field(
        min_length=1,
        description="The agreements: name, severity, enabled, and one of duration, stale_after, within (seconds); "
        "expected_event and resource_match beside within.",
    )


class ManagedAutomation(WorkspaceKind):
    """An automation that Prefect Cloud keeps itself, such as the one that ends runs without a heartbeat."""

    kind: ClassVar[str] = "ManagedAutomation"
    import_id: ClassVar[str] = "type"
    faults: ClassVar[tuple[str, ...]] = (
        REFUSED,
        CHECKED,
        "A setting that its type does not have is refused at preview.",
        "One of that type is refused, with the command that imports it.",
    )
    example: ClassVar[str] = 'ManagedAutomation("zombies", type="zombie-cleanup")'

    type: Annotated[Literal["zombie-cleanup", "stuck-cancelling"], Meta(replaces=True)] = Field(
        description="Which of Cloud's automations."
    )
    enabled: bool = Field(default=True, description="Whether it acts.")
    settings: Annotated[dict[str, Any] | None, Meta(server_default=True)] = Field(
        default=None, description="Its settings, in the words of its type. Left out: the type's own."
    )
    created: Created = Field(default=None, description="When it was made (RFC 3339).")
