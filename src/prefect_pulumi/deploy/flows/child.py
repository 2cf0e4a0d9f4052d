"""Imports flows and deployment steps and says what they are: `python -m prefect_pulumi.deploy.flows.child FD`.

It runs as a child of its own (see `inspector.py`), in the folder of the flows, and imports prefect and the user's
code. Standard input holds `{"entrypoints": [...], "steps": [...]}`; each answer is a line of JSON on the
file descriptor FD, after a line `{"begin": ...}` that says what is imported next.
"""

from __future__ import annotations

import importlib
import inspect
import json
import os
import re
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

from prefect_pulumi.core.suggestions import suggestion
from prefect_pulumi.project.layout import WORK_FOLDER

ROOT = Path.cwd().resolve()

NO_API = "PREFECT_API_URL"
"""What Prefect's own words name when code asks for a server and none is configured."""


class AccessRecorder:
    """Which of the project's files and which environment variables an import reads."""

    def __init__(self) -> None:
        self.files: set[str] = set()
        self.variables: set[str] = set()
        self.on = False
        sys.addaudithook(self._audit)
        recorder = self

        class Environment(type(os.environ)):  # type: ignore[misc]  # the class has no public name
            def __getitem__(self, key: str) -> str:
                if recorder.on:
                    recorder.variables.add(key)
                return str(super().__getitem__(key))

        os.environ.__class__ = Environment

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.on or event != "open" or not isinstance(arguments[0], str):
            return
        mode = arguments[1]
        if isinstance(mode, str) and any(letter in mode for letter in "wax+"):
            return
        name = inside(arguments[0])
        if name and not name.endswith(".pyc"):
            self.files.add(name)

    def begin(self) -> None:
        self.files, self.variables, self.on = set(), set(), True

    def end(self, modules: set[str]) -> None:
        """Adds the files of modules whose code came from a cache."""
        self.on = False
        for name in modules:
            file = getattr(sys.modules.get(name), "__file__", None)
            name_inside = inside(file) if isinstance(file, str) else ""
            if name_inside:
                self.files.add(name_inside)


def inside(path: str) -> str:
    """The path relative to the project, "" for a file elsewhere or of an environment in the project's folder."""
    if path.startswith("<") or path == __file__:
        return ""
    try:
        name = Path(path).resolve().relative_to(ROOT).as_posix()
    except (ValueError, OSError):
        return ""
    return "" if "site-packages" in name or name.startswith(f"{WORK_FOLDER}/") else name


def main() -> None:
    answers = os.fdopen(int(sys.argv[1]), "w", encoding="utf-8")
    request = json.load(sys.stdin)
    quiet = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(quiet, stream)
    try:
        importlib.import_module("prefect.flows")
    except Exception as error:  # noqa: BLE001 - a module of the project may stand in the place of one that it needs
        say(answers, {"fatal": failure(error)["fault"]})
        return
    recorder = AccessRecorder()
    for name in request["steps"]:
        answer(answers, recorder, name, step_facts)
    for name in request["entrypoints"]:
        answer(answers, recorder, name, flow_facts)
    answers.close()


def answer(stream: TextIO, recorder: AccessRecorder, name: str, facts: Callable[[str], dict[str, Any]]) -> None:
    say(stream, {"begin": name})
    before, paths = set(sys.modules), list(sys.path)
    recorder.begin()
    try:
        result = facts(name)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - the user's code may raise anything, SystemExit too
        result = failure(error)
    added = set(sys.modules) - before
    recorder.end(added)
    # Each module is imported as in an interpreter of its own: two folders may hold modules of one name.
    for module in added:
        file = getattr(sys.modules.get(module), "__file__", None)
        if not isinstance(file, str) or inside(file):
            sys.modules.pop(module, None)
    sys.path[:] = paths
    os.chdir(ROOT)
    say(stream, {"name": name, **result, "files": sorted(recorder.files), "variables": sorted(recorder.variables)})


def say(stream: TextIO, line: dict[str, Any]) -> None:
    stream.write(json.dumps(line, default=str) + "\n")
    stream.flush()


