"""The stack's config as a strict model: `environment` in `Pulumi.<stack>.yaml`, and secrets beside it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field, JsonValue, ValidationError, field_validator, model_validator

from prefect_pulumi.core.suggestions import explain
from prefect_pulumi.models.names import Limit, Port, Positive, Priority, Rate, Seconds
from prefect_pulumi.models.release_record import ReleasePin
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

    image: str | None = Field(default=None, pattern=r"(@|^)sha256:[0-9a-f]{64}$")
    dockerfile: str = "worker/Dockerfile"
    build_args: dict[str, str] = {}
    push_to: str | None = None


class ServerContainer(ImageSettings):
    """A server in a Docker container, reached at `host` and `port` of this machine.

    Its database is SQLite in a volume, or what the secret `prefect:databaseUrl` says; `prefect:authString` becomes
    the password that it asks for.
    """

    host: str = "127.0.0.1"
    port: Port = 4200
    env: dict[str, str] = {}


class ServerSettings(Settings):
    """Where Prefect is: a server on this machine (`port`), one in a `container`, or an existing one (`api_url`).

    `host` is the address that the embedded server listens on: containers reach it at the Docker bridge's (such as
    172.17.0.1) or at 0.0.0.0, never at the loopback address. `start_timeout`: seconds that its start may take, as long
    as it makes progress.

    The key, password and headers of an existing server are secrets of the stack (`prefect:apiKey`,
    `prefect:authString`, `prefect:customHeaders`) or come from Prefect's settings. `ca_file`: a PEM file of the
    authorities that its certificate is checked with, relative to the project's folder; `insecure`: it is not checked.
    """

    embedded: bool = False
    host: str = "127.0.0.1"
    port: Port = 4200
    start_timeout: Seconds | None = None
    container: ServerContainer | None = None
    api_url: str | None = Field(default=None, pattern=r"^https?://.+/api(/.*)?$")
    ca_file: str | None = Field(default=None, min_length=1)
    insecure: bool | None = None


class QueueSettings(Settings):
    """A queue of a pool. Priority 1 is served first; `concurrency_limit` counts flow runs."""

    priority: Priority | None = None
    concurrency_limit: Limit | None = None
    description: str | None = None
    paused: bool | None = None


class WorkerSettings(ImageSettings):
    """The workers of a pool. `runs_in` left out: where the pool's type says (process, docker or kubernetes).

    Sizes are in MiB, times in seconds.
    """

    count: int = Field(default=1, ge=0, le=32)
    runs_in: Literal["process", "docker", "kubernetes"] | None = None
    queues: list[str] = []
    limit: Positive | None = None
    drain_seconds: Limit = 60
    online_seconds: Positive = 180
    memory: int | None = Field(default=None, ge=6)
    memory_swap: int | None = Field(default=None, ge=-1)
    cpus: float | None = Field(default=None, gt=0)
    env: dict[str, str] = {}
    network: str | None = None
    docker_socket: str = "/var/run/docker.sock"
    namespace: str = "prefect"


class PoolSettings(Settings):
    """A work pool, its queues and its workers. `workers: 2` is short for `workers: {count: 2}`.

    `job` sets defaults of the base job template's variables, by the names that its worker type knows;
    `env_from_blocks` gives flow runs environment variables whose values are Secret blocks. `template_patch` is a JSON
    merge patch (RFC 7396) over the template that results. `result_storage`: the block (`type/name`) where its flow runs
    keep results.
    """

    type: str = "process"
    description: str | None = None
    concurrency_limit: Limit | None = None
    paused: bool | None = None
    base_job_template: dict[str, JsonValue] | None = None
    queues: dict[str, QueueSettings] = {}
    job: dict[str, JsonValue] = {}
    env_from_blocks: dict[str, str] = {}
    template_patch: dict[str, JsonValue] = {}
    result_storage: BlockName | None = None
    workers: WorkerSettings = WorkerSettings(count=0)

    @field_validator("workers", mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        if isinstance(value, int) and not isinstance(value, bool):
            return {"count": value}
        if not isinstance(value, dict | WorkerSettings):
            raise ValueError("give an integer (how many), or a mapping with count and more")
        return value

    @model_validator(mode="after")
    def _of_cloud(self) -> PoolSettings:
        if self.type.endswith((":push", ":managed")) and self.workers.count:
            raise ValueError(f"a pool of type {self.type} is run by Prefect Cloud and has no workers; leave them out")
        return self

    @property
    def runs_in(self) -> str:
        """Where its workers run: process, docker or kubernetes."""
        place = self.workers.runs_in
        return place or (self.type if self.type in ("docker", "kubernetes") else "process")


class VariableSettings(Settings):
    """A Prefect variable: any JSON value, with tags."""

    value: JsonValue
    tags: list[str] = []


class LimitSettings(Settings):
    """A global concurrency limit: `limit` slots; `slot_decay_per_second` makes it a rate limit."""

    limit: Limit
    slot_decay_per_second: Rate | None = None
    active: bool | None = None


class DeploySettings(Settings):
    """How this stack deploys `prefect.yaml`: its own values, what the UI owns, and what happens to what exists.

    `overrides`: name or pattern of `flow/deployment` -> keys of an entry, laid over the file's; beside them `ui_owns`.
    `directories`: where a repository has several such files, the folder of each -> the settings that are its own.
    """

    env: dict[str, str] = {}
    overrides: dict[str, dict[str, JsonValue]] = {}
    ui_owns: list[Literal["active", "paused", "parameters", "description", "tags", "concurrency_limit"]] = []
    adopt: list[str] = []
    on_failure: Literal["stop", "continue"] = "stop"
    keep_on_destroy: bool = False
    step_files: list[str] = []
    plain_text: list[str] = []
    worker_packages: list[str] = []
    strict: bool = False
    import_seconds: Seconds = 60
    directories: dict[str, DeploySettings] = {}

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

    deployment: str = Field(pattern=r"^[^/]+/[^/]+$")
    parameters: dict[str, JsonValue] = {}
    seconds: Seconds = 600


class VerificationSettings(Settings):
    """What `infra verify` checks of the release that the stack carries."""

    smoke: list[SmokeRun] = []
    drift: bool = True
    workers: bool = True
    workers_seconds: float = Field(default=180, ge=0)
    automations: bool = True


class Environment(Settings):
    """Everything of one stack's config that is not secret."""

    server: ServerSettings
    pools: dict[str, PoolSettings] = {}
    variables: dict[str, VariableSettings] = {}
    json_blocks: dict[str, JsonValue] = {}
    secrets: dict[str, SecretSettings] = {}
    block_types: dict[str, BlockTypeSettings] = {}
    blocks: dict[BlockName, BlockSettings] = {}
    result_storage: BlockName | None = None
    concurrency_limits: dict[str, LimitSettings] = {}
    tag_limits: dict[str, TagLimitSettings] = {}
    flows: dict[str, FlowSettings] = {}
    automations: dict[str, AutomationSettings] = {}
    deploy: DeploySettings = DeploySettings()
    verification: VerificationSettings = VerificationSettings()
    release: ReleasePin | None = None

    @property
    def released(self) -> str | None:
        """The commit that the stack is pinned to."""
        return self.release.commit if self.release else None


def parse_environment(raw: Any, stack: str) -> Environment:
    """Checks the plain data of `environment`; pure."""
    where = f"Pulumi.{stack}.yaml"
    try:
        environment = Environment.model_validate(raw)
    except ValidationError as error:
        lines = [explain(fault, _KEYS, "environment") for fault in error.errors()]
        raise SettingsError("\n  ".join(lines), where=where, remedy="see docs/configuration.md for every key") from None
    server = environment.server
    if [server.embedded, server.api_url is not None, server.container is not None].count(True) != 1:
        raise SettingsError(
            "environment.server: give one of `embedded: true`, `container` and `api_url`",
            where=where,
            remedy="`api_url` is the address of the API, such as https://prefect.example.com/api",
        )
    tls = [name for name in ("ca_file", "insecure") if getattr(server, name) is not None]
    if tls and not (server.api_url or "").startswith("https://"):
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
    ReleasePin,
)
_KEYS = sorted({key for model in _MODELS for key in model.model_fields})
