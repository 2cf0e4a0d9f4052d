"""The checks of a whole `prefect.yaml`, before anything is written: all faults at once; pure.

What they need to know comes in: the imported flows (`deploy.flows`), what the stack declares and the server has
(`context.py`), the environment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prefect_pulumi.deploy.checks.context import UNKNOWN_VALUE, DeployContext
from prefect_pulumi.deploy.checks.findings import STEP_KEYS, Entry, Finding, Findings, Subject, mapping
from prefect_pulumi.deploy.checks.references import check_references
from prefect_pulumi.deploy.checks.secrets import check_secrets
from prefect_pulumi.deploy.checks.steps import check_steps
from prefect_pulumi.deploy.checks.values import check_job_variables, check_parameters
from prefect_pulumi.deploy.file.document import Document, plain
from prefect_pulumi.deploy.file.loader import FormFault, checked, normal
from prefect_pulumi.deploy.file.placeholders import Placeholder, Source, filled, open_template
from prefect_pulumi.deploy.flows.inspector import ImportResult
from prefect_pulumi.deploy.flows.source import Entrypoint, SourceFault, flow_name
from prefect_pulumi.project.layout import OTHERS_CODE


@dataclass(frozen=True)
class CheckReport:
    """`names`: full name (`flow/deployment`) of each entry, in file order, "" where it is not known. `data` is the
    file with environment and known variables filled in, except in steps. A fault or warning is `line N: key: message`.
    """

    names: tuple[str, ...]
    data: Mapping[str, Any]
    faults: tuple[str, ...]
    warnings: tuple[str, ...]


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
    names = _names(subject, findings)
    check_references(subject, findings)
    check_secrets(subject, findings)
    check_steps(subject, findings)
    for entry in entries:
        check_parameters(subject, findings, entry)
        check_job_variables(subject, findings, entry)
        _agreements(subject, findings, entry)
        _slugs(findings, entry)
    _, form = checked(document, data)
    if not form:
        # What was filled in is judged like what was written.
        _, form = checked(document, done)
    reported = [finding for finding in findings.faults() if not any(_follows(finding, fault) for fault in form)]
    reported += [Finding(fault.line, fault.text, fault.keys) for fault in form]
    return CheckReport(
        names=tuple(names.get(index, "") for index in range(len(done["deployments"]))),
        data=done,
        faults=tuple(dict.fromkeys(finding.text for finding in sorted(reported))),
        warnings=tuple(findings.warnings()),
    )


def _follows(finding: Finding, fault: FormFault) -> bool:
    """Whether a finding only says more of a value whose form is wrong."""
    form, keys = fault.keys, finding.keys
    if keys[: len(form)] != form:
        return False
    free = bool({*STEP_KEYS} & {*form}) or form[-1:] in (("parameters",), ("job_variables",))
    return free or (keys == form and "environment variable" in finding.text)


def _names(subject: Subject, findings: Findings) -> dict[int, str]:
    """Index -> full name; every fault of an entrypoint, and names that are there twice."""
    names: dict[int, str] = {}
    first: dict[str, int] = {}
    for entry in subject.entries:
        flow = _flow(subject, findings, entry)
        own = entry.data.get("name")
        if not flow or not isinstance(own, str) or not own or open_template(own):
            continue
        declared = entry.data.get("flow_name")
        if isinstance(declared, str) and declared and not open_template(declared) and declared != flow:
            findings.fault(
                (*entry.keys, "flow_name"),
                f"the flow calls itself {flow!r}, and Prefect takes that; take flow_name out, or name the flow so",
            )
        name = f"{flow}/{own}"
        if name in first:
            findings.fault((*entry.keys, "name"), f"{name} is declared twice (first: deployments[{first[name]}])")
        first.setdefault(name, entry.index)
        names[entry.index] = name
    return names


def _flow(subject: Subject, findings: Findings, entry: Entry) -> str:
    """Name of an entry's flow, "" with a fault where there is none."""
    text, keys = entry.entrypoint, (*entry.keys, "entrypoint")
    if not text.strip() or open_template(text):
        return ""
    imported = subject.flows.get(text)
    if imported is not None and not imported.fault:
        return imported.flow
    try:
        entrypoint = Entrypoint.parse(text, subject.root)
        if imported is None:
            return flow_name(entrypoint)
    except SourceFault as error:
        findings.fault(keys, str(error))
        return ""
    if imported.needs_server:
        findings.warning(
            keys,
            "its import asks for a Prefect server, so its parameters are not checked; move the call into the flow "
            f"({imported.fault})",
        )
        try:
            return flow_name(entrypoint)
        except SourceFault:
            return ""
    if imported.flow and imported.missing_module.split(".", 1)[0] in subject.context.worker_packages:
        findings.warning(
            keys,
            f"{imported.missing_module} is not installed here, so the flow is read from its source; the worker needs "
            "it",
        )
        return imported.flow
    findings.fault(
        keys,
        imported.fault if imported.absent else f"it cannot be imported: {imported.fault}{_remedy(subject, imported)}",
    )
    return ""


def _remedy(subject: Subject, imported: ImportResult) -> str:
    if imported.missing_module:
        own = imported.missing_module.split(".", 1)[0]
        for path in sorted(subject.root.rglob(f"{own}*")):
            name = path.relative_to(subject.root).as_posix()
            if path.name in (own, f"{own}.py") and not OTHERS_CODE & {*path.parts}:
                return f"; there is {name}, but a run imports from the flow's folder and from {subject.root.name}"
        return "; install it here, or list it in worker_packages when only the workers have it"
    variable = imported.fault.rpartition("KeyError: ")[2].strip("'")
    if variable in imported.variables and variable not in subject.env:
        return "; set the environment variable, or read it in the flow"
    return ""


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


def _slugs(findings: Findings, entry: Entry) -> None:
    first: dict[str, int] = {}
    for index, (keys, schedule) in enumerate(entry.schedules):
        slug = schedule.get("slug")
        if isinstance(slug, str) and slug in first:
            findings.fault((*keys, "slug"), f"the slug {slug!r} belongs to schedules[{first[slug]}] already")
        elif isinstance(slug, str):
            first[slug] = index
