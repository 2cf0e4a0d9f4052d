"""Text of strangers for the forge's Markdown: shown as it is, and never as markup, link or mention."""

from __future__ import annotations

import re

from prefect_pulumi.core.display_text import one_line, printable

_MARKUP = re.compile(r"[&<>|\\`*_~\[\]!@$:{}\"']|(?<=www)\.", re.IGNORECASE)


def code(text: str) -> str:
    """As code. The forge reads a character reference never as markup, and links and mentions nothing in code."""
    return f"<code>{_MARKUP.sub(lambda match: f'&#{ord(match[0])};', one_line(text))}</code>"


def plain(text: str) -> str:
    """Prose with parts of strangers in it. The mark after `@` and `#` keeps the forge from reading a name there."""
    safe = _MARKUP.sub(lambda match: f"&#{ord(match[0])};", one_line(text))
    return re.sub(r"(&#64;|#(?!\d+;))", "\\1\N{WORD JOINER}", safe)


def fenced(text: str, language: str = "") -> list[str]:
    """Lines of a code block that nothing in `text` can end."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    lines = text.rstrip("\n").split("\n")
    clean = [printable(line, kept="\t") for line in lines]
    return [fence + language, *clean, fence]
