"""Entrypoints and the names that they give to the deployments; pure but for a look at the project's files."""

from __future__ import annotations

from pathlib import Path

from prefect_pulumi.deploy.checks.findings import Entry, Findings, Subject
from prefect_pulumi.deploy.file.placeholders import open_template
from prefect_pulumi.deploy.flows.inspector import ImportResult
from prefect_pulumi.deploy.flows.source import Entrypoint, SourceFault, flow_name, is_script
from prefect_pulumi.project.layout import OTHERS_CODE


def check_entrypoints(subject: Subject, findings: Findings) -> dict[int, str]:
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
            findings.warning(
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
    try:
        entrypoint = Entrypoint.parse(text, subject.root)
        if is_script(text) and not entrypoint.path.resolve().is_relative_to(subject.root.resolve()):
            findings.warning(
                keys,
                f"{text.rpartition(':')[0]} lies outside of {subject.root}, the folder that is deployed: a run finds "
                "it only where the same path leads to it",
            )
        if imported is None:
            return flow_name(entrypoint)
    except SourceFault as error:
        findings.fault(keys, str(error))
        return ""
    if not imported.fault:
        return imported.flow
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
    if imported.flow:
        _read_from_source(subject, findings, entry, imported)
        return imported.flow
    remedy = "" if imported.absent else _remedy(subject, imported, script=is_script(text))
    findings.fault(keys, imported.fault if imported.absent else f"it cannot be imported: {imported.fault}{remedy}")
    return ""


def _read_from_source(subject: Subject, findings: Findings, entry: Entry, imported: ImportResult) -> None:
    """Prefect's own deploy takes name and parameters from the source when the import fails."""
    keys, module = (*entry.keys, "entrypoint"), imported.missing_module
    place = subject.context.named_in(module)
    if module and place:
        findings.note(
            keys,
            f"{module} is not installed here ({place} names it), so the flow is read from its source, without the "
            "types and defaults that need it; the worker needs it",
        )
        return
    findings.warning(
        keys,
        f"it cannot be imported: {imported.fault}; Prefect reads the flow from its source, so types and defaults that "
        f"need the import are not checked{_remedy(subject, imported, script=True)}",
    )


def _remedy(subject: Subject, imported: ImportResult, *, script: bool) -> str:
    if imported.missing_module:
        name = _own_module(subject.root, imported.missing_module)
        if name:
            return f"; there is {name}, but a run imports from the flow's folder and from {subject.root.name}"
        if not script:
            return "; install it here, or write path/to/file.py:function, which Prefect can read without it"
        return "; install it here, or list it in worker_packages when only the workers have it"
    variable = imported.fault.rpartition("KeyError: ")[2].strip("'")
    if variable in imported.variables and variable not in subject.env:
        return "; set the environment variable, or read it in the flow"
    return ""


def _own_module(root: Path, module: str) -> str:
    """The file or folder of the project that holds a module, "" where none does."""
    top, *rest = module.split(".")
    for path in sorted(root.rglob(f"{top}*")):
        if path.name in (top, f"{top}.py") and not OTHERS_CODE & {*path.parts}:
            inner = path.joinpath(*rest)
            for candidate in (inner, inner.with_suffix(".py")):
                if candidate.exists():
                    return candidate.relative_to(root).as_posix()
    return ""
