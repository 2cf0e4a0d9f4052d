"""Masks every secret that a run knows, wherever its text turns up: program output, messages, errors, documents. Pure,
but for `MaskedStream`, which passes on what it is given."""

from __future__ import annotations

import base64
import html
import io
import json
import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TextIO
from urllib.parse import quote, quote_plus

from prefect_pulumi.core.errors import PrefectPulumiError
from prefect_pulumi.core.values import MASK, leaves_in, secrets_in, with_texts

LONGEST_PATH = 4096
SHORTEST = 4
"""Shorter texts stand everywhere; they are masked only where their value is marked secret."""
LONG = 8
"""Shorter secrets may be words that folders are named by: they do not count as parts of paths."""
SHORTEST_LINE = 8
"""Of a secret of several lines each line of this length is one too."""


class Masker:
    """Learns secrets and masks them, also when they are escaped for JSON, Python, a URL or HTML, or as base64 or hex.

    `secrets`: values whose texts are all secret, marked or not; texts shorter than `shortest` are left alone. May be
    used from several threads.
    """

    def __init__(self, secrets: Iterable[Any] = (), *, shortest: int = SHORTEST) -> None:
        self._shortest = max(shortest, SHORTEST)
        self._texts: set[str] = set()
        self._fresh: set[str] = set()
        self._index: dict[str, list[str]] = {}
        self._starts: set[str] = set()
        self._longest = 0
        self._lock = threading.Lock()
        for value in secrets:
            for text in _significant(value):
                self.learn_text(text)

    def learn(self, value: Any, names: Iterable[str] = ()) -> None:
        """Takes every value marked secret, at any depth (`secret_parts`)."""
        for held in secret_parts(value, names):
            for text in _significant(held):
                self.learn_text(text)

    def learn_text(self, text: str) -> None:
        whole = text.strip()
        lines = [line.strip() for line in whole.splitlines()] if "\n" in whole else []
        for part in (whole, *(line for line in lines if len(line) >= SHORTEST_LINE)):
            if len(part) >= self._shortest and part not in self._texts:
                with self._lock:
                    self._texts.add(part)
                    self._fresh.add(part)

    def text(self, text: str) -> str:
        spans = self.spans(text)
        if not spans:
            return text
        parts, done = [], 0
        for start, end in spans:
            parts += [text[done:start], MASK]
            done = end
        return "".join([*parts, text[done:]])

    def value(self, value: Any) -> Any:
        """Plain data with every text in it masked."""
        return with_texts(value, self.text)

    def error(self, error: PrefectPulumiError) -> None:
        """Masks all that an error may tell, in place."""
        for name, value in vars(error).items():
            if isinstance(value, str):
                setattr(error, name, self.text(value))
            elif isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
                setattr(error, name, type(value)(self.text(item) for item in value))
        error.args = tuple(self.text(argument) if isinstance(argument, str) else argument for argument in error.args)

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where secrets stand in `text`; those that overlap are one."""
        self._absorb()
        spans: list[tuple[int, int]] = []
        if not self._index:
            return spans
        for start in range(len(text) - SHORTEST + 1):
            for secret in self._index.get(text[start : start + SHORTEST], ()):
                if text.startswith(secret, start):
                    end = start + len(secret)
                    if len(secret) < LONG and _in_path(text, start, end):
                        continue
                    if spans and start <= spans[-1][1]:
                        spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
                    else:
                        spans.append((start, end))
                    break
        return spans

    def safe_prefix_length(self, text: str) -> int:
        """How much of `text` can be shown whatever comes after it: what is left may be the beginning of a secret."""
        spans = self.spans(text)
        for start in range(max(0, len(text) - self._longest), len(text)):
            tail = text[start:]
            if len(tail) < SHORTEST:
                begins = tail in self._starts
            else:
                begins = any(
                    len(secret) > len(tail) and secret.startswith(tail)
                    for secret in self._index.get(tail[:SHORTEST], ())
                )
            if begins:
                return min([start, *(first for first, end in spans if first <= start < end)])
        return len(text)

    def _absorb(self) -> None:
        """Index of all spellings by their first letters, the longest first."""
        if not self._fresh:
            return
        with self._lock:
            fresh, self._fresh = self._fresh, set()
            index = dict(self._index)
            for text in fresh:
                for spelling in spellings(text):
                    key = spelling[:SHORTEST]
                    index[key] = sorted({*index.get(key, ()), spelling}, key=len, reverse=True)
                    self._longest = max(self._longest, len(spelling))
                    self._starts.update(spelling[:length] for length in range(1, SHORTEST))
            self._index = index


_PATH_ENDS = re.compile(r"[\s\"'`<>|()\[\]{},;=]")


def _in_path(text: str, start: int, end: int) -> bool:
    """Whether what is there is a part of a file's path; an address with a scheme is none, nor is a whole path."""
    if "/" in text[start:end]:
        return False
    before = text[max(0, start - LONGEST_PATH) : start]
    after = text[end : end + LONGEST_PATH]
    word = _PATH_ENDS.split(before)[-1] + text[start:end] + _PATH_ENDS.split(after, maxsplit=1)[0]
    return "/" in word and "://" not in word


