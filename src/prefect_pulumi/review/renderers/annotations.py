"""Diagnostics in the forms that code hosts, editors and review bots read.

Sources: GitHub, "Workflow commands" and "SARIF support for code scanning"; OASIS, SARIF 2.1.0; GitLab, "Code quality
report format"; reviewdog, `proto/rdf`.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote

from prefect_pulumi.core.diagnostics import CODES, Diagnostic, Severity

TOOL = "prefect-pulumi"


def github(diagnostics: Sequence[Diagnostic]) -> str:
    """A workflow command on a line of its own for each: GitHub Actions shows them on the pull request's lines."""
    words = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
    return "".join(
        f"::{words[each.severity]} file={_property(each.file)},line={each.line},col={each.column},"
        f"title={_property(f'{TOOL} {each.code}')}::{_data(each.text)}\n"
        for each in diagnostics
    )


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def sarif(diagnostics: Sequence[Diagnostic]) -> str:
    """A log of one run, for GitHub's code scanning and editors."""
    codes = sorted({each.code for each in diagnostics})
    rules = [
        {"id": code, "shortDescription": {"text": CODES[code]}, "properties": {"tags": ["configuration"]}}
        for code in codes
    ]
    results = [
        {
            "ruleId": each.code,
            "ruleIndex": codes.index(each.code),
            "level": str(each.severity),
            "message": {"text": each.text},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": quote(each.file), "uriBaseId": "%SRCROOT%"},
                        "region": {"startLine": each.line, "startColumn": each.column},
                    }
                }
            ],
            "partialFingerprints": {"prefectPulumi/v1": print_},
        }
        for each, print_ in zip(diagnostics, _fingerprints(diagnostics), strict=True)
    ]
    run = {"tool": {"driver": {"name": TOOL, "rules": rules}}, "columnKind": "unicodeCodePoints", "results": results}
    schema = "https://json.schemastore.org/sarif-2.1.0.json"
    return _json({"$schema": schema, "version": "2.1.0", "runs": [run]})


def gitlab(diagnostics: Sequence[Diagnostic]) -> str:
    """The artifact `codequality` of a GitLab job."""
    severities = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.NOTE: "info"}
    return _json(
        [
            {
                "description": each.text,
                "check_name": each.code,
                "fingerprint": print_,
                "severity": severities[each.severity],
                "location": {"path": each.file, "lines": {"begin": each.line}},
            }
            for each, print_ in zip(diagnostics, _fingerprints(diagnostics), strict=True)
        ]
    )


def rdjson(diagnostics: Sequence[Diagnostic]) -> str:
    """The input of `reviewdog -f=rdjson`."""
    severities = {Severity.ERROR: "ERROR", Severity.WARNING: "WARNING", Severity.NOTE: "INFO"}
    listed = [
        {
            "message": each.text,
            "location": {"path": each.file, "range": {"start": {"line": each.line, "column": each.column}}},
            "severity": severities[each.severity],
            "code": {"value": each.code},
        }
        for each in diagnostics
    ]
    return _json({"source": {"name": TOOL}, "diagnostics": listed})


RENDERERS: dict[str, Callable[[Sequence[Diagnostic]], str]] = {
    "github": github,
    "sarif": sarif,
    "gitlab": gitlab,
    "rdjson": rdjson,
}


def _fingerprints(diagnostics: Sequence[Diagnostic]) -> list[str]:
    """The same for a diagnostic that only moved to another line; different ones within a document."""
    seen: Counter[tuple[str, str, str]] = Counter()
    prints = []
    for each in diagnostics:
        key = (each.file, each.code, each.message)
        prints.append(hashlib.sha256("\0".join([*key, str(seen[key])]).encode()).hexdigest())
        seen[key] += 1
    return prints


def _json(document: Any) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
