"""Programs of other languages on a real server, by the official CLI: the examples of docs/registry as they stand."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import yaml

from prefect_pulumi.api.blocking import BlockingClient
from prefect_pulumi.models import KINDS
from prefect_pulumi.provider.kind_examples import as_go
from prefect_pulumi.provider.schema import schema
from tests.support.projects import REPOSITORY
from tests.support.servers import scratch_server

pytestmark = [pytest.mark.e2e, pytest.mark.matrix, pytest.mark.timeout(1200)]
PAGE = REPOSITORY / "docs" / "registry" / "_index.md"
BIN = REPOSITORY / ".infra" / "bin"
RUNNER = """
const { LocalWorkspace } = require("@pulumi/pulumi/automation");
const [, , stack, operation] = process.argv;
(async () => {
  const program = async () => { require("./program"); };
  const workspace = await LocalWorkspace.createOrSelectStack({ stackName: stack, projectName: "acme", program });
  const result = await workspace[operation]({});
  console.log(JSON.stringify(result.summary?.resourceChanges ?? result.changeSummary ?? {}));
})().catch((error) => { console.error(String(error)); process.exit(1); });
"""


def example(language: str) -> str:
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)[0]


@pytest.fixture(scope="module")
def api_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Of a server of its own: the examples name their objects as they like."""
    with scratch_server(tmp_path_factory.mktemp("server")) as spec:
        yield spec.api_url


@pytest.fixture
def environment(tmp_path: Path, api_url: str, pulumi_cli: Path) -> dict[str, str]:
    """What a user's shell has: the provider and the CLI on PATH, the server's address, a backend."""
    (tmp_path / "state").mkdir()
    path = os.pathsep.join([str(Path(sys.executable).parent), str(pulumi_cli.parent), os.environ["PATH"]])
    return {
        **os.environ,
        "PATH": path,
        "PREFECT_API_URL": api_url,
        "PULUMI_BACKEND_URL": f"file://{tmp_path / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": "of the tests",
        "PULUMI_HOME": str(tmp_path / "home"),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }


def need_objects(api_url: str) -> None:
    client = BlockingClient(api_url)
    queues = client.request("POST", "/work_pools/etl/queues/filter", json={}, idempotent=True)
    variable = client.request("GET", "/variables/name/region")
    client.close()
    assert {(queue["name"], queue["priority"]) for queue in queues} >= {("fast", 1)}
    assert variable["value"] == "eu"


