"""The stack's config as a strict model: `environment` in `Pulumi.<stack>.yaml`, and secrets beside it."""

from __future__ import annotations

from typing import Any

from pydantic import Field, JsonValue, ValidationError

from prefect_pulumi.core.suggestions import explain
from prefect_pulumi.models.names import Limit, Rate
from prefect_pulumi.models.release_record import ReleasePin
from prefect_pulumi.project.cloud_settings import (
    CloudSettings,
)
from prefect_pulumi.project.deploy_settings import DeploySettings, VerificationSettings
from prefect_pulumi.project.drift_settings import DriftSettings
from prefect_pulumi.project.image_settings import Settings
from prefect_pulumi.project.object_settings import (
    AutomationSettings,
    BlockName,
    BlockSettings,
    BlockTypeSettings,
    FlowSettings,
    TagLimitSettings,
)
from prefect_pulumi.project.pool_settings import PoolSettings
from prefect_pulumi.project.secret_settings import SecretSettings, SettingsError
from prefect_pulumi.project.server_settings import ServerSettings


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
        lines = [explain(fault, _keys(), "environment") for fault in error.errors()]
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


def _keys() -> list[str]:
    """Every key at any level, for what was mistyped."""
    schema = Environment.model_json_schema()
    return sorted({key for model in (schema, *schema["$defs"].values()) for key in model.get("properties", {})})
