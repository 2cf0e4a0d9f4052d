"""The table of what shows what names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parent


def test_every_named_test_exists() -> None:
    missing, named = [], 0
    for line in (TESTS / "README.md").read_text().splitlines():
        file = ""
        for word in re.findall(r"`([\w/]+\.py(?:::\w+)?|test_\w+)`", line):
            path, _, name = word.rpartition("::") if "::" in word else (word, "", "") if "/" in word else ("", "", word)
            file = path or file
            text = (TESTS / file).read_text() if (TESTS / file).is_file() else ""
            named += 1
            if not text or (name and f"def {name}(" not in text):
                missing.append(f"{file}::{name}")
    assert missing == []
    assert named > 80
