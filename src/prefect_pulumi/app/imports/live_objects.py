"""What lives on a server, as the inputs that a program has to give: read list by list, nothing is written."""

from __future__ import annotations

import fnmatch
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from prefect_pulumi.app.session.connection import Connection
from prefect_pulumi.core.errors import ApiError, NotFoundError
from prefect_pulumi.core.values import unwrap
from prefect_pulumi.deploy.plan.ownership import Owner, owner_label
from prefect_pulumi.models import KINDS, Kind
from prefect_pulumi.models.block_types import is_shipped

if TYPE_CHECKING:
    from prefect_pulumi.provider.handlers.flows import DeploymentHandler
    from prefect_pulumi.provider.handlers.rest import RestHandler
    from prefect_pulumi.provider.provider import PrefectProvider

Json = dict[str, Any]
OF_TRIGGER = re.compile(r"__automation_\d+$")
DEFAULT_QUEUE = "default"
DEFAULT_DESCRIPTION = "The work pool's default queue."
"""What a server writes (prefect/server/models/workers.py, `create_work_pool`)."""
BLOCK_TYPES, BLOCK_SCHEMAS = "block types of Prefect itself", "block schemas of Prefect itself"

_ONE_BY_ONE = {
    "stacks share the account: infra import KIND NAME": (
        *("ServiceAccount", "Team", "TeamMember", "UserApiKey", "WorkspaceRole"),
    ),
    "Prefect Cloud lists none without its object: infra import KIND NAME": (
        *("Sla", "DeploymentAccess", "WorkPoolAccess", "BlockAccess"),
    ),
}
"""Why an import of everything leaves out a kind of Prefect Cloud."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which objects are wanted; what is empty selects all. `names`: patterns of `flow/deployment`, `pool/queue` or of
    the own name. `ids`: UUIDs, as another tool's state has them; None: all."""

    kinds: frozenset[str] = frozenset()
    names: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    ids: frozenset[str] | None = None

    def has(self, item: LiveObject) -> bool:
        patterns = [name.lower() for name in self.names]
        texts = (item.human.lower(), item.human.rsplit("/", 1)[-1].lower())
        return (
            (not self.kinds or item.kind in self.kinds)
            and (not patterns or any(fnmatch.fnmatchcase(text, name) for text in texts for name in patterns))
            and (not self.tags or bool({*self.tags} & {*(item.inputs.get("tags") or ())}))
            and (self.ids is None or item.id in self.ids)
        )


