"""What resource options mean: one expectation for both engines, and one state after each step.

Every scenario runs on the embedded engine and, where it is found, on the official CLI (engine_comparison.py).
"""

from __future__ import annotations

import pytest

from prefect_pulumi.core.values import Secret
from tests.support import engine_pair
from tests.support.engine_comparison import PRELUDE, URN, EngineComparison

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


def test_options_of_a_resource(comparison: EngineComparison) -> None:
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
    made = comparison.do("up", program)
    assert made.side.entry("a").custom_timeouts == {"create": 300, "update": 3602, "delete": 10}
    assert made.timeout("create", "a") == 300
    assert made.timeout("create", "p") == 0
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
    done = comparison.do("up", changed)
    assert done.changes == {"update": 2, "replace": 4}
    assert done.timeout("update", "a") == 3602
    order = [call for call in done.calls if call[1] in {"first", "last"}]
    assert order.index(("delete", "first")) < order.index(("create", "first"))
    assert order.index(("create", "last")) < order.index(("delete", "last"))
    assert done.side.entry("a").inputs["value"] == {"x": 2, "l": [{"n": 1, "m": 1}, {"n": 2, "m": 22}]}

    done = comparison.do("up", changed.replace('"p", value=1, anchor=1', '"p", value=1, anchor=2'), previewed=True)
    assert "protected" in done.error
    assert done.calls == []
    left = "\n".join(line for line in changed.split("\n") if not line.startswith(("p =", "r =", "host", "w =")))
    done = comparison.do("up", left, previewed=True)
    assert "protected" in done.error
    assert done.calls == []
    assert done.side.entry("w") is not None

    freed = changed.replace("protect=True", "protect=False").replace('"p", value=1, anchor=1', '"p", value=1, anchor=2')
    assert comparison.do("up", freed).called == ["create p", "delete p"]
    done = comparison.do("up", left)
    assert done.called == ["delete host", "delete p"]  # `r` is kept alive, `w` goes with `host`
    assert set(done.world.things) == {"a-1", "deep-1", "first-2", "last-2", "r-1", "roc-2", "star-2", "w-1"}
    done = comparison.do(
        "up",
        left.replace("custom_timeouts=T)", "custom_timeouts=T, delete_before_replace=True)").replace(
            'a = Thing("a",', 'a = Thing("a", anchor=1,'
        ),
    )
    assert done.timeout("delete", "a") == 10


def test_property_paths(comparison: EngineComparison) -> None:
    """Nested paths and wildcards of ignore_changes and replace_on_changes, also where elements come and go."""
    program = """
v = {"a.b": {"c": 1, "d": 1}, "l": [1, 2], "m": {"x": {"n": 1, "k": 1}}, "q": [{"n": 1, "k": 1}], "t": "text"}
ignored = ['value["a.b"].c', "value.l[1]", "value.m[*].n", "value.q[*].n", "value.t.u", "extra.*"]
a = Thing("a", value=v, extra={"one": 1}, opts=O(ignore_changes=ignored))
b = Thing("b", value=pulumi.Output.secret({"k": "canary", "o": 1}), opts=O(ignore_changes=["value.k"]))
c = Thing("c", value=1, gone=1, opts=O(ignore_changes=["new", "gone"]))
e = Thing("e", value={"k": 1}, extra=2, opts=O(ignore_changes=["*"]))
roc = O(replace_on_changes=["value.in.x", "value.l[*].n"])
r = Thing("r", value={"in": {"x": 1, "y": 1}, "l": [{"n": 1, "o": 1}]}, opts=roc)
o = Thing("o", value={"k": 1}, gone=1, type="oldbed:index:Thing", opts=O(replace_on_changes=["gone"]))
"""
    comparison.do("up", program)
    changed = program
    for before, after in (
        ('"c": 1, "d": 1', '"c": 2, "d": 2'),
        ("[1, 2]", "[11, 12]"),
        ('"x": {"n": 1, "k": 1}}', '"x": {"n": 2, "k": 2}, "z": {"n": 3, "k": 3}}'),
        ('[{"n": 1, "k": 1}]', '[{"n": 2, "k": 2}, {"n": 3, "k": 3}]'),
        ('"t": "text"', '"t": {"u": 1}'),
        ('{"one": 1}', '{"one": 2, "two": 2}'),
        ('pulumi.Output.secret({"k": "canary", "o": 1})', '{"k": "new", "o": 2}'),
        ("gone=1, opts", "new=1, opts"),
        ('{"k": 1}, extra=2', '{"k": 2}, extra=3'),
        ('"y": 1}, "l": [{"n": 1, "o": 1}]', '"y": 2}, "l": [{"n": 1, "o": 2}]'),
        ('value={"k": 1}, gone=1, type', 'value={"k": 2}, gone=1, type'),
    ):
        assert before in changed
        changed = changed.replace(before, after)
    done = comparison.do("up", changed)
    assert done.called == ["update a", "update b", "update o", "update r"]
    assert done.side.entry("a").inputs["value"] == {
        "a.b": {"c": 1, "d": 2},
        "l": [11, 2],
        "m": {"x": {"n": 1, "k": 2}, "z": {"n": 3, "k": 3}},
        "q": [{"n": 1, "k": 2}, {"n": 3, "k": 3}],
        "t": {},
    }
    assert done.side.entry("a").inputs["extra"] == {"one": 1}
    assert done.side.entry("b").inputs["value"] == {"k": Secret("canary"), "o": 2}  # a secret still
    assert "canary" not in (done.side.root / "state/.pulumi/stacks/twin/dev.json").read_text()
    changed = changed.replace('"in": {"x": 1', '"in": {"x": 2').replace("gone=1, type", "type")
    assert comparison.do("up", changed).called == ["create o", "create r", "delete o", "delete r"]
    done = comparison.do("up", changed.replace('"l": [{"n": 1', '"l": [{"n": 2'))
    assert done.called == ["create r", "delete r"]
    done = comparison.do("preview", changed.replace('["gone"]', '["gone["]'), own=True)
    assert "is not a property path" in done.error


