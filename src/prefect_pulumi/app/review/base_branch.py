"""The base branch's program, run from a git worktree of the merge base in a temporary folder. Nothing is written but
that folder, and git's own note of it, both of which are gone afterwards."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from prefect_pulumi.app.observe import automation_api
from prefect_pulumi.app.observe.embedded import Code, run_code
from prefect_pulumi.app.release import releases
from prefect_pulumi.app.session.read_only import ElsewhereStack, Notes, read_only_context
from prefect_pulumi.core.errors import InputError, PrefectPulumiError
from prefect_pulumi.project.stack import PRIVATE, Stack


def merge_base(root: Path, base: str) -> str:
    """Full hash of the newest commit that HEAD and `base` share. Raises `InputError` with the remedy."""
    for name in (base, f"origin/{base}"):
        done = _git(root, "merge-base", name, "HEAD")
        if done.returncode == 0:
            return done.stdout.strip()
    shallow = _git(root, "rev-parse", "--is-shallow-repository").stdout.strip() == "true"
    raise InputError(
        f"git finds no commit that HEAD shares with {base!r}",
        where="infra review --base",
        remedy="fetch the whole history (actions/checkout: fetch-depth: 0)" if shallow else f"git fetch origin {base}",
    )


@contextmanager
def worktree(root: Path, commit: str) -> Iterator[Path]:
    """The project's folder as it was at `commit`."""
    prefix = _git(root, "rev-parse", "--show-prefix").stdout.strip()
    with tempfile.TemporaryDirectory(prefix="prefect-pulumi-base-") as folder:
        place = Path(folder) / "base"
        done = _git(root, "worktree", "add", "--detach", "--force", str(place), commit)
        if done.returncode != 0:
            raise InputError(f"git worktree: {done.stderr.strip()}", where="infra review --base")
        try:
            made = place / prefix
            private = root / PRIVATE
            if private.is_dir() and made.is_dir() and not (made / PRIVATE).exists():
                # Local servers and workers are known by files in this folder.
                (made / PRIVATE).symlink_to(private, target_is_directory=True)
            yield made
        finally:
            (place / prefix / PRIVATE).unlink(missing_ok=True)
            _git(root, "worktree", "remove", "--force", str(place))


def base_code(stack: Stack, folder: Path, output: TextIO | None, *, cli: bool = False) -> Code:
    """What the base's program asks for; nothing where the base has no such stack yet."""
    if not (folder / f"Pulumi.{stack.name}.yaml").is_file() or not (folder / "Pulumi.yaml").is_file():
        return Code()
    try:
        base = ElsewhereStack(folder, stack.name, own=stack, files=folder)
        pin = releases.pin_of(base)
        if pin:
            base = replace(base, root=releases.checkout(stack.home, pin["commit"]))
        if cli or stack.is_remote:
            return automation_api.remote_code(base, output)
        return run_code(read_only_context(base, Notes(), output))
    except PrefectPulumiError as error:
        return Code(problem=error)


def _git(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, check=False)
