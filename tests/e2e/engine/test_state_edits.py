"""The state edited by hand with either engine's commands: the other goes on with it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support import engine_pair, testbed
from tests.support.engines import find_pulumi

PULUMI = find_pulumi()
URN = "urn:pulumi:dev::twin::testbed:index:Thing::"
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

PROGRAM = """
import pulumi
from pulumi import ResourceOptions as O
class Thing(pulumi.CustomResource):
    def __init__(self, name, opts=None, **props):
        for key in ("serial", "token", "value", "filled"): props.setdefault(key, None)
        super().__init__("testbed:index:Thing", name, props, opts)
class Bed(pulumi.ProviderResource):
    def __init__(self, name, opts=None, **props):
        super().__init__("testbed", name, props, opts)
a = Thing("a", value=pulumi.Output.secret({"k": [1, "ü"]}), opts=O(provider=Bed("bed", key=pulumi.Output.secret("k"))))
b = Thing("b", value=a.token, opts=O(protect=True, depends_on=[a]))
c = Thing("c", value=b.token, opts=O(parent=a))
pulumi.export("hidden", a.value)
"""


@pytest.fixture
def side(tmp_path: Path) -> Any:
    world = testbed.World()
    with testbed.serving(world, "testbed") as providers:
        made = engine_pair.EmbeddedSide(engine_pair.Side.folder(tmp_path / "a project"), providers=providers)
        made.up(PROGRAM)
        yield made


@pytest.fixture
def official(side: Any) -> Any:
    if PULUMI is None:
        pytest.skip("no official CLI: `make pulumi` builds it where Go is installed")
    return engine_pair.OfficialSide(side.root, providers=side.providers, cli=PULUMI)


def test_a_create_whose_result_is_not_known(side: Any) -> None:
    """As with the official engine, it stays pending in every run until a refresh clears it."""
    file = side.root / "state" / ".pulumi" / "stacks" / "twin" / "dev.json"
    document = json.loads(file.read_text())
    latest = document["checkpoint"]["latest"]
    entry = next(entry for entry in latest["resources"] if entry["urn"].endswith("::c"))
    lost = {**entry, "urn": f"{URN}lost", "parent": "", "id": ""}
    latest["pending_operations"] = [{"resource": lost, "type": "creating"}]
    file.write_text(json.dumps(document))
    for operation in (lambda: side.up(PROGRAM.replace('"ü"', '"u"')), side.refresh):
        operation()
        assert [pending.resource.urn for pending in side.state().pending_operations] == [f"{URN}lost"]
        assert "infra refresh --clear-pending-creates" in side.said
    side.infra("refresh", "--yes", "--clear-pending-creates")
    assert side.state().pending_operations == []


def test_rename_unprotect_delete(side: Any) -> None:
    child = "urn:pulumi:dev::twin::testbed:index:Thing$testbed:index:Thing::c"
    side.infra("state", "rename", "a", "first")
    assert side.entry("b").dependencies == [URN + "first"]
    assert side.entry("c").parent == URN + "first"
    side.infra("state", "rename", "bed", "bunk")
    assert side.entry("first").provider.split("::")[-2] == "bunk"
    renamed = PROGRAM.replace('Thing("a"', 'Thing("first"').replace('Bed("bed"', 'Bed("bunk"')
    assert side.preview(renamed) == {}

    for refused, words in (
        (("delete", "first"), f"the resource is used by {child}"),
        (("delete", "b", "--target-dependents"), "the resource is protected"),
        (("delete", "nothing"), "no such resource"),
        (("rename", "first", "b"), "there already"),
        (("unprotect",), "give --all"),
    ):
        side.infra("state", *refused, check=False)
        assert words in side.said
    assert json.loads(side.infra("state", "unprotect", "b", "--json")) == {"unprotected": [URN + "b"]}
    assert json.loads(side.infra("state", "unprotect", "--all", "--json")) == {"unprotected": []}
    done = json.loads(side.infra("state", "delete", "b", "--target-dependents", "--json"))
    assert done == {"deleted": sorted([URN + "b", child])}
    assert side.preview(renamed) == {"create": 2}


def test_export_and_import(side: Any, tmp_path: Path) -> None:
    closed = side.infra("stack", "export")
    assert '"ciphertext"' in closed
    assert "plaintext" not in closed
    before = engine_pair.compared(side.state())
    file = tmp_path / "state.json"
    side.infra("stack", "export", "--show-secrets", "--file", str(file))
    document = json.loads(file.read_text())
    marked = next(r for r in document["deployment"]["resources"] if r["urn"] == URN + "a")["inputs"]["value"]
    assert json.loads(marked["plaintext"]) == {"k": [1, "ü"]}
    side.infra("state", "unprotect", "--all")
    side.infra("state", "delete", "b", "--target-dependents")
    side.infra("stack", "import", "--file", str(file))
    assert engine_pair.compared(side.state()) == before
    assert "plaintext" not in (side.root / "state/.pulumi/stacks/twin/dev.json").read_text()
    assert side.preview(PROGRAM) == {}

    for text, words in (
        ("{", "not what `stack export` writes"),
        (file.read_text().replace("urn:pulumi:dev::", "urn:pulumi:other::"), "belongs to another stack"),
        (file.read_text().replace(f'"parent": "{URN}a"', f'"parent": "{URN}zz"'), "zz is missing"),
    ):
        (tmp_path / "broken.json").write_text(text)
        side.infra("stack", "import", "--file", str(tmp_path / "broken.json"), check=False)
        assert words in side.said
        assert engine_pair.compared(side.state()) == before


def test_the_official_engine_goes_on(side: Any, official: Any, tmp_path: Path) -> None:
    mine, theirs = (
        json.loads(text)
        for text in (
            side.infra("stack", "export", "--show-secrets"),
            official.command("stack", "export", "--show-secrets"),
        )
    )
    assert _plain(mine) == _plain(theirs)
    side.infra("state", "rename", "a", "first")
    renamed = PROGRAM.replace('Thing("a"', 'Thing("first"')
    assert official.preview(renamed) == {}
    official.command("state", "rename", URN + "first", "a", "--yes")
    assert side.preview(PROGRAM) == {}
    file = str(tmp_path / "state.json")
    official.command("stack", "export", "--file", file)
    side.infra("stack", "import", "--file", file)
    side.infra("stack", "export", "--file", file, "--show-secrets")
    official.command("stack", "import", "--file", file)
    official.command("state", "unprotect", "--all", "--yes")
    assert side.entry("b").protect is False
    history = json.loads(official.command("stack", "history", "--json"))
    assert [record["kind"] for record in history] == ["update"]
    assert history[0]["result"] == "succeeded"
    assert side.preview(PROGRAM) == {}


def test_stacks_as_a_whole_by_either_engine(side: Any, official: Any) -> None:
    """Listed, selected, renamed, created and removed by one, seen by the other."""

    def told(engine: Any, *words: str) -> Any:
        return json.loads(engine(*words, "--json"))

    def mine(*words: str) -> str:
        return str(side.infra(*words, named=False))

    def names(engine: Any) -> list[tuple[str, bool, int]]:
        return [(one["name"], one["current"], one["resourceCount"]) for one in told(engine, "stack", "ls")]

    theirs = official._run
    side.infra("config", "set", "where", "Berlin")
    side.infra("config", "set", "token", "of a vault", "--secret")
    mine("stack", "select", "dev")
    assert names(mine) == names(theirs) == [("dev", True, 6)]
    assert told(mine, "stack", "ls") == told(theirs, "stack", "ls")
    assert told(mine, "stack", "history") == told(theirs, "stack", "history")
    assert told(mine, "config", "ls") == told(theirs, "config")
    shown = "--show-secrets"
    assert told(mine, "config", "ls", shown) == told(theirs, "config", shown)

    side.infra("stack", "rename", "eu")
    assert names(theirs) == [("eu", True, 6)]
    assert official.on("eu").preview(PROGRAM) == {}
    theirs("stack", "rename", "asia")
    assert names(mine) == [("asia", True, 6)]
    assert side.on("asia").preview(PROGRAM) == {}
    assert [each["kind"] for each in told(mine, "stack", "history")] == ["update"]

    mine("stack", "init", "extra", "--copy-config-from", "asia")
    assert json.loads(theirs("config", shown, "--json"))["twin:token"]["value"] == "of a vault"
    theirs("stack", "init", "other")
    assert names(mine) == [("asia", False, 6), ("extra", False, 0), ("other", True, 0)]
    mine("stack", "rm", "other", "--yes")
    theirs("stack", "rm", "extra", "--yes")
    assert names(mine) == names(theirs) == [("asia", False, 6)]
    assert sorted(path.name for path in side.root.glob("Pulumi.*.yaml")) == ["Pulumi.asia.yaml", "Pulumi.prod.yaml"]


def test_the_passphrase_in_a_file(side: Any, tmp_path: Path) -> None:
    """`PULUMI_CONFIG_PASSPHRASE_FILE`, for both engines; a wrong or missing one is bad input and touches nothing."""
    good, bad = tmp_path / "good.txt", tmp_path / "bad.txt"
    good.write_text(f"  {engine_pair.PASSPHRASE}\n\n")
    bad.write_text("another one\n")
    base = {name: value for name, value in os.environ.items() if not name.startswith("PULUMI_")}
    base |= {"PULUMI_BACKEND_URL": f"file://{side.root / 'state'}", "PULUMI_HOME": str(tmp_path / "home")}

    def run(file: Path, *words: str) -> subprocess.CompletedProcess[str]:
        env = {**base, "PULUMI_CONFIG_PASSPHRASE_FILE": str(file), "PULUMI_SKIP_UPDATE_CHECK": "true"}
        return subprocess.run(words, cwd=side.root, env=env, capture_output=True, text=True, check=False)

    infra = (sys.executable, "-m", "prefect_pulumi.cli.main")
    export = ("stack", "export", "-s", "dev", "--show-secrets")
    shown = run(good, *infra, *export)
    assert shown.returncode == 0, shown.stderr
    made = next(r for r in json.loads(shown.stdout)["deployment"]["resources"] if r["urn"] == URN + "a")
    assert json.loads(made["inputs"]["value"]["plaintext"]) == {"k": [1, "ü"]}
    for file, words in ((bad, "passphrase"), (tmp_path / "missing", "PULUMI_CONFIG_PASSPHRASE_FILE")):
        refused = run(file, *infra, "up", "--yes", "-s", "dev")
        assert refused.returncode == 2, refused.stderr
        assert words in refused.stderr
        assert "Traceback" not in refused.stderr
    if PULUMI is not None:
        theirs = run(good, str(PULUMI), *export, "--non-interactive")
        assert _plain(json.loads(theirs.stdout)) == _plain(json.loads(shown.stdout))


def _plain(document: Any) -> Any:
    """Without what two exports of one state differ in: the manifest, and how times are spelled."""
    resources = document["deployment"]["resources"]
    for resource in resources:
        for key in ("sourcePosition", "stackTrace", "created", "modified"):
            resource.pop(key, None)
    return sorted(json.dumps(resource, sort_keys=True) for resource in resources)
