"""A package that this machine does not have: its plugin is fetched, checked, run and ended by one engine, and used by
the other from the same place."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import sys
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psutil
import pytest

from prefect_pulumi.plugins.download import archive_name
from prefect_pulumi.plugins.locations import Wanted
from tests.support import engine_pair, testbed
from tests.support.engines import find_pulumi

PULUMI = find_pulumi()
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

PROGRAM = """
import pulumi
from pulumi import ResourceOptions as O
class Thing(pulumi.CustomResource):
    def __init__(self, name, opts=None, **props):
        for key in ("serial", "token", "value", "filled"): props.setdefault(key, None)
        super().__init__("testbed:index:Thing", name, props, opts)
class Bed(pulumi.ProviderResource):
    def __init__(self, name, opts=None, **props):
        super().__init__("testbed", name, props, opts)
V = "1.2.3"
said = pulumi.Output.secret("made by a plugin of canary-2")
a = Thing("a", value=pulumi.Output.secret("canary-2"), say=said, opts=O(version=V))
bed = Bed("bed", label="own", key=pulumi.Output.secret("canary-3"), opts=O(version=V))
b = Thing("b", value=a.token, opts=O(provider=bed))
"""


@pytest.fixture
def release(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[list[str]]:
    """The paths that a release on loopback was asked for."""
    script = tmp_path / "pulumi-resource-testbed.py"
    shutil.copy(testbed.__file__, script)
    body = f'#!/bin/sh\nexec "{sys.executable}" "{script}" "$@"\n'.encode()
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        info = tarfile.TarInfo("pulumi-resource-testbed")
        info.size, info.mode = len(body), 0o755
        archive.addfile(info, io.BytesIO(body))
    name = archive_name(Wanted("testbed", "1.2.3"))
    listed = f"{hashlib.sha256(packed.getvalue()).hexdigest()}  {name}\n"
    files = {f"/{name}": packed.getvalue(), "/pulumi-testbed_1.2.3_checksums.txt": listed.encode()}
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200 if self.path in files else 404)
            self.end_headers()
            self.wfile.write(files.get(self.path, b""))

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setenv("PULUMI_PLUGIN_DOWNLOAD_URL_OVERRIDES", f"^github://api.github.com/pulumi/={address}")
    (tmp_path / "notes").mkdir()
    monkeypatch.setenv("TESTBED_WORLD", str(tmp_path / "notes"))
    yield asked
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_missing_plugin_is_fetched_and_shared(release: list[str], tmp_path: Path) -> None:
    side = engine_pair.EmbeddedSide(engine_pair.Side.folder(tmp_path / "a project"))
    side.config("config:\n  testbed:label: shared")
    assert side.up(PROGRAM) == {"create": 4}
    assert "[secret]" in side.said  # what the plugin logged
    assert "canary" not in side.said
    assert "fetching the plugin of package testbed 1.2.3" in side.said
    assert len(release) == 2
    notes = [json.loads(path.read_text()) for path in (tmp_path / "notes").glob("*.json")]
    # a preview and an update, each with the default provider and the explicit one
    assert len(notes) == 4
    assert not any(psutil.pid_exists(note["about"]["pid"]) for note in notes)
    assert "canary" not in json.dumps([note["about"]["argv"] for note in notes])
    made = [call for note in notes for call in note["calls"] if call[0] == "create"]
    assert sorted(made) == [["create", "a"], ["create", "b"]]
    assert side.entry("a").provider.split("::")[-2] == "default_1_2_3"
    assert "canary" not in (side.root / "state/.pulumi/stacks/twin/dev.json").read_text()
    assert (side.root.parent / "pulumi-home/plugins/resource-testbed-v1.2.3/pulumi-resource-testbed").is_file()

    if PULUMI is not None:
        official = engine_pair.OfficialSide(side.root, cli=PULUMI)
        assert official.preview() == {}
        assert official.up(PROGRAM.replace("a.token", '"new"')) == {"update": 1}
    assert side.preview(PROGRAM.replace("a.token", '"new"')) == ({} if PULUMI is not None else {"update": 1})
    assert side.destroy()["delete"] == 4
    assert len(release) == 2


def test_one_that_cannot_be_had_is_named(release: list[str], tmp_path: Path) -> None:
    side = engine_pair.EmbeddedSide(engine_pair.Side.folder(tmp_path / "a project"))
    side.write(PROGRAM.replace("1.2.3", "9.9.9"))
    assert side.infra("up", "--yes", check=False) == ""
    assert "pulumi plugin install resource testbed v9.9.9" in side.said
    assert "answers 404" in side.said
    assert not list((tmp_path / "notes").iterdir())
    assert not (side.root / "state/.pulumi/stacks/twin/dev.json").exists()
