"""Prefect's settings as its own client reads them (`prefect.settings.sources`); Prefect itself is not imported.

The first source that has a setting counts: the environment, `.env`, `prefect.toml`, `[tool.prefect]` of
`pyproject.toml`, the active profile. The files are those of one folder.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from prefect_pulumi.core.errors import ConfigError

PROFILES_PATH = "PREFECT_PROFILES_PATH"
ENVIRONMENT = "the environment"
_TEST_MODES = (
    "PREFECT_TEST_MODE",
    "PREFECT_UNIT_TEST_MODE",
    "PREFECT_TESTING_TEST_MODE",
    "PREFECT_TESTING_UNIT_TEST_MODE",
)
"""With one of these Prefect reads no profile."""


@dataclass(frozen=True, slots=True)
class Setting:
    """`value` as its source has it: a text, or a value of TOML. `origin` names the source in messages."""

    value: Any = field(repr=False)
    origin: str


def read_settings(names: Iterable[str], environment: Mapping[str, str], folder: Path) -> dict[str, tuple[Setting, ...]]:
    """Name (`PREFECT_API_URL`) -> its values in the sources, the one that counts first; no entry where there is none.
    `folder`: where `.env` and the TOML files are looked for.

    Raises `ConfigError` for a file that cannot be read. A broken `profiles.toml` counts as none, as for Prefect.
    """
    sources = list(_sources(environment, folder))
    settings = {
        name: tuple(Setting(value, origin) for origin, lookup in sources if (value := lookup(name)) is not None)
        for name in names
    }
    return {name: values for name, values in settings.items() if values}


_Lookup = Callable[[str], Any]


def _sources(environment: Mapping[str, str], folder: Path) -> Iterator[tuple[str, _Lookup]]:
    variables = {name.lower(): value for name, value in environment.items() if name.lower().startswith("prefect_")}
    yield ENVIRONMENT, lambda name: variables.get(name.lower())
    dotenv = _dotenv(folder / ".env")
    lines = {name.lower(): value for name, value in dotenv.items()}
    yield str(folder / ".env"), lambda name: lines.get(name.lower())
    file = _toml(folder / "prefect.toml")
    yield str(folder / "prefect.toml"), lambda name: _entry(file, name)
    pyproject = _table(_table(_toml(folder / "pyproject.toml"), "tool"), "prefect")
    yield f"[tool.prefect] of {folder / 'pyproject.toml'}", lambda name: _entry(pyproject, name)
    if not any(environment.get(name) for name in _TEST_MODES):
        path = _profiles_path(environment, dotenv, (file, pyproject))
        name, profile = _active_profile(folder / path, environment)
        yield f"profile {name!r} of {path}", profile.get


def _dotenv(path: Path) -> Mapping[str, str | None]:
    if not path.is_file():
        return {}
    from dotenv import dotenv_values

    try:
        return dotenv_values(path, encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(path, error) from error


def _toml(path: Path) -> Mapping[str, Any]:
    try:
        text = path.read_text("utf-8")
        return tomllib.loads(text) if "prefect" in text or path.name == "prefect.toml" else {}
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> ConfigError:
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return ConfigError(
        f"Prefect's settings cannot be read: {reason}", where=str(path), remedy="correct the file, or remove it"
    )


def _table(values: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    table = values.get(key)
    return table if isinstance(table, dict) else {}


def _entry(values: Mapping[str, Any], name: str) -> Any:
    """`PREFECT_API_SSL_CERT_FILE` is `ssl_cert_file` of the table `api`."""
    section, _, key = name.lower().removeprefix("prefect_").partition("_")
    return _table(values, section).get(key)


def _profiles_path(
    environment: Mapping[str, str], dotenv: Mapping[str, str | None], files: Iterable[Mapping[str, Any]]
) -> Path:
    given = [environment.get(PROFILES_PATH), dotenv.get(PROFILES_PATH), *(file.get("profiles_path") for file in files)]
    named = next((str(path) for path in given if path), "")
    if named:
        return Path(named)
    home = environment.get("PREFECT_HOME")
    return (Path(home) if home else Path.home() / ".prefect") / "profiles.toml"


def _active_profile(path: Path, environment: Mapping[str, str]) -> tuple[str, Mapping[str, Any]]:
    try:
        profiles = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return "", {}
    name = str(environment.get("PREFECT_PROFILE") or profiles.get("active") or "")
    return name, _table(_table(profiles, "profiles"), name)
