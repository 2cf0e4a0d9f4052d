"""The reviewed file `review.yaml`: what is ignored, what is accepted until when, and what fails the check."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from prefect_pulumi.core import yaml_source
from prefect_pulumi.core.display_text import first_few
from prefect_pulumi.core.errors import ConfigError
from prefect_pulumi.core.globs import covers, matches, matches_any
from prefect_pulumi.core.suggestions import explain
from prefect_pulumi.core.values import same
from prefect_pulumi.review.categories import category_of, policy_word
from prefect_pulumi.review.field_policies import Declared, FieldPolicy
from prefect_pulumi.review.model import Acceptance, Action, Class, Environment, FieldChange, Item, Verdict


class RulesModel(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Ignore(RulesModel):
    """Live objects that the project leaves alone. `kind` and `name` are patterns with `*`; `fields` restricts the
    rule to fields of managed objects, which then may change live."""

    kind: str = "*"
    name: str = "*"
    fields: list[str] = []
    reason: str = ""

    def takes(self, item: Item) -> bool:
        return matches(item.kind, self.kind) and matches(item.name, self.name)


class Accepted(RulesModel):
    """Drift that its `owner` accepts until a date. `object` is `Kind name`; `fields` names the fields (patterns), or
    maps them to the one value that is accepted; left out: the whole object."""

    object: str = Field(pattern=r"^\w+ .+")
    stacks: list[str] = []
    fields: list[str] | dict[str, Any] = []
    owner: str = Field(min_length=1)
    reason: str = Field(min_length=1)
    expires: date

    def takes(self, item: Item, stack: str) -> bool:
        if (self.stacks and stack not in self.stacks) or not matches(f"{item.kind} {item.name}", self.object):
            return False
        if not self.fields:
            return True
        drifted = [change for change in item.fields if change.cls.is_drift]
        return bool(drifted) and all(self._field(change) for change in drifted)

    def _field(self, change: FieldChange) -> bool:
        if isinstance(self.fields, list):
            return any(covers(pattern, change.path) for pattern in self.fields)
        value = change.live.value if change.live.kind == "value" else None
        return any(change.path == path and same(value, accepted) for path, accepted in self.fields.items())


class Heal(RulesModel):
    """Fields that `infra drift --heal` sets back to the code's values. All are patterns with `*`; a field stands for
    everything below it."""

    kind: str = "*"
    name: str = "*"
    fields: list[str] = Field(min_length=1)
    stacks: list[str] = []
    reason: str = ""

    def takes(self, kind: str, name: str, stack: str) -> bool:
        applies = not self.stacks or matches_any(stack, self.stacks)
        return applies and matches(kind, self.kind) and matches(name, self.name)


class Policy(RulesModel):
    """One rule that fails the check. `forbid` share: this change may touch at most `percent` of the objects; a
    category: this change may do no such thing."""

    name: str = Field(min_length=1)
    forbid: Literal[
        "delete",
        "replace",
        "conflict",
        "drift",
        "unmanaged",
        "share",
        "runs-lost",
        "stops-work",
        "access-lost",
        "ids-change",
        "schedules-move",
        "next-runs",
        "harmless",
    ]
    kinds: list[str] = []
    stacks: list[str] = []
    percent: float | None = Field(default=None, ge=0, le=100)

    @model_validator(mode="after")
    def _share(self) -> Policy:
        if (self.forbid == "share") != (self.percent is not None):
            raise ValueError("`percent` belongs to `forbid: share`, which needs it")
        return self


MOST_FAULTS = 20
"""Of one policy about fields, in one verdict."""
MOST_BROKEN = 5
"""Objects that a policy's verdict names."""
_CHANGES = {"delete": frozenset({Action.DELETE, Action.PRUNE}), "replace": frozenset({Action.REPLACE})}
"""Policy -> the actions of a change that break it."""
_DRIFT = {
    "conflict": frozenset({Class.CONFLICT}),
    "unmanaged": frozenset({Class.UNMANAGED_LIVE}),
    "drift": frozenset(cls for cls in Class if cls.is_drift),
}
"""Policy -> the classes of drift that break it."""


