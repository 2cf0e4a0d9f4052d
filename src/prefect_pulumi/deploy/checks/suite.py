"""The checks of a whole `prefect.yaml`, before anything is written: all faults at once; pure.

What they need to know comes in: the imported flows (`deploy.flows`), what the stack declares and the server has
(`context.py`), the environment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from prefect_pulumi.deploy.checks.context import UNKNOWN_VALUE, DeployContext
from prefect_pulumi.deploy.checks.entrypoints import check_entrypoints
from prefect_pulumi.deploy.checks.findings import STEP_KEYS, Entry, Findings, Subject, mapping
from prefect_pulumi.deploy.checks.references import check_references
from prefect_pulumi.deploy.checks.secrets import check_secrets
from prefect_pulumi.deploy.checks.steps import check_steps
from prefect_pulumi.deploy.checks.values import check_job_variables, check_parameters
from prefect_pulumi.deploy.file.document import Document, Finding, Severity, plain, shared_once
from prefect_pulumi.deploy.file.loader import checked, normal
from prefect_pulumi.deploy.file.placeholders import Placeholder, Source, filled, open_template
from prefect_pulumi.deploy.file.schedules import declared_schedule
from prefect_pulumi.deploy.flows.inspector import ImportResult
from prefect_pulumi.deploy.flows.source import Entrypoint, SourceFault


@dataclass(frozen=True)
class CheckReport:
    """`names`: full name (`flow/deployment`) of each entry, in file order, "" where it is not known. `data` is the
    file with environment and known variables filled in, except in steps. A fault or warning is `line N: key: message`;
    `findings` are both with their places.
    """

    names: tuple[str, ...]
    data: Mapping[str, Any]
    faults: tuple[str, ...]
    warnings: tuple[str, ...]
    findings: tuple[Finding, ...] = ()


def resolved(
    raw: Mapping[str, Any], env: Mapping[str, str], variables: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The file as `prefect deploy` reads it: environment and variables filled into the entries, except their steps."""
    known = variables or {}

    def lookup(placeholder: Placeholder) -> Any:
        if placeholder.source is Source.ENVIRONMENT:
            return env[placeholder.name]
        if placeholder.source is Source.VARIABLE and known.get(placeholder.name, UNKNOWN_VALUE) is not UNKNOWN_VALUE:
            return known[placeholder.name]
        raise KeyError(placeholder.name)

    entries = raw.get("deployments")
    done = [
        {key: value if key in STEP_KEYS else filled(value, lookup) for key, value in entry.items()}
        if isinstance(entry, Mapping)
        else entry
        for entry in (entries if isinstance(entries, list) else [])
    ]
    return {**raw, "deployments": done}


def entrypoints(data: Mapping[str, Any], root: Path) -> list[str]:
    """Those of the resolved file whose files exist: what there is to import."""
    names: dict[str, None] = {}
    for entry in data["deployments"]:
        text = mapping(entry).get("entrypoint")
        if isinstance(text, str) and not open_template(text):
            try:
                Entrypoint.parse(text, root)
            except SourceFault:
                continue
            names[text] = None
    return list(names)


def check_all(
    document: Document,
    data: Mapping[str, Any],
    root: Path,
    *,
    flows: Mapping[str, ImportResult],
    context: DeployContext,
    env: Mapping[str, str],
) -> CheckReport:
    """`data`: the document's plain data, with what the stack lays over it. Parts that are malformed are passed over
    by the checks that need them."""
    data = normal(data)
    raw = plain(data)
    done = resolved(raw, env, context.variables)
    listed = raw.get("deployments")
    entries = tuple(
        Entry(index, entry, done["deployments"][index])
        for index, entry in enumerate(listed if isinstance(listed, list) else [])
        if isinstance(entry, Mapping)
    )
    subject = Subject(raw, entries, root, flows, context, env)
    findings = Findings(document)
    names = check_entrypoints(subject, findings)
    check_references(subject, findings)
    check_secrets(subject, findings)
    check_steps(subject, findings)
    for entry in entries:
        check_parameters(subject, findings, entry)
        check_job_variables(subject, findings, entry)
        _agreements(subject, findings, entry)
        _schedules(findings, entry)
    form = checked(document, data)
    if not form.faults:
        # What was filled in is judged like what was written.
        form = checked(document, done)
    faults = [finding for finding in findings.of(Severity.FAULT) if not any(_follows(finding, f) for f in form.faults)]
    faults += form.faults
    warnings = [*checked(document, normal(document.data)).warnings, *findings.of(Severity.WARNING, Severity.NOTE)]
    if context.strict:
        faults += [
            replace(warning, message=f"{warning.message} (a warning without `strict: true`)")
            for warning in warnings
            if warning.severity is Severity.WARNING
        ]
        warnings = [warning for warning in warnings if warning.severity is Severity.NOTE]
    faults, warnings = (shared_once(_sorted(findings), done) for findings in (faults, warnings))
    return CheckReport(
        names=tuple(names.get(index, "") for index in range(len(done["deployments"]))),
        data=done,
        faults=tuple(dict.fromkeys(finding.text for finding in faults)),
        warnings=tuple(dict.fromkeys(finding.text for finding in warnings)),
        findings=(*faults, *warnings),
    )


def _sorted(findings: list[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda finding: (finding.line, finding.text))


def _follows(finding: Finding, fault: Finding) -> bool:
    """Whether a finding only says more of a value whose form is wrong."""
    form, keys = fault.keys, finding.keys
    if keys[: len(form)] != form:
        return False
    free = bool({*STEP_KEYS} & {*form}) or form[-1:] in (("parameters",), ("job_variables",))
    return free or (keys == form and "environment variable" in finding.text)


def _agreements(subject: Subject, findings: Findings, entry: Entry) -> None:
    if subject.context.cloud:
        return
    if entry.data.get("sla") is not None:
        findings.fault(
            (*entry.keys, "sla"),
            "service level agreements exist on Prefect Cloud only; the deploy would fail after it has written the "
            "deployment",
        )
    triggers = entry.data.get("triggers")
    for index, trigger in enumerate(triggers if isinstance(triggers, list) else []):
        if mapping(trigger).get("type") == "metric" or mapping(trigger).get("posture") == "Metric":
            findings.fault((*entry.keys, "triggers", index), "metric triggers exist on Prefect Cloud only")


_IDLE = {"anchor_date": ("interval", "an interval"), "day_or": ("cron", "cron")}
"""Key of a schedule -> the kind that it belongs to, and how that is called."""


def _schedules(findings: Findings, entry: Entry) -> None:
    first: dict[str, int] = {}
    bare: list[tuple[int, Mapping[str, Any]]] = []
    for index, (keys, schedule) in enumerate(entry.schedules):
        for key, (kind, called) in _IDLE.items():
            other = next((name for name in ("cron", "interval", "rrule") if name in schedule), "")
            if schedule.get(key) is not None and other and kind not in schedule:
                findings.warning((*keys, key), f"{key} belongs to {called}; Prefect ignores it beside {other}")
        slug = schedule.get("slug")
        if isinstance(slug, str) and slug in first:
            findings.fault((*keys, "slug"), f"the slug {slug!r} belongs to schedules[{first[slug]}] already")
        elif isinstance(slug, str):
            first[slug] = index
        else:
            fields = {**declared_schedule(schedule), "active": True}
            equal = next((place for place, other in bare if fields == other), None)
            if equal is not None:
                findings.warning(keys, f"it makes each run of schedules[{equal}] a second time; delete one of the two")
            bare.append((index, fields))
