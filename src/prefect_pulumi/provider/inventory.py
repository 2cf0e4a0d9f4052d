"""Everything that lives on a server, list by list: the live side of a drift report. Reads only."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, cast

from prefect_pulumi.core.errors import (
    ApiError,
    PrefectPulumiError,
    ProviderError,
    ServerUnavailableError,
)
from prefect_pulumi.core.provider_protocol import ReadRequest, ReadResult
from prefect_pulumi.core.values import unwrap
from prefect_pulumi.models import PACKAGE
from prefect_pulumi.provider.handlers.base import Call
from prefect_pulumi.provider.handlers.rest import Json, RestHandler
from prefect_pulumi.provider.provider import PrefectProvider, sealed_read

if TYPE_CHECKING:
    from prefect_pulumi.provider.handlers.flows import DeploymentHandler

_DOCUMENTS = {"secret": "SecretBlock", "json": "JsonBlock"}
BY_ID = {"Flow": "name", "BlockType": "slug", "BlockSchema": "checksum"}
"""Kinds of which only the managed objects are asked for, and where their name stands."""
OF_WORKSPACE = ("Webhook", "WorkspaceAccess", "ManagedAutomation")
"""Kinds of Prefect Cloud that a list of the workspace has. Those of the account are not looked for: stacks share it."""
PLACE = ("accountId", "workspaceId")
KEPT = frozenset(
    {
        *("id", "created", "created_by", "updated", "updated_by", "status", "type", "is_paused", "paused", "active"),
        *("concurrency_limit", "limit", "priority", "schedule", "deployment_id", "work_pool_name", "work_queue_name"),
    }
)
"""What is kept of a row once it was read: a list of blocks brings each block's type along, and their values."""
_BY_PREFECT_DEPLOY = re.compile(r"__automation_\d+$")


@dataclass(frozen=True, slots=True)
class LiveRow:
    """One object: the model's kind, the name by which people know it (`pool/queue`), `KEPT` of the API's answer.

    `own`: Prefect makes and keeps it by itself, or with an object that is listed itself.
    """

    kind: str
    name: str
    row: Json = field(repr=False)
    own: bool = False

    @property
    def id(self) -> str:
        return str(self.row["id"])


@dataclass(frozen=True, slots=True)
class Listing:
    """The lists of `kinds`: answers by URN for the requests about these kinds, and every object that was found.

    `error`: why the list is not known; then `answers` and `found` are empty.
    """

    kinds: tuple[str, ...]
    answers: dict[str, ReadResult | PrefectPulumiError] = field(default_factory=dict)
    rows: dict[str, LiveRow] = field(default_factory=dict)
    found: tuple[LiveRow, ...] = ()
    error: PrefectPulumiError | None = None


