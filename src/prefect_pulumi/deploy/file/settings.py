"""What Prefect's settings say of a `prefect.yaml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

DEFAULT_POOL = ("PREFECT_DEPLOYMENTS_DEFAULT_WORK_POOL_NAME", "PREFECT_DEFAULT_WORK_POOL_NAME")
"""Variables of the setting, the one that Prefect prefers first (prefect/settings/models/deployments.py)."""


def default_pool(folder: Path, env: Mapping[str, str]) -> str:
    """The work pool of a deployment that names none, "" for none: from the environment, then from `prefect.toml` and
    `pyproject.toml` in the folder of the flows. A person's profile does not count: a stack is the same for everyone."""
    names = [env.get(variable) for variable in DEFAULT_POOL]
    for file, keys in (("prefect.toml", ()), ("pyproject.toml", ("tool", "prefect"))):
        names.append(_value(folder / file, (*keys, "deployments", "default_work_pool_name")))
    return next((name for name in names if name), "")


def _value(path: Path, keys: tuple[str, ...]) -> str:
    try:
        value: Any = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return ""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, str) else ""
