"""Block documents: their types and schemas, and values that only a read with secrets shows."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from typing_extensions import override

from prefect_pulumi.core.deadline import deadline
from prefect_pulumi.core.errors import (
    ConflictError,
    NotFoundError,
    PrefectPulumiError,
    ProviderError,
    ServerUnavailableError,
)
from prefect_pulumi.core.provider_protocol import DiffResult, Props, ReadResult
from prefect_pulumi.core.values import has_unknown, same, unwrap
from prefect_pulumi.models import BlockDocument, Fault, JsonBlock, SecretBlock
from prefect_pulumi.models.block_data import data_faults
from prefect_pulumi.models.block_types import shipped_fields
from prefect_pulumi.provider.connection import Connection
from prefect_pulumi.provider.handlers.base import Call
from prefect_pulumi.provider.handlers.rest import Json, RestHandler
from prefect_pulumi.provider.handlers.routes import Routes

SCHEMA = "blockSchemaId"
REFERENCES = "block_schema_references"
PATIENCE = 10.0
"""Seconds that a check waits for the schema of a type."""
JSON_DESCRIPTION = 'A JSON value. The infrastructure program declares the documents: `JSON.load("app-config").value`.'

JSON_TYPE: Json = {
    "name": "JSON",
    "slug": "json",
    "description": JSON_DESCRIPTION,
    "code_example": '```python\nfrom blocks import JSON\n\nvalue = JSON.load("BLOCK_NAME").value\n```',
}

JSON_FIELDS: Json = {
    "block_schema_references": {},
    "block_type_slug": "json",
    "description": JSON_DESCRIPTION,
    "properties": {"value": {"description": "A JSON-compatible value.", "title": "Value", "position": 0}},
    "required": ["value"],
    "secret_fields": [],
    "title": "JSON",
    "type": "object",
}
"""`JSON.model_json_schema()` of `flows/blocks.py`: a checksum over these fields is how Prefect finds the schema of a
class. A class with other words in its docstrings loads the documents as well; it only registers a schema more."""


class BlockTypes:
    """Types and schemas by slug, asked for once per provider instance."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._lock = threading.Lock()
        self._types: dict[str, str] = {}
        self._schemas: dict[str, str] = {}
        self._fields: dict[str, Mapping[str, Any] | None] = {}
        self._silent = False

    def fields(self, slug: str, schema_id: str = "") -> Mapping[str, Any] | None:
        """JSON schema of the data of a type's blocks: that of `schema_id`, else the newest. Where there is no server
        yet, or it does not answer, that of the installed Prefect. None where neither knows the type."""
        if not self.connection.known or self._silent:
            return shipped_fields(slug)
        if (schema_id or slug) not in self._fields:
            try:
                with deadline(PATIENCE):
                    self._fields[schema_id or slug] = self._fields_on_server(slug, schema_id)
            except ServerUnavailableError:
                self._silent = True
                return shipped_fields(slug)
            except PrefectPulumiError:  # no such type yet: the program may declare it
                self._fields[schema_id or slug] = None
        return self._fields[schema_id or slug]

    def _fields_on_server(self, slug: str, schema_id: str) -> Mapping[str, Any]:
        id = schema_id or self.schema_id(slug)
        fields: Mapping[str, Any] = self.connection.client().request("GET", f"/block_schemas/{id}")["fields"] or {}
        return fields

    def type_id(self, slug: str) -> str:
        """UUID of the block type. Raises `ProviderError` when the server has none of that slug."""
        with self._lock:
            if slug not in self._types:
                try:
                    row = self.connection.client().request("GET", f"/block_types/slug/{slug}")
                except NotFoundError as error:
                    raise ProviderError(
                        f"block type '{slug}' does not exist on {self.connection.api_url}",
                        remedy=f"declare it with BlockType and BlockSchema, or register it: "
                        f"`prefect block register -m MODULE` (types on the server: `prefect block type ls`, '{slug}')",
                    ) from error
                self._types[slug] = str(row["id"])
            return self._types[slug]

    def schema_id(self, slug: str) -> str:
        """UUID of the newest schema of the type (the route lists the newest first)."""
        type_id = self.type_id(slug)
        with self._lock:
            if slug not in self._schemas:
                rows = self.connection.client().request(
                    "POST",
                    "/block_schemas/filter",
                    json={"block_schemas": {"block_type_id": {"any_": [type_id]}}, "limit": 1},
                )
                if not rows:
                    raise ProviderError(
                        f"block type '{slug}' has no schema on {self.connection.api_url}",
                        remedy="declare one with BlockSchema and let the block depend on it",
                    )
                self._schemas[slug] = str(rows[0]["id"])
            return self._schemas[slug]

    def json_schema_id(self) -> str:
        """Schema of the `JSON` class; its type and schema are created when missing."""
        with self._lock:
            if "JSON class" not in self._schemas:
                client = self.connection.client()
                try:
                    kind = client.request("GET", "/block_types/slug/json")
                except NotFoundError:
                    try:
                        kind = client.create("/block_types/", JSON_TYPE, lambda: self._json_type())
                    except ConflictError:
                        kind = client.request("GET", "/block_types/slug/json")
                self._types["json"] = str(kind["id"])
                # The server answers with the schema that it has when the content is the same.
                body = {"block_type_id": kind["id"], "fields": JSON_FIELDS, "capabilities": []}
                schema = client.create("/block_schemas/", body, lambda: None)
                self._schemas["JSON class"] = str(schema["id"])
            return self._schemas["JSON class"]

    def _json_type(self) -> Json | None:
        try:
            row: Json = self.connection.client().request("GET", "/block_types/slug/json")
        except NotFoundError:
            return None
        return row

    def forget(self, slug: str) -> None:
        with self._lock:
            self._types.pop(slug, None)
            self._schemas.pop(slug, None)


