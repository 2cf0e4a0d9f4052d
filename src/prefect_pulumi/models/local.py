"""What runs on this machine: a Prefect server and process workers."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field

from prefect_pulumi.models.base import Kind, Meta
from prefect_pulumi.models.names import Limit, Name, Port, Positive
from prefect_pulumi.models.workers import FACTS, WorkerFacts


class LocalServer(Kind):
    """A Prefect server on this machine, with its own database. It outlives the command that started it."""

    kind: ClassVar[str] = "LocalServer"
    faults: ClassVar[tuple[str, ...]] = ("A port that another program listens on is refused, with the key to change.",)
    example: ClassVar[str] = 'LocalServer("server", directory=".infra/dev/server", port=4200)'
    on_server: ClassVar[bool] = False
    import_id: ClassVar[str] = ""

    directory: Annotated[str, Meta(replaces=True)] = Field(
        description="Folder of its database and logs, relative to the project's root."
    )
    host: str = Field(default="127.0.0.1", description="Address it listens on.")
    port: Port = Field(default=4200, description="Port it listens on.")
    api_url: Annotated[str | None, Meta(output=True)] = Field(default=None, description="Address of its API.")
    ui_url: Annotated[str | None, Meta(output=True)] = Field(default=None, description="Address of its dashboard.")
    status: Annotated[str | None, Meta(output=True)] = Field(
        default=None, description="'running'; a server that stopped is started again by the next update."
    )


class ProcessWorker(Kind):
    """A worker of type process on this machine. It outlives the command that started it."""

    kind: ClassVar[str] = "ProcessWorker"
    faults: ClassVar[tuple[str, ...]] = ("A worker that does not start: the end of its log is shown.",)
    example: ClassVar[str] = 'ProcessWorker("etl", work_pool=pool.name, directory=".infra/dev/worker")'
    on_server: ClassVar[bool] = False
    import_id: ClassVar[str] = ""

    name: Annotated[Name, Meta(replaces=True, logical_name=True)] = Field(description="Name of the worker.")
    work_pool: Name = Field(description="Name of the pool it takes work from.")
    directory: Annotated[str, Meta(replaces=True)] = Field(
        description="Folder of its process file and log, relative to the project's root."
    )
    work_queues: list[str] = Field(default_factory=list, description="Only these queues of the pool; empty: all.")
    limit: Limit | None = Field(default=None, description="Maximum of concurrent flow runs in this worker.")
    drain_seconds: Limit = Field(
        default=60,
        description="How long its flow runs may take to end before it is stopped or restarted; its pool is paused for "
        "that time. Those that outlast it end with the worker and are marked Crashed.",
    )
    pool_paused: bool = Field(default=False, description="Whether the pool is meant to be paused otherwise, too.")
    online_seconds: Positive = Field(
        default=120, description="How long a start may take until the server has heard from the worker."
    )
    restart_on: dict[str, Any] = Field(
        default_factory=dict, description="The worker is restarted when one of these values changes."
    )
    env: dict[str, str] = Field(
        default_factory=dict,
        description="Variables of the environment of the worker and its flow runs. Of the one who runs the update they "
        "inherit only PATH, HOME, locale, proxies and the like.",
    )
    api_url: Annotated[str | None, Meta(output=True)] = Field(default=None, description="The API it works for.")
    status: Annotated[str | None, Meta(output=True)] = Field(
        default=None, description="'running'; a worker that stopped is started again by the next update."
    )
    facts: WorkerFacts = Field(default=None, description=FACTS)
