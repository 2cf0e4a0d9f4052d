"""The strict model of `prefect.yaml`: every key that `prefect deploy` of prefect 3.8 reads; pure.

Sources: prefect/cli/deploy/_models.py (what the file may hold), _schedules.py, _triggers.py, _sla.py (what it makes of
it). Where Prefect would ignore a key, skip the whole file or deploy something else than was written, this model
refuses.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, WithJsonSchema, model_validator

from prefect_pulumi.deploy.file.parts import FileModel
from prefect_pulumi.deploy.file.triggers import Sla, Trigger
from prefect_pulumi.deploy.file.value_types import (
    Cron,
    Duration,
    JsonMapping,
    Moment,
    Name,
    RRule,
    Switch,
    Tags,
    TimeZone,
    VersionType,
)
from prefect_pulumi.models.flows import GRACE_SECONDS


def _one_step(value: Any) -> Any:
    """A single step may stand without a list around it, and an empty mapping for no steps."""
    if isinstance(value, dict):
        return [value] if value else []
    return value


def _step(value: dict[str, Any]) -> dict[str, Any]:
    if not value:
        return value
    (function, arguments), *rest = value.items()
    if rest:
        raise ValueError(
            f"a step has one function, and {rest[0][0]} stands next to {function}; indent the arguments below it"
        )
    if "." not in function:
        raise ValueError(
            f"{function!r} is not the full name of a function, such as prefect.deployments.steps.git_clone"
        )
    if not isinstance(arguments, dict):
        raise ValueError(f"the arguments of {function} must be a mapping; write {function}: {{}} for none")
    return value


Step = Annotated[dict[str, Any], AfterValidator(_step)]
_LISTED = WithJsonSchema({"type": ["array", "object", "null"], "items": {"type": "object"}})
Steps = Annotated[list[Step] | None, BeforeValidator(_one_step), _LISTED]


class Schedule(FileModel):
    """One schedule: exactly one of `cron`, `interval` and `rrule`."""

    cron: Cron | None = Field(default=None, description="Cron line of five fields, such as 0 6 * * 1-5.")
    interval: Duration | None = Field(
        default=None, description="Time between two runs: seconds, HH:MM:SS or an ISO 8601 duration."
    )
    rrule: RRule | None = Field(default=None, description="Recurrence rule (RFC 5545).")
    timezone: TimeZone | None = Field(default=None, description="IANA name of the time zone, such as Europe/Berlin.")
    anchor_date: Moment | None = Field(default=None, description="Moment from which an interval counts (ISO 8601).")
    day_or: Switch | None = Field(
        default=None, description="For cron: whether day of month and day of week are joined by or."
    )
    active: Switch | None = Field(default=None, description="Whether it makes runs.")
    parameters: JsonMapping = Field(default={}, description="Parameters of its runs, over those of the deployment.")
    slug: str | None = Field(default=None, description="Name of the schedule, unique in its deployment.")
    replaces: str | None = Field(default=None, description="Former slug of the schedule, when it is renamed.")

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        given = [kind for kind in ("cron", "interval", "rrule") if getattr(self, kind) is not None]
        if len(given) != 1:
            raise ValueError(f"give exactly one of cron, interval and rrule, not {' and '.join(given) or 'none'}")
        if self.slug is not None and self.slug == self.replaces:
            raise ValueError("replaces names the former slug, not the slug itself")
        return self


class ConcurrencyLimit(FileModel):
    """How many runs may be under way concurrently, and what happens to one more."""

    limit: int = Field(ge=1, description="Maximum concurrent runs.")
    collision_strategy: Literal["ENQUEUE", "CANCEL_NEW"] = Field(
        description="What happens to a run above the limit: ENQUEUE or CANCEL_NEW."
    )
    grace_period_seconds: int | None = Field(
        default=None,
        ge=GRACE_SECONDS[0],
        le=GRACE_SECONDS[1],
        description="Seconds that a run's infrastructure has to start before it loses its slot.",
    )


class WorkPoolUse(FileModel):
    """Where the runs of a deployment go."""

    name: Name = Field(description="Name of the work pool.")
    work_queue_name: str | None = Field(default=None, description="Name of a queue of that pool; left out: default.")
    job_variables: JsonMapping = Field(default={}, description="Overrides of the pool's base job template.")


def _no_schedule(value: Any) -> Any:
    return None if value == {} else value


def _limit_form(value: Any) -> str:
    return "<mapping>" if isinstance(value, dict) else "<number>"


class DeploymentEntry(FileModel):
    """One entry of `deployments`."""

    name: Name = Field(description="Name of the deployment, unique in its flow.")
    entrypoint: str = Field(
        pattern=r"\S", description="path/to/file.py:function, path/to/file.py:Class.method or package.module:function."
    )
    version: str | None = Field(default=None, description="Version of the code, for people.")
    version_type: VersionType | None = Field(default=None, description="Where the version's details come from.")
    tags: Tags = Field(default=None, description="Labels of the deployment and of its runs.")
    description: str | None = Field(default=None, description="Free text; left out: the flow's docstring.")
    schedule: Annotated[Schedule | None, BeforeValidator(_no_schedule)] = Field(
        default=None, description="One schedule; `schedules` is the newer form."
    )
    schedules: list[Schedule] | None = Field(default=None, description="When runs are scheduled.")
    paused: bool | None = Field(default=None, description="Whether its schedules make no runs.")
    concurrency_limit: Annotated[
        Annotated[Annotated[int, Field(ge=1)] | None, Tag("<number>")] | Annotated[ConcurrencyLimit, Tag("<mapping>")],
        Discriminator(_limit_form),
    ] = Field(default=None, description="Maximum concurrent runs.")
    flow_name: str | None = Field(default=None, description="Name of the flow; Prefect takes the flow's own.")
    parameters: JsonMapping = Field(default={}, description="Default parameters of its runs.")
    enforce_parameter_schema: bool | None = Field(
        default=None, description="Whether runs with parameters that do not fit the flow are refused."
    )
    build: Steps = Field(default=None, description="Steps that build something before the deploy.")
    push: Steps = Field(default=None, description="Steps that push what was built.")
    pull: Steps = Field(default=None, description="Steps that fetch the code before each run.")
    work_pool: WorkPoolUse = Field(description="Where its runs go.")
    triggers: list[Trigger] | None = Field(default=None, description="Automations that run the deployment.")
    sla: list[Sla] | None = Field(default=None, description="Service level agreements; Prefect Cloud only.")

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if self.schedule is not None and "schedules" in self.model_fields_set:
            raise ValueError("give schedule or schedules, not both")
        return self


class PrefectFile(FileModel):
    """The whole file. `definitions` is free: it holds YAML anchors."""

    name: str | None = Field(default=None, description="Name of the project.")
    prefect_version: str | None = Field(
        default=None, alias="prefect-version", description="Version of Prefect that wrote the file."
    )
    description: str | None = Field(default=None, description="What the project is for.")
    build: Steps = Field(default=None, description="Build steps of every deployment that has none of its own.")
    push: Steps = Field(default=None, description="Push steps of every deployment that has none of its own.")
    pull: Steps = Field(default=None, description="Pull steps of every deployment that has none of its own.")
    definitions: Any = Field(default=None, description="Free: a place for YAML anchors.")
    deployments: list[DeploymentEntry] = Field(default=[], description="The deployments.")
