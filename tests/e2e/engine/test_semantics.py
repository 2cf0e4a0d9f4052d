"""What programs and operations mean: one expectation for both engines, and one state after each step.

Every scenario runs on the embedded engine and, where it is found, on the official CLI (engine_comparison.py).
"""

from __future__ import annotations

import pytest

from prefect_pulumi.core.values import Secret
from tests.support.engine_comparison import PRELUDE, URN, EngineComparison

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


def test_a_whole_life(comparison: EngineComparison) -> None:
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
    assert comparison.do("preview", program).changes == {"create": 10}
    made = comparison.do("up")
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
    state = made.side.root / "state/.pulumi/stacks/twin/dev.json"
    before = state.read_bytes()
    assert comparison.do("up", own=True).changes == {}
    assert state.read_bytes() == before

    # a new one first, its users follow; what its change replaces goes the same way
    changed = program.replace('anchor="x"', 'anchor="y"').replace('"out": 1', '"out": 2').replace('"k": 1}', '"k": 2}')
    done = comparison.do("up", changed)
    assert done.called == ["create a", "create c", "delete a", "delete c", "update old"]
    assert done.calls.index(("create", "a")) < done.calls.index(("delete", "a"))
    assert done.calls.index(("delete", "c")) < done.calls.index(("delete", "a"))
    assert done.changes == {"replace": 2, "update": 2}
    assert done.side.entry("g").outputs["out"] == 2
    done = comparison.do("up", changed.replace("slot=1", "slot=2").replace('"mine"', '"other"'))
    assert done.calls == [("delete", "b"), ("create", "b")]
    assert done.changes == {"replace": 1, "update": 1}
    assert comparison.do("destroy").changes["delete"] == 10
    assert done.world.things == {}


def test_unknowns(comparison: EngineComparison) -> None:
    """What a preview cannot know: outputs of what is replaced, through functions, in parts of values, in exports."""
    program = """
a = Thing("a", anchor=1, value=1)
b = Thing("b", value=a.token)
c = Thing("c", value=b.serial, slot=a.id)
d = Thing("d", value={"x": [a.id, pulumi.Output.concat("x-", c.token)]}, opts=O(ignore_changes=["value.x"]))
i = pulumi.runtime.invoke_output("testbed:index:echo", {"x": a.id}, opts=pulumi.InvokeOutputOptions(depends_on=[c]))
e = Thing("e", value=i["x"])
p = Bed("bed", label="mine", opts=O(depends_on=[a]))
g = Group("g", opts=O(providers=[p]))
own = pulumi.InvokeOutputOptions(parent=g)
h = Thing("h", value=pulumi.runtime.invoke_output("testbed:index:echo", {"x": pulumi.Output.secret(1)}, opts=own))
pulumi.export("i", i["x"])
"""
    made = comparison.do("up", program)
    assert made.side.entry("h").inputs["value"] == Secret({"x": 1, "by": "mine"})
    changed = program.replace("anchor=1", "anchor=2")
    assert comparison.do("preview", changed).changes == {"replace": 2, "update": 2}
    done = comparison.do("up")
    assert done.called == ["create a", "create c", "delete a", "delete c", "update e"]
    assert done.side.outputs()["i"] == "a-2"


def test_some_resources_only(comparison: EngineComparison) -> None:
    """--target, --exclude, their dependents, patterns, --replace, in up, refresh and destroy."""
    program = """
a = Thing("a", value=1)
b = Thing("b", value=a.token)
c = Thing("c", value=b.token)
g = Group("g")
k = Thing("k", value=1, opts=O(parent=g))
f = Thing("f", value=1)
"""
    assert comparison.do("up", program, targets=[URN + "f"]).called == ["create f"]
    assert comparison.do("preview", targets=[URN + "b"], own=True).error
    assert comparison.do("preview", targets=[URN + "nope"], own=True).error
    assert comparison.do("up", excludes=[URN + "c"]).called == ["create a", "create b", "create k"]
    assert comparison.do("up").called == ["create c"]
    changed = program.replace("value=1", "value=2")
    assert comparison.do("up", changed, targets=[URN + "*"]).called == ["update a", "update f"]
    changed = program.replace("value=1", "value=3")
    assert comparison.do("up", changed, excludes=["**::k", URN + "f"], exclude_dependents=True).called == ["update a"]
    assert comparison.do("up", replace=[URN + "a"]).called == ["create a", "delete a", "update f", "update k"]
    left = "\n".join(line for line in changed.split("\n") if not line.startswith(("c =", "f =")))
    assert comparison.do("up", left, targets=[URN + "f"]).called == ["delete f"]
    assert comparison.do("up", excludes=[URN + "c"], own=True).calls == []
    comparison.everywhere(lambda world: world.things.clear())
    assert comparison.do("refresh", targets=[URN + "c"]).changes == {"delete": 1}
    assert comparison.do("destroy", targets=[URN + "a"], own=True).error
    assert "no such resource" in comparison.do("destroy", targets=[URN + "nope"], own=True).error
    assert comparison.do("destroy", targets=[URN + "a"], target_dependents=True).called == ["delete a", "delete b"]
    assert comparison.do("destroy", excludes=["**::k"]).changes == {}
    assert comparison.do("destroy").called == ["delete k"]


