"""Random programs: resources of the prefect and the testbed package with random options, and steps from one to the
next. Draws come from hypothesis, so that a failing run can be had again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

PRELUDE = """
import pulumi
from prefect_pulumi.resources import GlobalConcurrencyLimit, SecretBlock, Variable, WorkPool, WorkQueue
O, S = pulumi.ResourceOptions, pulumi.Output.secret
class Thing(pulumi.CustomResource):
    def __init__(self, name, opts=None, **props):
        for key in ("serial", "token", "value", "filled", "extra"):
            props.setdefault(key, None)
        super().__init__("testbed:index:Thing", name, props, opts)
class Group(pulumi.ComponentResource):
    def __init__(self, name, opts=None, **props):
        super().__init__("testbed:index:Group", name, props or None, opts)
Group("order", value=[[key, *value] for key, value in pulumi.Config().require_object("order").items()])
R = {}
"""

KINDS = (
    "Variable",
    "WorkPool",
    "WorkQueue",
    "SecretBlock",
    "GlobalConcurrencyLimit",
    "Thing",
    "Thing",
    "Thing",
    "Group",
)
SMALL = st.integers(1, 4)
VALUES = st.one_of(
    SMALL,
    st.text("ab ü\"'\\", max_size=4),
    st.booleans(),
    st.lists(st.one_of(SMALL, st.none()), max_size=2),
    st.dictionaries(st.sampled_from(["k", "l"]), st.one_of(SMALL, st.none(), st.lists(SMALL, max_size=2)), max_size=2),
    st.floats(0, 3, width=16),
)
PROPS: dict[str, dict[str, Any]] = {
    "Variable": {"value": VALUES, "tags": st.lists(st.sampled_from("abc"), max_size=2, unique=True)},
    "WorkPool": {
        "concurrency_limit": st.one_of(SMALL, st.none()),
        "description": st.sampled_from(["", "one", "two"]),
        "type": st.sampled_from(["process", "process", "docker"]),
    },
    "WorkQueue": {"priority": SMALL, "paused": st.booleans()},
    "SecretBlock": {"value": VALUES},
    "GlobalConcurrencyLimit": {"limit": SMALL, "active": st.booleans()},
    "Thing": {"value": VALUES, "anchor": SMALL, "slot": SMALL, "extra": VALUES, "filled": st.sampled_from(["x", "y"])},
    "Group": {"value": SMALL},
}
NEEDED = {
    "Variable": ["value"],
    "WorkPool": ["type"],
    "WorkQueue": ["priority"],
    "SecretBlock": ["value"],
    "GlobalConcurrencyLimit": ["limit"],
}
OPTIONS: dict[str, Any] = {
    "protect": st.booleans(),
    "retain_on_delete": st.booleans(),
    "delete_before_replace": st.booleans(),
    "ignore_changes": st.sampled_from([["value"], ["extra", "slot"], ["value.k", "value[*]"], ["nothing"]]),
    "replace_on_changes": st.sampled_from([["value"], ["*"], ["value.k"], ["extra"]]),
    "additional_secret_outputs": st.sampled_from([["token"], ["value", "serial"]]),
}


@dataclass
class Spec:
    """One resource. `links`: property -> the key of an earlier one whose output it takes."""

    key: str
    kind: str
    props: dict[str, Any] = field(default_factory=dict)
    secret: set[str] = field(default_factory=set)
    links: dict[str, str] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    parent: str = ""
    depends_on: list[str] = field(default_factory=list)
    deleted_with: str = ""
    renames: int = 0
    urns: list[str] = field(default_factory=list)
    """Those that it has had, oldest first."""

    @property
    def name(self) -> str:
        return f"{self.key}-{self.renames}" if self.renames else self.key

    @property
    def past_name(self) -> str:
        return f"{self.key}-{self.renames - 1}" if self.renames > 1 else self.key

    @property
    def type(self) -> str:
        return f"{'testbed' if self.kind in {'Thing', 'Group'} else 'prefect'}:index:{self.kind}"

    def uses(self) -> set[str]:
        return {*self.links.values(), self.parent, *self.depends_on, self.deleted_with} - {""}


@dataclass
class Program:
    """Resources in the order in which they are declared: each uses only earlier ones. `prefix` makes names unique."""

    prefix: str
    specs: dict[str, Spec] = field(default_factory=dict)
    count: int = 0
    exports: bool = True

    # One random change

    def change(self, draw: Any, *, moving: bool = True) -> None:
        """`moving`: resources may get another name or parent."""
        choices = ["add", "add", "add"] if len(self.specs) < 3 else ["add", "remove", "change", "change", "option"]
        choices += ["link", "secret", "deleted_with"] if len(self.specs) >= 3 else []
        choices += ["rename", "move"] if moving and len(self.specs) >= 3 else []
        getattr(self, "_" + draw(st.sampled_from(choices)))(draw)

    def _pick(self, draw: Any, kinds: tuple[str, ...] = ()) -> Spec | None:
        found = [key for key, spec in self.specs.items() if not kinds or spec.kind in kinds]
        return self.specs[draw(st.sampled_from(found))] if found else None

    def _before(self, key: str) -> list[str]:
        keys = list(self.specs)
        return keys[: keys.index(key)] if key in keys else keys

    def _add(self, draw: Any) -> None:
        kind = draw(st.sampled_from(KINDS))
        pools = [key for key, spec in self.specs.items() if spec.kind == "WorkPool"]
        if kind == "WorkQueue" and not pools:
            kind = "WorkPool"
        self.count += 1
        spec = Spec(f"{self.prefix}-{kind.lower()}{self.count}", kind)
        wanted = [name for name in PROPS[kind] if name in NEEDED.get(kind, []) or draw(st.booleans())]
        spec.props = {name: draw(PROPS[kind][name]) for name in wanted}
        if kind == "WorkQueue":
            spec.props["priority"] = 10 * self.count + spec.props["priority"]
            spec.links["work_pool_name"] = draw(st.sampled_from(pools))
        # Children inherit retain_on_delete; an object of the server that is kept would be in the way of its successor.
        parents = {"Group", "Thing"} if kind in {"Thing", "Group"} else {"Group"}
        groups = [key for key, other in self.specs.items() if other.kind in parents and not self._in_thing(other)]
        if groups and draw(st.integers(0, 3)) == 0:
            spec.parent = draw(st.sampled_from(groups))
        self.specs[spec.key] = spec

    def _in_thing(self, spec: Spec) -> bool:
        return bool(spec.parent) and (
            self.specs[spec.parent].kind == "Thing" or self._in_thing(self.specs[spec.parent])
        )

    def _remove(self, draw: Any) -> None:
        spec = self._pick(draw)
        if spec is None or spec.options.get("protect"):
            return
        gone = {spec.key}
        for key, other in self.specs.items():
            if other.uses() & gone:
                gone.add(key)
        if any(self.specs[key].options.get("protect") for key in gone) or len(gone) > 3:
            return
        for key in gone:
            del self.specs[key]

    def _change(self, draw: Any) -> None:
        spec = self._pick(draw)
        if spec is None:
            return
        names = [name for name in PROPS[spec.kind] if name not in spec.links]
        name = draw(st.sampled_from(names))
        if name in spec.props and name not in NEEDED.get(spec.kind, []) and draw(st.integers(0, 4)) == 0:
            del spec.props[name]
        else:
            spec.props[name] = draw(PROPS[spec.kind][name])
            if name == "priority":
                # Two queues of one pool cannot have the same: the server moves the others out of the way.
                spec.props[name] += 10 * int(spec.key.rsplit("workqueue", 1)[1])

    def _option(self, draw: Any) -> None:
        spec = self._pick(draw, ("Thing", "Variable", "GlobalConcurrencyLimit"))
        if spec is None:
            return
        names = list(OPTIONS) if spec.kind == "Thing" else ["protect", "delete_before_replace"]
        name = draw(st.sampled_from(names))
        if name in spec.options and draw(st.booleans()):
            del spec.options[name]
        else:
            spec.options[name] = draw(OPTIONS[name])

    def _link(self, draw: Any) -> None:
        """A property takes another resource's output, or two are only ordered."""
        spec = self._pick(draw, ("Thing", "Variable"))
        if spec is None:
            return
        name = draw(
            st.sampled_from(["value", "extra", "slot", "anchor", "depends_on"] if spec.kind == "Thing" else ["value"])
        )
        # A component stands for all its children, later ones too: to wait for one can close a circle.
        earlier = [key for key in self._before(spec.key) if self.specs[key].kind != "Group"]
        spec.links.pop(name, None)
        if not earlier or draw(st.integers(0, 3)) == 0:
            spec.depends_on = []
        elif name == "depends_on":
            spec.depends_on = [draw(st.sampled_from(earlier))]
        else:
            spec.links[name] = draw(st.sampled_from(earlier))
        for needed in NEEDED.get(spec.kind, []):
            if needed not in spec.links:
                spec.props.setdefault(needed, 1)

    def _rename(self, draw: Any) -> None:
        spec = self._pick(draw)
        if spec is not None:
            spec.renames += 1

    def _move(self, draw: Any) -> None:
        spec = self._pick(draw)
        if spec is None or any(other.parent == spec.key for other in self.specs.values()):
            return
        spec.parent = draw(st.sampled_from(["", *(k for k in self._before(spec.key) if self.specs[k].kind == "Group")]))

    def _secret(self, draw: Any) -> None:
        spec = self._pick(draw, ("Thing", "Variable"))
        if spec is not None:
            spec.secret ^= {"value"}

    def _deleted_with(self, draw: Any) -> None:
        spec = self._pick(draw, ("Thing",))
        if spec is not None:
            things = [key for key in self._before(spec.key) if self.specs[key].kind == "Thing"]
            spec.deleted_with = draw(st.sampled_from(["", *things]))

    # Its text

    def text(self, faults: dict[str, dict[str, list[str]]] | None = None) -> str:
        """The program. `faults`: key of a `Thing` -> inputs `fail` or `partial` of the test's provider."""
        lines = [PRELUDE]
        lines += [self._line(spec, (faults or {}).get(key, {})) for key, spec in self.specs.items()]
        if self.exports:
            for spec in self.specs.values():
                if spec.kind != "Group":
                    lines.append(f"pulumi.export({spec.key!r}, R[{spec.key!r}].{self._output(spec)})")
        return "\n".join(lines) + "\n"

    def _qualified(self, spec: Spec) -> str:
        return f"{self._qualified(self.specs[spec.parent])}${spec.type}" if spec.parent else spec.type

    def _output(self, spec: Spec) -> str:
        return "token" if spec.kind == "Thing" else "id" if spec.kind == "SecretBlock" else "name"

    def _line(self, spec: Spec, faults: dict[str, list[str]]) -> str:
        given = {name: repr(value) for name, value in {**spec.props, **faults}.items()}
        for name, key in spec.links.items():
            given[name] = f"R[{key!r}].{self._output(self.specs[key])}"
        for name in spec.secret & set(given):
            given[name] = f"S({given[name]})"
        if spec.kind not in {"Thing", "Group"}:
            given["name"] = repr(spec.key)
        options = [f"{name}={value!r}" for name, value in spec.options.items()]
        if spec.parent:
            options.append(f"parent=R[{spec.parent!r}]")
        if spec.depends_on:
            options.append("depends_on=[" + ", ".join(f"R[{key!r}]" for key in spec.depends_on) + "]")
        if spec.deleted_with:
            options.append(f"deleted_with=R[{spec.deleted_with!r}]")
        urn = f"urn:pulumi:dev::twin::{self._qualified(spec)}::{spec.name}"
        if urn not in spec.urns:
            spec.urns.append(urn)
        aliases = [repr(past) for past in spec.urns if past != urn]
        if spec.renames:
            aliases.insert(0, f"pulumi.Alias(name={spec.past_name!r})")
        if aliases:
            options.append(f"aliases=[{', '.join(aliases)}]")
        arguments = ", ".join(
            [repr(spec.name), *(f"{k}={v}" for k, v in given.items()), f"opts=O({', '.join(options)})"]
        )
        return f"R[{spec.key!r}] = {spec.kind}({arguments})"
