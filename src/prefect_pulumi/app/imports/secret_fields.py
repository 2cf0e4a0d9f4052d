"""Which parts of a live object are secret, and the config keys that stand for them (pure)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from prefect_pulumi.app.imports.python_text import Expression
from prefect_pulumi.deploy.checks.secrets import CREDENTIALS_IN_URL, SECRET_NAME

SETTINGS_KEY = "environment"


class Placeholders:
    """Expressions that read secrets from the stack's config; `values` maps each key to its value as text, JSON for what
    is no text."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self.values: dict[str, str] = {}
        self._taken = {SETTINGS_KEY, *taken}

    def of(self, value: Any, *path: str) -> Expression:
        """The placeholder of one value; `path` names it, such as block, field and key."""
        base = "-".join(re.sub(r"[^A-Za-z0-9_.]+", "-", part).strip("-") for part in path)
        key, number = base, 1
        while key in self._taken:
            number += 1
            key = f"{base}-{number}"
        self._taken.add(key)
        is_text = isinstance(value, str)
        self.values[key] = value if is_text else json.dumps(value, ensure_ascii=False)
        return Expression(f'config.require_secret{"" if is_text else "_object"}("{key}")')

    def within(self, data: Mapping[str, Any], fields: Iterable[str], name: str) -> dict[str, Any]:
        """`data` with a placeholder in place of each value that its schema calls secret (`url`, `headers.*`, `a.b`), or
        that is a secret by its key or its form."""
        patterns = [field.removesuffix(".*").split(".") for field in fields]
        replaced = self._part(dict(data), patterns, (name,))
        return dict(replaced)

    def _part(self, value: Any, patterns: list[list[str]], path: tuple[str, ...]) -> Any:
        if value in (None, "", {}, []):
            return value
        if path[1:] and (list(path[1:]) in patterns or _looks_secret(path[-1], value)):
            return self.of(value, *path)
        if isinstance(value, dict):
            if "$ref" in value:
                return value
            return {key: self._part(item, patterns, (*path, str(key))) for key, item in value.items()}
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
