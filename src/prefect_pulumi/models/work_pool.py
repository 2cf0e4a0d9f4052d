"""Work pools (prefect/server/api/workers.py, `/work_pools`)."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field

from prefect_pulumi.models.base import Kind, Meta
from prefect_pulumi.models.names import Limit, UnreservedName


def _template(value: dict[str, Any]) -> dict[str, Any]:
    if value and not (value.get("job_configuration") and value.get("variables")):
        raise ValueError("the base job template must have both 'job_configuration' and 'variables'")
    return value


class WorkPool(Kind):
    """A work pool: where workers of one type take their flow runs from."""

    kind: ClassVar[str] = "WorkPool"
    example: ClassVar[str] = 'WorkPool("etl", type="process", concurrency_limit=4)'

    name: Annotated[UnreservedName, Meta(replaces=True, logical_name=True)] = Field(
        description="Name of the pool, unique on the server."
    )
    type: Annotated[str, Meta(replaces=True)] = Field(
        description="Type of its workers: process, docker, kubernetes, ... Types that end with ':push' or "
        "':managed' exist on Prefect Cloud only."
    )
    description: str | None = Field(default=None, description="Free text.")
    paused: bool = Field(default=False, description="Whether delivery of work is stopped.")
    concurrency_limit: Limit | None = Field(default=None, description="Most flow runs at one time; none: no limit.")
    base_job_template: Annotated[
        dict[str, Any] | None,
        AfterValidator(lambda value: _template(value) if value else value),
        Meta(server_default=True, removed={}),
    ] = Field(
        default=None,
        description="Template of its jobs, with the keys job_configuration and variables. Left out, the first "
        "worker that starts writes its type's own; it is then stored, never compared.",
    )
    created: Annotated[str | None, Meta(output=True)] = Field(default=None, description="When it was made (RFC 3339).")


def cloud_only(type_: str) -> bool:
    """Whether a pool of that type needs Prefect Cloud (push and managed pools)."""
    return type_.endswith((":push", ":managed"))
