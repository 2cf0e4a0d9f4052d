"""Tables on stdout."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from prefect_pulumi.core.display_text import printable

if TYPE_CHECKING:
    from rich.text import Text

Cell = str | tuple[str, str]
"""Text as it is, or text and its style (`green`, `yellow`, `red`)."""

UNBOUNDED = 100_000
"""Columns of what is no terminal: each row stays on one line, for `grep` and `awk`."""


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Cell]], *, title: str = "") -> None:
    """Long cells are folded to a terminal's width; nothing is cut."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, title=Text(title) if title else None, title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(_text(cell) for cell in row))
    Console(width=None if sys.stdout.isatty() else UNBOUNDED).print(table)


def _text(cell: Cell) -> Text:
    from rich.text import Text

    text, style = (cell, "") if isinstance(cell, str) else cell
    return Text(printable(text), style)
