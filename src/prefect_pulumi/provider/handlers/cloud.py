"""Kinds that only Prefect Cloud has: some of a workspace, some of its account; secrets that Cloud gives once."""

from __future__ import annotations

import re
import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from typing_extensions import override

from prefect_pulumi.core.errors import ApiError, NotFoundError, ProviderError
from prefect_pulumi.core.provider_protocol import DiffKind, DiffResult, Props, ReadResult
from prefect_pulumi.core.values import UNKNOWN, has_unknown, unwrap
from prefect_pulumi.models import Fault, FieldSpec
from prefect_pulumi.provider.connection import Connection
from prefect_pulumi.provider.handlers.base import Call
from prefect_pulumi.provider.handlers.cloud_directory import Directory
from prefect_pulumi.provider.handlers.diff import changed_fields
from prefect_pulumi.provider.handlers.rest import Json, RestHandler, is_uuid
from prefect_pulumi.provider.handlers.routes import Routes

PLACE = frozenset({"accountId", "workspaceId"})


class CloudHandler(RestHandler):
    """A kind of Prefect Cloud. Its routes are below a workspace or an account, by default those of the stack's address;
    lists are searched for a name."""

    local: frozenset[str] = PLACE
    """Properties that are kept in the state alone."""

    def __init__(self, routes: Routes, connection: Connection, directory: Directory) -> None:
        super().__init__(routes, connection)
        self.directory = directory

    @property
    def refusal(self) -> str:
        """Why the server has nothing of this kind; "" for Prefect Cloud."""
        url = self.connection.api_url
        if not url or self.connection.cloud:
            return ""
        return f"{self.model.kind} exists on Prefect Cloud only, and {url} is a self-hosted server"

    @override
    def requests(self, *, creates: bool) -> list[tuple[str, str]]:
        """None where the object may be of another workspace or account, in which the key may have another role."""
        of_others = any(self.model.field(wire) is not None for wire in ("workspaceId", "accountId"))
        return [] if of_others else super().requests(creates=creates)

    @override
    def faults(self, values: Props) -> list[Fault]:
        return [Fault("", self.refusal)] if self.refusal else []

    @property
    def here(self) -> dict[str, str]:
        """Account and workspace of the stack's address, as far as an object of this kind is in one."""
        ids = re.search(r"/accounts/([^/]+)(?:/workspaces/([^/]+))?", self.connection.api_url)
        place = dict(zip(("accountId", "workspaceId"), ids.groups() if ids else (), strict=False))
        return {wire: id for wire, id in place.items() if id and self.model.field(wire) is not None}

    def account(self, values: Mapping[str, Any]) -> str:
        """Address of the account that an object is in."""
        root, _, rest = self.connection.api_url.partition("/accounts/")
        return f"{root}/accounts/{values.get('accountId') or rest.partition('/')[0]}"

    @override
    def route(self, template: str, values: Mapping[str, Any]) -> str:
        path = super().route(template, values)
        if self.routes.of_account:
            return self.account(values) + path
        if not any(values.get(wire) for wire in PLACE):
            return path
        return f"{self.account(values)}/workspaces/{values.get('workspaceId') or self.here.get('workspaceId')}{path}"

    @override
    def check(self, call: Call) -> tuple[dict[str, Any], list[Fault]]:
        inputs, faults = super().check(call)
        account = inputs.get("accountId")
        elsewhere = account and not has_unknown(account) and unwrap(account) != self.here.get("accountId")
        if not faults and elsewhere and self.model.field("workspaceId") and "workspaceId" not in inputs:
            faults = [Fault("workspaceId", "the account is not that of the stack's address: give its workspace")]
        return inputs, faults

    @override
    def diff(self, call: Call) -> DiffResult:
        """What names no place is where the stack's address points."""
        here = self.here
        return super().diff(replace(call, news={**here, **call.news}, outputs={**here, **call.outputs}))

    @override
    def name_on_server(self, inputs: Props) -> tuple[str, str]:
        parts = {part: inputs.get(part) for part in self.routes.name_parts}
        place = {wire: inputs[wire] for wire in PLACE if inputs.get(wire)}
        if has_unknown(parts) or has_unknown(place) or not all(unwrap(parts).values()):
            return "", ""
        ids = {**self.here, **unwrap(place)}
        name = self.human_id(unwrap(parts))
        return "/".join([*(str(id) for id in ids.values()), self.model.kind, name]), name

    @override
    def read(self, call: Call) -> ReadResult:
        """An import may name another place: `NAME,WORKSPACE` or `NAME,ACCOUNT/WORKSPACE`, of the account's own kinds
        `NAME,ACCOUNT`, by UUIDs."""
        id, place = self.placed(call.id)
        found = replace(call, id=id, outputs={**call.outputs, **place})
        return self.result(found, self.get(id, unwrap({**found.inputs, **found.outputs})))

    def placed(self, id: str) -> tuple[str, dict[str, str]]:
        """The object's own id, and the place that is named beside it."""
        own, _, last = id.rpartition(",")
        parts = last.split("/")
        wires = [wire for wire in ("accountId", "workspaceId") if self.model.field(wire) is not None][-len(parts) :]
        if not own or len(parts) != len(wires) or not all(is_uuid(part) for part in parts):
            return id, {}
        return own, dict(zip(wires, parts, strict=True))

    @override
    def read_many(self, calls: Sequence[Call]) -> list[ReadResult]:
        """Those elsewhere than at the stack's address are read one by one."""
        here = [call for call in calls if not any(unwrap(call.outputs.get(wire)) for wire in PLACE)]
        answers = {id(call): answer for call, answer in zip(here, super().read_many(here), strict=True)}
        return [answers[id(call)] if id(call) in answers else self.read(call) for call in calls]

    def rows(self, known: Mapping[str, Any]) -> list[Json]:
        """All objects of this kind in the place that `known` names."""
        return self.connection.client().paged(self.route(self.routes.listed, known), dict(self.list_body))

    @override
    def everything(self, where: Mapping[str, Any] | None = None) -> list[Json]:
        return self.rows({})

    @override
    def get(self, id: str, known: Json) -> Json | None:
        return self.by_id(id, known) if is_uuid(id) else self.find({**known, **self.parsed(id)})

    @override
    def by_id(self, id: str, known: Json) -> Json | None:
        return self.fetch(self.routes.by_id, {**known, "id": id})

    @override
    def parsed(self, id: str) -> Json:
        return {self.routes.name_parts[0]: id} if len(self.routes.name_parts) == 1 else super().parsed(id)

    def is_named(self, row: Json, known: Mapping[str, Any]) -> bool:
        """Whether an object has the name that inputs give."""
        (part,) = self.routes.name_parts
        return bool(row[self.api_name(part)] == known.get(part))

    @override
    def find(self, known: Mapping[str, Any]) -> Json | None:
        rows = [row for row in self.rows(known) if self.is_named(row, known)]
        if len(rows) > 1:
            raise ProviderError(
                f"several objects of kind {self.model.kind} have the name '{self.human_id(known)}'",
                remedy=f"give the UUID of one: {', '.join(str(row['id']) for row in rows[:3])}, ...",
            )
        return rows[0] if rows else None

    @override
    def update(self, call: Call) -> dict[str, Any]:
        """What only the state keeps is no reason for a request."""
        kept = {spec.wire: call.news.get(spec.wire, spec.default) for spec in self.model.inputs()}
        return super().update(
            replace(call, outputs={**call.outputs, **{wire: kept[wire] for wire in self.local if wire in kept}})
        )

    @override
    def body(self, plain: Json) -> Json:
        return super().body({wire: value for wire, value in plain.items() if wire not in self.local})

    @override
    def draft(self, known: Json, changed: Collection[str] | None = None) -> Json:
        names = known if changed is None else changed
        return self.body({wire: known[wire] for wire in names})

    @override
    def patch(self, changed: Collection[str], plain: Json) -> Any:
        """With PUT the whole object, else what changed."""
        if self.change_method == "PUT":
            return self.body({spec.wire: _or_default(plain.get(spec.wire), spec) for spec in self.model.inputs()})
        return self.body({wire: plain[wire] for wire in changed})

    @override
    def answer(self, row: Json, wanted: Props) -> Json:
        return {**super().answer(row, wanted), **{wire: unwrap(wanted.get(wire)) for wire in self.local}}