def test_what_a_replacement_takes_along(comparison: EngineComparison) -> None:
    """deleted_with, retain_on_delete, dependents by properties, renamed and removed ones, protected ones."""
    program = """
host = Thing("host", value=1, anchor=1)
w = Thing("w", value=1, opts=O(deleted_with=host))
keep = Thing("keep", value=1, anchor=1, opts=O(retain_on_delete=True))
a = Thing("a", slot=1, value=1)
b = Thing("b", slot=a.id)
c = Thing("c", value=b.token, slot=b.token)
d = Thing("d", value=a.id, opts=O(depends_on=[c]))
e = Thing("e", anchor=a.token, opts=O(delete_before_replace=False))
g = Group("g", opts=O(parent=a))
h = Thing("h", slot=a.id, opts=O(parent=g))
i = Thing("i", value=a.id, opts=O(replace_on_changes=["value"]))
k = Thing("k", slot=a.id, opts=O(retain_on_delete=True))
"""
    comparison.do("up", program)
    changed = program.replace("slot=1", "slot=2").replace("anchor=1", "anchor=2")
    planned = comparison.do("preview", changed, own=True).changes
    done = comparison.do("up", changed)
    assert planned == done.changes == {"replace": 10, "update": 1}
    assert [each for each in done.called if each.startswith("delete")] == [
        f"delete {name}" for name in ("a", "b", "c", "e", "h", "host", "i")
    ]
    assert {"keep-1", "keep-2", "k-1", "k-2", "w-1", "w-2"} < set(done.world.things)
    renamed = 'Thing("b2", slot=a.id, opts=O(aliases=[pulumi.Alias(name="b")]))'
    left = changed.replace("slot=2", "slot=3").replace('Thing("b", slot=a.id)', renamed)
    left = left.replace('c = Thing("c", value=b.token, slot=b.token)', "").replace("[c]", "[b]")
    done = comparison.do("up", left)
    assert {"create b2", "delete b", "delete c", "update d"} < set(done.called)
    assert "create c" not in done.called
    comparison.do("up", left.replace("slot=a.id, opts=O(retain_on_delete=True)", "slot=a.id, opts=O(protect=True)"))
    done = comparison.do("up", left.replace("slot=3", "slot=4"), previewed=True)
    assert "protected" in done.error or "protection" in done.error
    assert done.calls == []


def test_a_value_that_becomes_secret(comparison: EngineComparison) -> None:
    """Nothing of it is changed in the cloud, and it stands in clear in the state no more."""
    program = """
a = Thing("a", value=mark("canary"))
g = Group("g", inp=mark("canary"))
g.register_outputs({"out": mark("canary")})
bed = Bed("bed", label="x", key=mark("canary"))
b = Thing("b", value=1, opts=O(provider=bed, additional_secret_outputs=hidden))
pulumi.export("x", mark("canary"))
"""
    comparison.do("up", "mark, hidden = lambda x: x, []\n" + program)
    secret = 'mark, hidden = pulumi.Output.secret, ["token"]\n' + program
    done = comparison.do("up", secret)
    assert done.calls == []
    for side, _ in comparison.sides:
        text = (side.root / "state/.pulumi/stacks/twin/dev.json").read_text()
        assert "canary" not in text
        assert "token-of-b" not in text
    deep = secret + 'c = Thing("c", deep={"l": [inner]})\n'
    comparison.do("up", deep.replace("inner", '"canary"'), own=True)
    assert "canary" in (done.side.root / "state/.pulumi/stacks/twin/dev.json").read_text()
    done = comparison.do("up", deep.replace("inner", 'mark("canary")'), own=True)
    assert (done.error, done.calls) == ("", [])
    assert "canary" not in (done.side.root / "state/.pulumi/stacks/twin/dev.json").read_text()


