"""Refuses the words of a private dialect, for which `WORDS` names the plain ones.

python tools/check_words.py [PATH ...]     files and folders; by default README.md, docs and src

Exit code 1 when a word is found; each is printed as `file:line: word -> plain word`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DEFAULT = ("README.md", "docs", "src")
ENDINGS = frozenset({".md", ".py", ".j2", ".html", ".js", ".css", ".json"})

WORDS = {
    "brought up": "created, deployed or started",
    "brings up": "creates, deploys or starts",
    "bring up": "create, deploy or start",
    "made anew": "recreated",
    "makes anew": "recreates",
    "anew": "again",
    "for ever": "without end, or permanently",
    "mend": "fix",
    "mends": "fixes",
    "mended": "fixed",
    "is told": "is reported, or gets",
    "are told": "are reported, or get",
    "what becomes of": "the result for",
    "what became of": "the result for",
    "no more the": "no longer the",
    "stands there": "is there",
    "stand there": "are there",
    "of an own": "of its own",
    "at one time": "concurrently",
    "somebody": "a colleague, another user or another program",
}
"""Word -> what to write instead."""

_PATTERN = re.compile(
    r"\b(" + "|".join(re.escape(word).replace(r"\ ", r"\s+") for word in sorted(WORDS, key=len, reverse=True)) + r")\b",
    re.IGNORECASE,
)


def text_files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_file():
            yield path
        else:
            yield from sorted(file for file in path.rglob("*") if file.suffix in ENDINGS and file.is_file())


def findings(text: str) -> Iterator[tuple[int, str]]:
    """Line and word, also of words that a line break parts."""
    for match in _PATTERN.finditer(text):
        yield text.count("\n", 0, match.start()) + 1, " ".join(match[0].lower().split())


def main(arguments: Sequence[str]) -> int:
    paths = [Path(argument) for argument in arguments] or [ROOT / name for name in DEFAULT]
    count = 0
    for file in text_files(paths):
        for line, word in findings(file.read_text("utf-8")):
            count += 1
            print(f"{file}:{line}: {word} -> {WORDS[word]}")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
