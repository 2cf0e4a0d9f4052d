"""What resource options and operations mean: one expectation for both engines, and one state after each step.

Every scenario runs on the embedded engine and, where it is found, on the official CLI, each with a world of its own
behind the same gRPC provider (testbed.py). `calls` are what the provider was asked to change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import engines
import pytest
import testbed
import twin

from prefect_pulumi.values import Secret

PULUMI = engines.find_pulumi()
URN = "urn:pulumi:dev::twin::testbed:index:Thing::"

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(600),
]

PRELUDE = """
import pulumi
from pulumi import ResourceOptions as O
class Thing(pulumi.CustomResource):
    def __init__(self, name, opts=None, type="testbed:index:Thing", outs=(), **props):
        for key in ("serial", "token", "value", "filled", *outs): props.setdefault(key, None)
        super().__init__(type, name, props, opts)
class Group(pulumi.ComponentResource):
    def __init__(self, name, opts=None, **props):
        super().__init__("testbed:index:Group", name, props or None, opts)
class Bed(pulumi.ProviderResource):
    def __init__(self, name, opts=None, **props):
        super().__init__("testbed", name, props, opts)
"""


@dataclass
class Twins:
    """The engines that can run here, each with its project and world, led through the same steps."""

    sides: list[tuple[Any, Any]]

    def do(self, operation: str, program: str | None = None, *, own: bool = False, **options: Any) -> Done:
        """Runs one operation on every engine; all must have done the same, and have the same state afterwards.

        `own`: only on the embedded engine, for what changes nothing; the official one takes seconds for each.
        """
        done = []
        for side, world in self.sides[:1] if own else self.sides:
            world.take_calls()
            given = () if program is None else (PRELUDE + program,)
            try:
                changes, error = getattr(side, operation)(*given, **options), ""
            except twin.Failed as failed:
                changes, error = {}, str(failed)
            made = world.take_calls()
            done.append(Done(changes, [call for call in made if call[0] != "configure"], error, side, world))
        first = done[0]
        for other in done[1:]:
            assert bool(other.error) == bool(first.error), (first.error, other.error)
            assert sorted(other.calls) == sorted(first.calls)
            assert other.changes == first.changes
            assert twin.compared(other.side.state()) == twin.compared(first.side.state())
        return first

    def everywhere(self, act: Callable[[Any], None]) -> None:
        for _, world in self.sides:
            act(world)

    def on(self, stack: str) -> Twins:
        return Twins([(side.on(stack), world) for side, world in self.sides])


@dataclass
class Done:
    """`changes`: counts of operations; `calls`: (method, name); `error`: all that was said when it failed."""

    changes: dict[str, int]
    calls: list[tuple[str, str]]
    error: str
    side: Any
    world: Any

    @property
    def called(self) -> list[str]:
        return sorted(f"{method} {name}" for method, name in self.calls)


@pytest.fixture
def twins(tmp_path: Path) -> Iterator[Twins]:
    sides = []
    with ExitStack() as stack:
        for name in ["embedded", *(["pulumi"] if PULUMI else [])]:
            world = testbed.World()
            providers = stack.enter_context(testbed.serving(world, "testbed", "oldbed"))
            root = twin.Side.folder(tmp_path / name / "a project")
            if name == "embedded":
                sides.append((twin.EmbeddedSide(root, providers=providers), world))
            else:
                sides.append((twin.OfficialSide(root, providers=providers, cli=PULUMI), world))
        yield Twins(sides)


def test_a_whole_life(twins: Twins) -> None:
    """Parents, dependencies, secrets, an older provider, an explicit one, outputs, unknowns in a preview."""
    program = """
