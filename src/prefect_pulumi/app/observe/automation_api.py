"""A stack that the official CLI keeps (Pulumi Cloud, S3, ...): observed by the Automation API's preview and refresh.

The CLI masks secrets in its events; that one differs it says by name. The program runs in this process, as an inline
program of the Automation API, so that no language host is needed.
"""

from __future__ import annotations

import contextlib
import os
import re
import runpy
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO

from prefect_pulumi.app.observe.base import Code, Live, Observation, managed
from prefect_pulumi.app.observe.embedded import read_group
from prefect_pulumi.app.session.view import StackView
from prefect_pulumi.core.errors import CannotCheckError, PrefectPulumiError
from prefect_pulumi.core.masking import secret_parts
from prefect_pulumi.core.property_paths import head
from prefect_pulumi.core.provider_protocol import Changes, DiffKind, DiffResult, ReadRequest, ReadResult
from prefect_pulumi.core.values import SECRET, SIGNATURE, Secret, from_checkpoint, has_secret
from prefect_pulumi.engine.plan.steps import PROVIDER_PREFIX, Op, Step
from prefect_pulumi.engine.sdk.program import in_directory
from prefect_pulumi.models import KINDS
from prefect_pulumi.project import layout, selection
from prefect_pulumi.project.stack import Stack
from prefect_pulumi.review.display import report_masker
from prefect_pulumi.state.entries import ResourceEntry, Snapshot

HIDDEN = "[hidden]"
"""Stands for every secret's value; what differs reads otherwise."""


def observe(view: StackView) -> Observation:
    """Raises `CannotCheckError` when the CLI is missing, or cannot read the stack."""
    cli = select_stack(view.stack, view.output)
    # The Automation API asks for an export with its secrets in clear: no report may show them.
    exported = _run_cli(lambda: cli.export_stack().deployment)
    snapshot = view.snapshot if view.stack.is_remote else _snapshot(exported)
    notes = ["read through the official CLI"]
    code = _code(cli, notes)
    live = _live(cli, snapshot, notes)
    _judge_others(cli, snapshot, code, live)
    _add_inventory(view.stack, snapshot, live, notes)
    own = {entry.id: "" for entry in snapshot.resources if entry.id}
    names = (entry.urn for entry in snapshot.resources)
    masker = report_masker(secret_parts(from_checkpoint(exported, lambda text: text), names))
    return Observation(snapshot, code, live, own, masker, notes)


def observe_code(view: StackView) -> Code:
    """What the program asks for, by the CLI's preview."""
    return _code(select_stack(view.stack, view.output), [])


def load_state(stack: Stack) -> Snapshot:
    """The state, secrets hidden; empty for a stack that does not exist yet."""
    try:
        return snapshot_of(select_stack(stack, None))
    except CannotCheckError as error:
        if "no stack named" in error.message:
            return Snapshot.empty()
        raise


def snapshot_of(cli: Any) -> Snapshot:
    """The state of an opened stack, its secrets hidden."""
    return _snapshot(_run_cli(lambda: cli.export_stack().deployment))


def select_stack(stack: Stack, output: TextIO | None, *, create: bool = False) -> Any:
    """The stack of the Automation API. Raises `CannotCheckError` when the CLI is missing or has no such stack;
    with `create` it is made then."""
    from pulumi import automation

    command = _command(stack)
    options = automation.LocalWorkspaceOptions(
        work_dir=str(stack.root), pulumi_command=command, env_vars=_environment(stack), secrets_provider=None
    )
    program = _program(stack, output)
    choose = automation.create_or_select_stack if create else automation.select_stack
    with selection.unchanged(stack):
        return _run_cli(lambda: choose(stack.name, stack.project.name, program, opts=options))


def _command(stack: Stack) -> Any:
    from pulumi import automation

    built = layout.tools_folder(stack.root) / "pulumi"
    try:
        return automation.PulumiCommand(root=str(built.parent.parent) if built.is_file() else None)
    except Exception as error:
        raise CannotCheckError(
            f"stack {stack.name} is kept where only the official CLI reaches, and it cannot be run: {error}",
            where="pulumi",
            remedy="make pulumi, or install it from https://www.pulumi.com/docs/iac/download-install/",
        ) from error


def _environment(stack: Stack) -> dict[str, str]:
    """On top of this process's own: where the provider is, and for a file backend of the project what it needs."""
    folders = [str(layout.tools_folder(stack.root)), str(Path(sys.executable).parent), os.environ.get("PATH", "")]
    variables = {"PATH": os.pathsep.join(folders), "PULUMI_SKIP_UPDATE_CHECK": "true"}
    if stack.backend_url:
        variables["PULUMI_BACKEND_URL"] = stack.backend_url
    return variables if stack.is_remote else variables | stack.cli_environment