def flow_facts(entrypoint: str) -> dict[str, Any]:
    """Name and parameter schema of a flow, by Prefect's own code and without its fallback to the source's text."""
    flows = importlib.import_module("prefect.flows")
    callables = importlib.import_module("prefect.utilities.callables")
    try:
        flow = flows.load_flow_from_entrypoint(entrypoint, use_placeholder_flow=False)
    except importlib.import_module("prefect.exceptions").MissingFlowError as error:
        return {"fault": missing(entrypoint, error), "absent": True}
    except importlib.import_module("prefect.exceptions").ScriptError as error:
        why = failure(error)
        return why if why.get("needs_server") else {**why, **source_facts(entrypoint)}
    return {"flow": flow.name, "schema": callables.parameter_schema(flow).model_dump_for_openapi()}


def source_facts(entrypoint: str) -> dict[str, Any]:
    """What Prefect itself makes of a file that cannot be imported: only lines that need no import are run. {} where the
    source has no such flow either."""
    flows = importlib.import_module("prefect.flows")
    callables = importlib.import_module("prefect.utilities.callables")
    try:
        flow = flows.safe_load_flow_from_entrypoint(entrypoint)
    except Exception:  # noqa: BLE001 - a syntax error, or whatever the lines raise that are run
        return {}
    if not isinstance(flow, flows.Flow):
        return {}
    return {"flow": flow.name, "schema": callables.parameter_schema(flow).model_dump_for_openapi()}


def missing(entrypoint: str, error: Exception) -> str:
    """What is there instead of the flow."""
    flow_type = importlib.import_module("prefect.flows").Flow
    path, _, name = entrypoint.rpartition(":" if ":" in entrypoint else ".")
    if "is not a flow" in str(error):
        return f"{name} in {path} is not a flow; decorate it with @flow"
    flows = []
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and path.endswith(".py") and Path(file).resolve() == (ROOT / path).resolve():
            flows += sorted(key for key, value in vars(module).items() if isinstance(value, flow_type))
    hint = suggestion(name, flows, f"its flows: {', '.join(dict.fromkeys(flows)) or 'none'}")
    return f"{path} defines no {name}; {hint}"


def step_facts(function: str) -> dict[str, Any]:
    """The arguments of a step's function."""
    tools = importlib.import_module("prefect.utilities.importtools")
    parameters = inspect.signature(tools.import_object(function)).parameters.values()
    kinds = inspect.Parameter
    named = [
        parameter for parameter in parameters if parameter.kind in (kinds.POSITIONAL_OR_KEYWORD, kinds.KEYWORD_ONLY)
    ]
    return {
        "arguments": {parameter.name: parameter.default is kinds.empty for parameter in named},
        "others": any(parameter.kind is kinds.VAR_KEYWORD for parameter in parameters),
    }


def failure(error: BaseException) -> dict[str, Any]:
    """Why an import failed, with the last line of the user's own code."""
    cause = getattr(error, "user_exc", None) or error
    text = f"{type(cause).__name__}: {cause}".splitlines()[0].rstrip(": ") if str(cause) else type(cause).__name__
    if isinstance(cause, SyntaxError):
        where = f"{inside(cause.filename or '') or cause.filename} line {cause.lineno}: "
        return {"fault": f"{where}{type(cause).__name__}: {cause.msg}"}
    frames = [(inside(frame.filename), frame.lineno) for frame in traceback.extract_tb(cause.__traceback__)]
    own = [(name, line) for name, line in frames if name]
    where = f"{own[-1][0]} line {own[-1][1]}: " if own else ""
    return {
        "fault": f"{where}{text}",
        "missing_module": missing_module(cause),
        "needs_server": NO_API in str(cause),
    }


def missing_module(cause: BaseException) -> str:
    """The module that is not installed here, "" for another failure. A name that a namespace package lacks is a module
    of a part of it that is not here."""
    if not isinstance(cause, ImportError) or not cause.name:
        return ""
    if isinstance(cause, ModuleNotFoundError):
        return cause.name
    lacking = re.match(r"cannot import name '(\w+)' from", str(cause))
    if lacking is None:
        return ""
    package = sys.modules.get(cause.name)
    is_namespace = package is not None and getattr(package, "__file__", None) is None and hasattr(package, "__path__")
    return f"{cause.name}.{lacking[1]}" if is_namespace else ""


if __name__ == "__main__":
    main()