def test_failures(comparison: EngineComparison) -> None:
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
    done = comparison.do("up", program, continue_on_error=True)
    assert done.called == ["create a", "create d", "create half"]
    assert "create was asked to fail" in done.error
    assert "half done" in done.error
    assert done.side.entry("half").init_errors
    mended = program.replace('fail=["create"]', "value=0").replace('partial=["create"]', "partial=[]")
    assert comparison.do("up", mended).called == ["create bad", "create c", "create e", "create u", "update half"]
    half = mended.replace('"half", partial=[], value=1', '"half", partial=["update"], value=2')
    done = comparison.do("up", half)
    assert done.side.entry("half").inputs["value"] == 1  # not yet what was asked for
    assert done.side.entry("half").outputs["value"] == 2
    stuck = mended.replace('d = Thing("d", value=2)', 'd = Thing("d", value=2, fail=["delete"])')
    assert comparison.do("up", stuck).called == ["update d", "update half"]
    left = "\n".join(line for line in stuck.split("\n") if not line.startswith(("d =", "a =", "pulumi.export")))
    done = comparison.do("up", left, continue_on_error=True)
    assert done.called == ["delete a"]
    assert done.side.entry("d") is not None
    done = comparison.do("destroy")
    assert "delete was asked to fail" in done.error
    assert set(done.world.things) == {"d-1"}
    comparison.everywhere(lambda world: world.things.clear())
    assert comparison.do("refresh").changes == {"delete": 1}
    assert comparison.do("destroy").error == ""


def test_replacements_that_fail(comparison: EngineComparison) -> None:
    """What was deleted first and not made again stays pending; what was replaced and not deleted stays to delete."""
    program = """
a = Thing("a", slot=1)
b = Thing("b", slot=a.id)
c = Thing("c", value=b.token, opts=O(depends_on=[a]))
"""
    comparison.do("up", program)
    done = comparison.do("up", program.replace("slot=1", 'slot=2, fail=["create"]'))
    assert done.calls == [("delete", "b"), ("delete", "a")]
    assert done.side.entry("a").pending_replacement
    assert done.side.entry("b").pending_replacement
    assert comparison.do("preview", program.replace("slot=1", "slot=2")).changes == {"replace": 2, "update": 1}
    # only one engine deletes `b` once more
    for side, _ in comparison.sides:
        assert side.up()["replace"] == 2
    two = 'a = Thing("a", slot=2, anchor={a})\nb = Thing("b", slot=a.id, other={b})\n'
    comparison.do("up", two.format(a=1, b=1))
    stuck = two.replace("anchor={a}", 'anchor={a}, fail=["delete"]')
    comparison.do("up", stuck.format(a=1, b=1))
    done = comparison.do("up", two.format(a=2, b=1))
    assert "delete was asked to fail" in done.error
    assert [e.id for e in done.side.state().resources if e.delete] == ["a-3"]
    assert comparison.do("preview", own=True).changes == {}
    comparison.everywhere(lambda world: world.things.pop("a-3"))
    assert comparison.do("refresh").changes == {"delete": 1}
    assert done.world.things.keys() == {"a-4", "b-4"}


def test_providers(comparison: EngineComparison) -> None:
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
    assert "it is bad" in comparison.do("preview", program.replace('label="one"', 'label="bad"')).error
    done = comparison.do("up", program)
    assert done.side.entry("kk").provider.split("::")[-2] == "bed2"
    assert done.side.entry("d").provider.split("::")[-2] == "default_1_0_0"
    for side, world in comparison.sides:  # one engine alone gives the SDK's version to every provider of the package
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
    comparison.everywhere(lambda world: world.take_calls())
    for side, _ in comparison.sides:
        side.destroy()
    assert done.world.things == {}


def test_references_functions_and_assets(comparison: EngineComparison) -> None:
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
r = pulumi.runtime.invoke("testbed:index:echo", {"x": 1, "l": [1, {"a": True}]}).value
p = Bed("bed", label="mine", opts=O(depends_on=[a]))
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
    comparison.do("preview", program)
    done = comparison.do("up")
    assert done.side.entry("c").inputs["value"] == "Thing"
    assert done.side.entry("o").inputs["value"] == {"to": "a-1", "g": "urn:pulumi:dev::twin::testbed:index:Group::g"}
    assert done.side.entry("e").inputs["value"]["by"] == ""
    assert done.side.entry("f").inputs["value"].value["by"] == "mine"
    assert done.side.entry("file").outputs["content"] == "STAGE"
    assert comparison.do("preview", own=True).changes == {}
    assert comparison.do("up", program.replace("STAGE", "two")).called == ["update file", "update pack"]
    assert comparison.do("refresh").changes == {}
    done = comparison.do("preview", program.replace('{"x": a.token', '{"x": "x", "fail": True'))
    assert "it was asked to fail" in done.error


def test_stack_references(comparison: EngineComparison) -> None:
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
    dev, prod = comparison, comparison.on("prod")
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


def test_a_failing_program(comparison: EngineComparison) -> None:
    """Nothing is deleted for a program that broke off; its exports so far are laid over the old ones."""
    program = 'a = Thing("a", value=1)\nb = Thing("b", value=1)\npulumi.export("x", 1)\npulumi.export("y", 1)\n'
    comparison.do("up", program)
    broken = 'a = Thing("a", value=2)\npulumi.export("x", 2)\nraise Exception("boom")\n'
    done = comparison.do("preview", broken)
    assert "boom" in done.error
    assert done.side.entry("b") is not None
    assert comparison.do("preview", program, own=True).changes == {}
