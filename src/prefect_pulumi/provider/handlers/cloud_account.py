"""An account on Prefect Cloud: its workspaces, what is imported and never created or deleted, and what is only read."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from typing_extensions import override

from prefect_pulumi.core.errors import NotFoundError, ProviderError
from prefect_pulumi.core.provider_protocol import DiffKind, DiffResult, Props, ReadResult
from prefect_pulumi.core.values import unwrap
from prefect_pulumi.provider.handlers.base import Call, logical_name
from prefect_pulumi.provider.handlers.cloud import PLACE, CloudHandler, as_asked
from prefect_pulumi.provider.handlers.cloud_access import ListedHandler
from prefect_pulumi.provider.handlers.cloud_directory import Entry, person_names
from prefect_pulumi.provider.handlers.diff import changed_fields
from prefect_pulumi.provider.handlers.rest import Json, is_uuid


class WorkspaceHandler(CloudHandler):
    """Workspaces, with a switch in the state that keeps them from being deleted."""

    local = PLACE | {"deletionProtection"}

    @override
    def body(self, plain: Json) -> Json:
        """A create takes no role; the update after it does."""
        return {name: value for name, value in super().body(plain).items() if name != "default_workspace_role_id"}

    @override
    def patch(self, changed: Collection[str], plain: Json) -> Json:
        role = {"default_workspace_role_id": plain.get("defaultWorkspaceRoleId")}
        return {**super().patch(changed, plain), **(role if "defaultWorkspaceRoleId" in changed else {})}

    @override
    def create(self, call: Call) -> tuple[str, dict[str, Any]]:
        id, outputs = super().create(call)
        if unwrap(call.news.get("defaultWorkspaceRoleId")):
            outputs = self.update(Call(call.urn, id, call.news, outputs, call.news))
        return id, outputs

    @override
    def delete(self, call: Call) -> None:
        if unwrap(call.outputs.get("deletionProtection")) is not False:
            raise ProviderError(
                f"the workspace '{unwrap(call.outputs.get('handle'))}' is protected, and all that is in it",
                where=call.urn,
                remedy="set its deletion_protection to False, run `infra up`, and delete it then; or take it out of "
                f"the state alone with `infra state delete {logical_name(call.urn)}`",
            )
        super().delete(call)


class ImportOnlyHandler(CloudHandler):
    """What exists without the program: it is taken over, and left as it is."""

    def refused(self, call: Call) -> ProviderError:
        human = self.human_id(unwrap(dict(call.news)))
        stack = call.urn.split(":")[2] if call.urn.startswith("urn:pulumi:") else "dev"
        command = f"infra import {self.model.kind} {human} --name {logical_name(call.urn)} -s {stack}"
        return ProviderError(
            f"the {self.noun} '{human}' cannot be created: Prefect Cloud has it already, or invites it",
            where=call.urn,
            remedy=f"take it over with `{command}`, or with `infra up -s {stack} --adopt`",
        )

    @override
    def preview(self, call: Call) -> dict[str, Any]:
        if not call.id:
            raise self.refused(call)
        return super().preview(call)

    @override
    def create(self, call: Call) -> tuple[str, dict[str, Any]]:
        raise self.refused(call)

    @override
    def delete(self, call: Call) -> None:
        self.connection.warn(f"{self.noun} {call.id}: it stays as it is on Prefect Cloud")

    @override
    def draft(self, known: Json, changed: Collection[str] | None = None) -> Json:
        return {}


class AccountMemberHandler(ImportOnlyHandler, ListedHandler):
    """The membership of a user: one route for its role, one for whether it is active."""

    @override
    def rows(self, known: Mapping[str, Any]) -> list[Json]:
        rows = self.connection.client().paged(self.route(self.routes.listed, known), {"only_users": True})
        return [{**row, "id": str(row["id"]), "names": person_names(row)} for row in rows]

    @override
    def answer(self, row: Json, wanted: Props) -> Json:
        declared = unwrap({**wanted})
        roles = [row["account_role_name"], str(row["account_role_id"])]
        return {
            **{wire: declared.get(wire) for wire in self.local},
            "email": self.as_declared(row["names"], declared.get("email")),
            "role": self.as_declared(roles, declared.get("role")),
            "active": row["active"],
            "handle": row.get("handle"),
            "userId": row.get("user_id"),
            "actorId": row["actor_id"],
            "roleId": str(row["account_role_id"]),
        }

    @override
    def update(self, call: Call) -> dict[str, Any]:
        plain, changed = unwrap({**call.outputs, **call.news}), changed_fields(self.model, call)
        item = self.route(self.routes.item, {**plain, "id": call.id})
        client = self.connection.client()
        try:
            if "role" in changed:
                role = self.directory.entry(self.account(plain), "account_role", plain["role"])
                client.request("PATCH", item, json={"account_role_id": role.id})
            if "active" in changed:
                client.request("PATCH", f"{item}/active", json={"active": unwrap(changed["active"])})
        except NotFoundError as error:
            raise self.gone(plain) from error
        row = self.by_id(call.id, plain)
        if row is None:
            raise self.gone(plain)
        return self.outputs(row, {**call.outputs, **call.news})


SETTINGS = {
    "allowPublicWorkspaces": "allow_public_workspaces",
    "aiLogSummaries": "ai_log_summaries",
    "managedExecution": "managed_execution",
    "enforceIpAllowlist": "enforce_ip_allowlist",
    "enforceWebhookAuthentication": "enforce_webhook_authentication",
    "selfHealingEnabled": "self_healing_enabled",
}
"""Property of an account -> its name among the account's settings, which have a route of their own."""


