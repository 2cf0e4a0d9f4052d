"""What Prefect Cloud watches by itself: service level agreements, which are written as a whole, managed automations."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from typing_extensions import override

from prefect_pulumi.api.agreements import DEFAULTS, OWNER, agreements_of, as_agreement
from prefect_pulumi.core.errors import NotFoundError, ProviderError
from prefect_pulumi.core.provider_protocol import Props
from prefect_pulumi.core.suggestions import nearest
from prefect_pulumi.core.values import has_unknown, same, unwrap
from prefect_pulumi.models import Fault
from prefect_pulumi.provider.handlers.base import Call
from prefect_pulumi.provider.handlers.cloud import WholeListHandler
from prefect_pulumi.provider.handlers.cloud_access import ListedHandler
from prefect_pulumi.provider.handlers.rest import Json


class SlaHandler(WholeListHandler):
    """The agreements of one deployment; the id is the deployment's."""

    @override
    def get(self, id: str, known: Json) -> Json | None:
        id = self.target_id(id.removeprefix(OWNER), known)
        try:
            rows = agreements_of(self.connection.client(), self.route("", known), id) if id else []
        except NotFoundError:
            rows = []
        return {"id": id, "rows": rows} if rows else None

    @override
    def answer(self, row: Json, wanted: Props) -> Json:
        declared = unwrap({**wanted})
        by_name = {item["name"]: item for item in declared.get("slas") or ()}
        live = {item["name"]: as_agreement(item, by_name.get(item["name"], {})) for item in row["rows"]}
        ordered = [*(name for name in by_name if name in live), *(name for name in live if name not in by_name)]
        kept = {name: by_name[name] if same(by_name.get(name), live[name]) else live[name] for name in ordered}
        return {
            **{wire: declared.get(wire) for wire in self.local},
            "deploymentId": row["id"],
            "slas": list(kept.values()),
        }

    @override
    def preview(self, call: Call) -> dict[str, Any]:
        """Warns of those that the deployment has and the new list has not."""
        plain = unwrap({**call.outputs, **call.news})
        if not has_unknown(call.news) and self.connection.known:
            row = self.find(plain)
            wanted = {item["name"] for item in plain["slas"]}
            lost = sorted(item["name"] for item in (row or {}).get("rows", ()) if item["name"] not in wanted)
            if lost:
                self.connection.warn(f"{self.noun} of deployment {plain['deploymentId']}: it goes: {', '.join(lost)}")
        return super().preview(call)

    @override
    def create(self, call: Call) -> tuple[str, dict[str, Any]]:
        return str(unwrap(call.news["deploymentId"])), self._applied(call, unwrap(call.news["slas"]))

    @override
    def update(self, call: Call) -> dict[str, Any]:
        if self.get(call.id, unwrap({**call.outputs, **call.news})) is None:
            raise self.gone(unwrap(dict(call.news)))
        return self._applied(call, unwrap(call.news["slas"]))

    def _applied(self, call: Call, slas: list[Json]) -> dict[str, Any]:
        plain = unwrap({**call.outputs, **call.news})
        self._apply(plain, [{**DEFAULTS, **item} for item in slas])
        row = self.find(plain)
        if row is None:
            raise self.gone(plain)
        return self.outputs(row, call.news)

    def _apply(self, plain: Json, slas: list[Json]) -> None:
        owner = f"{OWNER}{plain['deploymentId']}"
        route = self.route("/slas/apply-resource-slas/{owner}", {**plain, "owner": owner})
        try:
            self.connection.client().request("POST", route, json=slas, idempotent=True)
        except NotFoundError as error:
            raise self.gone(plain) from error

    @override
    def delete(self, call: Call) -> None:
        """Of a deployment that is gone its agreements are gone too."""
        if self.get(call.id, unwrap(dict(call.outputs))) is not None:
            self._apply(unwrap({**call.inputs, **call.outputs}), [])

    @override
    def gone(self, plain: Json) -> ProviderError:
        return ProviderError(
            f"the {self.noun}s of deployment '{plain['deploymentId']}' are not on {self.connection.api_url}",
            remedy="run `infra refresh` (or `pulumi refresh`) and then `up` again",
        )


class ManagedAutomationHandler(ListedHandler):
    """Automations that Cloud keeps; the id is the type. A PUT makes one and changes it."""

    @override
    def rows(self, known: Mapping[str, Any]) -> list[Json]:
        rows = self.connection.client().request("GET", self.route("/automations/managed/", known))
        return [self._row(row) for row in rows]

    def _row(self, row: Json) -> Json:
        created = row["automation"].get("created")
        return {
            "id": row["type"],
            "type": row["type"],
            "names": [row["type"]],
            "enabled": row["enabled"],
            "settings": dict(row["settings"]),
            "created": created,
        }

    @override
    def get(self, id: str, known: Json) -> Json | None:
        return self.by_id(id, known)

    @override
    def faults(self, values: Props) -> list[Fault]:
        faults = super().faults(values)
        if faults or not values.get("settings") or not values.get("type") or not self.connection.known:
            return faults
        types = self.connection.client().request("GET", self.route("/automations/managed/types", values))
        known = next((row for row in types if row["type"] == values["type"]), None)
        names = (known or {}).get("settings_schema", {}).get("properties", {})
        return [
            Fault("settings", f"{values['type']} has no setting {name!r}; {nearest(name, names)}")
            for name in values["settings"]
            if names and name not in names
        ]

    @override
    def draft(self, known: Json, changed: Collection[str] | None = None) -> Json:
        return {}

    @override
    def create(self, call: Call) -> tuple[str, dict[str, Any]]:
        plain = unwrap(dict(call.news))
        if self.find(plain) is not None:
            raise self.exists_already(call.urn, plain)
        return plain["type"], self._written(call, plain)

    @override
    def update(self, call: Call) -> dict[str, Any]:
        plain = unwrap({**call.outputs, **call.news})
        if self.find(plain) is None:
            raise self.gone(plain)
        return self._written(call, plain)

    def _written(self, call: Call, plain: Json) -> dict[str, Any]:
        body = {"enabled": plain.get("enabled", True)}
        body |= {"settings": plain["settings"]} if plain.get("settings") is not None else {}
        row = self.connection.client().request("PUT", self.route("/automations/managed/{type}", plain), json=body)
        return self.outputs(self._row(row), {**call.outputs, **call.news})
