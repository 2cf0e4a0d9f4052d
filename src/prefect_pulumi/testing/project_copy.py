"""A copy of a project whose stack has its own server, state and passphrase: nothing in it reaches the team's."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from prefect_pulumi.core.errors import ConfigError
from prefect_pulumi.core.folders import make_folder
from prefect_pulumi.models.provider_config import INPUTS
from prefect_pulumi.project import git, layout
from prefect_pulumi.project.passphrase import NO_SALT, create_passphrase
from prefect_pulumi.project.stack import Stack
from prefect_pulumi.project.stack_file import StackConfig

IGNORED = frozenset({".git", ".venv", layout.WORK_FOLDER, "node_modules", "__pycache__"})
"""Folders of a project outside of git that no program needs."""
API_URL = "prefect:apiUrl"
CONNECTION = frozenset({"prefect:databaseUrl", *(f"prefect:{name}" for name in INPUTS)}) - {API_URL}
"""Keys of the stack file that are about the team's server alone."""
STATE = "file://.infra/state"


def copy_files(source: Path, target: Path) -> None:
    """What git knows or would take, else all but what is known to be nobody's source; links as links."""
    target.mkdir(parents=True, exist_ok=True)
    names = git.list_files(source)
    for name in _all_files(source) if names is None else names:
        file = source / name
        if file.is_symlink() or file.is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, target / name, follow_symlinks=False)
    if (source / ".venv").is_dir():
        (target / ".venv").symlink_to((source / ".venv").resolve())


def _all_files(source: Path) -> list[str]:
    names = []
    for folder, folders, files in os.walk(source):
        folders[:] = [name for name in folders if name not in IGNORED]
        names += [str((Path(folder) / name).relative_to(source)) for name in files]
    return names


def settle(source: Path, root: Path, name: str, port: int) -> bool:
    """Gives the stack of the copy in `root` a server at `port` in the place of its own, and a state in the copy.

    Returns whether the program itself starts that server (`environment.server`). Raises `ConfigError` for a stack file
    that names no server: then nobody knows which one the program would write to.
    """
    stack = Stack(root, name)
    config = stack.config
    embedded = isinstance(config.get("environment"), dict)
    if embedded:
        server = stack.environment.get("server")
        kept = {key: server[key] for key in ("host",) if key in server} if isinstance(server, dict) else {}
        config.put(["environment", "server"], {"embedded": True, "port": port, **kept})
        if "release" in stack.environment:
            config.remove(config.key_path("environment.release", path=True))
    elif config.get(API_URL) is not None:
        config.put([API_URL], f"http://127.0.0.1:{port}/api")
    else:
        raise ConfigError(
            f"the stack names no server that a test could replace: neither environment.server nor {API_URL}",
            where=config.path.name,
            remedy=f"let the program read its server from there, or test another stack than {name}",
        )
    for key in sorted(CONNECTION):
        if config.get(key) is not None:
            config.remove([key])
    _own_secrets(Stack(source, name), stack, config)
    config.save()
    _own_state(stack, name)
    return embedded


def _own_secrets(original: Stack, stack: Stack, config: StackConfig) -> None:
    """Secrets of the file need its passphrase; without any, the copy makes its own."""
    if not config.has_secrets:
        if config.salt:
            config.set_salt(NO_SALT)
        create_passphrase(stack)
    elif original.passphrase_file.is_file():
        make_folder(stack.work_dir)
        shutil.copy(original.passphrase_file, stack.passphrase_file)


def _own_state(stack: Stack, name: str) -> None:
    """A stage's own backend comes before every other choice of one."""
    from ruamel.yaml import YAML

    path = layout.project_file(stack.root) or stack.root / layout.PROJECT_FILES[0]
    document_format = YAML()
    document = document_format.load(path.read_text("utf-8"))
    promotion = document.get("promotion")
    if not isinstance(promotion, dict):
        promotion = document["promotion"] = {}
    promotion["backends"] = {**(promotion.get("backends") or {}), name: STATE}
    with path.open("w", encoding="utf-8") as file:
        document_format.dump(document, file)