class BlockTypeHandler(RestHandler):
    """Block types: deleting one takes its blocks along, so it is refused while there are any."""

    @override
    def delete(self, call: Call) -> None:
        refuse_while_used(self, {"block_documents": {"block_type_id": {"any_": [call.id]}}}, call.outputs)
        super().delete(call)


class BlockSchemaHandler(RestHandler):
    """Block schemas: the server finds one by its content, and deletes its blocks along with it."""

    def __init__(self, routes: Routes, connection: Connection, types: BlockTypes) -> None:
        super().__init__(routes, connection)
        self.types = types

    @override
    def diff(self, call: Call) -> DiffResult:
        """Two schemas of one type may live side by side, so blocks can move to the new one before the old one goes."""
        return replace(super().diff(call), delete_before_replace=False)

    @override
    def body(self, plain: Json) -> Json:
        return {**super().body(plain), "block_type_id": self.types.type_id(plain["blockTypeSlug"])}

    @override
    def answer(self, row: Json, wanted: Props) -> Json:
        kind = row.get("block_type") or {}
        values = super().answer(row, wanted)
        fields = dict(values["fields"] or {})
        declared = unwrap(wanted.get("fields"))
        if not fields.get(REFERENCES) and declared is not None and REFERENCES not in declared:
            fields.pop(REFERENCES, None)  # the server adds an empty one, which an import keeps: the checksum counts it
        added = _are_types(fields.get("definitions")) if declared is None else "definitions" not in declared
        if fields.get(REFERENCES) and added:
            fields.pop("definitions", None)  # the server adds the schemas of the types that it refers to
        return {
            **values,
            "fields": fields,
            "blockTypeSlug": kind.get("slug") or unwrap(wanted).get("blockTypeSlug"),
        }

    @override
    def create(self, call: Call) -> tuple[str, dict[str, Any]]:
        self.types.forget(str(unwrap(call.news["blockTypeSlug"])))
        return super().create(call)

    @override
    def delete(self, call: Call) -> None:
        refuse_while_used(self, {"block_schemas": {"id": {"any_": [call.id]}}}, call.outputs)
        super().delete(call)


def refuse_while_used(handler: RestHandler, where: Json, outputs: Props) -> None:
    rows = handler.connection.client().request("POST", "/block_documents/filter", json={**where, "limit": 3})
    if rows:
        slug = outputs.get("slug") or outputs.get("blockTypeSlug")
        names = ", ".join(f"{slug}/{row['name']}" for row in rows)
        raise ProviderError(
            f"the {handler.routes.noun} '{slug}' is still used by blocks ({names}), which its deletion would delete",
            remedy="delete these blocks first, or keep the type with the option retain_on_delete",
        )