class Override(RulesModel):
    """Lets one policy pass for some objects (`Kind name`, patterns) of one stack, until a date."""

    policy: str
    stack: str = "*"
    objects: list[str] = ["*"]
    owner: str = Field(min_length=1)
    reason: str = Field(min_length=1)
    expires: date


class RulesFile(RulesModel):
    """The whole file."""

    unmanaged: Literal["drift", "note", "hide"] = "drift"
    ignore: list[Ignore] = []
    accepted: list[Accepted] = []
    heal: list[Heal] = []
    policy: list[Policy] = []
    fields: list[FieldPolicy] = []
    overrides: list[Override] = []


class Rules:
    """The file's content on one day (UTC). Without a file nothing is ignored and no policy fails.

    `base`: the base branch's, in a review; what is not in it is marked as new.
    """

    def __init__(self, content: RulesFile | None = None, today: date | None = None, base: Rules | None = None) -> None:
        self.content = content or RulesFile()
        self.today = today or datetime.now(UTC).date()
        self.base = base

    def against(self, base: Rules) -> Rules:
        return Rules(self.content, self.today, base)

    def _new(self, entry: Accepted | Override) -> str:
        if self.base is None or entry in (*self.base.content.accepted, *self.base.content.overrides):
            return ""
        return ", new in this change"

    @staticmethod
    def parse(text: str | bytes, where: str = "review.yaml", today: date | None = None) -> Rules:
        """Raises `ConfigError` with every fault: key and remedy."""
        raw = yaml_source.parse(text, where).data
        try:
            content = RulesFile.model_validate({} if raw is None else raw)
        except ValidationError as error:
            faults = "\n  ".join(explain(fault, _KEYS) for fault in error.errors())
            raise ConfigError(faults, where=where, remedy="see docs/review.md for every key") from None
        names = {policy.name for policy in content.policy} | {policy.name for policy in content.fields}
        for override in content.overrides:
            if override.policy not in names:
                raise ConfigError(f"overrides: there is no policy {override.policy!r}", where=where)
        return Rules(content, today)

    def ignore(self, items: Iterable[Item]) -> tuple[list[Item], int]:
        """The items that are left, and how many unmanaged objects a rule took out."""
        kept: list[Item] = []
        out = 0
        for item in items:
            rules = [rule for rule in self.content.ignore if rule.takes(item)]
            if item.cls is Class.UNMANAGED_LIVE:
                if self.content.unmanaged == "hide" or any(not rule.fields for rule in rules):
                    out += 1
                else:
                    kept.append(item)
                continue
            patterns = [pattern for rule in rules for pattern in rule.fields]
            left = _without(item, patterns) if patterns else item
            if left is not None:
                kept.append(left)
        return kept, out

    def accept(self, items: Iterable[Item], stack: str) -> list[Item]:
        """Drift that an entry of the file names carries that entry; an expired one is shown and counts."""
        return [self._accepted(item, stack) if item.drifted else item for item in items]

    def _accepted(self, item: Item, stack: str) -> Item:
        if item.cls is Class.UNMANAGED_LIVE and self.content.unmanaged == "note":
            return replace(item, accepted=Acceptance("review.yaml", "unmanaged: note", "9999-12-31"))
        fitting = [entry for entry in self.content.accepted if entry.takes(item, stack)]
        if not fitting:
            return item
        best = max(fitting, key=lambda entry: entry.expires)
        expired = best.expires < self.today
        reason = best.reason + self._new(best)
        return replace(item, accepted=Acceptance(best.owner, reason, best.expires.isoformat(), expired))

    def healed_fields(self, item: Item, stack: str) -> tuple[str, ...]:
        """Patterns of the fields of an item that are listed; none where something else differs, too: a revert sets the
        whole object back, and may neither touch other fields, nor apply a change of the code, nor replace it."""
        listed = [rule.fields for rule in self.content.heal if rule.takes(item.kind, item.name, stack)]
        patterns = tuple(dict.fromkeys(pattern for fields in listed for pattern in fields))
        fits = item.cls is Class.CHANGED_LIVE and item.action is Action.NONE and item.counts and bool(item.fields)
        listed_alone = all(
            not change.replaces and any(covers(pattern, change.path) for pattern in patterns) for change in item.fields
        )
        return patterns if fits and listed_alone else ()

    def judge(self, environment: Environment) -> tuple[Verdict, ...]:
        """A verdict for each policy that the environment breaks."""
        verdicts = []
        for policy in self.content.policy:
            if policy.stacks and not matches_any(environment.stack, policy.stacks):
                continue
            broken = self._broken(policy, environment)
            if not broken:
                continue
            pardon = self._pardon(policy.name, environment.stack, [f"{item.kind} {item.name}" for item in broken])
            verdicts.append(Verdict(policy.name, _text(policy, broken, environment), pardon))
        return tuple(verdicts)

    def judge_fields(self, objects: Sequence[Declared], stack: str) -> tuple[Verdict, ...]:
        """A verdict for each policy about fields that the code's objects break."""
        verdicts = []
        for policy in self.content.fields:
            applies = not policy.stacks or matches_any(stack, policy.stacks)
            broken = policy.broken(objects) if applies else []
            if not broken:
                continue
            lines = [
                f"{declared.kind} {declared.name}: {fault}" + (f" ({declared.place})" if declared.place else "")
                for declared, fault in broken
            ]
            more = f"; and {len(lines) - MOST_FAULTS} more" if len(lines) > MOST_FAULTS else ""
            pardon = self._pardon(policy.name, stack, [f"{declared.kind} {declared.name}" for declared, _ in broken])
            verdicts.append(Verdict(policy.name, "; ".join(lines[:MOST_FAULTS]) + more, pardon))
        return tuple(verdicts)

    def _broken(self, policy: Policy, environment: Environment) -> list[Item]:
        chosen = [item for item in environment.items if not policy.kinds or item.kind in policy.kinds]
        changed = [item for item in chosen if item.changes]
        if policy.forbid == "share":
            assert policy.percent is not None  # noqa: S101 - the model demands it
            return changed if environment.objects and _share(changed, environment) > policy.percent else []
        if policy.forbid in _CHANGES:
            return [item for item in changed if item.action in _CHANGES[policy.forbid]]
        if policy.forbid not in _DRIFT:
            return [item for item in changed if policy_word(category_of(item)) == policy.forbid]
        drifted = [item for item in chosen if item.counts]
        return [item for item in drifted if item.cls in _DRIFT[policy.forbid]]

    def _pardon(self, policy: str, stack: str, names: Sequence[str]) -> str:
        """The overrides that together cover every broken object, in words; "" when one is left."""
        usable = [
            override
            for override in self.content.overrides
            if override.policy == policy and matches(stack, override.stack) and override.expires >= self.today
        ]
        used: dict[str, None] = {}
        for name in names:
            by = next((override for override in usable if matches_any(name, override.objects)), None)
            if by is None:
                return ""
            used[f"{by.owner}: {by.reason} (until {by.expires.isoformat()}{self._new(by)})"] = None
        return "; ".join(used)


