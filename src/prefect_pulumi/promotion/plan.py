"""The plan of one promotion, and the checksum by which an approval names it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from prefect_pulumi.core.errors import GateError, StalePlanError
from prefect_pulumi.models.release_record import ReleasePin, ReleaseRecord
from prefect_pulumi.promotion.compare import Row
from prefect_pulumi.promotion.gates import Gate

VERSION = 1


@dataclass(frozen=True, slots=True)
class FileChange:
    """`added`, `removed`: lines."""

    path: str
    added: int
    removed: int


@dataclass(frozen=True, slots=True)
class CodeChange:
    """Code that deployments share. `commits`: `<short hash> <subject>` of those that touched them, newest first."""

    deployments: tuple[str, ...]
    files: tuple[FileChange, ...]
    commits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """`before` is the release that the target runs now, None when it runs none. `actions`: (action, kind, name) of
    the update's steps. `rows`: fields that change, and those that stay the target's own. `notes`: warnings of the
    program and of the providers. `unplanned`: why the changes are not known; a gate is closed for it, and those that
    judge changes are left out. `code`: what changes in the code of deployments; `compare_page`: where the code host
    shows that, "" where it is not known. Neither is part of the checksum: the commits are."""

    source: str
    target: str
    release: ReleaseRecord
    before: ReleaseRecord | None
    actions: Sequence[tuple[str, str, str]]
    rows: Sequence[Row]
    gates: Sequence[Gate]
    notes: Sequence[str] = ()
    unplanned: str = ""
    code: Sequence[CodeChange] = ()
    compare_page: str = ""

    @property
    def changes(self) -> list[Row]:
        return [row for row in self.rows if row.changes]

    @property
    def stays(self) -> list[Row]:
        return [row for row in self.rows if not row.changes]

    @property
    def closed(self) -> list[Gate]:
        return [gate for gate in self.gates if not gate.open]

    @property
    def forced(self) -> dict[str, str]:
        return {gate.name: gate.forced for gate in self.gates if gate.forced}

    @property
    def checksum(self) -> str:
        """SHA-256 over what an approval is about: the release, what the target runs, and the changes to it.

        What the source has today is not part of it: it changes while a promotion waits for its approval. Neither is the
        order of steps: the official CLI reports concurrent steps in any order.
        """
        facts = {
            "version": VERSION,
            "source": self.source,
            "target": self.target,
            "release": [self.release.id, self.release.commit, dict(self.release.images)],
            "before": [self.before.id, self.before.commit] if self.before else None,
            "actions": sorted(list(entry) for entry in self.actions),
            "changes": sorted(
                ([row.kind, row.name, row.path, asdict(row.now), asdict(row.after)] for row in self.changes),
                key=lambda entry: entry[:3],
            ),
            "forced": self.forced,
        }
        text = json.dumps(facts, sort_keys=True, separators=(",", ":"), default=str)
        return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"

    def pin(self) -> ReleasePin:
        """What goes into the target's stack config."""
        return self.release.pin(self.source, plan=self.checksum, forced=self.forced)


def need_open(plan: Plan) -> None:
    """Raises `GateError` that names every gate that is closed, with its remedy."""
    if plan.closed:
        lines = [f"{gate.name}: {gate.text}" + (f" ({gate.remedy})" if gate.remedy else "") for gate in plan.closed]
        raise GateError(
            f"{plan.release.id} may not go to {plan.target}:\n  " + "\n  ".join(lines),
            where=f"infra promote {plan.source} {plan.target}",
            remedy="fix it, or override a gate with --force GATE=REASON, which is recorded",
        )


def need_same(plan: Plan, approved: str) -> None:
    """Raises `StalePlanError` when the plan no longer is the approved one."""
    if plan.checksum != approved:
        raise StalePlanError(
            f"the plan no longer matches the approved plan ({_short(approved)}): something changed since, and its "
            f"checksum is {_short(plan.checksum)} now",
            where=f"promotion of {plan.release.id} to {plan.target}",
            remedy=f"review it again and have it approved: infra promote {plan.source} {plan.target}",
        )


def _short(checksum: str) -> str:
    return checksum.removeprefix("sha256:")[:12]
