"""The program run as a preview with changed files, in a copy of the project that is gone afterwards."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from prefect_pulumi.app.observe.base import Observation
from prefect_pulumi.app.observe.stack import observe_code
from prefect_pulumi.app.review.comparison import compared_resources
from prefect_pulumi.app.session.read_only import RelocatedStack
from prefect_pulumi.app.session.view import StackView
from prefect_pulumi.core.errors import PrefectPulumiError
from prefect_pulumi.core.folders import link_folder
from prefect_pulumi.project import layout
from prefect_pulumi.review.classify import classify
from prefect_pulumi.review.edits.adoption import Target
from prefect_pulumi.review.model import Class, Item


@dataclass(frozen=True)
class Outcome:
    """`problem`: why the program does not run, "" when it does; `still`: the targets that it asks for as before."""

    problem: str = ""
    still: frozenset[Target] = frozenset()


class ProgramTrial:
    """`folder`: the copy of the project. The server was read before, and is not read again."""

    def __init__(
        self, view: StackView, observation: Observation, items: Sequence[Item], folder: Path, *, cli: bool
    ) -> None:
        self._view, self._observation, self._items, self._folder, self._cli = view, observation, items, folder, cli

    def run(self, files: Mapping[str, bytes]) -> Outcome:
        """`files`: path -> content, of those that change."""
        stack = self._view.stack
        for path, content in files.items():
            (self._folder / path).write_bytes(content)
        try:
            # A stack that is pinned to a release runs that program, with the config of the working tree.
            program = self._folder if stack.root == stack.project_dir else stack.root
            moved = RelocatedStack(program, stack.name, own=stack, files=self._folder)
            code = observe_code(self._view.at(moved), cli=self._cli)
        except PrefectPulumiError as error:
            return Outcome(error.first_line)
        finally:
            for path in files:
                shutil.copyfile(stack.project_dir / path, self._folder / path)
        if code.problem is not None:
            return Outcome(code.problem.first_line)
        seen = self._observation
        compared = compared_resources(seen.snapshot, code, None, seen.live)
        after = {item.key: item for item in classify(compared, [], seen.masker, {})}
        return Outcome(still=frozenset(target for item in self._items for target in _still(item, after.get(item.key))))


@contextmanager
def open_trial(
    view: StackView, observation: Observation, items: Sequence[Item], *, cli: bool = False
) -> Iterator[ProgramTrial]:
    with tempfile.TemporaryDirectory(prefix="prefect-pulumi-adopt-") as folder:
        root = Path(folder) / "project"
        _copy(view.stack.project_dir, root)
        yield ProgramTrial(view, observation, items, root, cli=cli)


def _still(before: Item, after: Item | None) -> Iterator[Target]:
    if after is None:
        return
    if before.cls is Class.MISSING_LIVE:
        if after.cls is Class.MISSING_LIVE:
            yield before.key, ""
        return
    drifted = [change.path for change in after.fields if change.cls.is_drift]
    for change in before.fields:
        if any(path == change.path or path.startswith((f"{change.path}.", f"{change.path}[")) for path in drifted):
            yield before.key, change.path


def _copy(root: Path, target: Path) -> None:
    """The project without what git ignores most often; its private folder by reference."""
    ignored = shutil.ignore_patterns(".git", layout.WORK_FOLDER, ".venv", "__pycache__", "node_modules", "*.pyc")
    shutil.copytree(root, target, ignore=ignored, symlinks=True)
    if layout.work_folder(root).exists():
        link_folder(layout.work_folder(target), layout.work_folder(root))
    if (root / ".venv").exists():
        (target / ".venv").symlink_to(root / ".venv")
