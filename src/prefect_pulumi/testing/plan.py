"""What an update would do, or has done, as something that a test asserts on; pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic.alias_generators import to_camel

from prefect_pulumi.core.values import mask, unwrap
from prefect_pulumi.engine.plan.steps import STACK_TYPE, Op, Step
from prefect_pulumi.state.entries import urn_name

VERBS = {
    Op.CREATE: ("create", "creates"),
    Op.UPDATE: ("update", "updates"),
    Op.REPLACE: ("replace", "replaces"),
    Op.DELETE: ("delete", "deletes"),
    Op.IMPORT: ("take over", "takes over"),
    Op.READ: ("read", "reads"),
    Op.SAME: ("leave", "leaves"),
}
"""The operations that a plan lists, in the order of its text."""
DEPLOYS = "prefect:index:Deployments"


@dataclass(frozen=True, slots=True)
class PlannedObject:
    """`type`: token; `name`: logical name; `inputs`: by the names on the wire, secrets marked, with those `before`;
    `fields`: names on the wire of what an update or a replacement changes."""

    op: Op
    type: str
    name: str
    inputs: Mapping[str, Any]
    before: Mapping[str, Any] = field(default_factory=dict)
    fields: frozenset[str] = frozenset()

    @property
    def kind(self) -> str:
        return self.type.rsplit(":", 1)[-1]

    @property
    def known_names(self) -> frozenset[str]:
        """The logical name and the object's own."""
        return frozenset({self.name, str(unwrap(self.inputs.get("name", self.name)))})

    def __str__(self) -> str:
        name = mask(self.inputs.get("name"))
        return f"{self.kind} {name if isinstance(name, str) else self.name}"


class Plan(Sequence[PlannedObject]):
    """The objects of an update. Each assertion names an object by its kind (`WorkPool`) or token, and by its own or its
    logical name; further keywords are inputs by their Python names, and have to be equal.

        plan.creates("WorkPool", name="etl", concurrency_limit=10)
    """

    def __init__(self, objects: Iterable[PlannedObject]) -> None:
        self._objects = tuple(objects)

    @staticmethod
    def of_steps(steps: Iterable[Step]) -> Plan:
        """Of an update's steps; what the engine adds for itself is left out."""
        return Plan(_objects(steps))

    def __getitem__(self, index: Any) -> Any:
        return self._objects[index]

    def __len__(self) -> int:
        return len(self._objects)

    def __str__(self) -> str:
        parts = []
        for op, (_, verb) in VERBS.items():
            names = [str(planned) for planned in self._objects if planned.op is op]
            if names and op is not Op.SAME:
                parts.append(f"{verb} {', '.join(sorted(names))}")
        return "; ".join(parts) or "changes nothing"

    @property
    def changed(self) -> list[PlannedObject]:
        """All that is not left as it is."""
        return [planned for planned in self._objects if planned.op not in (Op.SAME, Op.READ)]

    def creates(self, kind: str, name: str | None = None, **inputs: Any) -> dict[str, Any]:
        """Asserts that the object is created; returns its inputs by their names on the wire, secrets in clear."""
        __tracebackhide__ = True
        return self._one(Op.CREATE, kind, name, inputs)

    def updates(
        self, kind: str, name: str | None = None, *, fields: Collection[str] | None = None, **inputs: Any
    ) -> dict[str, Any]:
        """As `creates`. `fields`: Python names of exactly the fields that change."""
        __tracebackhide__ = True
        return self._one(Op.UPDATE, kind, name, inputs, fields)

    def replaces(
        self, kind: str, name: str | None = None, *, fields: Collection[str] | None = None, **inputs: Any
    ) -> dict[str, Any]:
        """As `updates`: the old object is deleted."""
        __tracebackhide__ = True
        return self._one(Op.REPLACE, kind, name, inputs, fields)

    def deletes(self, kind: str, name: str | None = None) -> dict[str, Any]:
        """As `creates`; the inputs are those that the object had."""
        __tracebackhide__ = True
        return self._one(Op.DELETE, kind, name, {})

    def leaves(self, kind: str, name: str | None = None, **inputs: Any) -> dict[str, Any]:
        """Asserts that the object is there and stays as it is."""
        __tracebackhide__ = True
        return self._one(Op.SAME, kind, name, inputs)

    def deploys(self, deployment: str) -> None:
        """Asserts that the deployment `flow/name` of a prefect.yaml is deployed, for the first time or again."""
        __tracebackhide__ = True
        deployed: list[str] = []
        for planned in self.changed:
            if planned.type == DEPLOYS:
                now, before = (unwrap(side.get("fingerprints")) or {} for side in (planned.inputs, planned.before))
                deployed += [name for name, fingerprint in now.items() if before.get(name) != fingerprint]
        if deployment not in deployed:
            listed = ", ".join(sorted(deployed)) or "nothing"
            raise AssertionError(f"the plan does not deploy {deployment!r}; it deploys: {listed}")

    def changes_nothing(self) -> None:
        """Asserts that everything is as declared."""
        __tracebackhide__ = True
        if self.changed:
            raise AssertionError(f"the plan {self}")

    def _one(
        self,
        op: Op,
        kind: str,
        name: str | None,
        inputs: Mapping[str, Any],
        fields: Collection[str] | None = None,
    ) -> dict[str, Any]:
        __tracebackhide__ = True
        named = [planned for planned in self._objects if _is(planned, kind, name)]
        subject = kind if name is None else f"{kind} {name!r}"
        candidates = [planned for planned in named if planned.op is op]
        if not candidates:
            others = f"it {VERBS[named[0].op][1]} it" if named else f"it {self}"
            raise AssertionError(f"the plan does not {VERBS[op][0]} {subject}; {others}")
        reasons = []
        for planned in candidates:
            found = _mismatches(planned, inputs, fields)
            if not found:
                return dict(unwrap(dict(planned.inputs)))
            reasons.append(f"{planned}: {', '.join(found)}")
        raise AssertionError(f"the plan {VERBS[op][1]} {subject}, but not as asked: {'; '.join(reasons)}")


def _objects(steps: Iterable[Step]) -> Iterable[PlannedObject]:
    for step in steps:
        entry = step.new or step.old
        if step.op not in VERBS or step.is_provider or step.type == STACK_TYPE or entry is None:
            continue
        paths = step.diff.detailed if step.diff is not None else ()
        yield PlannedObject(
            step.op,
            step.type,
            urn_name(step.urn),
            entry.inputs,
            step.old.inputs if step.old is not None else {},
            frozenset(path.split(".")[0].split("[")[0] for path in paths),
        )


def _is(planned: PlannedObject, kind: str, name: str | None) -> bool:
    return kind in (planned.kind, planned.type) and (name is None or name in planned.known_names)


def _mismatches(planned: PlannedObject, inputs: Mapping[str, Any], fields: Collection[str] | None) -> list[str]:
    """What is not as asked; the values of secrets are not shown."""
    reasons = []
    for attribute, asked in inputs.items():
        value = planned.inputs.get(to_camel(attribute))
        if unwrap(value) != asked:
            reasons.append(f"{attribute} is {mask(value)!r}" + ("" if mask(value) != value else f", not {asked!r}"))
    if fields is not None and planned.fields != {to_camel(attribute) for attribute in fields}:
        changed = ", ".join(sorted(planned.fields)) or "nothing"
        reasons.append(f"what changes is {changed}, not {', '.join(sorted(fields)) or 'nothing'}")
    return reasons
