"""What `Flows` declares where a repository has several files of deployments."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prefect_pulumi.core.values import unwrap
from prefect_pulumi.project.settings import DeploySettings
from tests.components import graphs

ENTRY = "deployments:\n- {name: %s, entrypoint: flow.py:f, work_pool: {name: etl}}\n"


def test_a_step_for_each_directory(tmp_path: Path) -> None:
    deploy = {"ui_owns": ["tags"], "directories": {"teams/a": {"ui_owns": []}, "teams/b": {"env": {"X": "1"}}}}
    settings = {"server": {"embedded": True}, "pools": {"etl": {"type": "process"}}, "deploy": deploy}
    project = graphs.Graph.make(tmp_path / "project", settings)
    for name in "ab":
        folder = project.root / "teams" / name
        folder.mkdir(parents=True)
        (folder / "prefect.yaml").write_text(ENTRY % name)
        (folder / "flow.py").write_text(f"from prefect import flow\n@flow(name='{name}')\ndef f(): ...\n")
    registered: dict[str, Any] = project.registered()
    steps = {key.rpartition("/")[2]: value for key, value in registered.items() if ":Deployments/" in key}
    assert set(steps) == {"flows-teams-a", "flows-teams-b"}
    inputs = {name: unwrap(step.inputs) for name, step in steps.items()}
    assert [inputs[name]["directory"] for name in sorted(inputs)] == ["teams/a", "teams/b"]
    assert [inputs[name].get("uiOwns", []) for name in sorted(inputs)] == [[], ["tags"]]
    assert inputs["flows-teams-b"]["env"] == {"X": "1"}
    assert list(inputs["flows-teams-a"]["fingerprints"]) == ["a/a"]
    release = next(value for key, value in registered.items() if ":Release/" in key)
    assert {step.urn for step in steps.values()} <= {*release.dependencies}


def test_the_settings_of_a_directory_come_before_those_for_all() -> None:
    settings = DeploySettings.model_validate(
        {"adopt": ["*"], "strict": True, "directories": {"a": {"adopt": [], "overrides": {"f/d": {"tags": ["x"]}}}}}
    )
    own = settings.of("a")
    assert (own.adopt, own.strict, list(own.overrides)) == ([], True, ["f/d"])
