"""A stack that does not exist yet, created empty."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from typing_extensions import override

from prefect_pulumi.project.passphrase import StackSecrets, keep_salt_out_of_git
from prefect_pulumi.project.stack import Stack
from prefect_pulumi.project.stack_file import StackConfig
from prefect_pulumi.state.entries import Snapshot
from prefect_pulumi.state.lock import StackLock


@dataclass(frozen=True)
class NewStack(Stack):
    """A stack without a file: its config is empty, and is written once there is something in it."""

    @cached_property
    @override
    def config(self) -> StackConfig:
        return StackConfig(self.config_file, self.project.name, {})


def create_empty(stack: Stack, secrets: StackSecrets) -> bool:
    """Creates the stack's state without resources; whether there was none. Raises `StateLockedError`.

    Who holds the lock creates it: an empty state must not come between what that run reads and writes.
    """
    writer = stack.backend.writer(stack.name)
    if writer.exists():
        return False
    with StackLock(stack.store, stack.project.name, stack.name):
        if writer.exists():
            return False
        secrets.keep()
        writer.save(Snapshot.empty(secrets.manager.salt_text), secrets.manager)
    keep_salt_out_of_git(stack.root)
    return True
