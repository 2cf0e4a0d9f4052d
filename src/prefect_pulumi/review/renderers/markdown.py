"""The report as the forge's Markdown: one comment for each environment, the verdict first, cut at the forge's limit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from prefect_pulumi.review import phrases
from prefect_pulumi.review.categories import category_of
from prefect_pulumi.review.links import link
from prefect_pulumi.review.model import Class, Environment, FieldChange, Item, Report, Status
from prefect_pulumi.review.renderers.escape import code, fenced, plain

LIMIT = 65_536
"""Most characters of a comment on GitHub; here counted as bytes, to be on the safe side."""
FULL, FIELDS, NAMES = 2, 1, 0
"""How much of an item is shown."""
FOLDED_FROM = 8
"""Of more items than this the fields are folded."""
NAMES_SHOWN = 20
"""In the line of a folded section."""
_SHORTENED = {
    FULL: "",
    FIELDS: "Without remedies, to keep to the size that the forge allows.",
    NAMES: "Names alone, to keep to the size that the forge allows.",
    None: "Cut at the size that the forge allows.",
}
LONGEST_DIFF = 40
"""Lines; a longer patch is in the full report only."""
_ICONS = {
    Status.IN_SYNC: "\N{WHITE HEAVY CHECK MARK}",
    Status.DRIFT: "\N{WARNING SIGN}\N{VARIATION SELECTOR-16}",
    Status.CANNOT_CHECK: "\N{CROSS MARK}",
}


def marker(project: str, environment: Environment) -> str:
    """First line of the sticky comment, by which it is found again; not shown by the forge."""
    name = "".join(char if char.isalnum() or char in "-_." else "-" for char in f"{project}/{environment.stack}")
    return f"<!-- prefect-pulumi-review: {name.replace('--', '-')} -->"


def render(report: Report, artifact: str = "") -> str:
    """All environments, each within its share of the limit."""
    limit = LIMIT // max(1, len(report.environments))
    return "\n".join(comment(report, environment, artifact, limit=limit) for environment in report.environments)


def comment(report: Report, environment: Environment, artifact: str = "", *, limit: int = LIMIT) -> str:
    """One environment's comment. `artifact` says where the full report is, for one that had to be cut."""
    head = list(_head(report, environment))
    sections = phrases.sections(environment, report.purpose)
    room = limit - _size("\n".join(head)) - 600
    # What is cut goes in this order: remedies, then fields and impacts; names are cut at last.
    details = next(
        (level for level in (FULL, FIELDS, NAMES) if _size(_body(report, environment, sections, level)) <= room), None
    )
    parts = [
        *head,
        _cut(report, environment, sections, room) if details is None else _body(report, environment, sections, details),
    ]
    left = f" Full report: {plain(artifact)}." if artifact else " See the full report."
    if environment.ignored:
        parts.append(f"{environment.ignored} unmanaged objects are ignored by `review.yaml`.\n")
    if details is not FULL or artifact:
        parts.append(f"<sub>{_SHORTENED[details]}{left}</sub>\n")
    return "\n".join(parts)


def _body(report: Report, environment: Environment, sections: Sequence[tuple[str, list[Item]]], level: int) -> str:
    return "\n".join(_section(report, environment, title, items, level) for title, items in sections)


