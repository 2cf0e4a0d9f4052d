"""Errors about files of a project, each with the line that it is about."""

from __future__ import annotations

from pathlib import Path

import pytest

from prefect_pulumi.app.diagnostics import in_repository, of_error
from prefect_pulumi.core.diagnostics import Diagnostic, Severity
from prefect_pulumi.core.errors import ConfigError, InputError, ManyErrors, PrefectPulumiError
from prefect_pulumi.core.masking import Masker
from prefect_pulumi.core.yaml_source import parse
from prefect_pulumi.project.settings import parse_environment

STACK = """config:
  p:environment:
    server: {api_url: http://127.0.0.1:9/api}
    pools:
      etl:
        typ: process
    variables:
      - {}
  bare: 1
  prefect:apiKey:
    secure: x
secretsprovider: awskms://x
"""


def places(error: PrefectPulumiError, root: Path) -> list[tuple[str, int, int, str]]:
    (root / "Pulumi.dev.yaml").write_text(STACK)
    return [(each.file, each.line, each.column, each.message) for each in of_error(error, root, Masker())]


def test_each_fault_of_the_settings_has_its_own_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        parse_environment(parse(STACK, "Pulumi.dev.yaml").data["config"]["p:environment"], "dev")
    assert [(line, column, message.split(": ")[0]) for _, line, column, message in places(raised.value, tmp_path)] == [
        (6, 9, "environment.pools.etl.typ"),
        (7, 5, "environment.variables"),
    ]


@pytest.mark.parametrize(
    ("where", "place"),
    [
        ("Pulumi.dev.yaml", (1, 1)),
        ("Pulumi.dev.yaml: secretsprovider", (12, 1)),
        ("Pulumi.dev.yaml: config.p:environment", (2, 3)),
        ("Pulumi.dev.yaml: config.p:environment.server.api_url", (3, 14)),
        ("Pulumi.dev.yaml: environment.pools.etl.typ", (6, 9)),
        ("Pulumi.dev.yaml: environment.secrets.token.exec", (2, 3)),
        ("Pulumi.dev.yaml: environment.variables[0]", (8, 9)),
        ("Pulumi.dev.yaml: bare", (9, 3)),
        ("Pulumi.dev.yaml: config.prefect:apiKey", (10, 3)),
    ],
)
def test_a_key_is_found(tmp_path: Path, where: str, place: tuple[int, int]) -> None:
    (told,) = places(InputError("it is wrong", where=where), tmp_path)
    assert (told[0], told[1:3]) == ("Pulumi.dev.yaml", place)


def test_what_is_about_no_file_of_the_project_says_nothing(tmp_path: Path) -> None:
    for where in ("", "--stack", "PULUMI_CONFIG_PASSPHRASE", "Pulumi.nope.yaml: a", "http://127.0.0.1:9/api"):
        assert places(InputError("it is wrong", where=where), tmp_path) == []


def test_syntax_has_line_and_column_and_secrets_are_masked(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        parse("a: 1\n  b: [\n", "Pulumi.dev.yaml")
    both = ManyErrors([raised.value, InputError("a known secret", where="Pulumi.dev.yaml: bare")])
    masker = Masker(["a known secret"])
    (tmp_path / "Pulumi.dev.yaml").write_text(STACK)
    syntax, masked = of_error(both, tmp_path, masker)
    assert (syntax.line, syntax.column, syntax.code) == (2, 4, "stack-file")
    assert (masked.line, masked.message) == (9, "bare: [secret]")


def test_paths_begin_at_the_repository(tmp_path: Path) -> None:
    root = tmp_path / "deep" / "project"
    root.mkdir(parents=True)
    one, two = (Diagnostic("a.yaml", line, 1, Severity.ERROR, "stack-file", "x") for line in (2, 1))
    assert [each.file for each in in_repository([one, two, one], root)] == ["a.yaml", "a.yaml"]
    (tmp_path / ".git").mkdir()
    assert [(each.file, each.line) for each in in_repository([one, two, one], root)] == [
        ("deep/project/a.yaml", 1),
        ("deep/project/a.yaml", 2),
    ]
