"""`infra run FLOW/DEPLOYMENT`: triggers a run, follows its states and logs to the end."""

from __future__ import annotations

import json
import os
import sys
import uuid
from argparse import Namespace
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

import anyio

from prefect_pulumi.api.client import PrefectClient
from prefect_pulumi.core.errors import ConfigError, ExitCode, FlowRunError, InputError, NotFoundError
from prefect_pulumi.core.values import Secret, unwrap
from prefect_pulumi.models.provider_config import ENVIRONMENT
from prefect_pulumi.project.stack import Stack, as_json
from prefect_pulumi.state.entries import ResourceEntry

POLL_SECONDS = 0.5
LEVELS = {10: "DEBUG", 20: "INFO", 30: "WARNING", 40: "ERROR", 50: "CRITICAL"}


def follow(arguments: Namespace, stack: Stack) -> ExitCode:
    """Exit code 0 when the run ends Completed, 1 when it ends otherwise or not in time."""
    if arguments.deployment.count("/") != 1:
        raise InputError(f"{arguments.deployment!r} is not FLOW/DEPLOYMENT", where="infra run")
    connection = connection_of(stack)
    parameters = dict(_parameter(text) for text in arguments.param)
    return anyio.run(_follow, connection, arguments, parameters)


def _parameter(text: str) -> tuple[str, Any]:
    name, found, value = text.partition("=")
    if not found:
        raise InputError(f"{text!r} is not NAME=JSON", where="infra run --param")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def connection_of(stack: Stack, entries: Iterable[ResourceEntry] | None = None) -> dict[str, str]:
    """Address and credentials of the stack's server, from its provider in the state, else from the environment.

    `entries`: the state, where it is at hand. The official CLI hands out no secret of a state that it keeps.
    """
    reader = stack.backend.reader(stack.name) if entries is None else None
    if reader is not None:
        entries = reader.load(stack.manager(write=False)).resources if reader.exists() else []
    for entry in entries or ():
        if entry.type == "pulumi:providers:prefect" and entry.inputs.get("apiUrl"):
            shown = {k: v for k, v in entry.inputs.items() if not (stack.is_remote and isinstance(v, Secret))}
            found: dict[str, str] = unwrap(shown)
            return {**_given(), **found}
    if os.environ.get("PREFECT_API_URL"):
        return _given()
    raise ConfigError(f"stack {stack.name} has no server yet", where="infra run", remedy=f"infra up -s {stack.name}")


def _given() -> dict[str, str]:
    """What the environment holds, as the provider itself takes it."""
    return {key: os.environ[variable] for key, variable in ENVIRONMENT.items() if os.environ.get(variable)}


async def _follow(connection: dict[str, str], arguments: Namespace, parameters: dict[str, Any]) -> ExitCode:
    async with PrefectClient(
        connection["apiUrl"], api_key=connection.get("apiKey"), auth_string=connection.get("authString")
    ) as client:
        flow, deployment = (quote(part, safe="") for part in arguments.deployment.split("/"))
        try:
            found = await client.get(f"/deployments/name/{flow}/{deployment}")
        except NotFoundError as error:
            raise InputError(
                f"there is no deployment {arguments.deployment!r}",
                where=connection["apiUrl"],
                remedy=f"infra outputs deployments -s {arguments.stack} lists them",
            ) from error
        # With a key of its own the request can be repeated after a lost answer: the server makes one run of it.
        body = {"parameters": parameters, "idempotency_key": str(uuid.uuid4())}
        route = f"/deployments/{found['id']}/create_flow_run"
        run = await client.request("POST", route, json=body, idempotent=True)
        printer = _Printer(quiet=arguments.json)
        printer.line(f"flow run {run['name']} of {arguments.deployment}")
        with anyio.move_on_after(arguments.timeout) as limit:
            run = await _watch(client, run["id"], printer)
        state = run.get("state") or {}
        if arguments.json:
            sys.stdout.write(as_json({"id": run["id"], "name": run["name"], "state": state.get("name")}) + "\n")
        if limit.cancelled_caught:
            raise FlowRunError(
                f"it has not ended after {arguments.timeout:g} s; it is {state.get('name', 'unknown')}",
                where=f"flow run {run['name']}",
                remedy="is a worker of its pool online? raise --timeout if it only takes long",
            )
        if state.get("type") != "COMPLETED":
            raise FlowRunError(
                f"it ended {state.get('name')}: {state.get('message') or 'no message'}", where=f"flow run {run['name']}"
            )
        return ExitCode.DONE


async def _watch(client: PrefectClient, id: str, printer: _Printer) -> dict[str, Any]:
    seen_state, seen_logs = "", 0
    while True:
        run: dict[str, Any] = await client.get(f"/flow_runs/{id}")
        state = run.get("state") or {}
        if state.get("name") != seen_state:
            seen_state = str(state.get("name"))
            printer.line(f"[{seen_state}]")
        ended = state.get("type") in {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}
        if ended:
            await anyio.sleep(2 * POLL_SECONDS)  # workers send logs in batches, the last one after the state
        seen_logs = await _print_logs(client, id, seen_logs, printer)
        if ended:
            return run
        await anyio.sleep(POLL_SECONDS)


async def _print_logs(client: PrefectClient, id: str, seen: int, printer: _Printer) -> int:
    body = {
        "logs": {"flow_run_id": {"any_": [id]}},
        "sort": "TIMESTAMP_ASC",
        "offset": seen,
        "limit": 200,
    }
    logs = await client.post("/logs/filter", json=body)
    for log in logs:
        printer.line(f"  {LEVELS.get(log['level'], log['level'])} | {log['message']}")
    return seen + len(logs)


class _Printer:
    """Lines to stdout, or to stderr when stdout carries a document."""

    def __init__(self, *, quiet: bool) -> None:
        self._stream = sys.stderr if quiet else sys.stdout

    def line(self, text: str) -> None:
        self._stream.write(text + "\n")
        self._stream.flush()
