"""Text of programs, files and servers made fit for a terminal: data, never control."""

from __future__ import annotations

from collections.abc import Sequence

KEPT = "\n\t"


def printable(text: str, kept: str = KEPT) -> str:
    """The text with every character that steers a terminal, or turns the direction of writing, as U+FFFD.

    Line ends and tabs stay, or what `kept` names in their place.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char in kept else "\N{REPLACEMENT CHARACTER}" for char in text)


def first_few(texts: Sequence[str], most: int, separator: str = ", ") -> str:
    """The first `most` of them, and how many there are besides."""
    more = f" and {len(texts) - most} more" if len(texts) > most else ""
    return separator.join(texts[:most]) + more


def one_line(text: str) -> str:
    """`printable`, with line ends and runs of blanks as one blank."""
    return printable(" ".join(text.split()))
