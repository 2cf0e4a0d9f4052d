"""The report for a terminal or a log."""

from __future__ import annotations

from collections.abc import Iterator

from prefect_pulumi.core.display_text import printable
from prefect_pulumi.review import phrases
from prefect_pulumi.review.categories import category_of
from prefect_pulumi.review.model import Environment, Item, Report


def render(report: Report) -> str:
    lines = [line for environment in report.environments for line in _environment(report, environment)]
    return "\n".join(_plain(line) for line in lines) + "\n"


def _plain(line: str) -> str:
    """Without control characters: a name on the server must not steer a terminal."""
    return printable(line, kept="")


def _environment(report: Report, environment: Environment) -> Iterator[str]:
    yield f"{environment.stack}: {phrases.verdict(environment)}"
    version = f" (Prefect {environment.server_version})" if environment.server_version else ""
    server = phrases.server_name(environment) or "no server"
    if effects := phrases.effects(environment):
        yield f"  {effects}"
    yield f"  {server}{version}, commit {phrases.short_commit(report)}, {phrases.moment(report.time)}"
    for problem in environment.problems:
        where = f"{problem.where}: " if problem.where else ""
        yield f"  problem: {where}{problem.message}"
        if problem.remedy:
            yield f"    -> {problem.remedy}"
    missing = phrases.unread(environment)
    if environment.problems and missing:
        yield f"  not read: {', '.join(missing)}"
    yield from (f"  note: {note}" for note in environment.notes)
    for verdict in environment.verdicts:
        word = f"overridden ({verdict.overridden})" if verdict.overridden else "fails"
        yield f"  policy {verdict.rule} {word}: {verdict.text}"
    for title, items in phrases.sections(environment, report.purpose):
        yield ""
        yield f"  {title} ({len(items)})"
        for item in items:
            yield from _item(report, item)
    if environment.ignored:
        yield ""
        yield f"  {environment.ignored} unmanaged objects are ignored by review.yaml"


def _item(report: Report, item: Item) -> Iterator[str]:
    when = phrases.who_and_when(item.facts, report.time) if item.drifted else ""
    words = (phrases.action_word(item), category_of(item) or "", item.note, when)
    extra = ", ".join(word for word in words if word)
    yield f"  {phrases.sign(item)} {item.kind} {item.name}" + (f"  ({extra})" if extra else "")
    if written := phrases.written_line(item):
        yield f"      in {written}"
    if accepted := phrases.accepted_line(item):
        yield f"      {accepted}"
    for change in item.fields:
        mark = "" if change.cls is item.cls else {"conflict": "! ", "changed live": "~ "}.get(str(change.cls), "> ")
        yield f"      {mark}{change.path}: {phrases.changes_line(change)}"
    for impact in item.impacts:
        yield f"      {impact.flag}: {impact.text}"
    if item.counts:
        for remedy in item.remedies:
            yield f"      {remedy.kind}: {remedy.command or remedy.text}"
            yield from (f"        not adopted: {reason}" for reason in remedy.left)
