"""Who may do what on Prefect Cloud: roles in workspaces, members of teams, access lists that are written as a whole."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from typing_extensions import override

from prefect_pulumi.core.errors import NotFoundError, ProviderError
from prefect_pulumi.core.provider_protocol import Props
from prefect_pulumi.core.values import has_unknown, unwrap
from prefect_pulumi.models.cloud_access import EVERYONE
from prefect_pulumi.provider.connection import Connection
from prefect_pulumi.provider.handlers.base import Call
from prefect_pulumi.provider.handlers.cloud import CloudHandler, WholeListHandler
from prefect_pulumi.provider.handlers.cloud_directory import WORDS, Directory, Entry, person_names
from prefect_pulumi.provider.handlers.rest import Json, is_uuid
from prefect_pulumi.provider.handlers.routes import Routes


class ListedHandler(CloudHandler):
    """What Cloud gives in lists alone. A row has `id` and `names`, beside what the kind needs."""

    @override
    def by_id(self, id: str, known: Json) -> Json | None:
        return next((row for row in self.rows(known) if row["id"] == id), None)

    @override
    def many(self, ids: Sequence[str]) -> dict[str, Json]:
        return {row["id"]: row for row in self.rows({}) if row["id"] in set(ids)} if ids else {}

    @override
    def is_named(self, row: Json, known: Mapping[str, Any]) -> bool:
        return known.get(self.routes.name_parts[0]) in row["names"]

    def as_declared(self, row_names: Collection[str], declared: Any) -> str:
        """The program's own word for what is there, else the first name."""
        return str(declared) if declared in row_names else next(iter(row_names))


_ACCESS = {"user": "user_access", "service_account": "bot_access", "team": "team_access"}
_ACCESSOR = {"user": "user_id", "service_account": "bot_id", "team": "team_id"}


class WorkspaceAccessHandler(ListedHandler):
    """Each type of accessor has routes of its own; a team's access has no id but the team's."""

    @override
    def rows(self, known: Mapping[str, Any]) -> list[Json]:
        kinds = [known["accessorType"]] if known.get("accessorType") else list(_ACCESS)
        return [self._row(kind, row) for kind in kinds for row in self._listed(kind, known)]

    def _listed(self, kind: str, known: Mapping[str, Any]) -> list[Json]:
        return self.connection.client().paged(self.route(f"/{_ACCESS[kind]}/filter", known))

    def _row(self, kind: str, row: Json) -> Json:
        accessor = str(row[_ACCESSOR[kind]])
        names = person_names(row) if kind == "user" else [row["bot_name" if kind == "service_account" else "team_name"]]
        return {
            "id": accessor if kind == "team" else str(row["id"]),
            "type": kind,
            "accessor": accessor,
            "role": str(row["workspace_role_id"]),
            "names": [*names, accessor, str(row.get("actor_id") or accessor)],
            "created": row.get("created"),
        }

    @override
    def is_named(self, row: Json, known: Mapping[str, Any]) -> bool:
        return row["type"] == known.get("accessorType") and known.get("accessor") in row["names"]

    @override
    def answer(self, row: Json, wanted: Props) -> Json:
        account = self.account(unwrap({wire: wanted.get(wire) for wire in self.local}))
        roles = self.directory.matching(account, "workspace_role", row["role"])
        names = [*(entry.known_as for entry in roles), row["role"]]
        return {
            **{wire: unwrap(wanted.get(wire)) for wire in self.local},
            "accessorType": row["type"],
            "accessor": self.as_declared(row["names"], unwrap(wanted.get("accessor"))),
            "role": self.as_declared(names, unwrap(wanted.get("role"))),
            "accessorId": row["accessor"],
            "roleId": row["role"],
            "created": row["created"],
        }

    @override
    def draft(self, known: Json, changed: Collection[str] | None = None) -> Json:
        return {}

    @override
    def create(self, call: Call) -> tuple[str, dict[str, Any]]:
        plain = unwrap(dict(call.news))
        if self.find(plain) is not None:
            raise self.exists_already(call.urn, plain)
        self._grant(plain)
        return self._granted(call, plain)

    def _grant(self, plain: Json) -> None:
        """The same route gives a role and changes it."""
        kind, account = plain["accessorType"], self.account(plain)
        body = {
            _ACCESSOR[kind]: self.directory.entry(account, kind, plain["accessor"]).id,
            "workspace_role_id": self.directory.entry(account, "workspace_role", plain["role"]).id,
        }
        method, sent = ("PUT", [body]) if kind == "team" else ("POST", body)
        self.connection.client().request(method, self.route(f"/{_ACCESS[kind]}/", plain), json=sent, idempotent=True)

    def _granted(self, call: Call, plain: Json) -> tuple[str, dict[str, Any]]:
        row = self.find(plain)
        if row is None:
            raise self.gone(plain)
        return row["id"], self.outputs(row, {**call.outputs, **call.news})

    @override
    def update(self, call: Call) -> dict[str, Any]:
        plain = unwrap({**call.outputs, **call.news})
        if self.by_id(call.id, plain) is None:
            raise self.gone(plain)
        self._grant(plain)
        return self._granted(call, plain)[1]

    @override
    def delete(self, call: Call) -> None:
        plain = unwrap({**call.inputs, **call.outputs})
        route = self.route(f"/{_ACCESS[plain['accessorType']]}/{{id}}", {**plain, "id": call.id})
        try:
            self.connection.client().request("DELETE", route)
        except NotFoundError:
            return