def _program(stack: Stack, output: TextIO | None) -> Callable[[], None]:
    folder = stack.program

    def run() -> None:
        shown = contextlib.redirect_stdout(output) if output else contextlib.nullcontext()
        with in_directory(folder), shown:
            runpy.run_path(str(folder), run_name="__main__")

    return run


def _run_cli(call: Callable[[], Any]) -> Any:
    """What the CLI answers. Raises `CannotCheckError` with its own words."""
    from pulumi.automation import errors

    try:
        return call()
    except errors.CommandError as error:
        raise CannotCheckError(error_lines(str(error)), where="pulumi") from error


def error_lines(text: str) -> str:
    """The lines that say what was wrong, of all that the CLI printed."""
    lines = [line.strip() for line in text.splitlines()]
    said = [line for line in lines if re.match(r"error:|.*\berror: ", line)] or [line for line in lines if line][-3:]
    return "\n".join(dict.fromkeys(said))[:2000]


# The state


def _snapshot(deployment: Mapping[str, Any] | None) -> Snapshot:
    return Snapshot([_entry(raw) for raw in (deployment or {}).get("resources") or []])


def _entry(raw: Mapping[str, Any]) -> ResourceEntry:
    return ResourceEntry(
        raw["urn"],
        raw["type"],
        bool(raw.get("custom")),
        id=raw.get("id") or "",
        inputs=_values(raw.get("inputs")),
        outputs=_values(raw.get("outputs")),
        provider=raw.get("provider") or "",
        external=bool(raw.get("external")),
        delete=bool(raw.get("delete")),
        pending_replacement=bool(raw.get("pendingReplacement")),
        ignore_changes=list(raw.get("ignoreChanges") or []),
    )


def _values(raw: Any, differs: Iterable[str] = (), mark: str = HIDDEN) -> dict[str, Any]:
    """Property values of an event or of the state, secrets as `Secret(HIDDEN)`; those named in `differs` as `mark`."""
    values = {name: from_checkpoint(_hidden(value), lambda text: text) for name, value in (raw or {}).items()}
    changed = {head(path) for path in differs}
    return {name: Secret(mark) if name in changed and has_secret(value) else value for name, value in values.items()}


def _hidden(value: Any) -> Any:
    if isinstance(value, Mapping):
        if value.get(SIGNATURE) == SECRET:
            return {SIGNATURE: SECRET, "plaintext": f'"{HIDDEN}"'}
        return {key: _hidden(item) for key, item in value.items()}
    return [_hidden(item) for item in value] if isinstance(value, list) else value


# The program


def _code(cli: Any, notes: list[str], *, refresh: bool = False) -> Code:
    """`notes` gets the warnings of the program and of the providers."""
    events: list[Any] = []
    try:
        _run_cli(lambda: cli.preview(on_event=events.append, refresh=refresh))
    except PrefectPulumiError as error:
        error.message = "\n".join(_diagnosed(events, "error"))[:2000] or error.message
        return Code(problem=error)
    finally:
        notes += [text for text in _diagnosed(events, "warning") if text not in notes]
    steps: dict[str, Step] = {}
    for metadata in _steps(events):
        step = _step(metadata)
        before = steps.get(step.urn)
        if before is not None and before.op is Op.REPLACE and step.op is not Op.DELETE:
            step = replace(step, op=Op.REPLACE, diff=step.diff or before.diff)
        if before is None or before.op is not Op.REPLACE or step.op is Op.REPLACE:
            steps[step.urn] = step
    return Code(steps)


_OPS = {
    "create-replacement": Op.REPLACE,
    "delete-replaced": Op.DELETE_REPLACED,
    "discard-replaced": Op.DELETE_REPLACED,
    "read-replacement": Op.READ,
    "import-replacement": Op.IMPORT,
    "remove-pending-replace": Op.SAME,
}


def _step(metadata: Any) -> Step:
    name = str(getattr(metadata.op, "value", metadata.op))
    op = _OPS.get(name) or (Op(name) if name in set(Op) else Op.SAME)
    moved = [*(metadata.diffs or ()), *(metadata.detailed_diff or {})]
    old = _state(metadata.old) if metadata.old is not None else None
    new = _state(metadata.new, moved, "[asked]") if metadata.new is not None and op is not Op.DELETE else None
    detailed = {path: DiffKind(change.diff_kind.value) for path, change in (metadata.detailed_diff or {}).items()}
    diff = DiffResult(Changes.SOME, detailed, tuple(metadata.keys or ())) if moved or metadata.keys else None
    return Step(op, metadata.urn, metadata.type, old, new, diff)


def _state(raw: Any, differs: Iterable[str] = (), mark: str = HIDDEN) -> ResourceEntry:
    inputs, outputs = _values(raw.inputs, differs, mark), _values(raw.outputs, differs, mark)
    return ResourceEntry(
        raw.urn, raw.type, bool(raw.custom), id=raw.id or "", inputs=inputs, outputs=outputs, provider=raw.provider
    )


