"""constraints.txt: an exact version and the hashes of its files for everything that the project installs."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REPOSITORY = Path(__file__).parents[1]
ENTRY = re.compile(r"^([a-z0-9.-]+)==(\S+)(?: \\\n    --hash=sha256:[0-9a-f]{64})+$", re.MULTILINE)


def constrained() -> dict[str, str]:
    """Name -> version; there is no entry without hashes."""
    text = (REPOSITORY / "constraints.txt").read_text()
    left = [line for line in ENTRY.sub("", text).splitlines() if line and not line.startswith("#")]
    assert left == []
    return dict(ENTRY.findall(text))


def needed(name: str, extras: tuple[str, ...], known: dict[str, str]) -> None:
    """Adds the versions of what is installed for a distribution, at any depth."""
    for text in distribution(name).requires or ():
        requirement = Requirement(text)
        marker = requirement.marker
        if marker is not None and not any(marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            continue
        child = canonicalize_name(requirement.name)
        try:
            version = distribution(child).version
        except PackageNotFoundError:
            continue  # of a platform or an extra that is not this one
        if child not in known:
            known[child] = version
            needed(child, tuple(requirement.extras), known)


def test_everything_that_is_needed_is_pinned_with_hashes() -> None:
    known: dict[str, str] = {}
    needed("prefect-pulumi", ("dev", "kubernetes"), known)
    assert len(known) > 100
    assert known.items() <= constrained().items()
    assert "pip" in constrained()


def test_nothing_is_installed_past_it() -> None:
    for workflow in (REPOSITORY / ".github/workflows").glob("*.yml"):
        assert "pip install" not in workflow.read_text()
    assert "--constraint constraints.txt --build-constraint constraints.txt" in (REPOSITORY / "Makefile").read_text()
