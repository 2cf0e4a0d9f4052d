"""An update by each engine and plain `prefect deploy` of the same real files leave the same deployments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from prefect_pulumi.api.blocking import BlockingClient
from prefect_pulumi.core.provider_protocol import CheckRequest, CreateRequest
from prefect_pulumi.models.worker_types import worker_types
from prefect_pulumi.provider.provider import PrefectProvider
from tests.deploy.real_files import ENV, POOLS, REAL_FILES, VARIABLES
from tests.deploy.real_files.comparison import make_project, plain_deploy
from tests.support.engines import Embedded, Engine, Official
from tests.support.hosts import SilentHost
from tests.support.projects import Project
from tests.support.servers import scratch_server

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
Json = dict[str, Any]
URN = "urn:pulumi:dev::project::prefect:index:"
SLICE = ("many schedules", "chain of flows", "one pool for each stage", "parameters of many kinds")
OTHERS = (
    "definitions with anchors",
    "defaults by merge",
    "several repositories",
    "settings of the runtime",
    "models that only the workers have",
    "init template",
    "minimal",
    "module of the top folder",
    "method of a class",
    "pull as one mapping",
    "pull as an empty mapping",
    "interval as a duration",
    "interval of a fraction",
    "rule as JSON",
    "schedule switched off",
    "tags of one template",
    "long description",
    "limit of one",
    "git, docker, list of crons",
    "git, ecs, duration",
    "private git, process, one cron",
    "one mapping, kubernetes, seconds",
    "baked, process, one cron",
    "storage block, ecs, slugs",
    "cron of names",
    "overrides of Prefect 2",
    "file outside of the folder",
)
PROGRAM = "from prefect_pulumi.resources import Deployments\n\nDeployments('flows')\n"
STEPS = ("build", "push", "pull")
UNLIKE = frozenset({"id", "created", "updated", "labels", "version_id", "last_polled", "status", "deployment_id"})
"""What the server makes anew, and the labels by which a stack knows its own."""


def merged(files: Mapping[str, str]) -> Json:
    """One file of all their deployments, each with the steps of its own file and a name of its own."""
    entries = []
    for number, text in enumerate(files.values()):
        data = yaml.safe_load(text)
        for entry in data["deployments"]:
            steps = {kind: data[kind] for kind in STEPS if kind in data and kind not in entry}
            entries.append({**steps, **entry, "name": f"{entry['name']}-{number}"})
    return {"name": "merged", "deployments": entries}


def create(provider: PrefectProvider, kind: str, name: str, inputs: Json) -> None:
    checked = provider.check(CheckRequest(f"{URN}{kind}::{name}", new_inputs=inputs))
    assert checked.failures == ()
    provider.create(CreateRequest(f"{URN}{kind}::{name}", checked.inputs))


@pytest.fixture(scope="module")
def api_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of this file's own, since real files name their pools as they like, with what the files refer to."""
    with scratch_server(tmp_path_factory.mktemp("server of real files")) as spec:
        provider = PrefectProvider(tmp_path_factory.mktemp("program"), SilentHost())
        provider.configure({"apiUrl": spec.api_url})
        for name, kind in POOLS.items():
            create(provider, "WorkPool", name, {"name": name, "type": kind, "baseJobTemplate": worker_types()[kind]})
        for name, value in VARIABLES.items():
            create(provider, "Variable", name, {"name": name, "value": value})
        create(provider, "SecretBlock", "github-token", {"name": "github-token", "value": "ghp-of-the-tests"})
        provider.close()
        yield spec.api_url


@pytest.fixture
def project(tmp_path: Path, api_url: str, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The project of the real files, under a program that deploys it."""
    for name, value in ENV.items():
        monkeypatch.setenv(name, value)
    return Project.small(make_project(tmp_path), api_url, PROGRAM)


def live(client: BlockingClient) -> dict[str, Json]:
    """Full name -> the deployment and its automations, as they compare."""
    flows = {row["id"]: row["name"] for row in client.paged("/flows/filter")}
    rows = {}
    for row in client.paged("/deployments/filter"):
        owned = client.request("GET", f"/automations/related-to/prefect.deployment.{row['id']}")
        automations = {automation["name"]: without_ids(automation, row["id"]) for automation in owned}
        row["schedules"] = sorted(row["schedules"], key=lambda schedule: str(schedule["schedule"]))
        if row["description"] == "None":
            row["description"] = None  # what Prefect writes for a flow without a docstring; an update leaves it out
        rows[f"{flows[row['flow_id']]}/{row['name']}"] = {**without_ids(row, row["id"]), "automations": automations}
    return rows


def without_ids(value: Any, own: str) -> Any:
    if isinstance(value, dict):
        return {key: without_ids(item, own) for key, item in value.items() if key not in UNLIKE}
    if isinstance(value, list):
        return [without_ids(item, own) for item in value]
    if isinstance(value, str) and own in value:
        return value.replace(own, "OWN")
    return "NOW" if is_now(value) else value


def is_now(value: Any) -> bool:
    """Whether a text is a moment of this test: where the file gives no anchor, the server takes the present."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return False
    return (
        moment is not None
        and moment.tzinfo is not None
        and abs(datetime.now(moment.tzinfo) - moment) < timedelta(hours=1)
    )


def differences(plain: Json, ours: Json) -> Json:
    return {key: (value, ours.get(key)) for key, value in plain.items() if value != ours.get(key)}


ROUNDS = [
    pytest.param(SLICE, "embedded", id="slice-embedded"),
    pytest.param((*SLICE, *OTHERS), "embedded", id="all-embedded", marks=pytest.mark.matrix),
    pytest.param((*SLICE, *OTHERS), "pulumi", id="all-pulumi", marks=pytest.mark.matrix),
]


@pytest.mark.parametrize(("names", "engine"), ROUNDS)
def test_an_update_stores_what_plain_prefect_stores(
    project: Project, api_url: str, names: tuple[str, ...], engine: str, request: pytest.FixtureRequest
) -> None:
    text = yaml.safe_dump(merged({name: REAL_FILES[name] for name in names}), sort_keys=False)
    client = BlockingClient(api_url)
    result = plain_deploy({"merged": text}, project.root, api_url)["files"]["merged"]
    assert (result["errors"], result["skipped"]) == ({}, False), result["said"]
    plain = live(client)
    assert len(plain) == text.count("entrypoint:")
    for row in client.paged("/deployments/filter"):
        client.request("DELETE", f"/deployments/{row['id']}")

    (project.root / "prefect.yaml").write_text(text)
    cli = request.getfixturevalue("pulumi_cli") if engine == "pulumi" else None
    driver: Engine = Official(project, cli) if cli else Embedded(project)
    driver.up()
    ours = live(client)
    assert ours.keys() == plain.keys()
    assert {name: differences(row, ours[name]) for name, row in plain.items() if row != ours[name]} == {}
    driver.destroy()
    assert live(client) == {}
    client.close()
