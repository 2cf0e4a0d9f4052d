"""What a repository of flows says of the Prefect that it needs: its `prefect.yaml`, its flows, its environment."""

from __future__ import annotations

import ast
import json
import os
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from prefect_pulumi.api.prefect_settings import read_settings
from prefect_pulumi.app.init.script_deployments import ScriptDeployment, script_deployments
from prefect_pulumi.core.errors import InputError
from prefect_pulumi.deploy.file import document, placeholders
from prefect_pulumi.deploy.file.placeholders import Source
from prefect_pulumi.deploy.flows.requirements import requirements
from prefect_pulumi.models.provider_config import api_address
from prefect_pulumi.project import git, layout
from prefect_pulumi.project.stack import NAME

PREFECT_FILE = "prefect.yaml"
DISTRIBUTION = "prefect-pulumi"
TOOLS = {
    "uv": (f"uv add --dev {DISTRIBUTION}", "pip install uv && uv sync --locked"),
    "poetry": (
        f"poetry add --group dev {DISTRIBUTION}",
        "pip install poetry && POETRY_VIRTUALENVS_IN_PROJECT=true poetry install",
    ),
    "requirements.txt": (
        f"a line {DISTRIBUTION} in requirements.txt",
        "python -m venv .venv && .venv/bin/pip install -r requirements.txt",
    ),
    "pyproject.toml": (
        f"{DISTRIBUTION} among the dependencies of pyproject.toml",
        "python -m venv .venv && .venv/bin/pip install .",
    ),
}
"""What keeps a repository's requirements -> how the toolkit becomes one of them; how all are installed into `.venv`."""
LARGEST = 1_000_000
"""Bytes of a Python file; what is larger was written by no person."""
LIMITS = {"concurrency", "rate_limit"}
OWN_MACHINE = {"127.0.0.1", "localhost", "::1", "0.0.0.0"}  # noqa: S104 - compared, not listened on
DOCKER_VARIABLES = {"image", "image_pull_policy", "networks", "volumes"}
"""Job variables that a pool of processes does not know."""


@dataclass
class Pool:
    """`queues`: those that deployments name, without `default`, which every pool has."""

    type: str = "process"
    queues: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Use:
    """Where a name is used, and the value that the code has for it until one is declared."""

    where: str
    value: Any = ""


@dataclass
class Repository:
    """`prefect_files`: paths, the top folder's alone where it has one. `scripts`: deployments that Python files make.
    `variables`, `secrets`, `limits` and `blocks` (the others that are loaded, `type/name`): name -> its first use.
    `server`: address of the team's Prefect, "" where none is known. `tool` keeps the repository's requirements: a
    key of `TOOLS`. `requires_toolkit`: whether the toolkit is among these."""

    root: Path
    name: str
    prefect_files: list[str] = field(default_factory=list)
    scripts: list[ScriptDeployment] = field(default_factory=list)
    pools: dict[str, Pool] = field(default_factory=dict)
    variables: dict[str, Use] = field(default_factory=dict)
    secrets: dict[str, Use] = field(default_factory=dict)
    limits: dict[str, Use] = field(default_factory=dict)
    blocks: dict[str, Use] = field(default_factory=dict)
    server: str = ""
    virtual_environment: str = ""
    tool: str = "requirements.txt"
    requires_toolkit: bool = False
    notes: list[str] = field(default_factory=list)

    @property
    def folders(self) -> list[str]:
        """Of the files of deployments; none where it is the top folder alone."""
        folders = [Path(name).parent.as_posix() for name in self.prefect_files]
        return [] if folders in ([], ["."]) else folders


def look(root: Path, environment: Mapping[str, str] | None = None) -> Repository:
    """Reads files only. Raises `PreflightError` for a `prefect.yaml` that is no YAML mapping."""
    environment = os.environ if environment is None else environment
    repository = Repository(
        root,
        _name(root),
        server=_server(environment, root),
        virtual_environment=_virtual_environment(root),
        tool=_tool(root),
        requires_toolkit=DISTRIBUTION in requirements([root]),
    )
    files = list(_files(root))
    repository.prefect_files = _prefect_files(files)
    for name in repository.prefect_files:
        _look_at_prefect_file(repository, name)
    for name in files:
        if name.endswith(".py"):
            _look_at_flows(repository, root / name)
    if not repository.prefect_files:
        _take_scripts(repository)
    return repository


def _name(root: Path) -> str:
    """Of pyproject.toml, else of the folder; with what a project's name may hold."""
    try:
        data = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
        name = data.get("project", {}).get("name") or data.get("tool", {}).get("poetry", {}).get("name")
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, AttributeError):
        name = ""
    return project_name(str(name or root.resolve().name))


def _tool(root: Path) -> str:
    files = {"uv.lock": "uv", "poetry.lock": "poetry", "requirements.txt": "requirements.txt"}
    files["pyproject.toml"] = "pyproject.toml"
    return next((tool for name, tool in files.items() if (root / name).is_file()), "requirements.txt")


