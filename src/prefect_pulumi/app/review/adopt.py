"""`infra adopt`: live values into the code, as a diff for `git apply`, tried before it is offered."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from argparse import Namespace
from collections.abc import Iterable, Sequence
from pathlib import Path

from prefect_pulumi.app.session.read_only import ElsewhereStack
from prefect_pulumi.core.errors import ExitCode, InputError, OperationError
from prefect_pulumi.core.globs import matches, matches_any
from prefect_pulumi.core.yaml_source import decode
from prefect_pulumi.project.stack import PRIVATE, Stack
from prefect_pulumi.review.edits.adoption import Adopted, Code, adopt, diff
from prefect_pulumi.review.model import Class, Item
from prefect_pulumi.review.remedies import reference, with_diff

MOST_MODULES = 200
MOST_DIFFS = 50
"""A report offers this many; `infra adopt` has no limit."""


def run(arguments: Namespace, stack: Stack) -> ExitCode:
    """Prints the diff, or writes it to `--out`. Exit code 1 when something of what was asked cannot be adopted."""
    from prefect_pulumi.app.review.drift_report import drift_report

    report = drift_report(stack)
    chosen = chosen_items(report.environments[0].items, arguments.objects)
    code = code_of(stack)
    adopted = adopt(code, chosen)
    left = [*adopted.left, *_untrue(stack, code, adopted, chosen)]
    text = diff(code, adopted, prefix_of(stack.home))
    if arguments.out is None:
        sys.stdout.write(text)
    else:
        Path(arguments.out).write_text(text, "utf-8")
    for line in left:
        sys.stderr.write(f"not adopted: {line}\n")
    return ExitCode.FAILED if left else ExitCode.DONE


def chosen_items(items: Iterable[Item], names: Sequence[str]) -> list[Item]:
    """Drifted items of these names (`Kind name`, patterns); all without names. Raises `InputError` for no match."""
    drifted = [item for item in items if item.drifted and item.cls is not Class.UNMANAGED_LIVE]
    for name in names:
        if not any(matches(reference(item), name) for item in drifted):
            known = ", ".join(repr(reference(item)) for item in drifted[:10]) or "none"
            raise InputError(
                f"nothing that drifted is called {name!r}", where="infra adopt", remedy=f"drifted: {known}"
            )
    return [item for item in drifted if not names or matches_any(reference(item), names)]


def code_of(stack: Stack) -> Code:
    """The files that may have to change."""
    root = stack.home  # a stack that is pinned to a release is changed in the working tree all the same
    config, deploys = f"Pulumi.{stack.name}.yaml", "prefect.yaml"
    modules = [
        path.relative_to(root).as_posix()
        for path in sorted((root / (stack.project.main or ".")).rglob("*.py"))
        if not {PRIVATE, ".venv", "__pycache__"} & set(path.relative_to(root).parts)
    ][:MOST_MODULES]
    names = [name for name in (config, deploys) if (root / name).is_file()]
    files = {name: decode((root / name).read_bytes(), name) for name in [*names, *modules]}
    return Code(
        stack.project.name,
        files,
        config=config if config in files else "",
        deploys=deploys if deploys in files else "",
        program=modules,
    )


def offered(stack: Stack, items: Sequence[Item]) -> list[Item]:
    """The items, each that can be adopted with its own diff."""
    wanted = [item for item in items if item.drifted and item.counts and item.cls is not Class.UNMANAGED_LIVE]
    if not wanted:
        return list(items)
    code, prefix = code_of(stack), prefix_of(stack.home)
    diffs = {item.key: diff(code, adopt(code, [item]), prefix) for item in wanted[:MOST_DIFFS]}
    return [with_diff(item, diffs.get(item.key, "")) for item in items]


def prefix_of(root: Path) -> str:
    """The project's folder in its git repository, as diffs name it."""
    command = ["git", "-C", str(root), "rev-parse", "--show-prefix"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def _untrue(stack: Stack, code: Code, adopted: Adopted, items: Sequence[Item]) -> list[str]:
    """What the program still asks for in another way when it is run with the new files. Nothing of them is kept."""
    from prefect_pulumi.app.review.drift_report import environment_of, load_rules

    changed = {path: text for path, text in adopted.files.items() if text != code.files[path]}
    if not changed:
        return []
    with tempfile.TemporaryDirectory(prefix="prefect-pulumi-adopt-") as folder:
        root = Path(folder) / "project"
        _copy(stack.home, root)
        for path, text in changed.items():
            (root / path).write_text(text, "utf-8")
        # A stack that is pinned to a release runs that program, with the config of the working tree.
        program = root if stack.root == stack.home else stack.root
        trial = ElsewhereStack(program, stack.name, own=stack, files=root)
        found = environment_of(trial, None, output=sys.stderr, rules=load_rules(stack.home), diffs=False)
    if found.problems:
        raise OperationError(f"the changed code does not run: {found.problems[0].message}", where="infra adopt")
    left = {line.split(":")[0] for line in adopted.left}
    names = {item.key: reference(item) for item in items}
    still = [item for item in found.items if item.key in names and _still(item) and names[item.key] not in left]
    return [f"{names[item.key]}: the program does not take it from there; edit it by hand" for item in still]


def _still(item: Item) -> bool:
    return item.drifted and (item.cls is Class.MISSING_LIVE or any(change.cls.is_drift for change in item.fields))


def _copy(root: Path, target: Path) -> None:
    """The project without what git ignores most often; its private folder by reference."""
    ignored = shutil.ignore_patterns(".git", PRIVATE, ".venv", "__pycache__", "node_modules", "*.pyc")
    shutil.copytree(root, target, ignore=ignored, symlinks=True)
    for name in (PRIVATE, ".venv"):
        if (root / name).exists():
            (target / name).symlink_to(root / name)