class AccountHandler(ImportOnlyHandler):
    """The account in the stack's address, or the one that is named by its UUID."""

    @override
    def rows(self, known: Mapping[str, Any]) -> list[Json]:
        row = self.fetch("", known)
        return [] if row is None else [row]

    @override
    def by_id(self, id: str, known: Json) -> Json | None:
        return self.fetch("", {**known, "accountId": id})

    @override
    def find(self, known: Mapping[str, Any]) -> Json | None:
        handle = known.get("handle")
        return next((row for row in self.rows(known) if handle in (None, row["handle"], row["name"])), None)

    @override
    def many(self, ids: Any) -> dict[str, Json]:
        rows = [self.by_id(id, {}) for id in ids]
        return {str(row["id"]): row for row in rows if row is not None}

    @override
    def answer(self, row: Json, wanted: Props) -> Json:
        own = super().answer(row, wanted)
        settings = row.get("settings") or {}
        return {**own, **{wire: settings.get(name) for wire, name in SETTINGS.items()}}

    @override
    def update(self, call: Call) -> dict[str, Any]:
        plain, changed = unwrap({**call.outputs, **call.news}), unwrap(changed_fields(self.model, call))
        plain["accountId"] = call.id
        settings = {name: changed.pop(wire) for wire, name in SETTINGS.items() if wire in changed}
        own = {self.api_name(wire): value for wire, value in changed.items() if wire not in self.local}
        client = self.connection.client()
        try:
            if own:
                client.request("PATCH", self.route("", plain), json=own)
            if settings:
                client.request("PATCH", self.route("/settings", plain), json=settings)
        except NotFoundError as error:
            raise self.gone(plain) from error
        row = self.by_id(call.id, plain)
        if row is None:
            raise self.gone(plain)
        return self.outputs(row, {**call.outputs, **call.news})


class UserHandler(ListedHandler):
    """Users of the account, by the user's UUID. POST account_memberships/filter."""

    @override
    def rows(self, known: Mapping[str, Any]) -> list[Json]:
        rows = self.connection.client().paged(self.route(self.routes.listed, known), {"only_users": True})
        return [{**row, "id": str(row.get("user_id") or row["id"]), "names": person_names(row)} for row in rows]


