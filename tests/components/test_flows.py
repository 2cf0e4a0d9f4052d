"""What `Flows` declares where a repository has several files of deployments, and the check of drift."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from prefect_pulumi.core.values import unwrap
from prefect_pulumi.project.deploy_settings import DeploySettings
from prefect_pulumi.project.secret_settings import SettingsError
from prefect_pulumi.project.settings import parse_environment
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


def test_the_drift_check_is_a_deployment_with_a_schedule(tmp_path: Path) -> None:
    clone = {"prefect.deployments.steps.git_clone": {"repository": "https://example.com/r.git"}}
    drift = {"work_pool": "etl", "work_queue": "fast", "interval": 3600, "pull": [clone]}
    pools = {"etl": {"type": "process", "queues": {"fast": {"priority": 2}}}}
    settings = {"server": {"embedded": True}, "pools": pools, "drift": drift}
    project = graphs.Graph.make(tmp_path / "project", settings)
    registered: dict[str, Any] = project.registered()
    found = {key.rpartition(":")[2]: value for key, value in registered.items() if "/drift-" in key}
    deployment, schedule = (
        next(value for key, value in found.items() if key.startswith(f"{kind}/"))
        for kind in ("Deployment", "DeploymentSchedule")
    )
    inputs = unwrap(deployment.inputs)
    assert inputs["entrypoint"] == "prefect_pulumi.flows.drift.check_drift"
    assert inputs["parameters"] == {"stack": "dev", "directory": ".", "heal": False}
    assert (inputs["pullSteps"], inputs["workQueueName"]) == ([clone], "fast")
    assert any(urn.endswith("WorkQueue::etl-fast") for urn in deployment.dependencies)
    assert (unwrap(schedule.inputs)["interval"], unwrap(schedule.inputs)["slug"]) == (3600, "drift")


@pytest.mark.parametrize(
    ("drift", "words"),
    [
        ({"work_pool": "etl"}, "give exactly one of 'cron', 'interval' and 'rrule', not none"),
        ({"work_pool": "etl", "cron": "0 25 * * *"}, "'0 25 * * *' is no cron expression"),
        ({"work_pool": "etl", "cron": "@daily", "timezone": "Berlin"}, "'Berlin' is no time zone"),
        ({"cron": "@daily"}, "environment.drift.work_pool"),
        ({"work_pool": "etl", "cron": "@daily", "heals": True}, "heal"),
    ],
)
def test_a_drift_check_that_cannot_be_is_refused(drift: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_environment({"server": {"embedded": True}, "drift": drift}, "dev")
    assert words in str(caught.value)
    assert "environment.drift" in str(caught.value)
