"""Random programs, random operations, a random engine at each step: one state and one server for both.

After every whole update the preview of each engine is clean, and the server and the test's own provider hold exactly
what the state says. Failures are asked for now and then; they may leave nothing that the state does not know.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import urllib.error
import urllib.request
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, Phase, Verbosity, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from prefect_pulumi.core.values import unwrap
from prefect_pulumi.provider.rpc.servicer import PrefectServicer
from prefect_pulumi.state.entries import ResourceEntry, Snapshot
from tests.support import engine_pair, random_programs, testbed
from tests.support.engines import find_pulumi
from tests.support.rest import call

PULUMI = find_pulumi()
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

ROUTES = {
    "prefect:index:Variable": ("/variables/filter", ("name", "value", "tags")),
    "prefect:index:WorkPool": ("/work_pools/filter", ("name", "type", "concurrencyLimit")),
    "prefect:index:WorkQueue": ("/work_queues/filter", ("name", "priority")),
    "prefect:index:SecretBlock": ("/block_documents/filter", ("name",)),
    "prefect:index:GlobalConcurrencyLimit": ("/v2/concurrency_limits/filter", ("name", "limit", "active")),
}
WIRE = {"concurrencyLimit": "concurrency_limit"}


class Machine(RuleBasedStateMachine):
    """One stack, its program, and the two engines on the same folder."""

    api = ""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.world = testbed.World()
        folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory(prefix="machine")))
        root = engine_pair.Side.folder(folder / "a project")
        # Both packages are served from here: a plugin process for each operation would cost more than all the rest.
        prefect = PrefectServicer(root)
        self.stack.callback(prefect.close)
        more = {"prefect": prefect}
        providers = self.stack.enter_context(testbed.serving(self.world, "testbed", **more))
        self.embedded = engine_pair.EmbeddedSide(root, providers=providers)
        self._configure(["b", "c", "a"])
        self.sides = [self.embedded]
        if PULUMI is not None:
            self.sides.append(engine_pair.OfficialSide(root, providers=providers, cli=PULUMI))
        self.program = random_programs.Program(f"m{uuid4().hex[:8]}")
        self.abandoned: set[str] = set()
        self.up_to_date = False
        self.trail: list[str] = []

    # Rules

    @rule(data=st.data())
    def update(self, data: Any) -> None:
        """Some changes of the program, deployed by one engine."""
        for _ in range(data.draw(st.integers(1, 6), "changes")):
            self.program.change(data.draw)
        self._configure(data.draw(st.permutations("abc"), "order of the config"))
        side, refresh = self._side(data), data.draw(st.integers(0, 3), "refresh") == 0
        self._whole_update(side, refresh)

    @precondition(lambda self: self.up_to_date)
    @rule(data=st.data())
    def drift(self, data: Any) -> None:
        """Something is changed or deleted behind the engines' backs; an update with --refresh puts it right."""
        entries = [e for e in self._entries() if not e.delete and not e.external]
        if not entries:
            return
        entry = entries[data.draw(st.integers(0, len(entries) - 1), "which")]
        if data.draw(st.booleans(), "delete"):
            self._delete_outside(entry)
        else:
            self._change_outside(entry)
        side = self._side(data)
        if data.draw(st.booleans(), "refresh on its own"):
            self._tried(side, "refresh", None)
            self._check_server()
        self._whole_update(self._side(data), True)

    @precondition(lambda self: self.up_to_date and self.program.specs)
    @rule(data=st.data())
    def failing(self, data: Any) -> None:
        """Operations that the provider refuses or half does; then the other engine, with nothing in its way."""
        things = [key for key, spec in self.program.specs.items() if spec.kind == "Thing"]
        if not things:
            return
        for _ in range(data.draw(st.integers(1, 4), "changes")):
            self.program.change(data.draw)
        things = [key for key in things if key in self.program.specs]
        faults = {}
        for key in things:
            words = st.lists(st.sampled_from(["create", "update", "delete"]), max_size=2, unique=True)
            found = {"fail": data.draw(words, f"{key} fails")}
            if not found["fail"] and data.draw(st.booleans(), f"{key} half"):
                found = {"partial": ["create", "update"]}
            if any(found.values()):
                faults[key] = found
        going_on = data.draw(st.booleans(), "continue on error")
        self._tried(self._side(data), "up", self.program.text(faults), continue_on_error=going_on)
        self._check_server()
        self._whole_update(self._side(data), False)

    @precondition(lambda self: self.up_to_date and len(self.program.specs) > 2)
    @rule(data=st.data())
    def some_only(self, data: Any) -> None:
        """An update of a few targets, or of all but a few; then the rest."""
        for _ in range(data.draw(st.integers(1, 4), "changes")):
            # The official engine writes a state that it cannot read when what is left out has another name now.
            self.program.change(data.draw, moving=False)
        urns = [entry.urn for entry in self._entries() if not entry.delete]
        if not urns:
            return
        chosen = data.draw(st.lists(st.sampled_from(urns), min_size=1, max_size=3, unique=True), "targets")
        option = data.draw(st.sampled_from(["targets", "excludes"]), "how")
        dependents = {f"{option[:-1]}_dependents": True} if data.draw(st.booleans(), "dependents") else {}
        self._tried(self._side(data), "up", self.program.text(), **{option: chosen}, **dependents)
        self._check_server()
        self._whole_update(self._side(data), False)

    @precondition(lambda self: self.up_to_date)
    @rule(data=st.data())
    def edit(self, data: Any) -> None:
        """The state edited by hand, or exported and imported, by either engine."""
        side = self._side(data)
        choice = data.draw(st.sampled_from(["unprotect", "round trip", "forget"]), "edit")
        official = isinstance(side, engine_pair.OfficialSide)
        if choice == "unprotect":
            side.command("state", "unprotect", "--all", "--yes") if official else side.infra(
                "state", "unprotect", "--all"
            )
        elif choice == "round trip":
            file = str(side.root / "export.json")
            verb = ["--show-secrets"] if data.draw(st.booleans(), "in clear") else []
            if official:
                side.command("stack", "export", "--file", file, *verb)
                side.command("stack", "import", "--file", file)
            else:
                side.infra("stack", "export", "--file", file, *verb)
                side.infra("stack", "import", "--file", file)
        else:
            used = {urn for entry in self.embedded.state().resources for urn in _edges(entry)}
            free = [
                e for e in self._entries() if e.urn not in used and not e.protect and not e.external and not e.delete
            ]
            if not free:
                return
            entry = free[data.draw(st.integers(0, len(free) - 1), "which")]
            self._delete_outside(entry)
            if official:
                side.command("state", "delete", entry.urn, "--yes")
            else:
                side.infra("state", "delete", entry.urn)
        self._check_server()
        self._whole_update(self._side(data), False)

    @precondition(lambda self: self.up_to_date)
    @rule(data=st.data())
    def destroy(self, data: Any) -> None:
        if data.draw(st.integers(0, 2), "really") != 0:
            return
        side = self._side(data)
        for spec in self.program.specs.values():
            spec.options.pop("protect", None)
        self._whole_update(side, False)
        self._tried(self._side(data), "destroy", None)
        assert self.embedded.state().resources == []
        self._check_server()
        self.up_to_date = False

    # Doing

    def _side(self, data: Any) -> Any:
        return self.sides[data.draw(st.integers(0, len(self.sides) - 1), "engine")]

    def _tried(self, side: Any, verb: str, program: str | None, **options: Any) -> str:
        """Runs it; a failure is returned. Objects that the state lets go alive are noted."""
        before = {entry.id: entry for entry in self._entries()}
        self.trail.append(f"{side.name} {verb} {options or ''}\n{program or ''}")
        try:
            getattr(side, verb)(*(() if program is None else (program,)), **options)
            said = ""
        except engine_pair.Failed as failed:
            said = str(failed)
            self.trail.append("-> " + said[-400:])
        left = {entry.id for entry in self._entries()}
        for id, entry in before.items():
            if id not in left and (entry.retain_on_delete or entry.deleted_with):
                self._abandon(entry)
        return said

    def _abandon(self, entry: ResourceEntry) -> None:
        """It lives on without a state; names are unique on the server, so there it would be in the way."""
        self.abandoned.add(entry.id)
        if not entry.type.startswith("testbed:") and not entry.external:
            with contextlib.suppress(urllib.error.HTTPError):  # gone with its pool, or kept for another entry
                call(self.api, "DELETE", _path(entry))

    def _whole_update(self, side: Any, refresh: bool) -> None:
        said = self._tried(side, "up", self.program.text(), refresh=refresh)
        if "protect" in said:
            # Some of it is protected and in the way: take the protection off, then do it all.
            self._check_server()
            for spec in self.program.specs.values():
                spec.options.pop("protect", None)
            self.embedded.infra("state", "unprotect", "--all")
            said = self._tried(side, "up", self.program.text())
        assert not said, self.story(said)
        self._check_server()
        for other in self.sides:
            if other is side and other is not self.embedded:
                continue
            changes = other.preview(refresh=refresh)
            assert changes == {}, self.story(f"{other.name} would: {changes}\n{other.said}")
        self.up_to_date = True

    def _configure(self, order: Sequence[str]) -> None:
        """The stack's config; the program exports the keys of its mapping as it meets them."""
        mapping = "".join(f"    {key}: {{z: 1, y: 2}}\n" for key in order)
        self.embedded.config(f"config:\n  prefect:apiUrl: {self.api}\n  {engine_pair.PROJECT}:order:\n{mapping}")

    def story(self, end: str) -> str:
        return "\n".join([*self.trail[-6:], end])

    # Looking

    def _entries(self) -> list[ResourceEntry]:
        state: Snapshot = self.embedded.state()
        return [
            e for e in state.resources if e.custom and not e.type.startswith("pulumi:") and not e.pending_replacement
        ]

    def _check_server(self) -> None:
        entries = self._entries()
        things = {entry.id: entry for entry in entries if entry.type.startswith("testbed:") and not entry.external}
        held = {id: thing for id, thing in self.world.things.items() if id not in self.abandoned}
        assert set(held) == set(things) - self.abandoned, self.story("the provider's world is not the state")
        for id, thing in held.items():
            if not things[id].delete:
                known = testbed.stored(things[id].outputs)
                assert thing["props"] == known, self.story(f"{id}: {thing['props']} != {known}")
        for type, (path, fields) in ROUTES.items():
            mine = {entry.outputs["name"]: entry for entry in entries if entry.type == type and not entry.delete}
            live = {row["name"]: row for row in self._rows(path)}
            assert set(live) == set(mine), self.story(f"{type}: the server has {set(live)}, the state {set(mine)}")
            for name, entry in mine.items():
                for each in fields:
                    known = unwrap(entry.outputs).get(each)
                    assert live[name][WIRE.get(each, each)] == known, self.story(
                        f"{name}.{each}: {live[name]} != {known}"
                    )

    def _rows(self, path: str) -> list[Any]:
        return [
            row for row in call(self.api, "POST", path, {"limit": 200}) if _name(row).startswith(self.program.prefix)
        ]

    def _delete_outside(self, entry: ResourceEntry) -> None:
        self.trail.append(f"outside: delete {entry.urn}")
        if entry.type.startswith("testbed:"):
            self.world.things.pop(entry.id)
        else:
            call(self.api, "DELETE", _path(entry))

    def _change_outside(self, entry: ResourceEntry) -> None:
        self.trail.append(f"outside: change {entry.urn}")
        if entry.type.startswith("testbed:"):
            self.world.things[entry.id]["props"]["value"] = "from outside"
        elif entry.type.endswith(("Variable", "SecretBlock")):
            body: dict[str, Any] = {"value": "from outside"}
            if entry.type.endswith("SecretBlock"):
                body = {"data": {"value": "from outside"}}
            call(self.api, "PATCH", _path(entry), body)
        else:
            key = {"WorkPool": "concurrency_limit", "WorkQueue": "priority"}.get(entry.type.rsplit(":", 1)[-1], "limit")
            call(self.api, "PATCH", _path(entry), {key: 99})

    def teardown(self) -> None:
        try:
            self.embedded.infra("state", "unprotect", "--all", check=False)
            self.embedded.write("")
            self.embedded.destroy()
        except engine_pair.Failed:
            pass
        finally:
            self.stack.close()


