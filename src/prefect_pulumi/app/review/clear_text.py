"""Values that look like secrets and stand in clear text: on the server, and in the repository."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from prefect_pulumi.app.session.view import StackView
from prefect_pulumi.core.errors import InputError
from prefect_pulumi.core.values import Secret, Unknown
from prefect_pulumi.deploy.checks.secrets import CREDENTIALS_IN_URL, SECRET_NAME
from prefect_pulumi.project.settings import Environment
from prefect_pulumi.state.entries import ResourceEntry, urn_name

_TOKEN = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{30,}|\bgithub_pat_\w{30,}"
    r"|\bglpat-[\w-]{20,}|\bxox[abprs]-[\w-]{10,}|\bpn[ub]_\w{20,}|\bAIza[\w-]{30,}|\bsk-[A-Za-z0-9-]{20,}"
)
"""Forms that only secrets have."""
_CHECKED = {"JsonBlock": ("value",), "Variable": ("value",), "WorkPool": ("baseJobTemplate",)}
_HARMLESS = re.compile(r"^(|\s*\{\{.*\}\}\s*|\$\{?\w+\}?|<[^>]*>|\*+|none|null|true|false)$", re.IGNORECASE | re.DOTALL)
"""Templates, references and placeholders."""
_REMEDY = "keep it in a Secret block: `secrets` of the stack file, and infra config set --secret"


def clear_text(kind: str, name: str, inputs: Mapping[str, Any]) -> Iterator[str]:
    """One warning for each value of an object that looks like a secret. The value itself is in none."""
    for field in _CHECKED.get(kind, ()):
        for path in _suspicious(inputs.get(field), (field,), named=kind == "Variable" and bool(_secret_name(name))):
            yield f"{kind} {name}: {'.'.join(path)} looks like a secret in clear text; {_REMEDY}"


def clear_defaults(environment: Environment, stack: str) -> Iterator[str]:
    """A secret's `default:` stands in the repository: for a dev stack's own server alone that is harmless."""
    if environment.server.embedded:
        return
    for name, secret in environment.secrets.items():
        if secret.default:
            yield (
                f"Pulumi.{stack}.yaml: secrets.{name}.default is in clear text in the repository; drop it, "
                f"and give the value with infra config set --secret {name} -s {stack}"
            )


def _suspicious(value: Any, path: Sequence[str], *, named: bool = False) -> Iterator[Sequence[str]]:
    if isinstance(value, Secret | Unknown):
        return
    if isinstance(value, Mapping):
        schema = "properties" in path[-1:]
        for key, member in value.items():
            yield from _suspicious(member, (*path, str(key)), named=_is_named(str(key), path, schema))
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from _suspicious(member, (*path[:-1], f"{path[-1]}[{index}]"), named=named)
    elif isinstance(value, str):
        has_form = _TOKEN.search(value) or CREDENTIALS_IN_URL.search(value)
        if has_form or (named and not _HARMLESS.match(value)):
            yield path


def _is_named(key: str, path: Sequence[str], schema: bool) -> bool:
    """In a job template's schema a variable's name says what its `default` is."""
    if key == "default" and len(path) > 2 and path[-2] == "properties":
        return _secret_name(path[-1])
    return not schema and key not in ("title", "description", "type", "format") and _secret_name(key)


def _secret_name(name: str) -> bool:
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|-", "_", name)
    return bool(SECRET_NAME.search(snake))


def stack_warnings(view: StackView, entries: Iterable[ResourceEntry]) -> Iterator[str]:
    """Of a stack's file, and of what its program asks for. A file that is no `environment` has no defaults."""
    with suppress(InputError):
        if view.stack.environment.get("secrets"):  # to check a large file once more takes seconds
            yield from clear_defaults(view.settings, view.name)
    for entry in entries:
        if entry.type.startswith("prefect:"):
            yield from clear_text(entry.type.rsplit(":", 1)[-1], urn_name(entry.urn), entry.inputs)
