"""What a flow's source says without being imported: the flow's name, and the project files it needs."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path


class SourceFault(Exception):
    """An entrypoint that does not lead to a flow."""


@dataclass(frozen=True)
class Entrypoint:
    """`path/to/file.py:function` (a method is `file.py:Class.method`)."""

    path: Path
    name: str

    @staticmethod
    def parse(text: str, root: Path) -> Entrypoint:
        file, found, name = text.rpartition(":")
        if not found or not file or not name:
            raise SourceFault(f"{text!r} is not path/to/file.py:function")
        if not file.endswith(".py"):
            file = file.replace(".", "/") + ".py"
        path = root / file
        if not path.is_file():
            raise SourceFault(f"there is no file {file}")
        return Entrypoint(path, name)


def flow_name(entrypoint: Entrypoint) -> str:
    """The name that Prefect will give: the decorator's `name`, else the function's with dashes.

    Raises `SourceFault` when the file has no such function, or it is no flow.
    """
    try:
        tree = ast.parse(entrypoint.path.read_text("utf-8"))
    except (SyntaxError, UnicodeDecodeError) as error:
        raise SourceFault(f"{entrypoint.path.name} is not valid Python: {error}") from error
    body: list[ast.stmt] = tree.body
    *holders, name = entrypoint.name.split(".")
    for holder in holders:
        body = next((node.body for node in body if isinstance(node, ast.ClassDef) and node.name == holder), [])
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name:
            return _decorated_name(node)
    raise SourceFault(f"{entrypoint.path.name} defines no {entrypoint.name}")


def _decorated_name(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    for decorator in node.decorator_list:
        call = decorator if isinstance(decorator, ast.Call) else None
        target = call.func if call else decorator
        last = target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "")
        if last != "flow":
            continue
        for keyword in call.keywords if call else []:
            if keyword.arg == "name":
                if isinstance(keyword.value, ast.Constant) and isinstance(keyword.value.value, str):
                    return keyword.value.value
                raise SourceFault(f"the name of flow {node.name} is computed; write it as a text, or set flow_name")
        return node.name.replace("_", "-")
    raise SourceFault(f"{node.name} is not decorated with @flow")


def needed_files(entrypoint: Path, root: Path) -> list[Path]:
    """The flow's file and the project modules that it imports, directly or not, in a stable order."""
    found: dict[Path, None] = {}
    todo = [entrypoint.resolve()]
    while todo:
        path = todo.pop()
        if path in found:
            continue
        found[path] = None
        try:
            tree = ast.parse(path.read_text("utf-8"))
        except (OSError, SyntaxError, UnicodeDecodeError):
            continue
        for module, level in _imports(tree):
            todo.extend(_module_files(module, level, path, root.resolve()))
    return sorted(found)


def _imports(tree: ast.AST) -> list[tuple[str, int]]:
    names: list[tuple[str, int]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.extend((alias.name, 0) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            names.append((base, node.level))
            names.extend((f"{base}.{alias.name}".strip("."), node.level) for alias in node.names)
    return names


def _module_files(module: str, level: int, importer: Path, root: Path) -> list[Path]:
    """Files inside the project for a dotted name: beside the importer (as a worker runs it) or from the root."""
    parts = module.split(".") if module else []
    starts = [importer.parents[level - 1]] if level else [importer.parent, root, root / "src"]
    files: list[Path] = []
    for start in starts:
        for count in range(len(parts), 0, -1):
            stem = start.joinpath(*parts[:count])
            files.extend(path for path in (stem.with_suffix(".py"), stem / "__init__.py") if path.is_file())
    return [path.resolve() for path in files if path.resolve().is_relative_to(root)]
