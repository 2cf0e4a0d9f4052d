"""A program run with Pulumi's mocks: what it declares, without a server, a provider or a state."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pulumi.runtime.mocks import MockCallArgs, MockEngine, MockMonitor, MockResourceArgs, Mocks
from pulumi.runtime.rpc import is_rpc_secret, unwrap_rpc_secret

from prefect_pulumi.app.project import Project
from prefect_pulumi.core.values import Secret
from prefect_pulumi.engine.plan.steps import Op
from prefect_pulumi.engine.sdk.program import run_program
from prefect_pulumi.project.stack import Stack
from prefect_pulumi.project.stack_file import has_secure, value_text, with_secrets
from prefect_pulumi.testing.plan import Plan, PlannedObject

SECRET = "[secret]"  # noqa: S105 - what stands for an encrypted value, for which no passphrase is asked


class EchoMocks(Mocks):
    """Every resource is created as declared, functions return nothing."""

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        return args.resource_id or f"{args.name}-id", dict(args.inputs)

    def call(self, args: MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        return {}, None


class _Recording(Mocks):
    """Notes what the mocks of the test are asked for."""

    def __init__(self, mocks: Mocks) -> None:
        self._mocks = mocks
        self.objects: list[PlannedObject] = []

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        inputs = {name: _marked(value) for name, value in args.inputs.items()}
        self.objects.append(PlannedObject(Op.READ if args.resource_id else Op.CREATE, args.typ, args.name, inputs))
        return self._mocks.new_resource(args)

    def call(self, args: MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        return self._mocks.call(args)


class _Monitor(MockMonitor):
    """The SDK's mocks make an event loop in each thread that calls them; here it is closed again."""

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - a method of the protocol
        with _loop():
            return super().RegisterResource(request)  # type: ignore[no-untyped-call]

    def ReadResource(self, request: Any) -> Any:  # noqa: N802
        with _loop():
            return super().ReadResource(request)  # type: ignore[no-untyped-call]

    def Invoke(self, request: Any) -> Any:  # noqa: N802
        with _loop():
            return super().Invoke(request)  # type: ignore[no-untyped-call]


@contextmanager
def _loop() -> Iterator[None]:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        yield
    finally:
        asyncio.set_event_loop(None)
        loop.close()


class MockedProgram:
    """The program of the project in or above a folder."""

    def __init__(self, project: Path | str) -> None:
        self._root = Project.find(project).root

    def run(self, name: str = "dev", mocks: Mocks | None = None) -> Plan:
        """Runs the program as that of the stack `name`; what it declares, all of it as created.

        `mocks`: of resources and functions, as for `pulumi.runtime.set_mocks`; by default a resource gets the outputs
        that it was given as inputs. An encrypted value of the stack file is "[secret]". Raises `ProgramError`, or what
        the program raised if that is one of the toolkit's errors.
        """
        stack = Stack(self._root, name)
        values = stack.config.raw_values
        recording = _Recording(mocks or EchoMocks())
        run_program(
            stack.program,
            project=stack.project.name,
            stack=name,
            config={key: value_text(with_secrets(value, lambda _: SECRET)) for key, value in values.items()},
            secret_keys=[key for key, value in values.items() if has_secure(value)],
            monitor=_Monitor(recording),
            engine=MockEngine(None),
            dry_run=False,
            parallel=1,
            output=sys.stdout,
            errors=sys.stderr,
            say=lambda text: print(text, file=sys.stderr),
            in_progress=list,
        )
        return Plan(recording.objects)


def _marked(value: Any) -> Any:
    return Secret(unwrap_rpc_secret(value)) if is_rpc_secret(value) else value
