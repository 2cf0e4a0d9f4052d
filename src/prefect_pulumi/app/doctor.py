"""What a stack's commands depend on, checked one by one: versions, settings, server, credentials, state, workers."""

from __future__ import annotations

import platform
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib import metadata
from shutil import which
from typing import Any

from packaging.requirements import Requirement
from packaging.version import Version

from prefect_pulumi.api.blocking import BlockingClient
from prefect_pulumi.api.capabilities import Capabilities, read_capabilities
from prefect_pulumi.api.connection_settings import VARIABLES
from prefect_pulumi.app.imports.source import source_of
from prefect_pulumi.app.session.connection import Connection, makes_server
from prefect_pulumi.app.session.view import StackView
from prefect_pulumi.app.workers import worker_report
from prefect_pulumi.core.errors import ApiError, PrefectPulumiError
from prefect_pulumi.project.stack import Stack
from prefect_pulumi.state.lock import holders

PACKAGE = "prefect-pulumi"
CLOCK_TOLERANCE = 5.0
"""Seconds by which the clocks may differ: interrupted creates are looked for by the server's time, with some slack."""
CLI_SECONDS = 20.0


class Status(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class Check:
    """`name`: what was looked at; `text`: what was found; `remedy`: what to do where it is not ok."""

    name: str
    status: Status
    text: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """`stack`: "" without a project."""

    stack: str
    checks: tuple[Check, ...]

    @property
    def healthy(self) -> bool:
        return all(check.status is not Status.FAILURE for check in self.checks)

    def document(self) -> dict[str, Any]:
        checks = [
            {"name": check.name, "status": str(check.status), "text": check.text, "remedy": check.remedy}
            for check in self.checks
        ]
        return {"stack": self.stack, "healthy": self.healthy, "checks": checks}


def examine(view: StackView | None) -> Diagnosis:
    """Of a stack, or of this machine and Prefect's settings where there is no project.

    Changes no object of the server and nothing of the state; in a bucket it creates the object by which conditional
    writes are known. A check that cannot be made is a failure, never an error.
    """
    checks = list(_versions())
    if view is not None:
        checks += _guarded("state", lambda: _state(view.stack))
    checks += _guarded("server", lambda: _server(view))
    return Diagnosis("" if view is None else view.name, tuple(checks))


def _guarded(name: str, check: Callable[[], Iterator[Check]]) -> Iterator[Check]:
    """The checks, the last one a failure where an error ends them."""
    try:
        yield from check()
    except PrefectPulumiError as error:
        where = f"{error.where}: " if error.where else ""
        yield Check(name, Status.FAILURE, f"{where}{error.first_line}", error.remedy)


def _versions() -> Iterator[Check]:
    requirements = [Requirement(text) for text in metadata.requires(PACKAGE) or ()]
    wanted = {requirement.name: requirement.specifier for requirement in requirements if not requirement.marker}
    python = metadata.metadata(PACKAGE)["Requires-Python"] or ""
    yield Check("python", Status.OK, f"{platform.python_version()} (supported: {python})")
    yield Check(PACKAGE, Status.OK, metadata.version(PACKAGE))
    for name in ("prefect", "pulumi"):
        try:
            installed = metadata.version(name)
        except metadata.PackageNotFoundError:
            yield Check(name, Status.FAILURE, "not installed", f"pip install '{name}{wanted[name]}'")
            continue
        if wanted[name].contains(installed, prereleases=True):
            yield Check(name, Status.OK, f"{installed} (supported: {wanted[name]})")
        else:
            text, remedy = f"{installed}, and {wanted[name]} is supported", f"pip install '{name}{wanted[name]}'"
            yield Check(name, Status.FAILURE, text, remedy)
    yield _official_cli()


def _official_cli() -> Check:
    name, program = "pulumi CLI", which("pulumi")
    if program is None:
        return Check(name, Status.OK, "not on PATH; the embedded engine does without it")
    try:
        answer = subprocess.run(
            [program, "version"],
            capture_output=True,
            text=True,
            timeout=CLI_SECONDS,
            check=True,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError) as error:
        return Check(name, Status.WARNING, f"{program} does not run ({type(error).__name__})", "reinstall it")
    return Check(name, Status.OK, f"{answer.stdout.strip()} ({program})")


def _state(stack: Stack) -> Iterator[Check]:
    stack.need_file()
    if stack.is_remote:
        yield Check("state", Status.OK, f"{stack.backend_url}: the official CLI keeps it, and its locks")
        return
    store = stack.store
    exists = stack.backend.read(stack.name) is not None
    yield Check("state", Status.OK, stack.backend.where(stack.name) if exists else f"{store.url}: no state yet")
    caution = store.caution()
    if caution:
        yield Check("state writes", Status.WARNING, caution, "use a service with conditional writes")
    else:
        conditional = store.has_conditional_writes()
        text = "conditional: no run overwrites another one's" if conditional else "guarded by the lock"
        yield Check("state writes", Status.OK, text)
    held = holders(store, stack.project.name, stack.name)
    if not held:
        yield Check("lock", Status.OK, "free")
    for holder in held.values():
        dead = holder.is_dead
        remedy = (
            "the next run removes it" if dead else f"wait for it; if it no longer runs: infra cancel -s {stack.name}"
        )
        yield Check("lock", Status.WARNING, f"held by {holder}" + (", which has ended" if dead else ""), remedy)


def _server(view: StackView | None) -> Iterator[Check]:
    connection = _connection(view)
    if connection is None:
        assert view is not None  # noqa: S101 - only a stack starts a server
        text = f"stack {view.name} starts its own, and has not started it yet"
        yield Check("server", Status.WARNING, text, f"infra up -s {view.name}")
        return
    yield from _settings(connection)
    client = connection.client()
    try:
        server = _guarded("server", lambda: _answers(connection, client))
        for check in server:
            yield check
            if check.status is Status.FAILURE:
                return
        yield from _guarded("capabilities", lambda: _capabilities(connection, client))
        yield from _guarded("credentials", lambda: _credentials(connection, client))
        yield _clock(client)
        if view is not None and view.exists:
            yield from _guarded("workers", lambda: _workers(view, client))
    finally:
        client.close()


def _connection(view: StackView | None) -> Connection | None:
    """None where the stack has a server of its own that was never started."""
    if view is not None and makes_server(view.stack):
        return view.connection if view.exists else None
    return source_of(view)


def _settings(connection: Connection) -> Iterator[Check]:
    settings = connection.settings
    yield Check("address", Status.OK, f"{settings.api_url}, from {settings.origin('api_url')}")
    hidden = {"api_key", "auth_string", "custom_headers"}
    for field, variable in VARIABLES.items():
        if field in settings.origins and field != "api_url":
            value = getattr(settings, field)
            shown = ", ".join(value) if field == "custom_headers" else "set" if field in hidden else value
            status = Status.WARNING if field == "skip_verify" and value else Status.OK
            remedy = "set PREFECT_API_SSL_CERT_FILE in its place" if status is Status.WARNING else ""
            yield Check(variable, status, f"{shown}, from {settings.origins[field]}", remedy)
    for field in settings.passed_over:
        text = "that of Prefect's profile or files is for another address, and is not used"
        remedy = "set it in the stack's config or in the environment"
        yield Check(VARIABLES[field], Status.WARNING, text, remedy)


def _answers(connection: Connection, client: BlockingClient) -> Iterator[Check]:
    if connection.cloud:
        client.request("POST", "/work_pools/filter", json={"limit": 1})
        yield Check("server", Status.OK, "Prefect Cloud")
        return
    version = str(client.request("GET", "/admin/version"))
    yield from server_version(version, metadata.version("prefect"))


def server_version(server: str, installed: str) -> Iterator[Check]:
    """How the server's version stands to that of the Prefect installed here, which deploys and runs the workers."""
    minors = [Version(version).release[:2] for version in (server, installed)]
    if minors[0] == minors[1]:
        yield Check("server", Status.OK, f"Prefect {server}")
    else:
        older = minors[0] < minors[1]
        text = f"Prefect {server}, {'older' if older else 'newer'} than the {installed} installed here"
        remedy = f"upgrade the server to {installed}" if older else "upgrade prefect here, or leave the server as it is"
        yield Check("server", Status.WARNING, text, remedy)


def _capabilities(connection: Connection, client: BlockingClient) -> Iterator[Check]:
    """Fields that only a Prefect newer than the installed one has are no fault of the server."""
    if connection.cloud:
        return
    capabilities = read_capabilities(client, connection.api_url)
    if not capabilities.version:
        text = "the server says no version: what it takes is judged by its OpenAPI document, if at all"
        yield Check("capabilities", Status.WARNING, text)
    own = Capabilities(metadata.version("prefect"), lambda: None).lacking()
    lacking = {
        route: [path or "the route itself" for path in paths if path not in own.get(route, ())]
        for route, paths in capabilities.lacking().items()
    }
    for route, paths in lacking.items():
        if paths:
            remedy = "what a stack needs of it is refused in the preview; upgrade the server to use it"
            yield Check("capabilities", Status.WARNING, f"{route} does not take: {', '.join(paths)}", remedy)
    if capabilities.version and not any(lacking.values()):
        yield Check("capabilities", Status.OK, "the server takes all that the Prefect installed here sends")


def _credentials(connection: Connection, client: BlockingClient) -> Iterator[Check]:
    settings = connection.settings
    if connection.cloud:
        yield Check("credentials", Status.OK, f"signed in to Prefect Cloud as {_cloud_user(connection)}")
        return
    client.request("POST", "/work_pools/filter", json={"limit": 1})
    sent = [settings.origin(field) for field in ("auth_string", "api_key") if getattr(settings, field)]
    yield Check("credentials", Status.OK, f"accepted: {sent[0]}" if sent else "none are sent, and none are needed")


def _cloud_user(connection: Connection) -> str:
    """`GET /me/` of Prefect Cloud, which is above the address of a workspace."""
    root = connection.api_url.partition("/accounts/")[0]
    client = BlockingClient(connection.settings.model_copy(update={"api_url": root}))
    try:
        user = client.request("GET", "/me/")
    except ApiError:
        return "a service account"
    finally:
        client.close()
    return str(user.get("handle") or user.get("email") or "an unnamed user")


def _clock(client: BlockingClient) -> Check:
    offset = client.server_time() - time.time()
    if abs(offset) <= CLOCK_TOLERANCE:
        return Check("clock", Status.OK, f"within {max(1, round(abs(offset)))} s of the server's")
    side = "ahead of" if offset > 0 else "behind"
    text = f"the server's clock is {abs(offset):.0f} s {side} this machine's"
    return Check("clock", Status.WARNING, text, "synchronise the clocks, with NTP for instance")


def _workers(view: StackView, client: BlockingClient) -> Iterator[Check]:
    report = worker_report(client, view.name, view.connection, view.entries)
    for warning in report.warnings():
        yield Check("workers", Status.WARNING, warning, f"infra status -s {view.name}")
    workers = [worker for pool in report.pools for worker in pool.workers]
    if workers and not report.warnings():
        versions = sorted({worker.version or "an unknown version" for worker in workers})
        yield Check("workers", Status.OK, f"{len(workers)} online, Prefect {', '.join(versions)}")
