"""The lifecycle of what lives on the server, driven by the table in `routes.py`."""

from __future__ import annotations

import json
import re
import shlex
import threading
import time
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from urllib.parse import quote
from uuid import UUID

from typing_extensions import override

from prefect_pulumi.api.cloud import LARGEST_BODY
from prefect_pulumi.core.errors import ApiError, ConflictError, NotFoundError, ProviderError
from prefect_pulumi.core.provider_protocol import DiffKind, DiffResult, Props, ReadResult
from prefect_pulumi.core.values import UNKNOWN, has_unknown, same, secret, secret_keys, unwrap
from prefect_pulumi.models import Fault, FieldSpec
from prefect_pulumi.provider.connection import Connection
from prefect_pulumi.provider.handlers.base import Call, Handler, logical_name, stored_inputs
from prefect_pulumi.provider.handlers.diff import changed_fields, diff
from prefect_pulumi.provider.handlers.routes import Routes

Json = dict[str, Any]
PAGE = 200
"""Most rows that a `/filter` route returns."""
CREATE_TRIES = 4
CREATE_PAUSE = 0.2
"""Seconds after the first try that met a conflict without an object of that name; longer after each further one."""


def is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False


def _is_own_label(name: str) -> bool:
    """Whether the server gives it."""
    return name.startswith("prefect.")