def _name(row: Any) -> str:
    return row["name"] or ""


def _edges(entry: ResourceEntry) -> set[str]:
    from prefect_pulumi.engine.plan.planner import references

    return references(entry)


def _path(entry: ResourceEntry) -> str:
    kind, name = entry.type.rsplit(":", 1)[-1], unwrap(entry.outputs)["name"]
    return {
        "Variable": f"/variables/name/{name}",
        "WorkPool": f"/work_pools/{name}",
        "WorkQueue": f"/work_queues/{entry.id}",
        "SecretBlock": f"/block_documents/{entry.id}",
        "GlobalConcurrencyLimit": f"/v2/concurrency_limits/{name}",
    }[kind]


def _run(api: str, examples: int, steps: int, *, shrink: bool, seed: int | None = None) -> None:
    class Here(Machine):
        pass

    Here.api = api
    chosen = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        derandomize=seed is None,
        database=None,
        print_blob=False,
        verbosity=Verbosity.normal,
        phases=(Phase.generate, Phase.shrink) if shrink else (Phase.generate,),
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    if seed is not None:
        import hypothesis

        hypothesis.seed(seed)(Here)
    run_state_machine_as_test(Here, settings=chosen)


def test_some_random_lives(prefect_server: str) -> None:
    _run(prefect_server, examples=3, steps=6, shrink=False)


@pytest.mark.soak
@pytest.mark.timeout(0)
@pytest.mark.parametrize("half", range(2))
def test_many_random_lives(prefect_server: str, half: int) -> None:
    """`SOAK_SEED` and `SOAK_EXAMPLES` choose another walk, and a longer one."""
    seed, examples = (int(os.environ.get(f"SOAK_{name}", more)) for name, more in (("SEED", "0"), ("EXAMPLES", "20")))
    _run(prefect_server, examples=max(1, examples // 2), steps=15, shrink=False, seed=2 * seed + half)
