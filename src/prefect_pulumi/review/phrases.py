"""Texts that all renderers share."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from prefect_pulumi.review.categories import counted
from prefect_pulumi.review.impacts import is_schedule
from prefect_pulumi.review.model import (
    Action,
    Class,
    DisplayValue,
    Environment,
    Facts,
    FieldChange,
    Item,
    Report,
    Status,
)

LONGEST_VALUE = 400
ORDER = (Class.CONFLICT, Class.MISSING_LIVE, Class.CHANGED_LIVE, Class.UNMANAGED_LIVE, Class.THIS_CHANGE)
TITLES = {
    Class.CONFLICT: "Conflicts: changed both in this change and on the server",
    Class.MISSING_LIVE: "Missing live",
    Class.CHANGED_LIVE: "Changed live",
    Class.UNMANAGED_LIVE: "Unmanaged live: no stack owns it",
    Class.THIS_CHANGE: "This change",
}
WAITING = "In the code already, not applied yet"
SIGNS = {
    Class.CONFLICT: "!",
    Class.MISSING_LIVE: "x",
    Class.CHANGED_LIVE: "~",
    Class.UNMANAGED_LIVE: "?",
}
_ACTION_SIGNS = {Action.DELETE: "-", Action.PRUNE: "-", Action.REPLACE: "-/+", Action.CREATE: "+"}


def sign(item: Item) -> str:
    """Of this change the sign is its action's, of drift that of its class."""
    if item.drifted:
        return SIGNS[item.cls]
    is_new = item.action is Action.DEPLOY and not item.id
    return "+" if is_new else _ACTION_SIGNS.get(item.action, "~")


def schedule(fields: Mapping[str, Any]) -> str:
    """`cron 0 6 * * * Europe/Berlin, off`: a schedule as one line."""
    kind = next((kind for kind in ("cron", "interval", "rrule") if fields.get(kind) is not None), "")
    rule = fields.get(kind, "")
    words = f"every {rule:g} s" if kind == "interval" and isinstance(rule, int | float) else f"{kind} {rule}"
    words = " ".join([*words.split(), str(fields.get("timezone") or "")]).strip()
    extra = [f"parameters {json.dumps(fields['parameters'], sort_keys=True)}"] if fields.get("parameters") else []
    extra += [f"at most {fields['max_scheduled_runs']} planned runs"] if fields.get("max_scheduled_runs") else []
    return ", ".join([words, *extra, *(["off"] if fields.get("active") is False else [])])


def value(shown: DisplayValue, path: str = "") -> str:
    """One line. `path`: the field's, by which a schedule is known."""
    if shown.kind == "value" and isinstance(shown.value, dict) and is_schedule(path):
        return schedule(shown.value)
    if shown.kind == "value":
        text = json.dumps(shown.value, ensure_ascii=False, sort_keys=True)
        return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}... ({len(text)} characters)"
    words = {
        "absent": "(none)",
        "secret": "[secret]",
        "unknown": "(known after apply)",
        "any": "(server default)",
    }
    return words[shown.kind]


def verdict(environment: Environment) -> str:
    """The first line: the result in one sentence."""
    classes, actions = environment.classes(), environment.actions()
    drift = [f"{classes[cls]} {cls}" for cls in ORDER if cls.is_drift and classes[cls]]
    if environment.status is Status.CANNOT_CHECK:
        read, wanted = reach(environment)
        text = f"could not check: {read} of {wanted} objects were compared"
        return f"{text}; so far {', '.join(drift)}" if drift else text
    text = f"drift: {', '.join(drift)}" if drift else "in sync"
    doing = [f"{count} to {action}" for action, count in actions.items() if count]
    return f"{text}; this change: {', '.join(doing)}" if doing else text


def effects(environment: Environment) -> str:
    """The second line: what changes and drift do to the people who run flows, `stops work: 2, harmless: 5`."""
    return ", ".join(f"{category}: {count}" for category, count in counted(environment.items).items())


def reach(environment: Environment) -> tuple[int, int]:
    """How many of the stack's objects were read, and how many there are."""
    return sum(coverage.read for coverage in environment.coverage), environment.objects


