"""Two engines with one interface for tests of single operations: the same programs, states and worlds to compare.

The embedded engine is called in this process; the official CLI is one command for each operation, its program served
by the Automation API's own language server.
"""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from prefect_pulumi.app.session.context import engine_context
from prefect_pulumi.core.errors import PrefectPulumiError
from prefect_pulumi.engine import operations
from prefect_pulumi.engine.plan.scope import Selection
from prefect_pulumi.engine.run.events import Event, Message
from prefect_pulumi.engine.run.run_state import RunOptions
from prefect_pulumi.project.stack import Stack
from prefect_pulumi.state.entries import Snapshot
from tests.support import engines
from tests.support.engines import LANGUAGE_HOST, Failed
from tests.support.projects import Project

PASSPHRASE = "a passphrase of the tests"
PROJECT = "twin"


@dataclass
class Notes:
    """A sink that keeps its events."""

    events: list[Event] = field(default_factory=list)

    def emit(self, event: Event) -> None:
        self.events.append(event)

    @property
    def text(self) -> str:
        return "\n".join(event.text for event in list(self.events) if isinstance(event, Message))


@dataclass
class Side:
    """A project folder of one program and a stack; programs are texts. `said`: what the last operation printed."""

    root: Path
    stack: str = "dev"
    providers: str = ""
    said: str = ""
    name = ""

    @staticmethod
    def folder(root: Path, plugins: str = "") -> Path:
        (root / "infra").mkdir(parents=True)
        (root / "Pulumi.yaml").write_text(f"name: {PROJECT}\nruntime: python\nmain: infra\n{plugins}")
        Project(root).with_backend()
        for stack in ("dev", "prod"):
            (root / f"Pulumi.{stack}.yaml").write_text("config: {}\n")
        return root

    def write(self, program: str) -> None:
        (self.root / "infra" / "__main__.py").write_text(program)

    def config(self, text: str) -> None:
        """Replaces the stack's config; the salt stays."""
        path = self.root / f"Pulumi.{self.stack}.yaml"
        salt = [line for line in path.read_text().splitlines() if line.startswith("encryptionsalt")]
        path.write_text("\n".join([*salt, text]) + "\n")

    def on(self, stack: str) -> Any:
        """The same engine on another stack of the project."""
        raise NotImplementedError

    def up(self, program: str | None = None, **options: Any) -> dict[str, int]:
        raise NotImplementedError

    def preview(self, program: str | None = None, **options: Any) -> dict[str, int]:
        raise NotImplementedError

    def refresh(self, **options: Any) -> dict[str, int]:
        raise NotImplementedError

    def destroy(self, **options: Any) -> dict[str, int]:
        raise NotImplementedError

    def state(self) -> Snapshot:
        """The stack's state as this repository reads it."""
        with _environment(self.root, self.providers):
            stack = Stack(self.root, self.stack)
            return stack.backend.reader(self.stack).load(stack.manager(write=False))

    def outputs(self) -> dict[str, Any]:
        return next((e.outputs for e in self.state().resources if e.type == "pulumi:pulumi:Stack"), {})

    def entry(self, name: str) -> Any:
        found = [e for e in self.state().resources if e.urn.split("::", 3)[-1] == name and not e.delete]
        return found[0] if found else None


@contextlib.contextmanager
def _environment(root: Path, providers: str = "") -> Iterator[None]:
    """The variables that both engines need, around calls in this process."""
    values = {
        "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
        "PULUMI_BACKEND_URL": f"file://{root / 'state'}",
        "PULUMI_HOME": str(root.parent / "pulumi-home"),
        "PULUMI_DEBUG_PROVIDERS": providers,
    }
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _options(given: dict[str, Any]) -> RunOptions:
    names = ("targets", "excludes", "replace", "target_dependents", "exclude_dependents")
    selection = Selection(**{name: given[name] for name in names if name in given})
    return RunOptions(selection=selection, continue_on_error=given.get("continue_on_error", False))


@dataclass
class EmbeddedSide(Side):
    """`code`: the exit code of the last `infra`."""

    code: int = 0
    name = "embedded"

    def on(self, stack: str) -> EmbeddedSide:
        return EmbeddedSide(self.root, stack, self.providers)

    def _do(self, call: Callable[[Any], operations.Result], *, write: bool = True) -> dict[str, int]:
        notes, output = Notes(), io.StringIO()
        with _environment(self.root, self.providers):
            try:
                context = engine_context(Stack(self.root, self.stack), notes, write=write, output=output)
                result = call(context)
            except PrefectPulumiError as error:
                self.said = f"{notes.text}\n{output.getvalue()}\n{error}"
                raise Failed(self.said) from error
        self.said = f"{notes.text}\n{output.getvalue()}"
        return {op: count for op, count in result.summary.items() if op != "same"}

    def up(self, program: str | None = None, *, refresh: bool = False, **options: Any) -> dict[str, int]:
        if program is not None:
            self.write(program)
        return self._do(lambda context: operations.up(context, _options(options), refresh=refresh))

    def preview(self, program: str | None = None, *, refresh: bool = False, **options: Any) -> dict[str, int]:
        if program is not None:
            self.write(program)
        return self._do(lambda context: operations.preview(context, _options(options), refresh=refresh), write=False)

    def refresh(self, **options: Any) -> dict[str, int]:
        return self._do(lambda context: operations.refresh(context, _options(options)))

    def destroy(self, **options: Any) -> dict[str, int]:
        return self._do(lambda context: operations.destroy(context, _options(options)))

    def infra(self, *arguments: str, check: bool = True, named: bool = True) -> str:
        """Runs a command of `infra` in this process; returns what it printed. `named`: it gets the stack as `-s`."""
        from prefect_pulumi.cli.main import main

        before, output, errors = Path.cwd(), io.StringIO(), io.StringIO()
        os.chdir(self.root)
        try:
            with (
                _environment(self.root, self.providers),
                contextlib.redirect_stdout(output),
                contextlib.redirect_stderr(errors),
            ):
                code = main([*arguments, *(["-s", self.stack] if named else [])])
        finally:
            os.chdir(before)
        self.said, self.code = output.getvalue() + errors.getvalue(), int(code)
        if check and code != 0:
            raise Failed(self.said)
        return output.getvalue()


