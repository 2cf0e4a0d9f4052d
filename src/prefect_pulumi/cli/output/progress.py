"""How far an update is: counts and rate, as a bar on a terminal, and in a log as a line now and then."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from prefect_pulumi.core.display_text import printable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, ProgressColumn, TaskID

Clock = Callable[[], float]
"""In seconds, from any start."""
LOG_SECONDS = 10.0
"""Between two lines in a log."""
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
    """A line of a terminal that stays below what is printed, until `close`."""

    def __init__(self, counter: StepCounter, console: Console) -> None:
        self._counter = counter
        self._console = console
        self._progress: Progress | None = None
        self._task: TaskID | None = None

    def show(self) -> None:
        """As it is now. A finished update has none."""
        counter = self._counter
        if counter.finished:
            self.close()
            return
        if self._progress is None or self._task is None:
            self._progress = self._open()
            self._task = self._progress.add_task("", rate="")
        self._progress.update(
            self._task,
            total=counter.total,
            completed=len(counter.done),
            description=counter.current,
            rate=counter.rate,
        )

    def close(self) -> None:
        progress, self._progress = self._progress, None
        if progress is not None:
            progress.stop()

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
        progress = Progress(*columns, console=self._console, transient=True, expand=True)
        progress.start()
        return progress