class TeamMemberHandler(ListedHandler):
    """Lists name members by the actor; they are added by the user or service account. The id is `TEAM/ACTOR`."""

    @override
    def rows(self, known: Mapping[str, Any]) -> list[Json]:
        teams = self.connection.client().paged(self.route("/teams/filter", known))
        return [self._row(team, member) for team in teams for member in team.get("memberships") or ()]

    def _row(self, team: Json, member: Json) -> Json:
        names = [member["email"], member["handle"], member["name"]]
        names = [member["name"]] if member["type"] == "service_account" else [name for name in names if name]
        return {
            "id": f"{team['id']}/{member['id']}",
            "teams": [team["name"], str(team["id"])],
            "type": member["type"],
            "names": [*names, str(member["id"])],
            "actor": str(member["id"]),
        }

    @override
    def get(self, id: str, known: Json) -> Json | None:
        row = self.by_id(id, known)
        if row is not None or all(is_uuid(part) for part in id.split("/")):
            return row
        parsed = self.parsed(id)
        return next((row for row in self.rows(known) if self._is_meant(row, parsed)), None)

    def _is_meant(self, row: Json, known: Mapping[str, Any]) -> bool:
        return known.get("team") in row["teams"] and known.get("member") in row["names"]

    @override
    def is_named(self, row: Json, known: Mapping[str, Any]) -> bool:
        """A program may name the user or service account by the UUID, which lists of members do not have."""
        kind, member = known.get("memberType", "user"), str(known.get("member"))
        actors = {entry.actor for entry in self.directory.matching(self.account(known), kind, member)}
        return (
            row["type"] == kind
            and known.get("team") in row["teams"]
            and (member in row["names"] or row["actor"] in actors)
        )

    @override
    def answer(self, row: Json, wanted: Props) -> Json:
        declared = unwrap({**wanted})
        member = declared.get("member")
        same = self.is_named(row, {"team": row["teams"][0], **declared, "memberType": row["type"]})
        return {
            **{wire: declared.get(wire) for wire in self.local},
            "team": self.as_declared(row["teams"], declared.get("team")),
            "memberType": row["type"],
            "member": member if same else row["names"][0],
            "actorId": row["actor"],
        }

    @override
    def draft(self, known: Json, changed: Collection[str] | None = None) -> Json:
        return {}

    @override
    def create(self, call: Call) -> tuple[str, dict[str, Any]]:
        plain = unwrap(dict(call.news))
        if self.find(plain) is not None:
            raise self.exists_already(call.urn, plain)
        kind, account = plain.get("memberType", "user"), self.account(plain)
        team = self.directory.entry(account, "team", plain["team"])
        member = self.directory.entry(account, kind, plain["member"])
        self.connection.client().request(
            "PUT",
            self.route("/teams/{team}/members", {**plain, "team": team.id}),
            json={"members": [{"member_id": member.id, "member_type": kind}]},
        )
        row = self.by_id(f"{team.id}/{member.actor}", plain)
        if row is None:
            raise self.gone(plain)
        return row["id"], self.outputs(row, call.news)

    @override
    def delete(self, call: Call) -> None:
        team, _, actor = call.id.partition("/")
        route = self.route("/teams/{team}/members/{actor}", {**unwrap(call.outputs), "team": team, "actor": actor})
        try:
            self.connection.client().request("DELETE", route)
        except NotFoundError:
            return


LISTS = ("manage", "run", "view")