@dataclass(frozen=True, slots=True)
class LiveObject:
    """`human`: the name by which people know it (`flow/deployment/slug`). `inputs`: wire name -> plain value.
    `secret_fields`: paths of a block's data that its schema calls secret, such as `url` or `headers.*`. `owner`: UUID
    of the deployment whose trigger an automation is."""

    model: type[Kind]
    id: str
    human: str
    inputs: Mapping[str, Any] = field(repr=False)
    secret_fields: tuple[str, ...] = ()
    owner: str = ""

    @property
    def kind(self) -> str:
        return self.model.kind

    def values(self, names: Mapping[str, str]) -> Json:
        """The inputs that there are, under other names. `names`: wire name -> the other one."""
        return {key: self.inputs[wire] for wire, key in names.items() if wire in self.inputs}


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An object that no program of the import declares, and why. `id`: UUID, where it is one of the server."""

    kind: str
    human: str
    reason: str
    id: str = ""


class SilentHost:
    def log(self, severity: str, message: str, urn: str = "") -> None:
        """What a listing says is of no interest here."""


def read_objects(root: Path, connection: Connection, selection: Selection) -> tuple[list[LiveObject], list[LeftOut]]:
    """The selected objects in the order of kinds, and what was left out of them."""
    from prefect_pulumi.provider.provider import PrefectProvider

    provider = PrefectProvider(root, SilentHost(), read_only=True)
    provider.configure(connection.inputs)
    try:
        return _Reader(provider).read(selection)
    finally:
        provider.close()


class _Reader:
    def __init__(self, provider: PrefectProvider) -> None:
        self.provider = provider
        self.left_out: list[LeftOut] = []
        self.shipped: set[str] = set()

    def read(self, selection: Selection) -> tuple[list[LiveObject], list[LeftOut]]:
        objects = list(self._objects())
        wanted = {item.id for item in objects if selection.has(item)}
        parents = {item.id: item for item in objects}
        for item in objects:  # a schedule has no tags and no name of its own, and a deployment needs its flow
            deployment = parents.get(str(item.inputs.get("deploymentId")))
            if selection.ids is None and deployment is not None and deployment.id in wanted:
                wanted.add(item.id)
        flows = {item.inputs["flowName"] for item in objects if item.kind == "Deployment" and item.id in wanted}
        if selection.ids is None:
            wanted |= {item.id for item in objects if item.kind == "Flow" and item.human in flows}
        chosen = [item for item in objects if item.id in wanted]
        if selection.ids is None:
            chosen = [item for item in chosen if not self._is_untouched_default(item, chosen)]
        return [item for item in chosen if self._can_be_declared(item)], self._listed(selection)

    def _listed(self, selection: Selection) -> list[LeftOut]:
        everything = selection == Selection()
        if everything:
            self._note_result_storage()
        general = {BLOCK_TYPES, BLOCK_SCHEMAS, *(kind for kinds in _ONE_BY_ONE.values() for kind in kinds)}
        return [item for item in self.left_out if everything or item.kind not in general]

    def _note_result_storage(self) -> None:
        """The server's default result storage is no object that a state could take over."""
        if self.provider.connection.cloud:
            return
        with suppress(NotFoundError):  # older servers
            storage = self.provider.connection.client().request("GET", "/admin/storage")
            if block := storage.get("default_result_storage_block_id"):
                reason = "name the block at `result_storage` of the stack file"
                self.left_out.append(LeftOut("ResultStorage", str(block), reason))

    def _is_untouched_default(self, item: LiveObject, chosen: Sequence[LiveObject]) -> bool:
        """The queue `default` comes with its pool, at priority 1: another queue that wants that moves it away."""
        if item.kind != "WorkQueue" or item.inputs["name"] != DEFAULT_QUEUE:
            return False
        pool = item.inputs["workPoolName"]
        queues = [other.inputs for other in chosen if other.kind == "WorkQueue" and other is not item]
        moved = any(queue["workPoolName"] == pool and queue["priority"] == 1 for queue in queues)
        created = {"name": DEFAULT_QUEUE, "workPoolName": pool, "description": DEFAULT_DESCRIPTION, "priority": 1}
        return not moved and dict(item.inputs) == created

    def _can_be_declared(self, item: LiveObject) -> bool:
        """What the model or its kind refuses is left out with the reason."""
        handler = self._handler(item.kind)
        missing = [spec.wire for spec in item.model.inputs() if spec.required and spec.wire not in item.inputs]
        if missing:
            reason = f"its {missing[0]} is null, which no program can declare"
        else:
            faults = item.model.check(item.inputs) or handler.faults(item.inputs)
            reason = faults[0].reason if faults else ""
        if reason:
            self.left_out.append(LeftOut(item.kind, item.human, reason, item.id))
        return not reason

    def _objects(self) -> Iterator[LiveObject]:
        for kind in ("WorkPool", "WorkQueue", "Variable", "GlobalConcurrencyLimit", "TaskRunConcurrencyLimit"):
            for row in self._handler(kind).everything():
                yield self._object(kind, row, self._handler(kind).human_id(self._plain(kind, row)))
        yield from self._blocks()
        for row in self._handler("Flow").everything():
            yield self._object("Flow", row, row["name"])
        yield from self._deployments()
        for row in self._handler("Automation").everything():
            if Owner.of_row(row) is not None:
                reason = f"{owner_label(row)} declares it"
                self.left_out.append(LeftOut("Automation", row["name"], reason, str(row["id"])))
                continue
            yield self._object("Automation", row, row["name"], owner=_owner(row))
        if self.provider.connection.cloud:
            yield from self._of_workspace()

    def _of_workspace(self) -> Iterator[LiveObject]:
        """What only Prefect Cloud has. The account is several stacks' and is imported one by one."""
        from prefect_pulumi.provider.inventory import OF_WORKSPACE, named_rows

        for kind in OF_WORKSPACE:
            try:
                rows = list(named_rows(self._handler(kind)))
            except ApiError as error:
                if error.status not in (403, 404):
                    raise
                self.left_out.append(LeftOut(kind, "all", f"Prefect Cloud refuses the list: {error.first_line}"))
                continue
            names = Counter(name for name, _ in rows)
            for name, row in rows:
                if names[name] > 1:
                    self.left_out.append(LeftOut(kind, name, "several have this name", str(row["id"])))
                else:
                    yield self._object(kind, row, name)
        self.left_out += [LeftOut(kind, "all", reason) for reason, kinds in _ONE_BY_ONE.items() for kind in kinds]

    def _blocks(self) -> Iterator[LiveObject]:
        types, schemas = self._handler("BlockType").everything(), self._handler("BlockSchema").everything()
        self.shipped = {str(row["id"]) for row in types if is_shipped(row)}
        for row in types:
            if str(row["id"]) not in self.shipped:
                yield self._object("BlockType", row, row["slug"])
        blocks = list(self._documents())
        in_use = {item.inputs.get("blockSchemaId") for item in blocks}  # named only where it is not the newest
        own = [row for row in schemas if str(row["block_type_id"]) not in self.shipped or str(row["id"]) in in_use]
        for row in reversed(own):  # the oldest first, so that the newest is the newest of a new server too
            yield self._object("BlockSchema", row, row["block_type"]["slug"])
        for noun, count in ((BLOCK_TYPES, len(self.shipped)), (BLOCK_SCHEMAS, len(schemas) - len(own))):
            if count:
                self.left_out.append(LeftOut(noun, str(count), "a server registers them by itself"))
        yield from blocks

    def _documents(self) -> Iterator[LiveObject]:
        for row in self._handler("BlockDocument").everything():
            slug = (row.get("block_type") or {}).get("slug", "")
            value_only = set(row.get("data") or ()) == {"value"}
            kind = {"secret": "SecretBlock", "json": "JsonBlock"}.get(slug, "") if value_only else ""
            fields = ((row.get("block_schema") or {}).get("fields") or {}).get("secret_fields") or ()
            human = row["name"] if kind else f"{slug}/{row['name']}"
            yield self._object(kind or "BlockDocument", row, human, secret_fields=tuple(fields))

    def _deployments(self) -> Iterator[LiveObject]:
        handler = cast("DeploymentHandler", self._handler("Deployment"))
        rows = handler.everything()
        handler.know_flows(rows)
        schedules = []
        for row in rows:
            human = f"{handler.flow_name(str(row['flow_id']))}/{row['name']}"
            if Owner.of_row(row) is not None:
                reason = f"{owner_label(row)} has it in its prefect.yaml"
                self.left_out.append(LeftOut("Deployment", human, reason, str(row["id"])))
                continue
            yield self._object("Deployment", row, human)
            for number, schedule in enumerate(row.get("schedules") or (), 1):
                name = schedule.get("slug") or f"{_rule(schedule)}-{number}"
                schedules.append(({**schedule, "deployment_id": row["id"]}, f"{human}/{name}"))
        for schedule, human in schedules:
            yield self._object("DeploymentSchedule", schedule, human)

    def _object(
        self, kind: str, row: Json, human: str, secret_fields: tuple[str, ...] = (), owner: str = ""
    ) -> LiveObject:
        from prefect_pulumi.provider.handlers.base import Call

        handler = self._handler(kind)
        read = handler.result(Call("", str(row["id"])), row)
        return LiveObject(handler.model, read.id, human, unwrap(read.inputs), secret_fields, owner)

    def _plain(self, kind: str, row: Json) -> Json:
        return dict(self._handler(kind).answer(row, {}))

    def _handler(self, kind: str) -> RestHandler:
        return cast("RestHandler", self.provider.handler(KINDS[f"prefect:index:{kind}"].token()))


def _rule(schedule: Json) -> str:
    return next(name for name in ("cron", "interval", "rrule") if schedule["schedule"].get(name) is not None)


def _owner(automation: Json) -> str:
    """`prefect deploy` names the automation of a trigger after the deployment, which its only action runs."""
    actions = automation.get("actions") or []
    runs = len(actions) == 1 and actions[0].get("type") == "run-deployment"
    return str(actions[0].get("deployment_id") or "") if runs and OF_TRIGGER.search(automation["name"]) else ""