class WholeListHandler(CloudHandler):
    """A list that an object has, which an update writes as a whole. Its id is the object's."""

    @override
    def find(self, known: Mapping[str, Any]) -> Json | None:
        (target,) = self.routes.name_parts
        return self.get(str(known[target]), dict(known))

    @override
    def read_many(self, calls: Sequence[Call]) -> list[ReadResult]:
        return [self.read(call) for call in calls]

    @override
    def existing(self, call: Call) -> str:
        """None is taken over: there is one, though it be empty."""
        return ""

    @override
    def recover(self, call: Call) -> ReadResult | None:
        return None

    @override
    def draft(self, known: Json, changed: Collection[str] | None = None) -> Json:
        return {}

    def target_id(self, id: str, known: Json) -> str:
        """Of an import by the object's name: `flow/deployment`, or `slug/name` of a block. "" for none."""
        if is_uuid(id) or not self.routes.find:
            return id
        first, _, last = id.partition("/")
        row = self.fetch(self.routes.find, {**known, "first": first, "last": last})
        return "" if row is None else str(row["id"])


class TeamHandler(CloudHandler):
    """Teams: written as a whole, with the directory's group that they have already."""

    change_method, patches = "PUT", False

    @override
    def patch(self, changed: Collection[str], plain: Json) -> Json:
        return {**super().patch(changed, plain), "workos_directory_group_id": plain.get("directoryGroupId")}


