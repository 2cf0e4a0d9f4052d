"""What one run of a program knows: what it has declared, what it recreates, and whether the server answers.

A provider instance serves one run. A resource that another depends on is checked before it, with either engine, by
the same instance: so a check may rely on what the checks before it have put here.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from prefect_pulumi.core.provider_protocol import Props
from prefect_pulumi.core.values import Secret, has_unknown, secrets_in, texts_in, unwrap
from prefect_pulumi.deploy.checks.context import UNKNOWN_VALUE, Block, Pool
from prefect_pulumi.deploy.checks.secrets import SECRET_NAME
from prefect_pulumi.interpreter.interpreters import Interpreter
from prefect_pulumi.models import Fault
from prefect_pulumi.models.worker_types import variables_of

SECRET_BLOCK = Block(frozenset({"value"}), frozenset({"value"}))
PLAIN_BLOCK = Block(frozenset(), frozenset({"value"}))


class ProgramRun:
    """Created by the provider for a run and handed to the handlers that need it. Safe to share between threads."""

    def __init__(
        self, interpreter: Interpreter, only: Mapping[str, frozenset[str]] | None = None, *, adopt: bool = False
    ) -> None:
        self._lock = threading.Lock()
        self.adopt = adopt
        """Whether the run takes over deployments that belong to no stack."""
        self.only = only or {}
        """URN of a deploy step -> the deployments (`flow/deployment`) that the run is limited to; not there: all."""
        self.declared = Declarations()
        self.inputs: dict[str, Props] = {}
        """URN -> checked inputs of what the program has declared so far, but for its release."""
        self.recreated: set[str] = set()
        """Pools ("pool") and queues ("pool/queue") that this run creates. Where one of that name was there before, its
        deployments lost their place with it, and it has to be set again."""
        self.interpreter = interpreter
        """Starts the processes that import prefect."""
        self.unanswered: str | None = None
        """Why the server did not answer the preflight, "" when it did; None: not asked yet."""
        self._owners: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._holders: dict[str, str] = {}

    def declare(self, urn: str, kind: str, inputs: Props) -> None:
        """Called by each successful check. `kind`: the last part of a token; `inputs`: checked."""
        self.declared.note(kind, inputs)
        if kind != "Release":
            with self._lock:
                self.inputs[urn] = inputs

    def claim(self, urn: str, names: Sequence[str]) -> list[Fault]:
        """A deployment (`flow/deployment`) has one owner: a `Deployment`, or the `Deployments` of the file that has
        it."""
        faults = []
        with self._lock:
            for name in names:
                owner = self._owners.setdefault(name, urn)
                if owner != urn:
                    faults.append(
                        Fault(
                            "",
                            f"the deployment '{name}' is declared twice: here and by {owner}; take it out of the "
                            "program or out of prefect.yaml",
                        )
                    )
        return faults

    def claim_name(self, urn: str, place: str, noun: str, name: str) -> list[Fault]:
        """An object of the server has one owner. `place`: where the server keeps the object of that name."""
        with self._lock:
            owner = self._names.setdefault(place, urn)
        if owner == urn:
            return []
        text = f"the {noun} '{name}' is declared twice: here and by {owner}; rename one of them, or take it out"
        return [Fault("", text)]

    def hold(self, urn: str, id: str) -> None:
        """`id` is the object of `urn`."""
        if id:
            with self._lock:
                self._holders[id] = urn

    def held_by_others(self, urn: str) -> frozenset[str]:
        """Ids of the objects that this run knows as those of other resources."""
        with self._lock:
            return frozenset(id for id, holder in self._holders.items() if holder != urn)

    def claimed_beside(self, urn: str) -> set[str]:
        """Deployments that this program declares by other resources than `urn`."""
        with self._lock:
            return {name for name, owner in self._owners.items() if owner != urn}


class Declarations:
    """The objects that the program has declared so far, for the deploy step's preflight.

    Safe to share between threads; `secrets` are values in plain text, in memory only.
    """

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
        """Called by each successful check. `kind`: the last part of a token; `inputs`: checked."""
        with self._lock:
            self.secrets |= _texts_of_block(inputs) if kind == "BlockDocument" else secret_texts(dict(inputs))
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
            # Which fields are secret is in the type's schema on the server: here their names tell.
            own = data.value if isinstance(data, Secret) else data
            marked = isinstance(own, dict) and {key for key, value in own.items() if isinstance(value, Secret)}
            secret |= {key for key in plain if SECRET_NAME.search(key)} | (marked or set())
        self.blocks[(slug, _text(inputs, "name"))] = Block(
            secret, frozenset(plain) if isinstance(plain, dict) else frozenset()
        )

    def _variable(self, inputs: Props) -> None:
        value = inputs.get("value")
        self.variables[_text(inputs, "name")] = UNKNOWN_VALUE if has_unknown(value) else unwrap(value)


def _text(inputs: Props, name: str) -> str:
    value = unwrap(inputs.get(name))
    return value if isinstance(value, str) else ""


def _texts_of_block(inputs: Props) -> set[str]:
    """The texts of a block that are secret by their own marks or by the names of their fields: the class marks all of
    its data, of which a host or an image may stand anywhere."""
    if _text(inputs, "blockTypeSlug") == "secret":
        return secret_texts(dict(inputs))
    data = inputs.get("data")
    named = {text for value in _of_secret_names(unwrap(data)) for text in texts_in(value) if text}
    return named | secret_texts(data.value if isinstance(data, Secret) else data)


def _of_secret_names(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            if SECRET_NAME.search(str(key)):
                yield item
            else:
                yield from _of_secret_names(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _of_secret_names(item)


def secret_texts(value: Any) -> set[str]:
    """Texts inside of a secret, at any depth."""
    return {text for held in secrets_in(value) for text in texts_in(held) if text}
