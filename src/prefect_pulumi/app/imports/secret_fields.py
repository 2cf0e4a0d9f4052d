"""Which parts of a live object are secret, and the config keys that stand for them (pure)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from prefect_pulumi.app.imports.python_text import Expression
from prefect_pulumi.deploy.checks.secrets import CREDENTIALS_IN_URL, SECRET_NAME
from prefect_pulumi.project.secret_settings import SECRET_KEY

SETTINGS_KEY = "environment"
Form = Callable[..., Any]
"""Value and path of a secret -> its placeholder."""


class Placeholders:
    """Expressions that read secrets from the stack's config; `values` maps each key to its value as text, JSON for what
    is no text."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self.values: dict[str, str] = {}
        self._taken = {SETTINGS_KEY, *taken}

    def key(self, value: Any, *path: str) -> str:
        """The config key of one value; `path` names it, such as block, field and key."""
        base = "-".join(re.sub(r"[^A-Za-z0-9_.]+", "-", part).strip("-") for part in path)
        key, number = base, 1
        while key in self._taken:
            number += 1
            key = f"{base}-{number}"
        self._taken.add(key)
        self.values[key] = as_text(value)
        return key

    def of(self, value: Any, *path: str) -> Expression:
        """The expression of a program that reads it."""
        return Expression(
            f'config.require_secret{"" if isinstance(value, str) else "_object"}("{self.key(value, *path)}")'
        )

    def setting(self, value: Any, *path: str) -> dict[str, Any]:
        """The placeholder of a stack file that stands for it."""
        key = self.key(value, *path)
        return {SECRET_KEY: key if isinstance(value, str) else {"config": key, "format": "json"}}

    def within(
        self, data: Mapping[str, Any], fields: Iterable[str], name: str, form: Form | None = None
    ) -> dict[str, Any]:
        """`data` with a placeholder in place of each value that its schema calls secret (`url`, `headers.*`, `a.b`), or
        that is a secret by its key or its form. `form`: `of`, which is the default, or `setting`."""
        patterns = [field.removesuffix(".*").split(".") for field in fields]
        replaced = _part(dict(data), patterns, (name,), form or self.of)
        return dict(replaced)


def as_text(value: Any) -> str:
    """A secret as the text that config holds: JSON where it is no text."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _part(value: Any, patterns: list[list[str]], path: tuple[str, ...], form: Form) -> Any:
    if value in (None, "", {}, []):
        return value
    if path[1:] and (list(path[1:]) in patterns or _looks_secret(path[-1], value)):
        return form(value, *path)
    if isinstance(value, dict):
        if "$ref" in value:
            return value
        return {key: _part(item, patterns, (*path, str(key)), form) for key, item in value.items()}
    return value


def with_variables(value: Any, key: str = "") -> Any:
    """A value of `prefect.yaml`: an environment variable in place of each text that is a secret by its key or form."""
    if isinstance(value, dict):
        return {name: with_variables(item, str(name)) for name, item in value.items()}
    if isinstance(value, list):
        return [with_variables(item, key) for item in value]
    return f"{{{{ ${re.sub(r'[^A-Za-z0-9_]+', '_', key).upper()} }}}}" if _looks_secret(key, value) else value


def _looks_secret(key: str, value: Any) -> bool:
    return isinstance(value, str) and bool(SECRET_NAME.search(key) or CREDENTIALS_IN_URL.search(value))
