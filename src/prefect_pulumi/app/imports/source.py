"""The server that an import reads."""

from __future__ import annotations

import contextlib
from pathlib import Path

from prefect_pulumi.app.session.connection import Connection, connect, connection_of, server_inputs
from prefect_pulumi.app.session.view import StackView
from prefect_pulumi.core.errors import ConfigError, InputError
from prefect_pulumi.models.provider_config import INPUTS
from prefect_pulumi.project import layout


def source_of(view: StackView | None, api_url: str = "") -> Connection:
    """The server of the stack of `view`, if there is one: of its config, of `environment.server`, of its state. Where
    there is no project, or its stack names no server, what Prefect itself would take. `api_url` in place of all of
    them, with the credentials that Prefect would send to it.

    Raises `InputError` when nothing names a server.
    """
    connection = connect({"apiUrl": api_url}, Path.cwd()) if api_url else _own(view)
    if not connection.api_url:
        raise InputError(
            "no Prefect API is configured",
            where="infra import",
            remedy="set PREFECT_API_URL and PREFECT_API_KEY or PREFECT_API_AUTH_STRING, or choose a profile with "
            "`prefect profile use`",
        )
    connection.settings.need_address()
    return connection


def _own(view: StackView | None) -> Connection:
    folder = Path.cwd() if view is None else view.stack.root
    if view is not None and layout.project_file(folder) is not None and view.stack.config_file.is_file():
        stored = _of_stack(view)
        if stored.get("apiUrl"):
            return connect(stored, folder)
        with contextlib.suppress(ConfigError):  # its server was not started yet
            return connection_of(view.stack, view.entries)
    return connect({}, folder)


def _of_stack(view: StackView) -> dict[str, str]:
    """What the stack file says, without what it does not."""
    manager = view.stack.manager(write=False) if view.stack.config.has_secrets else None
    values, _ = view.stack.config.values(manager)
    stored = {name: values[f"prefect:{name}"] for name in INPUTS if values.get(f"prefect:{name}")}
    return {**server_inputs(view.stack.environment), **stored}