class RoleHandler(CloudHandler):
    """Roles: their scopes are those that Cloud lists (`GET /api/workspace_scopes`)."""

    def __init__(self, routes: Routes, connection: Connection, directory: Directory) -> None:
        super().__init__(routes, connection, directory)
        self._lock = threading.Lock()
        self._scopes: frozenset[str] | None = None

    @override
    def faults(self, values: Props) -> list[Fault]:
        faults = super().faults(values)
        if faults or not values.get("scopes") or not self.connection.known:
            return faults
        known = self._known_scopes()
        unknown = [scope for scope in values["scopes"] if known and scope not in known]
        return [Fault("scopes", f"Prefect Cloud has no scope {scope!r}") for scope in unknown]

    def _known_scopes(self) -> frozenset[str]:
        """Empty where Cloud does not list them."""
        with self._lock:
            if self._scopes is None:
                root = self.connection.api_url.partition("/accounts/")[0]
                try:
                    rows = self.connection.client().request("GET", f"{root}/workspace_scopes")
                except ApiError:
                    rows = []
                self._scopes = frozenset(str(row["name"]) for row in rows)
            return self._scopes


class RotatingHandler(CloudHandler):
    """An object with a secret that Cloud makes. `rotating` are inputs whose change makes a new one, `issued` the
    outputs that change with it."""

    rotating: frozenset[str] = frozenset({"keepers"})
    issued: tuple[str, ...] = ()

    def is_due(self, call: Call) -> bool:
        return not self.rotating.isdisjoint(changed_fields(self.model, call))

    def rotation(self, plain: Json) -> tuple[str, Json | None]:
        """Last part of the route, and the payload."""
        raise NotImplementedError

    @override
    def preview(self, call: Call) -> dict[str, Any]:
        outputs = super().preview(call)
        return outputs | dict.fromkeys(self.issued, UNKNOWN) if call.id and self.is_due(call) else outputs

    @override
    def update(self, call: Call) -> dict[str, Any]:
        """The secret last: what a rotation issued is not read again."""
        due = self.is_due(call)
        kept = {wire: call.news.get(wire) for wire in self.rotating}
        outputs = super().update(replace(call, outputs={**call.outputs, **kept}))
        return self.rotated(replace(call, outputs=outputs)) if due else outputs

    def rotated(self, call: Call) -> dict[str, Any]:
        plain = unwrap({**call.outputs, **call.news})
        last, body = self.rotation(plain)
        try:
            row = self.connection.client().request(
                "POST", f"{self.route(self.routes.item, {**plain, 'id': call.id})}/{last}", json=body
            )
        except NotFoundError as error:
            raise self.gone(plain) from error
        return self.outputs(row, {**call.outputs, **call.news})


