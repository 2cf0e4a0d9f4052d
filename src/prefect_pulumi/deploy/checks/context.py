"""What the flows' deployments stand among: objects that the stack declares or the server has; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from prefect_pulumi.deploy.file.placeholders import Source, open_template, walk
from prefect_pulumi.deploy.flows.requirements import names_module

UNKNOWN_VALUE = object()
"""The value of a variable that exists and whose value is not known before the update."""


@dataclass(frozen=True)
class Pool:
    """A work pool. `type` "" and `variables` None: not known before the update. `variables` is the JSON schema of its
    base job template; `here`: a process worker of this machine serves it."""

    type: str = ""
    variables: Mapping[str, Any] | None = None
    here: bool = False


@dataclass(frozen=True)
class Block:
    """A block document. `secret_fields`: names of its secret fields; `fields`: names of all, empty when not known."""

    secret_fields: frozenset[str] = frozenset()
    fields: frozenset[str] = frozenset()


@dataclass(frozen=True)
class References:
    """What a `prefect.yaml` refers to by name. `templates`: pools whose base job template has something to check."""

    pools: frozenset[str] = frozenset()
    queues: frozenset[tuple[str, str]] = frozenset()
    blocks: frozenset[tuple[str, str]] = frozenset()
    block_ids: frozenset[str] = frozenset()
    variables: frozenset[str] = frozenset()
    templates: frozenset[str] = frozenset()


@dataclass(frozen=True)
class DeployContext:
    """`queues` are (pool, queue), `blocks` (type slug, name) -> block, `block_ids` UUID -> block.

    `unanswered` says why the server could not be asked; what is not here may then exist all the same. `known_pools`
    False: the program's own pools are not all known before the update. `secrets` are values that must not be stored in
    plain text. `plain` names environment variables and blocks ('type/name') that may be. `worker_packages` are
    installed for the workers only; `requirements`: what the project's own files require, name -> file. `strict`: its
    warnings are faults.
    """

    pools: Mapping[str, Pool] = field(default_factory=dict)
    queues: frozenset[tuple[str, str]] = frozenset()
    blocks: Mapping[tuple[str, str], Block] = field(default_factory=dict)
    block_ids: Mapping[str, Block] = field(default_factory=dict)
    variables: Mapping[str, Any] = field(default_factory=dict)
    unanswered: str = ""
    known_pools: bool = True
    on_this_machine: bool = False
    cloud: bool = False
    secrets: frozenset[str] = frozenset()
    plain: frozenset[str] = frozenset()
    worker_packages: frozenset[str] = frozenset()
    requirements: Mapping[str, str] = field(default_factory=dict)
    strict: bool = False

    def named_in(self, module: str) -> str:
        """What says that a module is on the workers: `worker_packages`, a requirements file; "" for nothing."""
        if any(names_module(package, module) for package in self.worker_packages):
            return "worker_packages"
        return next((file for package, file in self.requirements.items() if names_module(package, module)), "")

    @property
    def whole(self) -> bool:
        """Whether an object that is not here does not exist."""
        return not self.unanswered


def references(data: Mapping[str, Any]) -> References:
    """Of plain data whose environment variables are filled in; what is malformed is passed over."""
    pools: set[str] = set()
    queues: set[tuple[str, str]] = set()
    blocks: set[tuple[str, str]] = set()
    variables: set[str] = set()
    templates: set[str] = set()
    listed = data.get("deployments")
    for entry in listed if isinstance(listed, list) else ():
        use = entry.get("work_pool") if isinstance(entry, Mapping) else None
        if not isinstance(use, Mapping):
            continue
        pool, queue = use.get("name"), use.get("work_queue_name")
        if isinstance(pool, str) and pool and not open_template(pool):
            pools.add(pool)
            templates |= {pool} if use.get("job_variables") else set()
            if isinstance(queue, str) and queue not in ("", "default") and not open_template(queue):
                queues.add((pool, queue))
    for _, placeholder in walk({key: value for key, value in data.items() if key != "definitions"}):
        if placeholder.source is Source.BLOCK:
            slug, name, _ = placeholder.block
            blocks.add((slug, name))
        elif placeholder.source is Source.VARIABLE:
            variables.add(placeholder.name)
    ids = frozenset(_block_ids(data.get("deployments", [])))
    return References(
        frozenset(pools), frozenset(queues), frozenset(blocks), ids, frozenset(variables), frozenset(templates)
    )


def _block_ids(value: Any) -> set[str]:
    if isinstance(value, Mapping):
        reference = value.get("$ref")
        own = reference.get("block_document_id") if isinstance(reference, Mapping) else None
        ids = {own} if isinstance(own, str) else set()
        return ids.union(*(_block_ids(item) for item in value.values()))
    if isinstance(value, list):
        return set().union(*(_block_ids(item) for item in value))
    return set()