@dataclass
class OfficialSide(Side):
    cli: Path = Path("pulumi")
    name = "pulumi"

    def on(self, stack: str) -> OfficialSide:
        return OfficialSide(self.root, stack, self.providers, cli=self.cli)

    def command(self, *arguments: str) -> str:
        """Runs the CLI on the stack, made if it is not there yet; returns what it printed, stdout first."""
        file = self.root / "state" / ".pulumi" / "stacks" / PROJECT / f"{self.stack}.json"
        if not file.exists():
            self._run("stack", "init", self.stack)
        return self._run(*arguments, "--stack", self.stack)

    def _run(self, *arguments: str) -> str:
        (self.root / "state").mkdir(exist_ok=True)
        with _environment(self.root, self.providers):
            done = subprocess.run(
                [str(self.cli), *arguments, "--non-interactive"],
                cwd=self.root,
                env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true", "PULUMI_DEBUG_COMMANDS": "true"},
                capture_output=True,
                text=True,
                check=False,
                timeout=280,
                stdin=subprocess.DEVNULL,
            )
        self.said = f"{done.stdout}\n{done.stderr}"
        if done.returncode != 0:
            raise Failed(self.said)
        return done.stdout

    def _operate(self, verb: str, options: dict[str, Any], *more: str) -> dict[str, int]:
        flags = [f"--target={each}" for each in options.get("targets", ())]
        flags += [f"--exclude={each}" for each in options.get("excludes", ())]
        flags += [f"--replace={each}" for each in options.get("replace", ())]
        for name in ("target_dependents", "exclude_dependents", "continue_on_error"):
            if options.get(name):
                flags.append("--" + name.replace("_", "-"))
        if options.get("refresh"):
            flags.append("--refresh")
        log = self.root / "events.log"
        log.unlink(missing_ok=True)
        self.command(verb, *LANGUAGE_HOST.flags(), "--event-log", str(log), *flags, *more)
        return engines.event_summary(log)

    @staticmethod
    def _skip(options: dict[str, Any]) -> list[str]:
        """Its own preview tells nothing new where all is well, and takes as long as the rest."""
        return [] if options.get("previewed") else ["--skip-preview"]

    def up(self, program: str | None = None, **options: Any) -> dict[str, int]:
        if program is not None:
            self.write(program)
        return self._operate("up", options, "--yes", *self._skip(options))

    def preview(self, program: str | None = None, **options: Any) -> dict[str, int]:
        if program is not None:
            self.write(program)
        return self._operate("preview", options)

    def refresh(self, **options: Any) -> dict[str, int]:
        return self._operate("refresh", options, "--yes", *self._skip(options))

    def destroy(self, **options: Any) -> dict[str, int]:
        return self._operate("destroy", options, "--yes", *self._skip(options))


def plain(value: Any) -> Any:
    """A state's value for comparison: secrets marked, references and assets as tuples."""
    from prefect_pulumi.core.values import Archive, Asset, ResourceReference, Secret

    if isinstance(value, Secret):
        return ("secret", plain(value.value))
    if isinstance(value, ResourceReference):
        return ("reference", value.urn, bool(value.id))
    if isinstance(value, Asset | Archive):
        return (type(value).__name__, value.hash)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def compared(snapshot: Snapshot) -> dict[str, Any]:
    """The state without what may differ between two runs: order, times, ids that were made up, positions."""
    ids: dict[str, str] = {}
    for entry in snapshot.resources:
        if entry.type.startswith("pulumi:providers:") and entry.id:
            ids[entry.id] = "PROVIDER"
    found: dict[str, Any] = {}
    for entry in snapshot.resources:
        key = f"{entry.urn}{' (delete)' if entry.delete else ''}"
        provider = entry.provider
        for id, word in ids.items():
            provider = provider.replace(id, word)
        found[key] = {
            "custom": entry.custom,
            "id": ids.get(entry.id, entry.id),
            "inputs": plain(entry.inputs),
            "outputs": plain(entry.outputs),
            "parent": entry.parent,
            "dependencies": sorted(entry.dependencies),
            "propertyDependencies": {k: sorted(v) for k, v in entry.property_dependencies.items() if v},
            "provider": provider,
            "protect": entry.protect,
            "retainOnDelete": entry.retain_on_delete,
            "external": entry.external,
            "initErrors": bool(entry.init_errors),
            "pendingReplacement": entry.pending_replacement,
            "additionalSecretOutputs": sorted(entry.additional_secret_outputs),
            "ignoreChanges": sorted(entry.ignore_changes),
            "replaceOnChanges": sorted(entry.replace_on_changes),
            "customTimeouts": entry.custom_timeouts,
            "importID": entry.import_id,
            "deletedWith": entry.deleted_with,
            "stamped": (bool(entry.created), bool(entry.modified)),
        }
    return found