def test_aliases(comparison: EngineComparison) -> None:
    comparison.do(
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
    assert comparison.do("preview", moved).changes == {"create": 1}  # the new component `h`
    done = comparison.do("up")
    assert done.calls == []
    assert done.side.entry("g2-kid").id == "g-kid-1"
    assert done.side.entry("kk").dependencies == [URN + "a2"]
    assert done.side.entry("m").parent.endswith("Group::h")
    done = comparison.do("up", moved + '\nx = Thing("x", opts=O(aliases=[pulumi.Alias(name="a2")]))\n', previewed=True)
    assert "alias" in done.error
    assert done.calls == []
    assert comparison.do("destroy").called == ["delete a2", "delete g2-kid", "delete kk", "delete m"]


def test_aliases_over_several_levels(comparison: EngineComparison) -> None:
    """Types, names, parents and stacks in specs; children of moved parents; a provider; one that is replaced, too."""
    comparison.do(
        "up",
        """
g = Group("g")
h = Group("h", opts=O(parent=g))
a = Thing("h-a", value=1, opts=O(parent=h))
b = Thing("b", value=a.token, opts=O(parent=a))
o = Thing("o", value=1)
p = Bed("p", label="l")
c = Thing("c", value=1, opts=O(provider=p))
t = Thing("t", slot=1, opts=O(parent=g))
""",
    )
    moved = """
class Team(pulumi.ComponentResource):
    def __init__(self, name, opts=None):
        super().__init__("testbed:index:Team", name, None, opts)
g = Team("team", opts=O(aliases=[pulumi.Alias(name="g", type_="testbed:index:Group")]))
h = Group("h2", opts=O(parent=g, aliases=[pulumi.Alias(name="h")]))
a = Thing("h2-a", value=1, opts=O(parent=h))
b = Thing("b", value=a.token, opts=O(parent=a))
past = [pulumi.Alias(name="x", stack="prod", project="other")]
past += [pulumi.Alias(name="o", parent=pulumi.ROOT_STACK_RESOURCE)]
o = Thing("o2", value=1, opts=O(parent=g, aliases=past))
p = Bed("p2", label="l", opts=O(aliases=["urn:pulumi:dev::twin::pulumi:providers:testbed::p"]))
c = Thing("c", value=1, opts=O(provider=p))
t = Thing("t", slot=2, opts=O(parent=g))
"""
    done = comparison.do("up", moved)
    assert done.calls == [("delete", "t"), ("create", "t")]
    assert done.side.entry("b").urn.count("testbed:index:Team$testbed:index:Group$") == 1
    assert done.side.entry("c").provider.split("::")[-2] == "p2"
    out = moved.replace('O(parent=g, aliases=[pulumi.Alias(name="h")])', "O(aliases=[pulumi.Alias(parent=g)])")
    done = comparison.do("up", out)
    assert done.calls == []
    assert done.side.entry("h2-a").urn == "urn:pulumi:dev::twin::testbed:index:Group$testbed:index:Thing::h2-a"
    # a name that was given up is free for another one, in the same run
    swapped = out.replace('Thing("c", value', 'Thing("c2", value').replace(
        "O(provider=p)", 'O(provider=p, aliases=[pulumi.Alias(name="c")])'
    )
    assert comparison.do("preview", swapped, own=True).changes == {}
    assert comparison.do("up", out, own=True).calls == []


def test_what_is_only_read(comparison: EngineComparison) -> None:
    """`.get()` with an id that is not known yet, changed and gone outside, in refresh and destroy."""
    seen = {"name": "seen", "props": {"value": 5, "filled": "f", "serial": 0, "token": "t"}}
    comparison.everywhere(
        lambda world: world.things.update({f"seen-{n}": dict(seen, props={**seen["props"]}) for n in (1, 2, 3)})
    )
    program = """
m = Thing("m", value=1)
p = Bed("p", label="l")
x = Thing("x", opts=O(id="seen-1", provider=p))
y = Thing("y", value=x.token)
u = Thing("u", opts=O(id=m.id))
v = Thing("v", value=u.token)
"""
    planned = comparison.do("preview", program, own=True).changes
    assert comparison.do("up", program).changes == planned == {"create": 5}
    assert comparison.do("preview", refresh=True, own=True).changes == {}
    comparison.everywhere(lambda world: world.things["seen-1"]["props"].update(token="t2"))
    done = comparison.do("up")
    assert done.changes == {"read": 1, "update": 1}
    assert done.called == ["update y"]
    comparison.everywhere(lambda world: world.things.pop("seen-1"))
    assert "does not exist" in comparison.do("preview", own=True).error
    # taken over from another object, and told as what it is
    owned = program.replace('x = Thing("x", opts=O(id="seen-1", provider=p))', "x = m")
    owned += 'i = Thing("i", value=5, filled="f", opts=O(import_="seen-2"))\n'
    comparison.do("up", owned)
    done = comparison.do("up", owned.replace("seen-2", "seen-3"))
    assert done.changes == {"replace": 1}
    assert done.called == ["delete i"]
    comparison.do("destroy")
    assert set(done.world.things) == set()


def test_a_provider_that_is_replaced(comparison: EngineComparison) -> None:
    """With delete_before_replace all that it serves goes first; what takes its outputs goes by its own rules."""
    program = """
p = Bed("p", label="one", opts=O(delete_before_replace=True))
a = Thing("a", value=1, opts=O(provider=p))
b = Thing("b", value=a.token, opts=O(provider=p, parent=a))
f = Thing("f", slot=p.label)
k = Thing("k", value=f.token)
"""
    comparison.do("up", program)
    done = comparison.do("up", program.replace('"one"', '"one", region="r"'))
    assert done.changes == {"replace": 4}
    order = [f"{method} {name}" for method, name in done.calls]
    assert max(order.index(f"delete {name}") for name in "abf") < min(order.index(f"create {name}") for name in "abf")
    # what cannot be made again is tried by the next run
    broken = program.replace('"one"', '"one", region="s"').replace('"a", value=1', '"a", fail=["create"]')
    assert comparison.do("preview", broken, own=True).changes["replace"] == 4
    side = done.side
    with pytest.raises(engine_pair.Failed):
        side.up(PRELUDE + broken)
    assert side.entry("a").pending_replacement
    assert side.up(PRELUDE + program.replace('"one"', '"one", region="s"'))["replace"] >= 2
    assert comparison.do("preview", program.replace('"one"', '"one", region="s"'), own=True).changes == {}


def test_reads_and_imports(comparison: EngineComparison) -> None:
    seen = {"name": "seen", "props": {"value": 5, "filled": "f", "serial": 0, "token": "t"}}
    comparison.everywhere(lambda world: world.things.update({"seen-1": seen, "seen-2": dict(seen)}))
    comparison.do("up", 'x = Thing("x", value=1)\ny = Thing("y", value=2)\n')
    program = """
y = Thing("y", value=2)
x = Thing("x", opts=O(id="y-1"))
z = Thing("z", value=x.token)
i = Thing("i", value=5, filled="f", opts=O(import_="seen-1"))
j = Thing("j", value=6, opts=O(import_="seen-2"))
"""
    done = comparison.do("up", program)
    assert done.called == ["create z", "delete x", "update j"]
    assert done.changes == {"replace": 1, "create": 1, "import": 2, "update": 1}
    assert done.side.entry("x").external
    assert done.side.entry("z").inputs["value"] == "token-of-y"
    assert done.side.entry("i").id == "seen-1"
    assert comparison.do("preview", own=True).changes == {}
    done = comparison.do("up", program.replace('opts=O(id="y-1")', "value=9"))  # owned again: a new one
    assert done.called == ["create x", "update z"]
    done = comparison.do("up", program.replace('opts=O(id="y-1")', 'opts=O(id="x-2")'))  # the very same one, let go
    assert done.calls == []
    assert done.side.entry("x").external
    for gone in ('opts=O(id="nope")', 'opts=O(import_="nope")'):
        done = comparison.do("preview", program.replace('opts=O(id="y-1")', gone), own=True)
        assert "does not exist" in done.error
    done = comparison.do("preview", program.replace('value=5, filled="f"', "value=5, anchor=1"), own=True)
    assert "import" in done.error
    assert comparison.do("up", 'y = Thing("y", value=2)\n').changes == {"delete": 3, "discard": 1}
    assert "x-2" in done.world.things
