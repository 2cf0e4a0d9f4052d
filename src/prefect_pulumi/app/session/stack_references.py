"""Outputs of other stacks of the same backend, for stack references."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from prefect_pulumi.core.errors import PassphraseError, PrefectPulumiError, ProviderError
from prefect_pulumi.core.provider_protocol import ProviderHost
from prefect_pulumi.state.backend import StateBackend
from prefect_pulumi.state.checkpoint import salt_of
from prefect_pulumi.state.outputs import stack_outputs
from prefect_pulumi.state.secrets import PassphraseManager

if TYPE_CHECKING:
    from prefect_pulumi.project.stack import Stack

ORGANIZATION = "organization"
"""The one organization of a file backend."""


def outputs_of_stacks(own: Stack, host: ProviderHost) -> Callable[[str], Mapping[str, Any]]:
    """A function from a stack's name to its outputs.

    The name is `stack`, `organization/stack` or `organization/project/stack`. Secrets are decrypted with that
    stack's own passphrase where it is at hand (its folder in this clone), else with the one of this run; those that
    cannot be decrypted are empty, and `host` logs it.
    """

    def read(name: str) -> Mapping[str, Any]:
        project, stack = _parsed(name, own.project.name)
        store = replace(own, name=stack).store if project == own.project.name else own.store
        backend = StateBackend(store, project)
        where, stored = backend.where(stack), backend.read(stack)
        if stored is None:
            known = ", ".join(backend.list_stacks()) or "none"
            raise ProviderError(f"there is no stack {name!r}", where=where, remedy=f"{project} has: {known}")
        data = stored.data
        salt = salt_of(data, where)

        manager = functools.cache(lambda: _manager(own, project, stack, salt))
        outputs, readable = stack_outputs(data, lambda text: manager().decrypt(text), where)
        if not readable:
            host.log("info", f"the secrets of stack {name} need its passphrase: they are taken as empty")
        return outputs

    return read


def _parsed(name: str, project: str) -> tuple[str, str]:
    parts = name.split("/")
    if len(parts) == 1 and parts[0]:
        return project, parts[0]
    if parts[0] == ORGANIZATION and len(parts) in {2, 3} and all(parts):
        return (parts[1] if len(parts) == 3 else project), parts[-1]
    raise ProviderError(
        f"{name!r} is not a stack of this backend", remedy="name it as stack or organization/project/stack"
    )


def _manager(own: Stack, project: str, stack: str, salt: str) -> PassphraseManager:
    from prefect_pulumi.project.stack import Stack

    def kept_in_this_clone() -> PassphraseManager:
        return PassphraseManager.open(Stack(own.root, stack).passphrase_file.read_text("utf-8").strip(), salt)

    def of_this_run() -> PassphraseManager:
        return own.manager(write=False).with_salt(salt)

    for open_one in (kept_in_this_clone, of_this_run) if project == own.project.name else (of_this_run,):
        try:
            manager = open_one()
            manager.verify()
        except (OSError, PrefectPulumiError):
            continue
        return manager
    raise PassphraseError(f"stack {stack} was encrypted with another passphrase")
