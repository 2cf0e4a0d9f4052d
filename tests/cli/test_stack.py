"""`infra stack`: stacks created, listed, selected, renamed and removed, without a server."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from prefect_pulumi.cli.main import main
from prefect_pulumi.core.errors import ExitCode

STACKS = Path(".infra/state/.pulumi/stacks/p")
EMBEDDED = "config:\n  p:environment:\n    server: {embedded: true}\n"
URN = "urn:pulumi:{}::p::prefect:index:LocalServer::server"


@pytest.fixture
def infra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Runs a command in a project of two stack files; gives what it prints, or what it says when it fails."""
    root = tmp_path / "project"
    root.mkdir()
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "x")
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(root)
    (root / "Pulumi.yaml").write_text("name: p\nruntime: python\npromotion: {stages: [dev, prod]}\n")
    (root / "Pulumi.dev.yaml").write_text("config: {p:where: here}\n")
    (root / "Pulumi.prod.yaml").write_text("config: {}\n")

    def run(*words: str, code: ExitCode = ExitCode.DONE) -> str:
        ended = main(["stack", *words])
        shown = capsys.readouterr()
        assert ended == code, shown.err
        return shown.err if code else shown.out

    return run


def state(name: str, *types: str) -> None:
    """A state with a resource of each type."""
    resources = [{"urn": URN.format(name), "type": kind, "custom": True, "id": "x"} for kind in types]
    document = {"version": 3, "checkpoint": {"latest": {"resources": resources}}}
    STACKS.mkdir(parents=True, exist_ok=True)
    (STACKS / f"{name}.json").write_text(json.dumps(document))


def test_a_stack_is_created_empty_and_selected(infra: Callable[..., str]) -> None:
    assert infra("ls", "--json") == "[]\n"
    assert infra("init", "dev") == "created stack dev\n"
    assert infra("init", "eu", "--copy-config-from", "dev").splitlines()[1:] == ["copied p:where"]
    assert infra("init", "idle", "--no-select", "--json") == '{\n  "created": "idle",\n  "copied": []\n}\n'
    listed = json.loads(infra("ls", "--json"))
    assert [(each["name"], each["current"], each["resourceCount"]) for each in listed] == [
        ("dev", False, 0),
        ("eu", True, 0),
        ("idle", False, 0),
    ]
    assert "where: here" in Path("Pulumi.eu.yaml").read_text()
    assert Path("Pulumi.idle.yaml").read_text().startswith("encryptionsalt: v1:")
    assert [line.split()[0] for line in infra("ls").splitlines()] == ["NAME", "dev", "eu*", "idle"]
    assert "there is a stack 'eu' already" in infra("init", "eu", code=ExitCode.BAD_INPUT)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["init", "a/b"], "is not a stack name"),
        (["init", "new", "--copy-config-from", "nope"], "there is no stack 'nope'"),
        (["select", "nope"], "there is no stack 'nope'"),
        (["rm", "dev", "--yes"], "stack 'dev' has not been created yet"),
        (["rm", "dev"], "there is no terminal to ask on"),
        (["rename", "new"], "stack 'dev' has not been created yet"),
        (["rename", "a b"], "is not a stack name"),
        (["history"], "stack 'dev' has not been created yet"),
        (["history", "--page", "0"], "must be at least 1"),
    ],
)
def test_bad_input_writes_nothing(infra: Callable[..., str], words: list[str], said: str) -> None:
    assert said in infra(*words, code=ExitCode.BAD_INPUT)
    assert sorted(path.name for path in Path().glob("Pulumi*")) == [
        "Pulumi.dev.yaml",
        "Pulumi.prod.yaml",
        "Pulumi.yaml",
    ]
    assert not STACKS.exists()


def test_a_new_stack_needs_a_passphrase(infra: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE")
    assert "stack new has no passphrase" in infra("init", "new", code=ExitCode.BAD_INPUT)
    assert not Path("Pulumi.new.yaml").exists()


def test_a_stack_with_resources_is_removed_by_force_alone(infra: Callable[..., str]) -> None:
    state("dev", "t:index:Thing", "t:index:Thing")
    infra("select", "dev")
    said = infra("rm", "dev", "--yes", code=ExitCode.BAD_INPUT)
    assert "stack dev still has 2 resources" in said
    assert "infra destroy -s dev" in said
    infra("rm", "dev", "--yes", "--force", "--preserve-config")
    assert [path.name for path in STACKS.iterdir()] == ["dev.json.bak"]
    assert Path("Pulumi.dev.yaml").is_file()
    state("prod")
    assert infra("rm", "prod", "--yes", "--remove-backups").splitlines() == [
        "removed stack prod",
        "removed Pulumi.prod.yaml",
    ]
    assert json.loads(infra("ls", "--json")) == []


def test_a_stack_is_renamed_with_its_file(infra: Callable[..., str]) -> None:
    state("dev", "t:index:Thing")
    said = infra("rename", "eu", "-s", "dev").splitlines()
    assert said == ["renamed stack dev to eu", "still with the old name: promotion in Pulumi.yaml"]
    assert not Path("Pulumi.dev.yaml").exists()
    assert "where: here" in Path("Pulumi.eu.yaml").read_text()
    assert json.loads(infra("ls", "--json"))[0]["current"] is True
    assert "the file exists already" in infra("rename", "prod", code=ExitCode.BAD_INPUT)


def test_a_local_server_keeps_its_stacks_name(infra: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE")
    Path("Pulumi.dev.yaml").write_text(EMBEDDED)
    infra("init", "dev")
    passphrase = Path(".infra/dev/passphrase").read_text()
    state("dev", "prefect:index:LocalServer")
    said = infra("rename", "eu", code=ExitCode.BAD_INPUT)
    assert "whose data are in .infra/dev/server" in said
    state("dev")
    infra("rename", "eu")
    assert Path(".infra/eu/passphrase").read_text() == passphrase


@pytest.mark.parametrize(
    ("words", "typed"),
    [
        (["ls"], "pulumi stack ls"),
        (["init", "new"], "pulumi stack init new"),
        (["select", "dev"], "pulumi stack select dev"),
        (["rm", "dev", "--yes"], "pulumi stack rm dev"),
        (["rename", "eu"], "pulumi stack rename eu"),
        (["history"], "pulumi stack history"),
    ],
)
def test_pulumi_cloud_is_left_to_the_official_cli(
    infra: Callable[..., str], monkeypatch: pytest.MonkeyPatch, words: list[str], typed: str
) -> None:
    monkeypatch.setenv("PULUMI_BACKEND_URL", "https://api.pulumi.com")
    assert infra(*words, code=ExitCode.BAD_INPUT).rstrip().endswith(typed)


def test_status_of_stacks_that_are_not_created_asks_for_no_passphrase(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: p\nruntime: python\nmain: infra\n")
    (tmp_path / "Pulumi.prod.yaml").write_text("config:\n  p:environment: {server: {api_url: 'https://x.test/api'}}\n")
    monkeypatch.chdir(tmp_path)
    assert main(["status"]) == 0
    assert "not created yet" in capsys.readouterr().out
