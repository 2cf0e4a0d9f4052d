"""The report as one HTML file that needs nothing else: a picture of the environment, search, light and dark.

The report lies in the page as JSON and becomes text nodes there, so that nothing of it is ever read as HTML.
"""

from __future__ import annotations

import json
from importlib.resources import files

from jinja2 import Environment, StrictUndefined

from prefect_pulumi.review import phrases
from prefect_pulumi.review.model import Report
from prefect_pulumi.review.renderers.document import to_document


def render(report: Report) -> str:
    page = files(__package__) / "page"
    template = Environment(autoescape=True, undefined=StrictUndefined).from_string(
        (page / "page.html.j2").read_text("utf-8")
    )
    stacks = ", ".join(environment.stack for environment in report.environments)
    return template.render(
        report=report,
        title=f"{report.status}: {report.project} {stacks}".strip(),
        commit=phrases.short_commit(report),
        time=phrases.moment(report.time),
        verdicts=[phrases.verdict(environment) for environment in report.environments],
        data=embedded(report),
        css=(page / "page.css").read_text("utf-8"),
        script=(page / "page.js").read_text("utf-8"),
    )


def embedded(report: Report) -> str:
    """JSON that cannot end the script element that it stands in."""
    text = json.dumps(to_document(report), ensure_ascii=False, separators=(",", ":"))
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text