def spellings(text: str) -> set[str]:
    """The forms in which a text commonly turns up in other texts."""
    raw = text.encode("utf-8", "surrogatepass")
    forms = {
        text,
        json.dumps(text)[1:-1],
        json.dumps(text, ensure_ascii=False)[1:-1],
        repr(text)[1:-1],
        html.escape(text),
        quote(raw),
        quote(raw, safe=""),
        quote_plus(raw),
    }
    encoded = {raw.hex(), raw.hex().upper()}
    for shift in range(3):  # inside a longer text base64 begins at any of three places
        padded = b"\0" * shift + raw
        first, last = -(-8 * shift // 6), 8 * len(padded) // 6
        for whole in (base64.b64encode(padded).decode(), base64.urlsafe_b64encode(padded).decode()):
            encoded.add(whole[first:last])
            if shift == 0:
                encoded.add(whole)
    return {form for form in forms if len(form) >= SHORTEST} | {form for form in encoded if len(form) >= 2 * SHORTEST}


def _significant(value: Any) -> Iterator[str]:
    """What would give a secret away: its texts, and numbers that are long enough to be nothing else."""
    for leaf in leaves_in(value):
        if isinstance(leaf, str):
            yield leaf
        elif isinstance(leaf, int) and not isinstance(leaf, bool) and abs(leaf) >= 100_000:
            yield str(leaf)


def secret_parts(value: Any, names: Iterable[str] = ()) -> Iterator[Any]:
    """What each secret mark in `value` holds, at any depth.

    Some providers mark a whole mapping or list for one secret in it: a text in there that also stands in plain in
    `value`, or in one of `names` (URNs), is no secret.
    """
    plain: set[str] | None = None
    shown = ""
    for held in secrets_in(value):
        if not isinstance(held, Mapping | list | tuple):
            yield held
            continue
        if plain is None:
            plain, shown = set(_plain_texts(value)), "\n".join(names)
        for leaf in leaves_in(held):
            if not isinstance(leaf, str) or (leaf not in plain and leaf not in shown):
                yield leaf


def _plain_texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _plain_texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _plain_texts(item)


_CURRENT: ContextVar[Masker | None] = ContextVar("masker", default=None)


def current() -> Masker:
    """The masker of the command under way; outside of one, a new one."""
    return _CURRENT.get() or Masker()


@contextmanager
def masking() -> Iterator[Masker]:
    """One masker for everything that a command does."""
    masker = Masker()
    token = _CURRENT.set(masker)
    try:
        yield masker
    finally:
        _CURRENT.reset(token)


@contextmanager
def ensure_masking() -> Iterator[Masker]:
    """The masker of the command under way, else one for what is done inside."""
    masker = _CURRENT.get()
    if masker is not None:
        yield masker
    else:
        with masking() as masker:
            yield masker


class MaskedStream(io.TextIOBase):
    """A text stream that masks before it passes on, also a secret that comes in several writes.

    `held`: nothing is passed on before `finish`, for output that may come before its secrets are known.
    """

    def __init__(self, target: TextIO, masker: Masker, *, held: bool = False) -> None:
        self._target = target
        self._masker = masker
        self._held = held
        self._waiting = ""
        self._mutex = threading.RLock()

    def write(self, text: str) -> int:
        with self._mutex:
            self._waiting += text
            if not self._held:
                self._pass_on(self._masker.safe_prefix_length(self._waiting))
        return len(text)

    def finish(self) -> None:
        """Nothing more belongs to what was written so far."""
        with self._mutex:
            self._held = False
            self._pass_on(len(self._waiting))
            self._target.flush()

    def _pass_on(self, length: int) -> None:
        ready, self._waiting = self._waiting[:length], self._waiting[length:]
        if ready:
            self._target.write(self._masker.text(ready))

    def __getattr__(self, name: str) -> Any:
        """What else a program may ask of its stdout, such as `reconfigure`."""
        return getattr(self._target, name)

    def flush(self) -> None:
        if not self._target.closed:  # also asked of a stream that is collected after the one behind it
            self._target.flush()

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return self._target.isatty()

    def fileno(self) -> int:
        return self._target.fileno()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._target.encoding

    @property
    def errors(self) -> str | None:  # type: ignore[override]
        return self._target.errors

    @property
    def buffer(self) -> Any:
        """For programs that write bytes."""
        return _Bytes(self)


class _Bytes(io.RawIOBase):
    def __init__(self, stream: MaskedStream) -> None:
        self._stream = stream

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        raw = bytes(data)
        self._stream.write(raw.decode("utf-8", "replace"))
        return len(raw)

    def flush(self) -> None:
        self._stream.flush()
