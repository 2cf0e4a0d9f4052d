"""What `environment` of a stack file declares on its server: every kind, each under the name that it has there."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi

from prefect_pulumi.components.cloud import CloudObjects, declare_cloud_objects
from prefect_pulumi.components.drift_check import DriftCheck
from prefect_pulumi.components.environment import ProgramSettingsError, field_value, place, secret_value
from prefect_pulumi.components.lookups import Lookups, circle
from prefect_pulumi.components.pool import Pool
from prefect_pulumi.components.server import Server
from prefect_pulumi.core.values import UNKNOWN
from prefect_pulumi.models.automation_names import ObjectName
from prefect_pulumi.models.block_data import data_faults
from prefect_pulumi.models.block_types import shipped_fields
from prefect_pulumi.project import layout
from prefect_pulumi.project.object_settings import BlockSettings, BlockTypeSettings, block_reference
from prefect_pulumi.project.secret_settings import secret_field
from prefect_pulumi.project.settings import Environment
from prefect_pulumi.resources import (
    BlockDocument,
    BlockSchema,
    BlockType,
    Flow,
    GlobalConcurrencyLimit,
    JsonBlock,
    ResultStorage,
    SecretBlock,
    TaskRunConcurrencyLimit,
    Variable,
)

REFERENCES, CHECKSUM = "block_schema_references", "block_schema_checksum"


@dataclass(frozen=True, slots=True)
class Objects:
    """The resources, by their keys in the stack file; `blocks` by `type/name`. `options`: those that all of them have.
    `lookups` gives the ids of objects by name."""

    options: pulumi.ResourceOptions
    lookups: Lookups
    pools: Mapping[str, Pool]
    variables: Mapping[str, Variable]
    json_blocks: Mapping[str, JsonBlock]
    secret_blocks: Mapping[str, SecretBlock]
    block_schemas: Mapping[str, BlockSchema]
    blocks: Mapping[str, BlockDocument]
    limits: Mapping[str, GlobalConcurrencyLimit]
    tag_limits: Mapping[str, TaskRunConcurrencyLimit]
    flows: Mapping[str, Flow]
    result_storage: ResultStorage | None
    drift: DriftCheck | None
    cloud: CloudObjects

    @property
    def needs(self) -> list[pulumi.Resource]:
        """What flows may need at run time, and so exists before they are deployed."""
        groups: tuple[Mapping[str, pulumi.Resource], ...] = (
            *(self.variables, self.json_blocks, self.secret_blocks, self.blocks),
            *(self.limits, self.tag_limits, self.flows),
        )
        storage = [] if self.result_storage is None else [self.result_storage]
        return [*storage, *(resource for group in groups for resource in group.values())]


def declare_objects(environment: Environment, server: Server, opts: pulumi.ResourceOptions | None = None) -> Objects:
    """All but what comes after the deployments: `declare_automations`. `opts`: in place of the server's own options.

    Raises `SettingsError` for a name that nothing has, a secret without a value, and blocks that refer to each other in
    a circle.
    """
    options = opts or server.options
    lookups = Lookups(server)
    blocks = _Blocks(environment, options, lookups)
    documents = {name: blocks.document(name) for name in environment.blocks}
    pools = {
        name: Pool(
            name,
            settings,
            options,
            server=server,
            result_storage=lookups.id(ObjectName("block", settings.result_storage), f"pools.{name}.result_storage")
            if settings.result_storage
            else None,
        )
        for name, settings in environment.pools.items()
    }
    named_blocks: dict[str, pulumi.Resource] = {
        **documents,
        **{f"secret/{name}": block for name, block in blocks.secret_blocks.items()},
        **{f"json/{name}": block for name, block in blocks.json_blocks.items()},
    }
    return Objects(
        options=options,
        lookups=lookups,
        pools=pools,
        variables={
            name: Variable(name, options, value=settings.value, tags=settings.tags)
            for name, settings in environment.variables.items()
        },
        json_blocks=blocks.json_blocks,
        secret_blocks=blocks.secret_blocks,
        block_schemas=blocks.schemas,
        blocks=documents,
        limits={
            name: GlobalConcurrencyLimit(name, options, **settings.model_dump(exclude_none=True))
            for name, settings in environment.concurrency_limits.items()
        },
        tag_limits={
            tag: TaskRunConcurrencyLimit(tag, options, limit=settings.limit)
            for tag, settings in environment.tag_limits.items()
        },
        flows={
            name: Flow(name, options, tags=settings.tags, labels=settings.labels or None)
            for name, settings in environment.flows.items()
        },
        result_storage=ResultStorage(
            "result-storage",
            options,
            block_document_id=lookups.id(ObjectName("block", environment.result_storage), "result_storage"),
        )
        if environment.result_storage
        else None,
        drift=_drift_check(environment, pools, options),
        cloud=declare_cloud_objects(
            environment, options, lookups, {name: pool.work_pool for name, pool in pools.items()}, named_blocks
        ),
    )


def _drift_check(
    environment: Environment, pools: Mapping[str, Pool], options: pulumi.ResourceOptions
) -> DriftCheck | None:
    """After its queue, where the stack declares that."""
    if environment.drift is None:
        return None
    pool = pools.get(environment.drift.work_pool)
    needs = [] if pool is None else [pool.work_pool, *pool.queues.values()]
    return DriftCheck("drift", environment.drift, options, needs=needs)


class _Blocks:
    """Block types with their schemas, and blocks, each after those that it refers to."""

    def __init__(self, environment: Environment, options: pulumi.ResourceOptions, lookups: Lookups) -> None:
        self.environment = environment
        self.options = options
        self.lookups = lookups
        self.json_blocks = {
            name: JsonBlock(name, options, value=value) for name, value in environment.json_blocks.items()
        }
        self.secret_blocks = {
            name: SecretBlock(name, options, value=secret_value(name, settings))
            for name, settings in environment.secrets.items()
        }
        for slug, named in (("json", self.json_blocks), ("secret", self.secret_blocks)):
            for name, resource in named.items():
                lookups.know(ObjectName("block", f"{slug}/{name}"), resource)
        self.schemas: dict[str, BlockSchema] = {}
        self._documents: dict[str, BlockDocument] = {}
        self._started: list[str] = []
        self._fields = {slug: schema_fields(slug, settings.fields) for slug, settings in self._own.items()}
        for slug in environment.block_types:
            self._schema(slug)

    def document(self, name: str) -> BlockDocument:
        """The block `type/name` of the stack file."""
        if name not in self._documents:
            with circle(self._started, name, "blocks"):
                self._documents[name] = self._declare(name, self.environment.blocks[name])
            self.lookups.know(ObjectName("block", name), self._documents[name])
        return self._documents[name]

    def _declare(self, name: str, settings: BlockSettings) -> BlockDocument:
        slug, _, own = name.partition("/")
        self._check(name, slug, settings)
        schema = self.schemas.get(slug)
        return BlockDocument(
            name,
            self.options,
            name=own,
            block_type_slug=slug,
            block_schema_id=None if schema is None else schema.id,
            data={key: self._value(name, (key,), value) for key, value in settings.data.items()},
        )

    def _check(self, name: str, slug: str, settings: BlockSettings) -> None:
        """Data of a type whose schema is known without a server; the provider judges the others."""
        fields = self._fields.get(slug) or shipped_fields(slug)
        faults = [] if fields is None else data_faults(fields, {key: _plain(v) for key, v in settings.data.items()})
        if faults:
            raise ProgramSettingsError(
                "; ".join(fault.reason for fault in faults),
                where=place(f"blocks.{name}.{faults[0].property}"),
                remedy=f"correct the data of the block, or the fields of the type {slug}",
            )

    def _value(self, block: str, path: tuple[str, ...], value: Any) -> Any:
        reference = block_reference(value) if len(path) == 1 else None
        if reference is not None:
            if reference in self.environment.blocks:
                self.document(reference)
            id = self.lookups.id(ObjectName("block", reference), f"blocks.{block}.data.{path[0]}")
            return {"$ref": {"block_document_id": id}}
        if (secret := secret_field(value)) is not None:
            return field_value(block, path, secret)
        if isinstance(value, dict):
            return {key: self._value(block, (*path, key), item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._value(block, (*path, str(index)), item) for index, item in enumerate(value)]
        return value

    def _schema(self, slug: str) -> BlockSchema:
        """The schema of a type of the stack file, after those of the types that its fields refer to. A type that
        Prefect ships is on the server already."""
        if slug not in self.schemas:
            settings = self.environment.block_types[slug]
            with circle(self._started, slug, "block_types"):
                needed = [
                    self._schema(other) for other in sorted({*_types_in(self._fields[slug])}) if other in self._own
                ]
            kinds = [] if shipped_fields(slug) is not None else [self._type(slug)]
            self.schemas[slug] = BlockSchema(
                slug,
                pulumi.ResourceOptions.merge(self.options, pulumi.ResourceOptions(depends_on=[*kinds, *needed])),
                block_type_slug=slug,
                fields=self._with_checksums(self._fields[slug]),
                capabilities=settings.capabilities,
                version=settings.version,
            )
        return self.schemas[slug]

    def _type(self, slug: str) -> BlockType:
        settings = self.environment.block_types[slug]
        described = {"description", "logo_url", "documentation_url", "code_example"}
        return BlockType(
            slug,
            self.options,
            name=settings.name or slug,
            slug=slug,
            **settings.model_dump(exclude_none=True, include=described),
        )

    def _with_checksums(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """A reference to another type of the stack file has the checksum of its schema, unless it says one."""

        def complete(reference: Any) -> Any:
            if isinstance(reference, list):
                return [complete(part) for part in reference]
            other = self.schemas.get(reference.get("block_type_slug", "")) if isinstance(reference, dict) else None
            return reference if other is None else {CHECKSUM: other.checksum, **reference}

        references = fields.get(REFERENCES)
        if not isinstance(references, Mapping):
            return dict(fields)
        return {**fields, REFERENCES: {key: complete(reference) for key, reference in references.items()}}

    @property
    def _own(self) -> Mapping[str, BlockTypeSettings]:
        return self.environment.block_types


def schema_fields(slug: str, fields: Mapping[str, Any] | str) -> Mapping[str, Any]:
    """The schema of a type of the stack file, also from a file. Raises `SettingsError` for one that cannot be read."""
    if not isinstance(fields, str):
        return fields
    path = (layout.find_project(Path.cwd()) or Path.cwd()) / fields
    try:
        content = json.loads(path.read_text("utf-8"))
        reason = "" if isinstance(content, dict) else "it is no JSON object"
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else "") or str(error)
    if reason:
        raise ProgramSettingsError(
            f"{fields}: {reason}",
            where=place(f"block_types.{slug}.fields"),
            remedy="name a JSON file from the project's folder, or give the schema itself",
        )
    return dict(content)


def _plain(value: Any) -> Any:
    """A value of a block's data; unknown where it is another block, or a secret."""
    if block_reference(value) is not None or secret_field(value) is not None:
        return UNKNOWN
    return {key: _plain(item) for key, item in value.items()} if isinstance(value, dict) else value


def _types_in(fields: Any) -> Iterator[str]:
    """Slugs of the block types that a schema's fields refer to, at any depth."""
    if isinstance(fields, list):
        for item in fields:
            yield from _types_in(item)
    elif isinstance(fields, dict):
        for key, item in fields.items():
            if key == REFERENCES and isinstance(item, dict):
                yield from _slugs(item)
            yield from _types_in(item)


def _slugs(references: Mapping[str, Any]) -> Iterator[str]:
    for reference in references.values():
        for part in reference if isinstance(reference, list) else [reference]:
            if isinstance(part, dict) and isinstance(part.get("block_type_slug"), str):
                yield part["block_type_slug"]
