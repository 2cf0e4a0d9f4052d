"""The strict model of `prefect.yaml` (keys of prefect 3.8's `prefect deploy`); pure."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from cronsim import CronSim, CronSimError
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, model_validator


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


def _has_template(text: str) -> bool:
    return "{{" in text


def _cron(text: str) -> str:
    if not _has_template(text):
        from datetime import UTC, datetime

        try:
            CronSim(text, datetime.now(UTC))
        except CronSimError as error:
            raise ValueError(f"{text!r} is not a cron line ({error}); five fields, such as '0 6 * * 1-5'") from error
    return text


def _timezone(text: str) -> str:
    if not _has_template(text) and text not in available_timezones():
        raise ValueError(f"{text!r} is not a time zone; write a name such as Europe/Berlin")
    return text


Step = dict[str, Any]
Steps = list[Step] | None


class Schedule(Part):
    """One schedule: exactly one of `cron`, `interval` (seconds), `rrule`."""

    cron: Annotated[str, AfterValidator(_cron)] | None = None
    interval: Annotated[float, Field(gt=0)] | str | None = None
    rrule: str | None = None
    timezone: Annotated[str, AfterValidator(_timezone)] | None = None
    anchor_date: Any = None
    day_or: bool | None = None
    active: bool | str | None = None
    parameters: dict[str, JsonValue] | None = None
    slug: str | None = None
    replaces: str | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Schedule:
        if sum(value is not None for value in (self.cron, self.interval, self.rrule)) != 1:
            raise ValueError("give exactly one of cron, interval, rrule")
        return self


class ConcurrencyLimit(Part):
    limit: int = Field(ge=1)
    collision_strategy: Literal["ENQUEUE", "CANCEL_NEW"] | None = None
    grace_period_seconds: int | None = Field(default=None, ge=60, le=86400)


class WorkPoolUse(Part):
    name: str | None = None
    work_queue_name: str | None = None
    job_variables: dict[str, Any] | None = None


class DeploymentEntry(Part):
    """One entry of `deployments`."""

    name: str = Field(min_length=1)
    entrypoint: str = Field(pattern=r"\S")
    version: str | None = None
    version_type: str | None = None
    tags: list[str] | str | None = None
    description: str | None = None
    schedule: Schedule | None = None
    schedules: list[Schedule] | None = None
    paused: bool | str | None = None
    concurrency_limit: int | str | ConcurrencyLimit | None = None
    flow_name: str | None = None
    parameters: dict[str, JsonValue] | None = None
    enforce_parameter_schema: bool | None = None
    build: Steps = None
    push: Steps = None
    pull: Steps = None
    work_pool: WorkPoolUse | None = None
    triggers: list[dict[str, Any]] | None = None
    sla: Any = None

    @property
    def all_schedules(self) -> list[Schedule]:
        return [*([self.schedule] if self.schedule else []), *(self.schedules or [])]


class PrefectFile(Part):
    """The whole file. `definitions` holds YAML anchors."""

    name: str | None = None
    prefect_version: str | None = Field(default=None, alias="prefect-version")
    description: str | None = None
    build: Steps = None
    push: Steps = None
    pull: Steps = None
    definitions: Any = None
    deployments: list[DeploymentEntry] = []


KNOWN_KEYS = sorted(
    {
        field.alias or name
        for model in (PrefectFile, DeploymentEntry, Schedule, WorkPoolUse, ConcurrencyLimit)
        for name, field in model.model_fields.items()
    }
)