def _steps(events: Iterable[Any]) -> Iterable[Any]:
    """The steps in the order of their beginning; the end of one, where it came, in the place of its beginning."""
    steps: dict[tuple[str, str], Any] = {}
    for event in events:
        part = event.resource_pre_event or event.res_outputs_event
        if part is not None:
            metadata = part.metadata
            steps[metadata.urn, str(metadata.op)] = metadata
    return steps.values()


def _diagnosed(events: Iterable[Any], severity: str) -> list[str]:
    """The messages of that severity, each once."""
    diagnostics = [event.diagnostic_event for event in events if event.diagnostic_event is not None]
    texts = [
        re.sub(r"<\{%[^%]*%\}>", "", diagnostic.message).strip()
        for diagnostic in diagnostics
        if diagnostic.severity == severity
    ]
    return list(dict.fromkeys(texts))


# The server


def _live(cli: Any, snapshot: Snapshot, notes: list[str]) -> Live:
    """A refresh that is only a preview: the CLI asks the provider for every object and keeps nothing."""
    live, events = Live(), list[Any]()
    try:
        _run_cli(lambda: cli.preview_refresh(on_event=events.append))
    except PrefectPulumiError as error:
        error.message = "\n".join(_diagnosed(events, "error"))[:2000] or error.message
        live.failed["server"] = error
    notes += [text for text in _diagnosed(events, "warning") if text not in notes]
    wanted = {entry.urn: entry for entry in managed(snapshot)}
    for event in events:
        metadata = event.res_outputs_event.metadata if event.res_outputs_event is not None else None
        entry = wanted.get(metadata.urn) if metadata is not None else None
        if metadata is None or entry is None:
            continue
        if str(getattr(metadata.op, "value", metadata.op)) == "delete" or metadata.new is None:
            live.answers[entry.urn] = ReadResult("", {}, {})
            continue
        moved = [*(metadata.diffs or ()), *(metadata.detailed_diff or {})]
        new = _state(metadata.new, moved, "[live]")
        live.answers[entry.urn] = ReadResult(new.id or entry.id, new.inputs, new.outputs)
    live.done = sorted({entry.type.rsplit(":", 1)[-1] for urn, entry in wanted.items() if urn in live.answers})
    return live


def _judge_others(cli: Any, snapshot: Snapshot, code: Code, live: Live) -> None:
    """What the providers of other packages call different, by a preview after a refresh: what it would change and a
    preview without one would not is on the server's side."""
    others = [entry.urn for entry in managed(snapshot) if entry.type not in KINDS and entry.urn in live.answers]
    if not others or code.problem is not None:
        return
    refreshed = _code(cli, [], refresh=True)
    if refreshed.problem is not None:
        return
    for urn in others:
        plain, after = code.steps.get(urn), refreshed.steps.get(urn)
        planned = plain.diff.detailed if plain is not None and plain.diff is not None else {}
        found = after.diff.detailed if after is not None and after.diff is not None else {}
        detailed = {path: kind for path, kind in found.items() if path not in planned}
        live.diffs[urn] = DiffResult(Changes.SOME if detailed else Changes.NONE, detailed)


def _add_inventory(stack: Stack, snapshot: Snapshot, live: Live, notes: list[str]) -> None:
    """What no stack owns, and who and when, by the provider's own lists; credentials come from the environment."""
    from prefect_pulumi.engine.run.events import NullSink, SinkHost
    from prefect_pulumi.provider.inventory import BY_ID
    from prefect_pulumi.provider.provider import PrefectProvider

    for entry in snapshot.resources:
        url = entry.inputs.get("apiUrl")
        if entry.type != PROVIDER_PREFIX + "prefect" or not isinstance(url, str):
            continue
        provider = PrefectProvider(stack.root, SinkHost(NullSink()), read_only=True)
        provider.configure({"apiUrl": url})
        lists = Live()
        try:
            asked = [
                ReadRequest(managed_entry.urn, managed_entry.id, managed_entry.inputs, managed_entry.outputs)
                for managed_entry in managed(snapshot)
                if managed_entry.type.rsplit(":", 1)[-1] in BY_ID and managed_entry.provider.startswith(entry.urn)
            ]
            read_group(provider, asked, lists, {live.server} if live.server else set())
        finally:
            provider.close()
        live.server, live.version = live.server or url, live.version or lists.version
        if lists.failed:
            notes.append(f"what no stack owns on {url} is not known: {lists.problems[0].message}")
            continue
        live.objects.extend(lists.objects)
        live.rows.update(lists.rows)
    rows = {row.id: row for row in live.objects}
    for entry in managed(snapshot):
        answer = live.answers.get(entry.urn)
        id = answer.id if isinstance(answer, ReadResult) and answer.id else entry.id
        if id in rows:
            live.rows[entry.urn] = rows[id]
