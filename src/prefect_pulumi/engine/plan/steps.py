"""Steps: what an update does to one resource. Building them has no side effect.

A preview records the very steps that an update executes: both come from `run.step_generator` and go through
`run.step_executor`, and only the provider calls differ (protocol field `preview`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from enum import Enum, StrEnum

from prefect_pulumi.core.provider_protocol import DiffResult, Provider
from prefect_pulumi.state.entries import ResourceEntry

PROVIDER_PREFIX = "pulumi:providers:"
STACK_TYPE = "pulumi:pulumi:Stack"


class Op(StrEnum):
    """Operation names as the official CLI's `--json` events spell them."""

    SAME = "same"
    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    DELETE_REPLACED = "delete-replaced"
    READ = "read"
    REFRESH = "refresh"
    DISCARD = "discard"
    REMOVE_PENDING = "remove-pending-replace"
    IMPORT = "import"


UNCOUNTED = frozenset({Op.DELETE_REPLACED, Op.REMOVE_PENDING})
CHANGING = frozenset({Op.CREATE, Op.UPDATE, Op.REPLACE, Op.DELETE, Op.IMPORT})


@dataclass(frozen=True, slots=True)
class Step:
    """`old` is the entry before, `new` the entry after (in preview its outputs may hold UNKNOWN)."""

    op: Op
    urn: str
    type: str
    old: ResourceEntry | None = None
    new: ResourceEntry | None = None
    diff: DiffResult | None = None

    @property
    def is_provider(self) -> bool:
        return self.type.startswith(PROVIDER_PREFIX)

    @property
    def is_default_provider(self) -> bool:
        """A provider that the engine made for itself: neither shown nor counted, as in the CLI."""
        entry = self.new or self.old
        return self.is_provider and entry is not None and not entry.parent

    @property
    def changes(self) -> bool:
        """True for what counts as a change."""
        return self.op in CHANGING and not self.is_default_provider


class Execution(Enum):
    """What carrying a step out takes."""

    RECORD = "record"
    """Nothing but the entry in the state."""
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    DELETE_FIRST = "delete-first"
    """The object is deleted so that its replacement can be created; the entry stays until then."""


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A step and what carrying it out takes.

    `provider`: whom to call; None for a step without a call. `replaced`: the old entry whose object this step
    replaces; the run deletes it at its end.
    """

    step: Step
    execution: Execution = Execution.RECORD
    provider: Provider | None = None
    replaced: ResourceEntry | None = None


Steps = Generator[PlannedStep, None, None]
"""The steps of one resource. Each is carried out before the next is decided on."""


def summarize(steps: Iterable[Step]) -> dict[str, int]:
    """Operation -> count, default providers left out: the CLI's `resourceChanges`."""
    counted = (str(step.op) for step in steps if not step.is_default_provider and step.op not in UNCOUNTED)
    return dict(Counter(counted))
