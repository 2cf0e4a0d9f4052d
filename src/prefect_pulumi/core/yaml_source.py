"""The one reader of YAML: plain data with the lines and columns of its keys.

Keys that a mapping has twice are refused (YAML would silently take the last), and so is what costs more than a file of
configuration may: see the bounds below. Every fault names the file, and the line and column where there is one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from prefect_pulumi.core.diagnostics import Diagnostic, Severity, code_of
from prefect_pulumi.core.errors import ConfigError

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MERGE = "tag:yaml.org,2002:merge"
_NUMBERS = frozenset({"tag:yaml.org,2002:int", "tag:yaml.org,2002:float"})

Keys = Sequence[str | int]

MAX_CHARACTERS = 16 * 1024 * 1024
MAX_VALUES = 200_000
"""Once its anchors are written out: nine lines of anchors can stand for a billion values."""
MAX_DEPTH = 200
"""Levels of nesting, anchors written out. The C parser recurses: some 20,000 levels end the process."""
MAX_DIGITS = 400
"""Characters of one number: the time to read an integer grows with the square of its digits."""

_SAFE_DEPTH = 1000


@dataclass(frozen=True)
class YamlFault:
    """`line` and `column` count from 1. `keys` is the place in the data; None for a fault of syntax."""

    line: int
    column: int
    keys: tuple[str | int, ...] | None
    message: str

    @property
    def text(self) -> str:
        """`config.name: the key is here twice (first: line 2)`."""
        return f"{dotted(self.keys)}: {self.message}" if self.keys else self.message

    def __str__(self) -> str:
        """`3:5: ` and the text."""
        return f"{self.line}:{self.column}: {self.text}"


class YamlError(ConfigError):
    """A text that is not acceptable as YAML; `faults` lists all that was found, in the order of the text."""

    def __init__(self, file: str, faults: Sequence[YamlFault]) -> None:
        self.faults = tuple(faults)
        self.diagnostics = tuple(
            Diagnostic(file, fault.line, fault.column, Severity.ERROR, code_of(file), fault.text) for fault in faults
        )
        first, *others = (str(fault) for fault in self.faults)
        message = "\n".join([first, *(f"{file}:{text}" for text in others)])
        super().__init__(message, where=file, remedy="fix the file at the line given")

    def __str__(self) -> str:
        return f"{self.where}:{self.message}\n  -> {self.remedy}"


@dataclass(frozen=True)
class YamlSource:
    """`data` has its anchors and merges resolved; None for an empty text. `file` names the source in messages."""

    file: str
    data: Any
    node: yaml.Node | None

    def locate(self, keys: Keys) -> tuple[int, int]:
        """Line and column (from 1) of the key at a path; of the nearest known key where that one is missing."""
        line, column, _ = self.trace(keys)
        return line, column

    def trace(self, keys: Keys) -> tuple[int, int, list[str | int]]:
        """As `locate`, with the path as the file spells it: an index is left out where one item stands without a
        list around it."""
        node, line, column, spelled = self.node, 1, 1, []
        for key in keys:
            if isinstance(key, int) and isinstance(node, yaml.MappingNode):
                continue
            spelled.append(key)
            pair = _child(node, key)
            if pair is None:
                node = None
                continue
            key_node, node = pair
            line, column = _position(key_node)
        return line, column, spelled

    def mapping(self) -> dict[str, Any]:
        """The data of a file whose top level is a mapping; {} for an empty one. Raises `YamlError`."""
        if self.data is None:
            return {}
        if not isinstance(self.data, dict):
            raise YamlError(self.file, [YamlFault(1, 1, (), "the top level must be a mapping of keys to values")])
        return self.data


def decode(data: bytes, file: str) -> str:
    """The text of a file, with newlines as Python's text mode has them. Raises `YamlError` for what is not UTF-8."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        column = error.start - before.rfind(b"\n")
        fault = YamlFault(before.count(b"\n") + 1, column, (), "it is not UTF-8 text; save it as UTF-8")
        raise YamlError(file, [fault]) from error
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def parse(text: str | bytes, file: str) -> YamlSource:
    """The data of one document, with places. Raises `YamlError` with every fault."""
    text = text if isinstance(text, str) else decode(text, file)
    loader, node = _composed(text, file)
    if node is None:
        return YamlSource(file, None, None)
    try:
        return YamlSource(file, loader.construct_document(node), node)
    except yaml.YAMLError as error:
        raise YamlError(file, [_syntax(error, text)]) from error
    except ValueError as error:  # PyYAML builds dates and numbers with Python's own constructors
        raise YamlError(file, [YamlFault(1, 1, (), f"it cannot be read as YAML ({error})")]) from error


def compose(text: str, file: str) -> yaml.Node | None:
    """The nodes alone, as they are written, for edits of the text. Raises `YamlError`."""
    return _composed(text, file)[1]


def dotted(keys: Keys) -> str:
    """`deployments[0].schedule.cron`."""
    text = ""
    for key in keys:
        text += f"[{key}]" if isinstance(key, int) else f".{key}" if text else key
    return text


