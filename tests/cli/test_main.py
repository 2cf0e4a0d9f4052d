"""Arguments: what is refused, and what reaches the engine."""

from __future__ import annotations

import argparse
import json
import re
import shlex
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

from prefect_pulumi.cli.commands.operate import selection_of
from prefect_pulumi.cli.examples import EXAMPLES
from prefect_pulumi.cli.main import main, make_parser
from prefect_pulumi.core.errors import ExitCode


@pytest.mark.parametrize(
    ("option", "what"),
    [("--policy-pack", "policy packs"), ("--policy-pack=pack", "policy packs")],
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


@pytest.mark.parametrize(
    ("argv", "hint"),
    [
        (["previw"], "unknown command 'previw'; did you mean preview?"),
        (["state", "unprotec"], "unknown command 'unprotec'; did you mean unprotect?"),
        (["up", "--paralel", "4"], "did you mean --parallel?"),
    ],
)
def test_a_word_that_is_nearly_right_is_suggested(
    argv: list[str], hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(argv) == ExitCode.BAD_INPUT
    assert hint in capsys.readouterr().err


def test_help_names_the_environment_variables(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == ExitCode.DONE
    text = capsys.readouterr().out
    for name in ("PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE", "PREFECT_API_URL", "PREFECT_API_KEY"):
        assert name in text


def test_commands_are_listed_in_groups(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    text = capsys.readouterr().out
    places = [text.index(f"\n{title}:\n") for title in ("start", "deploy", "drift", "release", "state and config")]
    assert places == sorted(places)
    listed = re.findall(r"^  (?:  )?([a-z]+)(?:  |\n)", text, flags=re.MULTILINE)
    assert sorted(set(listed) & set(make_parser().commands.choices)) == sorted(make_parser().commands.choices)


def commands(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    groups = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not groups:
        yield parser
    for group in groups:
        for command in group.choices.values():
            yield from commands(command)


@pytest.mark.parametrize("group", ["config", "release", "stack", "state"])
def test_a_group_shows_an_example_of_each_command(group: str) -> None:
    parser = make_parser().commands.choices[group]
    for command in commands(parser):
        assert f"\n  {EXAMPLES[command.prog][0]}" in parser.format_help()


def test_every_command_shows_examples_that_parse() -> None:
    shown = {command.prog: command.format_help() for command in commands(make_parser())}
    assert set(shown) == set(EXAMPLES)
    for command, lines in EXAMPLES.items():
        for line in lines:
            assert line in shown[command]
            make_parser().parse_args(shlex.split(line.removeprefix('eval "$(').removesuffix(')"'))[1:])


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == ExitCode.DONE
    assert capsys.readouterr().out == f"infra {version('prefect-pulumi')}\n"


def test_target_replace_is_both_a_target_and_a_replacement() -> None:
    arguments = make_parser().parse_args(["up", "--target-replace", "a", "--target", "b", "--replace", "c"])
    selection = selection_of(arguments)
    assert (sorted(selection.targets), sorted(selection.replace)) == (["a", "b"], ["a", "c"])


def test_targets_and_excludes_exclude_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: p\nruntime: python\n")
    (tmp_path / "Pulumi.dev.yaml").write_text("config: {}\n")
    monkeypatch.chdir(tmp_path)
    assert main(["up", "--yes", "--target", "a", "--exclude", "b"]) == ExitCode.BAD_INPUT
    assert "cannot be given together" in capsys.readouterr().err
