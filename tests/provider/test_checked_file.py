"""`prefect.yaml` is read once for a check, and the apply deploys what the check read."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from prefect_pulumi.core.provider_protocol import CheckRequest, CreateRequest, DeleteRequest
from prefect_pulumi.deploy.plan.fingerprint import reasons
from prefect_pulumi.provider.provider import PrefectProvider
from tests.support.hosts import SilentHost

URN = "urn:pulumi:dev::project::prefect:index:Deployments::flows"
POOL_URN = "urn:pulumi:dev::project::prefect:index:WorkPool::pool"
FILE = """name: test
pull:
  - prefect.deployments.steps.set_working_directory: {{directory: .}}
deployments:
  - name: {name}
    entrypoint: hello.py:hello
    work_pool: {{name: {pool}}}
"""


class OpenRecorder:
    """Counts real opens of files of one name, by an audit hook: a process keeps it, so there is one."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.opened: list[str] | None = None
        sys.addaudithook(self._audit)

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.opened is not None and event == "open" and str(arguments[0]).endswith(self.name):
            self.opened.append(str(arguments[0]))

    @contextmanager
    def recording(self) -> Iterator[list[str]]:
        self.opened = opened = []
        try:
            yield opened
        finally:
            self.opened = None


@pytest.fixture(scope="module")
def recorder() -> OpenRecorder:
    return OpenRecorder("prefect.yaml")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "hello.py").write_text("from prefect import flow\n\n\n@flow\ndef hello():\n    pass\n")
    return tmp_path


def test_a_check_reads_the_file_once(project: Path, recorder: OpenRecorder) -> None:
    (project / "prefect.yaml").write_text(FILE.format(name="one", pool="pool"))
    provider = PrefectProvider(project, SilentHost())
    with recorder.recording() as opened:
        checked = provider.check(CheckRequest(URN, new_inputs={"workPools": ["pool"]}))
    assert checked.failures == ()
    assert set(checked.inputs["fingerprints"]) == {"hello/one"}
    assert len(opened) == 1


def test_a_fingerprint_says_what_it_covers(project: Path) -> None:
    text = FILE.format(name="one", pool="pool") + "    version: '{{ $VERSION }}'\n"
    (project / "prefect.yaml").write_text(text)
    provider = PrefectProvider(project, SilentHost())

    def parts(version: str) -> dict[str, str]:
        inputs = {"workPools": ["pool"], "env": {"VERSION": version}, "hashKey": "0" * 64}
        checked = provider.check(CheckRequest(URN, old_inputs=inputs, new_inputs={**inputs, "hashKey": None}))
        assert checked.failures == ()
        noted: dict[str, str] = checked.inputs["fingerprintParts"]["hello/one"]
        return noted

    first = parts("1")
    assert reasons(first, parts("1")) == []
    assert reasons(first, parts("2")) == ["the variable VERSION"]
    (project / "hello.py").write_text((project / "hello.py").read_text() + "\n")
    assert reasons(first, parts("1")) == ["the code of hello.py"]
    (project / "prefect.yaml").write_text(text.replace("directory: .", "directory: /opt"))
    assert reasons(first, parts("1")) == ["a pull step", "the code of hello.py"]
    assert first["Prefect"] == version("prefect")


@pytest.mark.e2e
def test_the_apply_deploys_what_the_check_read(project: Path, recorder: OpenRecorder, prefect_server: str) -> None:
    provider, name = PrefectProvider(project, SilentHost()), f"one-{uuid4().hex[:8]}"
    provider.configure({"apiUrl": prefect_server})
    pool = {"name": f"pool-{uuid4().hex[:8]}", "type": "process"}
    made_pool = provider.create(CreateRequest(POOL_URN, pool))
    (project / "prefect.yaml").write_text(FILE.format(name=name, pool=pool["name"]))
    try:
        with recorder.recording() as opened:
            inputs = provider.check(CheckRequest(URN, new_inputs={"workPools": [pool["name"]]})).inputs
            provider.create(CreateRequest(URN, inputs, preview=True))
            # An edit while the update is confirmed is the next update's.
            (project / "prefect.yaml").rename(project / "later.yaml")
            made = provider.create(CreateRequest(URN, inputs))
        assert len(opened) == 1
        assert set(made.outputs["deployments"]) == {f"hello/{name}"}
        provider.delete(DeleteRequest(URN, made.id, inputs, made.outputs))
    finally:
        provider.delete(DeleteRequest(POOL_URN, made_pool.id, pool, made_pool.outputs))
        provider.close()
