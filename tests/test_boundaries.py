"""What a team edits stays plain: the program needs only the public face of the toolkit, the flows only Prefect."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ALLOWED = {
    "infra": {"pulumi", "pulumi_docker", "pydantic", "prefect_pulumi.components", "prefect_pulumi.resources"},
    "flows": {"prefect", "pydantic"},
}


def imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


@pytest.mark.parametrize("folder", ALLOWED)
def test_a_teams_files_import_only_what_is_public(folder: str) -> None:
    files = sorted((ROOT / folder).rglob("*.py"))
    assert files
    own = {path.stem for path in files} | {folder}
    for path in files:
        for name in imported(path):
            top = name.split(".")[0]
            known = top in sys.stdlib_module_names or top in own or name in ALLOWED[folder]
            assert known or top in ALLOWED[folder], f"{path.relative_to(ROOT)} imports {name}"