class WebhookHandler(RotatingHandler):
    """Webhooks: the last part of the URL is the secret."""

    change_method, patches = "PUT", False
    local = PLACE | {"keepers"}
    issued = ("url",)

    @override
    def rotation(self, plain: Json) -> tuple[str, Json | None]:
        return "rotate", None

    @override
    def answer(self, row: Json, wanted: Props) -> Json:
        root = self.connection.api_url.partition("/api/")[0]
        return {**super().answer(row, wanted), "url": f"{root}/hooks/{row['slug']}"}


class ServiceAccountHandler(RotatingHandler):
    """Service accounts: only the answers to a creation and a rotation have the key."""

    local = PLACE | {"keepers", "oldKeySeconds"}
    rotating = frozenset({"keepers", "apiKeyExpiration"})
    issued = ("apiKey", "apiKeyId")

    @override
    def removal(self, call: Call) -> dict[str, DiffKind]:
        return {"apiKey": DiffKind.UPDATE} if unwrap(call.outputs.get("keyLost")) else {}

    @override
    def is_due(self, call: Call) -> bool:
        return bool(self.removal(call)) or super().is_due(call)

    @override
    def rotation(self, plain: Json) -> tuple[str, Json | None]:
        body = {"old_key_expires_in_seconds": plain.get("oldKeySeconds") or 0}
        expiration = plain.get("apiKeyExpiration")
        return "rotate_api_key", {**body, **({"api_key_expiration": expiration} if expiration else {})}

    @override
    def create(self, call: Call) -> tuple[str, dict[str, Any]]:
        """One that was found after a lost answer gets another key: nobody knows the first."""
        id, outputs = super().create(call)
        if "apiKey" not in outputs:
            outputs = self.rotated(replace(call, id=id, outputs=outputs))
        return id, outputs

    @override
    def recover(self, call: Call) -> ReadResult | None:
        found = super().recover(call)
        return None if found is None else ReadResult(found.id, found.inputs, {**found.outputs, "keyLost": True})

    @override
    def answer(self, row: Json, wanted: Props) -> Json:
        key, known = row["api_key"], unwrap(wanted.get("apiKeyId"))
        same_key = key.get("id") == known
        value = key.get("key") or (unwrap(wanted.get("apiKey")) if same_key else None)
        lost = value is None and ((bool(known) and not same_key) or bool(unwrap(wanted.get("keyLost"))))
        return {
            **super().answer(row, wanted),
            "accountRoleId": unwrap(wanted.get("accountRoleId")),
            "apiKeyExpiration": as_asked(key.get("expiration"), unwrap(wanted.get("apiKeyExpiration"))),
            "apiKey": value,
            "apiKeyId": key.get("id"),
            "keyLost": lost,
        }


def _or_default(value: Any, spec: FieldSpec) -> Any:
    return spec.default if value is None else value


def as_asked(live: str | None, declared: str | None) -> str | None:
    """The program's own spelling of the same moment."""
    if live is None or declared is None:
        return live
    return declared if datetime.fromisoformat(live) == datetime.fromisoformat(declared) else live