class UserApiKeyHandler(CloudHandler):
    """Keys of users, made and deleted and never changed; only the answer to a creation has the key. The id is
    `USER/KEY`, by UUIDs."""

    local = PLACE | {"keepers"}

    def _keys(self, user: str) -> str:
        root = self.connection.api_url.partition("/accounts/")[0]
        return f"{root}/users/{user}/api_keys"

    def _users(self, known: Mapping[str, Any]) -> list[Entry]:
        return self.directory.matching(self.account(known), "user", str(known.get("user")))

    @override
    def rows(self, known: Mapping[str, Any]) -> list[Json]:
        """Those of the user that `known` names."""
        return [self._row(user, row) for user in self._ids(known) for row in self._listed(self._keys(user))]

    def _ids(self, known: Mapping[str, Any]) -> list[str]:
        return [entry.id for entry in self._users(known)]

    def _listed(self, route: str) -> list[Json]:
        try:
            rows: list[Json] = self.connection.client().request("GET", route)
        except NotFoundError:
            return []
        return rows

    def _row(self, user: str, row: Json) -> Json:
        return {**row, "id": f"{user}/{row['id']}", "user": user}

    @override
    def get(self, id: str, known: Json) -> Json | None:
        user, _, key = id.partition("/")
        if is_uuid(user) and is_uuid(key):
            return self.by_id(id, known)
        return self.find({**known, "user": user, "name": key})

    @override
    def by_id(self, id: str, known: Json) -> Json | None:
        user = id.partition("/")[0]
        return next((row for row in self.rows({**known, "user": user}) if row["id"] == id), None)

    @override
    def is_named(self, row: Json, known: Mapping[str, Any]) -> bool:
        return bool(row["name"] == known.get("name"))

    @override
    def everything(self, where: Mapping[str, Any] | None = None) -> list[Json]:
        users = {entry.id for entry in self.directory.entries(self.account({}), "user")}
        return [row for user in sorted(users) for row in self.rows({"user": user})]

    @override
    def read_many(self, calls: Sequence[Call]) -> list[ReadResult]:
        return [self.read(call) for call in calls]

    @override
    def existing(self, call: Call) -> str:
        """None is taken over: nobody could read it, and a name is no identity."""
        return ""

    @override
    def create(self, call: Call) -> tuple[str, dict[str, Any]]:
        plain = unwrap(dict(call.news))
        user = self.directory.entry(self.account(plain), "user", plain["user"])
        sent = {name: plain[name] for name in ("name", "expiration") if plain.get(name) is not None}
        row = self._row(user.id, self.connection.client().request("POST", self._keys(user.id), json=sent))
        return row["id"], self.outputs(row, call.news)

    @override
    def lost(self, call: Call, plain: Json) -> Json | None:
        """The newest of that name that no resource has."""
        rows = [row for row in self.rows(plain) if self.is_named(row, plain) and row["id"] not in call.held]
        return max(rows, key=lambda row: str(row["created"]), default=None)

    @override
    def recover(self, call: Call) -> ReadResult | None:
        """One whose creation was not answered is nobody's: the next update puts another in its place."""
        found = super().recover(call)
        return None if found is None else ReadResult(found.id, found.inputs, {**found.outputs, "keyLost": True})

    @override
    def diff(self, call: Call) -> DiffResult:
        """The old key is taken until the new one is everywhere."""
        return replace(super().diff(call), delete_before_replace=False)

    @override
    def removal(self, call: Call) -> dict[str, DiffKind]:
        return {"apiKey": DiffKind.UPDATE_REPLACE} if unwrap(call.outputs.get("keyLost")) else {}

    @override
    def delete(self, call: Call) -> None:
        user, _, key = call.id.partition("/")
        try:
            self.connection.client().request("DELETE", f"{self._keys(user)}/{key}")
        except NotFoundError:
            return

    @override
    def answer(self, row: Json, wanted: Props) -> Json:
        declared = unwrap({**wanted})
        names = [entry.known_as for entry in self._users({**declared, "user": row["user"]})] or [row["user"]]
        return {
            **{wire: declared.get(wire) for wire in self.local},
            "name": row["name"],
            "user": declared["user"] if "user" in declared and row["user"] in self._ids(declared) else names[0],
            "expiration": as_asked(row.get("expiration"), declared.get("expiration")),
            "apiKey": row.get("key") or declared.get("apiKey"),
            "userId": row["user"],
            "keyLost": bool(declared.get("keyLost")),
            "created": row.get("created"),
        }
