"""Who the key of the tests is in the proxy's Prefect Cloud: its workspaces, its scopes there, the account's plan."""

from __future__ import annotations

from typing import Any

from tests.support.cloud.contract import Contract, Json, Route

ACCOUNT = "0a1b2c3d-0000-4000-8000-00000000acc0"
WORKSPACE = "0a1b2c3d-0000-4000-8000-0000000000e5"
HANDLES = ("acme", "production")
ROW: Json = {
    "account_id": ACCOUNT,
    "account_name": "Acme",
    "account_handle": HANDLES[0],
    "workspace_id": WORKSPACE,
    "workspace_name": "Production",
    "workspace_description": "",
    "workspace_handle": HANDLES[1],
}


class Membership:
    """`scopes` of the key's role in the workspace, None: all. `limits`: of the account's plan, by the names of
    `GET /accounts/{id}/usage_limits`, those left out are none. `user`: whether the key is a user's. `counts`: route
    (`POST /work_pools/count`) -> its answer, in the place of the server's."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self.scopes: set[str] | None = None
        self.limits: Json = {}
        self.user = True
        self.counts: dict[str, int] = {}

    def lacking(self, route: Route) -> list[str]:
        """Scopes of the workspace that the route needs and the role has not."""
        needed = [scope for scope in route.facts.get("scopes", ()) if ":" not in scope]
        return [scope for scope in needed if self.scopes is not None and scope not in self.scopes]

    def answer(self, route: Route) -> tuple[int, Any] | None:
        """None for a route that is none of its own."""
        if route.key in self.counts:
            return 200, self.counts[route.key]
        match route.key:
            case "GET /api/me/" if not self.user:
                return 403, {"detail": "Forbidden"}
            case "GET /api/me/":
                return 200, self._filled("MeReadResponse", {"handle": "ada", "email": "ada@example.com"})
            case "GET /api/me/workspaces":
                return 200, [ROW]
            case "GET /api/me/workspaces/{workspace_id}/scopes":
                return 200, sorted(self.all_scopes if self.scopes is None else self.scopes)
            case "GET /api/accounts/{account_id}/usage_limits":
                return 200, self._filled("UsageLimitsResponse", {"user_limit": 1, "workspace_limit": 1, **self.limits})
        return None

    @property
    def all_scopes(self) -> set[str]:
        return {scope for facts in self._contract.routes.values() for scope in facts.get("scopes", ())}

    def _filled(self, name: str, values: Json) -> Json:
        schema = self._contract.schemas[name]
        needed = {field: _value(self._contract.resolved(schema["properties"][field])) for field in schema["required"]}
        return needed | values


def _value(schema: Json) -> Any:
    forms = [schema, *schema.get("anyOf", ())]
    if any(form.get("type") == "null" for form in forms):
        return None
    if schema.get("format") == "uuid":
        return ACCOUNT
    kinds = [form["type"] for form in forms if "type" in form]
    return {"string": "", "integer": 0, "number": 0, "boolean": False, "array": [], "object": {}}[kinds[0]]
