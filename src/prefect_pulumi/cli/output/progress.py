"""How far an update is: counts and rate, as a bar on a terminal, and in a log as a line now and then."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from prefect_pulumi.app.update_text import Line
from prefect_pulumi.core.display_text import printable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, ProgressColumn

Clock = Callable[[], float]
"""In seconds, from any start."""
LOG_SECONDS = 10.0
"""Between two lines in a log."""
DRAW_SECONDS = 0.1
NAMED = 3
"""Operations in progress that are named."""
WIDE, NARROW = 100, 50
"""Columns from which a terminal has place for the whole bar, and below which it has none for any."""


class StepCounter:
    """The objects of an update by URN: `planned`, by its preview or since, and `done`. Many threads may plan.

    `running`: URN -> what is done to it.
    """

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self.planned: set[str] = set()
        self.done: set[str] = set()
        self.running: dict[str, str] = {}
        self._began = 0.0

    def plan(self, urn: str) -> None:
        """A preview has it. The first object of another preview begins another count."""
        if self.done:
            self.planned, self.done = set(), set()
        self.planned.add(urn)

    def start(self, urn: str, text: str) -> None:
        self._begin()
        self.running[urn] = text

    def end(self, urn: str) -> None:
        self._begin()
        self.running.pop(urn, None)
        self.done.add(urn)
        self.planned.add(urn)

    def _begin(self) -> None:
        if not self.done and not self.running:
            self._began = self._clock()

    @property
    def total(self) -> int:
        return len(self.planned)

    @property
    def finished(self) -> bool:
        return not self.running and len(self.done) == len(self.planned)

    @property
    def seconds(self) -> float:
        return self._clock() - self._began

    @property
    def rate(self) -> str:
        """Objects per second since the update began; "" before it can be said."""
        seconds = self.seconds
        if seconds < 1 or not self.done:
            return ""
        rate = len(self.done) / seconds
        return f"{rate:.0f}/s" if rate >= 10 else f"{rate:.1f}/s"

    @property
    def current(self) -> str:
        """What is in progress, the oldest first."""
        names = list(self.running.values())
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        return printable(", ".join(names[:NAMED]), kept="") + more


class LogProgress:
    """Lines for what is no terminal."""

    def __init__(self, counter: StepCounter) -> None:
        self._counter = counter
        self._shown = 0.0

    def line(self) -> str:
        """The next line; "" while it is not time for one."""
        counter = self._counter
        seconds = counter.seconds
        if seconds < self._shown:
            self._shown = 0.0  # another update
        if seconds - self._shown < LOG_SECONDS:
            return ""
        self._shown = seconds
        counts = f"{len(counter.done)} of {counter.total} objects done in {seconds:.0f}s"
        words = [counts, counter.rate, counter.current]
        return "; ".join(word for word in words if word)


class BarProgress:
    """A line of a terminal that stays below what is printed, until `close`.

    It is drawn a few times a second by a thread of its own, with the lines that came since: to draw takes a
    millisecond, which the update would lose twice for every object. `write` prints lines.
    """

    def __init__(self, counter: StepCounter, console: Console, write: Callable[[list[Line]], None]) -> None:
        self._counter = counter
        self._console = console
        self._write = write
        self._lines: list[Line] = []
        self._lock = threading.RLock()
        self._progress: Progress | None = None
        self._stopped = threading.Event()

    def add(self, line: Line) -> None:
        """A line above the bar, soon."""
        with self._lock:
            self._lines.append(line)

    def show(self) -> None:
        """From here on, until the update is finished."""
        if self._counter.finished:
            self.close()
        elif self._progress is None:
            self._progress = self._open()
            self._stopped = threading.Event()
            threading.Thread(target=self._draw, args=(self._progress, self._stopped), daemon=True).start()

    def flush(self) -> None:
        """Prints the lines that came."""
        with self._lock:
            lines, self._lines = self._lines, []
            if lines:
                self._write(lines)

    def close(self) -> None:
        self._stopped.set()
        self.flush()
        with self._lock:
            progress, self._progress = self._progress, None
            if progress is not None:
                progress.stop()

    def _draw(self, progress: Progress, stopped: threading.Event) -> None:
        with contextlib.suppress(OSError):  # the terminal is gone; the update goes on
            self._redraw(progress, stopped)

    def _redraw(self, progress: Progress, stopped: threading.Event) -> None:
        task = progress.add_task("", rate="")
        while True:
            with self._lock:
                if stopped.is_set():
                    return
                self.flush()
                counter = self._counter
                done, total = len(counter.done), counter.total
                progress.update(task, completed=done, total=total, description=counter.current, rate=counter.rate)
                progress.refresh()
            stopped.wait(DRAW_SECONDS)

    def _open(self) -> Progress:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
        from rich.table import Column

        width = self._console.width
        columns: list[ProgressColumn] = [SpinnerColumn()]
        if width >= NARROW:
            columns.append(BarColumn(bar_width=30 if width >= WIDE else 12))
        rest = Column(no_wrap=True, overflow="ellipsis", ratio=1)
        columns += [
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}", markup=False, table_column=Column(no_wrap=True)),
            TextColumn("{task.description}", markup=False, table_column=rest),
        ]
        progress = Progress(*columns, console=self._console, transient=True, expand=True, auto_refresh=False)
        progress.start()
        return progress
