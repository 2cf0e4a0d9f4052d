"""`infra init`: writes the files of a project into a repository that has none, and nothing twice."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from prefect_pulumi.app.init.project_files import (
    GITATTRIBUTES,
    GITIGNORE,
    PLACEHOLDER,
    UNKNOWN_SERVER,
    WORKFLOWS,
    environment_variable,
    project_files,
    workflow_file,
)
from prefect_pulumi.app.init.repository import TOOLS, Repository, look, need_name
from prefect_pulumi.core.errors import InputError
from prefect_pulumi.models.provider_config import is_cloud
from prefect_pulumi.project import layout

PORT = 4200
PORTS_TRIED = 100


@dataclass(frozen=True, slots=True)
class InitRequest:
    """`name` and `server` in place of what the repository and Prefect's own settings say; "" for those. `workflows`:
    the code host that gets jobs for review, deploy and drift, a key of `WORKFLOWS`; "" for none."""

    folder: Path
    name: str = ""
    server: str = ""
    workflows: str = ""
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class FileChange:
    """`action`: `created`, `extended` by lines, or `kept` as it is. `text`: the file, or the lines that it gains."""

    name: str
    action: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class InitResult:
    """`notes`: what is left to the team, a line each."""

    repository: Repository
    changes: tuple[FileChange, ...]
    notes: tuple[str, ...]


Files = Callable[[Repository, int], Iterable[tuple[str, str]]]
"""Name and text of each file of a project, from its repository and the port of the dev stack's server."""


def initialize(request: InitRequest, files: Files = project_files) -> InitResult:
    """Makes `folder` a project of these files; an existing one is never overwritten.

    Raises `InputError` for a bad name and where the folder is inside another project or cannot be written,
    `PreflightError` for a `prefect.yaml` that is no YAML mapping.
    """
    root = request.folder.resolve()
    if not root.is_dir():
        raise InputError("there is no such folder", where=str(root))
    outer = layout.find_project(root)
    if outer is not None and outer != root:
        raise InputError(f"this folder is inside the project {outer}", where=str(root), remedy=f"cd {outer}")
    repository = look(root)
    repository = replace(
        repository,
        name=need_name(request.name) if request.name else repository.name,
        server=request.server or repository.server,
    )
    changes = (
        *(_file(root, name, text) for name, text in files(repository, _free_port())),
        *(_file(root, name, text) for name, text in workflow_file(repository, request.workflows)),
        _lines(root, ".gitignore", GITIGNORE),
        _lines(root, ".gitattributes", GITATTRIBUTES),
    )
    if not request.dry_run:
        for change in changes:
            _write(root, change)
    notes = [*_notes(repository, changes), *_workflow_notes(root, request.workflows, changes)]
    return InitResult(repository, changes, tuple(notes))


def _file(root: Path, name: str, text: str) -> FileChange:
    return FileChange(name, "kept") if (root / name).exists() else FileChange(name, "created", text)


def _lines(root: Path, name: str, lines: tuple[str, ...]) -> FileChange:
    path = root / name
    if not path.exists():
        return FileChange(name, "created", "".join(f"{line}\n" for line in lines))
    present = path.read_text("utf-8", errors="surrogateescape")
    missing = [
        line for line in lines if line not in present.splitlines() and line.rstrip("/") not in present.splitlines()
    ]
    if not missing:
        return FileChange(name, "kept")
    return FileChange(
        name, "extended", ("" if present.endswith("\n") or not present else "\n") + "\n".join([*missing, ""])
    )


def _write(root: Path, change: FileChange) -> None:
    path = root / change.name
    try:
        if change.action == "created":
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as file:
                file.write(change.text)
        elif change.action == "extended":
            with path.open("a", encoding="utf-8") as file:
                file.write(change.text)
    except OSError as error:
        raise InputError(error.strerror or str(error), where=str(path)) from error


def _free_port() -> int:
    """The first port from Prefect's own on that nothing listens on."""
    for port in range(PORT, PORT + PORTS_TRIED):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    return PORT


def _notes(repository: Repository, changes: tuple[FileChange, ...]) -> list[str]:
    written = {change.name for change in changes if change.action == "created"}
    notes = list(repository.notes)
    if "Pulumi.prod.yaml" in written:
        if repository.server in ("", UNKNOWN_SERVER):
            notes.append("Pulumi.prod.yaml: put the address of your Prefect server at `server.api_url`")
        elif is_cloud(repository.server):
            notes.append("Pulumi.prod.yaml: PREFECT_API_KEY, or infra config set --secret prefect:apiKey -s prod")
        if repository.pools:
            notes.append("Pulumi.prod.yaml: are the types of the pools those of your workers?")
    unknown = [name for name, use in repository.variables.items() if use.value == ""]
    if "Pulumi.dev.yaml" in written and unknown:
        notes.append(f"Pulumi.*.yaml: give the variables their values: {', '.join(unknown)}")
    if "Pulumi.dev.yaml" in written and repository.secrets:
        names = ", ".join(environment_variable(name) for name in repository.secrets)
        notes.append(f"the values of secrets come from the environment: {names}")
    if "prefect.yaml" in written and not repository.scripts:
        notes.append("prefect.yaml: list your deployments there")
    if repository.folders:
        files = ", ".join(repository.prefect_files)
        notes.append(f"one project deploys {files}; `infra init` in their folders instead makes a project of each")
    declared = [f"{block} (used by {use.where})" for block, use in repository.blocks.items()]
    if declared:
        notes.append(f"infra/: declare the blocks that flows load: {', '.join(declared)}")
    if not repository.requires_toolkit:
        notes.append(f"colleagues and CI need the toolkit too: {TOOLS[repository.tool][0]}")
    return notes


def _workflow_notes(root: Path, host: str, changes: tuple[FileChange, ...]) -> Iterator[str]:
    """About the jobs of a code host that were written, could not be, or may be wanted."""
    action = next((change.action for change in changes if change.name == WORKFLOWS.get(host)), "")
    if action == "created":
        yield f"{WORKFLOWS[host]}: put the repository that keeps prefect-pulumi for you in the place of {PLACEHOLDER}"
    elif action == "kept" and host == "gitlab":
        yield f"{WORKFLOWS[host]} was there before: docs/review.md of prefect-pulumi has the lines that it needs"
    elif not host and (root / ".github").is_dir() and not (root / WORKFLOWS["github"]).exists():
        yield "infra init --workflows github adds jobs that review, deploy and report drift"
