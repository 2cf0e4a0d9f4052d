"""One flow run of a deployment, started and followed to its end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from prefect_pulumi.api import flow_runs
from prefect_pulumi.api.flow_runs import FlowRunResult, LogLine
from prefect_pulumi.app.events import Progress
from prefect_pulumi.app.session.view import StackView
from prefect_pulumi.core.errors import InputError, NotFoundError

LEVELS = {10: "DEBUG", 20: "INFO", 30: "WARNING", 40: "ERROR", 50: "CRITICAL"}


@dataclass(frozen=True, slots=True)
class RunRequest:
    """`deployment`: `flow/deployment`. `timeout`: seconds that the run may take."""

    deployment: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    timeout: float = 600.0


def run_deployment(view: StackView, request: RunRequest) -> FlowRunResult:
    """The run as it was last seen: ended, or under way when the time was over. States and logs go to the sink.

    Raises `InputError` for a deployment that the server does not have.
    """
    if request.deployment.count("/") != 1:
        raise InputError(f"{request.deployment!r} is not FLOW/DEPLOYMENT", where="infra run")
    client = view.client()
    try:
        try:
            deployment = flow_runs.find_deployment(client, request.deployment)
        except NotFoundError as error:
            raise InputError(
                f"there is no deployment {request.deployment!r}",
                where=view.connection.api_url,
                remedy=f"infra outputs deployments -s {view.name} lists them",
            ) from error
        started = flow_runs.start(client, deployment, request.parameters)
        view.sink.emit(Progress(f"flow run {started.name} of {request.deployment}"))
        return flow_runs.follow(
            client,
            started.id,
            timeout=request.timeout,
            on_state=lambda state: view.sink.emit(Progress(f"[{state}]")),
            on_log=lambda line: view.sink.emit(Progress(_text(line))),
            on_wait=lambda obstacle: view.sink.emit(Progress(f"waiting: {obstacle}")),
        )
    finally:
        client.close()


def _text(line: LogLine) -> str:
    task = f"{line.task} | " if line.task else ""
    return f"  {LEVELS.get(line.level, line.level)} | {task}{line.message}"
