"""Text on standard output or in the file that an option names."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from prefect_pulumi.core.errors import InputError


def print_json(value: Any) -> None:
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def write_text(text: str, path: str | None = None, *, option: str = "--out") -> None:
    """To standard output, or to the file. Raises `InputError` when it cannot be written."""
    if path is None:
        sys.stdout.write(text)
        return
    try:
        Path(path).write_text(text, "utf-8")
    except OSError as error:
        raise InputError(error.strerror or str(error), where=f"{option} {path}") from error
