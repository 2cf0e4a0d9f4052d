"""Automations: changed as a whole, of names that need not be unique, in spellings that may differ from the server's."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from importlib.metadata import version
from typing import Any

from pydantic import ValidationError
from typing_extensions import override

from prefect_pulumi.core.errors import NotFoundError, ProviderError
from prefect_pulumi.core.provider_protocol import Props
from prefect_pulumi.core.values import same, unwrap
from prefect_pulumi.deploy.plan.ownership import Owner, owner_label
from prefect_pulumi.models import Automation, Fault
from prefect_pulumi.models.automation_actions import CLOUD_ONLY, SELF_HOSTED_ONLY
from prefect_pulumi.models.automations import is_unknown_action, normal, short, unknown_action_fault
from prefect_pulumi.provider.connection import Connection
from prefect_pulumi.provider.handlers.base import Call
from prefect_pulumi.provider.handlers.diff import changed_fields
from prefect_pulumi.provider.handlers.rest import Json, NamedLocks, RestHandler, is_uuid
from prefect_pulumi.provider.handlers.routes import ROUTES

_ACTIONS = ("actions", "actionsOnTrigger", "actionsOnResolve")
_LABELS = "labels"
"""Of Prefect Cloud's automations alone; no property, but the place of the owner's mark."""
_SHAPES = {spec.wire: spec.meta.shape for spec in Automation.fields() if spec.meta.shape}


class AutomationHandler(RestHandler):
    """A trigger is equal to another when all that they mean is: defaults left out, order of sets, the server's ids."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(ROUTES[Automation.token()], connection)
        self._creates = NamedLocks()

    @override
    def faults(self, values: Props) -> list[Fault]:
        return [*self._action_faults(values), *self._trigger_faults(values)]

    def _action_faults(self, values: Props) -> list[Fault]:
        faults = []
        for wire in _ACTIONS:
            for action in values.get(wire) or ():
                kind = action["type"]
                if is_unknown_action("Action", action):
                    reason = unknown_action_fault(kind, version("prefect"), cloud=self.connection.cloud)
                    if not reason:
                        self.connection.warn(
                            f"automation '{values['name']}': action {kind!r} is not known here; sent as it is"
                        )
                elif kind in CLOUD_ONLY and self.connection.api_url and not self.connection.cloud:
                    reason = (
                        f"action {kind!r} exists on Prefect Cloud only, and {self.connection.api_url} is a self-hosted "
                        "server; use another one"
                    )
                elif kind in SELF_HOSTED_ONLY and self.connection.cloud:
                    reason = f"Prefect Cloud has no action {kind!r}; {SELF_HOSTED_ONLY[kind]}"
                else:
                    continue
                faults += [Fault(wire, reason)] if reason else []
        return faults

    def _trigger_faults(self, values: Props) -> list[Fault]:
        if self.connection.api_url and not self.connection.cloud and _has_metric(values.get("trigger")):
            return [
                Fault(
                    "trigger",
                    f"metric triggers exist on Prefect Cloud only, and {self.connection.api_url} is a self-hosted "
                    "server; use an event, compound or sequence trigger",
                )
            ]
        return []

    @override
    def body(self, plain: Json) -> Json:
        """Trigger and actions go out complete: the server demands some fields that have only one sensible value."""
        values = {wire: value for wire, value in plain.items() if wire != _LABELS}
        full = {wire: normal(_SHAPES[wire], value) if wire in _SHAPES else value for wire, value in values.items()}
        body = super().body(full)
        return {**body, _LABELS: plain[_LABELS]} if plain.get(_LABELS) else body

    change_method, patches = "PUT", False

    @override
    def draft(self, known: Json, changed: Collection[str] | None = None) -> Json:
        """An automation is written as a whole."""
        return self.body(known)

    @override
    def update(self, call: Call) -> dict[str, Any]:
        changed = changed_fields(self.model, call)
        plain = unwrap({**call.outputs, **call.news, **changed})
        if changed:
            route = self.route(self.routes.item, {"id": call.id})
            given = {spec.wire: plain[spec.wire] for spec in self.model.inputs() if plain.get(spec.wire) is not None}
            given |= self._mark(call, self.get(call.id, plain))
            body = self.connection.fields.fitted("PUT", self.routes.item, self.body(given))
            try:
                self.connection.client().request("PUT", route, json=body)
            except NotFoundError as error:
                raise self.gone(plain) from error
        row = self.get(call.id, plain)
        if row is None:
            raise self.gone(plain)
        return self.outputs(row, {**call.outputs, **call.news})

    def _mark(self, call: Call, row: Json | None) -> Json:
        """The owner's labels over those that the automation has; {} for a server of one's own, which keeps none."""
        if not self.connection.cloud:
            return {}
        owner, before = Owner.of_urn(call.urn), Owner.of_row(row or {})
        if before is not None and before.stack != owner.stack:
            self.connection.warn(
                f"automation '{(row or {}).get('name')}' belonged to stack {before}, and belongs to {owner} now"
            )
        return {_LABELS: {**((row or {}).get(_LABELS) or {}), **owner.labels}}

    @override
    def delete(self, call: Call) -> None:
        """What carries another stack's mark is left alone."""
        row = self.by_id(call.id, {}) if self.connection.cloud else None
        before = Owner.of_row(row or {})
        if row is not None and before is not None and before.stack != Owner.of_urn(call.urn).stack:
            self.connection.warn(f"automation '{row['name']}' is left alone: it belongs to {owner_label(row)}")
            return
        super().delete(call)

    @override
    def answer(self, row: Json, wanted: Props) -> Json:
        values = {spec.wire: row.get(self.api_name(spec.wire)) for spec in self.model.fields()}
        for wire, shape in _SHAPES.items():
            values[wire] = _as_asked(shape, values[wire], unwrap(wanted.get(wire)))
        return values

    @override
    def get(self, id: str, known: Json) -> Json | None:
        """By name only when that is how it was asked for: another automation may have the same one."""
        return self.by_id(id, known) if is_uuid(id) else self.find({"name": id})

    @override
    def find(self, known: Mapping[str, Any]) -> Json | None:
        rows = self.connection.client().request(
            "POST", self.routes.listed, json={"automations": {"name": {"any_": [known["name"]]}}, "limit": 3}
        )
        if len(rows) > 1:
            ids = ", ".join(str(row["id"]) for row in rows)
            raise ProviderError(
                f"several automations have the name '{known['name']}'", remedy=f"give the UUID of one: {ids}, ..."
            )
        return rows[0] if rows else None

    @override
    def create(self, call: Call) -> tuple[str, dict[str, Any]]:
        """One after another for each name, so that what another create makes is never taken for the lost one's."""
        plain = unwrap(dict(call.news))
        with self._creates.of(str(plain["name"])):
            before = frozenset(str(row["id"]) for row in self._named(plain))
            return super().create(replace(call, held=call.held | before))

    @override
    def _created(self, call: Call, plain: Json) -> Json:
        return super()._created(call, {**plain, **self._mark(call, None)})

    @override
    def lost(self, call: Call, plain: Json) -> Json | None:
        """The newest of that name that means what was asked for."""
        values = {wire: value for wire, value in plain.items() if wire != _LABELS}
        rows = [row for row in self._named(plain) if str(row["id"]) not in call.held and self._is_alike(row, values)]
        return max(rows, key=lambda row: str(row["created"]), default=None)

    def _named(self, plain: Json) -> list[Json]:
        return self.everything({"name": {"any_": [plain["name"]]}})

    def _is_alike(self, row: Json, plain: Json) -> bool:
        answer = self.answer(row, plain)
        return all(same(answer.get(wire), value) for wire, value in plain.items())


def _as_asked(shape: str, live: Any, declared: Any) -> Any:
    """The program's own spelling where it means the same; else the shortest one of what the server has."""
    if live is None:
        return None
    try:
        if declared is not None and same(normal(shape, live), normal(shape, declared)):
            return declared
        return short(shape, live)
    except ValidationError:
        return live  # a newer server's trigger or action, shown as it is


def _has_metric(trigger: Any) -> bool:
    if not isinstance(trigger, dict):
        return False
    return trigger.get("type") == "metric" or any(_has_metric(part) for part in trigger.get("triggers") or ())
