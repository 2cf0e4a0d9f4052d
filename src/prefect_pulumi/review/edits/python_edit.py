"""Edits of a Pulumi program: the literal that a resource is given, replaced where it stands."""

from __future__ import annotations

import ast
import json
from collections.abc import Sequence
from typing import Any

from prefect_pulumi.core.diffs import ABSENT
from prefect_pulumi.review.edits.yaml_edit import CannotEditError

Step = str | int


class Source:
    """One module. Places are offsets into its UTF-8 bytes, as `ast` counts them."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._bytes = text.encode()
        try:
            self._tree = ast.parse(text)
        except SyntaxError as error:
            raise CannotEditError("it is not a Python module") from error
        self._lines = [0]
        for line in self._bytes.splitlines(keepends=True):
            self._lines.append(self._lines[-1] + len(line))

    def resource(self, kind: str, name: str) -> ast.Call | None:
        """The one call `kind("name", ...)`; None when there is none, or several."""
        return self.resources().get((kind, name))

    def resources(self) -> dict[tuple[str, str], ast.Call]:
        """(Class, logical name) -> its call, of all that are called once with a literal name."""
        calls: dict[tuple[str, str], list[ast.Call]] = {}
        for node in ast.walk(self._tree):
            if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
                continue
            if isinstance(node.args[0].value, str):
                calls.setdefault((_called(node), node.args[0].value), []).append(node)
        return {key: same[0] for key, same in calls.items() if len(same) == 1}

    def get(self, call: ast.Call, keyword: str, path: Sequence[Step]) -> Any:
        """The literal at a path below a keyword; `ABSENT` where there is none. Raises for what is no literal."""
        given = _keyword(call, keyword)
        if given is None:
            return ABSENT
        node = _inside(given, path)
        if node is None:
            return ABSENT
        try:
            return ast.literal_eval(node)
        except ValueError as error:
            raise CannotEditError(f"{keyword} is not a literal there") from error

    def put(self, call: ast.Call, keyword: str, path: Sequence[Step], value: Any) -> str:
        """The module's text with `value` there."""
        given = _keyword(call, keyword)
        if given is None:
            for step in reversed(path):
                value = {step: value}
            return self._argument(call, f"{keyword}={literal(value)}")
        for depth in range(len(path), -1, -1):
            node = _inside(given, path[:depth])
            if node is None:
                continue
            if depth == len(path):
                return self._replace(node, literal(value))
            for step in reversed(path[depth + 1 :]):
                value = {step: value}
            if isinstance(node, ast.Dict):
                return self._member(node, path[depth], value)
            break
        raise CannotEditError(f"{keyword} is not a literal there")

    def drop(self, call: ast.Call, keyword: str, path: Sequence[Step]) -> str:
        """The text without that key or keyword."""
        if not path:
            given = _keyword(call, keyword)
            return self.text if given is None else self._replace(given, "None")
        owner = _keyword(call, keyword)
        parent = None if owner is None else _inside(owner, path[:-1])
        if not isinstance(parent, ast.Dict):
            raise CannotEditError(f"{keyword} is not a literal there")
        kept = [
            f"{self._segment(key)}: {self._segment(item)}"
            for key, item in zip(parent.keys, parent.values, strict=True)
            if key is not None and not (isinstance(key, ast.Constant) and key.value == path[-1])
        ]
        return self._replace(parent, "{" + ", ".join(kept) + "}")

    def remove(self, call: ast.Call) -> str:
        """The text without the statement that is this call alone, or gives it a name that nothing uses."""
        for node in ast.walk(self._tree):
            if not isinstance(node, ast.Expr | ast.Assign) or node.value is not call:
                continue
            if isinstance(node, ast.Assign) and not self._is_unused(node.targets):
                continue
            assert node.end_lineno is not None  # noqa: S101 - `ast.parse` sets it
            start, end = self._lines[node.lineno - 1], self._lines[node.end_lineno]
            beside = self._bytes[start : self._start(node)] + self._bytes[self._end(node) : end].split(b"#")[0]
            if not beside.strip():
                return (self._bytes[:start] + self._bytes[end:]).decode()
        raise CannotEditError("the resource is used by others, or made in a loop: take it out by hand")

    def _is_unused(self, targets: Sequence[ast.expr]) -> bool:
        names = {target.id for target in targets if isinstance(target, ast.Name)}
        loads = (node for node in ast.walk(self._tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load))
        return len(names) == len(targets) and not any(node.id in names for node in loads)

    def _argument(self, call: ast.Call, text: str) -> str:
        """One more keyword, behind the last argument."""
        last = max([*call.args, *(keyword.value for keyword in call.keywords)], key=lambda node: self._end(node))
        at = self._end(last)
        return (self._bytes[:at] + f", {text}".encode() + self._bytes[at:]).decode()

    def _member(self, node: ast.Dict, key: Step, value: Any) -> str:
        at = self._end(node.values[-1]) if node.values else self._start(node) + 1
        lead = ", " if node.values else ""
        return (self._bytes[:at] + f"{lead}{literal(key)}: {literal(value)}".encode() + self._bytes[at:]).decode()

    def _replace(self, node: ast.AST, text: str) -> str:
        return (self._bytes[: self._start(node)] + text.encode() + self._bytes[self._end(node) :]).decode()

    def _segment(self, node: ast.AST) -> str:
        return self._bytes[self._start(node) : self._end(node)].decode()

    def _start(self, node: Any) -> int:
        return int(self._lines[node.lineno - 1] + node.col_offset)

    def _end(self, node: Any) -> int:
        return int(self._lines[node.end_lineno - 1] + node.end_col_offset)


def literal(value: Any) -> str:
    """As this project's formatter writes it."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{literal(key)}: {literal(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(literal(item) for item in value) + "]"
    return repr(value)


def _called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def _keyword(call: ast.Call, name: str) -> ast.expr | None:
    return next((keyword.value for keyword in call.keywords if keyword.arg == name), None)


def _inside(node: ast.expr, path: Sequence[Step]) -> ast.expr | None:
    for step in path:
        if isinstance(node, ast.Dict):
            pairs = zip(node.keys, node.values, strict=True)
            inner = next((v for k, v in pairs if isinstance(k, ast.Constant) and k.value == step), None)
        elif isinstance(node, ast.List | ast.Tuple) and isinstance(step, int) and step < len(node.elts):
            inner = node.elts[step]
        else:
            return None
        if inner is None:
            return None
        node = inner
    return node
