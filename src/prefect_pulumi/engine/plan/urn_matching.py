"""Which old entry a registration continues: its own URN, then its aliases, then those that follow from its parent's."""

from __future__ import annotations

from collections.abc import Container, Mapping

from prefect_pulumi.core.errors import CheckError
from prefect_pulumi.engine.plan.goals import Goal
from prefect_pulumi.state.entries import ResourceEntry, make_urn, urn_name, urn_type


class Matching:
    """Old URNs and the new ones that have taken them over. Not thread-safe: the run's lock guards it."""

    def __init__(self, stack: str, project: str) -> None:
        self._stack = stack
        self._project = project
        self.renamed: dict[str, str] = {}
        """Old URN -> the URN that continues it."""
        self._matched: dict[str, str] = {}

    def aliases(self, goal: Goal) -> list[str]:
        """URNs under which the resource may stand in the old state, in the order in which they are tried."""
        urns = dict.fromkeys(goal.aliases)
        before = self._matched.get(goal.parent)
        if before is not None:
            parent = urn_name(goal.parent)
            urns[self._inherited(goal.type, goal.name, parent, before)] = None
            for alias in goal.aliases:
                urns[self._inherited(urn_type(alias), urn_name(alias), parent, before)] = None
        urns.pop(goal.urn, None)
        return list(urns)

    def _inherited(self, type: str, name: str, parent: str, parent_alias: str) -> str:
        """A child whose name starts with its parent's is taken to have been named after the parent's old name."""
        if name.startswith(parent):
            name = urn_name(parent_alias) + name.removeprefix(parent)
        return make_urn(self._stack, self._project, type, name, parent_alias)

    def find(self, goal: Goal, olds: Mapping[str, ResourceEntry], registered: Container[str]) -> ResourceEntry | None:
        """The old entry, or None. Raises `CheckError` when another resource of the run has it already."""
        if goal.urn in self.renamed:
            raise CheckError(f"{self.renamed[goal.urn]} has taken this URN over by an alias", where=goal.urn)
        for urn in (goal.urn, *self.aliases(goal)):
            old = olds.get(urn)
            if old is None:
                continue
            if urn != goal.urn:
                taken = urn if urn in registered else self.renamed.get(urn)
                if taken is not None:
                    raise CheckError(f"the alias {urn} belongs to {taken}", where=goal.urn, remedy="take the alias out")
                self.renamed[urn] = goal.urn
                self._matched[goal.urn] = urn
            return old
        return None
