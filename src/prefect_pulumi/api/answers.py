"""What an answer of the server has to look like, checked once for all requests (pure).

A gateway, a login page or another program may answer in the API's place: with a page, with nothing, with JSON of
another shape. Each such answer is an `UnexpectedAnswerError` that names its status, content type and title.
"""

from __future__ import annotations

import html
import re
from typing import Any, NoReturn

import httpx

from prefect_pulumi.core.errors import UnexpectedAnswerError

REMEDY = "does the address belong to Prefect? check PREFECT_API_URL and the stack's `server` settings"
_REFUSAL_KEYS = frozenset({"detail", "exception_detail", "exception_message"})


class Row(dict[str, Any]):
    """An object of the API. A field that every such object has, and this one lacks, is an `UnexpectedAnswerError`."""

    def __init__(self, values: dict[str, Any], where: str) -> None:
        super().__init__(values)
        self.where = where

    def __missing__(self, key: str) -> NoReturn:
        raise UnexpectedAnswerError(
            f"the server answers, but not like a Prefect API: an object without {key!r}",
            where=self.where,
            remedy=REMEDY,
        )


def content(method: str, path: str, response: httpx.Response, where: str) -> Any:
    """The JSON of a good answer, objects as `Row`; None for a change without content.

    Raises `UnexpectedAnswerError` for anything but what the route answers.
    """
    expected = _expected(method, path)
    if not response.content:
        if not expected:
            return None
        raise unexpected(response, where, "without content")
    try:
        value = response.json()
    except (ValueError, RecursionError) as error:
        raise unexpected(response, where, "not JSON") from error
    rows = value if isinstance(value, list) else [value]
    fits = isinstance(value, expected) and (list not in expected or all(isinstance(row, dict) for row in rows))
    if expected and (not fits or (value == [] and dict in expected)):  # what creates one object answers with it
        names = {dict: "an object", list: "a list of objects", str: "a text", int: "a number", bool: "true"}
        raise unexpected(response, where, f"JSON, but not {' or '.join(names[kind] for kind in expected)}")
    if isinstance(value, list):
        return [Row(row, where) if isinstance(row, dict) else row for row in value]
    return Row(value, where) if isinstance(value, dict) else value


_LISTS = (
    *("/schedules", "/workspace_scopes", "/me/workspaces"),
    *("/automations/managed", "/automations/managed/types", "/api_keys"),
)
"""Last parts of routes that answer a GET with a list of objects."""


def _expected(method: str, path: str) -> tuple[type, ...]:
    """Types of the route's answer; none for a change, whose answer does not matter and may be empty."""
    route = path.rstrip("/")
    if method == "GET":
        if route.endswith("/version"):
            return (str,)
        if route.endswith("/health"):
            return (bool,)
        if route.endswith("/scopes"):  # texts
            return ()
        return (list,) if route.endswith(_LISTS) or "/related-to/" in route else (dict,)
    if method != "POST":
        return ()
    if route.endswith("/count"):
        return (int,)
    if route.endswith("/filter"):
        return (dict,) if route.startswith("/events") else (list,)
    if route.endswith("/schedules"):
        return (dict, list)
    return (dict,) if path.endswith(("/", "/queues", "/create_flow_run", "/set_state")) else ()


def is_refusal(response: httpx.Response) -> bool:
    """Whether the API itself refuses the request, and no gateway in front of it."""
    try:
        body = response.json()
    except (ValueError, RecursionError):
        return False
    return isinstance(body, dict) and not _REFUSAL_KEYS.isdisjoint(body)


def unexpected(response: httpx.Response, where: str, what: str) -> UnexpectedAnswerError:
    kind = response.headers.get("content-type", "").partition(";")[0].strip() or "no content type"
    page = title(response)
    page = f", page titled {page!r}" if page else ""
    target = response.headers.get("location", "") if response.is_redirect else ""
    return UnexpectedAnswerError(
        f"the server answers, but not like a Prefect API: HTTP {response.status_code}, {kind}{page}: {what}",
        where=where,
        remedy=f"set PREFECT_API_URL, or the stack's `server`, to the address behind it: {target}"
        if target
        else REMEDY,
    )


def title(response: httpx.Response) -> str:
    """Title of a page, else its first heading; "" for what is no page."""
    text = response.text[:20_000]
    for tag in ("title", "h1"):
        match = re.search(rf"<{tag}\b[^>]*>(.*?)</{tag}>", text, re.IGNORECASE | re.DOTALL)
        if match:
            plain = html.unescape(re.sub(r"<[^>]*>", " ", match[1]))
            return " ".join(plain.split())[:100]
    return ""
