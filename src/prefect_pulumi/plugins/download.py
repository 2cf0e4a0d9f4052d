"""Fetches a plugin that is not on this machine, from its official release, and checks it before it is ever run."""

from __future__ import annotations

import hashlib
import io
import os
import platform
import re
import shutil
import tarfile
from pathlib import Path
from urllib.parse import urlsplit

from prefect_pulumi.core.errors import PluginError
from prefect_pulumi.plugins.locations import Wanted, partial_mark, plugin_home

TIMEOUT = 30.0
"""Seconds without a byte after which a download is given up."""
GITHUB = "github://api.github.com/"


def fetch(wanted: Wanted, home: Path | None = None) -> Path:
    """Downloads, checks and unpacks the plugin into `$PULUMI_HOME/plugins`; returns its executable.

    The archive's SHA-256 must be the one that the program's SDK pins or, without one, the one in the release's file
    of checksums. Raises `PluginError`, and then nothing is left behind.
    """
    if os.environ.get("PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION", "").lower() in {"1", "true"}:
        raise _missing(wanted, "and PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION forbids to fetch it")
    if not wanted.version:
        raise _missing(wanted, "and no version is asked for, so none can be fetched")
    address, archive = release_address(wanted), archive_name(wanted)
    data = _get(wanted, f"{address}/{archive}")
    expected = _expected_checksum(wanted, address, archive)
    actual = hashlib.sha256(data).hexdigest()
    if actual != expected:
        raise PluginError(
            f"the download is not the release: its SHA-256 is {actual}, it should be {expected}",
            where=f"{address}/{archive}",
            remedy=f"try again, or install it yourself: {wanted.command}",
        )
    return _unpack(wanted, data, plugin_home() if home is None else home)


def platform_name() -> str:
    """Operating system and processor as release files spell them: `linux-amd64`."""
    system = platform.system().lower()
    machine = platform.machine().lower()
    return f"{system}-{ {'x86_64': 'amd64', 'aarch64': 'arm64'}.get(machine, machine) }"


def archive_name(wanted: Wanted) -> str:
    return f"{wanted.executable}-v{wanted.version}-{platform_name()}.tar.gz"


def release_address(wanted: Wanted) -> str:
    """The folder of the release: GitHub for Pulumi's own packages, else what the SDK or an override names.

    `PULUMI_PLUGIN_DOWNLOAD_URL_OVERRIDES` is `regexp=URL,...`, applied to the address as the official CLI does.
    """
    source = wanted.url or f"{GITHUB}pulumi/pulumi-{wanted.package}"
    for pair in filter(None, os.environ.get("PULUMI_PLUGIN_DOWNLOAD_URL_OVERRIDES", "").split(",")):
        pattern, _, replacement = pair.partition("=")
        match = re.search(pattern, source)
        if match:
            source = replacement
            for name, value in match.groupdict().items():
                source = source.replace("${" + name + "}", value)
            break
    source = source.replace("${VERSION}", wanted.version).replace("${NAME}", wanted.package).rstrip("/")
    if source.startswith(GITHUB):
        owner, _, repository = source.removeprefix(GITHUB).partition("/")
        repository = repository or f"pulumi-{wanted.package}"
        return f"https://github.com/{owner}/{repository}/releases/download/v{wanted.version}"
    parts = urlsplit(source)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in {"127.0.0.1", "localhost", "::1"}):
        return source
    raise _missing(wanted, f"and the embedded engine cannot fetch from {source}")


def _expected_checksum(wanted: Wanted, address: str, archive: str) -> str:
    pinned = wanted.checksums.get(platform_name())
    if pinned:
        return pinned.lower()
    name = f"pulumi-{wanted.package}_{wanted.version}_checksums.txt"
    listed = _get(wanted, f"{address}/{name}").decode("utf-8", "replace")
    for line in listed.splitlines():
        checksum, _, file = line.strip().partition(" ")
        if file.strip().lstrip("*") == archive:
            return checksum.lower()
    raise PluginError(
        f"the release's checksums do not name {archive}",
        where=f"{address}/{name}",
        remedy=f"install it yourself: {wanted.command}",
    )


def _get(wanted: Wanted, address: str) -> bytes:
    import httpx

    try:
        answer = httpx.get(address, timeout=TIMEOUT, follow_redirects=True)
        answer.raise_for_status()
    except httpx.HTTPStatusError as error:
        raise _missing(wanted, f"and {address} answers {error.response.status_code}") from error
    except httpx.HTTPError as error:
        raise _missing(wanted, f"and {address} cannot be reached ({type(error).__name__})") from error
    return answer.content


def _missing(wanted: Wanted, why: str) -> PluginError:
    return PluginError(
        f"the plugin of package {wanted.label} is not on this machine, {why}",
        where=wanted.executable,
        remedy=wanted.command,
    )


def _unpack(wanted: Wanted, data: bytes, home: Path) -> Path:
    """The mark `.partial` is beside the folder until it is complete, so that no other process takes a partial one."""
    folder = home / f"resource-{wanted.package}-v{wanted.version}"
    mark = partial_mark(folder)
    try:
        home.mkdir(parents=True, exist_ok=True)
        mark.touch()
        shutil.rmtree(folder, ignore_errors=True)
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as archive:
            archive.extractall(folder, filter="data")
    except (OSError, tarfile.TarError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        mark.unlink(missing_ok=True)
        raise PluginError(
            f"the archive cannot be unpacked: {error}",
            where=str(folder),
            remedy=f"install it yourself: {wanted.command}",
        ) from error
    executable = folder / wanted.executable
    if not executable.is_file():
        shutil.rmtree(folder, ignore_errors=True)
        mark.unlink(missing_ok=True)
        raise PluginError(f"the archive holds no {wanted.executable}", where=str(folder), remedy=wanted.command)
    executable.chmod(0o755)
    mark.unlink(missing_ok=True)
    return executable
