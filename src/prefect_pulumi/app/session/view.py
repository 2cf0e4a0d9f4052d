"""One stack as one command sees it: state, releases, settings and connection, each read at most once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, TextIO

from prefect_pulumi.app.events import Sink
from prefect_pulumi.app.session.connection import Connection, connection_of
from prefect_pulumi.models.release_record import ReleasePin
from prefect_pulumi.project import releases
from prefect_pulumi.project.settings import Environment, parse_environment
from prefect_pulumi.project.stack import Stack
from prefect_pulumi.promotion.release_records import StackReleases, stack_releases
from prefect_pulumi.state import journal_replay
from prefect_pulumi.state.entries import ResourceEntry, Snapshot

if TYPE_CHECKING:
    from prefect_pulumi.api.blocking import BlockingClient

StateLoader = Callable[[Stack], Snapshot]
"""Reads a state without writing: what a crashed run had finished is folded in."""


class State:
    """The state of one stack, shared by all views of it: at its pin, at a release, from a base branch."""

    def __init__(self, stack: Stack, load: StateLoader) -> None:
        self._stack = stack
        self._load = load

    @cached_property
    def snapshot(self) -> Snapshot:
        return self._load(self._stack)

    @cached_property
    def releases(self) -> StackReleases:
        return stack_releases(self.snapshot.resources)


def load_from_backend(stack: Stack) -> Snapshot:
    return journal_replay.load(stack.backend, stack.name, stack.manager(write=False))


class StackView:
    """What one command knows of one stack.

    `sink` gets the events of the use case, `output` what the program prints (None: this process's standard output).
    What was read is never read again; after a write, `fresh()` gives a view that has read nothing yet.
    """

    def __init__(
        self,
        stack: Stack,
        sink: Sink,
        output: TextIO | None = None,
        *,
        load: StateLoader = load_from_backend,
        state: State | None = None,
    ) -> None:
        self.stack = stack
        self.sink = sink
        self.output = output
        self._load = load
        self._state = state or State(stack, load)

    @property
    def name(self) -> str:
        return self.stack.name

    @property
    def snapshot(self) -> Snapshot:
        return self._state.snapshot

    @property
    def entries(self) -> list[ResourceEntry]:
        return self.snapshot.resources

    @property
    def exists(self) -> bool:
        """Whether the stack's state holds any resource."""
        return bool(self.entries)

    @property
    def releases(self) -> StackReleases:
        """The release that the stack runs, those that it keeps, and their verifications."""
        return self._state.releases

    @cached_property
    def settings(self) -> Environment:
        """`environment` of the stack file, checked. Raises `SettingsError`."""
        return parse_environment(self.stack.environment, self.stack.name)

    @cached_property
    def connection(self) -> Connection:
        """Raises `ConfigError` when the stack has no server yet."""
        return connection_of(self.stack, self.entries)

    def client(self) -> BlockingClient:
        """A client of the stack's server; the caller closes it."""
        return self.connection.client()

    @cached_property
    def pin(self) -> ReleasePin | None:
        """The release that the stack file pins, if any."""
        return releases.pin_of(self.stack)

    def at_pin(self) -> StackView:
        """At the pinned release, over the same state; itself when nothing is pinned."""
        return self.at_release(self.pin) if self.pin else self

    def at_release(self, pin: ReleasePin) -> StackView:
        return self.at(releases.at_release(self.stack, pin))

    def at(self, stack: Stack) -> StackView:
        """Other files of the same stack, over the same state."""
        return StackView(stack, self.sink, self.output, load=self._load, state=self._state)

    def fresh(self) -> StackView:
        """The same stack, with nothing read yet: neither its files nor its state."""
        return StackView(replace(self.stack), self.sink, self.output, load=self._load)

    def of(self, name: str) -> StackView:
        """Another stack of the project, with nothing read yet."""
        return StackView(Stack(self.stack.project_dir, name), self.sink, self.output, load=self._load)
