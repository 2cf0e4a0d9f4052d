"""Concurrency limits: global ones (prefect/server/api/concurrency_limits_v2.py, `/v2/concurrency_limits`) and those of
task runs by tag (prefect/server/api/concurrency_limits.py, `/concurrency_limits`)."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from prefect_pulumi.models.base import Kind, Meta
from prefect_pulumi.models.names import GlobalLimitName, Limit, Name, Rate


class GlobalConcurrencyLimit(Kind):
    """A named limit that flows and tasks take slots of."""

    kind: ClassVar[str] = "GlobalConcurrencyLimit"
    faults: ClassVar[tuple[str, ...]] = (
        "A name that begins with 'tag:' or 'deployment:' is another limit's and refused at preview.",
    )
    example: ClassVar[str] = 'GlobalConcurrencyLimit("database", limit=10)'

    name: Annotated[GlobalLimitName, Meta(logical_name=True)] = Field(
        description="Name of the limit, unique on the server."
    )
    limit: Limit = Field(description="Number of slots.")
    active: bool = Field(default=True, description="Whether the limit holds.")
    slot_decay_per_second: Rate = Field(
        default=0.0, description="Slots that become free each second; 0: only when they are released."
    )
    created: Annotated[str | None, Meta(output=True)] = Field(default=None, description="When it was made (RFC 3339).")


class TaskRunConcurrencyLimit(Kind):
    """Maximum of concurrent task runs of all tasks with a tag."""

    kind: ClassVar[str] = "TaskRunConcurrencyLimit"
    faults: ClassVar[tuple[str, ...]] = (
        "The API would take over a limit that the tag has already: it is refused, with the command that imports it.",
    )
    example: ClassVar[str] = 'TaskRunConcurrencyLimit("database", limit=10)'
    import_id: ClassVar[str] = "tag"

    tag: Annotated[Name, Meta(replaces=True, logical_name=True)] = Field(description="The tag; it has one limit.")
    limit: Limit = Field(description="Number of slots; 0: none of its tasks run.")
    created: Annotated[str | None, Meta(output=True)] = Field(default=None, description="When it was made (RFC 3339).")
