"""The stack's config as a strict model: `environment` in `Pulumi.<stack>.yaml`, and secrets beside it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, JsonValue, ValidationError, field_validator, model_validator

from prefect_pulumi.core.suggestions import closest, explain
from prefect_pulumi.models.cloud_agreements import Agreement
from prefect_pulumi.models.names import Limit, Port, Positive, Priority, Rate, Seconds
from prefect_pulumi.models.provider_config import api_address, workspace_address
from prefect_pulumi.models.release_record import ReleasePin
from prefect_pulumi.models.work_pool import CLOUD_TYPES, MANAGED, cloud_only, is_official_image
from prefect_pulumi.project.cloud_settings import (
    AccessSettings,
    AccountMemberSettings,
    BlockAccessSettings,
    CloudSettings,
    ManagedAutomationSettings,
    ServiceAccountSettings,
    TeamSettings,
    WebhookSettings,
    WorkspaceRoleSettings,
    WorkspaceSettings,
)
from prefect_pulumi.project.drift_settings import DriftSettings
from prefect_pulumi.project.object_settings import (
    AutomationSettings,
    BlockName,
    BlockSettings,
    BlockTypeSettings,
    FlowSettings,
    TagLimitSettings,
)
from prefect_pulumi.project.secret_settings import STRICT, SecretField, SecretSettings, SettingsError


class Settings(BaseModel):
    model_config = STRICT


class ImageSettings(Settings):
    """`image` is a reference by digest or id; left out, `dockerfile` is built, and pushed where `push_to` names a
    registry's repository.
    """

    image: str | None = Field(
        default=None,
        pattern=r"(@|^)sha256:[0-9a-f]{64}$",
        description="Image by digest or id; none: it is built.",
        examples=[f"registry.example.com/worker@sha256:{'0' * 64}"],
    )
    dockerfile: str = Field(default="worker/Dockerfile", description="What is built, from the project's folder.")
    build_args: dict[str, str] = Field(default={}, description="Arguments of the build.")
    push_to: str | None = Field(
        default=None,
        description="Repository of a registry that a built image is pushed to.",
        examples=["registry.example.com/orders/worker"],
    )


class ServerContainer(ImageSettings):
    """A server in a Docker container, reached at `host` and `port` of this machine.

    Its database is SQLite in a volume, or what the secret `prefect:databaseUrl` says; `prefect:authString` becomes
    the password that it asks for.
    """

    host: str = Field(default="127.0.0.1", description="Address of this machine at which it is reached.")
    port: Port = Field(default=4200, description="Port of this machine at which it is reached.")
    env: dict[str, str] = Field(default={}, description="Environment variables of the server.")


class ServerSettings(Settings):
    """Where Prefect is: a server on this machine (`port`), one in a `container`, or an existing one (`api_url`).

    `host` is the address that the embedded server listens on: containers reach it at the Docker bridge's (such as
    172.17.0.1) or at 0.0.0.0, never at the loopback address. `start_timeout`: seconds that its start may take, as long
    as it makes progress.

    The key, password and headers of an existing server are secrets of the stack (`prefect:apiKey`,
    `prefect:authString`, `prefect:customHeaders`) or come from Prefect's settings. `ca_file`: a PEM file of the
    authorities that its certificate is checked with, relative to the project's folder; `insecure`: it is not checked.
    """

    embedded: bool = Field(default=False, description="A server on this machine, in `.infra/<stack>/server`.")
    host: str = Field(
        default="127.0.0.1",
        description="Address that the embedded server listens on. Containers need 0.0.0.0 or the Docker bridge's.",
    )
    port: Port = Field(default=4200, description="Port of the embedded server.")
    start_timeout: Seconds | None = Field(
        default=None, description="Seconds that its start may take, as long as it makes progress; none: 1800."
    )
    container: ServerContainer | None = Field(default=None, description="Instead: a server in a Docker container.")
    api_url: str | None = Field(
        default=None,
        pattern=r"^https?://.+/api(/.*)?$",
        description="Instead: the API of an existing server. Ends with `/api`, or is an address of Prefect Cloud.",
        examples=["https://prefect.example.com/api"],
    )
    ca_file: str | None = Field(
        default=None,
        min_length=1,
        description="PEM file of the authorities that its certificate is checked with, from the project's folder.",
        examples=["certificates/ca.pem"],
    )
    insecure: bool | None = Field(default=None, description="Whether its certificate is not checked.")
    workspace: str | None = Field(
        default=None,
        pattern=r"^[^/\s]+/[^/\s]+$",
        description="Instead: a workspace of Prefect Cloud, `account/workspace` by handle. With `api_url` of the Cloud "
        "at that address.",
        examples=["acme/production"],
    )
    cloud: bool | None = Field(
        default=None,
        description="Whether `api_url` is an address of Prefect Cloud; none: what the address says. `true` for a "
        "host of the customer's whose address does not tell.",
    )

    @property
    def address(self) -> str | None:
        """The API of an existing server, that of the named workspace included."""
        return workspace_address(self.workspace, self.api_url or "") if self.workspace else self.api_url

    @field_validator("api_url", mode="before")
    @classmethod
    def _of_a_page(cls, value: Any) -> Any:
        return api_address(value) if isinstance(value, str) else value


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


class VariableSettings(Settings):
    """A Prefect variable: any JSON value, with tags."""

    value: JsonValue = Field(description="Any JSON value.", examples=["eu"])
    tags: list[str] = Field(default=[], description="Tags of the variable.", examples=[["orders"]])


class LimitSettings(Settings):
    """A global concurrency limit: `limit` slots; `slot_decay_per_second` makes it a rate limit."""

    limit: Limit = Field(description="Number of slots.")
    slot_decay_per_second: Rate | None = Field(
        default=None,
        description="Slots that become free per second: a rate limit. None: a slot is free when given back.",
    )
    active: bool | None = Field(default=None, description="Whether the limit is enforced.")


class DeploySettings(Settings):
    """How this stack deploys `prefect.yaml`: its own values, what the UI owns, and what happens to what exists.

    `overrides`: name or pattern of `flow/deployment` -> keys of an entry, laid over the file's; beside them `ui_owns`.
    `directories`: where a repository has several such files, the folder of each -> the settings that are its own.
    """

    env: dict[str, str] = Field(
        default={}, description="Values of this stack for `{{ $NAME }}` in prefect.yaml, over the environment's."
    )
    overrides: dict[str, dict[str, JsonValue]] = Field(
        default={},
        description="`flow/deployment`, or a pattern of it -> keys of an entry, merged over the file's.",
        examples=[{"import-orders/*": {"tags": ["eu"]}}],
    )
    ui_owns: list[Literal["active", "paused", "parameters", "description", "tags", "concurrency_limit"]] = Field(
        default=[], description="What is left to the UI: set in a first deploy, neither reset nor compared later."
    )
    adopt: list[str] = Field(
        default=[],
        description='Existing deployments that may be taken over: `flow/deployment`, or "*".',
        examples=[["import-orders/daily"]],
    )
    on_failure: Literal["stop", "continue"] = Field(
        default="stop", description="Whether the other deployments are still deployed when one has failed."
    )
    keep_on_destroy: bool = Field(
        default=False, description="Whether `infra destroy` leaves the deployments on the server."
    )
    step_files: list[str] = Field(
        default=[],
        description="Globs of the files that build and push steps read; none: all that git does not ignore.",
        examples=[["flows/*.sql"]],
    )
    plain_text: list[str] = Field(
        default=[],
        description="Environment variables, and blocks as `type/name`, that may be stored in plain text.",
        examples=[["PAGE_TOKEN"]],
    )
    worker_packages: list[str] = Field(
        default=[], description="Packages that only the workers have installed.", examples=[["polars"]]
    )
    strict: bool = Field(default=False, description="Whether warnings about prefect.yaml are errors.")
    import_seconds: Seconds = Field(
        default=60, description="Seconds that the import of one flow may take in the preflight."
    )
    directories: dict[str, DeploySettings] = Field(
        default={}, description="Folder with a prefect.yaml -> settings of `deploy` that are its own."
    )

    @field_validator("directories")
    @classmethod
    def _one_level(cls, directories: dict[str, DeploySettings]) -> dict[str, DeploySettings]:
        nested = [name for name, settings in directories.items() if settings.directories]
        if nested:
            raise ValueError(f"{nested[0]} has directories of its own; list them beside it")
        return directories

    def of(self, directory: str) -> DeploySettings:
        """Of one of the directories: its own settings over those for all."""
        own = self.directories[directory]
        return self.model_copy(update={name: getattr(own, name) for name in own.model_fields_set})


class SmokeRun(Settings):
    """A run of `deployment` (`flow/deployment`) that has to end Completed within `seconds`."""

    deployment: str = Field(
        pattern=r"^[^/]+/[^/]+$", description="`flow/deployment` that is run.", examples=["import-orders/daily"]
    )
    parameters: dict[str, JsonValue] = Field(
        default={}, description="Parameters of the run.", examples=[{"dry_run": True}]
    )
    seconds: Seconds = Field(default=600, description="Seconds in which it has to end Completed.")


class VerificationSettings(Settings):
    """What `infra verify` checks of the release that the stack carries."""

    smoke: list[SmokeRun] = Field(default=[], description="Runs that have to end Completed.")
    drift: bool = Field(default=True, description="Whether the server has to be as declared.")
    workers: bool = Field(default=True, description="Whether every declared worker has to be online.")
    online_pools: list[str] = Field(
        default=[], description="Work pools that need an online worker, wherever it runs.", examples=[["etl"]]
    )
    workers_seconds: float = Field(default=180, ge=0, description="Seconds that workers get to come online.")
    automations: bool = Field(
        default=True, description="Whether no action of an automation may have failed since the deployment."
    )


class CommonEnvironment(Settings):
    """What a stack on any server may have."""

    server: ServerSettings = Field(description="Where the stack's Prefect is.", examples=[{"embedded": True}])
    pools: dict[str, PoolSettings] = Field(default={}, description="Work pools by name.")
    variables: dict[str, VariableSettings] = Field(default={}, description="Prefect variables by name.")
    json_blocks: dict[str, JsonValue] = Field(
        default={}, description="JSON blocks by name: any JSON value, read with `JSON.load(name).value`."
    )
    secrets: dict[str, SecretSettings] = Field(default={}, description="Secret blocks by name.")
    block_types: dict[str, BlockTypeSettings] = Field(default={}, description="Block types by slug.")
    blocks: dict[BlockName, BlockSettings] = Field(
        default={}, description="Blocks of any type that the server knows, by `type/name`."
    )
    result_storage: BlockName | None = Field(
        default=None,
        description="Block (`type/name`) where flow runs of the server keep results.",
        examples=["s3-bucket/results"],
    )
    concurrency_limits: dict[str, LimitSettings] = Field(default={}, description="Global concurrency limits by name.")
    tag_limits: dict[str, TagLimitSettings] = Field(default={}, description="Limits of task runs by tag.")
    flows: dict[str, FlowSettings] = Field(default={}, description="Flows by name.")
    automations: dict[str, AutomationSettings] = Field(default={}, description="Automations by name.")
    deploy: DeploySettings = Field(default=DeploySettings(), description="How this stack deploys prefect.yaml.")
    verification: VerificationSettings = Field(
        default=VerificationSettings(), description="What `infra verify` checks."
    )
    drift: DriftSettings | None = Field(
        default=None, description="A deployment that reports the drift of this stack on a schedule."
    )
    release: ReleasePin | None = Field(
        default=None, description="The pinned release; `infra promote` and `infra rollback` write it."
    )

    @property
    def released(self) -> str | None:
        """The commit that the stack is pinned to."""
        return self.release.commit if self.release else None


class Environment(CloudSettings, CommonEnvironment):
    """Everything of one stack's config that is not secret."""


