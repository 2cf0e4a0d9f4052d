"""The plugin as a team has it: its own tests, run by pytest, of a project of its own."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.projects import REPOSITORY, Project

PROGRAM = """
import pulumi
from prefect_pulumi.resources import Variable

limit = pulumi.Config().get_int("limit") or 3
pool = Variable("limit", name="limit", value=limit)
print("said by the program")
pulumi.export("limit", pool.value)
"""


@pytest.fixture
def team(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project whose stack `dev` is on a server that nobody has."""
    for name, text in {
        "Pulumi.yaml": "name: orders\nruntime: python\nmain: infra\n",
        "Pulumi.dev.yaml": "config:\n  prefect:apiUrl: https://prefect.example.com/api\n  prefect:apiKey: a-key\n",
        "infra/__main__.py": PROGRAM,
    }.items():
        (pytester.path / name).parent.mkdir(exist_ok=True)
        (pytester.path / name).write_text(text)
    return pytester


def test_it_costs_nothing_where_it_is_not_used() -> None:
    script = "import sys, prefect_pulumi.testing.plugin; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not loaded & {"prefect", "pulumi", "grpc", "pydantic", "httpx", "rich", "yaml", "psutil"}
    assert {name for name in loaded if name.startswith("prefect_pulumi.")} == {
        "prefect_pulumi.testing",
        "prefect_pulumi.testing.plugin",
    }


def test_a_program_with_mocks(team: pytest.Pytester) -> None:
    team.makepyfile("""
        from pulumi.runtime import Mocks

        class Doubled(Mocks):
            def new_resource(self, args):
                return "id", {**args.inputs, "value": 2 * args.inputs["value"]}
            def call(self, args):
                return {}

        def test_holds(infra_mocks):
            infra_mocks.run().creates("Variable", name="limit", value=3)
            infra_mocks.run(mocks=Doubled()).creates("Variable", value=3)

        def test_fails(infra_mocks):
            infra_mocks.run("dev").creates("WorkPool", name="etl")
    """)
    done = team.runpytest_subprocess("-q", "-W", "error")
    done.assert_outcomes(passed=1, failed=1)
    done.stdout.fnmatch_lines(["E * the plan does not create WorkPool 'etl'; it creates Variable limit"])
    assert "plan.py" not in done.stdout.str(), "a failure shows the test, not the toolkit"


@pytest.mark.e2e
@pytest.mark.usefixtures("database_template")
def test_a_stack_on_a_scratch_server(team: pytest.Pytester, tmp_path: Path) -> None:
    team.makepyfile("""
        import pytest
        from prefect_pulumi.app.config import SetConfigRequest

        @pytest.fixture(scope="module")
        def stack(infra_stacks, request):
            with infra_stacks.open(request.path.parent) as stack:
                yield stack

        def test_life(stack):
            stack.preflight().passes()
            stack.preview().creates("Variable", name="limit", value=3)
            stack.up().creates("Variable", name="limit", value=3)
            assert stack.outputs == {"limit": 3}

        def test_change(stack):
            stack.stack.set_config(SetConfigRequest("limit", "4"))
            stack.preview().updates("Variable", "limit", fields=["value"])
            (stack.root / "infra" / "__main__.py").write_text("")
            stack.up().deletes("Variable", "limit")
            stack.up().changes_nothing()
            assert stack.drift().environments[0].items == ()

        def test_refused(stack):
            text = "from prefect_pulumi.resources import WorkPool\\nWorkPool('p', type='process', concurrency_limit=-1)"
            (stack.root / "infra" / "__main__.py").write_text(text)
            stack.preflight().refuses("a limit must be 0 or more")
            stack.preflight().passes()
    """)
    done = team.runpytest_subprocess("-q", "-W", "error")
    done.assert_outcomes(passed=2, failed=1)
    done.stdout.fnmatch_lines(["E * the preflight has faults:", "*a limit must be 0 or more, not -1*"])
    names = {path.name for path in team.path.iterdir()}
    assert ".infra" not in names
    assert "prefect.example.com" in (team.path / "Pulumi.dev.yaml").read_text()


def test_the_examples_of_the_documentation_run(pytester: pytest.Pytester) -> None:
    project = Project.make(pytester.path / "project", 4321)
    blocks = re.findall(r"```python\n(.*?)```", (REPOSITORY / "docs/testing.md").read_text(), flags=re.DOTALL)
    (project.root / "test_infra.py").write_text("\n".join(blocks))
    done = pytester.runpytest_subprocess("-q", "-k", "not test_orders", project.root)
    done.assert_outcomes(passed=2, deselected=1)


def test_another_folder_and_another_stack(team: pytest.Pytester) -> None:
    inner = team.mkdir("team")
    for name in ("Pulumi.yaml", "Pulumi.dev.yaml", "infra"):
        (team.path / name).rename(inner / name)
    team.makeini("[pytest]\ninfra_project = team\nstrict_markers = true\n")
    team.makepyfile("""
        import pytest

        def test_mocks(infra_mocks):
            infra_mocks.run().creates("Variable")

        @pytest.mark.infra_stack("staging")
        def test_stack(infra_stack):
            pass
    """)
    done = team.runpytest_subprocess("-q")
    done.assert_outcomes(passed=1, errors=1)
    done.stdout.fnmatch_lines(["E *there is no stack 'staging'*", "*use one of: dev*"])