def _share(changed: Sequence[Item], environment: Environment) -> float:
    return 100 * len(changed) / environment.objects


def _text(policy: Policy, broken: Sequence[Item], environment: Environment) -> str:
    if policy.forbid == "share":
        return (
            f"this change touches {len(broken)} of {environment.objects} objects "
            f"({_share(broken, environment):.0f} %, at most {policy.percent:g} %)"
        )
    names = first_few([f"{item.kind} {item.name}" for item in broken], MOST_BROKEN)
    return f"{policy.forbid} of {names}"


def _without(item: Item, patterns: Sequence[str]) -> Item | None:
    """The item without live changes to fields that others own; None when nothing is left."""
    left = tuple(
        change
        for change in item.fields
        if change.cls is Class.THIS_CHANGE or not any(covers(pattern, change.path) for pattern in patterns)
    )
    if left == item.fields or item.cls is Class.MISSING_LIVE:
        return item
    classes = {change.cls for change in left}
    for cls in (Class.CONFLICT, Class.CHANGED_LIVE):
        if cls in classes:
            return replace(item, fields=left, cls=cls)
    return replace(item, fields=left, cls=Class.THIS_CHANGE) if left or item.action is not Action.NONE else None


_KEYS = sorted(
    {key for model in (RulesFile, Ignore, Accepted, Heal, Policy, FieldPolicy, Override) for key in model.model_fields}
)
