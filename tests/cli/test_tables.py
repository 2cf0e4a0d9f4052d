"""What tables look like on a terminal and elsewhere."""

from __future__ import annotations

import os
import pty
import re
import sys

import pytest

from prefect_pulumi.cli.output.tables import print_table
from tests.support.child import Child

ROWS = [["[red]name[/red]", ("x" * 90, "green")], ["b", "y" * 90]]


def test_a_row_is_one_line_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("one", "two"), ROWS, title="[all]")
    title, head, *rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert (title, head) == (["[all]"], ["one", "two"])
    assert rows == [["[red]name[/red]", "x" * 90], ["b", "y" * 90]]


def test_a_terminal_folds_and_cuts_nothing() -> None:
    script = f"from prefect_pulumi.cli.output.tables import print_table; print_table(('one', 'two'), {ROWS!r})"
    main, other = pty.openpty()
    env = {**os.environ, "COLUMNS": "60", "TERM": "xterm"}
    with Child([sys.executable, "-c", script], stdout=other, env=env) as running:
        os.close(other)
        shown = b""
        while not shown.endswith(b"\n") or running.poll() is None:
            try:
                shown += os.read(main, 4096)
            except OSError:  # how a pseudo terminal says that its other end is closed
                break
    os.close(main)
    lines = re.sub(r"\x1b\[[0-9;]*m", "", shown.decode()).splitlines()
    assert max(map(len, lines)) <= 60
    assert shown.count(b"x") == shown.count(b"y") == 90
