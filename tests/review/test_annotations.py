"""Diagnostics in each format: golden files, and what the formats' readers need to be so.

`GOLDEN=write` writes the files again.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from urllib.parse import unquote

import pytest

from prefect_pulumi.core.diagnostics import CODES, Diagnostic, Severity, code_of
from prefect_pulumi.review.model import Environment, Report
from prefect_pulumi.review.renderers.annotations import RENDERERS
from prefect_pulumi.review.renderers.document import from_json
from prefect_pulumi.review.renderers.formats import ANNOTATIONS, format_of, render

GOLDEN = Path(__file__).parent / "golden"
FILES = {
    "github": "annotations.txt",
    "sarif": "annotations.sarif",
    "gitlab": "gitlab.json",
    "rdjson": "annotations.rdjson",
}
CRON = "deployments[0].schedule.cron: 60 is not a minute"
SAID = (
    Diagnostic("infra/prefect.yaml", 7, 5, Severity.ERROR, "prefect-yaml", CRON),
    Diagnostic("infra/prefect.yaml", 9, 5, Severity.ERROR, "prefect-yaml", CRON),
    Diagnostic("infra/prefect.yaml", 12, 1, Severity.WARNING, "prefect-yaml", "100% of it, as: text\nof two lines"),
    Diagnostic(
        "Pulumi.dev.yaml", 3, 9, Severity.ERROR, "stack-file", "pools.etl.typ: unknown key", "did you mean type?"
    ),
    Diagnostic("a dir/ü: x,y.yaml", 1, 1, Severity.NOTE, "rules-file", "ein Wort\u202e\r"),
)


def report(*environments: Environment) -> Report:
    return Report("review", "2026-01-01T00:00:00Z", environments)


@pytest.mark.parametrize("format", RENDERERS)
def test_a_golden_file(format: str) -> None:
    shared = [Environment("dev", "", diagnostics=SAID[:3]), Environment("prod", "", diagnostics=SAID)]
    shown = render(report(*shared), format)
    file = GOLDEN / FILES[format]
    if os.environ.get("GOLDEN") == "write":
        file.write_text(shown, "utf-8", newline="")
    assert shown == file.read_bytes().decode()


def test_every_format_can_be_asked_for() -> None:
    assert tuple(RENDERERS) == ANNOTATIONS
    assert (format_of("x.sarif", "text"), format_of("x.rdjson", "text")) == ("sarif", "rdjson")


def test_github_reads_one_command_a_line() -> None:
    lines = RENDERERS["github"](SAID).splitlines()
    assert len(lines) == len(SAID)
    assert lines[2].endswith("::100%25 of it, as: text%0Aof two lines")
    assert lines[4].startswith("::notice file=a dir/ü%3A x%2Cy.yaml,line=1,col=1,title=prefect-pulumi rules-file::")


def test_sarif_has_what_code_scanning_needs() -> None:
    """The fields of GitHub's page on SARIF support."""
    log = json.loads(RENDERERS["sarif"](SAID))
    assert (log["version"], len(log["runs"])) == ("2.1.0", 1)
    driver, results = log["runs"][0]["tool"]["driver"], log["runs"][0]["results"]
    assert driver["name"] == "prefect-pulumi"
    for result, said in zip(results, SAID, strict=True):
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == said.code
        assert result["message"]["text"] == said.text
        place = result["locations"][0]["physicalLocation"]
        assert unquote(place["artifactLocation"]["uri"]) == said.file
        assert place["region"] == {"startLine": said.line, "startColumn": said.column}
    assert len({json.dumps(result["partialFingerprints"]) for result in results}) == len(SAID)


def test_a_fingerprint_outlives_a_move() -> None:
    moved = [Diagnostic(one.file, one.line + 30, 1, one.severity, one.code, one.message) for one in SAID]
    prints = [[item["fingerprint"] for item in json.loads(RENDERERS["gitlab"](said))] for said in (SAID, moved)]
    assert prints[0] == prints[1]


def test_nothing_to_say_is_a_document_too() -> None:
    shown = {format: renderer(()) for format, renderer in RENDERERS.items()}
    assert shown["github"] == ""
    assert json.loads(shown["gitlab"]) == []
    assert json.loads(shown["sarif"])["runs"][0]["results"] == []
    assert json.loads(shown["rdjson"])["diagnostics"] == []


def test_a_saved_report_keeps_them() -> None:
    saved = report(Environment("dev", "", diagnostics=SAID))
    assert from_json(render(saved, "json")) == saved


def test_every_file_has_a_rule() -> None:
    names = ("Pulumi.yaml", "Pulumi.dev.yaml", "review.yaml", "sub/prefect.yaml")
    assert {code_of(name) for name in names} == set(CODES)