a = Thing("a", value="v", anchor="x", big=1e300, deep={"n": None, "e": {}, "l": [], "t": True, "u": "ünï"})
b = Thing("b", value=a.token, slot=1)
c = Thing("c", slot=a.id, opts=O(depends_on=[b]))
g = Group("g", inp={"k": 1})
g.register_outputs({"out": 1, "s": pulumi.Output.secret(2)})
d = Thing("d", value=pulumi.Output.secret({"k": [1, None]}), opts=O(parent=g))
s = Thing("s", value={"open": 1, "hidden": pulumi.Output.secret("z")}, opts=O(additional_secret_outputs=["token"]))
old = Thing("old", type="oldbed:index:Thing", value=pulumi.Output.secret("hush"), extra=a)
e = Thing("e", value=1.5, opts=O(provider=Bed("bed", label="mine", key=pulumi.Output.secret("k"))))
pulumi.export("token", s.token)
pulumi.export("a", a.id)
pulumi.export("half", s.value)
pulumi.export("none", None)
"""
    assert twins.do("preview", program).changes == {"create": 10}
    made = twins.do("up")
    assert made.changes == {"create": 10}
    assert len(made.world.things) == 7
    outputs = made.side.outputs()
    assert outputs["token"] == Secret("token-of-s")
    assert outputs["a"] == "a-1"
    assert "none" not in outputs
    assert made.side.entry("d").parent.endswith("::g")
    assert made.side.entry("d").inputs["value"] == Secret({"k": [1, None]})
    assert made.side.entry("old").outputs["value"] == Secret("hush")
    assert made.side.entry("bed").inputs == {"label": "mine", "key": Secret("k")}
    assert set(made.side.entry("c").dependencies) == {URN + "a", URN + "b"}
    assert made.side.entry("c").property_dependencies["slot"] == [URN + "a"]
    assert twins.do("preview", own=True).changes == {}

    # a new one first, its users follow; what its change replaces goes the same way
    changed = program.replace('anchor="x"', 'anchor="y"').replace('"out": 1', '"out": 2').replace('"k": 1}', '"k": 2}')
    done = twins.do("up", changed)
    assert done.called == ["create a", "create c", "delete a", "delete c", "update old"]
    assert done.calls.index(("create", "a")) < done.calls.index(("delete", "a"))
    assert done.calls.index(("delete", "c")) < done.calls.index(("delete", "a"))
    assert done.changes == {"replace": 2, "update": 2}
    assert done.side.entry("g").outputs["out"] == 2
    done = twins.do("up", changed.replace("slot=1", "slot=2").replace('"mine"', '"other"'))
    assert done.calls == [("delete", "b"), ("create", "b")]
    assert done.changes == {"replace": 1, "update": 1}
    assert twins.do("destroy").changes["delete"] == 10
    assert done.world.things == {}


def test_options_of_a_resource(twins: Twins) -> None:
    """protect, retain_on_delete, deleted_with, ignore_changes, replace_on_changes, delete_before_replace, timeouts."""
    program = """
T = pulumi.CustomTimeouts(create="5m", update="1h2s", delete="10s")
a = Thing("a", value={"x": 1, "l": [{"n": 1, "m": 1}, {"n": 2, "m": 2}]},
          opts=O(ignore_changes=["value.l[*].n", "other"], custom_timeouts=T))
p = Thing("p", value=1, anchor=1, opts=O(protect=True))
r = Thing("r", value=1, opts=O(retain_on_delete=True))
host = Thing("host", value=1, anchor=1)
w = Thing("w", value=1, opts=O(deleted_with=host))
roc = Thing("roc", value={"in": 1, "out": 1}, opts=O(replace_on_changes=["value"]))
star = Thing("star", value={"in": 1, "out": 1}, opts=O(replace_on_changes=["*"]))
deep = Thing("deep", value={"in": 1, "out": 1}, opts=O(replace_on_changes=["value.in"]))
first = Thing("first", anchor=1, opts=O(delete_before_replace=True))
last = Thing("last", slot=1, opts=O(delete_before_replace=False))
"""
    made = twins.do("up", program)
    assert made.side.entry("a").custom_timeouts == {"create": 300, "update": 3602, "delete": 10}
    changed = program
    for before, after in (
        ('"n": 1', '"n": 11'),
        ('"m": 2', '"m": 22'),
        ('"x": 1', '"x": 2'),
        ('"out": 1', '"out": 2'),
        ('"first", anchor=1', '"first", anchor=2'),
        ("slot=1", "slot=2"),
    ):
        changed = changed.replace(before, after)
    done = twins.do("up", changed)
    assert done.changes == {"update": 2, "replace": 4}
    order = [call for call in done.calls if call[1] in {"first", "last"}]
    assert order.index(("delete", "first")) < order.index(("create", "first"))
    assert order.index(("create", "last")) < order.index(("delete", "last"))
    assert done.side.entry("a").inputs["value"] == {"x": 2, "l": [{"n": 1, "m": 1}, {"n": 2, "m": 22}]}

    done = twins.do("up", changed.replace('"p", value=1, anchor=1', '"p", value=1, anchor=2'), previewed=True)
    assert "protected" in done.error
    assert done.calls == []
    left = "\n".join(line for line in changed.split("\n") if not line.startswith(("p =", "r =", "host", "w =")))
    done = twins.do("up", left, previewed=True)
    assert "protected" in done.error
    assert done.calls == []
    assert done.side.entry("w") is not None

    freed = changed.replace("protect=True", "protect=False").replace('"p", value=1, anchor=1', '"p", value=1, anchor=2')
    assert twins.do("up", freed).called == ["create p", "delete p"]
    done = twins.do("up", left)
    assert done.called == ["delete host", "delete p"]  # `r` is kept alive, `w` goes with `host`
    assert set(done.world.things) == {"a-1", "deep-1", "first-2", "last-2", "r-1", "roc-2", "star-2", "w-1"}


def test_aliases(twins: Twins) -> None:
    twins.do(
        "up",
        """