def parse_environment(raw: Any, stack: str) -> Environment:
    """Checks the plain data of `environment`; pure."""
    where = f"Pulumi.{stack}.yaml"
    try:
        environment = Environment.model_validate(raw)
    except ValidationError as error:
        lines = [explain(fault, _KEYS, "environment") for fault in error.errors()]
        raise SettingsError("\n  ".join(lines), where=where, remedy="see docs/configuration.md for every key") from None
    server = environment.server
    if [server.embedded, server.address is not None, server.container is not None].count(True) != 1:
        raise SettingsError(
            "environment.server: give one of `embedded: true`, `container`, `api_url` and `workspace`",
            where=where,
            remedy="`api_url` is the address of the API, such as https://prefect.example.com/api",
        )
    tls = [name for name in ("ca_file", "insecure") if getattr(server, name) is not None]
    if server.cloud is not None and server.address is None:
        raise SettingsError(
            "environment.server.cloud: only an existing server can be Prefect Cloud",
            where=where,
            remedy="give `api_url` its address, or leave `cloud` out",
        )
    if tls and not (server.address or "").startswith("https://"):
        raise SettingsError(
            f"environment.server.{tls[0]}: only a server with an https address has a certificate",
            where=where,
            remedy=f"give `api_url` an https address, or leave `{tls[0]}` out",
        )
    return environment


_MODELS = (
    Environment,
    ServerSettings,
    ServerContainer,
    PoolSettings,
    WorkerSettings,
    QueueSettings,
    VariableSettings,
    SecretSettings,
    SecretField,
    BlockTypeSettings,
    BlockSettings,
    LimitSettings,
    TagLimitSettings,
    FlowSettings,
    AutomationSettings,
    DeploySettings,
    VerificationSettings,
    SmokeRun,
    DriftSettings,
    ReleasePin,
    WebhookSettings,
    ServiceAccountSettings,
    TeamSettings,
    WorkspaceRoleSettings,
    WorkspaceSettings,
    AccessSettings,
    BlockAccessSettings,
    ManagedAutomationSettings,
    AccountMemberSettings,
    Agreement,
)
_KEYS = sorted({key for model in _MODELS for key in model.model_fields})
