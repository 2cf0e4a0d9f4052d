"""A store for what only Prefect Cloud has, made of its contract: it shows requests, shapes, secrets and lifecycles.

It proves nothing of permissions, plans, the server's own defaults or the uniqueness of names.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from tests.support.cloud.account import WORKSPACE_ROLES, AccountStandIn, Answer, fixed
from tests.support.cloud.contract import Contract, Json, Route

SCOPES = ("see_flows", "run_flows", "manage_deployments", "see_variables", "write_variables")

SCOPE: Json = {"title": "A scope", "feature_group": "flows", "see_scope": None}


class StandIn:
    """`rows`: collection (`/webhooks/`) -> UUID -> object, as Cloud keeps it. `context`: the ids of account and
    workspace, by the names that answers give them."""

    def __init__(self, contract: Contract, context: Json) -> None:
        self._contract, self._context = contract, context
        self.rows: dict[str, dict[str, Json]] = {}
        self.keys: dict[str, str] = {}
        """UUID of a service account's key -> the key, which only its creation tells."""
        self.account = AccountStandIn(
            contract, context["account_id"], lambda: self._rows_of("bots"), lambda: self._rows_of("teams")
        )

    def _rows_of(self, name: str) -> dict[str, Json]:
        return {id: row for key, rows in self.rows.items() if key.endswith(f"/{name}/") for id, row in rows.items()}

    def answer(self, route: Route, sent: Any, place: Json) -> Answer | None:
        """None for a route that it does not play. `place`: ids of another account or workspace than the stack's."""
        played = self.account.answer(route, sent, place.get("workspace_id", self._context["workspace_id"]))
        if played is not None:
            status, value = played
            schema = route.answer(status) or {}
            if isinstance(value, list):
                value = [self._shaped(schema.get("items", {}), row) for row in value]
            return status, value
        method, _, template = route.key.partition(" ")
        if route.key == "GET /api/workspace_scopes":
            return 200, [SCOPE | {"name": name} for name in SCOPES]
        collection, item = template.rpartition("/")[0] + "/", template.rpartition("/")[2]
        if item in ("rotate", "rotate_api_key"):
            collection = collection.rpartition("/{")[0] + "/"
        if not any(collection.endswith(f"/{name}/") for name in QUIRKS):
            return None
        status = int(next(iter(route.facts["answers"])))
        schema = route.answer(status) or {}
        rows = self.rows.setdefault("/".join([*place.values(), collection]), {})
        if method == "POST" and not item:
            row = self._created(collection, sent)
            rows[row["id"]] = row
            return status, self._shaped(schema, row, tells=True)
        if item == "filter":
            first, last = (sent or {}).get("offset", 0), (sent or {}).get("limit", 200)
            found = [*rows.values(), *(BUILT_IN if collection.endswith("/workspace_roles/") else ())]
            return status, [self._shaped(schema["items"], row) for row in found[first : first + last]]
        names = ("id", "webhook_id", "workspace_id")
        id = next(route.parameters[name] for name in names if name in route.parameters)
        if id not in rows:
            return 404, {"detail": "Not Found"}
        if item in ("rotate", "rotate_api_key"):
            self._rotate(collection, rows[id], sent or {})
            return status, self._shaped(schema, rows[id], tells=True)
        if method == "DELETE":
            del rows[id]
        elif method in ("PATCH", "PUT"):
            rows[id] |= {**sent, "updated": _now()}
        return status, self._shaped(schema, rows[id]) if schema else None

    def _created(self, collection: str, sent: Json) -> Json:
        now = _now()
        row: Json = {**sent, "id": str(uuid4()), "created": now, "updated": now}
        self._rotate(collection, row, sent)
        return row

    def _rotate(self, collection: str, row: Json, sent: Json) -> None:
        QUIRKS[collection.rstrip("/").rpartition("/")[2]](self, row, sent)

    def _shaped(self, schema: Json, row: Json, tells: bool = False) -> Json:
        """The object in the form of an answer; with `tells` that of a creation, which has the key."""
        fields = self._contract.fields(schema)
        shaped = {name: row[name] for name in fields if name in row}
        shaped |= {name: value for name, value in self._context.items() if name in fields}
        needed = self._contract.resolved(schema).get("required", ())
        for name, inner in fields.items():
            resolved = self._contract.resolved(inner)
            if name not in shaped and (name in needed or "default" in resolved):
                shaped[name] = resolved.get("default")
        if "api_key" in shaped:
            key = dict(shaped["api_key"])
            shaped["api_key"] = key | ({"key": self.keys[key["id"]]} if tells else {"masked_key": "pnb_..."})
        return shaped

    def new_slug(self, row: Json, _: Json) -> None:
        row["slug"] = secrets.token_urlsafe(12)

    def new_key(self, row: Json, sent: Json) -> None:
        id = str(uuid4())
        self.keys[id] = f"pnb_{secrets.token_hex(18)}"
        row.pop("api_key_expiration", None)
        row |= {"actor_id": row.get("actor_id", str(uuid4())), "account_role_name": "Member"}
        expiration = sent.get("api_key_expiration")
        row["api_key"] = {"id": id, "name": row["name"], "created": _now(), "expiration": expiration}

    def nothing(self, row: Json, sent: Json) -> None:
        """It has no secret."""


BUILT_IN = tuple({"id": fixed(f"workspace role {name}"), "name": name, "scopes": []} for name in WORKSPACE_ROLES)
"""Roles that every account has."""

QUIRKS: dict[str, Callable[[StandIn, Json, Json], None]] = {
    "webhooks": StandIn.new_slug,
    "teams": StandIn.nothing,
    "workspace_roles": StandIn.nothing,
    "workspaces": StandIn.nothing,
    "bots": StandIn.new_key,
}
"""What it plays -> what gives such an object a new secret."""


def _now() -> str:
    return datetime.now(UTC).isoformat()
