"""A child process of a test that does not outlive its `with` block."""

from __future__ import annotations

import subprocess
from typing import Any


class Child(subprocess.Popen[Any]):
    """Killed when its block fails: `Popen` would wait for it, and a child that hangs would hang the whole run."""

    def __exit__(self, kind: Any, value: Any, trace: Any) -> None:
        if kind is not None:
            self.kill()
        super().__exit__(kind, value, trace)
