"""The order in which a release goes through the stacks: `promotion` of Pulumi.yaml."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from prefect_pulumi.core.errors import ConfigError
from prefect_pulumi.promotion.gate_rules import GateRules

WHERE = "Pulumi.yaml: promotion"


class Stages(BaseModel):
    """`stages`: stack names in order; stacks in one inner list are at the same stage (several prods).

    `backends`: stack -> file URL of its state, for stages that keep their states apart. `gates`: stack -> what the team
    asks of a release before it reaches that stack.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    stages: list[str | list[str]] = []
    backends: dict[str, str] = {}
    gates: dict[str, GateRules] = {}

    @staticmethod
    def parse(raw: Any) -> Stages:
        """Raises `ConfigError` with every fault."""
        try:
            stages = Stages.model_validate({} if raw is None else raw)
        except ValidationError as error:
            faults = "\n  ".join(
                f"{'.'.join(str(part) for part in fault['loc']) or 'promotion'}: {fault['msg']}"
                for fault in error.errors()
            )
            raise ConfigError(faults, where=WHERE, remedy="see docs/promotion.md") from None
        names = [name for level in stages.levels for name in level]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ConfigError(f"{', '.join(twice)}: named twice", where=f"{WHERE}.stages")
        strangers = sorted(set(stages.gates) - set(names)) if names else []
        if strangers:
            raise ConfigError(
                f"{', '.join(strangers)}: no stage", where=f"{WHERE}.gates", remedy=f"one of: {', '.join(names)}"
            )
        return stages

    def rules(self, stack: str) -> GateRules:
        return self.gates.get(stack) or GateRules()

    @property
    def levels(self) -> list[list[str]]:
        return [[level] if isinstance(level, str) else list(level) for level in self.stages]

    @property
    def stacks(self) -> list[str]:
        """All of them, in order."""
        return [name for level in self.levels for name in level]

    def level(self, stack: str) -> int | None:
        return next((number for number, level in enumerate(self.levels) if stack in level), None)

    def fault(self, source: str, target: str, came_from: Sequence[str]) -> str:
        """Why a release may not go from `source` to `target`; "" when it may.

        `came_from`: the stages that the release has gone through on its way to `source`, the newest last.
        """
        if source == target:
            return f"{target} cannot be promoted to itself"
        if not self.stages:
            return ""
        for stack in (source, target):
            if self.level(stack) is None:
                return f"{stack} is no stage ({WHERE}.stages has {', '.join(self.stacks)})"
        first, second = self.level(source), self.level(target)
        if first is None or second is None or second <= first:
            return f"{target} does not come after {source}"
        skipped = [" or ".join(level) for level in self.levels[first + 1 : second]]
        if skipped:
            return f"it skips {', '.join(skipped)}"
        if first > 0 and not set(came_from) & set(self.levels[first - 1]):
            return f"it was not promoted to {source} from {' or '.join(self.levels[first - 1])}"
        return ""
