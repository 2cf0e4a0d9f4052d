"""`infra state ...` and `infra stack ...`: the state by hand, under the stack's lock."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

from prefect_pulumi.core.errors import ConfigError, ExitCode, InputError, StateError
from prefect_pulumi.engine import operations
from prefect_pulumi.engine.run.events import Sink
from prefect_pulumi.project.stack import Stack, as_json
from prefect_pulumi.state import checkpoint, integrity, state_edits
from prefect_pulumi.state.entries import Snapshot


def state(arguments: Namespace, stack: Stack, sink: Sink) -> ExitCode:
    """`delete`, `rename`, `unprotect`: URNs or, where only one resource has it, a resource's name."""

    def edit(snapshot: Snapshot) -> tuple[Snapshot, dict[str, Any]]:
        if arguments.action == "unprotect":
            if bool(arguments.urn) == arguments.all:
                raise InputError("name a resource, or give --all", where="infra state unprotect")
            urns = None if arguments.all else [_urn(snapshot, arguments.urn)]
            edited, freed = state_edits.unprotect(snapshot, urns)
            return edited, {"unprotected": freed}
        urn = _urn(snapshot, arguments.urn)
        if arguments.action == "rename":
            edited, new = state_edits.rename(snapshot, urn, arguments.name)
            return edited, {"renamed": {urn: new}}
        edited, gone = state_edits.delete(snapshot, urn, force=arguments.force, dependents=arguments.target_dependents)
        return edited, {"deleted": gone}

    done = _edit(stack, sink, edit)
    if arguments.json:
        sys.stdout.write(as_json(done) + "\n")
    else:
        for verb, what in done.items():
            names = [f"{old} -> {new}" for old, new in what.items()] if isinstance(what, dict) else what
            sys.stdout.write("".join(f"{verb} {name}\n" for name in names) or "nothing to do\n")
    return ExitCode.DONE


def _urn(snapshot: Snapshot, text: str) -> str:
    if "::" in text:
        return text
    found = [entry.urn for entry in snapshot.resources if entry.urn.split("::", 3)[-1] == text]
    if len(found) > 1:
        raise InputError(f"several resources have the name {text}", where="infra state", remedy=f"one of: {found}")
    return found[0] if found else text


def _edit(stack: Stack, sink: Sink, edit: Callable[[Snapshot], tuple[Snapshot, dict[str, Any]]]) -> dict[str, Any]:
    context = stack.context(sink, write=True)
    with operations.updating(context) as update:
        edited, done = edit(update.snapshot)
        context.backend.writer(stack.name).save(edited, context.manager)
    return done


def export(arguments: Namespace, stack: Stack) -> ExitCode:
    """The document of `pulumi stack export`. Secrets stay encrypted unless `--show-secrets` is given."""
    reader = stack.backend.reader(stack.name)
    if not reader.exists():
        raise ConfigError(
            f"stack {stack.name} has not been made yet", where="infra", remedy=f"infra up -s {stack.name}"
        )
    manager = stack.manager(write=False)
    deployment = checkpoint.render_deployment(reader.load(manager), manager, show_secrets=arguments.show_secrets)
    text = json.dumps({"version": checkpoint.VERSION, "deployment": deployment}, indent=4, ensure_ascii=False) + "\n"
    if arguments.file:
        Path(arguments.file).write_text(text, "utf-8")
    else:
        sys.stdout.write(text)
    return ExitCode.DONE


def bring_in(arguments: Namespace, stack: Stack, sink: Sink) -> ExitCode:
    """Takes such a document as the stack's state; what it says of pending operations is dropped, as the CLI does."""
    where = arguments.file or "standard input"
    try:
        data = Path(arguments.file).read_bytes() if arguments.file else sys.stdin.buffer.read()
        document = json.loads(data)
        deployment = document["deployment"]
    except OSError as error:
        raise InputError(error.strerror or str(error), where=where) from error
    except (ValueError, KeyError, TypeError) as error:
        raise InputError("it is not what `stack export` writes", where=where) from error
    manager = stack.manager(write=True)
    wrapped = {"version": document.get("version", checkpoint.VERSION), "checkpoint": {"latest": deployment}}
    try:
        new = checkpoint.parse(json.dumps(wrapped).encode(), manager, where)
    except StateError as error:
        raise InputError(error.message, where=error.where or where, remedy="mend the file") from error
    home = f"urn:pulumi:{stack.name}::{stack.project.name}::"
    strangers = [entry.urn for entry in new.resources if not entry.urn.startswith(home)]
    if strangers and not arguments.force:
        raise InputError(
            f"{strangers[0]} belongs to another stack", where=where, remedy=f"export from {stack.name}, or give --force"
        )
    kept = Snapshot(integrity.sort(new.resources), [], {}, manager.salt_text)
    _edit(stack, sink, lambda _: (kept, {}))
    sys.stdout.write(f"imported {len(kept.resources)} resources into stack {stack.name}\n")
    return ExitCode.DONE


def run(arguments: Namespace, stack: Stack, sink: Sink) -> ExitCode:
    if arguments.command == "state":
        return state(arguments, stack, sink)
    return export(arguments, stack) if arguments.action == "export" else bring_in(arguments, stack, sink)
