"""Live values written back into the code, as a patch for `git apply` that was tried before it is offered."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from prefect_pulumi.app.events import Message
from prefect_pulumi.app.review.drift_report import drift_report, environment_of, load_rules
from prefect_pulumi.app.review.patches import code_of
from prefect_pulumi.app.session.read_only import RelocatedStack
from prefect_pulumi.app.session.view import StackView
from prefect_pulumi.core.errors import InputError, OperationError
from prefect_pulumi.core.folders import link_folder
from prefect_pulumi.core.globs import matches, matches_any
from prefect_pulumi.project import git, layout
from prefect_pulumi.review.edits import adoption
from prefect_pulumi.review.edits.adoption import Adopted, Code
from prefect_pulumi.review.model import Class, Item
from prefect_pulumi.review.remedies import reference


@dataclass(frozen=True, slots=True)
class AdoptRequest:
    """`objects`: names such as `WorkPool etl`, patterns; none: all that drifted."""

    objects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Adoption:
    """`patch` is for `git apply`; `left` says of each object that could not be adopted why."""

    patch: str
    left: tuple[str, ...] = ()


def adopt(view: StackView, request: AdoptRequest) -> Adoption:
    """Reads only; nothing of the trial is kept.

    Raises `InputError` for a name that matches no drift, `OperationError` when the changed code does not run.
    """
    environment = drift_report(view).environments[0]
    for note in environment.notes:
        view.sink.emit(Message("warning", note))
    chosen = chosen_items(environment.items, request.objects)
    code = code_of(view.stack)
    adopted = adoption.adopt(code, chosen)
    left = [*adopted.left, *_untrue(view, code, adopted, chosen)]
    return Adoption(adoption.diff(code, adopted, git.prefix(view.stack.project_dir)), tuple(left))


def chosen_items(items: Iterable[Item], names: Sequence[str]) -> list[Item]:
    """Drifted items of these names (`Kind name`, patterns); all without names. Raises `InputError` for no match."""
    drifted = [item for item in items if item.drifted and item.cls is not Class.UNMANAGED_LIVE]
    for name in names:
        if not any(matches(reference(item), name) for item in drifted):
            known = ", ".join(repr(reference(item)) for item in drifted[:10]) or "none"
            raise InputError(f"no drifted object named {name!r}", where="infra adopt", remedy=f"drifted: {known}")
    return [item for item in drifted if not names or matches_any(reference(item), names)]


def _untrue(view: StackView, code: Code, adopted: Adopted, items: Sequence[Item]) -> list[str]:
    """What the program still asks for in another way when it is run with the new files. Nothing of them is kept."""
    changed = {path: text for path, text in adopted.files.items() if text != code.files[path]}
    if not changed:
        return []
    with tempfile.TemporaryDirectory(prefix="prefect-pulumi-adopt-") as folder:
        root = Path(folder) / "project"
        stack = view.stack
        _copy(stack.project_dir, root)
        for path, text in changed.items():
            (root / path).write_text(text, "utf-8")
        # A stack that is pinned to a release runs that program, with the config of the working tree.
        program = root if stack.root == stack.project_dir else stack.root
        trial = RelocatedStack(program, stack.name, own=stack, files=root)
        environment = environment_of(view.at(trial), None, rules=load_rules(stack.project_dir), diffs=False)
    if environment.problems:
        raise OperationError(f"the changed code does not run: {environment.problems[0].message}", where="infra adopt")
    left = {line.split(":")[0] for line in adopted.left}
    names = {item.key: reference(item) for item in items}
    still = [item for item in environment.items if item.key in names and _still(item) and names[item.key] not in left]
    return [f"{names[item.key]}: the program does not take it from there; edit it by hand" for item in still]


def _still(item: Item) -> bool:
    return item.drifted and (item.cls is Class.MISSING_LIVE or any(change.cls.is_drift for change in item.fields))


def _copy(root: Path, target: Path) -> None:
    """The project without what git ignores most often; its private folder by reference."""
    ignored = shutil.ignore_patterns(".git", layout.WORK_FOLDER, ".venv", "__pycache__", "node_modules", "*.pyc")
    shutil.copytree(root, target, ignore=ignored, symlinks=True)
    if layout.work_folder(root).exists():
        link_folder(layout.work_folder(target), layout.work_folder(root))
    if (root / ".venv").exists():
        (target / ".venv").symlink_to(root / ".venv")
