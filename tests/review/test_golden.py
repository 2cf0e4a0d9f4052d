"""One golden report for each format. `GOLDEN=write` writes them again, to be reviewed in the diff."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import pytest

from tests.support.golden import need_golden

FORMATS = {"text": "txt", "document": "json", "markdown": "md", "html": "html", "junit": "xml"}


def compare(text: str, name: str) -> None:
    need_golden(text, Path(__file__).parent / "golden" / name)


@pytest.mark.parametrize("format", FORMATS)
def test_golden(format: str, sample: ModuleType) -> None:
    module = import_module(f"prefect_pulumi.review.renderers.{format}")
    render = module.to_json if format == "document" else module.render
    compare(render(sample.report()), f"report.{FORMATS[format]}")


@pytest.mark.parametrize("format", ["text", "markdown"])
def test_a_review_of_thirty_changes_reads_as_this(format: str, sample: ModuleType) -> None:
    assert len(sample.changes()) == 30
    compare(
        import_module(f"prefect_pulumi.review.renderers.{format}").render(sample.branch()), f"branch.{FORMATS[format]}"
    )


@pytest.mark.parametrize(("format", "words"), [("text", "in sync"), ("markdown", "in sync"), ("html", "in sync")])
def test_a_quiet_report_says_so(format: str, words: str, sample: ModuleType) -> None:
    assert words in import_module(f"prefect_pulumi.review.renderers.{format}").render(sample.quiet())


def test_junit_counts(sample: ModuleType) -> None:
    from prefect_pulumi.review.renderers.junit import render

    def suite(text: str) -> dict[str, str]:
        return ElementTree.fromstring(text.split("?>", 1)[1]).find("testsuite").attrib  # type: ignore[union-attr]

    assert (suite(render(sample.quiet()))["failures"], suite(render(sample.quiet()))["tests"]) == ("0", "2")
    loud = suite(render(sample.report()))
    assert int(loud["failures"]) == sum(item.counts for item in sample.report().environments[0].items) + 1
    assert loud["skipped"] == "2"  # what is accepted, and the policy that is overridden


@pytest.mark.parametrize("format", FORMATS)
def test_credentials_in_an_address_are_left_out(format: str, sample: ModuleType) -> None:
    assert "user:secret" not in (Path(__file__).parent / "golden" / f"report.{FORMATS[format]}").read_text("utf-8")