class AccessListHandler(WholeListHandler):
    """The access list of one object, which a PUT replaces. Its id is the object's."""

    def __init__(self, routes: Routes, connection: Connection, directory: Directory) -> None:
        super().__init__(routes, connection, directory)
        self.target = routes.name_parts[0]
        self.lists = [name for name in LISTS if self.model.field(name) is not None]

    @override
    def get(self, id: str, known: Json) -> Json | None:
        found = self.target_id(id, known)
        row = self.fetch(self.routes.item, {**known, "id": found}) if found else None
        return None if row is None else {**row, "id": found}

    @override
    def answer(self, row: Json, wanted: Props) -> Json:
        declared = unwrap({**wanted})
        answer = {wire: declared.get(wire) for wire in self.local}
        answer[self.target] = row["id"]
        for name in self.lists:
            answer[name] = self._as_declared(row.get(f"{name}_actors") or [], declared.get(name) or [], declared)
        return answer

    def _as_declared(self, live: list[Json], texts: list[str], values: Json) -> list[str]:
        """Who is in the list: those of the program in its order and words, then the others."""
        left, named = {str(actor["id"]): actor for actor in live}, []
        for text in texts:
            actors = [id for id in self._ids(text, values) if id in left]
            named += [text] if actors else []
            for id in actors:
                del left[id]
        return [*named, *sorted(_reference(actor) for actor in left.values())]

    def _ids(self, text: str, values: Json) -> list[str]:
        """Of an actor that the program names, as the account's lists were a moment ago."""
        if text == EVERYONE:
            return [EVERYONE]
        kind, _, name = text.partition("/")
        return [entry.actor for entry in self.directory.matching(self.account(values), kind, name)]

    @override
    def preview(self, call: Call) -> dict[str, Any]:
        """Warns of those whom the new list leaves out."""
        plain = unwrap({**call.outputs, **{k: v for k, v in call.news.items() if not has_unknown(v)}})
        row = self.find(plain) if not has_unknown(call.news.get(self.target)) and self.connection.known else None
        for name in self.lists if row is not None else ():
            if has_unknown(call.news.get(name)):
                continue
            wanted = {id for text in plain.get(name) or () for id in self._ids(text, plain)}
            live = (row or {}).get(f"{name}_actors") or []
            lost = sorted(_reference(actor) for actor in live if str(actor["id"]) not in wanted)
            if lost and EVERYONE not in wanted:
                where = f"{self.noun} {plain[self.target]}"
                self.connection.warn(f"{where}: who may {name} it no longer: {', '.join(lost)}")
        return super().preview(call)

    @override
    def create(self, call: Call) -> tuple[str, dict[str, Any]]:
        plain = unwrap(dict(call.news))
        return str(plain[self.target]), self._written(call, plain)

    @override
    def update(self, call: Call) -> dict[str, Any]:
        return self._written(call, unwrap(dict(call.news)))

    def _written(self, call: Call, plain: Json) -> dict[str, Any]:
        control: Json = {}
        for name in self.lists:
            entries = [self._entry(text, plain) for text in plain.get(name) or ()]
            teams = [entry.id for entry in entries if entry is not None and entry.kind == "team"]
            actors = [entry.actor if entry is not None else EVERYONE for entry in entries]
            control[f"{name}_actor_ids"] = [id for id in actors if id not in teams]
            control[f"{name}_team_ids"] = teams
        route = self.route(self.routes.item, {**plain, "id": plain[self.target]})
        try:
            self.connection.client().request("PUT", route, json={"access_control": control})
        except NotFoundError as error:
            raise self.gone(plain) from error
        row = self.find(plain)
        if row is None:
            raise self.gone(plain)
        return self.outputs(row, call.news)

    def _entry(self, text: str, values: Json) -> Entry | None:
        """None for everyone."""
        if text == EVERYONE:
            return None
        kind, _, name = text.partition("/")
        return self.directory.entry(self.account(values), kind, name)

    @override
    def delete(self, call: Call) -> None:
        """No route takes a list away, and neither an open nor an empty one is what was there before."""
        self.connection.warn(f"{self.noun} {call.id}: the list stays as it is on Prefect Cloud")

    @override
    def gone(self, plain: Json) -> ProviderError:
        return ProviderError(
            f"the {self.noun} '{plain[self.target]}' cannot be written: {self.connection.api_url} has no such object",
            remedy="declare the object in the program and refer to it; `infra refresh` drops what no longer exists",
        )


def _reference(actor: Json) -> str:
    """As a program names an actor of Cloud's answer."""
    kind = actor["type"]
    if kind not in WORDS:
        return EVERYONE
    return f"{kind}/{actor.get('email') or actor.get('name') or actor['id']}"
