"""Plugins as processes: started once for each provider, configured, heard, and ended whatever happens."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
import pytest

from prefect_pulumi.core.errors import PartialFailureError, PluginError, ProviderError
from prefect_pulumi.core.provider_protocol import (
    Changes,
    CheckRequest,
    CreateRequest,
    DeleteRequest,
    DiffRequest,
    InvokeRequest,
    ReadRequest,
    UpdateRequest,
)
from prefect_pulumi.core.values import Asset, ResourceReference, Secret
from prefect_pulumi.plugins import process
from prefect_pulumi.plugins.loader import PluginLoader
from prefect_pulumi.plugins.locations import LocalPlugin, Wanted, find
from tests.support import testbed

URN = "urn:pulumi:dev::p::testbed:index:Thing::a"


class Heard:
    """`provider_protocol.ProviderHost` that keeps what is logged."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, str]] = []

    def log(self, severity: str, message: str, urn: str = "") -> None:
        self.lines.append((severity, message, urn))


def install(folder: Path, package: str, body: str = "") -> None:
    """An executable of that package in `folder`: the test's provider, or a shell script."""
    executable = folder / f"pulumi-resource-{package}"
    script = folder / f"pulumi-resource-{package}.py"
    shutil.copy(testbed.__file__, script)
    executable.write_text("#!/bin/sh\n" + (body or f'exec "{sys.executable}" "{script}" "$@"\n'))
    executable.chmod(0o755)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = tmp_path / "a folder"
    made.mkdir()
    for package in ("testbed", "oldbed"):
        install(made, package)
    notes = tmp_path / "notes"
    notes.mkdir()
    monkeypatch.setenv("TESTBED_WORLD", str(notes))
    monkeypatch.setenv("PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION", "true")
    return made


def loader(folder: Path, heard: Heard, config: dict[str, Any] | None = None) -> PluginLoader:
    packages = ("testbed", "oldbed", "silent", "prefect", "mute")
    return PluginLoader(
        project="p",
        program=folder,
        host=heard,
        package_config=lambda package: config or {},
        local=[LocalPlugin(package, folder) for package in packages],
        runtime_options={"virtualenv": ".venv"},
    )


def notes() -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in Path(os.environ["TESTBED_WORLD"]).glob("*.json")]


def gone(pid: int, seconds: float = 20.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.05)
    return False


