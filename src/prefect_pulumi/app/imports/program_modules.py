"""The modules of an imported program: what the stack file cannot declare (pure)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from prefect_pulumi.app.imports.layout import (
    AUTOMATIONS,
    MODULES,
    SERVER,
    Layout,
    Place,
    References,
    in_order,
    uuids_in,
)
from prefect_pulumi.app.imports.python_text import Expression, call, import_lines, literal
from prefect_pulumi.app.imports.secret_fields import Placeholders

ABOUT = {
    "work_pools": "Work pools and queues that the stack file cannot name.",
    "blocks": "Block types, schemas and blocks that the stack file cannot name.",
    "deployments": "Deployments and their schedules.",
    AUTOMATIONS: "Automations: those of the stack file, and those that it cannot name.",
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


def program_modules(layout: Layout, used: Iterable[str] = (), taken: Collection[str] = ()) -> ProgramModules:
    """`used`: UUIDs of objects that other code refers to. `taken`: config keys of other secrets."""
    used = {*used}
    _write(layout, used, taken)  # which objects need a variable is known when all are written
    return _write(layout, used, taken)


def _write(layout: Layout, used: set[str], taken: Collection[str]) -> ProgramModules:
    secrets = Placeholders(taken)
    result = ProgramModules(secrets=secrets.values)
    for module, places in layout.modules.items():
        named = module == AUTOMATIONS and bool(layout.automations)
        if module == SERVER or not (places or named):
            continue
        references = References(layout, module)
        writer = _Writer(layout, references, secrets, result.schemas)
        statements = [_automations_of_file(layout, references)] if named else []
        for place in in_order(places):
            statements.append(writer.statement(place, place.item.id in used))
            references.declared.add(place.item.id)
        result.texts[module] = _module(module, places, references, statements)
        result.literals |= references.unresolved
        used |= references.used
    return result


def _automations_of_file(layout: Layout, references: References) -> str:
    """The statement that declares the automations of the stack file."""
    ids = {id for item in layout.in_settings if item.kind == "Automation" for id in uuids_in(dict(item.inputs))}
    named = [place for id, place in layout.places.items() if id in ids and place.item.kind == "Deployment"]
    own = {place.item.human: references.attribute(place, "id") for place in named if not place.from_file}
    deployed: dict[str, Any] = {"deployments": own} if own else {}
    if any(place.from_file for place in named):
        references.imported.add("deployments")
        deployed["flows"] = [Expression("deployments.flows")]
    references.names |= {"environment", "objects"}
    begin = f"{AUTOMATIONS} = "
    return begin + call("declare_automations", ["environment", "objects"], deployed, used=len(begin))


def _module(module: str, places: Sequence[Place], references: References, statements: Sequence[str]) -> str:
    body = "\n".join(statements)
    head = [f'"""{ABOUT[module]}"""', ""]
    if "pulumi." in body or "config." in body:
        head += ["import pulumi", ""]
    head += [f"import {name}" for name in MODULES if name in references.imported]
    if "declare_automations(" in body:
        head.append("from prefect_pulumi.components import declare_automations")
    if places:
        head.append(import_lines("prefect_pulumi.resources", {place.item.kind for place in places}))
    head += [import_lines(SERVER, references.names), ""]
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
            target = None if target is not None and target.module == SERVER else target
        elif wire == "blockSchemaId" and place.item.kind == "BlockDocument" and wire not in inputs:
            target, attribute = self._newest_schema(inputs["blockTypeSlug"]), "id"
        if target is None or not self.references.can_refer_to(target):
            return None
        return self.references.attribute(target, attribute)

    def _schemas(self, slug: str) -> list[Place]:
        schemas = [place for place in self.layout.places.values() if place.item.kind == "BlockSchema"]
        return [place for place in schemas if place.item.inputs["blockTypeSlug"] == slug]

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
        listed = ", ".join(str(self.references.expression(item)) for item in needed)
        self.references.names.add("options")
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
