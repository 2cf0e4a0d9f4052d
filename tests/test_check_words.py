"""The checker of words."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def check(*paths: Path) -> tuple[int, list[str]]:
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "check_words.py", *paths], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    return done.returncode, done.stdout.splitlines()


def test_words_are_found_with_file_and_line(tmp_path: Path) -> None:
    page, module, other = tmp_path / "a.md", tmp_path / "b" / "c.py", tmp_path / "d.lock"
    page.write_text("It is fine.\nThe stack is brought\nup, and Somebody\nmends it.\n")
    module.parent.mkdir()
    module.write_text("recommended = amendment = 'commended'\n")
    other.write_text("anew")
    code, lines = check(tmp_path)
    assert code == 1
    assert [line.removeprefix(f"{page}:").split(" -> ")[0] for line in lines] == [
        "2: brought up",
        "3: somebody",
        "4: mends",
    ]
    assert check(module) == (0, [])