a = Thing("a", value=1)
g = Group("g")
k = Thing("g-kid", value=a.token, opts=O(parent=g))
kk = Thing("kk", value=2, opts=O(parent=k, depends_on=[a]))
m = Thing("m", value=3)
""",
    )
    moved = f"""
a = Thing("a2", value=1, opts=O(aliases=["{URN}a"]))
g = Group("g2", opts=O(aliases=[pulumi.Alias(name="g")]))
k = Thing("g2-kid", value=a.token, opts=O(parent=g))
kk = Thing("kk", value=2, opts=O(parent=k, depends_on=[a]))
h = Group("h")
m = Thing("m", value=3, opts=O(parent=h, aliases=[pulumi.Alias(parent=pulumi.ROOT_STACK_RESOURCE)]))
"""
    assert twins.do("preview", moved).changes == {"create": 1}  # the new component `h`
    done = twins.do("up")
    assert done.calls == []
    assert done.side.entry("g2-kid").id == "g-kid-1"
    assert done.side.entry("kk").dependencies == [URN + "a2"]
    assert done.side.entry("m").parent.endswith("Group::h")
    done = twins.do("up", moved + '\nx = Thing("x", opts=O(aliases=[pulumi.Alias(name="a2")]))\n', previewed=True)
    assert "alias" in done.error
    assert done.calls == []
    assert twins.do("destroy").called == ["delete a2", "delete g2-kid", "delete kk", "delete m"]


def test_reads_and_imports(twins: Twins) -> None:
    seen = {"name": "seen", "props": {"value": 5, "filled": "f", "serial": 0, "token": "t"}}
    twins.everywhere(lambda world: world.things.update({"seen-1": seen, "seen-2": dict(seen)}))
    twins.do("up", 'x = Thing("x", value=1)\ny = Thing("y", value=2)\n')
    program = """
y = Thing("y", value=2)
x = Thing("x", opts=O(id="y-1"))
z = Thing("z", value=x.token)
i = Thing("i", value=5, filled="f", opts=O(import_="seen-1"))
j = Thing("j", value=6, opts=O(import_="seen-2"))
"""
    done = twins.do("up", program)
    assert done.called == ["create z", "delete x", "update j"]
    assert done.changes == {"replace": 1, "create": 1, "import": 2, "update": 1}
    assert done.side.entry("x").external
    assert done.side.entry("z").inputs["value"] == "token-of-y"
    assert done.side.entry("i").id == "seen-1"
    assert twins.do("preview", own=True).changes == {}
    done = twins.do("up", program.replace('opts=O(id="y-1")', "value=9"))  # owned again: a new one
    assert done.called == ["create x", "update z"]
    done = twins.do("up", program.replace('opts=O(id="y-1")', 'opts=O(id="x-2")'))  # the very same one, let go
    assert done.calls == []
    assert done.side.entry("x").external
    for gone in ('opts=O(id="nope")', 'opts=O(import_="nope")'):
        done = twins.do("preview", program.replace('opts=O(id="y-1")', gone), own=True)
        assert "does not exist" in done.error
    done = twins.do("preview", program.replace('value=5, filled="f"', "value=5, anchor=1"), own=True)
    assert "import" in done.error
    assert twins.do("up", 'y = Thing("y", value=2)\n').changes == {"delete": 3, "discard": 1}
    assert "x-2" in done.world.things


def test_some_resources_only(twins: Twins) -> None:
    """--target, --exclude, their dependents, patterns, --replace, in up, refresh and destroy."""
    program = """
