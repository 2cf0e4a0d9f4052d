"""The stack's config as a strict model: `environment` in `Pulumi.<stack>.yaml`, and secrets beside it."""

from __future__ import annotations

import difflib
import os
from typing import Any

import pulumi
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from prefect_pulumi.errors import ConfigError


class SettingsError(ConfigError, pulumi.RunError):
    """Bad stack config. As a `RunError` the official CLI prints its message alone, without a traceback."""


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ServerSettings(Settings):
    """Where Prefect is: a server on this machine (`port`), or an existing one (`api_url`).

    The key or password of an existing server is a secret of the stack (`prefect:apiKey`, `prefect:authString`) or
    comes from `PREFECT_API_KEY`, `PREFECT_API_AUTH_STRING`.
    """

    embedded: bool = False
    port: int = Field(default=4200, ge=1, le=65535)
    api_url: str | None = Field(default=None, pattern=r"^https?://.+/api(/.*)?$")


class QueueSettings(Settings):
    """A queue of a pool. Priority 1 is served first; `concurrency_limit` counts flow runs."""

    priority: int | None = Field(default=None, ge=1)
    concurrency_limit: int | None = Field(default=None, ge=0)
    description: str | None = None


class PoolSettings(Settings):
    """A work pool, its queues, and how many process workers run for it on this machine."""

    type: str = "process"
    description: str | None = None
    concurrency_limit: int | None = Field(default=None, ge=0)
    paused: bool | None = None
    base_job_template: dict[str, JsonValue] | None = None
    queues: dict[str, QueueSettings] = {}
    workers: int = Field(default=0, ge=0, le=32)


class VariableSettings(Settings):
    """A Prefect variable: any JSON value, with tags."""

    value: JsonValue
    tags: list[str] = []


class SecretSettings(Settings):
    """A Secret block. Its value: environment variable `env`, else the stack's secret of the block's name, else
    `default`, which is in clear in the file and so only for what is harmless.
    """

    env: str | None = None
    default: str | None = None


class LimitSettings(Settings):
    """A global concurrency limit: `limit` slots; `slot_decay_per_second` makes it a rate limit."""

    limit: int = Field(ge=0)
    slot_decay_per_second: float | None = Field(default=None, ge=0)


class Environment(Settings):
    """Everything of one stack's config that is not secret."""

    server: ServerSettings
    pools: dict[str, PoolSettings] = {}
    variables: dict[str, VariableSettings] = {}
    json_blocks: dict[str, JsonValue] = {}
    secrets: dict[str, SecretSettings] = {}
    concurrency_limits: dict[str, LimitSettings] = {}


def load_environment() -> Environment:
    """The running stack's environment. Raises `SettingsError` with every fault: file, key and remedy."""
    stack = pulumi.get_stack()
    raw = pulumi.Config().get_object("environment")
    if raw is None:
        raise SettingsError(
            "the key is missing",
            where=f"Pulumi.{stack}.yaml: config.{pulumi.get_project()}:environment",
            remedy="declare at least `server: {embedded: true}` or `server: {api_url: ...}` under it",
        )
    return parse_environment(raw, stack)


def parse_environment(raw: Any, stack: str) -> Environment:
    """Checks the plain data of `environment`; pure."""
    where = f"Pulumi.{stack}.yaml"
    try:
        environment = Environment.model_validate(raw)
    except ValidationError as error:
        lines = [_explain(fault) for fault in error.errors()]
        raise SettingsError("\n  ".join(lines), where=where, remedy="see docs/configuration.md for every key") from None
    server = environment.server
    if server.embedded == (server.api_url is not None):
        raise SettingsError(
            "environment.server: give either `embedded: true` or `api_url`",
            where=where,
            remedy="`api_url` is the address of the API, such as https://prefect.example.com/api",
        )
    return environment


def _explain(fault: Any) -> str:
    path = ".".join(["environment", *(str(part) for part in fault["loc"])])
    if fault["type"] == "extra_forbidden":
        near = difflib.get_close_matches(str(fault["loc"][-1]), _KEYS, n=1)
        return f"{path}: unknown key" + (f"; did you mean {near[0]}?" if near else "")
    return f"{path}: {fault['msg']}"


_MODELS = (Environment, ServerSettings, PoolSettings, QueueSettings, VariableSettings, SecretSettings, LimitSettings)
_KEYS = sorted({key for model in _MODELS for key in model.model_fields})


def secret_value(name: str, settings: SecretSettings) -> pulumi.Output[str]:
    """The secret's value, marked secret; a missing one is named with all the ways to give it."""
    if settings.env and os.environ.get(settings.env):
        return pulumi.Output.secret(os.environ[settings.env])
    stored = pulumi.Config().get_secret(name)
    if stored is not None:
        return stored
    if settings.default is not None:
        return pulumi.Output.secret(settings.default)
    stack = pulumi.get_stack()
    variable = f"set {settings.env} in the environment, or " if settings.env else ""
    raise SettingsError(
        f"the secret {name!r} has no value",
        where=f"Pulumi.{stack}.yaml: environment.secrets.{name}",
        remedy=f"{variable}run: infra config set --secret {name} -s {stack}",
    )