def run(command: Sequence[str | Path], folder: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_yaml(tmp_path: Path, environment: dict[str, str], api_url: str, pulumi_cli: Path) -> None:
    if not shutil.which("pulumi-language-yaml", path=environment["PATH"]):
        pytest.skip("no pulumi-language-yaml, which the official installation has")
    folder = tmp_path / "program"
    folder.mkdir()
    program = {"name": "acme", "runtime": "yaml", **yaml.safe_load(example("yaml"))}
    (folder / "Pulumi.yaml").write_text(yaml.safe_dump(program))
    run([pulumi_cli, "stack", "init", "dev"], folder, environment)
    run([pulumi_cli, "up", "--yes", "--skip-preview"], folder, environment)
    need_objects(api_url)
    run([pulumi_cli, "preview", "--refresh", "--expect-no-changes"], folder, environment)
    run([pulumi_cli, "destroy", "--yes", "--skip-preview"], folder, environment)


def test_typescript(tmp_path: Path, environment: dict[str, str], api_url: str) -> None:
    """With the SDK that the CLI's generator makes of the schema; `pulumi package add` calls the same one."""
    generator = BIN / "gensdk"
    if not generator.is_file() or not shutil.which("npm"):
        pytest.skip("no npm, or no generator: `make pulumi` builds it where Go is installed")
    (tmp_path / "schema.json").write_text(schema())
    run([generator, tmp_path / "schema.json", tmp_path / "sdk"], tmp_path, environment)
    folder, sdk = tmp_path / "program", tmp_path / "sdk" / "nodejs"
    folder.mkdir()
    (folder / "program.ts").write_text(example("typescript"))
    (folder / "run.js").write_text(RUNNER)
    (folder / "package.json").write_text('{"name": "acme", "private": true}')
    npm = [
        "npm",
        "install",
        "--silent",
        "--no-audit",
        "--no-fund",
        f"@pulumi/pulumi@{SDK_VERSION[1:]}",
        "typescript@5",
        "@types/node@20",
    ]
    run([*npm], folder, environment)
    package = folder / "node_modules" / "@prefect-pulumi" / "prefect"
    shutil.copytree(sdk, package)
    compiler = folder / "node_modules" / ".bin" / "tsc"
    run(
        [compiler, "-p", package, "--outDir", package, "--typeRoots", folder / "node_modules/@types"],
        folder,
        environment,
    )
    options = ["--module", "commonjs", "--target", "es2022", "--strict", "--skipLibCheck"]
    run([compiler, *options, "--moduleResolution", "node", "program.ts"], folder, environment)
    assert '"create":4' in run(["node", "run.js", "dev", "up"], folder, environment)
    need_objects(api_url)
    assert '"same":4' in run(["node", "run.js", "dev", "preview"], folder, environment)
    run(["node", "run.js", "dev", "destroy"], folder, environment)


SDK_VERSION = re.findall(r"github.com/pulumi/pulumi/sdk/v3 (\S+)", (REPOSITORY / "tools" / "go.mod").read_text())[0]
"""Generated classes need the SDK of their generator's version."""
PATH_OF_SDK = json.loads(schema())["language"]["go"]["importBasePath"]
OWNERS = {
    "pool": "WorkPool",
    "flow": "Flow",
    "daily": "Deployment",
    "warehouse": "BlockType",
    "bucket": "BlockDocument",
}
GO = """package main

import (
	"{path}"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"
)

var (
{owners}
	_ = config.New
)

{functions}
func main() {{}}
"""


def test_go_compiles(tmp_path: Path) -> None:
    """The SDK that the CLI's generator makes, the page's example, and the example of each kind in the schema."""
    generator, go = BIN / "gensdk", shutil.which("go")
    if not generator.is_file() or go is None:
        pytest.skip("no Go, or no generator: `make pulumi` builds it where Go is installed")
    (tmp_path / "schema.json").write_text(schema())
    run([generator, tmp_path / "schema.json", tmp_path / "sdk"], tmp_path, dict(os.environ))
    folder = tmp_path / "acme"
    shutil.copytree(tmp_path / "sdk" / "go" / "prefect", folder / "sdks" / "prefect")
    functions = []
    for model in KINDS.values():
        body = as_go(model)
        known = all(owner in (*OWNERS, "cfg", "ctx", "pulumi", "prefect", "config") for owner in _owners(body))
        if known:
            functions.append(f"func {model.kind}(ctx *pulumi.Context) error {{\n{body}return nil\n}}\n")
    assert len(functions) > 12
    for name in ("page", "kinds"):
        (folder / name).mkdir()
    (folder / "page" / "main.go").write_text(example("go"))
    owners = "\n".join(f"\t{name} *prefect.{kind}" for name, kind in OWNERS.items())
    (folder / "kinds" / "main.go").write_text(
        GO.format(path=PATH_OF_SDK, owners=owners, functions="\n".join(functions))
    )
    head = f"\n\ngo 1.25\n\nrequire github.com/pulumi/pulumi/sdk/v3 {SDK_VERSION}\n"
    (folder / "sdks" / "prefect" / "go.mod").write_text(f"module {PATH_OF_SDK}{head}")
    (folder / "go.mod").write_text(f"module example.com/acme{head}\nreplace {PATH_OF_SDK} => ./sdks/prefect\n")
    for command in ([go, "mod", "tidy"], [go, "vet", "-unusedresult=false", "./page", "./kinds"]):
        run(command, folder, dict(os.environ))


def _owners(body: str) -> set[str]:
    """What stands before a dot outside of texts."""
    return set(re.findall(r"\b([a-z]\w*)\.[A-Z]", re.sub(r'"[^"]*"', "", body)))
