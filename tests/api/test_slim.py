"""Importing httpx alone."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import sys
from prefect_pulumi.api._lazy_httpx import load_httpx
load_httpx()
assert "httpx" in sys.modules
assert not {"click", "trio", "rich"} & set(sys.modules), sorted({"click", "trio", "rich"} & set(sys.modules))
import click
load_httpx()
assert sys.modules["click"] is click
"""


def test_what_is_not_used_is_not_imported_and_can_be_later() -> None:
    subprocess.run([sys.executable, "-c", CODE], check=True)
