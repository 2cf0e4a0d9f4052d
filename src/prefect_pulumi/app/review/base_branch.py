"""The base branch's program, run from a git worktree of the merge base in a temporary folder. Nothing is written but
that folder, and git's own note of it, both of which are gone afterwards."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from prefect_pulumi.app.observe.base import Code
from prefect_pulumi.app.observe.stack import observe_code
from prefect_pulumi.app.session.read_only import RelocatedStack
from prefect_pulumi.app.session.view import StackView
from prefect_pulumi.core.errors import InputError, OperationError, PrefectPulumiError
from prefect_pulumi.core.folders import link_folder
from prefect_pulumi.project import git, layout, releases


def merge_base(root: Path, base: str) -> str:
    """Full hash of the newest commit that HEAD and `base` share. Raises `InputError` with the remedy."""
    commit = git.merge_base(root, base)
    if commit:
        return commit
    shallow = git.is_shallow(root)
    raise InputError(
        f"git finds no commit that HEAD shares with {base!r}",
        where="infra review --base",
        remedy="fetch the whole history (actions/checkout: fetch-depth: 0)" if shallow else f"git fetch origin {base}",
    )


@contextmanager
def worktree(root: Path, commit: str) -> Iterator[Path]:
    """The project's folder as it was at `commit`, over the private folder of `root`."""
    with tempfile.TemporaryDirectory(prefix="prefect-pulumi-base-") as folder, ExitStack() as cleanup:
        try:
            project = cleanup.enter_context(git.worktree(root, commit, Path(folder) / "base"))
        except OperationError as error:
            raise InputError(f"git worktree: {error.message}", where="infra review --base") from error
        private, link = layout.work_folder(root), layout.work_folder(project)
        if private.is_dir() and project.is_dir() and not link.exists():
            # Local servers and workers are known by files in this folder.
            link_folder(link, private)
            cleanup.callback(link.unlink, missing_ok=True)
        yield project


def base_code(view: StackView, folder: Path, *, cli: bool = False) -> Code:
    """What the base's program asks for; nothing where the base has no such stack yet."""
    if layout.project_file(folder) is None or not layout.stack_file(folder, view.name).is_file():
        return Code()
    try:
        base = RelocatedStack(folder, view.name, own=view.stack, files=folder)
        pin = releases.pin_of(base)
        if pin:
            base = replace(base, root=releases.checkout(view.stack.project_dir, pin.commit))
        return observe_code(view.at(base), cli=cli)
    except PrefectPulumiError as error:
        return Code(problem=error)
