"""A stack of a copy of the project, on a Prefect server of its own: every use case, and what a test asserts of each."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prefect_pulumi.api.flow_runs import FlowRunResult
from prefect_pulumi.app.events import Event, Message, Progress
from prefect_pulumi.app.flow_runs import RunRequest
from prefect_pulumi.app.operations import PreviewRequest, UpRequest
from prefect_pulumi.app.project import Project
from prefect_pulumi.app.project_stack import ProjectStack
from prefect_pulumi.core.errors import InputError, ManyErrors, PreflightError
from prefect_pulumi.core.values import unwrap
from prefect_pulumi.interpreter.interpreters import Interpreter
from prefect_pulumi.local.processes import ProcessFile, stop_tree
from prefect_pulumi.local.server import ServerSpec, start, stop
from prefect_pulumi.project import layout
from prefect_pulumi.review.model import Report
from prefect_pulumi.testing.plan import Plan
from prefect_pulumi.testing.ports import free_port
from prefect_pulumi.testing.project_copy import copy_files, settle


@dataclass(frozen=True, slots=True)
class Preflight:
    """What a preview found wrong: `faults` end it, `warnings` do not."""

    faults: tuple[str, ...]
    warnings: tuple[str, ...]

    def passes(self) -> None:
        """Asserts that there is no fault."""
        __tracebackhide__ = True
        if self.faults:
            raise AssertionError("\n".join(("the preflight has faults:", *self.faults)))

    def refuses(self, text: str) -> None:
        """Asserts that a fault says `text`."""
        __tracebackhide__ = True
        _need(text, self.faults, "no fault")

    def warns(self, text: str) -> None:
        """Asserts that a warning says `text`."""
        __tracebackhide__ = True
        _need(text, self.warnings, "no warning")


@dataclass(frozen=True, slots=True)
class FlowRun:
    """A flow run that was followed to its end. `lines`: its states and its log, as `infra run` shows them."""

    result: FlowRunResult
    lines: tuple[str, ...]

    def ends(self, state: str = "Completed") -> None:
        """Asserts the name of its last state."""
        __tracebackhide__ = True
        if self.result.state != state:
            reason = self.result.obstacle or self.result.message
            raise AssertionError("\n".join((f"the run is {self.result.state}, not {state}: {reason}", *self.lines)))

    def logs(self, text: str) -> None:
        """Asserts that a line of its log has `text`."""
        __tracebackhide__ = True
        _need(text, self.lines, "no line of the log")


def _need(text: str, lines: tuple[str, ...], nothing: str) -> None:
    __tracebackhide__ = True
    if not any(text in line for line in lines):
        raise AssertionError("\n".join((f"{nothing} has {text!r}; there are:", *(lines or ("none",)))))


class _Lines:
    """A sink that keeps warnings and lines of progress."""

    def __init__(self) -> None:
        self.warnings: list[str] = []
        self.progress: list[str] = []

    def emit(self, event: Event) -> None:
        if isinstance(event, Message) and event.severity == "warning":
            self.warnings.append(event.text)
        elif isinstance(event, Progress):
            self.progress.append(event.text)


class ScratchStack:
    """`root`: the copy of the project, whose files a test may change. `api_url`: the scratch server's, which runs once
    the stack is up."""

    def __init__(self, root: Path, name: str, api_url: str) -> None:
        self.root = root
        self.api_url = api_url
        self._lines = _Lines()
        self.stack: ProjectStack = Project(root, sink=self._lines).stack(name)
        """The Python API of the stack, for all else."""

    def preview(self, request: PreviewRequest | None = None) -> Plan:
        """What `up` would do. A stack that is not up needs no server for it."""
        return Plan.of_steps(self.stack.preview(request).steps)

    def preflight(self) -> Preflight:
        """What a preview finds wrong. What is no bad input, such as a program that raises, is raised."""
        began = len(self._lines.warnings)
        faults: list[str] = []
        try:
            self.stack.preview()
        except (InputError, ManyErrors) as error:
            for one in error.errors if isinstance(error, ManyErrors) else (error,):
                if not isinstance(one, InputError):
                    raise
                faults += one.faults if isinstance(one, PreflightError) else [str(one)]
        return Preflight(tuple(faults), tuple(self._lines.warnings[began:]))

    def up(self, request: UpRequest | None = None) -> Plan:
        """Creates or updates everything; what was done."""
        result = self.stack.up(request).result
        return Plan.of_steps(result.steps if result is not None else ())

    def run(self, deployment: str, parameters: Mapping[str, Any] | None = None, *, timeout: float = 120.0) -> FlowRun:
        """Runs `flow/deployment`, which a worker of the stack has to take within `timeout` seconds, and waits."""
        began = len(self._lines.progress)
        result = self.stack.run(RunRequest(deployment, parameters or {}, timeout=timeout))
        return FlowRun(result, tuple(self._lines.progress[began:]))

    def drift(self) -> Report:
        """Changes made on the server outside the code."""
        return self.stack.drift()

    @property
    def outputs(self) -> dict[str, Any]:
        """The stack's outputs, secrets in clear."""
        return dict(unwrap(self.stack.outputs()))


class ScratchStacks:
    """Makes scratch stacks. `folder`: where the copies are; `interpreter` starts the servers that are not theirs."""

    def __init__(self, folder: Path, interpreter: Interpreter) -> None:
        self._folder = folder
        self._interpreter = interpreter
        self._count = 0

    @contextmanager
    def open(self, project: Path | str, name: str = "dev") -> Iterator[ScratchStack]:
        """The stack `name` of the project in or above a folder, not up yet; at the end it is destroyed.

        Raises `ConfigError` without such a stack, or for one whose stack file names no server.
        """
        source = Project.find(project).root
        self._count += 1
        root = self._folder / str(self._count) / source.name
        copy_files(source, root)
        port = free_port()
        own_server = settle(source, root, name, port)
        with ExitStack() as cleanup:
            cleanup.callback(shutil.rmtree, root.parent, ignore_errors=True)
            spec = ServerSpec(root / layout.server_directory(name), port=port)
            cleanup.callback(stop, spec)
            if not own_server:
                start(spec, interpreter=self._interpreter)
            cleanup.callback(_stop_workers, root, name)
            stack = ScratchStack(root, name, spec.api_url)
            try:
                yield stack
            finally:
                if layout.has_state(root, Project(root).name, name):
                    stack.stack.destroy()


def _stop_workers(root: Path, name: str) -> None:
    """Those that a destroy which failed has left, the supervisors before what they would start again."""
    for file in sorted(root.glob(f"{layout.worker_directory(name, '*')}/worker*.json"), reverse=True):
        process = ProcessFile(file).process()
        if process is not None:
            stop_tree(process)