class DocumentHandler(RestHandler):
    """`BlockDocument`, and with a fixed type `SecretBlock` and `JsonBlock`.

    Answers to POST are masked, so the values come from the inputs; reads ask for them in plain text.
    """

    def __init__(self, routes: Routes, connection: Connection, types: BlockTypes) -> None:
        super().__init__(routes, connection)
        self.types = types
        self.list_body = {"include_secrets": True}
        self.slug = {SecretBlock: "secret", JsonBlock: "json"}.get(routes.model, "")

    @override
    def check(self, call: Call) -> tuple[dict[str, Any], list[Fault]]:
        """New data has to fit the schema of its type."""
        inputs, faults = super().check(call)
        data, slug, schema_id = (unwrap(inputs.get(wire)) for wire in ("data", "blockTypeSlug", SCHEMA))
        judged = self.model is BlockDocument and isinstance(data, dict) and not has_unknown([slug, schema_id])
        if faults or not judged or same(call.inputs.get("data"), inputs["data"]):
            return inputs, faults
        fields = self.types.fields(slug, schema_id or "")
        return inputs, [] if fields is None else [_of_block(slug, inputs, fault) for fault in data_faults(fields, data)]

    @override
    def body(self, plain: Json) -> Json:
        slug = self.slug or plain["blockTypeSlug"]
        return {
            "name": plain["name"],
            "data": self.data(plain),
            "block_schema_id": plain.get("blockSchemaId") or self.schema_id(slug),
            "block_type_id": self.types.type_id(slug),
        }

    def schema_id(self, slug: str) -> str:
        return self.types.json_schema_id() if self.model is JsonBlock else self.types.schema_id(slug)

    @override
    def patch(self, changed: Collection[str], plain: Json) -> Json:
        # Without the merge a key that left the program leaves the server, too.
        body: Json = {"data": self.data(plain), "merge_existing_data": False}
        if "blockSchemaId" in changed:
            body["block_schema_id"] = plain["blockSchemaId"]
        return body

    def data(self, plain: Json) -> Json:
        return plain["data"] if self.model is BlockDocument else {"value": plain["value"]}

    @override
    def create(self, call: Call) -> tuple[str, dict[str, Any]]:
        id, outputs = super().create(call)
        value = "data" if self.model is BlockDocument else "value"
        return id, {**outputs, value: call.news[value]}

    @override
    def by_id(self, id: str, known: Json) -> Json | None:
        row = super().by_id(id, known)
        kind = (row or {}).get("block_type") or {}
        return None if self.slug and kind.get("slug") != self.slug else row

    @override
    def result(self, call: Call, row: Json | None) -> ReadResult:
        """An import leaves out the schema that a create would choose."""
        read = super().result(call, row)
        schema = read.inputs.get(SCHEMA)
        if call.inputs or schema is None or schema != self.schema_id(str(read.inputs["blockTypeSlug"])):
            return read
        return replace(read, inputs={name: value for name, value in read.inputs.items() if name != SCHEMA})

    @override
    def answer(self, row: Json, wanted: Props) -> Json:
        plain = super().answer(row, wanted)
        data = dict(row.get("data") or {})
        if self.model is not BlockDocument:
            return {**plain, "value": data.get("value")}
        declared = unwrap(wanted.get("data"))
        for key, reference in (row.get("block_document_references") or {}).items():
            given = {"$ref": {}} if declared is None else declared.get(key)  # an import has declared nothing yet
            if isinstance(given, dict) and "$ref" in given:
                data[key] = {"$ref": {"block_document_id": str((reference.get("block_document") or {}).get("id"))}}
        kind = row.get("block_type") or {}
        return {**plain, "data": data, "blockTypeSlug": kind.get("slug") or row.get("block_type_slug")}


def _are_types(definitions: Any) -> bool:
    """Whether the definitions of a schema are those of block types alone."""
    return isinstance(definitions, dict) and all("block_type_slug" in part for part in definitions.values())


def _of_block(slug: str, inputs: Props, fault: Fault) -> Fault:
    """The fault with the name of its block."""
    return Fault(fault.property, f"block {slug}/{unwrap(inputs.get('name'))}: {fault.reason}")
