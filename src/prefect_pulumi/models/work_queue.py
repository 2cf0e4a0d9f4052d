"""Work queues (prefect/server/api/workers.py, `/work_pools/{pool}/queues`)."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from prefect_pulumi.models.base import Kind, Meta
from prefect_pulumi.models.names import Limit, Name, Priority


class WorkQueue(Kind):
    """A queue of a work pool."""

    kind: ClassVar[str] = "WorkQueue"
    faults: ClassVar[tuple[str, ...]] = (
        "A pool that does not exist: 'work pool ... does not exist', when it is made.",
        "A priority below 1 is refused at preview.",
        "A new name that another queue of the pool has: 'exists already', when it is renamed.",
        "The queue 'default' lives and ends with its pool: where it is declared it is changed, and never deleted by "
        "itself.",
    )
    example: ClassVar[str] = 'WorkQueue("fast", work_pool_name=pool.name, priority=1)'
    import_id: ClassVar[str] = "pool/queue"

    name: Annotated[Name, Meta(logical_name=True)] = Field(
        description="Name of the queue, unique in its pool. A queue is renamed in place, except 'default', which stays."
    )
    work_pool_name: Annotated[Name, Meta(replaces=True)] = Field(description="Name of the pool it belongs to.")
    description: str | None = Field(default=None, description="Free text.")
    priority: Annotated[Priority | None, Meta(server_default=True)] = Field(
        default=None,
        description="1 is the highest. Left out, the server takes the next free one; it moves when others change, "
        "so it is then stored, never compared.",
    )
    concurrency_limit: Limit | None = Field(
        default=None, description="Maximum of concurrent flow runs; none: no limit."
    )
    paused: bool = Field(default=False, description="Whether delivery of work is stopped.")
    created: Annotated[str | None, Meta(output=True)] = Field(default=None, description="When it was made (RFC 3339).")
