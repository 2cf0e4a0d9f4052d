"""One message about drift to a webhook, in the form that Slack takes: `{"text": ...}`."""

from __future__ import annotations

import httpx

from prefect_pulumi.core.errors import ConfigError
from prefect_pulumi.review import phrases
from prefect_pulumi.review.model import Report

VARIABLE = "INFRA_NOTIFY_URL"
TIMEOUT = 30.0
SHOWN = 20
"""Objects that a message names."""


def notify(report: Report, url: str) -> str:
    """Posts the message; "" when it arrived, else why not. The address is a secret: no text names it.

    Raises `ConfigError` for what is no address.
    """
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        parsed = httpx.URL()
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        raise ConfigError("it is no http(s) address", where=f"--notify or {VARIABLE}", remedy="give the webhook's URL")
    try:
        response = httpx.post(parsed, json={"text": message(report)}, timeout=TIMEOUT)
    except httpx.HTTPError as error:
        return f"the webhook of {parsed.host} gives no answer ({type(error).__name__})"
    return f"the webhook of {parsed.host} returned HTTP {response.status_code}" if response.is_error else ""


def message(report: Report) -> str:
    """The verdict of each stack, and its drifted objects."""
    lines = []
    for environment in report.environments:
        lines.append(f"{report.project}/{environment.stack}: {phrases.verdict(environment)}")
        lines += [f"could not check: {problem.message}" for problem in environment.problems]
        counted = [item for item in environment.items if item.counts]
        for item in counted[:SHOWN]:
            when = phrases.who_and_when(item.facts, report.time)
            lines.append(f"- {item.kind} {item.name}: {item.cls}" + (f" ({when})" if when else ""))
        if len(counted) > SHOWN:
            lines.append(f"- and {len(counted) - SHOWN} more")
    # Slack reads these three as markup: a name on the server must not become a mention or a link.
    return "\n".join(lines).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
