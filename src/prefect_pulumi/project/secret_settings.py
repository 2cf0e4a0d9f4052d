"""Where a secret's value comes from, as a stack file says it, and what all its settings share."""

from __future__ import annotations

import shlex
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from prefect_pulumi.core.errors import ConfigError


class SettingsError(ConfigError):
    """Bad stack config."""


STRICT = ConfigDict(extra="forbid", frozen=True)
"""Of every model of a stack file."""


class SecretSettings(BaseModel):
    """A Secret block. Its value comes from outside: the content of `file`, what the command `exec` prints, or the
    environment variable `env`. Without `env` it is the stack's secret of the block's name, else `default`, which is in
    clear in the file and so only for what is harmless. `format`: `json` for a value that is no text.

    `exec`: program and arguments, for the CLI of a vault or password manager; no shell is involved.
    """

    model_config = STRICT

    env: str | None = Field(
        default=None, description="Environment variable that holds the value.", examples=["ORDERS_TOKEN"]
    )
    file: str | None = Field(
        default=None,
        min_length=1,
        description="File that holds it; a relative one starts at the project's folder.",
        examples=["/run/secrets/orders-token"],
    )
    exec: list[str] | None = Field(
        default=None,
        min_length=1,
        description="Command and arguments that print it; no shell is involved.",
        examples=[["op", "read", "op://vault/orders/token"]],
    )
    default: str | None = Field(default=None, description="A harmless fallback; plain text in the file.")
    format: Literal["text", "json"] = Field(default="text", description="`json`: the value is JSON, such as a mapping.")

    @property
    def source(self) -> str:
        """Where the value is looked for outside of the stack, in words; "" for nowhere."""
        if self.exec is not None:
            return f"the command `{shlex.join(self.exec)}`"
        if self.file is not None:
            return f"the file {self.file}"
        return f"the environment variable {self.env}" if self.env else ""

    @field_validator("exec", mode="before")
    @classmethod
    def _no_shell(cls, value: Any) -> Any:
        if isinstance(value, str):
            raise ValueError("give a list: [command, argument, ...]; no shell is involved")
        return value

    @model_validator(mode="after")
    def _one_source(self) -> SecretSettings:
        given = [name for name in ("env", "file", "exec") if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(f"give one of {' and '.join(given)}")
        if given not in ([], ["env"]) and self.default is not None:
            raise ValueError(f"{given[0]} has no fallback; leave out default")
        return self


class SecretField(SecretSettings):
    """A secret value inside the data of a block. `config`: the secret of the stack that holds it, by default the names
    of block and field."""

    config: str | None = Field(
        default=None, min_length=1, description="Secret of the stack that holds it; none: type, name and field by `-`."
    )


SECRET_KEY = "secret"  # noqa: S105 - the key under which a placeholder stands


def secret_field(value: Any) -> SecretField | None:
    """The placeholder that a value of a block's data is: `{secret: NAME}` or `{secret: {env: VARIABLE}}`; None for
    plain data. Raises `ValidationError`."""
    if not isinstance(value, dict) or set(value) != {SECRET_KEY}:
        return None
    inside = value[SECRET_KEY]
    return SecretField(config=inside) if isinstance(inside, str) else SecretField.model_validate(inside or {})