a = Thing("a", value=1)
b = Thing("b", value=a.token)
c = Thing("c", value=b.token)
g = Group("g")
k = Thing("k", value=1, opts=O(parent=g))
f = Thing("f", value=1)
"""
    assert twins.do("up", program, targets=[URN + "f"]).called == ["create f"]
    assert twins.do("preview", targets=[URN + "b"], own=True).error
    assert twins.do("preview", targets=[URN + "nope"], own=True).error
    assert twins.do("up", excludes=[URN + "c"]).called == ["create a", "create b", "create k"]
    assert twins.do("up").called == ["create c"]
    changed = program.replace("value=1", "value=2")
    assert twins.do("up", changed, targets=[URN + "*"]).called == ["update a", "update f"]
    changed = program.replace("value=1", "value=3")
    assert twins.do("up", changed, excludes=["**::k", URN + "f"], exclude_dependents=True).called == ["update a"]
    assert twins.do("up", replace=[URN + "a"]).called == ["create a", "delete a", "update f", "update k"]
    left = "\n".join(line for line in changed.split("\n") if not line.startswith(("c =", "f =")))
    assert twins.do("up", left, targets=[URN + "f"]).called == ["delete f"]
    assert twins.do("up", excludes=[URN + "c"], own=True).calls == []
    twins.everywhere(lambda world: world.things.clear())
    assert twins.do("refresh", targets=[URN + "c"]).changes == {"delete": 1}
    assert twins.do("destroy", targets=[URN + "a"], own=True).error
    assert "no such resource" in twins.do("destroy", targets=[URN + "nope"], own=True).error
    assert twins.do("destroy", targets=[URN + "a"], target_dependents=True).called == ["delete a", "delete b"]
    assert twins.do("destroy", excludes=["**::k"]).changes == {}
    assert twins.do("destroy").called == ["delete k"]


def test_failures(twins: Twins) -> None:
    """--continue-on-error, partial failures, failing deletes, and a refresh after all is gone."""
    program = """
a = Thing("a", value=1)
bad = Thing("bad", fail=["create"])
c = Thing("c", value=bad.token)
d = Thing("d", value=2)
e = Thing("e", value=3, opts=O(depends_on=[c]))
h = Thing("half", partial=["create"], value=1)
u = Thing("u", value=h.token)
pulumi.export("bad", bad.token)
pulumi.export("a", a.token)
"""
    done = twins.do("up", program, continue_on_error=True)
    assert done.called == ["create a", "create d", "create half"]
    assert "create was asked to fail" in done.error
    assert "half done" in done.error
    assert done.side.entry("half").init_errors
    mended = program.replace('fail=["create"]', "value=0").replace('partial=["create"]', "partial=[]")
    assert twins.do("up", mended).called == ["create bad", "create c", "create e", "create u", "update half"]
    half = mended.replace('"half", partial=[], value=1', '"half", partial=["update"], value=2')
    done = twins.do("up", half)
    assert done.side.entry("half").inputs["value"] == 1  # not yet what was asked for
    assert done.side.entry("half").outputs["value"] == 2
    stuck = mended.replace('d = Thing("d", value=2)', 'd = Thing("d", value=2, fail=["delete"])')
    assert twins.do("up", stuck).called == ["update d", "update half"]
    left = "\n".join(line for line in stuck.split("\n") if not line.startswith(("d =", "a =", "pulumi.export")))
    done = twins.do("up", left, continue_on_error=True)
    assert done.called == ["delete a"]
    assert done.side.entry("d") is not None
    done = twins.do("destroy")
    assert "delete was asked to fail" in done.error
    assert set(done.world.things) == {"d-1"}
    twins.everywhere(lambda world: world.things.clear())
    assert twins.do("refresh").changes == {"delete": 1}
    assert twins.do("destroy").error == ""


def test_replacements_that_fail(twins: Twins) -> None:
    """What was deleted first and not made again stays pending; what was replaced and not deleted stays to delete."""
    program = """
