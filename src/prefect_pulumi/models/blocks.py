"""Block types, schemas and documents (prefect/server/api/block_types.py, block_schemas.py, block_documents.py)."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field

from prefect_pulumi.models.base import Kind, Meta
from prefect_pulumi.models.names import DashedName, JsonValue, UnreservedName


class BlockType(Kind):
    """A type of block."""

    kind: ClassVar[str] = "BlockType"
    faults: ClassVar[tuple[str, ...]] = ("It is not deleted while it has blocks, which would be deleted with it.",)
    example: ClassVar[str] = 'BlockType("warehouse", name="Warehouse", slug="warehouse")'
    import_id: ClassVar[str] = "slug"

    name: Annotated[UnreservedName, Meta(replaces=True, logical_name=True)] = Field(description="Name shown to people.")
    slug: Annotated[DashedName, Meta(replaces=True)] = Field(
        description="Name used in code: lower-case letters, digits and dashes, unique on the server."
    )
    logo_url: str | None = Field(default=None, description="Web address of its logo.")
    documentation_url: str | None = Field(default=None, description="Web address of its documentation.")
    description: str | None = Field(default=None, description="What it is for.")
    code_example: str | None = Field(default=None, description="Code that uses it.")
    created: Annotated[str | None, Meta(output=True)] = Field(default=None, description="When it was made (RFC 3339).")


class BlockSchema(Kind):
    """The fields of a block type. The server identifies it by content: one that exists already is taken over."""

    kind: ClassVar[str] = "BlockSchema"
    faults: ClassVar[tuple[str, ...]] = (
        "It is not deleted while blocks use it: give these blocks its id as block_schema_id, and they move to "
        "its successor first.",
    )
    example: ClassVar[str] = 'BlockSchema("warehouse", block_type_slug=warehouse.slug, fields={"type": "object"})'
    import_id: ClassVar[str] = ""

    block_type_slug: Annotated[DashedName, Meta(replaces=True)] = Field(description="Slug of its block type.")
    fields_: Annotated[dict[str, Any], Meta(replaces=True)] = Field(
        default_factory=dict, alias="fields", description="JSON schema of the block's fields."
    )
    capabilities: Annotated[list[str], Meta(replaces=True)] = Field(
        default_factory=list, description="Names of what the block can do, such as 'writeable'."
    )
    version: Annotated[str, Meta(replaces=True)] = Field(
        default="non-versioned", description="Version of the schema, for people."
    )
    block_type_id: Annotated[str | None, Meta(output=True)] = Field(default=None, description="UUID of its type.")
    checksum: Annotated[str | None, Meta(output=True)] = Field(
        default=None, description="'sha256:...' over the fields, by which classes find it."
    )
    created: Annotated[str | None, Meta(output=True)] = Field(default=None, description="When it was made (RFC 3339).")


class BlockDocument(Kind):
    """A block of any type that the server knows."""

    kind: ClassVar[str] = "BlockDocument"
    faults: ClassVar[tuple[str, ...]] = (
        "A type that the server does not know: 'block type ... does not exist', when it is made.",
        "A type without a schema is refused when it is made.",
    )
    example: ClassVar[str] = 'BlockDocument("dwh", block_type_slug=warehouse.slug, data={"host": "dwh.internal"})'
    import_id: ClassVar[str] = "slug/name"

    name: Annotated[DashedName, Meta(replaces=True, logical_name=True)] = Field(
        description="Lower-case letters, digits and dashes, unique in its type."
    )
    block_type_slug: Annotated[DashedName, Meta(replaces=True)] = Field(description="Slug of its block type.")
    block_schema_id: Annotated[str | None, Meta(server_default=True)] = Field(
        default=None, description="UUID of its schema, of the same type. Left out: the newest schema of the type."
    )
    data: Annotated[dict[str, JsonValue], Meta(secret=True)] = Field(
        description="Values of its fields. Another block is referred to by {'$ref': {'block_document_id': id}}."
    )
    block_type_id: Annotated[str | None, Meta(output=True)] = Field(default=None, description="UUID of its type.")
    created: Annotated[str | None, Meta(output=True)] = Field(default=None, description="When it was made (RFC 3339).")


class SecretBlock(Kind):
    """A `Secret` block, read in flows with `Secret.load`. Its value is encrypted in the state."""

    kind: ClassVar[str] = "SecretBlock"
    faults: ClassVar[tuple[str, ...]] = (
        "A value that cannot be written as JSON is refused at preview, and never shown.",
    )
    example: ClassVar[str] = 'SecretBlock("db-password", value=config.require_secret("dbPassword"))'
    import_id: ClassVar[str] = "name"

    name: Annotated[DashedName, Meta(replaces=True, logical_name=True)] = Field(
        description="Lower-case letters, digits and dashes, unique among the Secret blocks."
    )
    value: Annotated[JsonValue, Meta(secret=True)] = Field(description="The secret: a string or any JSON value.")
    created: Annotated[str | None, Meta(output=True)] = Field(default=None, description="When it was made (RFC 3339).")


class JsonBlock(Kind):
    """A `JSON` block: a JSON value for flows. Its block type and schema (slug `json`) are made when missing."""

    kind: ClassVar[str] = "JsonBlock"
    faults: ClassVar[tuple[str, ...]] = ("A value that cannot be written as JSON is refused at preview.",)
    example: ClassVar[str] = 'JsonBlock("app-config", value={"retries": 3})'
    import_id: ClassVar[str] = "name"

    name: Annotated[DashedName, Meta(replaces=True, logical_name=True)] = Field(
        description="Lower-case letters, digits and dashes, unique among the JSON blocks."
    )
    value: Annotated[JsonValue, Meta()] = Field(description="Any JSON value.")
    created: Annotated[str | None, Meta(output=True)] = Field(default=None, description="When it was made (RFC 3339).")
