"""Deployments of pools that Prefect Cloud runs itself: their code, their images, their templates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from prefect_pulumi.components.templates import TemplateError, base_job_template
from prefect_pulumi.deploy.checks.context import DeployContext, Pool
from prefect_pulumi.deploy.checks.findings import Entry, Findings, Subject
from prefect_pulumi.deploy.checks.steps import check_steps
from prefect_pulumi.deploy.file.document import Document, Severity, parse, plain
from prefect_pulumi.models.work_pool import CLOUD_TYPES, MANAGED, is_official_image
from prefect_pulumi.project.secret_settings import SettingsError
from prefect_pulumi.project.settings import parse_environment

CLONE = {"prefect.deployments.steps.git_clone": {"repository": "https://github.com/acme/flows"}}
LOCAL = {"prefect.deployments.steps.set_working_directory": {"directory": "/opt/prefect"}}
BUILD = {
    "prefect_docker.deployments.steps.build_docker_image": {"image_name": "acme/flows", "dockerfile": "Dockerfile"}
}
NO_CODE = "its runs begin in a container without the code"
OFFICIAL = "runs official images only"


def faults(type_: str, image: str = "", **parts: Any) -> list[str]:
    use = {"name": "cloud", **({"job_variables": {"image": image}} if image else {})}
    entry = {"name": "a", "entrypoint": "flow.py:a", "work_pool": use, **parts}
    document = parse(yaml.safe_dump({"deployments": [entry]}), Path("prefect.yaml"))
    assert isinstance(document, Document)
    raw = plain(document.data)
    context = DeployContext(pools={"cloud": Pool(type_)}, cloud=True)
    subject = Subject(raw, (Entry(0, raw["deployments"][0], raw["deployments"][0]),), Path(), {}, context, {})
    findings = Findings(document)
    check_steps(subject, findings)
    return [finding.text for finding in findings.of(Severity.FAULT, Severity.WARNING)]


@pytest.mark.parametrize("type_", CLOUD_TYPES)
def test_the_code_comes_from_elsewhere(type_: str) -> None:
    assert faults(type_, pull=[CLONE]) == []
    for parts in ({}, {"pull": []}, {"pull": [LOCAL]}):
        (fault,) = faults(type_, **parts)
        assert NO_CODE in fault
        assert fault.endswith("such as prefect.deployments.steps.git_clone")


@pytest.mark.parametrize(
    ("image", "parts", "words"),
    [
        ("prefecthq/prefect:3-latest", {"pull": [CLONE]}, ""),
        ("{{ image }}", {"pull": [CLONE]}, ""),
        ("acme/flows:1", {"pull": [CLONE]}, OFFICIAL),
        ("", {"pull": [CLONE], "build": [BUILD]}, OFFICIAL),
    ],
)
def test_a_managed_pool_runs_official_images(image: str, parts: dict[str, Any], words: str) -> None:
    found = faults(MANAGED, image, **parts)
    assert [words in text for text in found] == [True] * bool(words)


def test_a_push_pool_runs_an_image_with_the_code() -> None:
    assert faults("ecs:push", "acme/flows:1", pull=[LOCAL]) == []
    assert faults("ecs:push", "acme/flows:1", pull=[]) == []
    assert faults("modal:push", build=[BUILD], pull=[LOCAL]) == []


@pytest.mark.parametrize(
    ("image", "official"),
    [
        ("prefecthq/prefect", True),
        ("docker.io/prefecthq/prefect:3.8-python3.12", True),
        ("prefecthq/prefect@sha256:0", True),
        ("evil/prefecthq/prefect", False),
        ("acme/prefect:3", False),
    ],
)
def test_official_images(image: str, official: bool) -> None:
    assert is_official_image(image) is official


@pytest.mark.parametrize(
    ("pool", "words"),
    [
        ({"type": "prefect:managed", "workers": 1}, "has no workers"),
        ({"type": "prefect:managed", "job": {"image": "acme/flows"}}, OFFICIAL),
        ({"type": "cloudrun:push"}, "did you mean cloud-run:push?"),
    ],
)
def test_the_stack_file_is_checked(pool: dict[str, Any], words: str) -> None:
    environment = {"server": {"workspace": "acme/production"}, "pools": {"cloud": pool}}
    with pytest.raises(SettingsError, match=words.replace("?", r"\?")):
        parse_environment(environment, "prod")


def test_defaults_of_a_job_are_those_of_the_types_own_template() -> None:
    own = {"job_configuration": {"cpu": "{{ cpu }}"}, "variables": {"properties": {"cpu": {"type": "integer"}}}}
    made = base_job_template("ecs:push", {"cpu": 512}, own=own)
    assert made["variables"]["properties"]["cpu"]["default"] == 512
    with pytest.raises(TemplateError, match="cpus: the base job template has no such variable; did you mean cpu"):
        base_job_template("ecs:push", {"cpus": 512}, own=own)
