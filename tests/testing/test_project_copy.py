"""The copy of a project: what is in it, and that nothing of it reaches the team's server, state and secrets."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from prefect_pulumi.core.errors import ConfigError
from prefect_pulumi.project.stack import Stack
from prefect_pulumi.testing.project_copy import copy_files, settle
from tests.support.git_repository import git

PROD = """
encryptionsalt: v1:AAAAAAAAAAA=:v1:AAAAAAAAAAAAAAAA:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
config:
  prefect:apiKey: a-key
  p:environment:
    server: {api_url: https://prefect.example.com/api}
    release: {id: dev-1}
    pools: {etl: {}}
"""


def project(root: Path, stack_file: str) -> Path:
    (root / "infra").mkdir(parents=True)
    (root / "infra" / "__main__.py").write_text("")
    (root / "Pulumi.yaml").write_text("name: p\nruntime: python\nmain: infra\nbackend: {url: 's3://team'}\n")
    (root / "Pulumi.prod.yaml").write_text(stack_file)
    return root


@pytest.mark.parametrize("has_git", [True, False])
def test_the_sources_are_copied(tmp_path: Path, has_git: bool) -> None:
    source = project(tmp_path / "source", PROD)
    for name in (".infra/state/x", ".venv/bin/python", "__pycache__/x.pyc", "flows/load.py"):
        (source / name).parent.mkdir(parents=True)
        (source / name).touch()
    (source / "link").symlink_to("nowhere")
    if has_git:
        (source / ".gitignore").write_text(".infra/\n.venv/\n__pycache__/\n.gitignore\n")
        git(source, "init", "--quiet")
    copy_files(source, tmp_path / "copy")
    names = {str(path.relative_to(tmp_path / "copy")) for path in (tmp_path / "copy").rglob("*")}
    assert names == {
        *("infra", "infra/__main__.py", "Pulumi.yaml", "Pulumi.prod.yaml", "flows", "flows/load.py"),
        *("link", ".venv"),
    }
    assert (tmp_path / "copy/link").is_symlink()


def test_a_stack_gets_a_server_a_state_and_a_passphrase_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULUMI_BACKEND_URL", "s3://a-team")
    root = project(tmp_path / "copy", PROD)
    assert settle(tmp_path, root, "prod", 4321)
    settled = yaml.safe_load((root / "Pulumi.prod.yaml").read_text())["config"]
    assert settled == {"p:environment": {"server": {"embedded": True, "port": 4321}, "pools": {"etl": {}}}}
    stack = Stack(root, "prod")
    assert stack.backend.where("prod").startswith(str(root))
    assert stack.passphrase_file.is_file()


def test_a_provider_of_the_program_gets_the_server(tmp_path: Path) -> None:
    root = project(tmp_path / "copy", "config:\n  prefect:apiUrl: https://prefect.example.com/api\n")
    assert not settle(tmp_path, root, "prod", 4321)
    assert Stack(root, "prod").config.get("prefect:apiUrl") == "http://127.0.0.1:4321/api"


def test_a_stack_of_no_known_server_is_refused(tmp_path: Path) -> None:
    root = project(tmp_path / "copy", "config: {}\n")
    with pytest.raises(ConfigError, match="names no server that a test could replace"):
        settle(tmp_path, root, "prod", 4321)
    assert (root / "Pulumi.prod.yaml").read_text() == "config: {}\n"


def test_encrypted_values_need_the_passphrase_of_the_clone(tmp_path: Path) -> None:
    text = "config:\n  prefect:apiUrl: https://x.example.com/api\n  p:token: {secure: 'v1:abc'}\n"
    source, root = project(tmp_path / "source", text), project(tmp_path / "copy", text)
    (source / ".infra/prod").mkdir(parents=True)
    (source / ".infra/prod/passphrase").write_text("of the clone\n")
    settle(source, root, "prod", 4321)
    assert (root / ".infra/prod/passphrase").read_text() == "of the clone\n"
