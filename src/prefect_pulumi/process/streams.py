"""The command's standard streams: stdout is the document's alone, and a reader that leaves changes no exit code."""

from __future__ import annotations

import io
import os
import sys
from typing import Any, TextIO


class ForgivingStream(io.TextIOBase):
    """A text stream whose reader may have gone, as in `infra drift | head`: then nothing more is written to it."""

    def __init__(self, target: TextIO) -> None:
        self._target: TextIO | None = target

    def write(self, text: str) -> int:
        try:
            if self._target is not None:
                self._target.write(text)
        except BrokenPipeError:
            self._give_up()
        return len(text)

    def flush(self) -> None:
        try:
            if self._target is not None:
                self._target.flush()
        except BrokenPipeError:
            self._give_up()

    def _give_up(self) -> None:
        target, self._target = self._target, None
        if target is not None:
            os.dup2(os.open(os.devnull, os.O_WRONLY), target.fileno())  # for what is still in its buffer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._target or sys.stderr, name)

    def isatty(self) -> bool:
        return self._target is not None and self._target.isatty()

    def fileno(self) -> int:
        return (self._target or sys.stderr).fileno()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return (self._target or sys.stderr).encoding


def take_over_streams(*, as_document: bool) -> None:
    """Once for a process of `infra`. With `as_document`, what children write to descriptor 1 goes to stderr."""
    if as_document:
        document = os.dup(1)
        os.dup2(2, 1)
        sys.stdout = os.fdopen(document, "w", encoding="utf-8")
    sys.stdout = ForgivingStream(sys.stdout)
    sys.stderr = ForgivingStream(sys.stderr)