def test_a_life_of_a_modern_and_an_old_provider(folder: Path) -> None:
    heard = Heard()
    plugins = loader(folder, heard, {"key": Secret("canary-1"), "n": 3})
    modern, old = plugins.load(Wanted("testbed")), plugins.load(Wanted("oldbed"))
    inputs = {"label": "mine", "key": Secret("canary-1"), "version": "1.0.0", "__internal": {}}
    assert modern.check_config(CheckRequest(URN, old_inputs={}, new_inputs=inputs)).inputs == inputs
    assert (
        modern.check_config(CheckRequest(URN, old_inputs={}, new_inputs={"label": "bad"})).failures[0].property
        == "label"
    )
    assert modern.diff_config(
        DiffRequest(URN, old_outputs={"region": "x"}, old_inputs={"region": "x"}, new_inputs={"region": "y"})
    ).replaces == ("region",)
    modern.configure(inputs)
    old.configure({})
    about = {note["about"]["argv"][0].rsplit("-", 1)[-1].split(".")[0]: note["about"] for note in notes()}
    assert set(about) == {"testbed", "oldbed"}
    assert "canary-1" not in json.dumps([each["argv"] for each in about.values()])
    assert json.loads(about["testbed"]["env"]["PULUMI_CONFIG"]) == {"key": "canary-1", "n": 3}
    assert about["testbed"]["env"]["PULUMI_PROJECT"] == "p"
    assert about["testbed"]["env"]["PULUMI_RUNTIME_VIRTUALENV"] == ".venv"
    assert Path(about["testbed"]["cwd"]) == folder.resolve()
    assert [note["calls"] for note in notes() if note["calls"]].count([["configure", "mine"]]) == 1

    given = {"value": Secret({"k": [1]}), "to": ResourceReference("urn:x", "id-x"), "say": "made it", "n": 2}
    for provider, known in ((modern, given), (old, {**given, "to": "id-x"})):
        checked = provider.check(CheckRequest(URN, new_inputs=given, random_seed=b"0" * 32))
        assert checked.inputs == {**known, "filled": "auto-a"}
        made = provider.create(CreateRequest(URN, checked.inputs, timeout=5.0))
        assert made.id == "a-1"
        assert made.outputs["value"] == Secret({"k": [1]})
        assert made.outputs["to"] == known["to"]
        news = {**checked.inputs, "n": 3}
        diff = provider.diff(
            DiffRequest(URN, made.id, old_inputs=checked.inputs, old_outputs=made.outputs, new_inputs=news)
        )
        assert diff.changes is Changes.SOME
        assert set(diff.detailed) == {"n"}
        preview = provider.update(
            UpdateRequest(
                URN, made.id, old_inputs=checked.inputs, old_outputs=made.outputs, new_inputs=news, preview=True
            )
        )
        assert preview["n"] == 3
        outputs = provider.update(
            UpdateRequest(URN, made.id, old_inputs=checked.inputs, old_outputs=made.outputs, new_inputs=news)
        )
        assert outputs["serial"] == 1
        read, missing = provider.read_many(
            [ReadRequest(URN, made.id, news, outputs), ReadRequest(URN, "nothing", news, outputs)]
        )
        assert not isinstance(read, Exception)
        assert not isinstance(missing, Exception)
        assert read.outputs["value"] == Secret({"k": [1]})
        assert missing.id == ""
        assert provider.invoke(InvokeRequest("testbed:index:echo", {"x": 1})).value["x"] == 1
        assert provider.invoke(InvokeRequest("testbed:index:echo", {"fail": True})).failures
        provider.delete(DeleteRequest(URN, made.id, news, outputs))
        with pytest.raises(ProviderError, match="create was asked to fail"):
            provider.create(CreateRequest(URN, {"fail": ["create"]}))
        with pytest.raises(PartialFailureError) as half:
            provider.create(CreateRequest(URN, {"partial": ["create"], "value": Secret(1)}))
        assert half.value.id == "a-2"
        assert half.value.outputs["value"] == Secret(1)
        assert half.value.reasons == ("half done",)
    assert heard.lines == [("info", "made it", URN)]  # the old one was told of no engine

    modern.close()
    old.close()
    assert all(gone(note["about"]["pid"]) for note in notes())


def test_assets_travel_with_content_only_where_it_counts(folder: Path) -> None:
    provider = loader(folder, Heard()).load(Wanted("testbed"))
    try:
        provider.configure({})
        asset = Asset(text="hello", hash="abc")
        made = provider.create(CreateRequest(URN, {"asset": asset}))
        assert made.outputs["content"] == "hello"
        assert made.outputs["asset"] == asset
        # the answer holds the hash alone; its content is put back
        found = provider.read(ReadRequest(URN, made.id, {"asset": asset}, made.outputs))
        assert found.inputs["asset"] == asset
    finally:
        provider.close()


