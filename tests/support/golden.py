"""Golden files: text that was read by a person once, and is to stay as it is."""

from __future__ import annotations

import os
from pathlib import Path


def need_golden(text: str, path: Path) -> None:
    """`GOLDEN=write` writes the file again, to be reviewed in the diff."""
    if os.environ.get("GOLDEN") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
    assert text == path.read_text("utf-8")
