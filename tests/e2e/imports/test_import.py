"""`infra import`: what it writes plans clean, on both engines."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from prefect_pulumi.core.provider_protocol import CreateRequest, ReadRequest, UpdateRequest
from prefect_pulumi.core.values import Secret
from prefect_pulumi.provider.provider import PrefectProvider
from tests.support.hosts import StrictHost
from tests.support.projects import Project

pytestmark = pytest.mark.e2e
QUIET = {"type": "event", "posture": "Reactive", "expect": ["nothing.of.this.name"]}


@pytest.fixture
def live(prefect_server: str, tmp_path: Path) -> Iterator[dict[str, str]]:
    """One object of every kind, made outside: kind -> human name."""
    provider = PrefectProvider(tmp_path, StrictHost())
    provider.configure({"apiUrl": prefect_server})
    n = f"import-{uuid4().hex[:8]}"

    def make(kind: str, **inputs: Any) -> str:
        made = provider.create(CreateRequest(f"urn:pulumi:dev::p::prefect:index:{kind}::x", inputs))
        return made.id

    make("WorkPool", name=n, type="process", concurrencyLimit=3)
    make("WorkQueue", name="q", workPoolName=n, priority=2)
    make("Variable", name=n, value={"deep": [1, {"a": None}]}, tags=["x"])
    make("BlockType", name=n, slug=n)
    make("BlockSchema", blockTypeSlug=n, fields={"title": n, "type": "object", "secret_fields": ["a"]})
    target = make("BlockDocument", name="target", blockTypeSlug=n, data={"a": "hidden-data"})
    make("BlockDocument", name="user", blockTypeSlug=n, data={"b": {"$ref": {"block_document_id": target}}})
    make("SecretBlock", name=n, value=Secret("hidden-value"))
    make("JsonBlock", name=n, value={"retries": 3})
    make("GlobalConcurrencyLimit", name=n, limit=2)
    make("TaskRunConcurrencyLimit", tag=n, limit=2)
    make("Flow", name=n, tags=["x"])
    deployment = make("Deployment", name="d", flowName=n, workPoolName=n, workQueueName="q", concurrencyLimit=2)
    make("DeploymentSchedule", deploymentId=deployment, cron="0 6 * * *", slug="s", active=False)
    action = {"type": "run-deployment", "deployment_id": deployment}
    make("Automation", name=n, trigger=QUIET, actions=[action], enabled=False)
    make("Automation", name=f"{n} on/off", trigger=QUIET, actions=[action], enabled=False)
    provider.close()
    return {
        "WorkPool": n,
        "WorkQueue": f"{n}/q",
        "Variable": n,
        "BlockType": n,
        "BlockDocument": f"{n}/user",
        "SecretBlock": n,
        "JsonBlock": n,
        "GlobalConcurrencyLimit": n,
        "TaskRunConcurrencyLimit": n,
        "Flow": n,
        "Deployment": f"{n}/d",
        "DeploymentSchedule": f"{n}/d/s",
        "Automation": n,
    }


def test_import_by_name_plans_clean(small_engines: list[Any], small: Any, live: dict[str, str]) -> None:
    texts = []
    for kind, name in live.items():
        done = small.infra("import", kind, name)
        assert "hidden" not in done.stdout + done.stderr
        assert "pulumi.ResourceOptions(protect=True)" in done.stdout
        texts.append(done.stdout)
    small.write("\n".join(texts))
    for engine in small_engines:
        assert engine.changes() == {}
        assert engine.changes(refresh=True) == {}
    files = [small.root / "Pulumi.dev.yaml", *(small.root / ".infra").rglob("*.*")]
    stored = "".join(path.read_text(errors="replace") for path in files if path.is_file())
    assert "hidden-value" not in stored
    assert "hidden-data" not in stored


def test_import_option_takes_a_name(small_engine: Any, small: Any, live: dict[str, str]) -> None:
    """`pulumi import` asks the provider in the same way."""
    n = live["WorkPool"]
    small.write(
        "import pulumi\nfrom prefect_pulumi.resources import WorkPool, WorkQueue\n"
        f"WorkPool('{n}', pulumi.ResourceOptions(import_='{n}'), type='process', concurrency_limit=3)\n"
        f"WorkQueue('q', pulumi.ResourceOptions(import_='{n}/q'), work_pool_name='{n}', priority=2)\n"
    )
    small_engine.up()
    assert small_engine.changes(refresh=True) == {}


def test_existing_objects_are_read(small_engine: Any, small: Any, live: dict[str, str], prefect_server: str) -> None:
    """`.get()` by name: read at every run, users follow, secrets stay, a refresh is clean, destroy lets them live."""
    n = live["Variable"]
    small.write(
        "import pulumi\nfrom prefect_pulumi.resources import Deployment, SecretBlock, Variable, WorkPool\n"
        f"seen, pool = Variable.get('seen', '{n}'), WorkPool.get('pool', '{n}')\n"
        f"hush, flow = SecretBlock.get('hush', '{n}'), Deployment.get('d', '{live['Deployment']}')\n"
        f"Variable('{n}-copy', value=seen.value, tags=[pool.type])\n"
        f"SecretBlock('{n}-copy', value=hush.value)\npulumi.export('flow', flow.name)\n"
    )
    small_engine.up()
    assert small_engine.changes(refresh=True) == {}
    provider = PrefectProvider(small.root, StrictHost())
    provider.configure({"apiUrl": prefect_server})
    urn = "urn:pulumi:dev::p::prefect:index:Variable::x"
    found = provider.read(ReadRequest(urn, n))
    known = {"inputs": found.inputs, "outputs": found.outputs, "news": {**found.inputs, "value": "new"}}
    provider.update(
        UpdateRequest(urn, found.id, old_inputs=known["inputs"], old_outputs=known["outputs"], new_inputs=known["news"])
    )
    assert small_engine.changes() == {"read": 1, "update": 1}
    small_engine.up()
    assert provider.read(ReadRequest(urn, f"{n}-copy")).outputs["value"] == "new"
    small_engine.destroy()
    assert provider.read(ReadRequest(urn, n)).outputs["value"] == "new"
    assert not provider.read(ReadRequest(urn, f"{n}-copy")).id
    provider.close()
    state = "".join(path.read_text(errors="replace") for path in (small.root / ".infra").rglob("*.json*"))
    assert "hidden-value" not in state


def test_import_of_what_is_missing_writes_nothing(small: Any, live: dict[str, str]) -> None:
    before = (small.root / "Pulumi.dev.yaml").read_text()
    done = small.infra("import", "WorkPool", live["WorkPool"], "nowhere", check=False)
    assert done.returncode == 1
    assert "'nowhere' does not exist" in done.stderr
    assert (small.root / "Pulumi.dev.yaml").read_text() == before  # no salt either
    assert small.infra("outputs", check=False).returncode == 2
    assert small.infra("import", "Worker", "x", check=False).returncode == 2
    small.infra("import", "WorkPool", live["WorkPool"])
    again = small.infra("import", "WorkPool", live["WorkPool"], "--name", "other", check=False)
    assert again.returncode == 2
    assert "is managed already" in again.stderr


def test_import_all_is_clean_at_once(small: Any, live: dict[str, str], prefect_server: str) -> None:
    done = small.infra("import", "--all", "--out", "whole server")
    folder = small.root / "whole server"
    files = [*(folder / "infra").glob("*.py"), folder / "Pulumi.dev.yaml", folder / "README.md"]
    texts = "".join(path.read_text() for path in files)
    for name in live.values():
        assert name.rsplit("/", 1)[-1] in texts
    assert f"{live['Automation']} on/off" in (folder / "Pulumi.dev.yaml").read_text()
    assert "hidden" not in done.stdout + texts
    shown = subprocess.run(
        [sys.executable, "-m", "prefect_pulumi.cli.main", "preview", "--json", "--refresh", "--expect-no-changes"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert json.loads(shown.stdout)["changed"] is False
    again = small.infra("import", "--all", "--out", "whole server", check=False)
    assert again.returncode == 2
    assert "is not empty" in again.stderr


def test_pulumi_import_as_a_person_types_it(
    small: Project, live: dict[str, str], pulumi_cli: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what `infra env` prints: the server's address, the backend, the provider on PATH."""
    if not shutil.which("pulumi-language-python"):
        pytest.skip("no pulumi-language-python, which the official installation has")
    name = live["WorkPool"]
    typed = f'eval "$(infra env -s dev)" && pulumi import prefect:index:WorkPool etl {name} -s dev'
    folders = [str(Path(sys.executable).parent), str(pulumi_cli.parent), os.environ["PATH"]]
    monkeypatch.setenv("PATH", os.pathsep.join(folders))
    environment = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    done = subprocess.run(
        ["bash", "-c", f"{typed} --yes --protect=false"],
        cwd=small.root,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "import pulumi_prefect as prefect" in done.stdout
    assert 'prefect.WorkPool("etl"' in done.stdout
