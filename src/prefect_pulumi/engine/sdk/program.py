"""Runs the Pulumi program in this process against a monitor object."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import gc
import logging
import os
import runpy
import sys
import traceback
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn, TextIO

from prefect_pulumi.core.errors import PrefectPulumiError, ProgramError
from prefect_pulumi.core.interruption import in_use
from prefect_pulumi.core.masking import MaskedStream
from prefect_pulumi.engine.run.run_state import Aborted
from prefect_pulumi.engine.sdk import capabilities, waiting
from prefect_pulumi.engine.sdk.registration_pool import RegistrationPool, interrupt
from prefect_pulumi.engine.sdk.secret_outputs import SecretOutputs
from prefect_pulumi.engine.sdk.shortcuts import shortcuts

THREADS_PER_RESOURCE = 4
"""As the SDK's own language host: blocked registrations each hold one thread."""


def run_program(
    directory: Path,
    *,
    project: str,
    stack: str,
    config: Mapping[str, str],
    secret_keys: Collection[str],
    monitor: Any,
    engine: Any,
    dry_run: bool,
    parallel: int,
    output: TextIO | MaskedStream,
    errors: TextIO | MaskedStream,
    say: Callable[[str], None],
    in_progress: Callable[[], list[str]],
    learn: Callable[[Any], None] = lambda value: None,
) -> None:
    """Runs `directory` (a folder with `__main__.py`) to its end, all its registrations included.

    `output` and `errors` are the program's stdout and stderr. When it does not end, `say` gets a line now and then that
    says what it waits for; `in_progress` are the URNs of unanswered provider calls. `learn` gets the value of each
    output that is secret. Raises `ProgramError`, or what the program raised if that is one of the toolkit's errors.
    """
    if not (directory / "__main__.py").is_file():
        raise ProgramError(
            "there is no __main__.py", where=str(directory), remedy="`main` in Pulumi.yaml names the folder"
        )
    context = contextvars.copy_context()
    with in_directory(directory), contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        context.run(
            _run,
            directory,
            project,
            stack,
            dict(config),
            set(secret_keys),
            monitor,
            engine,
            dry_run,
            parallel,
            say,
            in_progress,
            learn,
        )


def _run(
    directory: Path,
    project: str,
    stack: str,
    config: dict[str, str],
    secret_keys: set[str],
    monitor: Any,
    engine: Any,
    dry_run: bool,
    parallel: int,
    say: Callable[[str], None],
    in_progress: Callable[[], list[str]],
    learn: Callable[[Any], None],
) -> None:
    from pulumi import RunError
    from pulumi.runtime import config as runtime_config
    from pulumi.runtime import run_in_stack, settings

    settings.ROOT.set(None)
    settings.configure(
        settings.Settings(
            project=project,
            stack=stack,
            monitor=monitor,
            engine=engine,
            parallel=parallel,
            dry_run=dry_run,
            organization="organization",
            root_directory=str(directory.parent),
        )
    )
    settings.SETTINGS.outputs = SecretOutputs(learn)
    runtime_config.set_all_config(config, list(secret_keys))
    # The SDK's tasks report their own failures; asyncio would print them a second time.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    loop = asyncio.new_event_loop()

    async def program() -> None:
        try:
            with _no_silent_exit():
                runpy.run_path(str(directory), run_name="__main__")
                await _settled()
        except KeyboardInterrupt:
            loop.call_soon(interrupt)
            raise

    try:
        with (
            in_use(RegistrationPool(loop, parallel * THREADS_PER_RESOURCE, "register", inline=dry_run)) as pool,
            _closing(loop),
            no_collections(),
            shortcuts(),
            waiting.notices(loop, directory, say, in_progress),
        ):
            loop.set_default_executor(pool)
            loop.run_until_complete(run_in_stack(program))
    except (PrefectPulumiError, Aborted):
        raise
    except RunError as error:
        if "Resource monitor has terminated" in str(error):
            raise Aborted from error
        raise ProgramError(str(error)) from error
    except SystemExit as error:
        raise ProgramError(f"the program ended itself with exit code {error.code}") from error
    except Exception as error:
        refused = capabilities.from_sdk(str(error))
        if refused is not None:
            raise refused from error
        raise ProgramError(f"{type(error).__name__}: {error}", details=_user_frames(error, directory)) from error


@contextlib.contextmanager
def no_collections() -> Iterator[None]:
    """Without looks for cycles: the resources of a program live to its end, and to go through them again and again
    takes a quarter of the time of a large program."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            # Everything counts as old from here on: to look through it now would cost what was saved.
            gc.freeze()
            gc.unfreeze()
            gc.enable()


_LEFT: list[object] = []
"""Loops and tasks of interrupted programs, kept as they are: a coroutine that is freed runs its `finally`, outside of
any loop."""


@contextlib.contextmanager
def _closing(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Tasks that are left are cancelled, except when an interruption ends the block: they may not react."""
    try:
        yield
    except KeyboardInterrupt:
        _LEFT.extend([loop, *asyncio.all_tasks(loop)])
        raise
    except BaseException:
        _drain(loop)
        loop.close()
        raise
    _drain(loop)
    loop.close()


@contextlib.contextmanager
def _no_silent_exit() -> Iterator[None]:
    """`os._exit` in the program would end this process as if all had gone well."""
    leave, process = os._exit, os.getpid()

    def refuse(status: int) -> NoReturn:
        caller = sys._getframe(1).f_globals.get("__name__", "")
        if os.getpid() != process or caller.startswith("prefect_pulumi."):
            leave(status)  # a child that the program forked, or the second Ctrl-C
        raise SystemExit(status)

    os._exit = refuse
    try:
        yield
    finally:
        os._exit = leave


async def _settled() -> None:
    """Returns when every output is resolved, or at the first failure.

    The SDK's own wait looks through all pending outputs at each one that resolves, which is quadratic; it finds
    nothing left to wait for.
    """
    from pulumi.runtime.settings import SETTINGS

    while True:
        with SETTINGS.lock:
            pending = list(SETTINGS.outputs)
        if not pending:
            return
        done, _ = await asyncio.wait(pending, return_when=asyncio.FIRST_EXCEPTION)
        if any(task.cancelled() or task.exception() for task in done):
            return


def _drain(loop: asyncio.AbstractEventLoop) -> None:
    """Cancels what a failed program left behind, so that closing the loop is silent."""
    pending = asyncio.all_tasks(loop)
    for task in pending:
        task.cancel()
    if pending:
        loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))


def _user_frames(error: BaseException, directory: Path) -> str:
    """The traceback, cut to frames of the program itself."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename.startswith(str(directory))]
    return "".join(traceback.format_list(frames))


@contextlib.contextmanager
def in_directory(directory: Path) -> Iterator[None]:
    """cwd and argv as the official host sets them; the program's own modules are forgotten afterwards.

    A preview and an update may run in one process: the second must not see the first one's module state.
    Installed packages stay loaded, because SDKs refuse to register their modules twice.
    """
    before, argv, path = Path.cwd(), sys.argv, list(sys.path)
    os.chdir(directory)
    sys.argv = [str(directory)]
    try:
        yield
    finally:
        sys.argv, sys.path[:] = argv, path
        os.chdir(before)
        root = str(directory) + os.sep
        for name, module in list(sys.modules.items()):
            if name != "__main__" and (getattr(module, "__file__", None) or "").startswith(root):
                del sys.modules[name]