def unread(environment: Environment) -> list[str]:
    """Kinds whose list is not known, with how far each got."""
    return [
        f"{coverage.kind} ({coverage.read} of {coverage.wanted})" if coverage.wanted else coverage.kind
        for coverage in environment.coverage
        if not coverage.done
    ]


def written_line(item: Item) -> str:
    """`infra/__main__.py:12, Ana, 2026-11-01`: where the code declares it, and who wrote that."""
    return ", ".join(word for word in (item.place, item.author) if word)


def accepted_line(item: Item) -> str:
    if item.accepted is None:
        return ""
    word = "the acceptance has expired" if item.accepted.expired else "accepted"
    until = "" if item.accepted.expires.startswith("9999") else f", until {item.accepted.expires}"
    return f"{word} ({item.accepted.owner}: {item.accepted.reason}{until})"


def who_and_when(facts: Facts, now: str = "") -> str:
    """`updated 2026-11-24 22:15 UTC by bob, 3 days ago; drift seen since 2026-11-24 22:30 UTC`. `now`: the time of the
    report (RFC 3339)."""
    since = f"drift seen since {moment(facts.since)}" if facts.since else ""
    return "; ".join(words for words in (_last_change(facts, now), since) if words)


def _last_change(facts: Facts, now: str) -> str:
    if facts.deleted:
        return f"deleted {moment(facts.deleted)}{_by(facts.deleted_by)}{_ago(facts.deleted, now)}"
    if facts.updated and facts.updated != facts.created:
        return f"updated {moment(facts.updated)}{_by(facts.updated_by)}{_ago(facts.updated, now)}"
    if facts.created:
        return f"created {moment(facts.created)}{_by(facts.created_by)}{_ago(facts.created, now)}"
    return ""


def _by(name: str) -> str:
    return f" by {name}" if name else ""


def _ago(then: str, now: str) -> str:
    """How long a difference has stood."""
    try:
        seconds = (datetime.fromisoformat(now) - datetime.fromisoformat(then)).total_seconds()
    except (ValueError, TypeError):
        return ""
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        count = int(seconds // length)
        if count:
            return f", {count} {unit}{'' if count == 1 else 's'} ago"
    return ""


def moment(text: str) -> str:
    """`2026-11-25T07:02:03.123456Z` -> `2026-11-25 07:02 UTC`."""
    return f"{text[:10]} {text[11:16]} UTC" if len(text) > 16 else text


def changes_line(change: FieldChange) -> str:
    """`2 -> 5` for one moving side, all three sides for a conflict."""
    applied, live, code = (value(side, change.path) for side in (change.applied, change.live, change.code))
    if change.cls is Class.CONFLICT:
        return f"code {code}, last applied {applied}, live {live}"
    if change.cls is Class.CHANGED_LIVE:
        return f"{applied} -> {live}"
    return f"{applied} -> {code}" + (" (live already)" if change.agreed else "")


def action_word(item: Item) -> str:
    if item.action is Action.NONE:
        return ""
    return f"{item.action}, not applied yet" if item.pending else str(item.action)


def order(purpose: str) -> tuple[Class, ...]:
    """In a review the branch's own change comes first, in a drift report what was done on the server."""
    return (Class.CONFLICT, Class.THIS_CHANGE, *ORDER[1:-1]) if purpose == "review" else ORDER


def sections(environment: Environment, purpose: str = "drift") -> list[tuple[str, list[Item]]]:
    """Title and items of each section that has some; within one by action (deletes first), kind and name."""
    sections: dict[str, list[Item]] = {}
    for cls in order(purpose):
        for item in sorted(environment.of(cls), key=_place):
            waiting = cls is Class.THIS_CHANGE and item.pending
            sections.setdefault(WAITING if waiting else TITLES[cls], []).append(item)
    return list(sections.items())


def _place(item: Item) -> tuple[int, str, str, str]:
    return 0 if item.drifted else list(Action).index(item.action), item.kind, item.name, item.key


def short_commit(report: Report) -> str:
    return report.commit[:12] if report.commit else "no commit"


def server_name(environment: Environment) -> str:
    return without_credentials(environment.server)


def without_credentials(text: str) -> str:
    """Addresses in `text` without the user and password that they may contain."""
    return re.sub(r"(?<=://)[^/@\s]+@", "", text)
