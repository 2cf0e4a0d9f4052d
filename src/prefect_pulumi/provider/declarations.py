"""What a program has declared so far in this run: the deploy step's preflight knows it without being told.

A resource that `Deployments` depends on is checked before it, with either engine, by the same provider instance.
"""

from __future__ import annotations

import threading
from collections.abc import Collection
from typing import Any

from prefect_pulumi.core.provider_protocol import Props
from prefect_pulumi.core.values import Secret, has_unknown, secrets_in, texts_in, unwrap
from prefect_pulumi.deploy.checks.context import UNKNOWN_VALUE, Block, Pool
from prefect_pulumi.models.worker_types import variables_of

SECRET_BLOCK = Block(frozenset({"value"}), frozenset({"value"}))
PLAIN_BLOCK = Block(frozenset(), frozenset({"value"}))


class Declared:
    """Filled by each successful check. Safe to share between threads; `secrets` are the values in clear, in memory."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.pools: dict[str, tuple[str, Any]] = {}
        """Name -> type and base job template."""
        self.templateless: set[str] = set()
        """Pools whose base job template the program leaves out: the live one counts."""
        self.queues: set[tuple[str, str]] = set()
        self.blocks: dict[tuple[str, str], Block] = {}
        self.variables: dict[str, Any] = {}
        self.secrets: set[str] = set()
        self.workers: set[str] = set()
        """Pools that a process worker of this machine serves."""

    def note(self, kind: str, inputs: Props) -> None:
        """`kind`: the last part of a token; `inputs`: checked."""
        with self._lock:
            self.secrets |= secret_texts(dict(inputs))
            recorder = getattr(self, f"_{kind.lower()}", None)
            if recorder is not None:
                recorder(inputs)

    def pools_of(self, used: Collection[str]) -> dict[str, Pool]:
        """All declared pools; those of `used` with the schema of their job variables."""
        return {
            name: Pool(
                type_,
                variables_of(type_, unwrap(template)) if name in used and not has_unknown(template) else None,
            )
            for name, (type_, template) in self.pools.items()
        }

    def _workpool(self, inputs: Props) -> None:
        name, type_, template = _text(inputs, "name"), _text(inputs, "type"), inputs.get("baseJobTemplate")
        if not name:
            return
        self.pools[name] = (type_, template)
        if template is None:
            self.templateless.add(name)

    def _workqueue(self, inputs: Props) -> None:
        self.queues.add((_text(inputs, "workPoolName"), _text(inputs, "name")))

    def _processworker(self, inputs: Props) -> None:
        self.workers.add(_text(inputs, "workPool"))

    def _secretblock(self, inputs: Props) -> None:
        self.blocks[("secret", _text(inputs, "name"))] = SECRET_BLOCK

    def _jsonblock(self, inputs: Props) -> None:
        self.blocks[("json", _text(inputs, "name"))] = PLAIN_BLOCK

    def _blockdocument(self, inputs: Props) -> None:
        slug, data = _text(inputs, "blockTypeSlug"), inputs.get("data")
        plain = unwrap(data)
        secret = frozenset({"value"}) if slug == "secret" else frozenset()
        if isinstance(plain, dict):
            # Which fields are secret is in the type's schema on the server; what the program marks is secret here.
            own = data.value if isinstance(data, Secret) else data
            marked = (
                {key for key, value in own.items() if isinstance(value, Secret)} if isinstance(own, dict) else set()
            )
            secret |= frozenset(marked)
        self.blocks[(slug, _text(inputs, "name"))] = Block(
            secret, frozenset(plain) if isinstance(plain, dict) else frozenset()
        )

    def _variable(self, inputs: Props) -> None:
        value = inputs.get("value")
        self.variables[_text(inputs, "name")] = UNKNOWN_VALUE if has_unknown(value) else unwrap(value)


def _text(inputs: Props, name: str) -> str:
    value = unwrap(inputs.get(name))
    return value if isinstance(value, str) else ""


def secret_texts(value: Any) -> set[str]:
    """Texts that stand inside of a secret, at any depth."""
    return {text for held in secrets_in(value) for text in texts_in(held) if text}
