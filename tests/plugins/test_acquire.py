"""Plugins fetched from a release on loopback: archive and file of checksums, and all that can be wrong with them."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from prefect_pulumi.core.errors import PluginError
from prefect_pulumi.plugins.download import archive_name, fetch, platform_name, release_address
from prefect_pulumi.plugins.locations import Wanted, find

WANTED = Wanted("thing", "1.2.3")


def packed(names: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, data in names.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


class Release:
    """What the server answers: path -> bytes; and what it was asked."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.url = ""

    def publish(self, archive: bytes, checksum: str | None = None) -> None:
        name = archive_name(WANTED)
        self.files[f"/v/{name}"] = archive
        listed = checksum if checksum is not None else f"{hashlib.sha256(archive).hexdigest()}  {name}\n"
        self.files["/v/pulumi-thing_1.2.3_checksums.txt"] = ("0" * 64 + "  other.tar.gz\n" + listed).encode()


@pytest.fixture
def release(monkeypatch: pytest.MonkeyPatch) -> Iterator[Release]:
    served = Release()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.asked.append(self.path)
            data = served.files.get(self.path)
            self.send_response(200 if data is not None else 404)
            self.end_headers()
            self.wfile.write(data or b"")

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    served.url = f"http://127.0.0.1:{server.server_port}/v"
    monkeypatch.setenv("PULUMI_PLUGIN_DOWNLOAD_URL_OVERRIDES", f"^github://api.github.com/pulumi/={served.url}")
    yield served
    server.shutdown()
    server.server_close()
    thread.join()


def test_fetched_checked_and_found(release: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    release.publish(packed({"pulumi-resource-thing": b"#!/bin/sh\n", "README": b"x"}))
    executable = fetch(WANTED, tmp_path)
    assert executable == tmp_path / "resource-thing-v1.2.3" / "pulumi-resource-thing"
    assert os.access(executable, os.X_OK)
    assert not list(tmp_path.glob("*.partial"))
    assert find(WANTED, home=tmp_path) == executable
    assert len(release.asked) == 2


@pytest.mark.parametrize(
    "case", ["torn", "unlisted", "no checksums", "no archive", "not an archive", "empty", "escape"]
)
def test_what_is_wrong_leaves_nothing(case: str, release: Release, tmp_path: Path) -> None:
    good = packed({"pulumi-resource-thing": b"#!/bin/sh\n"})
    release.publish(good)
    if case == "torn":
        release.files[f"/v/{archive_name(WANTED)}"] = good[:-7]
    elif case == "unlisted":
        release.publish(good, checksum="")
    elif case == "no checksums":
        del release.files["/v/pulumi-thing_1.2.3_checksums.txt"]
    elif case == "no archive":
        del release.files[f"/v/{archive_name(WANTED)}"]
    elif case == "not an archive":
        release.publish(b"<html>")
    elif case == "empty":
        release.publish(packed({"README": b"x"}))
    else:
        release.publish(packed({"../../escaped": b"x", "pulumi-resource-thing": b""}))
    with pytest.raises(PluginError) as raised:
        fetch(WANTED, tmp_path / "home")
    assert "pulumi plugin install resource thing v1.2.3" in raised.value.remedy
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    assert find(WANTED, home=tmp_path / "home") is None


def test_pinned_checksum_needs_no_file(release: Release, tmp_path: Path) -> None:
    data = packed({"pulumi-resource-thing": b"#!/bin/sh\n"})
    release.publish(data)
    pinned = {platform_name(): hashlib.sha256(data).hexdigest()}
    assert fetch(Wanted("thing", "1.2.3", "", pinned), tmp_path).is_file()
    assert release.asked == [f"/v/{archive_name(WANTED)}"]
    with pytest.raises(PluginError, match="is not the release"):
        fetch(Wanted("thing", "1.2.3", "", {platform_name(): "0" * 64}), tmp_path / "other")


def test_forbidden_or_without_a_version(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(PluginError, match="no version is asked for"):
        fetch(Wanted("thing"), tmp_path)
    monkeypatch.setenv("PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION", "true")
    with pytest.raises(PluginError, match="forbids") as raised:
        fetch(WANTED, tmp_path)
    assert raised.value.remedy == "pulumi plugin install resource thing v1.2.3"


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("", "https://github.com/pulumi/pulumi-thing/releases/download/v1.2.3"),
        ("github://api.github.com/acme", "https://github.com/acme/pulumi-thing/releases/download/v1.2.3"),
        ("github://api.github.com/acme/own", "https://github.com/acme/own/releases/download/v1.2.3"),
        ("https://example.com/${NAME}/${VERSION}/", "https://example.com/thing/1.2.3"),
    ],
)
def test_official_addresses(url: str, address: str) -> None:
    assert release_address(Wanted("thing", "1.2.3", url)) == address


@pytest.mark.parametrize("url", ["http://example.com/p", "gitlab://gitlab.com/1", "file:///tmp"])
def test_addresses_that_are_refused(url: str) -> None:
    with pytest.raises(PluginError, match="cannot fetch"):
        release_address(Wanted("thing", "1.2.3", url))