def test_a_stubborn_one_is_killed_with_all_that_it_started(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TESTBED_STUBBORN", "1")
    monkeypatch.setattr(process, "GRACE", 0.5)
    install(folder, "silent", f'sleep 600 &\nexec "{sys.executable}" "{folder}/pulumi-resource-testbed.py" "$@"\n')
    provider = loader(folder, Heard()).load(Wanted("silent"))
    provider.configure({})
    pid = notes()[0]["about"]["pid"]
    children = [child.pid for child in psutil.Process(pid).children()]
    assert children
    provider.close()
    assert all(gone(each) for each in (pid, *children))


def test_no_plugin_outlives_a_killed_engine(folder: Path) -> None:
    script = f"""
import os, signal
from pathlib import Path
from prefect_pulumi.plugins.locations import LocalPlugin, Wanted
from prefect_pulumi.plugins.loader import PluginLoader
class Quiet:
    def log(self, *_): pass
folder = Path({str(folder)!r})
loader = PluginLoader(project="p", program=folder, host=Quiet(), package_config=lambda _: {{}},
                      local=[LocalPlugin("testbed", folder)])
loader.load(Wanted("testbed"))
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True, timeout=120)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert gone(notes()[0]["about"]["pid"])


def test_one_that_dies_says_its_last_words(folder: Path) -> None:
    provider = loader(folder, Heard()).load(Wanted("testbed"))
    try:
        provider.configure({})
        with pytest.raises(ProviderError, match="died during Create") as raised:
            provider.create(CreateRequest(URN, {"die": "out of paper"}))
        assert "out of paper" in raised.value.message
    finally:
        provider.close()


@pytest.mark.parametrize("body", ["echo 'no such flag' >&2\nexit 2\n", "echo hello\nsleep 600\n"])
def test_one_that_does_not_start(folder: Path, body: str) -> None:
    install(folder, "mute", body)
    with pytest.raises(PluginError, match="did not print its port") as raised:
        loader(folder, Heard()).load(Wanted("mute"))
    assert "no such flag" in raised.value.message or "hello" in raised.value.message


def test_a_missing_one_is_named_with_what_installs_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_HOME", str(folder / "home"))
    with pytest.raises(PluginError) as raised:
        loader(folder, Heard()).load(Wanted("nowhere", "1.2.3"))
    assert raised.value.remedy == "pulumi plugin install resource nowhere v1.2.3"


def test_our_own_provider_over_grpc(folder: Path, prefect_server: str) -> None:
    """The process answers as the one in this process does."""
    from prefect_pulumi.provider.provider import PrefectProvider

    (folder / "pulumi-resource-prefect").symlink_to(Path(sys.executable).parent / "pulumi-resource-prefect")
    heard = Heard()
    there, here = loader(folder, heard).load(Wanted("prefect")), PrefectProvider(folder, heard)
    urn = "urn:pulumi:dev::p::prefect:index:SecretBlock::s"
    name = f"s-{uuid4().hex[:8]}"
    try:
        for provider in (there, here):
            provider.configure({"apiUrl": prefect_server})
        inputs = there.check(
            CheckRequest(urn, new_inputs={"name": name, "value": Secret("hush")}, random_seed=b"0" * 32)
        ).inputs
        assert (
            inputs
            == here.check(
                CheckRequest(urn, new_inputs={"name": name, "value": Secret("hush")}, random_seed=b"0" * 32)
            ).inputs
        )
        made = there.create(CreateRequest(urn, inputs))
        assert made.outputs["value"] == Secret("hush")
        assert there.read(ReadRequest(urn, made.id, inputs, made.outputs)) == here.read(
            ReadRequest(urn, made.id, inputs, made.outputs)
        )
        assert there.diff(
            DiffRequest(
                urn,
                made.id,
                old_inputs=inputs,
                old_outputs=made.outputs,
                new_inputs={**inputs, "value": Secret("other")},
            )
        ) == here.diff(
            DiffRequest(
                urn,
                made.id,
                old_inputs=inputs,
                old_outputs=made.outputs,
                new_inputs={**inputs, "value": Secret("other")},
            )
        )
        there.delete(DeleteRequest(urn, made.id, inputs, made.outputs))
        assert here.read(ReadRequest(urn, made.id, inputs, made.outputs)).id == ""
        with pytest.raises(ProviderError):
            there.check(
                CheckRequest("urn:pulumi:dev::p::prefect:index:Nothing::s", new_inputs={}, random_seed=b"0" * 32)
            )
    finally:
        there.close()
        here.close()


def test_random(folder: Path) -> None:
    """Another package's official plugin, where this machine has it."""
    if find(Wanted("random")) is None:
        pytest.skip("no pulumi-resource-random: pulumi plugin install resource random")
    provider = loader(folder, Heard()).load(Wanted("random"))
    urn = "urn:pulumi:dev::p::random:index/randomPet:RandomPet::pet"
    try:
        provider.configure({})
        inputs = provider.check(CheckRequest(urn, new_inputs={"length": 3}, random_seed=b"0" * 32)).inputs
        made = provider.create(CreateRequest(urn, inputs))
        assert len(made.id.split("-")) == 3
        assert provider.diff(
            DiffRequest(urn, made.id, old_inputs=inputs, old_outputs=made.outputs, new_inputs={**inputs, "length": 4})
        ).replaces
        provider.delete(DeleteRequest(urn, made.id, inputs, made.outputs))
    finally:
        provider.close()