def _composed(text: str, file: str) -> tuple[Any, yaml.Node | None]:
    if len(text) > MAX_CHARACTERS:
        raise YamlError(file, [YamlFault(1, 1, (), f"the file has more than {MAX_CHARACTERS} characters")])
    try:
        if _possible_depth(text) > _SAFE_DEPTH:
            _check_depth(text, file)
        loader = _Loader(text)
        node = loader.get_single_node()
    except yaml.YAMLError as error:
        raise YamlError(file, [_syntax(error, text)]) from error
    if node is not None:
        check = _Check()
        check.visit(node)
        if check.faults:
            raise YamlError(file, check.faults)
    return loader, node


def _possible_depth(text: str) -> int:
    """No text nests deeper: a block needs a column for each level (a list may share its key's), a flow a bracket."""
    return 2 * max(map(len, text.split("\n"))) + text.count("[") + text.count("{")


def _check_depth(text: str, file: str) -> None:
    depth = 0
    for event in yaml.parse(text, _Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise YamlError(file, [YamlFault(*_position(event), (), _TOO_DEEP)])
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


_TOO_DEEP = f"values are nested deeper than {MAX_DEPTH} levels"


class _Check:
    """Visits every node once. An alias stands for a node that is complete by then: its size and depth are known."""

    def __init__(self) -> None:
        self.faults: list[YamlFault] = []
        self._sizes: dict[int, tuple[int, int]] = {}
        self._open: set[int] = set()
        self._path: list[str | int] = []

    def visit(self, root: yaml.Node) -> None:
        size, depth = self._visit(root)
        if size > MAX_VALUES:
            self._fault(None, f"its anchors come to more than {MAX_VALUES} values when they are written out")
        elif depth > MAX_DEPTH:
            self._fault(None, _TOO_DEEP)

    def _fault(self, node: yaml.Node | None, message: str, keys: tuple[str | int, ...] = ()) -> None:
        line, column = _position(node) if node is not None else (1, 1)
        self.faults.append(YamlFault(line, column, keys, message))

    def _visit(self, node: yaml.Node) -> tuple[int, int]:
        """How many values the node comes to, and how deep they nest."""
        if isinstance(node, yaml.ScalarNode):
            if node.tag in _NUMBERS and len(node.value) > MAX_DIGITS:
                self._fault(node, f"a number of more than {MAX_DIGITS} digits; put it in quotes", tuple(self._path))
            return 1, 0
        name = id(node)
        if name in self._sizes:
            return self._sizes[name]
        if name in self._open:
            self._fault(node, "the anchor holds itself", tuple(self._path))
            return 1, 0
        self._open.add(name)
        size, depth = 1, 0
        for key, child in self._children(node):
            if key is not None:
                self._path.append(key)
            child_size, child_depth = self._visit(child)
            if key is not None:
                self._path.pop()
            size += child_size
            depth = max(depth, child_depth)
        self._open.discard(name)
        self._sizes[name] = size, depth + 1
        return self._sizes[name]

    def _children(self, node: yaml.Node) -> Iterator[tuple[str | int | None, yaml.Node]]:
        """Keys and values; no key for a merge, whose values belong to the mapping itself."""
        if isinstance(node, yaml.SequenceNode):
            yield from enumerate(node.value)
            return
        first: dict[str, int] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self._fault(key, "put a text that begins with {{ in quotes", tuple(self._path))
                continue
            if key.tag == _MERGE:
                yield None, value
                continue
            self._visit(key)
            name = key.value
            if name in first:
                message = f"the key is here twice (first: line {first[name]})"
                self._fault(key, message, (*self._path, name))
            else:
                first[name] = _position(key)[0]
            yield name, value


def _position(part: Any) -> tuple[int, int]:
    """Line and column of a node or an event, from 1."""
    return part.start_mark.line + 1, part.start_mark.column + 1


def _child(node: yaml.Node | None, key: str | int) -> tuple[yaml.Node, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        # Construction puts merged keys before the mapping's own: the last one counts, as in the data.
        return next((pair for pair in reversed(node.value) if pair[0].value == str(key)), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
        return node.value[key], node.value[key]
    return None


_UNCLOSED = "; is the indentation right, and every bracket and quote closed?"
_REMEDIES = {
    "undefined alias": "; an anchor (&name) must stand above its alias (*name)",
    "mapping values are not allowed": "; put a text that holds a colon in quotes",
    "expected <block end>": _UNCLOSED,
    "expected node content": _UNCLOSED,
    "unexpected end": _UNCLOSED,
    "cannot start any token": (
        "; indent with spaces, not with tabs, and put a text that begins with @, ` or % in quotes"
    ),
}


def _syntax(error: yaml.YAMLError, text: str) -> YamlFault:
    """PyYAML's own words, with place and remedy."""
    problem = str(getattr(error, "problem", None) or getattr(error, "reason", None) or "it is not YAML")
    context = getattr(error, "context", None)
    words = f"{context}: {problem}" if context else problem
    words += next((remedy for part, remedy in _REMEDIES.items() if part in words), "")
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is not None:
        return YamlFault(mark.line + 1, mark.column + 1, None, words)
    before = text.encode("utf-8", "replace")[: getattr(error, "position", None) or 0]
    return YamlFault(before.count(b"\n") + 1, len(before) - before.rfind(b"\n"), None, words)