def project_name(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", text).strip("-.")[:100] or "prefect-infra"


def need_name(name: str) -> str:
    """Raises `InputError` for a name that Pulumi does not take."""
    if not NAME.fullmatch(name):
        text = f"{name[:40]!r} is no project name: letters, digits, `_`, `.` and `-`, 100 at most"
        raise InputError(text, where="infra init --name")
    return name


def _server(environment: Mapping[str, str], root: Path) -> str:
    """The address that Prefect's own settings name. One on this machine is what the dev stack replaces."""
    settings = read_settings(["PREFECT_API_URL"], environment, root).get("PREFECT_API_URL")
    address = str(settings[0].value) if settings else ""
    host = urlsplit(address).hostname or ""
    return "" if not host or host in OWN_MACHINE else api_address(address)


def _virtual_environment(root: Path) -> str:
    """The environment of this command, relative to the repository; "" when it is elsewhere."""
    prefix = Path(sys.prefix)
    return prefix.relative_to(root).as_posix() if prefix != root and prefix.is_relative_to(root) else ""


def _prefect_files(files: Iterable[str]) -> list[str]:
    """The top folder's file speaks for the whole repository; where there is none, those of its folders do."""
    names = [name for name in files if Path(name).name == PREFECT_FILE]
    return [PREFECT_FILE] if PREFECT_FILE in names else names


def _look_at_prefect_file(repository: Repository, name: str) -> None:
    data = document.read(repository.root / name).data
    entries = data.get("deployments")
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, dict):
            _look_at_pool(repository, entry)
    for text in _texts(data):
        for placeholder in placeholders.find(text):
            if placeholder.source is Source.VARIABLE:
                repository.variables.setdefault(placeholder.name, Use(name))
            elif placeholder.source is Source.BLOCK:
                slug, block, _ = placeholder.block
                if slug == "secret":
                    repository.secrets.setdefault(block, Use(name))
                else:
                    repository.blocks.setdefault(f"{slug}/{block}", Use(name))


def _look_at_pool(repository: Repository, entry: Mapping[str, Any]) -> None:
    use = entry.get("work_pool")
    use = use if isinstance(use, dict) else {}
    name = use.get("name")
    if not isinstance(name, str) or not name or "{{" in name:
        repository.notes.append(
            f"deployment {entry.get('name')} names no work pool that can be declared: write `work_pool: {{name: ...}}`"
        )
        return
    pool = repository.pools.setdefault(name, Pool())
    queue = use.get("work_queue_name")
    if isinstance(queue, str) and queue not in {"default", *pool.queues} and "{{" not in queue:
        pool.queues.append(queue)
    variables = use.get("job_variables")
    if isinstance(variables, dict) and DOCKER_VARIABLES & set(variables):
        pool.type = "docker"


def _take_scripts(repository: Repository) -> None:
    """What the scripts deploy becomes the file of deployments; a deployment that two of them make is there once."""
    own: dict[tuple[str, str], ScriptDeployment] = {}
    for script in repository.scripts:
        if "name" in script.left:
            repository.notes.append(
                f"{script.where}: the name of the deployment is computed; list it in {PREFECT_FILE}"
            )
            continue
        entry = script.entry
        if own.setdefault((entry["entrypoint"], entry["name"]), script) is script:
            _look_at_pool(repository, entry)
            if script.left:
                names = ", ".join(script.left)
                text = f"{PREFECT_FILE}: {entry['name']} lacks what {script.where} computes: {names}"
                repository.notes.append(text)
    repository.scripts = list(own.values())
    served = dict.fromkeys(script.where.rpartition(":")[0] for script in own.values() if script.served)
    if served:
        repository.notes.append(
            f"workers run the deployments of {', '.join(served)} now: end `serve` there before you take them over, it "
            "pauses them when it ends"
        )


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _files(root: Path) -> Iterator[str]:
    """Paths of the Python files and the files of deployments that are the repository's own, by name."""
    names = git.list_files(root) if (root / ".git").exists() else None
    if names is None:
        paths = [*root.rglob("*.py"), *root.rglob(PREFECT_FILE)]
        names = [path.relative_to(root).as_posix() for path in paths]
    for name in sorted(names):
        wanted = name.endswith(".py") or Path(name).name == PREFECT_FILE
        if wanted and not {*Path(name).parts} & layout.OTHERS_CODE and (root / name).is_file():
            yield name


def _look_at_flows(repository: Repository, path: Path) -> None:
    """Names that the flows give to Prefect's own functions as plain text."""
    try:
        if path.stat().st_size > LARGEST:
            return
        source = path.read_bytes()
        tree = ast.parse(source) if b"prefect" in source else None
    except (OSError, SyntaxError, ValueError):
        return
    if tree is None:
        return
    where = path.relative_to(repository.root).as_posix()
    repository.scripts += script_deployments(tree, path, repository.root)
    imported = _imported(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            name = node.args[0].value
            if isinstance(name, str):
                _note_call(repository, imported, node, name, where)


def _imported(tree: ast.AST) -> dict[str, str]:
    """Name in the file -> `module.name`, of what comes from Prefect and its collections."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0].startswith("prefect"):
            names |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return names


def _note_call(repository: Repository, imported: Mapping[str, str], call: ast.Call, name: str, where: str) -> None:
    function = call.func
    if isinstance(function, ast.Name):
        if imported.get(function.id, "").rsplit(".", 1)[-1] in LIMITS:
            repository.limits.setdefault(name, Use(where))
        return
    if not isinstance(function, ast.Attribute) or not isinstance(function.value, ast.Name):
        return
    kind = imported.get(function.value.id, "").rsplit(".", 1)[-1]
    if kind == "Variable" and function.attr in {"get", "aget"}:
        repository.variables.setdefault(name, Use(where, _default(call)))
    elif kind == "Secret" and function.attr in {"load", "aload"}:
        repository.secrets.setdefault(name, Use(where))
    elif kind and function.attr in {"load", "aload"}:
        repository.blocks.setdefault(f"{kind}/{name}", Use(where))


def _default(call: ast.Call) -> Any:
    """Of `Variable.get(name, default=...)`, where it is written out."""
    values = [*call.args[1:2], *(keyword.value for keyword in call.keywords if keyword.arg == "default")]
    try:
        value = ast.literal_eval(values[0]) if values else ""
        json.dumps(value)
    except (TypeError, ValueError):
        return ""
    return "" if value is None else value
