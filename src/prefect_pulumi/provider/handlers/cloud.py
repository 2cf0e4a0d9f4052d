"""Kinds that only Prefect Cloud has: some of a workspace, some of its account; secrets that Cloud gives once."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from typing_extensions import override

from prefect_pulumi.core.errors import ApiError, NotFoundError, ProviderError
from prefect_pulumi.core.provider_protocol import DiffKind, Props, ReadResult
from prefect_pulumi.core.values import UNKNOWN, unwrap
from prefect_pulumi.models import Fault, FieldSpec
from prefect_pulumi.provider.connection import Connection
from prefect_pulumi.provider.handlers.base import Call
from prefect_pulumi.provider.handlers.diff import changed_fields
from prefect_pulumi.provider.handlers.rest import Json, RestHandler, is_uuid
from prefect_pulumi.provider.handlers.routes import Routes


class CloudHandler(RestHandler):
    """A kind of Prefect Cloud. Its routes are below the workspace or the account; lists are searched for a name."""

    local: frozenset[str] = frozenset()
    """Properties that are kept in the state alone."""

    @property
    def refusal(self) -> str:
        """Why the server has nothing of this kind; "" for Prefect Cloud."""
        url = self.connection.api_url
        if not url or self.connection.cloud:
            return ""
        return f"{self.model.kind} exists on Prefect Cloud only, and {url} is a self-hosted server"

    @override
    def faults(self, values: Props) -> list[Fault]:
        return [Fault("", self.refusal)] if self.refusal else []

    @override
    def route(self, template: str, values: Mapping[str, Any]) -> str:
        path = super().route(template, values)
        if not self.routes.of_account:
            return path
        return self.connection.api_url.partition("/workspaces/")[0] + path

    @override
    def name_on_server(self, inputs: Props) -> tuple[str, str]:
        name = unwrap(inputs.get("name"))
        return (f"{self.routes.collection}{name}", name) if isinstance(name, str) else ("", "")

    @override
    def get(self, id: str, known: Json) -> Json | None:
        return self.by_id(id, known) if is_uuid(id) else self.find({"name": id})

    @override
    def find(self, known: Mapping[str, Any]) -> Json | None:
        rows = [row for row in self.everything() if row["name"] == known.get("name")]
        if len(rows) > 1:
            raise ProviderError(
                f"several objects of kind {self.model.kind} have the name '{known['name']}'",
                remedy=f"give the UUID of one: {', '.join(str(row['id']) for row in rows[:3])}, ...",
            )
        return rows[0] if rows else None

    @override
    def body(self, plain: Json) -> Json:
        return super().body({wire: value for wire, value in plain.items() if wire not in self.local})

    @override
    def draft(self, known: Json, changed: Collection[str] | None = None) -> Json:
        names = known if changed is None else changed
        return self.body({wire: known[wire] for wire in names})

    @override
    def patch(self, changed: Collection[str], plain: Json) -> Json:
        """With PUT the whole object, else what changed."""
        if self.change_method == "PUT":
            return self.body({spec.wire: _or_default(plain.get(spec.wire), spec) for spec in self.model.inputs()})
        return self.body({wire: plain[wire] for wire in changed})

    @override
    def answer(self, row: Json, wanted: Props) -> Json:
        return {**super().answer(row, wanted), **{wire: unwrap(wanted.get(wire)) for wire in self.local}}


class TeamHandler(CloudHandler):
    """Teams: written as a whole, with the directory's group that they have already."""

    change_method, patches = "PUT", False

    @override
    def patch(self, changed: Collection[str], plain: Json) -> Json:
        return {**super().patch(changed, plain), "workos_directory_group_id": plain.get("directoryGroupId")}


class RoleHandler(CloudHandler):
    """Roles: their scopes are those that Cloud lists (`GET /api/workspace_scopes`)."""

    def __init__(self, routes: Routes, connection: Connection) -> None:
        super().__init__(routes, connection)
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
        kept = {wire: call.news.get(wire) for wire in self.rotating | self.local}
        outputs = super().update(replace(call, outputs={**call.outputs, **kept}))
        return self.rotated(replace(call, outputs=outputs)) if due else outputs

    def rotated(self, call: Call) -> dict[str, Any]:
        plain = unwrap({**call.outputs, **call.news})
        last, body = self.rotation(plain)
        try:
            row = self.connection.client().request(
                "POST", f"{self.route(self.routes.item, {'id': call.id})}/{last}", json=body
            )
        except NotFoundError as error:
            raise self.gone(plain) from error
        return self.outputs(row, {**call.outputs, **call.news})


class WebhookHandler(RotatingHandler):
    """Webhooks: the last part of the URL is the secret."""

    change_method, patches = "PUT", False
    local = frozenset({"keepers"})
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

    local = frozenset({"keepers", "oldKeySeconds"})
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
            "apiKeyExpiration": _as_asked(key.get("expiration"), unwrap(wanted.get("apiKeyExpiration"))),
            "apiKey": value,
            "apiKeyId": key.get("id"),
            "keyLost": lost,
        }


def _or_default(value: Any, spec: FieldSpec) -> Any:
    return spec.default if value is None else value


def _as_asked(live: str | None, declared: str | None) -> str | None:
    """The program's own spelling of the same moment."""
    if live is None or declared is None:
        return live
    return declared if datetime.fromisoformat(live) == datetime.fromisoformat(declared) else live
