"""`infra review --from`: a report that another job wrote, taken for a stranger's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from prefect_pulumi.cli.main import main
from prefect_pulumi.review.model import Class, Environment, Item, Report, Verdict
from prefect_pulumi.review.renderers.document import to_json


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "Pulumi.yaml").write_text("name: p\nruntime: python\n")
    (tmp_path / "Pulumi.dev.yaml").write_text("config: {}\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(folder: Path, **over: object) -> Path:
    item = Item("urn:x", "WorkPool", "etl", Class.CHANGED_LIVE)
    environment = Environment("dev", "http://x/api", items=(item,), objects=1, **over)  # type: ignore[arg-type]
    path = folder / "review.json"
    path.write_text(to_json(Report("review", "2026-11-25T07:00:00Z", (environment,), "p", "c" * 40)))
    return path


def test_the_exit_code_is_the_reports_own(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["review", "--from", str(written(folder))]) == 0
    assert "1 changed live" in capsys.readouterr().out
    assert main(["review", "--from", str(written(folder, verdicts=(Verdict("p", "no"),)))]) == 3
    assert main(["review", "--from", str(folder / "none.json")]) == 2
    (folder / "bad.json").write_text("{}")
    assert main(["review", "--from", str(folder / "bad.json")]) == 2


def test_a_forged_report_makes_no_markup(folder: Path) -> None:
    path = written(folder)
    evil = "<img src=x> [a](http://b) | @team"
    document = json.loads(path.read_text())
    document |= {"commit": "<b>" + "c" * 40, "base": "<i>", "time": evil, "project": "--> <b>"}
    document["environments"][0]["stack"] = evil
    document["environments"][0]["items"][0] |= {"kind": evil, "note": evil, "name": evil}
    path.write_text(json.dumps(document))
    assert main(["review", "--from", str(path), "--out", "review.md"]) == 0
    text = (folder / "review.md").read_text()
    for raw in ("<img", "<b>c", "<i>", "](http", "@team", "--> <"):
        assert raw not in text
    assert text.startswith("<!-- prefect-pulumi-review: ")
    assert text.splitlines()[0].count("-->") == 1


def test_post_outside_of_a_pull_request_is_bad_input(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["review", "--from", str(written(folder)), "--post"]) == 2
    assert "GITHUB_REPOSITORY" in capsys.readouterr().err