a = Thing("a", slot=1)
b = Thing("b", slot=a.id)
c = Thing("c", value=b.token, opts=O(depends_on=[a]))
"""
    twins.do("up", program)
    done = twins.do("up", program.replace("slot=1", 'slot=2, fail=["create"]'))
    assert done.calls == [("delete", "b"), ("delete", "a")]
    assert done.side.entry("a").pending_replacement
    assert done.side.entry("b").pending_replacement
    assert twins.do("preview", program.replace("slot=1", "slot=2")).changes == {"replace": 2, "update": 1}
    # only one engine deletes `b` once more
    for side, _ in twins.sides:
        assert side.up()["replace"] == 2
    two = 'a = Thing("a", slot=2, anchor={a})\nb = Thing("b", slot=a.id, other={b})\n'
    twins.do("up", two.format(a=1, b=1))
    stuck = two.replace("anchor={a}", 'anchor={a}, fail=["delete"]')
    twins.do("up", stuck.format(a=1, b=1))
    done = twins.do("up", two.format(a=2, b=1))
    assert "delete was asked to fail" in done.error
    assert [e.id for e in done.side.state().resources if e.delete] == ["a-3"]
    assert twins.do("preview", own=True).changes == {}
    twins.everywhere(lambda world: world.things.pop("a-3"))
    assert twins.do("refresh").changes == {"delete": 1}
    assert done.world.things.keys() == {"a-4", "b-4"}


def test_providers(twins: Twins) -> None:
    """Explicit and default ones, versions, changes that replace all that they serve, unknown configuration."""
    program = """
p = Bed("bed", label="one")
q = Bed("bed2", label="q", key=pulumi.Output.secret("k"))
a = Thing("a", value=1, opts=O(provider=p))
g = Group("g", opts=O(providers=[q]))
k = Thing("k", value=1, opts=O(parent=g))
kk = Thing("kk", value=1, opts=O(parent=k))
d = Thing("d", value=1, opts=O(version="1.0.0"))
"""
    assert "it is bad" in twins.do("preview", program.replace('label="one"', 'label="bad"')).error
    done = twins.do("up", program)
    assert done.side.entry("kk").provider.split("::")[-2] == "bed2"
    assert done.side.entry("d").provider.split("::")[-2] == "default_1_0_0"
    for side, world in twins.sides:  # the SDK's version is told to every provider of the package by one engine alone
        world.take_calls()
        side.up(PRELUDE + program.replace('label="one"', 'label="two", region="x"'))
        assert sorted(call for call in world.take_calls() if call[0] != "configure") == [
            ("create", "a"),
            ("delete", "a"),
        ]
        side.up(PRELUDE + program.replace('label="one"', 'label="two", region="x"').replace("1.0.0", "1.1.0"))
        assert [call for call in world.take_calls() if call[0] != "configure"] == []
        assert side.entry("d").provider.split("::")[-2] == "default_1_1_0"
        late = program.replace("p = Bed", "p0 = Bed").replace("O(provider=p)", "O(provider=p0)")
        unknown = 'n = Thing("n", value=1)\np = Bed("late", label=n.token)\nt = Thing("t", opts=O(provider=p))\n'
        assert side.preview(PRELUDE + late + unknown)["create"] == 3
        side.up()
        assert ("configure", "token-of-n") in world.take_calls()
    twins.everywhere(lambda world: world.take_calls())
    for side, _ in twins.sides:
        side.destroy()
    assert done.world.things == {}


def test_references_functions_and_assets(twins: Twins) -> None:
    program = """
import os
from pathlib import Path
Path("data.txt").write_text("STAGE")
Path("dir/sub").mkdir(parents=True, exist_ok=True)
Path("dir/b.txt").write_text("b")
Path("dir/sub/a.txt").write_text("a")
class Module(pulumi.runtime.ResourceModule):
    def version(self): return None
    def construct(self, name, typ, urn): return Thing(name, opts=O(urn=urn))
