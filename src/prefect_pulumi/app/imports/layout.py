"""Where each live object stands in an imported program, and how the others refer to it (pure)."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from prefect_pulumi.app.imports.environment import automation_key
from prefect_pulumi.app.imports.live_objects import LiveObject
from prefect_pulumi.app.imports.python_text import Expression, literal
from prefect_pulumi.app.imports.settings_objects import queue_resource, settings_objects
from prefect_pulumi.core.values import texts_in

SERVER = "server"
"""The module whose objects the stack file declares."""
AUTOMATIONS = "automations"
MODULES = {
    SERVER: (),
    "work_pools": ("WorkPool", "WorkQueue"),
    "blocks": ("BlockType", "BlockSchema", "BlockDocument", "SecretBlock"),
    "deployments": ("Deployment", "DeploymentSchedule"),
    AUTOMATIONS: ("Automation",),
}
"""Module -> its kinds. A module refers to itself and to those before it."""
RESERVED = frozenset(
    {
        *(*keyword.kwlist, *keyword.softkwlist, *MODULES),
        *("pulumi", "config", "options", "objects", "environment", "schemas", "declare_automations"),
    }
)
UUID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
_GROUPS = {
    "Variable": "variables",
    "JsonBlock": "json_blocks",
    "SecretBlock": "secret_blocks",
    "BlockDocument": "blocks",
    "BlockSchema": "block_schemas",
    "BlockType": "block_schemas",
    "GlobalConcurrencyLimit": "limits",
    "TaskRunConcurrencyLimit": "tag_limits",
    "Flow": "flows",
    "Webhook": "cloud.webhooks",
    "WorkspaceAccess": "cloud.workspace_access",
    "ManagedAutomation": "cloud.managed_automations",
}
"""Kind -> the field of `components.Objects` that has it."""


@dataclass(frozen=True, slots=True)
class Place:
    """`resource`: its name in the program. `variable`: the expression for it inside of `module`. `from_file`: a
    deployment of `prefect.yaml`, whose expression is its UUID. `in_settings`: an automation of the stack file."""

    item: LiveObject
    resource: str
    module: str
    variable: str
    from_file: bool = False
    in_settings: bool = False

    @property
    def declared_here(self) -> bool:
        """Whether its module has a statement for it."""
        return not (self.from_file or self.in_settings)

    def seen_from(self, module: str) -> str:
        """The expression for it in that module, which imports the modules that it refers to."""
        inside = module == self.module or self.module == SERVER
        return self.variable if inside else f"{self.module}.{self.variable}"


class Layout:
    """Every object has a place. Names are those of Prefect, made unique where two objects of one kind share one."""

    def __init__(self, objects: Iterable[LiveObject], from_file: Iterable[LiveObject] = ()) -> None:
        """`from_file`: deployments that the program deploys from `prefect.yaml`."""
        listed, deployed = list(objects), list(from_file)
        self.in_settings = settings_objects(listed, deployed)
        ids = {item.id for item in self.in_settings}
        self.others = [item for item in [*listed, *deployed] if item.id not in ids]
        """What the stack file does not declare."""
        self.places: dict[str, Place] = {}
        for item in self.in_settings:
            self.places[item.id] = self._in_settings(item)
        resources: set[tuple[str, str]] = {(item.kind, self.places[item.id].resource) for item in self.in_settings}
        variables: dict[str, set[str]] = {module: set(RESERVED) for module in MODULES}
        for item in listed:
            if item.id not in ids:
                module = next(module for module, kinds in MODULES.items() if item.kind in kinds)
                base = item.human.rsplit("/", 1)[-1] if item.kind == "BlockDocument" else item.human
                base = item.human if (item.kind, base) in resources else base
                resource = _unique(base, lambda name, kind=item.kind: (kind, name), resources)
                variable = _unique(_variable(item), lambda name: name, variables[module], "_")
                self.places[item.id] = Place(item, resource, module, variable)
        for item in deployed:
            variable = f"flows.deployments[{literal(item.human)}]"
            self.places[item.id] = Place(item, item.human, "deployments", variable, from_file=True)
        self._named = {_name_of(place.item): place for place in self.places.values() if _name_of(place.item)[1]}
        self.modules = {
            module: [place for place in self.places.values() if place.module == module and place.declared_here]
            for module in MODULES
        }

    def _in_settings(self, item: LiveObject) -> Place:
        if item.kind == "WorkQueue":
            pool, queue = item.inputs["workPoolName"], item.inputs["name"]
            return Place(item, queue_resource(item), SERVER, f"objects.pools[{literal(pool)}].queues[{literal(queue)}]")
        if item.kind == "WorkPool":
            return Place(item, item.human, SERVER, f"objects.pools[{literal(item.human)}].work_pool")
        if item.kind == "Automation":
            key = automation_key(item.human, self.automations)
            return Place(item, key, AUTOMATIONS, f"{AUTOMATIONS}[{literal(key)}]", in_settings=True)
        return Place(item, item.human, SERVER, f"objects.{_GROUPS[item.kind]}[{literal(item.human)}]")

    @property
    def automations(self) -> list[str]:
        """Keys of the automations of the stack file."""
        return [place.resource for place in self.places.values() if place.in_settings]

    def named(self, kind: str, name: str) -> Place | None:
        """The place of a pool, flow, block type, or queue (`pool/queue`) by its name."""
        return self._named.get((kind, name))


def _name_of(item: LiveObject) -> tuple[str, str]:
    named = item.kind in ("WorkPool", "WorkQueue", "Flow", "BlockType")
    return item.kind, item.human if named else ""


def _unique(base: str, key: Any, taken: set[Any], joint: str = "-") -> str:
    name, number = base, 1
    while key(name) in taken:
        number += 1
        name = f"{base}{joint}{number}"
    taken.add(key(name))
    return name


def _variable(item: LiveObject) -> str:
    """`slack-webhook/team` -> `team`, `etl/daily` -> `etl_daily`; of a schema `acme_bucket_schema`."""
    human = item.human.split("/", 1)[-1] if item.kind == "BlockDocument" else item.human
    name = re.sub(r"\W+", "_", human).strip("_").lower()
    name = f"{name}_{item.kind.removeprefix('Block').lower()}" if item.kind in ("BlockType", "BlockSchema") else name
    return (
        name if name.isidentifier() else f"{re.sub(r'(?<=[a-z])(?=[A-Z])', '_', item.kind).lower()}_{name}".rstrip("_")
    )


class References:
    """The expressions for other objects in one module, as far as it can refer to them."""

    def __init__(self, layout: Layout, module: str) -> None:
        self.layout = layout
        self.module = module
        self.imported: set[str] = set()
        """Modules that it refers to."""
        self.names: set[str] = set()
        """Names that it takes from the module of the server."""
        self.declared: set[str] = set()
        """UUIDs of its own objects that stand above."""
        self.used: set[str] = set()
        """UUIDs of the objects that something refers to."""
        self.unresolved: set[str] = set()
        """UUIDs of objects of the program that stand below or in a later module."""

    def expression(self, place: Place) -> Expression:
        """The resource itself."""
        self.used.add(place.item.id)
        text = place.seen_from(self.module)
        if place.module == SERVER:
            self.names.add(re.split(r"\W", text, maxsplit=1)[0])
        elif place.module != self.module:
            self.imported.add(place.module)
        return Expression(text)

    def attribute(self, place: Place, attribute: str) -> Expression:
        text = self.expression(place)
        return text if place.from_file else Expression(f"{text}.{attribute}")

    def can_refer_to(self, place: Place) -> bool:
        order = list(MODULES)
        if place.module == self.module:
            return place.in_settings or place.item.id in self.declared
        return order.index(place.module) < order.index(self.module)

    def value(self, value: Any) -> Any:
        """A value with each UUID of an object of the program replaced by a reference to it."""
        if isinstance(value, Expression):
            return value
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, Mapping):
            return {key: self.value(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(item) for item in value]
        return value

    def _text(self, text: str) -> str:
        parts: list[str] = []
        end = 0
        for match in UUID.finditer(text):
            place = self.layout.places.get(match[0])
            if place is None:
                continue
            if not self.can_refer_to(place):
                self.unresolved.add(match[0])
                continue
            if match.start() > end:
                parts.append(literal(text[end : match.start()]))
            parts.append(self.attribute(place, "id"))
            end = match.end()
        if not parts:
            return text
        if end < len(text):
            parts.append(literal(text[end:]))
        return Expression(parts[0] if len(parts) == 1 else f"pulumi.Output.concat({', '.join(parts)})")


def uuids_in(value: Any) -> Iterator[str]:
    for text in texts_in(value):
        yield from UUID.findall(text)


def in_order(places: Sequence[Place]) -> list[Place]:
    """What an object refers to stands above it, as far as there is no circle; else the order is kept."""
    by_id = {place.item.id: place for place in places}
    ordered: dict[str, Place] = {}
    started: set[str] = set()

    def visit(place: Place) -> None:
        if place.item.id in started:
            return
        started.add(place.item.id)
        for id in uuids_in(dict(place.item.inputs)):
            if id in by_id:
                visit(by_id[id])
        ordered[place.item.id] = place

    for place in places:
        visit(place)
    return list(ordered.values())
