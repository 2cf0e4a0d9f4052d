"""Where the executable `pulumi-resource-<package>` is: the official CLI's places, in its order."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_FOLDER = re.compile(r"resource-(?P<name>.+)-v(?P<version>\d+\.\d+\.\d+(?:[-+].*)?)$")


@dataclass(frozen=True, slots=True)
class LocalPlugin:
    """An entry of `plugins.providers` in Pulumi.yaml: `path` is the folder that holds the executable."""

    name: str
    path: Path
    version: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A plugin as a program asks for it. `version` "" takes the newest there is.

    `url`: where to fetch it from instead of Pulumi's own address. `checksums`: platform such as `linux-amd64` ->
    SHA-256 (hex) of its archive.
    """

    package: str
    version: str = ""
    url: str = ""
    checksums: Mapping[str, str] = field(default_factory=dict)

    @property
    def executable(self) -> str:
        return f"pulumi-resource-{self.package}"

    @property
    def label(self) -> str:
        return f"{self.package} {self.version}" if self.version else self.package

    @property
    def command(self) -> str:
        """What installs it with the official CLI."""
        version = f" v{self.version}" if self.version else ""
        server = f" --server {self.url}" if self.url else ""
        return f"pulumi plugin install resource {self.package}{version}{server}"


def plugin_home() -> Path:
    """`$PULUMI_HOME/plugins`, by default in ~/.pulumi: shared with the official CLI."""
    return Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi") / "plugins"


def find(wanted: Wanted, local: Sequence[LocalPlugin] = (), home: Path | None = None) -> Path | None:
    """The executable, or None when the plugin is not on this machine."""
    for plugin in local:
        if plugin.name != wanted.package:
            continue
        if plugin.version and wanted.version and plugin.version.lstrip("v") != wanted.version:
            continue
        executable = plugin.path / wanted.executable
        if executable.is_file():
            return executable
    if not _truthy("PULUMI_IGNORE_AMBIENT_PLUGINS"):
        ambient = shutil.which(wanted.executable)
        if ambient:
            return Path(ambient)
    return _installed(wanted, plugin_home() if home is None else home)


def _installed(wanted: Wanted, home: Path) -> Path | None:
    versions: list[tuple[tuple[int, ...], Path]] = []
    for folder in home.glob(f"resource-{wanted.package}-v*"):
        match = _FOLDER.match(folder.name)
        if match is None or match["name"] != wanted.package or partial_mark(folder).exists():
            continue
        version, executable = match["version"], folder / wanted.executable
        if not executable.is_file() or (wanted.version and version != wanted.version):
            continue
        if not wanted.version and "-" in version:
            continue  # a pre-release is taken only when it is asked for
        versions.append((tuple(int(part) for part in re.split(r"[-+]", version)[0].split(".")), executable))
    return max(versions)[1] if versions else None


def partial_mark(folder: Path) -> Path:
    """The file that says, while it is there, that the installation in `folder` is not whole."""
    return folder.with_name(folder.name + ".partial")


def _truthy(name: str) -> bool:
    return os.environ.get(name, "").lower() in {"1", "true"}
