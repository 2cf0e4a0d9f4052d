"""The report as JUnit XML: a suite for each environment, a case for each kind and for each difference."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from prefect_pulumi.review import phrases
from prefect_pulumi.review.categories import category_of
from prefect_pulumi.review.model import Environment, Item, Report

_FORBIDDEN = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no way to write."""


def render(report: Report) -> str:
    root = ElementTree.Element("testsuites", name=f"prefect-pulumi {report.purpose}")
    for environment in report.environments:
        root.append(_suite(report, environment))
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _suite(report: Report, environment: Environment) -> ElementTree.Element:
    suite = ElementTree.Element("testsuite", name=_text(environment.stack), timestamp=report.time)
    for kind in environment.coverage:
        case = _case(suite, environment, kind.kind, f"{kind.read} of {kind.wanted} objects were compared")
        if not kind.done:
            _child(case, "error", "could not be read", "")
    for item in environment.items:
        if not item.drifted:
            continue
        case = _case(suite, environment, item.kind, item.name)
        if item.counts:
            _child(case, "failure", f"{item.cls}: {item.kind} {item.name}", _body(report, item), type=str(item.cls))
        else:
            _child(case, "skipped", phrases.accepted_line(item), "")
    for verdict in environment.verdicts:
        case = _case(suite, environment, "policy", verdict.rule)
        if verdict.overridden:
            _child(case, "skipped", f"overridden: {verdict.overridden}", "")
        else:
            _child(case, "failure", verdict.text, "", type="policy")
    for problem in environment.problems:
        case = _case(suite, environment, "check", problem.where or "check")
        _child(case, "error", problem.message, problem.remedy)
    for name, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(name, str(len(suite.findall(f".//{tag}"))))
    return suite


def _case(suite: ElementTree.Element, environment: Environment, kind: str, name: str) -> ElementTree.Element:
    return ElementTree.SubElement(suite, "testcase", classname=_text(f"{environment.stack}.{kind}"), name=_text(name))


def _child(case: ElementTree.Element, tag: str, message: str, body: str, type: str = "") -> None:
    attributes = {"message": _text(message), **({"type": type} if type else {})}
    ElementTree.SubElement(case, tag, attributes).text = _text(body)


def _body(report: Report, item: Item) -> str:
    lines = [f"{change.path}: {phrases.changes_line(change)}" for change in item.fields]
    lines += [f"{impact.flag}: {impact.text}" for impact in item.impacts]
    for remedy in item.remedies:
        lines += [f"{remedy.kind}: {remedy.command or remedy.text}"]
        lines += [f"  not adopted: {reason}" for reason in remedy.left]
    words = (
        str(category_of(item) or ""),
        item.note,
        phrases.who_and_when(item.facts, report.time),
        phrases.written_line(item),
    )
    return "\n".join([word for word in words if word] + lines)


def _text(text: str) -> str:
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)
