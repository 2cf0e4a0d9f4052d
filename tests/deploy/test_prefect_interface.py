"""The parts of Prefect that the deploy step reaches into: there, or refused by name."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from prefect_pulumi.deploy.run import prefect_interface
from tests.support.prefect_versions import VERSIONS

SCRIPT = Path(prefect_interface.__file__)
REFUSED = {"3.0", "3.1", "3.2", "3.3", "3.4", "3.5"}


def test_the_installed_prefect_has_them() -> None:
    assert prefect_interface.differences() == []
    assert prefect_interface.refusal() == ""


def test_what_is_gone_or_takes_other_parameters_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        prefect_interface,
        "PARTS",
        {"json:dumps": ("obj",), "json:dump": ("fp",), "json:gone.away": (), "no_such_module:x": ()},
    )
    assert prefect_interface.differences() == [
        "json.dump takes (obj), not (fp)",
        "json has no gone.away",
        "no_such_module cannot be imported (No module named 'no_such_module')",
    ]


@pytest.mark.matrix
@pytest.mark.parametrize("minor", VERSIONS)
def test_each_version_is_taken_or_refused_by_name(minor: str, tmp_path: Path) -> None:
    version = VERSIONS[minor]
    done = subprocess.run(
        [version.make(), SCRIPT], env={"PREFECT_HOME": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    refused = minor in REFUSED
    assert done.returncode == (prefect_interface.DIFFERS if refused else 0), done.stderr
    assert done.stdout.startswith(f"Prefect {version.version} is not what") is refused
