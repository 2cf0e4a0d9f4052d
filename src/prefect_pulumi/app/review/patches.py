"""Live values as patches of the project's files."""

from __future__ import annotations

from collections.abc import Sequence

from prefect_pulumi.core.yaml_source import decode
from prefect_pulumi.project import git, layout
from prefect_pulumi.project.stack import Stack
from prefect_pulumi.review.edits.adoption import Code, adopt, diff
from prefect_pulumi.review.model import Class, Item
from prefect_pulumi.review.remedies import with_diff

MOST_MODULES = 200
MOST_DIFFS = 50
"""A report offers this many; `infra adopt` has no limit."""


def code_of(stack: Stack) -> Code:
    """The files that may have to change."""
    root = stack.project_dir  # a stack that is pinned to a release is changed in the working tree all the same
    config, deploys = stack.config_file.name, "prefect.yaml"
    modules = [
        path.relative_to(root).as_posix()
        for path in sorted((root / (stack.project.main or ".")).rglob("*.py"))
        if not {layout.WORK_FOLDER, ".venv", "__pycache__"} & set(path.relative_to(root).parts)
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


def with_patches(stack: Stack, items: Sequence[Item]) -> list[Item]:
    """The items, each that can be adopted with its own patch."""
    wanted = [item for item in items if item.drifted and item.counts and item.cls is not Class.UNMANAGED_LIVE]
    if not wanted:
        return list(items)
    code, prefix = code_of(stack), git.prefix(stack.project_dir)
    diffs = {item.key: diff(code, adopt(code, [item]), prefix) for item in wanted[:MOST_DIFFS]}
    return [with_diff(item, diffs.get(item.key, "")) for item in items]
