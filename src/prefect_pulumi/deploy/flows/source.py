"""What a flow's source says without being imported: the flow's name, and the project files it needs."""

from __future__ import annotations

import ast
import os
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from prefect_pulumi.core.suggestions import closest
from prefect_pulumi.project.layout import OTHERS_CODE


class SourceFault(Exception):
    """An entrypoint that does not lead to a flow."""


def is_script(text: str) -> bool:
    """Whether an entrypoint names a file; Prefect imports any other by its module's name."""
    return ".py:" in text


@dataclass(frozen=True)
class Entrypoint:
    """`path/to/file.py:function`, also of a file outside of the folder, `module:function`, `package.module:function` or
    `package.module.function`; a method is `Class.method`, not in the form without a colon."""

    path: Path
    name: str

    @staticmethod
    def parse(text: str, root: Path) -> Entrypoint:
        """Raises `SourceFault` when there is no such file or module."""
        if is_script(text):
            file, _, name = text.rpartition(":")
            path = root / file
            if not path.is_file():
                raise SourceFault(f"there is no file {file}{_near(path, root)}")
        elif text.endswith(".py"):
            raise SourceFault(f"{text} names no function; write {text}:function")
        else:
            module, _, name = text.rpartition(":" if ":" in text else ".")
            if not module or not name:
                raise SourceFault(f"{text!r} is not path/to/file.py:function")
            if "/" in module and (root / f"{module}.py").is_file():
                raise SourceFault(f"{module} lacks its ending; write {module}.py:{name}")
            path = _module_path(module, root)
        if not name.replace(".", "_").isidentifier():
            raise SourceFault(f"{text!r} names no function; write path/to/file.py:function")
        return Entrypoint(path, name)


def _near(path: Path, root: Path) -> str:
    """A file of the project that may have been meant."""
    if path.suffix != ".py":
        return ""
    same = sorted(candidate for candidate in root.rglob(path.name) if not OTHERS_CODE & {*candidate.parts})
    if same:
        return f"; did you mean {same[0].relative_to(root).as_posix()}?"
    folder = path.parent if path.parent.is_dir() else root
    near = closest(path.name, [candidate.name for candidate in folder.glob("*.py")], cutoff=0.75)
    return f"; did you mean {relative(folder / near, root)}?" if near else ""


def _module_path(module: str, root: Path) -> Path:
    """File of a module of the project, or of an installed package. Nothing is imported."""
    if not all(part.isidentifier() for part in module.split(".")):
        raise SourceFault(f"{module!r} is neither a file ending with .py nor a module")
    folders = [root]
    top, *rest = module.split(".")
    try:
        spec = find_spec(top)
    except (ImportError, ValueError):
        spec = None
    if spec is not None and spec.submodule_search_locations:
        folders += [Path(folder).parent for folder in spec.submodule_search_locations]
    elif spec is not None and spec.has_location and spec.origin:
        folders.append(Path(spec.origin).parent)
    for folder in folders:
        stem = folder.joinpath(top, *rest)
        for path in (stem.with_suffix(".py"), stem / "__init__.py"):
            if path.is_file():
                return path
    raise SourceFault(f"there is no module {module}, neither in {root} nor installed")


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


def relative(path: Path, root: Path) -> str:
    """The path from `root` on, `../elsewhere.py` for one outside."""
    return Path(os.path.relpath(path, root)).as_posix()


def needed_files(entrypoint: Path, root: Path) -> list[str]:
    """The flow's file and the project modules that it imports, directly or not, relative to `root` and in a stable
    order. Of a flow outside of the project the modules in its folder count too."""
    root = root.resolve()
    folders = [root]
    if "site-packages" not in entrypoint.parts and not entrypoint.resolve().is_relative_to(root):
        folders.append(entrypoint.resolve().parent)
    files: dict[Path, None] = {}
    todo = [entrypoint.resolve()]
    while todo:
        path = todo.pop()
        if path in files:
            continue
        files[path] = None
        try:
            tree = ast.parse(path.read_text("utf-8"))
        except (OSError, SyntaxError, UnicodeDecodeError):
            continue
        for module, level in _imports(tree):
            todo.extend(_module_files(module, level, path, folders))
    return sorted(relative(path, root) for path in files if _within(path, folders))


def _within(path: Path, folders: Sequence[Path]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)


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


def _module_files(module: str, level: int, importer: Path, folders: Sequence[Path]) -> list[Path]:
    """Files inside `folders` for a dotted name: beside the importer (as a worker runs it) or from the first of them."""
    root = folders[0]
    parts = module.split(".") if module else []
    starts = [importer.parents[level - 1]] if level else [importer.parent, root, root / "src"]
    files: list[Path] = []
    for start in starts:
        for count in range(len(parts), 0, -1):
            stem = start.joinpath(*parts[:count])
            files.extend(path for path in (stem.with_suffix(".py"), stem / "__init__.py") if path.is_file())
    return [path.resolve() for path in files if _within(path.resolve(), folders)]
