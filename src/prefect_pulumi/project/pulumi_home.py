"""What the official CLI keeps in its home folder: the backend that `pulumi login` chose.

Its form is the CLI's own (`sdk/go/common/workspace/creds.go`).
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from prefect_pulumi.core.errors import ConfigError


def folder() -> Path:
    """`$PULUMI_HOME`, by default `~/.pulumi`."""
    return Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")


def credentials_file() -> Path:
    """The file of `pulumi login`; `PULUMI_CREDENTIALS_PATH` names another folder for it."""
    return Path(os.environ.get("PULUMI_CREDENTIALS_PATH") or folder()) / "credentials.json"


def logged_in_backend() -> str:
    """The URL that `pulumi login` chose last, "" when there is none. Raises `ConfigError` for a file that cannot be
    read: what it says might be another backend than the one that would be used without it."""
    path = credentials_file()
    try:
        text = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from error
    if not text.strip():
        return ""  # as for the CLI: a write that was cut off
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise _unreadable(path, "it is not JSON, or encrypted") from None
    current = document.get("current") if isinstance(document, dict) else None
    if not isinstance(document, dict) or not isinstance(current, str | None):
        raise _unreadable(path, "it is not what `pulumi login` writes")
    return current or ""


def _unreadable(path: Path, reason: str) -> ConfigError:
    return ConfigError(
        f"the backend that `pulumi login` chose cannot be read: {reason}",
        where=str(path),
        remedy="log in again, or name the backend: PULUMI_BACKEND_URL, or backend.url in Pulumi.yaml",
    )
