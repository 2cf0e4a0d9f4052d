"""The part of the stand-in that is no plain collection: who is in the account, who has access, what Cloud watches."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_DNS, uuid4, uuid5

from tests.support.cloud.contract import Contract, Json, Route

Answer = tuple[int, Any]
GONE: Answer = (404, {"detail": "Not Found"})
EVERYONE = {"id": "*", "name": "*", "email": None, "type": "*"}
ACCOUNT_ROLES = ("Admin", "Member")
WORKSPACE_ROLES = ("Owner", "Developer", "Runner", "Viewer", "Worker")


def fixed(name: str) -> str:
    """The same UUID for a name in every run."""
    return str(uuid5(NAMESPACE_DNS, name))


def now() -> str:
    return datetime.now(UTC).isoformat()


def _member(handle: str, first: str, role: str) -> Json:
    return {
        "id": fixed(f"membership {handle}"),
        "actor_id": fixed(f"actor {handle}"),
        "user_id": fixed(f"user {handle}"),
        "first_name": first,
        "last_name": "Example",
        "handle": handle,
        "email": f"{handle}@example.com",
        "account_role_name": role,
        "account_role_id": fixed(f"account role {role}"),
        "last_login": None,
        "active": True,
    }


class AccountStandIn:
    """`bots` and `teams` give the rows of the collections that others keep, by UUID, for a place."""

    def __init__(
        self,
        contract: Contract,
        account: str,
        bots: Callable[[], dict[str, Json]],
        teams: Callable[[], dict[str, Json]],
    ) -> None:
        self._contract, self._bots, self._teams = contract, bots, teams
        self.members = {row["id"]: row for row in (_member("ada", "Ada", "Admin"), _member("bob", "Bob", "Member"))}
        self.access: dict[tuple[str, str], dict[str, Json]] = {}
        """Workspace and type -> rows by UUID."""
        self.lists: dict[str, Json] = {}
        """`/deployments/UUID` -> its access list."""
        self.slas: dict[str, list[Json]] = {}
        self.managed: dict[str, Json] = {}
        self.user_keys: dict[str, dict[str, Json]] = {}
        """UUID of a user -> that user's keys by UUID; only a creation tells the key itself."""
        self.account: Json = {"id": account, "name": "Acme", "handle": "acme", "plan_tier": "PRO", "created": now()}
        self.settings: Json = {"allow_public_workspaces": False, "managed_execution": True}

    def answer(self, route: Route, sent: Any, workspace: str) -> Answer | None:
        """None for a route that it does not play."""
        method, _, template = route.key.partition(" ")
        place = template.removeprefix("/api/accounts/{account_id}")
        status = int(next(iter(route.facts["answers"])))
        for prefix, play in (
            ("/account_memberships/", self._memberships),
            ("/account_roles/", self._account_roles),
            ("/slas/", self._agreements),
            ("/automations/managed/", self._managed),
        ):
            if place.startswith(prefix):
                return play(method, place, route.parameters, sent, status)
        if template.startswith("/api/users/"):
            return self._user_keys(method, route.parameters, sent, status)
        if place in ("", "/settings") and template != place:
            return self._account(method, place, sent, status)
        if place.startswith(("/user_access/", "/bot_access/", "/team_access/")):
            return self._accesses(method, place, route.parameters, sent, status, workspace)
        if place.endswith("/access"):
            return self._list(method, place, route.parameters, sent, status)
        if place.startswith("/teams/") and "/members" in place:
            return self._team_members(method, route.parameters, sent, status)
        return None

    def _memberships(self, method: str, place: str, parts: Any, sent: Any, status: int) -> Answer:
        if place.endswith("/filter"):
            return status, list(self.members.values())
        if parts["id"] not in self.members:
            return GONE
        row = self.members[parts["id"]]
        row |= sent
        if "account_role_id" in sent:
            names = {fixed(f"account role {role}"): role for role in ACCOUNT_ROLES}
            row["account_role_name"] = names[sent["account_role_id"]]
        return status, None

    def _user_keys(self, method: str, parts: Any, sent: Any, status: int) -> Answer:
        if parts["id"] not in {row["user_id"] for row in self.members.values()}:
            return GONE
        keys = self.user_keys.setdefault(parts["id"], {})
        if method == "POST":
            row = {"id": str(uuid4()), "name": sent["name"], "expiration": sent.get("expiration"), "created": now()}
            keys[row["id"]] = {**row, "masked_key": "pnu_..."}
            return status, {**row, "key": f"pnu_{uuid4().hex}"}
        if "api_key_id" not in parts:
            return status, list(keys.values())
        if parts["api_key_id"] not in keys:
            return GONE
        if method == "DELETE":
            del keys[parts["api_key_id"]]
            return status, None
        return status, keys[parts["api_key_id"]]

    def _account_roles(self, method: str, place: str, parts: Any, sent: Any, status: int) -> Answer:
        rows = [{"id": fixed(f"account role {r}"), "name": r, "permissions": ["read:account"]} for r in ACCOUNT_ROLES]
        if place.endswith("/filter"):
            return status, rows
        row = next((row for row in rows if row["id"] == parts["id"]), None)
        return GONE if row is None else (status, row)

    def _account(self, method: str, place: str, sent: Any, status: int) -> Answer:
        if method == "PATCH":
            (self.settings if place else self.account).update(sent)
            return status, None
        needed = {"plan_type": "ENTERPRISE", "scim_state": "DISABLED", "sso_state": "DISABLED"}
        days = {"run_retention_days": 30, "audit_log_retention_days": 30}
        limits = dict.fromkeys(("work_pool_limit", "mex_work_pool_limit", "automations_limit"), 10)
        row = {**needed, **days, **limits, **self.account, "settings": self.settings}
        return status, self.settings if place else row

    def _accesses(self, method: str, place: str, parts: Any, sent: Any, status: int, workspace: str) -> Answer:
        kind = place.split("_")[0].strip("/")
        rows = self.access.setdefault((workspace, kind), {})
        key = f"{kind}_id"
        if place.endswith("/filter"):
            return status, list(rows.values())
        if place.endswith("_access/"):
            given = sent if isinstance(sent, list) else [sent]
            made = [self._granted(rows, kind, key, item, workspace) for item in given]
            return status, made if isinstance(sent, list) else made[0]
        id = parts.get("id") or next((id for id, row in rows.items() if row[key] == parts.get("team_id")), "")
        if id not in rows:
            return GONE
        return status, rows.pop(id) if method == "DELETE" else rows[id]

    def _granted(self, rows: dict[str, Json], kind: str, key: str, item: Json, workspace: str) -> Json:
        row = next((row for row in rows.values() if row[key] == item[key]), None)
        if row is None:
            row = {"id": str(uuid4()), "created": now(), "workspace_id": workspace}
            rows[row["id"]] = row
        row |= item
        if kind == "user":
            user = next(member for member in self.members.values() if member["user_id"] == item[key])
            row |= {name: user[name] for name in ("actor_id", "first_name", "last_name", "email", "handle")}
        elif kind == "bot":
            bot = self._bots()[item[key]]
            row |= {"actor_id": bot["actor_id"], "bot_name": bot["name"]}
        else:
            row |= {"team_name": self._teams()[item[key]]["name"]}
        return row

    def _list(self, method: str, place: str, parts: Any, sent: Any, status: int) -> Answer:
        key = place.replace("{id}", parts.get("id", "")).replace("{name}", parts.get("name", ""))
        names = ("manage", "view") if "/block_documents/" in place else ("manage", "run", "view")
        known = self.lists.setdefault(key, {f"{name}_actors": [EVERYONE] for name in names})
        if method == "GET":
            return status, known
        control = sent["access_control"]
        for name in names:
            actors = [self._actor(id) for id in control[f"{name}_actor_ids"]]
            teams = [self._teams()[id] for id in control.get(f"{name}_team_ids", ())]
            known[f"{name}_actors"] = [
                *actors,
                *({"id": team["id"], "name": team["name"], "email": None, "type": "team"} for team in teams),
            ]
        return status, None

    def _actor(self, id: str) -> Json:
        if id == "*":
            return EVERYONE
        for member in self.members.values():
            if member["actor_id"] == id:
                return {"id": id, "name": member["handle"], "email": member["email"], "type": "user"}
        bot = next(bot for bot in self._bots().values() if bot["actor_id"] == id)
        return {"id": id, "name": bot["name"], "email": None, "type": "service_account"}

    def _team_members(self, method: str, parts: Any, sent: Any, status: int) -> Answer:
        team = self._teams().get(parts.get("id") or parts["team_id"])
        if team is None:
            return GONE
        members: list[Json] = team.setdefault("memberships", [])
        if method == "DELETE":
            kept = [member for member in members if member["id"] != parts["actor_id"]]
            if len(kept) == len(members):
                return GONE
            team["memberships"] = kept
            return status, None
        for item in sent["members"]:
            users = {row["user_id"]: row["actor_id"] for row in self.members.values()}
            actor = users.get(item["member_id"]) or self._bots()[item["member_id"]]["actor_id"]
            members.append({**self._actor(actor), "handle": self._actor(actor)["name"]})
        return status, None

    def _agreements(self, method: str, place: str, parts: Any, sent: Any, status: int) -> Answer | None:
        if place.startswith("/slas/by-owner/"):
            first = sent.get("offset", 0)
            return status, self.slas.get(parts["owner_resource"], [])[first : first + sent.get("limit", 200)]
        if not place.startswith("/slas/apply-resource-slas/"):
            return None
        rows = [self._agreement(item) for item in sent]
        before, self.slas[parts["resource_id"]] = self.slas.get(parts["resource_id"], []), rows
        names = [row["name"] for row in rows]
        return status, {"created": rows, "updated": [], "deleted": [r for r in before if r["name"] not in names]}

    def _agreement(self, item: Json) -> Json:
        forms = {"duration": "TimeToCompletionSla", "stale_after": "FrequencySla", "within": "LatenessSla"}
        form = next(name for name in forms if name in item)
        event = "expected_event" in item
        trigger = {
            "type": "event",
            "posture": "Proactive",
            "expect": [item["expected_event"]] if event else ["prefect.flow-run.Completed"],
            "match": item.get("resource_match", {}),
            "within": item[form],
        }
        return {
            "id": str(uuid4()),
            "created": now(),
            **{name: item[name] for name in ("name", "severity", "enabled") if name in item},
            "type": "FreshnessSla" if event else forms[form],
            "trigger": trigger,
            "actions": [],
            "account": self.account["id"],
            "workspace": fixed("workspace"),
        }

    def _managed(self, method: str, place: str, parts: Any, sent: Any, status: int) -> Answer:
        defaults = {"grace_seconds": 60}
        if place.endswith("/types"):
            schema = {"properties": {name: {"type": "integer"} for name in defaults}}
            about = {"name": "", "description": "", "defaults": defaults, "settings_schema": schema}
            return status, [{"type": type_, **about} for type_ in ("zombie-cleanup", "stuck-cancelling")]
        if method == "GET":
            return status, list(self.managed.values())
        type_ = parts["automation_type"]
        if method == "DELETE":
            return GONE if self.managed.pop(type_, None) is None else (status, None)
        made = self.managed.get(type_, {}).get("automation") or {
            **{"id": str(uuid4()), "name": type_, "created": now(), "account": self.account["id"]},
            **{"workspace": fixed("workspace"), "actions": [{"type": "do-nothing"}]},
            "trigger": {"type": "event", "posture": "Reactive", "expect": ["a"], "within": 0},
        }
        settings = {**defaults, **sent.get("settings", {})}
        self.managed[type_] = {
            "type": type_,
            "enabled": sent.get("enabled", True),
            "settings": settings,
            "automation": made,
        }
        return status, self.managed[type_]