try:
    pulumi.runtime.register_resource_module("testbed", "index", Module())
except Exception:
    pass
a = Thing("a", value=1)
g = Group("g")
b = Thing("b", value={"to": a, "g": g})
c = Thing("c", value=b.value.apply(lambda v: type(v["to"]).__name__))
o = Thing("o", type="oldbed:index:Thing", value={"to": a, "g": g})
p = Bed("bed", label="mine")
r = pulumi.runtime.invoke("testbed:index:echo", {"x": 1, "l": [1, {"a": True}]}).value
e = Thing("e", value=r)
s = pulumi.runtime.invoke_output(
    "testbed:index:echo", {"x": a.token, "s": pulumi.Output.secret("q")}, opts=pulumi.InvokeOptions(provider=p)
)
f = Thing("f", value=s)
data = pulumi.FileAsset(os.path.abspath("data.txt"))
text = Thing("text", outs=("asset", "content"), asset=pulumi.StringAsset("hello"))
file = Thing("file", outs=("asset", "content"), asset=data)
pack = Thing("pack", outs=("archive",), archive=pulumi.AssetArchive(
    {"x/y.txt": pulumi.StringAsset("hey"), "d": pulumi.FileArchive("dir"), "data": data}))
hush = Thing("hush", outs=("asset",), asset=pulumi.Output.secret(pulumi.StringAsset("hush")))
pulumi.export("thing", b.value)
"""
    twins.do("preview", program)
    done = twins.do("up")
    assert done.side.entry("c").inputs["value"] == "Thing"
    assert done.side.entry("o").inputs["value"] == {"to": "a-1", "g": "urn:pulumi:dev::twin::testbed:index:Group::g"}
    assert done.side.entry("e").inputs["value"]["by"] == ""
    assert done.side.entry("f").inputs["value"].value["by"] == "mine"
    assert done.side.entry("file").outputs["content"] == "STAGE"
    assert twins.do("preview", own=True).changes == {}
    assert twins.do("up", program.replace("STAGE", "two")).called == ["update file", "update pack"]
    assert twins.do("refresh").changes == {}
    done = twins.do("preview", program.replace('{"x": a.token', '{"x": "x", "fail": True'))
    assert "it was asked to fail" in done.error


def test_stack_references(twins: Twins) -> None:
    program = """
if pulumi.get_stack() == "prod":
    r = pulumi.StackReference("dev")
    q = pulumi.StackReference("again", stack_name="organization/twin/dev")
    a = Thing("a", value=r.get_output("plain"), extra=r.get_output("hidden"), more=q.require_output("deep"))
    pulumi.export("got", r.outputs)
else:
    pulumi.export("plain", {"a": [1]})
    pulumi.export("hidden", pulumi.Output.secret("hush"))
    pulumi.export("deep", {"x": pulumi.Output.secret(1)})
"""
    dev, prod = twins, twins.on("prod")
    dev.do("up", program)
    done = prod.do("up", program)
    assert done.changes == {"create": 2}
    assert done.side.entry("a").inputs["extra"] == Secret("hush")
    assert prod.do("preview", own=True).changes == {}
    assert "nodev" in prod.do("preview", program.replace('"dev")', '"nodev")'), own=True).error
    assert prod.do("preview", program.replace('"dev")', '"acme/x/dev")'), own=True).error
    dev.do("up", program.replace('"hush"', '"hush2"'))
    assert prod.do("up").called == ["update a"]
    assert prod.do("destroy").changes == {"delete": 2, "discard": 2}


def test_a_failing_program(twins: Twins) -> None:
    """Nothing is deleted for a program that broke off; its exports so far are laid over the old ones."""
    program = 'a = Thing("a", value=1)\nb = Thing("b", value=1)\npulumi.export("x", 1)\npulumi.export("y", 1)\n'
    twins.do("up", program)
    broken = 'a = Thing("a", value=2)\npulumi.export("x", 2)\nraise Exception("boom")\n'
    done = twins.do("preview", broken)
    assert "boom" in done.error
    assert done.side.entry("b") is not None
    assert twins.do("preview", program, own=True).changes == {}
