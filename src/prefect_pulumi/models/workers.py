"""Steps around workers that run elsewhere, in containers or in a cluster: before a swap and after it."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field

from prefect_pulumi.models.base import Kind, Meta
from prefect_pulumi.models.names import Limit, Name, Positive

FACTS = (
    "Worker name -> what the server knew of it when the last update ended: status, lastHeartbeat (RFC 3339), version "
    "of Prefect (null where the worker did not say), serverVersion."
)
WorkerFacts = Annotated[dict[str, Any] | None, Meta(output=True)]


class WorkerDrain(Kind):
    """What a pool's workers wait for before they are swapped. Containers depend on it.

    When `revision` changes, the pool is paused and its flow runs get `timeout` seconds to end; the WorkerOnline after
    the containers resumes the pool.
    """

    kind: ClassVar[str] = "WorkerDrain"
    on_server: ClassVar[bool] = False
    example: ClassVar[str] = 'WorkerDrain("etl", work_pool=pool.name, workers=["etl-1"], revision=image.repo_digest)'
    import_id: ClassVar[str] = ""

    work_pool: Annotated[Name, Meta(replaces=True)] = Field(description="Name of the pool.")
    workers: list[str] = Field(description="Names of the workers.")
    revision: Any = Field(description="Any value that changes whenever the workers are to be swapped.")
    timeout: Limit = Field(
        default=600,
        description="Seconds that flow runs under way may take to end. Those that outlast it are marked Crashed "
        "where they end with their worker, and go on where they do not.",
    )
    paused: bool = Field(default=False, description="Whether the pool is meant to be paused when no swap is under way.")
    replace_lost: bool = Field(
        default=False,
        description="Whether a worker that a refresh finds offline gets a next generation. Its container is to carry "
        "that, and is replaced then.",
    )
    lost: Annotated[list[str] | None, Meta(output=True)] = Field(
        default=None, description="The workers that the last refresh found offline."
    )
    generations: Annotated[dict[str, Any] | None, Meta(output=True)] = Field(
        default=None, description="Worker name -> how often it was replaced because it was lost; others are left out."
    )


class WorkerOnline(Kind):
    """Says that workers reach the server: it is made when each of them has sent a heartbeat after its start.

    A container that runs, and is healthy, proves nothing of that. When it fails, the error ends with the last log
    lines of the containers. Deleting it, which comes before the deletion of what it depends on, drains the pool.
    """

    kind: ClassVar[str] = "WorkerOnline"
    on_server: ClassVar[bool] = False
    example: ClassVar[str] = (
        'WorkerOnline("etl", work_pool=pool.name, workers=["etl-1"], containers=["etl-1"], revision=container.id)'
    )
    import_id: ClassVar[str] = ""

    work_pool: Annotated[Name, Meta(replaces=True)] = Field(description="Name of the pool.")
    workers: list[str] = Field(description="Names of the workers.")
    containers: list[str] = Field(
        default_factory=list, description="Names or ids of their Docker containers, for what they logged."
    )
    docker_host: str | None = Field(
        default=None, description="Address of the Docker daemon. Left out: DOCKER_HOST, else the local socket."
    )
    revision: Any = Field(default=None, description="Any value that changes when the workers are restarted.")
    timeout: Positive = Field(default=180, description="Seconds within which the server must have heard from each.")
    drain_seconds: Limit = Field(
        default=600, description="Seconds that flow runs under way may take to end before the workers are deleted."
    )
    paused: bool = Field(default=False, description="Whether the pool is meant to be paused when no swap is under way.")
    status: Annotated[str | None, Meta(output=True)] = Field(
        default=None, description="'online'; when a worker is not, the next update waits for it again."
    )
    facts: WorkerFacts = Field(default=None, description=FACTS)
