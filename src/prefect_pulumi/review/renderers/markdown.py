"""The report as the forge's Markdown: one comment for each environment, the verdict first, cut at the forge's limit."""

from __future__ import annotations

from collections.abc import Iterator

from prefect_pulumi.review import phrases
from prefect_pulumi.review.model import Action, Class, Environment, FieldChange, Item, Report, Status
from prefect_pulumi.review.renderers.escape import code, fenced, plain

LIMIT = 65_536
"""Most characters of a comment on GitHub; here counted as bytes, to be on the safe side."""
FOLDED_FROM = 8
"""Sections with more items than this are folded."""
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
    parts = [*_head(report, environment)]
    room = limit - _size("\n".join(parts)) - 600
    for title, items in phrases.sections(environment):
        block = _section(title, items, room)
        room -= _size(block) + 1
        parts.append(block)
    left = f" Full report: {plain(artifact)}." if artifact else " See the full report."
    cut = any("more in the full report" in part for part in parts)
    if environment.ignored:
        parts.append(f"{environment.ignored} unmanaged objects are ignored by `review.yaml`.\n")
    if cut or artifact:
        parts.append(f"<sub>{'Cut at the size that the forge allows.' if cut else ''}{left}</sub>\n")
    return "\n".join(parts)


def _size(text: str) -> int:
    return len(text.encode())


def _head(report: Report, environment: Environment) -> Iterator[str]:
    yield marker(report.project, environment)
    failed = bool(environment.failed)
    icon = "\N{CROSS MARK}" if failed else _ICONS[environment.status]
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
    yield from _counts(environment)


def _counts(environment: Environment) -> Iterator[str]:
    classes, actions = environment.classes(), environment.actions()
    drift = [cls for cls in phrases.ORDER if cls.is_drift]
    if not any(actions.values()) and not any(classes[cls] for cls in drift):
        return
    doing = [action for action in Action if action is not Action.NONE]
    yield "| " + " | ".join([*doing, *drift]) + " |"
    yield "|" + "--:|" * (len(doing) + len(drift))
    yield "| " + " | ".join([*(str(actions[a]) for a in doing), *(str(classes[c]) for c in drift)]) + " |"
    yield ""


def _section(title: str, items: list[Item], room: int) -> str:
    """Whole items as long as there is room."""
    folded = len(items) > FOLDED_FROM
    body, size = [], 0
    for item in items:
        text = _item(item)
        if size + _size(text) > room - 200:
            break
        body.append(text)
        size += _size(text) + 1
    if len(body) < len(items):
        body.append(f"... and {len(items) - len(body)} more in the full report.\n")
    inner = "\n".join(body)
    if folded:
        return f"<details><summary><b>{title}</b> ({len(items)})</summary>\n\n{inner}\n</details>\n"
    return f"#### {title} ({len(items)})\n\n{inner}"


def _item(item: Item) -> str:
    when = plain(phrases.who_and_when(item.facts)) if item.drifted else ""
    accepted = plain(phrases.accepted_line(item))
    extra = ", ".join(word for word in (phrases.action_word(item), plain(item.note), when, accepted) if word)
    lines = [f"- **{plain(item.kind)}** {code(item.name)}" + (f": {extra}" if extra else "")]
    lines += [f"  - **{impact.flag}**: {plain(impact.text)}" for impact in item.impacts]
    if item.fields:
        lines += ["", *_table(item.fields), ""]
    if item.counts and item.remedies:
        lines += _remedies(item)
    return "\n".join(lines) + "\n"


def _table(changes: tuple[FieldChange, ...]) -> Iterator[str]:
    yield "  | field | code | last applied | live | |"
    yield "  |---|---|---|---|---|"
    for change in changes:
        sides = (phrases.value(side) for side in (change.code, change.applied, change.live))
        word = "live already" if change.agreed else "" if change.cls is Class.THIS_CHANGE else str(change.cls)
        if change.replaces:
            word = f"{word}, replaces".lstrip(", ")
        yield f"  | {code(change.path)} | {' | '.join(code(side) for side in sides)} | {word} |"


def _remedies(item: Item) -> Iterator[str]:
    yield "  <details><summary>What to do</summary>\n"
    for remedy in item.remedies:
        yield f"  - {plain(remedy.kind)}: {plain(remedy.text)}" + (
            f": {code(remedy.command)}" if remedy.command else ""
        )
        if remedy.diff and remedy.diff.count("\n") <= LONGEST_DIFF:
            yield from (f"    {line}".rstrip() for line in ("", *fenced(remedy.diff, "diff"), ""))
    yield "\n  </details>"
