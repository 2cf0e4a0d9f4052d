"""An update of one stack's state: under its lock, with its journal, from what it starts with to what is saved."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from prefect_pulumi.core.errors import StateError
from prefect_pulumi.core.interruption import shielded
from prefect_pulumi.core.masking import Masker, current
from prefect_pulumi.engine.plan.steps import summarize
from prefect_pulumi.engine.run.deployment import Deployment
from prefect_pulumi.engine.run.events import Message, Sink
from prefect_pulumi.engine.run.providers import Loader, ProviderPool
from prefect_pulumi.engine.run.recovery import Unreachable, resolve_pending
from prefect_pulumi.engine.run.servers import LocalServers, NoServers
from prefect_pulumi.state import journal_replay
from prefect_pulumi.state.backend import StateBackend, StateReader, StateWriter
from prefect_pulumi.state.entries import PendingOperation, Snapshot
from prefect_pulumi.state.journal import Journal
from prefect_pulumi.state.lock import StackLock
from prefect_pulumi.state.secrets import PassphraseManager


@dataclass(frozen=True)
class StackContext:
    """All that an operation needs to know. `program` is the folder of the program, `config` what it may read."""

    project: str
    stack: str
    program: Path
    config: Mapping[str, str]
    secret_keys: frozenset[str]
    backend: StateBackend
    manager: PassphraseManager
    loader: Loader
    package_config: Callable[[str], dict[str, Any]]
    sink: Sink
    output: TextIO | None = None
    masker: Masker = field(default_factory=current)
    servers: LocalServers = field(default_factory=NoServers)
    keep_secrets: Callable[[], None] = lambda: None
    """Writes a passphrase and a salt that are new; called before anything that is encrypted with them is written."""


@contextmanager
def open_providers(context: StackContext) -> Iterator[ProviderPool]:
    pool = ProviderPool(context.loader)
    try:
        yield pool
    finally:
        pool.close()


@dataclass(frozen=True)
class Update:
    """An update under the stack's lock: the state that it starts from, its writer, and its journal."""

    snapshot: Snapshot
    writer: StateWriter
    journal: Journal
    lock: StackLock


@contextmanager
def updating(context: StackContext) -> Iterator[Update]:
    """Holds the stack's lock; the state has in it what a crashed run had finished."""
    backend, stack = context.backend, context.stack
    with StackLock(backend.store, context.project, stack) as lock:
        for note in lock.notes:
            context.sink.emit(Message("warning", note))
        writer = backend.writer(stack)
        snapshot = load_state(context, writer, seize=True)
        journal = Journal(backend.store, context.project, stack, context.manager)
        if journal.exists():
            context.keep_secrets()
            # Folded in before anything is appended: a crash may have torn its last line.
            writer.save(snapshot, context.manager)
            journal.clear()
        journal.base = writer.digest
        try:
            yield Update(snapshot, writer, journal, lock)
        finally:
            journal.close()


def settle(context: StackContext) -> int:
    """Takes what a crashed run left behind into the state, as the next update would; how many operations were open.

    After it the official CLI can go on.
    """
    with updating(context) as update, open_providers(context) as providers:
        wholly_recovered(context, update, providers)
        return len(update.snapshot.pending_operations)


def load_state(context: StackContext, reader: StateReader | None = None, *, seize: bool = False) -> Snapshot:
    snapshot = journal_replay.load(context.backend, context.stack, context.manager, reader, seize=seize)
    entries = snapshot.resources
    context.masker.learn([(entry.inputs, entry.outputs) for entry in entries], (entry.urn for entry in entries))
    return snapshot


def recovered(
    context: StackContext, update: Update, providers: ProviderPool
) -> tuple[Snapshot, tuple[Unreachable, ...]]:
    """The state without what an interrupted run left open, and the operations whose server does not answer yet."""
    snapshot = update.snapshot
    if not snapshot.pending_operations:
        return snapshot, ()
    context.servers.start(snapshot.resources)
    return resolved_state(context, update, snapshot, snapshot.pending_operations, providers)


def wholly_recovered(context: StackContext, update: Update, providers: ProviderPool) -> Snapshot:
    """Raises `ServerUnavailableError` where the server of an open operation does not answer."""
    snapshot, unreachable = recovered(context, update, providers)
    if unreachable:
        raise unreachable[0].error
    return snapshot


def resolved_state(
    context: StackContext,
    update: Update,
    snapshot: Snapshot,
    operations: Sequence[PendingOperation],
    providers: ProviderPool,
) -> tuple[Snapshot, tuple[Unreachable, ...]]:
    """`snapshot` with the results of `operations`, saved."""
    resolved, unreachable = resolve_pending(snapshot, operations, providers, context.sink)
    keep(context, update, resolved)
    return resolved, unreachable


def keep(context: StackContext, update: Update, snapshot: Snapshot) -> None:
    """Writes a state before the update's own work begins."""
    with shielded():
        context.keep_secrets()
        update.writer.save(snapshot, context.manager)
        update.journal.base = update.writer.digest


def save(context: StackContext, deployment: Deployment, update: Update, kind: str, start: int) -> None:
    state = deployment.state
    outcome = "failed" if state.errors or state.aborted else "succeeded"
    write_state(context, state.snapshot(), update, kind, start, summarize(state.steps), outcome)


def write_state(
    context: StackContext,
    snapshot: Snapshot,
    update: Update,
    kind: str,
    start: int,
    changes: dict[str, int],
    outcome: str,
) -> None:
    with shielded():
        context.keep_secrets()
        update.writer.save(snapshot, context.manager)
        update.journal.clear()
        try:
            context.backend.write_history(
                context.stack, kind=kind, start=start, end=int(time.time()), result=outcome, changes=changes
            )
        except StateError as error:
            context.sink.emit(Message("warning", str(error)))
