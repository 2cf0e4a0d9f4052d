"""Arguments: what is refused, and what the engine is told."""

from __future__ import annotations

import json

import pytest

from prefect_pulumi.cli import commands
from prefect_pulumi.cli.main import _parser, main
from prefect_pulumi.core.errors import ExitCode, InputError


@pytest.mark.parametrize(
    ("option", "what"),
    [("--policy-pack", "policy packs"), ("--plan", "update plans"), ("--save-plan=f", "update plans")],
)
def test_options_of_the_official_cli_are_refused_by_name(
    option: str, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["up", "--json", option, "pack"]) == ExitCode.BAD_INPUT
    said = json.loads(capsys.readouterr().out)["error"]
    assert said["message"] == f"the embedded engine does not support {what} ({option.partition('=')[0]})"
    assert "pulumi" in said["remedy"]


def test_an_unknown_option_names_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["up", "--no-such-option"]) == ExitCode.BAD_INPUT
    assert "--no-such-option" in capsys.readouterr().err


def test_target_replace_is_both_a_target_and_a_replacement() -> None:
    arguments = _parser().parse_args(["up", "--target-replace", "a", "--target", "b", "--replace", "c"])
    selection = commands._options(arguments).selection
    assert (sorted(selection.targets), sorted(selection.replace)) == (["a", "b"], ["a", "c"])


def test_targets_and_excludes_exclude_each_other() -> None:
    arguments = _parser().parse_args(["up", "--target", "a", "--exclude", "b"])
    with pytest.raises(InputError, match="cannot be given together"):
        commands._options(arguments)
