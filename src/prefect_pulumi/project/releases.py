"""Stacks at their release: the pinned commit as a folder of its own, from which program, flows and worker run.

`.infra/releases/<commit>` holds the files of the commit; `.infra`, `.venv`, the stack files and the review's rules in
it are links to the project's, so that state, processes and config stay where they are whatever release runs.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

from prefect_pulumi.core.errors import ConfigError
from prefect_pulumi.core.folders import make_folder
from prefect_pulumi.core.suggestions import explain
from prefect_pulumi.models.release_record import ReleasePin
from prefect_pulumi.project import git, layout
from prefect_pulumi.project.stack import RULES_FILE, Stack
from prefect_pulumi.project.stack_file import StackConfig


def pin_of(stack: Stack) -> ReleasePin | None:
    """The release that the stack's config pins, if any. Raises `ConfigError` for a broken pin."""
    raw = stack.environment.get("release")
    if raw is None:
        return None
    try:
        return ReleasePin.model_validate(raw)
    except ValidationError as error:
        faults = "; ".join(explain(fault, ReleasePin.model_fields) for fault in error.errors())
        raise ConfigError(
            f"the pin must be a mapping with at least id, commit and stage ({faults})",
            where=f"{stack.config_file.name}: environment.release",
            remedy="infra promote and infra rollback write it",
        ) from None


def at_pin(stack: Stack) -> Stack:
    """The stack at its pinned release; the stack itself when nothing is pinned."""
    pin = pin_of(stack)
    return at_release(stack, pin) if pin else stack


def at_release(stack: Stack, pin: ReleasePin) -> Stack:
    """The stack with `pin` in place of the config's own, in the folder of that release. Writes only there."""
    at = replace(stack, root=checkout(stack.project_dir, pin.commit), pin=json.dumps(pin.document()))
    if stack.is_remote and pin_of(stack) != pin:
        # The official CLI reads files: there it finds the pin in a copy.
        file = at.root / stack.config_file.name
        text = file.read_bytes()
        file.unlink()
        file.write_bytes(text)
        config = StackConfig.load(file, stack.project.name)
        config.put(["environment", "release"], pin.document())
        config.save()
    return at


def checkout(root: Path, commit: str) -> Path:
    """The project's folder of a commit, created or restored. Raises `ConfigError` when the clone lacks the commit."""
    own = [RULES_FILE, *(path.name for path in layout.stack_files(root))]
    make_folder(layout.work_folder(root))
    released = git.checkout(root, commit, layout.releases_folder(root) / commit, own)
    for name in (*own, layout.WORK_FOLDER, ".venv"):
        link, target = released / name, (root / name).resolve()
        if link.is_symlink() and link.readlink() == target:
            continue
        if link.is_symlink() or link.is_file():
            link.unlink()
        if target.exists() and not link.exists():
            link.symlink_to(target)
    return released


def delete_unused(root: Path, needed: Collection[str]) -> list[str]:
    """Deletes the folders of releases whose commit is not `needed`; returns those commits."""
    folder = layout.releases_folder(root)
    unused = sorted(path.name for path in folder.iterdir() if path.is_dir() and path.name not in needed)
    for commit in unused:
        shutil.rmtree(folder / commit, ignore_errors=True)
        (folder / f"{commit}.index").unlink(missing_ok=True)
    return unused
