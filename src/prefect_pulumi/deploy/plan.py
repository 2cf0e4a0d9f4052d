"""What a deploy will do, from the fingerprints of the last one and of now; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DeployPlan:
    """Full names (`flow/deployment`), each in one list."""

    create: tuple[str, ...]
    update: tuple[str, ...]
    prune: tuple[str, ...]
    skip: tuple[str, ...]

    @property
    def deploys(self) -> tuple[str, ...]:
        return (*self.create, *self.update)

    @property
    def everything(self) -> bool:
        """True when no deployment stays as it is: then `--all` says the same as the names."""
        return not self.skip and bool(self.deploys)


def plan(old: Mapping[str, str], new: Mapping[str, str]) -> DeployPlan:
    """`old`, `new`: full name -> fingerprint."""
    return DeployPlan(
        create=tuple(name for name in new if name not in old),
        update=tuple(name for name in new if name in old and old[name] != new[name]),
        prune=tuple(name for name in old if name not in new),
        skip=tuple(name for name in new if old.get(name) == new[name]),
    )