class NamedLocks:
    """A lock for each name: of creates of one name, one is under way at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}

    def of(self, name: str) -> threading.Lock:
        with self._lock:
            return self._locks.setdefault(name, threading.Lock())


class RestHandler(Handler):
    """One kind. Bodies and answers are the API's JSON; properties are on the wire names of the model."""

    def __init__(self, routes: Routes, connection: Connection) -> None:
        super().__init__(routes.model)
        self.routes = routes
        self.connection = connection

    @property
    @override
    def noun(self) -> str:
        return self.routes.noun

    @override
    def requests(self, *, creates: bool) -> list[tuple[str, str]]:
        return [("POST", self.routes.collection) if creates else (self.change_method, self.routes.item)]

    @override
    def check(self, call: Call) -> tuple[dict[str, Any], list[Fault]]:
        """Refuses what this server does not take, also: of a new object each field, else those that change."""
        inputs, faults = super().check(call)
        if faults:
            return inputs, faults
        known = {name: unwrap(value) for name, value in inputs.items() if not has_unknown(value)}
        for spec in self.model.inputs() if call.inputs else ():
            if spec.wire in call.inputs and spec.wire not in inputs:
                known[spec.wire] = spec.default if spec.meta.removed is None else spec.meta.removed
        changed = [name for name, value in known.items() if not same(value, unwrap(call.inputs.get(name)))]
        if not changed:
            return inputs, []
        if call.inputs:
            body = self.draft(known, changed)
            lacked = self.connection.fields.faults(self.change_method, self.routes.item, body, changes=self.patches)
        else:
            body = self.draft(known)
            lacked = self.connection.fields.faults("POST", self.routes.collection, body)
        return inputs, [*(Fault(self.property_of(path), reason) for path, reason in lacked), *self._too_large(body)]

    def _too_large(self, body: Any) -> list[Fault]:
        size = len(json.dumps(body, ensure_ascii=False).encode()) if self.connection.cloud else 0
        if size <= LARGEST_BODY:
            return []
        reason = f"it has {size / 2**20:.1f} MiB, and Prefect Cloud takes {LARGEST_BODY >> 20} MiB in one request"
        return [Fault("", f"{reason}; keep large values in a file or a bucket")]

    change_method, patches = "PATCH", True
    """How an object is changed, and whether by what changes alone."""

    def draft(self, known: Json, changed: Collection[str] | None = None) -> Any:
        """The payload that `check` judges, as far as the inputs are `known` and without asking the server: of a create,
        or of an update of what has `changed`."""
        names = known if changed is None else changed
        return {self.api_name(wire): known[wire] for wire in names if wire not in self.routes.path_only}

    def property_of(self, path: str) -> str:
        """Wire name of the property that is sent as the field at `path`, "" for the whole."""
        name = re.split(r"[.\[=]", path.removeprefix("[]."))[0]
        return next((spec.wire for spec in self.model.inputs() if self.api_name(spec.wire) == name), "")

    @override
    def faults(self, values: Props) -> list[Fault]:
        return []

    @override
    def name_on_server(self, inputs: Props) -> tuple[str, str]:
        named = {part: inputs.get(part) for part in self.routes.name_parts}
        if not self.routes.find or has_unknown(named) or not all(unwrap(named).values()):
            return "", ""
        return self.route(self.routes.find, unwrap(named)), self.human_id(unwrap(named))

    @override
    def diff(self, call: Call) -> DiffResult:
        in_place = self.routes.cloud_in_place if self.connection.cloud else ()
        return diff(self.model, call, self.removal(call), in_place)

    def removal(self, call: Call) -> dict[str, DiffKind]:
        """Differences that force a replacement because no route takes the value away."""
        return {}

    @override
    def preview(self, call: Call) -> dict[str, Any]:
        server = {spec.wire: call.outputs.get(spec.wire, UNKNOWN) for spec in self.model.fields() if spec.meta.output}
        return {**server, **call.news}

    @override
    def create(self, call: Call) -> tuple[str, dict[str, Any]]:
        plain = unwrap(dict(call.news))
        if self.routes.upserts and self.find(plain) is not None:
            raise self.exists_already(call.urn, plain)
        try:
            row = self._created(call, plain)
        except ConflictError as error:
            raise self.exists_already(call.urn, plain) from error
        except NotFoundError as error:
            raise self.no_parent(plain, error) from error
        return str(row["id"]), self.outputs(row, call.news)

    def _created(self, call: Call, plain: Json) -> Json:
        """The new row. Raises `ConflictError` when there is an object of that name, `ApiError` for another conflict."""
        body = self.connection.fields.fitted("POST", self.routes.collection, self.body(plain))
        for attempt in range(1, CREATE_TRIES + 1):
            try:
                return self.connection.client().create(
                    self.route(self.routes.collection, plain), body, lambda: self.lost(call, plain)
                )
            except ConflictError as error:
                if not self.routes.find or self.find(plain) is not None:
                    raise
                # The server says the same of rows of its own: the first secrets on a database make its key at once.
                if attempt == CREATE_TRIES:
                    raise ApiError(
                        error.message, status=error.status, detail=error.detail, where=error.where
                    ) from error
                time.sleep(CREATE_PAUSE * attempt)
        raise AssertionError  # the last try returns or raises

    @override
    def update(self, call: Call) -> dict[str, Any]:
        changed = changed_fields(self.model, call)
        plain = unwrap({**call.outputs, **call.news, **changed})
        if "labels" in changed:  # they are written as a whole, with those that the server has added
            live = (self.get(call.id, plain) or {}).get("labels") or {}
            plain["labels"] = {**{name: live[name] for name in live if _is_own_label(name)}, **plain["labels"]}
        if changed:
            body = self.connection.fields.fitted(
                self.change_method, self.routes.item, self.patch(tuple(changed), plain), changes=self.patches
            )
            try:
                self.connection.client().request(self.change_method, self.item(call, plain), json=body)
            except NotFoundError as error:
                raise self.gone(plain) from error
            except ConflictError as error:
                raise self.exists_already(call.urn, plain) from error
        row = self.get(call.id, plain)
        if row is None:
            raise self.gone(plain)
        return self.outputs(row, {**call.outputs, **call.news})

    @override
    def read(self, call: Call) -> ReadResult:
        return self.result(call, self.get(call.id, unwrap({**call.inputs, **call.outputs})))

    def read_many(self, calls: Sequence[Call]) -> list[ReadResult]:
        """As `read`, in the order of `calls`; each has the id of a known object."""
        rows = self.many([call.id for call in calls])
        return [self.result(call, rows[call.id]) if call.id in rows else self.read(call) for call in calls]

    def result(self, call: Call, row: Json | None) -> ReadResult:
        if row is None:
            return ReadResult("", {}, {})
        fresh = self.outputs(row, {**call.outputs, **call.inputs})
        return ReadResult(str(row["id"]), stored_inputs(self.model, call.inputs, fresh), fresh)

    @override
    def recover(self, call: Call) -> ReadResult | None:
        row = self.lost(call, unwrap(dict(call.news)))
        if row is None:
            return None
        return ReadResult(str(row["id"]), dict(call.news), self.outputs(row, call.news))

    @override
    def existing(self, call: Call) -> str:
        if has_unknown({part: call.news.get(part) for part in self.routes.name_parts}):
            return ""
        row = self.find(unwrap(dict(call.news)))
        return "" if row is None else str(row["id"])

    @override
    def delete(self, call: Call) -> None:
        plain = unwrap({**call.inputs, **call.outputs})
        if self.routes.verify_id:
            row = self.find(plain)
            if row is None or str(row["id"]) != call.id:
                return
        try:
            self.connection.client().request("DELETE", self.route(self.routes.item, {**plain, "id": call.id}))
        except NotFoundError:
            return

    # What a kind may do in its own way.

    def item(self, call: Call, plain: Json) -> str:
        """Route of the object that an update changes; `plain` is what it is to be."""
        return self.route(self.routes.item, {**plain, "id": call.id})

    def body(self, plain: Json) -> Json:
        """Payload of the POST: what the program gave; the rest is left to the server."""
        return {self.api_name(wire): value for wire, value in plain.items() if wire not in self.routes.path_only}

    def patch(self, changed: Collection[str], plain: Json) -> Json:
        """Payload of the PATCH: only what changed; None where a value is taken away."""
        return {self.api_name(wire): plain[wire] for wire in changed if wire not in self.routes.path_only}

    def answer(self, row: Json, wanted: Props) -> Json:
        """The server's object as wire properties, without runtime fields; "" means none, unless it was asked for."""
        values = {spec.wire: row.get(self.api_name(spec.wire)) for spec in self.model.fields()}
        labels = values.get("labels")
        if labels:  # the server adds its own
            values["labels"] = {name: value for name, value in labels.items() if not _is_own_label(name)}
        return {wire: None if value == "" and wanted.get(wire) != "" else value for wire, value in values.items()}

    # Shared parts.

    def outputs(self, row: Json, wanted: Props) -> dict[str, Any]:
        hidden = secret_keys(wanted)
        result: dict[str, Any] = {}
        for wire, value in self.answer(row, wanted).items():
            spec = self.model.field(wire)
            if value is None:
                continue
            if wire in hidden and same(wanted[wire], value):
                result[wire] = wanted[wire]
            else:
                masked = wire in hidden or (spec is not None and spec.meta.secret)
                result[wire] = secret(value) if masked else value
        return result

    def api_name(self, wire: str) -> str:
        spec: FieldSpec | None = self.model.field(wire)
        return self.routes.api_names.get(wire) or (spec.attribute.rstrip("_") if spec else wire)

    def route(self, template: str, values: Mapping[str, Any]) -> str:
        return template.format_map({name: quote(str(value), safe="") for name, value in values.items()})

    def get(self, id: str, known: Json) -> Json | None:
        """The object of that UUID; else, since Prefect knows objects by name, the one of that name."""
        if is_uuid(id):
            row = self.by_id(id, known)
            return row if row is not None else self.find(known)
        return self.find(self.parsed(id))

    def parsed(self, id: str) -> Json:
        """`pool/queue` -> {"workPoolName": "pool", "name": "queue"}."""
        parts = id.split("/")
        if not self.routes.name_parts:
            raise ProviderError(f"a {self.routes.noun} is imported by its UUID, not by '{id}'")
        if len(parts) != len(self.routes.name_parts) or not all(parts):
            raise ProviderError(
                f"'{id}' is no id of a {self.routes.noun}",
                remedy=f"give the server's UUID or {self.model.import_id}",
            )
        return dict(zip(self.routes.name_parts, parts, strict=True))

    def by_id(self, id: str, known: Json) -> Json | None:
        if self.routes.by_id:
            return self.fetch(self.routes.by_id, {"id": id})
        named = self.find(known) if all(known.get(part) for part in self.routes.name_parts) else None
        if named is not None and str(named["id"]) == id:
            return named
        return self.many([id]).get(id)

    def many(self, ids: Sequence[str]) -> dict[str, Json]:
        """Id -> object, of those ids that the server has, by as few list calls as there are pages."""
        if not self.routes.list_by_ids:
            rows = self.connection.client().paged(self.route(self.routes.listed, {}), dict(self.list_body))
            wanted = set(ids)
            return {str(row["id"]): row for row in rows if str(row["id"]) in wanted}
        objects: dict[str, Json] = {}
        for start in range(0, len(ids), PAGE):
            chosen = {self.routes.list_key: {"id": {"any_": list(ids[start : start + PAGE])}}}
            rows = self.connection.client().request(
                "POST", self.route(self.routes.listed, {}), json={**self.list_body, **chosen, "limit": PAGE}
            )
            objects |= {str(row["id"]): row for row in rows}
        return objects

    list_body: Mapping[str, Any] = {}
    """What a list call asks besides its filter."""

    def everything(self, where: Mapping[str, Any] | None = None) -> list[Json]:
        """All objects of this kind on the server, or those that the API's own filter object names."""
        chosen = {self.routes.list_key: where} if where and self.routes.list_key else {}
        return self.connection.client().paged(self.route(self.routes.listed, {}), {**self.list_body, **chosen})

    def find(self, known: Mapping[str, Any]) -> Json | None:
        if not self.routes.find or not all(known.get(part) for part in self.routes.name_parts):
            return None
        return self.fetch(self.routes.find, known)

    def lost(self, call: Call, plain: Json) -> Json | None:
        """The object that a create without an answer has made: the one of its name, unless another resource has it."""
        row = self.find(plain)
        return row if row is not None and str(row["id"]) not in call.held else None

    def fetch(self, template: str, values: Mapping[str, Any]) -> Json | None:
        try:
            row: Json = self.connection.client().request(
                "GET", self.route(template, values), params=dict(self.routes.query) or None
            )
        except NotFoundError:
            return None
        return row

    def human_id(self, plain: Mapping[str, Any]) -> str:
        return "/".join(str(plain.get(part, "")) for part in self.routes.name_parts)

    def exists_already(self, urn: str, plain: Json) -> ProviderError:
        human = self.human_id(plain)
        token, name = self.model.token(), logical_name(urn)
        stack = urn.split(":")[2] if urn.startswith("urn:pulumi:") else "dev"
        command = shlex.join(["infra", "import", self.model.kind, human, "--name", name, "-s", stack])
        return ProviderError(
            f"a {self.routes.noun} '{human}' exists already on {self.connection.api_url}",
            where=urn,
            remedy=f"take it over with `infra up -s {stack} --adopt`, which shows each difference first, or with "
            f"`{command}` (or `pulumi import {token} {name} {human}`), or choose another name",
        )

    def no_parent(self, plain: Json, error: NotFoundError) -> ProviderError:
        pool = plain.get("workPoolName")
        text = f"work pool '{pool}' does not exist" if pool else error.message
        return ProviderError(
            f"the {self.routes.noun} '{self.human_id(plain)}' cannot be created: {text}",
            remedy="declare it in the program and refer to it, so that it is created first",
        )

    def gone(self, plain: Json) -> ProviderError:
        return ProviderError(
            f"the {self.routes.noun} '{self.human_id(plain)}' no longer exists on {self.connection.api_url}",
            remedy="run `infra refresh` (or `pulumi refresh`) and then `up` again, which recreates it",
        )
