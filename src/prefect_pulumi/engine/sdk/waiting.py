"""Says what a program waits for when it does not end: a resource, an output, or a line of its own code."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from prefect_pulumi.core.display_text import first_few

FIRST_SECONDS = 30.0
AGAIN_SECONDS = 60.0
SHOWN = 5
"""Names in one line."""


@contextmanager
def notices(
    loop: asyncio.AbstractEventLoop, directory: Path, say: Callable[[str], None], in_progress: Callable[[], list[str]]
) -> Iterator[None]:
    """After `FIRST_SECONDS`, then every `AGAIN_SECONDS`, one line for `say`. `in_progress`: resources of provider calls
    without an answer. `directory` is the program's; it runs in the thread that enters the block."""
    ended, main = threading.Event(), threading.get_ident()

    def watch() -> None:
        total, pause = 0.0, FIRST_SECONDS
        while not ended.wait(pause):
            total, pause = total + pause, AGAIN_SECONDS
            try:
                awaited = waited_for(loop, directory, main, in_progress())
            except Exception:  # noqa: BLE001 - it looks into tasks that go on, and into the SDK
                awaited = "the program"
            say(f"still waiting after {total:.0f} s for {awaited}")

    threading.Thread(target=watch, name="waiting", daemon=True).start()
    try:
        yield
    finally:
        ended.set()


def waited_for(loop: asyncio.AbstractEventLoop, directory: Path, thread: int, in_progress: list[str]) -> str:
    """What comes first of: calls in progress, the program's own code in `thread`, resources whose inputs do not
    resolve, exports that do not."""
    if in_progress:
        return "the provider: " + first_few([urn.rsplit("::", 1)[-1] for urn in in_progress], SHOWN)
    frame = _frame_of(directory, thread)
    if frame is not None:
        return f"the program itself, at {Path(frame.f_code.co_filename).name}:{frame.f_lineno}"
    resources = _resources(loop)
    if resources:
        return "inputs of " + first_few(resources, SHOWN)
    outputs = _open_exports(loop)
    if outputs:
        return "the stack's outputs " + first_few(outputs, SHOWN)
    return "an output of the program that does not resolve"


def _frame_of(directory: Path, thread: int) -> FrameType | None:
    """The innermost frame of the program's files, when `thread` is inside one."""
    frame = sys._current_frames().get(thread)
    while frame is not None and not frame.f_code.co_filename.startswith(str(directory)):
        frame = frame.f_back
    return frame


def _frames(loop: asyncio.AbstractEventLoop) -> Iterator[FrameType]:
    """Of every coroutine that is suspended in `loop`, the SDK's own included."""
    for task in asyncio.all_tasks(loop):
        awaited: Any = task.get_coro()
        while awaited is not None:
            frame = getattr(awaited, "cr_frame", None)
            if frame is not None:
                yield frame
            awaited = getattr(awaited, "cr_await", None)


def _resources(loop: asyncio.AbstractEventLoop) -> list[str]:
    """Names of the resources whose registration has not been sent: the SDK's tasks know them."""
    registering = [frame for frame in _frames(loop) if frame.f_code.co_name in {"do_register", "do_read"}]
    names = dict.fromkeys(str(frame.f_locals.get("name", "")) for frame in registering)
    return [name for name in names if name]


def _open_exports(loop: asyncio.AbstractEventLoop) -> list[str]:
    from pulumi import Output
    from pulumi.runtime.stack import Stack

    stacks = [stack for frame in _frames(loop) if isinstance(stack := frame.f_locals.get("stack"), Stack)]
    exports = {name: value for stack in stacks for name, value in stack.outputs.items()}
    return [name for name, value in exports.items() if isinstance(value, Output) and not value._data.done()]
