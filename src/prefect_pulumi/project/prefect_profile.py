"""Prefect's own settings of this machine, as its client reads them; Prefect itself is not imported."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path


def active_profile(environment: Mapping[str, str]) -> dict[str, str]:
    """Settings of the profile that `PREFECT_PROFILE` or `profiles.toml` in `PREFECT_HOME` names; {} where none is."""
    home = Path(environment.get("PREFECT_HOME") or Path.home() / ".prefect")
    try:
        profiles = tomllib.loads((home / "profiles.toml").read_text("utf-8"))
        active = environment.get("PREFECT_PROFILE") or profiles.get("active", "")
        settings = profiles.get("profiles", {}).get(active, {})
        return {name: str(value) for name, value in settings.items()}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, AttributeError):
        return {}
