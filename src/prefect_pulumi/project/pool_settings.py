"""`environment.pools` of a stack file: work pools, their queues and workers."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, JsonValue, field_validator, model_validator

from prefect_pulumi.core.suggestions import closest
from prefect_pulumi.models.names import Limit, Positive, Priority
from prefect_pulumi.models.work_pool import CLOUD_TYPES, MANAGED, cloud_only, is_official_image
from prefect_pulumi.project.image_settings import ImageSettings, Settings
from prefect_pulumi.project.object_settings import BlockName


class QueueSettings(Settings):
    """A queue of a pool. Priority 1 is served first; `concurrency_limit` counts flow runs."""

    priority: Priority | None = Field(default=None, description="1 is served first; none: the server's choice.")
    concurrency_limit: Limit | None = Field(
        default=None, description="Maximum of concurrent flow runs; none: no limit."
    )
    description: str | None = Field(default=None, description="Free text.")
    paused: bool | None = Field(default=None, description="Whether delivery of its work is stopped.")


Count = Annotated[int, Field(ge=0, le=32)]


class WorkerSettings(ImageSettings):
    """The workers of a pool. `runs_in` left out: where the pool's type says (process, docker or kubernetes).

    Sizes are in MiB, times in seconds.
    """

    count: Count = Field(default=1, description="Number of workers.")
    runs_in: Literal["process", "docker", "kubernetes"] | None = Field(
        default=None, description="Where they run; none: where the pool's type says."
    )
    queues: list[str] = Field(
        default=[], description="Queues of the pool that they serve; none: all.", examples=[["priority"]]
    )
    limit: Positive | None = Field(default=None, description="Flow runs that one worker takes concurrently.")
    drain_seconds: Limit = Field(
        default=60, description="Seconds that a worker's flow runs get to end before it is replaced."
    )
    online_seconds: Positive = Field(default=180, description="Seconds that a new worker gets to report itself.")
    memory: int | None = Field(default=None, ge=6, description="Limit of a container's memory, in MiB.")
    memory_swap: int | None = Field(
        default=None, ge=-1, description="Memory and swap of a container together, in MiB; -1: no limit of swap."
    )
    cpus: float | None = Field(default=None, gt=0, description="Limit of a container's processors.")
    env: dict[str, str] = Field(default={}, description="Environment variables of the workers.")
    network: str | None = Field(default=None, description="Docker network that the containers are in beside their own.")
    docker_socket: str = Field(
        default="/var/run/docker.sock", description="Docker's socket, for workers that start containers."
    )
    namespace: str = Field(default="prefect", description="Kubernetes namespace of the workers and their jobs.")


class PoolSettings(Settings):
    """A work pool, its queues and its workers. `workers: 2` is short for `workers: {count: 2}`.

    `job` sets defaults of the base job template's variables, by the names that its worker type knows;
    `env_from_blocks` gives flow runs environment variables whose values are Secret blocks. `template_patch` is a JSON
    merge patch (RFC 7396) over the template that results. `result_storage`: the block (`type/name`) where its flow runs
    keep results.
    """

    type: str = Field(default="process", description="Type of its workers: process, docker, kubernetes, ...")
    description: str | None = Field(default=None, description="Free text.")
    concurrency_limit: Limit | None = Field(
        default=None, description="Maximum of concurrent flow runs; none: no limit."
    )
    paused: bool | None = Field(default=None, description="Whether delivery of its work is stopped.")
    base_job_template: dict[str, JsonValue] | None = Field(
        default=None,
        description="The whole base job template; none: that of its type, with `job` and `template_patch`.",
    )
    queues: dict[str, QueueSettings] = Field(
        default={}, description="Its queues by name. `default`, which every pool has, is changed where it is named."
    )
    job: dict[str, JsonValue] = Field(
        default={},
        description="Defaults of the template's variables, such as `image` or `env`.",
        examples=[{"env": {"REGION": "eu"}}],
    )
    env_from_blocks: dict[str, str] = Field(
        default={},
        description="Environment variable of its flow runs -> Secret block that has the value.",
        examples=[{"ORDERS_TOKEN": "orders-token"}],
    )
    template_patch: dict[str, JsonValue] = Field(
        default={},
        description="JSON merge patch (RFC 7396) over the template, after `job`.",
        examples=[{"variables": {"properties": {"labels": {"default": {"team": "orders"}}}}}],
    )
    result_storage: BlockName | None = Field(
        default=None,
        description="Block (`type/name`) where its flow runs keep results.",
        examples=["s3-bucket/results"],
    )
    workers: WorkerSettings = Field(
        default=WorkerSettings(count=0), description="Its workers, or their number.", examples=[2]
    )

    @field_validator("workers", mode="before", json_schema_input_type=Count | WorkerSettings)
    @classmethod
    def _short(cls, value: Any) -> Any:
        if isinstance(value, int) and not isinstance(value, bool):
            return {"count": value}
        if not isinstance(value, dict | WorkerSettings):
            raise ValueError("give an integer (how many), or a mapping with count and more")
        return value

    @model_validator(mode="after")
    def _of_cloud(self) -> PoolSettings:
        if cloud_only(self.type) and self.workers.count:
            raise ValueError(f"a pool of type {self.type} is run by Prefect Cloud and has no workers; leave them out")
        if cloud_only(self.type) and self.type not in CLOUD_TYPES and (near := closest(self.type, CLOUD_TYPES)):
            raise ValueError(f"there is no type {self.type} of pools; did you mean {near}?")
        image = self.job.get("image")
        if self.type == MANAGED and isinstance(image, str) and not is_official_image(image):
            raise ValueError(f"job.image: a pool of type {MANAGED} runs official images only: prefecthq/prefect:...")
        return self

    @property
    def runs_in(self) -> str:
        """Where its workers run: process, docker or kubernetes."""
        place = self.workers.runs_in
        return place or (self.type if self.type in ("docker", "kubernetes") else "process")

    @property
    def job_namespace(self) -> str:
        """Kubernetes namespace of its flow run jobs: `job.namespace`, else that of the workers."""
        return str(self.job.get("namespace") or self.workers.namespace)
