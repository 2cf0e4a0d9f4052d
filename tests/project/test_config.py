"""Stack files: structured keys are put in without moving anything else."""

from __future__ import annotations

from pathlib import Path

import pytest

from prefect_pulumi.project.stack_file import StackConfig
from prefect_pulumi.state.secrets import PassphraseManager

TEXT = """# of the team
config:
  team:environment:
    server:
      api_url: https://prefect.example.com/api
    pools:
{pools}
    # the last one
    limits: {{a: 1}}
  # after it
encryptionsalt: v1:x
"""
PIN = {"id": "dev-3", "commit": "c" * 40, "images": {"etl": "r@sha256:0"}}


@pytest.mark.parametrize("pools", ["      - etl\n      - ml", "    - etl\n    - ml"])
def test_a_pin_is_the_only_change_of_the_file(tmp_path: Path, pools: str) -> None:
    path = tmp_path / "Pulumi.prod.yaml"
    before = TEXT.format(pools=pools)
    path.write_text(before)
    config = StackConfig.load(path, "team")
    config.put(["environment", "release"], PIN)
    config.save()
    lines = path.read_text().splitlines()
    added = [line for line in lines if line not in before.splitlines()]
    assert [line for line in lines if line in before.splitlines()] == before.splitlines()
    assert added[0] == "    release:"
    assert StackConfig.load(path, "team").get("environment")["release"] == PIN

    config = StackConfig.load(path, "team")
    config.put(["environment", "release"], {"id": "dev-4", "commit": "d" * 40})
    config.save()
    assert StackConfig.load(path, "team").get("environment")["release"] == {"id": "dev-4", "commit": "d" * 40}


@pytest.mark.parametrize("value", ["bar", {"secure": "v1:a:b"}])
def test_a_new_key_parts_no_comment_from_what_it_is_about(tmp_path: Path, value: object) -> None:
    path = tmp_path / "Pulumi.dev.yaml"
    path.write_text("config:\n  team:a: 1\n# of the salt\nencryptionsalt: v1:x\n")
    config = StackConfig.load(path, "team")
    config.put(["foo"], value)
    config.save()
    assert path.read_text().endswith("  team:a: 1\n# of the salt\nencryptionsalt: v1:x\n")
    assert StackConfig.load(path, "team").get("foo") == value


def test_an_overlay_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "Pulumi.prod.yaml"
    path.write_text(TEXT.format(pools="    - etl"))
    config = StackConfig.load(path, "team")
    config.overlay(["environment", "release"], PIN)
    assert config.get("environment")["release"] == PIN
    config.overlay(["environment", "server"], None)
    assert "server" not in config.get("environment")
    config.save()
    assert "dev-3" not in path.read_text()
    assert "server" in path.read_text()


def test_a_link_to_a_stack_file_stays_a_link(tmp_path: Path) -> None:
    path, link = tmp_path / "Pulumi.prod.yaml", tmp_path / "link.yaml"
    path.write_text(TEXT.format(pools="    - etl"))
    link.symlink_to(path)
    config = StackConfig.load(link, "team")
    config.put(["environment", "release"], PIN)
    config.save()
    assert link.is_symlink()
    assert "dev-3" in path.read_text()


def test_secrets_are_known_by_name(tmp_path: Path) -> None:
    path = tmp_path / "Pulumi.prod.yaml"
    path.write_text(TEXT.format(pools="    - etl"))
    config = StackConfig.load(path, "team")
    manager = PassphraseManager.create("of the tests")
    config.set("token", "x", secret=True, manager=manager)
    config.set("prefect:authString", "y", secret=True, manager=manager)
    config.set("plain", "z")
    assert config.secret_names() == {"token"}


def test_a_program_gets_mappings_in_the_order_of_their_keys(tmp_path: Path) -> None:
    """As the official CLI hands them over: what a program makes of a mapping is the same under both engines."""
    path = tmp_path / "Pulumi.dev.yaml"
    path.write_text("config:\n  team:pools: {ml: {type: docker, limit: 1}, etl: [{b: 1, a: [2, 1]}], é: 1, Z: 1}\n")
    texts, _ = StackConfig.load(path, "team").values(None)
    assert (
        texts["team:pools"] == '{"Z": 1, "etl": [{"a": [2, 1], "b": 1}], "ml": {"limit": 1, "type": "docker"}, "é": 1}'
    )
