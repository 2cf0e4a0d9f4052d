"""A child that is forked from a warm process begins and ends as one that is started cold."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from prefect_pulumi.interpreter.interpreters import LOST, Child, Command, ForkedChild, Interpreter, WarmInterpreter
from tests.support.wait import until

MODULES = ("xml.dom.minidom", "no.such.module")
PROGRAM = """
import atexit, json, os, signal, sys
warm = "xml.dom.minidom" in sys.modules
atexit.register(print, "the end")
print(json.dumps({
    "arguments": sys.argv[1:], "name": __name__, "folder": os.getcwd(), "path": sys.path[0], "warm": warm,
    "environment": {key: os.environ.get(key) for key in ("OWN", "HOME", "TZ")}, "session": os.getsid(0) == os.getpid(),
    "signals": [str(signal.getsignal(number)) for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM)],
    "bytecode": sys.dont_write_bytecode, "input": sys.stdin.read(),
}))
for descriptor in sys.argv[1:]:
    os.write(int(descriptor), b"handed on")
print("an error", file=sys.stderr)
raise SystemExit(ENDING)
"""


@dataclass
class Place:
    """A folder with a program, and how its children are started."""

    folder: Path
    interpreter: Interpreter
    env: dict[str, str] = field(default_factory=lambda: {**os.environ, "OWN": "value"})

    def write(self, ending: str) -> None:
        (self.folder / "program.py").write_text(PROGRAM.replace("ENDING", ending))

    def start(self, *, session: bool = False, text: str = "") -> tuple[Child, str, str, str]:
        """The ended child, what it printed, its errors, and what it wrote to a descriptor of its own."""
        pipes = [os.pipe() for _ in range(4)]
        (stdin, fed), (printed, stdout), (failed, stderr), (reader, writer) = pipes
        os.write(fed, text.encode())
        os.close(fed)
        child = self.interpreter.start(
            Command("program", [str(writer)], self.folder, self.env, (stdin, stdout, stderr), (writer,), session)
        )
        for descriptor in (stdin, stdout, stderr, writer):
            os.close(descriptor)
        texts = [read(descriptor) for descriptor in (printed, failed, reader)]
        child.wait(60)
        return child, texts[0], texts[1], texts[2]


def read(descriptor: int) -> str:
    with os.fdopen(descriptor) as stream:
        return stream.read()


@contextmanager
def warm(env: dict[str, str] | None = None) -> Iterator[WarmInterpreter]:
    """One of its own, though the tests share another."""
    shared, WarmInterpreter.shared = WarmInterpreter.shared, None
    try:
        yield WarmInterpreter(MODULES, dict(os.environ) if env is None else env)
    finally:
        WarmInterpreter.shared = shared


@pytest.fixture(scope="module")
def forking() -> Iterator[WarmInterpreter]:
    if sys.platform != "linux":
        pytest.skip("children are forked on Linux only")
    with warm() as interpreter:
        yield interpreter


@pytest.fixture(params=["cold", "warm"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return Place(tmp_path, request.getfixturevalue("forking") if request.param == "warm" else Interpreter())


def is_warm(place: Place) -> bool:
    return isinstance(place.interpreter, WarmInterpreter)


def test_a_child_has_what_it_is_given(place: Place) -> None:
    place.write("7")
    place.env |= {"TZ": "Asia/Tokyo", "PYTHONDONTWRITEBYTECODE": "1"}
    del place.env["HOME"]
    child, printed, failed, written = place.start(text="asked")
    first, last = printed.splitlines()
    facts: dict[str, Any] = json.loads(first)
    assert facts.pop("warm") is is_warm(place)
    assert facts.pop("arguments")[0].isdecimal()
    assert facts == {
        "name": "__main__",
        "folder": str(place.folder),
        "path": str(place.folder),
        "environment": {"OWN": "value", "HOME": None, "TZ": "Asia/Tokyo"},
        "session": False,
        "signals": [str(signal.getsignal(number)) for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM)],
        "bytecode": True,
        "input": "asked",
    }
    assert (last, failed, written) == ("the end", "an error\n", "handed on")
    assert child.poll() == child.wait() == 7


def test_a_session_of_its_own(place: Place) -> None:
    place.write("0")
    _, printed, _, _ = place.start(session=True)
    assert json.loads(printed.splitlines()[0])["session"] is True


@pytest.mark.parametrize(
    ("ending", "code", "said"),
    [
        ("None", 0, "an error\n"),
        ("'a sentence'", 1, "an error\na sentence\n"),
        ("1 / 0", 1, "ZeroDivisionError: division by zero\n"),
        ("os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL, "an error\n"),
    ],
)
def test_how_a_child_ends(place: Place, ending: str, code: int, said: str) -> None:
    place.write(ending)
    child, _, failed, _ = place.start()
    assert child.poll() == code
    assert failed.endswith(said)


def sleeper(place: Place) -> Child:
    (place.folder / "sleeper.py").write_text("import time\ntime.sleep(600)\n")
    nothing = os.open(os.devnull, os.O_RDWR)
    try:
        return place.interpreter.start(Command("sleeper", [], place.folder, place.env, (nothing, nothing, nothing)))
    finally:
        os.close(nothing)


def test_a_child_is_ended(place: Place) -> None:
    child = sleeper(place)
    assert child.poll() is None
    child.terminate()
    assert child.wait(60) == -signal.SIGTERM
    child.terminate()


def shadows_a_module(place: Place) -> None:
    (place.folder / "xml").mkdir()
    (place.folder / "xml" / "__init__.py").touch()


def shadows_a_file(place: Place) -> None:
    (place.folder / "json.py").write_text("from os import path\ndumps = str\n")


def another_python_path(place: Place) -> None:
    place.env["PYTHONPATH"] = f"{place.folder}{os.pathsep}{place.env.get('PYTHONPATH', '')}"


@pytest.mark.parametrize("change", [shadows_a_module, shadows_a_file, another_python_path])
def test_a_child_that_a_fork_cannot_be_begins_cold(
    tmp_path: Path, forking: WarmInterpreter, change: Callable[[Place], None]
) -> None:
    place = Place(tmp_path, forking)
    place.write("0")
    change(place)
    child, *_ = place.start()
    assert not isinstance(child, ForkedChild)


def test_a_folder_of_that_name_without_code_is_no_module(tmp_path: Path, forking: WarmInterpreter) -> None:
    place = Place(tmp_path, forking)
    place.write("0")
    (tmp_path / "xml").mkdir()
    child, *_ = place.start()
    assert isinstance(child, ForkedChild)


def test_a_fork_server_that_died_is_not_needed(tmp_path: Path) -> None:
    with warm() as interpreter:
        place = Place(tmp_path, interpreter)
        child = sleeper(place)
        parent = psutil.Process(psutil.Process(child.pid).ppid())
        parent.kill()
        assert child.wait(60) == LOST
        os.kill(child.pid, signal.SIGKILL)
        place.write("3")
        again, *_ = place.start()
        assert again.poll() == 3
        assert not isinstance(again, ForkedChild)


def test_it_ends_with_the_last_that_has_it_and_its_children_go_on(tmp_path: Path) -> None:
    with warm() as interpreter:
        child = sleeper(Place(tmp_path, interpreter))
        parent = psutil.Process(psutil.Process(child.pid).ppid())
        del interpreter
    until(lambda: not parent.is_running())
    assert psutil.pid_exists(child.pid)
    os.kill(child.pid, signal.SIGKILL)


def test_nothing_is_started_before_it_is_wanted() -> None:
    children = len(psutil.Process().children())
    with warm():
        assert len(psutil.Process().children()) == children


def test_a_signal_of_the_terminal_is_the_childrens_affair(tmp_path: Path) -> None:
    """It goes to the whole group; the server stays for the next child."""
    with warm() as interpreter:
        place = Place(tmp_path, interpreter)
        child = sleeper(place)
        parent = psutil.Process(psutil.Process(child.pid).ppid())
        for number in (signal.SIGINT, signal.SIGHUP):
            parent.send_signal(number)
            os.kill(child.pid, number)
        assert child.wait(60) in (-signal.SIGINT, -signal.SIGHUP)
        place.write("0")
        after, *_ = place.start()
        assert psutil.Process(parent.pid).is_running()
        assert isinstance(after, ForkedChild)
