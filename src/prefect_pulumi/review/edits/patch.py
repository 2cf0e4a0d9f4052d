"""The change of one file as a patch for `git apply` (pure)."""

from __future__ import annotations

import difflib
import re

_ENDS = re.compile(rb"(?<=\n)|(?<=\r)(?!\n)")
_QUOTED = re.compile(r'[\x00-\x1f"\\\x7f]')


def with_line_ends(before: bytes, text: str) -> bytes:
    """`text`, which has plain newlines, with the line ends of the file that it replaces: a line that stays keeps its
    own, a new one gets the most frequent."""
    raw = [line for line in _ENDS.split(before) if line]
    old, new = [line.rstrip(b"\r\n") for line in raw], text.encode().split(b"\n")
    if raw and not raw[-1].endswith((b"\n", b"\r")):
        raw[-1] += b"\n"  # what follows it, if anything, starts a new line
    most = b"\r\n" if before.count(b"\r\n") * 2 > before.count(b"\n") else b"\n"
    lines: list[bytes] = []
    for tag, i, j, k, n in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        lines += raw[i:j] if tag == "equal" else [line + most for line in new[k:n]]
    # The last part is what stands behind the last newline: nothing, or a line without an end.
    return b"".join(lines[: len(new) - 1]) + new[-1]


def unified_diff(name: str, old: bytes, new: bytes) -> str:
    """For `git apply`. `name`: the file's path in the repository; `old`, `new`: as git stores them.

    Raises `UnicodeDecodeError` where git stores something else than UTF-8.
    """
    if old == new:
        return ""
    before, after = _quoted(f"a/{name}"), _quoted(f"b/{name}")
    lines = difflib.unified_diff(_lines(old), _lines(new), before, after)
    return f"diff --git {before} {after}\n" + "".join(lines)


def _lines(data: bytes) -> list[str]:
    """As git counts lines: only a newline ends one."""
    lines = [line + "\n" for line in data.decode("utf-8").split("\n")]
    last = lines.pop()
    return lines if last == "\n" else [*lines, f"{last}\\ No newline at end of file\n"]


def _quoted(name: str) -> str:
    if not _QUOTED.search(name):
        return name
    return '"' + _QUOTED.sub(lambda match: f"\\{ord(match[0]):03o}", name) + '"'
