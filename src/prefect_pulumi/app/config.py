"""The stack's config: single values, and the environment for the official CLI."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from prefect_pulumi.api.connection_settings import CLOUD_ROOT
from prefect_pulumi.app.session.connection import server_inputs
from prefect_pulumi.app.session.local_server import PROVIDER
from prefect_pulumi.app.session.new_stack import create_empty
from prefect_pulumi.app.session.recovery import recover_interrupted
from prefect_pulumi.app.session.view import StackView
from prefect_pulumi.core.errors import ConfigError, InputError, StateLockedError
from prefect_pulumi.core.values import MASK, unwrap
from prefect_pulumi.models.provider_config import ENVIRONMENT
from prefect_pulumi.project.passphrase import keep_salt_out_of_git
from prefect_pulumi.project.stack import Stack
from prefect_pulumi.project.stack_file import has_secure, value_text, with_secrets


@dataclass(frozen=True, slots=True)
class SetConfigRequest:
    """`key`: with or without the project's namespace. `secret`: encrypt the value. `path`: the key is a path into a
    structured value."""

    key: str
    value: str
    secret: bool = False
    path: bool = False


def get_config(view: StackView, key: str) -> str:
    """The value, decrypted. Raises `ConfigError` when the key is not set."""
    stack = view.stack
    key = _full_key(stack, key)
    values, _ = stack.config.values(stack.manager(write=False))
    if key not in values:
        raise ConfigError(
            "the key is not set", where=f"{stack.config_file.name}: {key}", remedy=f"infra config set {key} VALUE"
        )
    return values[key]


def set_config(view: StackView, request: SetConfigRequest) -> None:
    """Writes the value into the stack file; its comments and other lines stay."""
    stack = view.stack
    secrets = stack.secrets() if request.secret else None
    manager = None
    if secrets is not None:
        manager = secrets.manager
        manager.verify()
    key = _full_key(stack, request.key)
    stack.config.set(key, request.value, secret=request.secret, manager=manager, path=request.path)
    if secrets is not None:
        secrets.keep()
    stack.config.save()


@dataclass(frozen=True, slots=True)
class ConfigValue:
    """A value of the stack file. `text`: as the program gets it, with "[secret]" for what is not shown; `structure`:
    its data where it is a list or mapping. `secret`: it is encrypted, wholly or in part."""

    key: str
    text: str
    structure: Any
    secret: bool


def list_config(view: StackView, *, show_secrets: bool = False) -> list[ConfigValue]:
    """All values by key. Only `show_secrets` needs the passphrase."""
    config = view.stack.config
    reveal = view.stack.manager(write=False).decrypt if show_secrets else hidden
    return [config_value(key, raw, reveal) for key, raw in sorted(config.raw_values.items())]


def config_value(key: str, raw: Any, reveal: Callable[[str], str]) -> ConfigValue:
    """`raw`: as it stands in a stack file; `reveal` gives the text for a ciphertext."""
    shown = with_secrets(raw, reveal)
    structure = shown if isinstance(shown, dict | list) else None
    return ConfigValue(key, value_text(shown), structure, has_secure(raw))


def hidden(_: str) -> str:
    """In the place of a secret."""
    return MASK


@dataclass(frozen=True, slots=True)
class RemoveConfigRequest:
    """`key`: with or without the project's namespace. `path`: the key is a path into a structured value."""

    key: str
    path: bool = False


def remove_config(view: StackView, request: RemoveConfigRequest) -> None:
    """Takes the value out of the stack file. Raises `ConfigError` when the key is not set."""
    config = view.stack.config
    config.remove(config.key_path(request.key, path=request.path))
    config.save()


@dataclass(frozen=True, slots=True)
class CopyConfigRequest:
    """`target`: a stack of the project. `key`: "" for all values. `path`: the key is a path into a structured value."""

    target: str
    key: str = ""
    path: bool = False


def copy_config(view: StackView, request: CopyConfigRequest) -> list[str]:
    """Copies values to another stack's file, over those that it has; secrets are encrypted with that stack's own
    passphrase. Returns the keys.

    Of all values the pinned release is left out: a release reaches a stack by promotion. Raises `InputError` for the
    same stack, `ConfigError` when the key is not set.
    """
    source, target = view.stack, view.of(request.target).stack
    if source.name == target.name:
        raise InputError("source and target are the same stack", where="infra config cp", remedy="--dest names another")
    wanted = [request.key] if request.key else sorted(source.config.raw_values)
    paths = [source.config.key_path(key, path=request.path) for key in wanted]
    values = [source.config.at(path) for path in paths]
    if request.key and values == [None]:
        raise ConfigError("the key is not set", where=f"{source.config_file.name}: {'.'.join(paths[0])}")
    secrets = target.secrets() if any(has_secure(value) for value in values) else None
    if secrets is not None:
        opened, sealed = source.manager(write=False), secrets.manager
        sealed.verify()
        values = [
            with_secrets(value, lambda text: {"secure": sealed.encrypt(opened.decrypt(text))}) for value in values
        ]
    environment = source.config.key_path("environment", path=False)
    for path, value in zip(paths, values, strict=True):
        if path == environment and isinstance(value, dict):
            own = target.config.at([*environment, "release"])
            value = {key: item for key, item in value.items() if key != "release"}
            value |= {"release": own} if own is not None else {}
        target.config.put(path, value)
    if secrets is not None:
        secrets.keep()
    target.config.save()
    return [".".join(path) for path in paths]


def _full_key(stack: Stack, key: str) -> str:
    return key if ":" in key else f"{stack.project.name}:{key}"


def official_cli_environment(view: StackView) -> dict[str, str]:
    """Variables with which the official CLI works on the same state and the same server. A stack that does not exist
    yet is created, empty."""
    stack = view.stack
    secrets = stack.secrets()
    secrets.keep()
    recover_interrupted(stack, view.sink)
    with contextlib.suppress(StateLockedError):
        create_empty(stack, secrets)
    keep_salt_out_of_git(stack.root)
    address = _server_address(view)
    reached = {**server_inputs(stack.environment), "apiUrl": address} if address else {}
    variables = {ENVIRONMENT[name]: value for name, value in reached.items() if name in ENVIRONMENT}
    if reached.get("cloud") == "true":
        variables[CLOUD_ROOT] = address.partition("/accounts/")[0]
    return {**stack.cli_environment, **variables}


def _server_address(view: StackView) -> str:
    """Of the stack's own server, for resources that name no provider, as `pulumi import` makes them. "" where the
    config gives the default provider its address, and where no server is known. Its credentials are no export: they
    come from the config (`prefect:apiKey`, `prefect:authString`, `prefect:customHeaders`) or from the environment."""
    if view.stack.config.raw_values.get("prefect:apiUrl"):
        return ""
    if address := server_inputs(view.stack.environment).get("apiUrl"):
        return address
    for entry in view.entries:
        if entry.type == PROVIDER and isinstance(address := unwrap(entry.inputs.get("apiUrl")), str):
            return address
    return ""
