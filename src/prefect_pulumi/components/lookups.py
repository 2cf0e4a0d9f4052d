"""Ids of objects by their names: of what the stack declares, else of what its server has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

import pulumi
from pulumi.output import UNKNOWN

from prefect_pulumi.components.environment import ProgramSettingsError, place
from prefect_pulumi.components.registered import declared
from prefect_pulumi.core.suggestions import suggestion, with_hint
from prefect_pulumi.models.automation_names import ObjectName
from prefect_pulumi.resources import (
    Account,
    Automation,
    BlockDocument,
    Deployment,
    Flow,
    ServiceAccount,
    WorkPool,
    WorkQueue,
    WorkspaceRole,
    get_account_role,
    get_automation,
    get_block_document,
    get_deployment,
    get_flow,
    get_service_account,
    get_work_pool,
    get_work_queue,
    get_workspace_role,
)

if TYPE_CHECKING:
    from prefect_pulumi.components.server import Server

_FUNCTIONS: dict[str, tuple[Callable[..., pulumi.Output[dict[str, Any]]], type[pulumi.CustomResource]]] = {
    "deployment": (get_deployment, Deployment),
    "work_pool": (get_work_pool, WorkPool),
    "work_queue": (get_work_queue, WorkQueue),
    "block": (get_block_document, BlockDocument),
    "automation": (get_automation, Automation),
    "flow": (get_flow, Flow),
    "service_account": (get_service_account, ServiceAccount),
    "workspace_role": (get_workspace_role, WorkspaceRole),
    "account_role": (get_account_role, Account),
}


class Lookups:
    """The names that are known so far, and questions to the server for the others."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._known: dict[ObjectName, pulumi.Output[str]] = {}
        self._resources: list[pulumi.Resource] = []

    def know(self, name: ObjectName, resource: pulumi.CustomResource) -> None:
        """An object of the stack file."""
        self._known[name] = resource.id
        self._resources.append(resource)

    def know_id(self, name: ObjectName, id: pulumi.Output[str]) -> None:
        """Another object of this program."""
        self._known[name] = id

    def known(self, name: ObjectName) -> pulumi.Output[str] | None:
        """UUID of an object of this program."""
        return self._known.get(name)

    def id(self, name: ObjectName, key: str) -> pulumi.Output[str]:
        """UUID of an object of this program, else of the server. `key`: which setting below `environment` names it.

        In a preview it is unknown while the object, or the server, has still to be created.
        """
        id = self.known(name)
        return self.on_server(name, key) if id is None else id

    def on_server(self, name: ObjectName, key: str) -> pulumi.Output[str]:
        """UUID of an object that the server has, once what the program declares of that kind beside the stack file is
        there."""
        function, kind = _FUNCTIONS[name.kind]
        own = [resource for resource in declared() if isinstance(resource, kind) and resource not in self._resources]
        options = pulumi.InvokeOutputOptions(provider=self.server.provider, depends_on=own)
        row = function(name=name.name, opts=options)

        def refuse(error: Exception) -> NoReturn:
            near = suggestion(name.name, [other.name for other in self._known if other.kind == name.kind])
            message = str(error).removesuffix(".").rsplit(" failed: ", 1)[-1]
            raise ProgramSettingsError(
                with_hint(message, near), where=place(key), remedy=f"correct the {name.kind}, or declare it first"
            ) from None

        return row.apply(lambda outputs: outputs["id"] or UNKNOWN).recover(refuse)


@contextmanager
def circle(started: list[str], name: str, section: str) -> Iterator[None]:
    """Notes that an object is being declared after those that it refers to. Raises `SettingsError` where it is itself
    one of them."""
    if name in started:
        path = " -> ".join([*started[started.index(name) :], name])
        raise ProgramSettingsError(
            f"a circle of references: {path}", where=place(f"{section}.{name}"), remedy="take one of them out"
        )
    started.append(name)
    try:
        yield
    finally:
        started.remove(name)
