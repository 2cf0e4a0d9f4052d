"""How far an update is: on a wide and on a narrow terminal, without colours, and in a log."""

from __future__ import annotations

import os
import pty
import re
import struct
import sys
import termios
from fcntl import ioctl

import pytest

from prefect_pulumi.cli.output.progress import LogProgress, StepCounter
from prefect_pulumi.cli.output.terminal import TerminalSink
from prefect_pulumi.engine.plan.steps import Op, Step
from prefect_pulumi.engine.run.events import StepDone, StepStarted
from prefect_pulumi.state.entries import ResourceEntry
from tests.support.child import Child

SCRIPT = """
import time
from prefect_pulumi.cli.output.terminal import TerminalSink, print_lines
from tests.cli.test_progress import step
from prefect_pulumi.engine.run.events import StepDone, StepStarted

sink = TerminalSink()
steps = [step(f"variable-with-a-long-name-{number}") for number in range(1000)]
for each in steps:
    sink.emit(StepDone(each, True, 0.0))
for each in steps[:400]:
    sink.emit(StepStarted(each, False))
    sink.emit(StepDone(each, False, 0.1))
time.sleep(1.1)
for each in steps[400:405]:
    sink.emit(StepStarted(each, False))
time.sleep(0.3)
print_lines([[("the result", "bold")]])
sink.close()
"""


def step(name: str, op: Op = Op.CREATE) -> Step:
    type = "prefect:index:Variable"
    urn = f"urn:pulumi:dev::p::{type}::{name}"
    return Step(op, urn, type, None, ResourceEntry(urn, type, True, id="1"))


def shown(columns: int, **more: str) -> str:
    """What a terminal of that width gets of the script's update of 1,000 objects."""
    main, other = pty.openpty()
    ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    env = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "LINES", "NO_COLOR")}
    with Child([sys.executable, "-c", SCRIPT], stdin=other, stderr=other, env={**env, "TERM": "xterm", **more}) as run:
        os.close(other)
        text = b""
        while True:
            try:
                text += os.read(main, 65_536)
            except OSError:  # how a pseudo terminal says that its other end is closed
                break
        assert run.wait() == 0
    os.close(main)
    return text.decode()


@pytest.mark.parametrize(("columns", "bar"), [(120, True), (40, False)])
def test_a_terminal_has_a_bar_with_counts_and_rate(columns: int, bar: bool) -> None:
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown(columns))
    states = [line.strip() for line in re.split(r"[\r\n]+", text) if "/1000" in line]
    last = states[-1]
    assert re.search(r"400/1000 +\d+/s", last), last
    assert ("━" in last) is bar
    assert max(map(len, states)) <= columns
    if columns == 120:
        assert "create Variable variable-with-a-long-name-400" in last
    assert "the result" in text


def test_no_color_has_none() -> None:
    coloured, plain = shown(70), shown(70, NO_COLOR="1")
    assert ("━" in coloured, "━" in plain) == (True, True)
    colour = r"\x1b\[[0-9;]*(3[0-9]|38;5;\d+)m"
    assert (bool(re.search(colour, coloured)), bool(re.search(colour, plain))) == (True, False)


def test_a_log_has_a_line_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    now = 100.0
    sink = TerminalSink(clock=lambda: now)
    steps = [step(f"v{number}") for number in range(6)]
    for one in steps:
        sink.emit(StepDone(one, True, 0.0))
    for one in steps[:5]:
        sink.emit(StepStarted(one, False))
        now += 6
        sink.emit(StepDone(one, False, 6.0))
    sink.emit(StepStarted(steps[5], False))
    sink.close()
    assert capsys.readouterr().err.splitlines() == [
        "2 of 6 objects done in 12s; 0.2/s",
        "4 of 6 objects done in 24s; 0.2/s",
    ]


def test_another_update_has_another_count() -> None:
    counter = StepCounter()
    for urn in ("a", "b"):
        counter.plan(urn)
        counter.start(urn, f"create {urn}")
    assert (counter.total, counter.finished, counter.current) == (2, False, "create a, create b")
    counter.end("a")
    counter.end("b")
    counter.end("found later")
    assert (counter.total, counter.finished) == (3, True)
    counter.plan("c")
    assert (counter.total, len(counter.done), LogProgress(counter).line()) == (1, 0, "")


def test_many_operations_are_named_in_part() -> None:
    counter = StepCounter()
    for name in "abcde":
        counter.start(name, f"create [{name}]\x1b")
    assert counter.current == "create [a]\ufffd, create [b]\ufffd, create [c]\ufffd and 2 more"
