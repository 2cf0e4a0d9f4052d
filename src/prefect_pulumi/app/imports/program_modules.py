"""The modules of an imported program: what the stack file cannot declare (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from prefect_pulumi.app.imports.layout import MODULES, SERVER, Layout, Place, References, in_order
from prefect_pulumi.app.imports.python_text import Expression, call, import_lines, literal
from prefect_pulumi.app.imports.secret_fields import Placeholders

ABOUT = {
    "work_pools": "Work pools and queues that the stack file cannot name.",
    "task_limits": "Limits on concurrent task runs, by tag.",
    "blocks": "Block types, their schemas, and blocks.",
    "deployments": "Flows, their deployments and schedules.",
    "automations": "Automations.",
}
_SCHEMAS = {"BlockSchema": "fields", "Deployment": "parameterOpenapiSchema"}
_CLEAR = ("parameters", "jobVariables")


@dataclass
class ProgramModules:
    """`texts`: module -> its source. `schemas`: JSON schemas by name, for a file of their own: classes and flows write
    them, people do not. `secrets`: config key -> value. `literals`: UUIDs that stay in the text, since their objects
    stand below what refers to them."""

    texts: dict[str, str] = field(default_factory=dict)
    schemas: dict[str, Any] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    literals: set[str] = field(default_factory=set)


def program_modules(layout: Layout, used: Iterable[str] = ()) -> ProgramModules:
    """`used`: UUIDs of objects that other code refers to."""
    used = {*used}
    _write(layout, used)  # which objects need a variable is known when all are written
    return _write(layout, used)


def _write(layout: Layout, used: set[str]) -> ProgramModules:
    secrets = Placeholders(item.human for item in layout.in_settings if item.kind == "SecretBlock")
    result = ProgramModules(secrets=secrets.values)
    for module, places in layout.modules.items():
        if module == SERVER or not places:
            continue
        references = References(layout, module)
        writer = _Writer(layout, references, secrets, result.schemas)
        statements = []
        for place in in_order(places):
            statements.append(writer.statement(place, place.item.id in used))
            references.declared.add(place.item.id)
        result.texts[module] = _module(module, places, references, statements)
        result.literals |= references.unresolved
        used |= references.used
    return result


def _module(module: str, places: Sequence[Place], references: References, statements: Sequence[str]) -> str:
    body = "\n".join(statements)
    head = [f'"""{ABOUT[module]}"""', ""]
    if "pulumi." in body or "config." in body:
        head += ["import pulumi", ""]
    head += [f"import {name}" for name in MODULES if name in references.imported]
    head.append(import_lines("prefect_pulumi.resources", {place.item.kind for place in places}))
    head += [import_lines(SERVER, {"options", *references.names}), ""]
    if "config." in body:
        head += ["config = pulumi.Config()", ""]
    return "\n".join([*head, body, ""])


class _Writer:
    def __init__(self, layout: Layout, references: References, secrets: Placeholders, schemas: dict[str, Any]) -> None:
        self.layout = layout
        self.references = references
        self.secrets = secrets
        self.schemas = schemas

    def statement(self, place: Place, assigned: bool) -> str:
        begin = f"{place.variable} = " if assigned else ""
        named = dict(self._arguments(place))
        positional = [literal(place.resource), self._options(place)]
        return begin + call(place.item.kind, positional, named, used=len(begin))

    def _arguments(self, place: Place) -> Iterator[tuple[str, Any]]:
        item = place.item
        for spec in item.model.inputs():
            value = self._named(place, spec.wire)
            if value is None and spec.wire in item.inputs:
                value = item.inputs[spec.wire]
                if spec.meta.logical_name and value == place.resource:
                    continue
                value = self.references.value(self._masked(place, spec.wire, value))
            if value is not None:
                yield spec.attribute.rstrip("_"), value

    def _masked(self, place: Place, wire: str, value: Any) -> Any:
        item = place.item
        if wire in _SCHEMAS.get(item.kind, ""):
            return self._schema(place, value)
        if item.kind == "SecretBlock" and wire == "value":
            return self.secrets.of(value, item.human)
        if item.kind == "BlockDocument" and wire == "data":
            return self.secrets.within(value, item.secret_fields, str(item.inputs["name"]))
        if item.kind == "Deployment" and wire in _CLEAR:
            return self.secrets.within(value, (), item.human)
        return value

    def _schema(self, place: Place, schema: Any) -> Expression:
        """The entry of the schemas' file; deployments of one flow share theirs."""
        name = str(place.item.inputs.get("flowName", place.resource))
        if self.schemas.setdefault(name, schema) != schema:
            name = place.resource
            self.schemas[name] = schema
        self.references.names.add("schemas")
        return Expression(f"schemas[{literal(name)}]")

    def _named(self, place: Place, wire: str) -> Expression | None:
        """The reference of a field that holds the name of another object, or of a schema that was left out."""
        inputs = place.item.inputs
        target: Place | None = None
        attribute = "name"
        if wire == "workPoolName" and wire in inputs:
            target = self.layout.named("WorkPool", inputs[wire])
        elif wire == "workQueueName" and wire in inputs:
            target = self.layout.named("WorkQueue", f"{inputs.get('workPoolName')}/{inputs[wire]}")
        elif wire == "flowName":
            target = self.layout.named("Flow", inputs[wire])
        elif wire == "blockTypeSlug":
            target, attribute = self.layout.named("BlockType", inputs[wire]), "slug"
        elif wire == "blockSchemaId" and place.item.kind == "BlockDocument" and wire not in inputs:
            target, attribute = self._newest_schema(inputs["blockTypeSlug"]), "id"
        if target is None or not self.references.can_refer_to(target):
            return None
        return self.references.attribute(target, attribute)

    def _schemas(self, slug: str) -> list[Place]:
        places = self.layout.modules["blocks"]
        return [
            item for item in places if item.item.kind == "BlockSchema" and item.item.inputs["blockTypeSlug"] == slug
        ]

    def _newest_schema(self, slug: str) -> Place | None:
        return next(reversed(self._schemas(slug)), None)

    def _options(self, place: Place) -> str:
        """A schema is created after those that it refers to."""
        fields = place.item.inputs.get("fields") if place.item.kind == "BlockSchema" else None
        slugs = sorted(set(_schema_references(fields or {})))
        needed = [item for slug in slugs for item in self._schemas(slug) if self.references.can_refer_to(item)]
        if not needed:
            self.references.names.add("options")
            return "options"
        self.references.used |= {item.item.id for item in needed}
        listed = ", ".join(item.variable for item in needed)
        return f"pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(depends_on=[{listed}]))"


def _schema_references(fields: Any) -> Iterator[str]:
    """Slugs of the block types that a schema's fields refer to, at any depth."""
    if isinstance(fields, list):
        for item in fields:
            yield from _schema_references(item)
    elif isinstance(fields, dict):
        if isinstance(fields.get("block_type_slug"), str) and "block_schema_checksum" in fields:
            yield fields["block_type_slug"]
        for item in fields.values():
            yield from _schema_references(item)
