"""Schedules of deployments, which the API has under their deployment only."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import quote

from typing_extensions import override

from prefect_pulumi.core.errors import NotFoundError, ProviderError
from prefect_pulumi.core.provider_protocol import DiffKind, Props, ReadResult
from prefect_pulumi.core.values import has_unknown, same, unwrap
from prefect_pulumi.models import DeploymentSchedule, Fault
from prefect_pulumi.provider.connection import Connection
from prefect_pulumi.provider.handlers.base import Call
from prefect_pulumi.provider.handlers.rest import Json, NamedLocks, RestHandler, is_uuid
from prefect_pulumi.provider.handlers.routes import ROUTES


class ScheduleHandler(RestHandler):
    """Schedules live under their deployment, and only there; a slug is unique in it, but may be missing."""

    patches = False

    def __init__(self, connection: Connection) -> None:
        super().__init__(ROUTES[DeploymentSchedule.token()], connection)
        self._creates = NamedLocks()

    @override
    def faults(self, values: Props) -> list[Fault]:
        return self.connection.cloud_only_faults(values, ("catchup", "maxActiveRuns"))

    @override
    def name_on_server(self, inputs: Props) -> tuple[str, str]:
        named = {wire: inputs.get(wire) for wire in ("deploymentId", "slug")}
        if has_unknown(named) or not all(unwrap(named).values()):
            return "", ""
        return self.route("/deployments/{deploymentId}/schedules/{slug}", unwrap(named)), unwrap(named)["slug"]

    @override
    def create(self, call: Call) -> tuple[str, dict[str, Any]]:
        """Without a slug one after another for each deployment: only their ids tell equal schedules apart."""
        plain = unwrap(dict(call.news))
        if plain.get("slug"):
            return self._create(call, plain)
        with self._creates.of(str(plain["deploymentId"])):
            return self._create(call, plain)

    def _create(self, call: Call, plain: Json) -> tuple[str, dict[str, Any]]:
        before = self._of(plain["deploymentId"])
        if before is None:
            raise ProviderError(
                f"deployment '{plain['deploymentId']}' does not exist on {self.connection.api_url}",
                remedy="refer to a deployment that the program makes first",
            )
        if plain.get("slug") and any(row["slug"] == plain["slug"] for row in before):
            raise self.exists_already(call.urn, plain)
        known = replace(call, held=call.held | {str(row["id"]) for row in before})
        body = self.connection.fields.fitted("POST", self.routes.collection, [self.body(plain)])
        schedule_row: Any = self.connection.client().create(
            self.route(self.routes.collection, plain), body, lambda: self.lost(known, plain)
        )
        row = schedule_row[0] if isinstance(schedule_row, list) else schedule_row
        row = {**self.body(plain), **row}  # Prefect Cloud answers with some of the fields
        return str(row["id"]), self.outputs(row, call.news)

    @override
    def lost(self, call: Call, plain: Json) -> Json | None:
        """By its slug; without one, the newest that has none and the same rule and settings."""
        rows = [row for row in self._of(str(plain["deploymentId"])) or [] if str(row["id"]) not in call.held]
        if plain.get("slug"):
            return next((row for row in rows if row["slug"] == plain["slug"]), None)
        return self._alike(rows, plain)

    def _alike(self, rows: Sequence[Json], plain: Mapping[str, Any]) -> Json | None:
        alike = [
            row
            for row in rows
            if not row["slug"] and all(same(self.answer(row, plain).get(w), v) for w, v in plain.items())
        ]
        return max(alike, key=lambda row: str(row["created"]), default=None)

    @override
    def draft(self, known: Json, changed: Collection[str] | None = None) -> Any:
        """A schedule is written as a whole, and created as one of a list."""
        body = self.body({"rrule": "", **known})
        return [body] if changed is None else body

    @override
    def body(self, plain: Json) -> Json:
        """The route of an update takes what is left out for its default, so all of it is sent each time."""
        schedule: Json
        if plain.get("cron") is not None:
            schedule = {"cron": plain["cron"], "day_or": plain.get("dayOr", True)}
        elif plain.get("interval") is not None:
            schedule = {"interval": plain["interval"]}
            if plain.get("anchorDate") is not None:
                schedule["anchor_date"] = plain["anchorDate"]
        else:
            schedule = {"rrule": plain["rrule"]}
        if plain.get("timezone") is not None:
            schedule["timezone"] = plain["timezone"]
        body = {
            "schedule": schedule,
            "active": plain.get("active", True),
            "parameters": plain.get("parameters") or {},
            "slug": plain.get("slug"),
            "max_scheduled_runs": plain.get("maxScheduledRuns"),
            "catchup": plain.get("catchup", False) if self.connection.cloud else None,
            "max_active_runs": plain.get("maxActiveRuns"),
        }
        return {name: value for name, value in body.items() if value is not None}

    @override
    def patch(self, changed: Collection[str], plain: Json) -> Json:
        return self.body(plain)

    @override
    def answer(self, row: Json, wanted: Props) -> Json:
        schedule, declared = row["schedule"], unwrap(dict(wanted))
        zone = schedule.get("timezone")
        return {
            "deploymentId": str(row.get("deployment_id") or declared.get("deploymentId")),
            "cron": schedule.get("cron"),
            "interval": schedule.get("interval"),
            "rrule": _rule(schedule.get("rrule"), declared.get("rrule")),
            "timezone": None if zone == "UTC" and declared.get("timezone") != "UTC" else zone,
            "anchorDate": _moment(schedule.get("anchor_date"), declared.get("anchorDate")),
            "dayOr": schedule.get("day_or", True),
            "active": row["active"],
            "maxScheduledRuns": row.get("max_scheduled_runs"),
            "catchup": row.get("catchup"),
            "maxActiveRuns": row.get("max_active_runs"),
            "parameters": row.get("parameters") or {},
            "slug": row.get("slug"),
            "created": row.get("created"),
        }

    @override
    def get(self, id: str, known: Json) -> Json | None:
        if is_uuid(id):
            return self.by_id(id, known)
        flow, deployment, slug = self.parsed(id).values()
        return self._named(flow, deployment, slug)

    @override
    def by_id(self, id: str, known: Json) -> Json | None:
        if known.get("deploymentId"):
            rows = self._of(str(known["deploymentId"])) or []
        else:
            rows = [row for deployment in self._deployments({}) for row in deployment["schedules"]]
        return next((row for row in rows if str(row["id"]) == id), None)

    @override
    def existing(self, call: Call) -> str:
        return "" if has_unknown(dict(call.news)) else super().existing(call)

    @override
    def find(self, known: Mapping[str, Any]) -> Json | None:
        rows = self._of(str(known["deploymentId"])) or []
        if known.get("slug"):
            return next((row for row in rows if row["slug"] == known["slug"]), None)
        return self._alike(rows, known)

    @override
    def read_many(self, calls: Sequence[Call]) -> list[ReadResult]:
        """Each deployment's row brings its schedules, so a page of deployments answers for all of theirs."""
        ids = sorted({str(unwrap({**call.inputs, **call.outputs}).get("deploymentId")) for call in calls})
        rows: dict[str, Json] = {}
        for start in range(0, len(ids), 200):
            for deployment in self._deployments({"id": {"any_": ids[start : start + 200]}}):
                rows |= {str(row["id"]): row for row in deployment["schedules"]}
        return [self.result(call, rows.get(call.id)) for call in calls]

    @override
    def everything(self, where: Mapping[str, Any] | None = None) -> list[Json]:
        return [row for deployment in self._deployments(where or {}) for row in deployment["schedules"]]

    @override
    def human_id(self, plain: Mapping[str, Any]) -> str:
        rows = self._deployments({"id": {"any_": [plain.get("deploymentId")]}})
        if not rows:
            return f"{plain.get('deploymentId')}/{plain.get('slug')}"
        flow = self.connection.client().request("GET", f"/flows/{rows[0]['flow_id']}")
        return f"{flow['name']}/{rows[0]['name']}/{plain.get('slug')}"

    def removal(self, call: Call) -> dict[str, DiffKind]:
        """Values that no PATCH takes away: `None` in it means unchanged."""
        fields = [spec.wire for spec in self.model.inputs() if spec.meta.removal_replaces]
        return {
            wire: DiffKind.DELETE_REPLACE
            for wire in fields
            if call.outputs.get(wire) is not None and call.news.get(wire) is None
        }

    def _deployments(self, where: Mapping[str, Any]) -> list[Json]:
        return self.connection.client().paged("/deployments/filter", {"deployments": where} if where else {})

    def _of(self, deployment: str) -> list[Json] | None:
        """Of the deployment's own row: the route of its schedules gives some of their fields only on Prefect Cloud."""
        try:
            row: Json = self.connection.client().request("GET", f"/deployments/{quote(deployment, safe='')}")
        except NotFoundError:
            return None
        rows: list[Json] = row["schedules"]
        return rows

    def _named(self, flow: str, deployment: str, slug: str) -> Json | None:
        path = f"/deployments/name/{quote(flow, safe='')}/{quote(deployment, safe='')}"
        try:
            deployment_row = self.connection.client().request("GET", path)
        except NotFoundError:
            return None
        return next((row for row in deployment_row["schedules"] if row["slug"] == slug), None)


def _rule(live: str | None, declared: str | None) -> str | None:
    """The server writes a DTSTART into a rule that has none: the rule is still the one that was asked for."""
    if live is None or declared is None or live == declared:
        return live
    bare = re.sub(r"DTSTART[^\n]*\n?|^RRULE:", "", live, flags=re.MULTILINE).strip()
    return declared if bare == declared.removeprefix("RRULE:").strip() else live


def _moment(live: str | None, declared: str | None) -> str | None:
    if live is None or declared is None:
        return live
    return declared if datetime.fromisoformat(live) == datetime.fromisoformat(declared) else live
