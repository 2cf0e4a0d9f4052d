"""The fixtures of tests of a team's own program, for pytest (entry point `pytest11`).

Loaded at each start of pytest: nothing of Prefect, of Pulumi and of the toolkit is imported before a test asks for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from prefect_pulumi.testing.mocked_program import MockedProgram
    from prefect_pulumi.testing.scratch_stack import ScratchStack, ScratchStacks

PROJECT = "infra_project"
MARKER = "infra_stack"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini(PROJECT, "folder of the project, from the root of the tests (default: in or above each test's)")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", f"{MARKER}(name): the stack of the fixture `infra_stack` (default: dev)")


@pytest.fixture(scope="session")
def infra_stacks(tmp_path_factory: pytest.TempPathFactory) -> ScratchStacks:
    """Makes scratch stacks, for a fixture of another scope: `with infra_stacks.open(folder, "dev") as stack`."""
    from prefect_pulumi.interpreter.interpreters import WarmInterpreter
    from prefect_pulumi.local.processes import own_environment
    from prefect_pulumi.local.server import SERVER_MODULES
    from prefect_pulumi.testing.scratch_stack import ScratchStacks

    interpreter = WarmInterpreter(SERVER_MODULES, own_environment({}))
    return ScratchStacks(tmp_path_factory.mktemp("infra"), interpreter)


@pytest.fixture
def infra_stack(request: pytest.FixtureRequest, infra_stacks: ScratchStacks) -> Iterator[ScratchStack]:
    """The stack `dev`, or the one that the marker `infra_stack` names, on a scratch server; not up yet."""
    marker = request.node.get_closest_marker(MARKER)
    with infra_stacks.open(_project(request), *(marker.args if marker is not None else ())) as stack:
        yield stack


@pytest.fixture
def infra_mocks(request: pytest.FixtureRequest) -> MockedProgram:
    """The program, to be run with Pulumi's mocks."""
    from prefect_pulumi.testing.mocked_program import MockedProgram

    return MockedProgram(_project(request))


def _project(request: pytest.FixtureRequest) -> Path:
    named = request.config.getini(PROJECT)
    return request.config.rootpath / named if named else request.path.parent
