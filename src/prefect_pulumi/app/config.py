"""The stack's config: single values, and the environment for the official CLI."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from prefect_pulumi.app.session.recovery import recover_interrupted
from prefect_pulumi.app.session.view import StackView
from prefect_pulumi.core.errors import ConfigError, StateLockedError
from prefect_pulumi.project.passphrase import keep_salt_out_of_git
from prefect_pulumi.project.stack import Stack
from prefect_pulumi.state.entries import Snapshot
from prefect_pulumi.state.lock import StackLock


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


def _full_key(stack: Stack, key: str) -> str:
    return key if ":" in key else f"{stack.project.name}:{key}"


def official_cli_environment(view: StackView) -> dict[str, str]:
    """Variables with which the official CLI works on the same state. A stack that does not exist yet is created,
    empty."""
    stack = view.stack
    manager = stack.manager(write=True)
    recover_interrupted(stack, view.sink)
    writer = stack.backend.writer(stack.name)
    if not writer.exists():
        # Who holds the lock creates it: an empty state must not come between what that run reads and writes.
        with contextlib.suppress(StateLockedError), StackLock(stack.store, stack.project.name, stack.name):
            if not writer.exists():
                writer.save(Snapshot.empty(manager.salt_text), manager)
    keep_salt_out_of_git(stack.root)
    return stack.cli_environment
