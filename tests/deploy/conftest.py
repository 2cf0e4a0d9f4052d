"""Helpers beside these tests, without putting the tests' folder on the import path."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

for name in ("ground", "broken"):
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
