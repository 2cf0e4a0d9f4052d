"""The package schema: complete, accepted by the official CLI, and enough to make the SDKs of other languages."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from prefect_pulumi.models import FUNCTIONS, KINDS
from prefect_pulumi.models.automation_actions import CLOUD_ONLY
from prefect_pulumi.models.automations import PARTS
from prefect_pulumi.provider.schema import schema

TRIGGERS = {"event", "metric", "compound", "sequence"}
ROOT = Path(__file__).parents[2]


def test_everything_is_described() -> None:
    document = json.loads(schema())
    assert set(document["resources"]) == set(KINDS)
    assert set(document["functions"]) == set(FUNCTIONS)
    assert {f"prefect:index:{part.__name__}" for part in PARTS} <= set(document["types"])
    for token, resource in document["resources"].items():
        model = KINDS[token]
        assert resource["description"]
        for spec in model.fields():
            assert resource["properties"][spec.wire]["description"]
            if spec.from_program:
                given = resource["inputProperties"][spec.wire]
                assert given.get("secret", False) is spec.meta.secret
                assert given.get("willReplaceOnChanges", False) is spec.meta.replaces
            else:
                assert spec.wire not in resource["inputProperties"]
    trigger = document["resources"]["prefect:index:Automation"]["inputProperties"]["trigger"]
    assert set(trigger["discriminator"]["mapping"]) == TRIGGERS
    strategy = document["resources"]["prefect:index:Deployment"]["inputProperties"]["collisionStrategy"]
    assert [item["value"] for item in document["types"][strategy["$ref"].removeprefix("#/types/")]["enum"]] == [
        "ENQUEUE",
        "CANCEL_NEW",
    ]


def test_the_registry_gets_what_it_shows() -> None:
    document = json.loads(schema())
    assert all(document[key] for key in ("publisher", "repository", "homepage", "logoUrl", "pluginDownloadURL"))
    assert document["logoUrl"].endswith("/docs/registry/logo.svg")
    assert (ROOT / "docs" / "registry" / "logo.svg").is_file()
    for resource in document["resources"].values():
        languages = re.findall(r"^```(\w+)$", resource["description"], flags=re.MULTILINE)
        assert languages == ["typescript", "python", "go", "csharp", "java", "yaml"]


def test_actions_are_those_of_the_pinned_prefect() -> None:
    code = (
        "from typing import get_args; from prefect.server.events import actions;"
        "print(sorted(get_args(each.model_fields['type'].annotation)[0]"
        " for each in get_args(actions.ServerActionTypes)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    ours = {part.model_fields["type"].annotation.__args__[0] for part in PARTS if "type" in part.model_fields}  # type: ignore[union-attr]
    assert done.stdout.strip().splitlines()[-1] == str(sorted(ours - TRIGGERS - CLOUD_ONLY))


@pytest.mark.e2e
def test_official_cli_accepts_it(tmp_path: Path) -> None:
    built = ROOT / ".infra" / "bin" / "pulumi"
    cli = shutil.which("pulumi") or (str(built) if built.is_file() else None)
    if cli is None:
        pytest.skip("no official CLI: `make pulumi` builds it where Go is installed")
    provider = Path(sys.executable).with_name("pulumi-resource-prefect")
    done = subprocess.run(
        [cli, "package", "get-schema", str(provider)],
        cwd=tmp_path,
        env={**os.environ, "PULUMI_HOME": str(tmp_path / "home"), "PULUMI_SKIP_UPDATE_CHECK": "true"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert set(json.loads(done.stdout)["resources"]) == set(KINDS)


@pytest.mark.e2e
def test_sdks_of_other_languages_are_made(tmp_path: Path) -> None:
    """With the generators that the CLI's language plugins call for `package gen-sdk`, at the pinned version."""
    generator = ROOT / ".infra" / "bin" / "gensdk"
    if not generator.is_file():
        pytest.skip("no generator: `make pulumi` builds it where Go is installed")
    source = tmp_path / "schema.json"
    source.write_text(schema())
    subprocess.run([generator, source, tmp_path], check=True, capture_output=True, timeout=120)
    python = (tmp_path / "python" / "pulumi_prefect" / "deployment_schedule.py").read_text()
    assert "class DeploymentSchedule(pulumi.CustomResource)" in python
    assert (
        "export class Automation extends pulumi.CustomResource" in (tmp_path / "nodejs" / "automation.ts").read_text()
    )
    assert "type WorkPoolArgs struct" in "".join(path.read_text() for path in (tmp_path / "go").rglob("workPool.go"))