def _cut(report: Report, environment: Environment, sections: Sequence[tuple[str, list[Item]]], room: int) -> str:
    """As many names as there is room for; each section says how many are left."""
    parts = []
    for title, items in sections:
        shown = items
        while shown and _size(_section(report, environment, title, shown, NAMES)) > room - 200:
            shown = shown[: len(shown) * 9 // 10]
        more = f"... and {len(items) - len(shown)} more in the full report.\n" if len(shown) < len(items) else ""
        parts.append(_section(report, environment, title, shown, NAMES, more, len(items)))
        room -= _size(parts[-1])
    return "\n".join(parts)


def _size(text: str) -> int:
    return len(text.encode())


def _head(report: Report, environment: Environment) -> Iterator[str]:
    yield marker(report.project, environment)
    status = Status.DRIFT if environment.status is Status.IN_SYNC and environment.destroys else environment.status
    icon = "\N{CROSS MARK}" if environment.failed else _ICONS[status]
    yield f"### {icon} {plain(environment.stack)}: {plain(phrases.verdict(environment))}\n"
    version = f" (Prefect {plain(environment.server_version)})" if environment.server_version else ""
    base = f", against {plain(report.base[:12])}" if report.base else ""
    server = code(phrases.server_name(environment)) if environment.server else "no server"
    made = f"{plain(phrases.short_commit(report))}{base}, {server}{version}, {plain(phrases.moment(report.time))}"
    yield f"commit {made}\n"
    for verdict in environment.verdicts:
        if verdict.overridden:
            yield f"- policy {code(verdict.rule)}: {plain(verdict.text)}. Overridden by {plain(verdict.overridden)}"
        else:
            yield f"- **policy {code(verdict.rule)} fails**: {plain(verdict.text)}"
    for problem in environment.problems:
        where = f"{code(problem.where)}: " if problem.where else ""
        remedy = f" ({plain(problem.remedy)})" if problem.remedy else ""
        yield f"- **not checked**: {where}{plain(problem.message)[:1500]}{remedy}"
    missing = phrases.unread(environment)
    if environment.problems and missing:
        yield f"- not read: {plain(', '.join(missing))}"
    yield from (f"- {plain(note)}" for note in environment.notes)
    if environment.verdicts or environment.problems or environment.notes:
        yield ""
    if effects := phrases.effects(environment):
        yield f"{plain(effects)}\n"


def _section(
    report: Report,
    environment: Environment,
    title: str,
    items: list[Item],
    level: int,
    more: str = "",
    count: int | None = None,
) -> str:
    """Much drift, and all drift of a review, is folded, with its names in the line that stays. Of many changes of the
    branch the fields are folded."""
    count, server = len(items) if count is None else count, environment.server
    drift = bool(items) and items[0].drifted and items[0].cls is not Class.CONFLICT
    folded = drift and (report.purpose == "review" or count > FOLDED_FROM)
    inner = (
        "\n".join(_item(report, server, item, level, folded=count > FOLDED_FROM and not drift) for item in items) + more
    )
    if folded:
        names = ", ".join(code(item.name) for item in items[:NAMES_SHOWN])
        rest = f" and {count - NAMES_SHOWN} more" if count > NAMES_SHOWN else ""
        return f"<details><summary><b>{title}</b> ({count}): {names}{rest}</summary>\n\n{inner}\n</details>\n"
    return f"#### {title} ({count})\n\n{inner}"


def _item(report: Report, server: str, item: Item, level: int, *, folded: bool) -> str:
    when = plain(phrases.who_and_when(item.facts, report.time)) if item.drifted else ""
    accepted = plain(phrases.accepted_line(item))
    category = category_of(item)
    words = (phrases.action_word(item), f"**{category}**" if category else "", plain(item.note), when, accepted)
    extra = ", ".join(word for word in words if word)
    page = link(server, item)
    name = f"{code(item.name)}{f' ([UI]({page}))' if page else ''}"
    lines = [f"- `{phrases.sign(item)}` **{plain(item.kind)}** {name}" + (f": {extra}" if extra else "")]
    if level is NAMES:
        return lines[0] + "\n"
    lines += [f"  - **{impact.flag}**: {plain(impact.text)}" for impact in item.impacts]
    if written := phrases.written_line(item):
        lines += [f"  - in {plain(written)}"]
    if item.fields and folded:
        fields = f"{len(item.fields)} field{'' if len(item.fields) == 1 else 's'}"
        lines += [f"  <details><summary>{fields}</summary>", "", *_table(item), "", "  </details>"]
    elif item.fields:
        lines += ["", *_table(item), ""]
    if item.counts and item.remedies and level is FULL:
        lines += _remedies(item)
    return "\n".join(lines) + "\n"


def _table(item: Item) -> Iterator[str]:
    """A column for words only where a field's class is not its item's."""
    rows = [(change, _word(item, change)) for change in item.fields]
    words = any(word for _, word in rows)
    yield "  | field | code | last applied | live |" + (" |" if words else "")
    yield "  |---|---|---|---|" + ("---|" if words else "")
    for change, word in rows:
        sides = (code(phrases.value(side, change.path)) for side in (change.code, change.applied, change.live))
        yield f"  | {code(change.path)} | {' | '.join(sides)} |" + (f" {word} |" if words else "")


def _word(item: Item, change: FieldChange) -> str:
    word = "live already" if change.agreed else "" if change.cls is item.cls else str(change.cls)
    return f"{word}, replaces".lstrip(", ") if change.replaces else word


def _remedies(item: Item) -> Iterator[str]:
    yield "  <details><summary>What to do</summary>\n"
    for remedy in item.remedies:
        yield f"  - {plain(remedy.kind)}: {plain(remedy.text)}" + (
            f": {code(remedy.command)}" if remedy.command else ""
        )
        yield from (f"    - not adopted: {plain(reason)}" for reason in remedy.left)
        if remedy.diff and remedy.diff.count("\n") <= LONGEST_DIFF:
            yield from (f"    {line}".rstrip() for line in ("", *fenced(remedy.diff, "diff"), ""))
    yield "\n  </details>"
