"""Flows, deployments and their schedules (prefect/server/api/flows.py, deployments.py)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, model_validator

from prefect_pulumi.models.base import Kind, Meta
from prefect_pulumi.models.names import DashedName, JsonValue, Name, Positive, Scalar

GRACE_SECONDS = (60, 86400)
"""Least and most of `grace_period_seconds` (prefect/server/schemas/core.py, `ConcurrencyOptions`)."""


class Flow(Kind):
    """A flow: the name under which deployments and runs of the same code are kept."""

    kind: ClassVar[str] = "Flow"
    faults: ClassVar[tuple[str, ...]] = (
        "The API would take over a flow of that name: it is refused, with the command that imports it.",
        "It is not deleted while it has deployments, which would be deleted with it.",
    )
    example: ClassVar[str] = 'Flow("import-orders", tags=["orders"])'

    name: Annotated[Name, Meta(replaces=True, logical_name=True)] = Field(
        description="Name of the flow, as its decorator says it; unique on the server."
    )
    tags: list[str] = Field(default_factory=list, description="Free labels.")
    labels: Annotated[dict[str, Scalar], Meta(replaces=True, server_default=True)] = Field(
        default_factory=dict,
        description="Key-value labels: strings, numbers or booleans. A server of one's own sets them only when the "
        "flow is made; Prefect Cloud changes them.",
    )
    created: Annotated[str | None, Meta(output=True)] = Field(default=None, description="When it was made (RFC 3339).")


class Deployment(Kind):
    """A deployment declared as a resource. Those of `prefect.yaml` belong to `Deployments` instead."""

    kind: ClassVar[str] = "Deployment"
    faults: ClassVar[tuple[str, ...]] = (
        "Declared twice, or in prefect.yaml as well: refused at preview.",
        "The API would take over a deployment of that name and wipe its schedules: it is refused, with the "
        "command that imports it.",
        "A flow or pool that does not exist is named when it is made.",
        "`disabled` and `versionInfo` are refused at preview on a self-hosted server.",
        "Job variables that do not fit the pool's base job template, and parameters that do not fit the "
        "schema, are refused by the server; its words are shown.",
    )
    example: ClassVar[str] = 'Deployment("daily", flow_name=flow.name, entrypoint="a.py:a", work_pool_name=pool.name)'
    import_id: ClassVar[str] = "flow/deployment"

    name: Annotated[Name, Meta(replaces=True, logical_name=True)] = Field(
        description="Name of the deployment, unique in its flow."
    )
    flow_name: Annotated[Name, Meta(replaces=True)] = Field(description="Name of its flow, which must exist.")
    description: str | None = Field(default=None, description="Free text.")
    version: str | None = Field(default=None, description="Version of the code, for people.")
    tags: list[str] = Field(default_factory=list, description="Labels of the deployment and of its runs.")
    labels: Annotated[dict[str, Scalar], Meta(replaces=True, server_default=True)] = Field(
        default_factory=dict,
        description="Key-value labels: strings, numbers or booleans. A server of one's own sets them only when it is "
        "made; Prefect Cloud changes them.",
    )
    paused: bool = Field(default=False, description="Whether its schedules make no runs.")
    entrypoint: str | None = Field(default=None, description="'path/to/file.py:function', relative to `path`.")
    path: str | None = Field(default=None, description="Folder of the code where its runs start.")
    pull_steps: Annotated[list[dict[str, JsonValue]], Meta(server_default=True, removed=[])] = Field(
        default_factory=list, description="Steps that fetch the code before each run, in the form of prefect.yaml."
    )
    parameters: dict[str, JsonValue] = Field(default_factory=dict, description="Default parameters of its runs.")
    parameter_openapi_schema: Annotated[
        dict[str, Any] | None, Meta(server_default=True, removed={"type": "object", "properties": {}})
    ] = Field(default=None, description="JSON schema of the flow's parameters. Left out: an empty one.")
    enforce_parameter_schema: bool = Field(
        default=True, description="Whether runs with parameters that do not fit the schema are refused."
    )
    work_pool_name: str | None = Field(default=None, description="Name of the pool that runs it.")
    work_queue_name: Annotated[str | None, Meta(server_default=True, removed="default")] = Field(
        default=None, description="Name of a queue of that pool. Left out: the pool's default queue."
    )
    job_variables: dict[str, JsonValue] = Field(
        default_factory=dict, description="Overrides of the pool's base job template."
    )
    concurrency_limit: Positive | None = Field(
        default=None, description="Maximum of concurrent runs; none: no limit. Not with globalConcurrencyLimitId."
    )
    collision_strategy: Annotated[Literal["ENQUEUE", "CANCEL_NEW"] | None, Meta(server_default=True)] = Field(
        default=None, description="What happens to a run above the limit: ENQUEUE or CANCEL_NEW."
    )
    grace_period_seconds: Annotated[int | None, Field(ge=GRACE_SECONDS[0], le=GRACE_SECONDS[1])] = Field(
        default=None,
        description="Seconds (60 to 86400) that a run's infrastructure has to start before it loses its slot. Needs "
        "collisionStrategy.",
    )
    global_concurrency_limit_id: str | None = Field(
        default=None, description="UUID of a global concurrency limit that its runs share with others."
    )
    storage_document_id: Annotated[str | None, Meta(server_default=True)] = Field(
        default=None, description="UUID of a storage block."
    )
    infrastructure_document_id: Annotated[str | None, Meta(server_default=True)] = Field(
        default=None, description="UUID of an infrastructure block."
    )
    disabled: bool = Field(default=False, description="Whether nothing may run it. Prefect Cloud only.")
    version_info: Annotated[dict[str, JsonValue] | None, Meta(server_default=True)] = Field(
        default=None,
        description="Of its version: 'type' (such as vcs:git), 'version' and more. Prefect Cloud only: other servers "
        "take it and never return it.",
    )
    version_id: Annotated[str | None, Meta(output=True)] = Field(
        default=None, description="UUID of its present version. Prefect Cloud only."
    )
    flow_id: Annotated[str | None, Meta(output=True)] = Field(default=None, description="UUID of its flow.")
    created: Annotated[str | None, Meta(output=True)] = Field(default=None, description="When it was made (RFC 3339).")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.concurrency_limit is not None and self.global_concurrency_limit_id is not None:
            raise ValueError("give 'concurrencyLimit' or 'globalConcurrencyLimitId', not both")
        if self.work_queue_name is not None and self.work_pool_name is None:
            raise ValueError("'workQueueName' needs 'workPoolName'")
        if self.grace_period_seconds is not None and self.collision_strategy is None:
            raise ValueError("'gracePeriodSeconds' needs 'collisionStrategy'")
        if self.version_info is not None and not {"type", "version"} <= self.version_info.keys():
            raise ValueError("'versionInfo' needs 'type' and 'version'")
        return self


def _cron(value: str) -> str:
    """Five fields or one of the shortcuts; what croniter takes beyond that is left to the server."""
    from cronsim import CronSim, CronSimError

    if value.startswith("@"):
        return value
    try:
        CronSim(value, datetime(2026, 1, 1))
    except CronSimError as error:
        raise ValueError(f"{value!r} is no cron expression: {error}") from error
    return value


def _timezone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{value!r} is no time zone of the IANA database, such as 'Europe/Berlin'") from error
    return value


def _moment(value: str) -> str:
    try:
        datetime.fromisoformat(value)
    except ValueError as error:
        raise ValueError(f"{value!r} is no date and time such as '2026-01-01T06:00:00+00:00'") from error
    return value


class DeploymentSchedule(Kind):
    """A schedule of a deployment: one of cron, interval or rrule."""

    kind: ClassVar[str] = "DeploymentSchedule"
    faults: ClassVar[tuple[str, ...]] = (
        "Not exactly one of cron, interval and rrule, a bad cron expression or an unknown time zone: refused "
        "at preview.",
        "`catchup` and `maxActiveRuns` are refused at preview on a self-hosted server.",
        "A slug that the deployment has already is refused when it is made, with the command that imports it.",
    )
    example: ClassVar[str] = 'DeploymentSchedule("nightly", deployment_id=daily.id, cron="0 6 * * *", slug="nightly")'
    import_id: ClassVar[str] = "flow/deployment/slug"

    deployment_id: Annotated[str, Meta(replaces=True)] = Field(description="UUID of its deployment.")
    cron: Annotated[str, AfterValidator(_cron)] | None = Field(default=None, description="Cron expression.")
    interval: Annotated[float, Field(gt=0)] | None = Field(default=None, description="Seconds between two runs.")
    rrule: str | None = Field(default=None, description="Recurrence rule (RFC 5545).")
    timezone: Annotated[str, AfterValidator(_timezone)] | None = Field(
        default=None, description="IANA name of the time zone. Left out: UTC."
    )
    anchor_date: Annotated[Annotated[str, AfterValidator(_moment)] | None, Meta(server_default=True)] = Field(
        default=None, description="Moment (RFC 3339) from which an interval counts. Left out: when it is made."
    )
    day_or: bool = Field(
        default=True, description="For cron: whether day of month and day of week are joined by or (else by and)."
    )
    active: bool = Field(default=True, description="Whether it makes runs.")
    max_scheduled_runs: Annotated[Positive | None, Meta(removal_replaces=True)] = Field(
        default=None, description="Most runs that it may have planned ahead."
    )
    catchup: bool = Field(
        default=False, description="Whether runs whose time went by are made up for. Prefect Cloud only."
    )
    max_active_runs: Annotated[Positive | None, Meta(removal_replaces=True)] = Field(
        default=None, description="Most runs of it that may be active. Prefect Cloud only."
    )
    parameters: dict[str, JsonValue] = Field(
        default_factory=dict, description="Parameters of its runs, over those of the deployment."
    )
    slug: Annotated[DashedName | None, Meta(removal_replaces=True)] = Field(
        default=None, description="Name of the schedule, unique in its deployment; a rename keeps the schedule."
    )
    created: Annotated[str | None, Meta(output=True)] = Field(default=None, description="When it was made (RFC 3339).")

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        given = [name for name in ("cron", "interval", "rrule") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"give exactly one of 'cron', 'interval' and 'rrule', not {' and '.join(given) or 'none'}")
        if self.anchor_date is not None and self.interval is None:
            raise ValueError("'anchorDate' belongs to 'interval'")
        if not self.day_or and self.cron is None:
            raise ValueError("'dayOr' belongs to 'cron'")
        return self