class LiveReader:
    """The lists of one server. A kind of which the state has nothing is listed too: it may have unmanaged objects."""

    def __init__(self, provider: PrefectProvider) -> None:
        self._provider = provider

    def version(self) -> str:
        """GET /admin/version; "" where the API does not say it, as Prefect Cloud's."""
        if self._provider.connection.cloud:
            return ""
        try:
            return str(self._provider.connection.client().request("GET", "/admin/version"))
        except ApiError as error:
            if _ends_it(error):
                raise
            return ""

    @property
    def api_url(self) -> str:
        return self._provider.connection.api_url

    def read(self, requests: Sequence[ReadRequest]) -> Iterator[Listing]:
        """One `Listing` after the other. Once the server is silent, or takes no key, the rest is not asked for."""
        by_kind: dict[str, list[ReadRequest]] = {}
        for request in requests:
            by_kind.setdefault(_kind(request.urn), []).append(request)
        dead: PrefectPulumiError | None = None
        for kinds, list_rows in self._lists():
            group = [item for kind in kinds for item in by_kind.pop(kind, [])]
            if kinds[0] in OF_WORKSPACE:
                elsewhere = [item for item in group if any(item.outputs.get(wire) for wire in PLACE)]
                by_kind |= {kinds[0]: elsewhere} if elsewhere else {}
                group = [item for item in group if item not in elsewhere]
                if not self._is_looked_for(kinds[0], group):
                    continue
            if not group and not self.api_url:
                continue
            if dead is None:
                try:
                    yield self._listing(kinds, group, list_rows())
                    continue
                except PrefectPulumiError as error:
                    if not _ends_it(error):
                        if group or kinds[0] not in OF_WORKSPACE or not _is_forbidden(error):
                            yield Listing(kinds, error=error)
                        continue
                    dead = error
            yield Listing(kinds, error=dead)
        for kind, group in by_kind.items():
            if dead is not None and self._on_server(kind):
                yield Listing((kind,), error=dead)
                continue
            if kind in BY_ID:
                try:
                    yield self._listing((kind,), group, self._known(kind, group))
                except PrefectPulumiError as error:
                    dead = error if _ends_it(error) else dead
                    yield Listing((kind,), error=error)
                continue
            answers = self._provider.read_many(group)
            failed = next((item for item in answers if isinstance(item, PrefectPulumiError)), None)
            dead = failed if failed is not None and _ends_it(failed) else dead
            if failed is not None and all(isinstance(item, PrefectPulumiError) for item in answers):
                yield Listing((kind,), error=failed)
            else:
                yield Listing((kind,), {item.urn: answer for item, answer in zip(group, answers, strict=True)})

    def _is_looked_for(self, kind: str, managed: Sequence[ReadRequest]) -> bool:
        """Every workspace has people in it: they are of interest where the stack says who may be."""
        return self._provider.connection.cloud and (bool(managed) or kind == "Webhook")

    def _known(self, kind: str, requests: Sequence[ReadRequest]) -> list[LiveRow]:
        """Code that runs makes these as well, so those that no stack owns are no drift."""
        rows = self._handler(kind).many([request.id for request in requests]).values()
        return [LiveRow(kind, str(row.get(BY_ID[kind])), row, own=True) for row in rows]

    def _on_server(self, kind: str) -> bool:
        return kind not in ("LocalServer", "ProcessWorker", "Release")

    def _lists(self) -> list[tuple[tuple[str, ...], Callable[[], list[LiveRow]]]]:
        return [
            (("WorkPool",), self._pools),
            (("WorkQueue",), self._queues),
            (("Variable",), lambda: self._named("Variable", "name")),
            (("BlockDocument", "SecretBlock", "JsonBlock"), self._documents),
            (("GlobalConcurrencyLimit",), lambda: self._named("GlobalConcurrencyLimit", "name")),
            (("TaskRunConcurrencyLimit",), lambda: self._named("TaskRunConcurrencyLimit", "tag")),
            (("Automation",), self._automations),
            (("Deployment", "DeploymentSchedule"), self._deployments),
            *(((kind,), partial(self._of_workspace, kind)) for kind in OF_WORKSPACE),
        ]

    def _handler(self, kind: str) -> RestHandler:
        return cast(RestHandler, self._provider.handler(f"{PACKAGE}:index:{kind}"))

    def _named(self, kind: str, name: str) -> list[LiveRow]:
        return [LiveRow(kind, str(row[name]), row) for row in self._handler(kind).everything()]

    def _of_workspace(self, kind: str) -> list[LiveRow]:
        return [LiveRow(kind, name, row) for name, row in named_rows(self._handler(kind))]

    def _pools(self) -> list[LiveRow]:
        rows = self._handler("WorkPool").everything()
        return [LiveRow("WorkPool", row["name"], row, own=row["type"] == "prefect-agent") for row in rows]

    def _queues(self) -> list[LiveRow]:
        rows = self._handler("WorkQueue").everything()
        return [
            LiveRow("WorkQueue", f"{row['work_pool_name']}/{row['name']}", row, own=row["name"] == "default")
            for row in rows
        ]

    def _documents(self) -> list[LiveRow]:
        documents = []
        for row in self._handler("BlockDocument").everything():
            slug = (row.get("block_type") or {}).get("slug", "")
            kind = _DOCUMENTS.get(slug, "BlockDocument")
            documents.append(LiveRow(kind, row["name"] if slug in _DOCUMENTS else f"{slug}/{row['name']}", row))
        return documents

    def _automations(self) -> list[LiveRow]:
        """Those that `prefect deploy` makes of a deployment's triggers belong to that deployment."""
        automations = []
        for row in self._handler("Automation").everything():
            runs = any(action.get("type") == "run-deployment" for action in row.get("actions") or ())
            own = runs and _BY_PREFECT_DEPLOY.search(row["name"]) is not None
            automations.append(LiveRow("Automation", row["name"], row, own=own))
        return automations

    def _deployments(self) -> list[LiveRow]:
        handler = cast("DeploymentHandler", self._handler("Deployment"))
        rows = handler.everything()
        handler.know_flows(rows)
        objects = []
        for row in rows:
            name = f"{handler.flow_name(str(row['flow_id']))}/{row['name']}"
            objects.append(LiveRow("Deployment", name, row))
            for schedule in row.get("schedules") or ():
                label = schedule.get("slug") or schedule["id"]
                objects.append(
                    LiveRow("DeploymentSchedule", f"{name}/{label}", {**schedule, "deployment_id": row["id"]})
                )
        return objects

    def _listing(self, kinds: tuple[str, ...], requests: list[ReadRequest], rows: list[LiveRow]) -> Listing:
        by_id = {row.id: row for row in rows}
        by_name = {(row.kind, row.name): row for row in rows}
        answers: dict[str, ReadResult | PrefectPulumiError] = {}
        taken: dict[str, LiveRow] = {}
        for request in requests:
            handler = self._handler(_kind(request.urn))
            call = Call(request.urn, request.id, request.inputs, request.outputs)
            known = unwrap({**request.inputs, **request.outputs})
            named = "" if handler.model.kind == "DeploymentSchedule" else handler.human_id(known)
            row = by_id.get(request.id) or by_name.get((handler.model.kind, named))
            try:
                answers[request.urn] = sealed_read(
                    handler, handler.result(call, row.row if row else None), call.inputs, call.outputs
                )
            except (KeyError, TypeError, ValueError) as error:
                answers[request.urn] = ProviderError(f"the server's answer is not understood: {error!r}")
            if row is not None:
                taken[request.urn] = row
        slim = {id(row): replace(row, row={k: v for k, v in row.row.items() if k in KEPT}) for row in rows}
        managed = {urn: slim[id(row)] for urn, row in taken.items()}
        return Listing(kinds, answers, managed, tuple(slim.values()))


def named_rows(handler: RestHandler) -> Iterator[tuple[str, Json]]:
    """All objects of one of `OF_WORKSPACE`, each with the name by which an import knows it."""
    for row in handler.everything():
        yield handler.human_id(handler.answer(row, {})), row


def _is_forbidden(error: PrefectPulumiError) -> bool:
    """Whether the account's plan or the key's role leaves these objects out."""
    return isinstance(error, ApiError) and error.status in (403, 404)


def _ends_it(error: PrefectPulumiError) -> bool:
    """Whether every other call would fail alike."""
    if isinstance(error, ApiError):
        return error.status == 401 or error.status >= 500
    return isinstance(error, ServerUnavailableError)


def _kind(urn: str) -> str:
    return urn.split("::", 3)[2].rsplit(":", 1)[-1]
