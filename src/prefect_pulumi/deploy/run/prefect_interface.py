"""The parts of Prefect's own code that the deploy step reaches into, checked before it runs.

    python prefect_interface.py

prints what differs in the Prefect of that interpreter, one line each, and ends with exit code `DIFFERS` where something
does. It imports nothing but Prefect, and that only when it is asked.
"""

from __future__ import annotations

import importlib
import inspect
import sys
from importlib.metadata import version

_CONTEXT = ("prefect_file", "console", "is_interactive")
PARTS = {
    "prefect.cli:app": (),
    "prefect.cli.deploy._core:_run_single_deploy": ("deploy_config", "actions", "options", "client", *_CONTEXT),
    "prefect.cli.deploy._core:_run_multi_deploy": ("deploy_configs", "actions", "names", "deploy_all", *_CONTEXT),
    "prefect.cli.deploy._core:run_steps": ("steps", "upstream_outputs", "print_function"),
    "prefect.client.orchestration.base:BaseAsyncClient.request": ("self", "method", "path", "params", "path_params"),
    "prefect.types._datetime:get_timezones": (),
}
"""`module:name` -> its first parameters, in their order."""
DIFFERS = 3


def differences() -> list[str]:
    """What is not there, or takes other parameters."""
    return [text for place, parameters in PARTS.items() if (text := _difference(place, parameters))]


def _difference(place: str, parameters: tuple[str, ...]) -> str:
    module, _, name = place.partition(":")
    try:
        part = importlib.import_module(module)
    except ImportError as error:
        return f"{module} cannot be imported ({error})"
    for step in name.split("."):
        part = getattr(part, step, None)  # type: ignore[assignment]  # what a name stands for
    if not callable(part):
        return f"{module} has no {name}"
    found = tuple(inspect.signature(part).parameters)[: len(parameters)] if parameters else ()
    if found != parameters:
        return f"{module}.{name} takes ({', '.join(found)}), not ({', '.join(parameters)})"
    return ""


def refusal() -> str:
    """Why the deploy step does not run with this Prefect; "" when it does."""
    found = differences()
    if not found:
        return ""
    return f"Prefect {version('prefect')} is not what the deploy step reaches into: " + "; ".join(found)


if __name__ == "__main__":
    text = refusal()
    if text:
        print(text)
    sys.exit(DIFFERS if text else 0)
