"""Which old entry a registration continues."""

from __future__ import annotations

import pytest

from prefect_pulumi.core.errors import CheckError
from prefect_pulumi.engine.plan.goals import Goal
from prefect_pulumi.engine.plan.urn_matching import Matching
from prefect_pulumi.state.entries import ResourceEntry, make_urn

TYPE = "x:index:T"


def urn(name: str, parent: str = "", type: str = TYPE) -> str:
    return make_urn("dev", "p", type, name, parent)


def goal(name: str, parent: str = "", *aliases: str) -> Goal:
    return Goal(urn(name, parent), TYPE, name, True, {}, parent=parent, aliases=aliases)


def olds(*urns: str) -> dict[str, ResourceEntry]:
    return {each: ResourceEntry(each, TYPE, True) for each in urns}


def test_its_own_urn_comes_before_aliases() -> None:
    matching, state = Matching("dev", "p"), olds(urn("a"), urn("b"))
    found = matching.find(goal("a", "", urn("b")), state, set())
    assert found is state[urn("a")]
    assert matching.renamed == {}
    assert matching.find(goal("c", "", urn("zz"), urn("b")), state, set()) is state[urn("b")]
    assert matching.renamed == {urn("b"): urn("c")}
    assert matching.find(goal("new"), state, set()) is None


def test_children_inherit_what_their_parent_was() -> None:
    group, other = urn("g2", type="x:index:G"), urn("h", type="x:index:H")
    before = urn("g", type="x:index:G")
    state = olds(before, urn("g-kid", before), urn("kid", before), urn("old", before))
    matching = Matching("dev", "p")
    parent = Goal(group, "x:index:G", "g2", False, {}, aliases=(before,))
    assert matching.find(parent, state, set()) is state[before]
    assert matching.find(goal("g2-kid", group), state, set()) is state[urn("g-kid", before)]
    assert matching.find(goal("kid", group), state, set()) is state[urn("kid", before)]
    assert matching.find(goal("new", group, urn("old", group)), state, set()) is state[urn("old", before)]
    assert matching.aliases(goal("kid", other)) == []


def test_a_child_of_another_type_of_parent() -> None:
    before, now = urn("g", type="x:index:G"), urn("g", type="x:index:Group")
    state = olds(before, urn("kid", before))
    matching = Matching("dev", "p")
    matching.find(Goal(now, "x:index:Group", "g", False, {}, aliases=(before,)), state, set())
    assert matching.find(goal("kid", now), state, set()) is state[urn("kid", before)]


def test_an_entry_has_one_heir() -> None:
    state = olds(urn("a"))
    matching = Matching("dev", "p")
    matching.find(goal("b", "", urn("a")), state, set())
    with pytest.raises(CheckError, match="belongs to"):
        matching.find(goal("c", "", urn("a")), state, set())
    with pytest.raises(CheckError, match="has taken this URN over"):
        matching.find(goal("a"), state, set())
    with pytest.raises(CheckError, match="belongs to"):
        Matching("dev", "p").find(goal("b", "", urn("a")), state, {urn("a")})
