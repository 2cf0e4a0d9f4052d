"""The project's work folder: its owner's alone, whatever the umask; it has the state, its passphrase and a database."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from prefect_pulumi.core.errors import ConfigError

WORK_FOLDER = ".infra"
RELEASE_MARK = ".prefect-release"
"""File in the folder of a release, whose work folder is a link to the project's."""


_links: set[Path] = set()


def link_folder(folder: Path, own: Path) -> None:
    """Makes the work folder `folder` of a copy a link to the project's `own`, for as long as this process runs."""
    folder.symlink_to(own)
    _links.add(folder)


def make_folder(path: Path) -> None:
    """Creates `path` and its parents; the work folder among them is the owner's alone. Raises `ConfigError` when the
    work folder leads elsewhere or belongs to another user."""
    for folder in (path, *path.parents):
        if folder.name == WORK_FOLDER:
            if not os.path.lexists(folder):
                folder.mkdir(parents=True, exist_ok=True)
                # In a repository whose own .gitignore does not know it, `git add -A` would take state and passphrase.
                (folder / ".gitignore").write_text("*\n", "utf-8")
            protect(folder)
            break
    path.mkdir(parents=True, exist_ok=True)


def protect(folder: Path) -> None:
    """Takes the work folder from all but its owner, if it exists. Raises `ConfigError` as `make_folder` does."""
    try:
        facts = folder.lstat()
        linked = folder in _links or (folder.parent / RELEASE_MARK).exists()
        if stat.S_ISLNK(facts.st_mode) and linked:
            folder = folder.resolve()
            facts = folder.lstat()
    except FileNotFoundError:
        return
    if stat.S_ISLNK(facts.st_mode):
        raise ConfigError(
            f"the work folder is a link to {folder.readlink()}: whoever owns that would have the state and the secrets",
            where=str(folder),
            remedy="move that folder here in place of the link",
        )
    if not stat.S_ISDIR(facts.st_mode):
        raise ConfigError("the work folder is a file", where=str(folder), remedy="move it away")
    if facts.st_uid != os.geteuid():
        raise ConfigError(
            f"the work folder belongs to user {facts.st_uid}, and this is user {os.geteuid()}",
            where=str(folder),
            remedy=f"run as that user, or: sudo chown -R {os.geteuid()} {folder}",
        )
    if facts.st_mode & 0o077:
        folder.chmod(0o700)
