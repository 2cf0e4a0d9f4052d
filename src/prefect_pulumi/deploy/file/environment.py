"""The environment that `{{ $NAME }}` templates read, and which of its values must not be shown."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from prefect_pulumi.core.values import Secret

VARIABLE = re.compile(r"\{\{\s*\$([A-Za-z_][A-Za-z0-9_]*)\s*\}\}")
"""As prefect/utilities/templating.py finds them."""
SECRET_NAME = re.compile(r"secret|token|passw|passphrase|credential|auth|(api|access|private|account)_?key", re.I)
SHORTEST_SECRET = 4
"""Characters: a shorter value is not searched for in texts, where it would mask half of them."""


@dataclass(frozen=True)
class DeployEnvironment:
    """`values`: all that a deploy sees. A value is secret when its name says so or the program marked it."""

    values: Mapping[str, str]
    marked: frozenset[str] = field(default_factory=frozenset)

    def is_secret(self, name: str) -> bool:
        return name in self.marked or bool(SECRET_NAME.search(name))

    @property
    def secrets(self) -> list[str]:
        """Secret values, the longest first, so that none is left half masked."""
        secrets = {
            value for name, value in self.values.items() if self.is_secret(name) and len(value) >= SHORTEST_SECRET
        }
        return sorted(secrets, key=lambda value: (-len(value), value))

    def resolved(self, value: Any) -> Any:
        """`value` with its `{{ $NAME }}` filled in; a text with a secret in it comes back marked. Unset: left as is."""
        if isinstance(value, str):
            names = VARIABLE.findall(value)
            text = VARIABLE.sub(lambda match: self.values.get(match[1], match[0]), value)
            return Secret(text) if any(self.is_secret(name) for name in names) else text
        if isinstance(value, Mapping):
            return {key: self.resolved(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.resolved(item) for item in value]
        return value

    def digest(self, name: str, key: str) -> str:
        """HMAC-SHA256 of a variable's value under the stack's own key: no guess can be tested against it."""
        return hmac.new(key.encode(), f"{name}={self.values.get(name, '')}".encode(), hashlib.sha256).hexdigest()


def used_variables(value: Any) -> set[str]:
    """Names of the environment variables that `{{ $NAME }}` templates in a value read."""
    if isinstance(value, str):
        return set(VARIABLE.findall(value))
    if isinstance(value, Mapping):
        return {name for item in value.values() for name in used_variables(item)}
    if isinstance(value, list):
        return {name for item in value for name in used_variables(item)}
    return set()


def sealed(value: Any, secrets: list[str], like: Any = None) -> Any:
    """`value` with every text marked secret that holds one of `secrets`, or stands where `like` has a marked one."""
    if isinstance(like, Secret):
        return value if isinstance(value, Secret) or value is None else Secret(value)
    if isinstance(value, str):
        return Secret(value) if any(secret in value for secret in secrets) else value
    if isinstance(value, Mapping):
        under = like if isinstance(like, Mapping) else {}
        return {key: sealed(item, secrets, under.get(key)) for key, item in value.items()}
    if isinstance(value, list):
        under_list = like if isinstance(like, list) and len(like) == len(value) else [None] * len(value)
        return [sealed(item, secrets, pattern) for item, pattern in zip(value, under_list, strict=True)]
    return value
