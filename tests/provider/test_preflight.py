"""What the deploy step's preflight knows: what the program declares, what a server has, what it cannot tell."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from prefect_pulumi.core.provider_protocol import CheckRequest, CreateRequest, DeleteRequest
from prefect_pulumi.core.values import UNKNOWN, secret
from prefect_pulumi.provider.provider import PrefectProvider

FLOW = "from prefect import flow\n\n\n@flow\ndef hello(name: str = 'x', n: int = 1):\n    pass\n"
URN = "urn:pulumi:dev::project::prefect:index:"
TEMPLATE = {
    "job_configuration": {"command": "{{ command }}"},
    "variables": {"type": "object", "properties": {"command": {"type": "string"}, "size": {"enum": ["s", "l"]}}},
}


class Host:
    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []

    def log(self, severity: str, message: str, urn: str = "") -> None:
        self.said.append((severity, message))


class Room:
    """A project of one flow, and providers for it."""

    def __init__(self, root: Path, url: str) -> None:
        self.root, self.url, self.host = root, url, Host()
        self.tag = uuid4().hex[:8]
        self._providers: list[PrefectProvider] = []
        (root / "hello.py").write_text(FLOW)

    def provider(self, **config: Any) -> PrefectProvider:
        made = PrefectProvider(self.root, self.host)
        made.configure({"apiUrl": self.url, **config})
        self._providers.append(made)
        return made

    def write(self, entry: str, *, pool: str, queue: str = "default", job: str = "{}") -> None:
        (self.root / "prefect.yaml").write_text(
            "deployments:\n- name: a\n  entrypoint: hello.py:hello\n  pull: []\n"
            f"  work_pool: {{name: {pool}, work_queue_name: {queue}, job_variables: {job}}}\n{entry}"
        )

    def faults(self, provider: PrefectProvider, **inputs: Any) -> list[str]:
        found = provider.check(CheckRequest(URN + "Deployments::flows", new_inputs=inputs)).failures
        return [failure.reason.removeprefix("prefect.yaml: ") for failure in found]

    @property
    def warnings(self) -> list[str]:
        return [message for severity, message in self.host.said if severity == "warning"]

    def close(self) -> None:
        for provider in self._providers:
            provider.close()


@pytest.fixture(scope="module")
def shared_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for most tests: its flow is imported by one process."""
    return tmp_path_factory.mktemp("project")


@pytest.fixture
def room(shared_root: Path, prefect_server: str) -> Iterator[Room]:
    made = Room(shared_root, prefect_server)
    yield made
    made.close()
    shutil.rmtree(shared_root / ".infra" / "dev", ignore_errors=True)


@pytest.fixture
def fresh_room(tmp_path: Path, prefect_server: str) -> Iterator[Room]:
    made = Room(tmp_path, prefect_server)
    yield made
    made.close()


def declare(provider: PrefectProvider, tag: str, *, create: bool) -> list[tuple[str, str, dict[str, Any]]]:
    """A pool with a template, a queue, two blocks and a variable: only checked, or made as well."""
    made = []
    for kind, inputs in (
        ("WorkPool", {"name": f"pool-{tag}", "type": "process", "baseJobTemplate": TEMPLATE}),
        ("WorkQueue", {"name": "fast", "workPoolName": f"pool-{tag}"}),
        ("SecretBlock", {"name": f"token-{tag}", "value": secret("hunter2-hunter2")}),
        ("JsonBlock", {"name": f"settings-{tag}", "value": {"a": 1}}),
        ("Variable", {"name": f"words_{tag}", "value": "many"}),
    ):
        urn = f"{URN}{kind}::{tag}"
        checked = provider.check(CheckRequest(urn, new_inputs=inputs))
        assert checked.failures == ()
        if create:
            made.append((urn, provider.create(CreateRequest(urn, checked.inputs)).id, checked.inputs))
    return made


BROKEN = """\
  parameters: {name: "{{ prefect.blocks.json.settings-TAG }}", n: "{{ prefect.variables.words_TAG }}"}
  description: "{{ prefect.blocks.secret.token-TAG }} {{ prefect.blocks.json.other-TAG }}"
  tags: ["{{ prefect.variables.word_TAG }}"]
"""


def expected(tag: str) -> list[str]:
    return [
        f"line 5: deployments[0].work_pool.job_variables.comand: the base job template of pool 'pool-{tag}' has no "
        "variable 'comand', and its workers would ignore it; did you mean command?",
        "line 5: deployments[0].work_pool.job_variables.size: give one of s, l, not 'm'",
        f"line 6: deployments[0].parameters.n: {{{{ prefect.variables.words_{tag} }}}} is filled in: give a whole "
        "number",
        f"line 7: deployments[0].description: the Secret block token-{tag} is resolved by the deploy and would be "
        f"stored as plain text; load it in the flow: Secret.load('token-{tag}').get()",
        f"line 7: deployments[0].description: there is no block json/other-{tag}, neither in this stack nor on the "
        "server; ",
        f"line 8: deployments[0].tags[0]: there is no variable word_{tag}, neither in this stack nor on the server, "
        f"and Prefect would deploy an empty text in its place; did you mean words_{tag}?",
    ]


def assert_said(faults: list[str], wanted: list[str]) -> None:
    assert len(faults) == len(wanted), faults
    for fault, words in zip(faults, wanted, strict=True):
        assert fault.startswith(words)


def test_what_the_program_declares_is_known_before_it_is_made(room: Room) -> None:
    room.url = "http://127.0.0.1:9/api"
    provider = room.provider()
    declare(provider, room.tag, create=False)
    job = "{comand: x, size: m}"
    room.write(BROKEN.replace("TAG", room.tag), pool=f"pool-{room.tag}", queue="fast", job=job)
    assert_said(room.faults(provider), expected(room.tag))
    room.write('  parameters: {name: "a hunter2-hunter2"}\n', pool=f"pool-{room.tag}", queue="fast")
    (fault,) = room.faults(provider)
    assert "it holds a secret" in fault
    assert "hunter2" not in fault
    room.write("", pool=f"pool-{room.tag}", queue="fast")
    assert room.faults(provider) == []
    assert room.warnings == []


def test_what_the_server_has_is_known_without_being_declared(room: Room) -> None:
    maker = room.provider()
    made = declare(maker, room.tag, create=True)
    provider = room.provider()
    job = "{comand: x, size: m}"
    room.write(BROKEN.replace("TAG", room.tag), pool=f"pool-{room.tag}", queue="fast", job=job)
    assert_said(room.faults(provider), expected(room.tag))
    room.write("", pool=f"pool-{room.tag}", queue="slow", job="{command: x}")
    (fault,) = room.faults(provider)
    assert fault.startswith(
        f"line 5: deployments[0].work_pool.work_queue_name: the pool 'pool-{room.tag}' has no queue 'slow', and "
        "Prefect would make one; its queues: default"
    )
    (block,) = [id for urn, id, _ in made if "SecretBlock" in urn]
    room.write(f"  parameters: {{name: {{$ref: {{block_document_id: {block}}}}}}}\n", pool=f"pool-{room.tag}")
    (fault,) = room.faults(provider)
    assert f"the block {block} is resolved by the deploy, and its secret fields (value)" in fault
    for urn, id, inputs in reversed(made):
        maker.delete(DeleteRequest(urn, id, inputs, {}))


def test_a_server_that_is_still_to_be_made_has_nothing(room: Room) -> None:
    room.url = "http://127.0.0.1:9/api"
    room.write("", pool="elsewhere")
    (fault,) = room.faults(room.provider())
    assert "there is no work pool 'elsewhere', neither in this stack nor on the server; pools here: none" in fault
    assert len(room.faults(room.provider(apiUrl=UNKNOWN))) == 1


def test_a_server_that_does_not_answer_is_a_warning(room: Room) -> None:
    room.url = "http://127.0.0.1:9/api"
    (room.root / ".infra" / "dev" / "server").mkdir(parents=True)
    (room.root / ".infra" / "dev" / "server" / "prefect.db").touch()
    room.write("  parameters: {m: 1}\n", pool="elsewhere")
    provider = room.provider()
    (fault,) = room.faults(provider)
    assert fault == "line 6: deployments[0].parameters.m: the flow has no parameter 'm'; it has: n, name"
    room.write("", pool="elsewhere")
    assert room.faults(provider) == []
    assert room.warnings[-1] == (
        "prefect.yaml: line 5: deployments[0].work_pool.name: the work pool 'elsewhere' was not looked for: "
        "http://127.0.0.1:9/api does not answer (Connection refused)"
    )


def test_pools_that_are_not_known_yet_are_not_judged(room: Room) -> None:
    room.url = "http://127.0.0.1:9/api"
    room.write("", pool="later")
    assert room.faults(room.provider(), workPools=UNKNOWN) == []
    assert room.faults(room.provider(), workPools=["later"], workQueues=["later/fast"]) == []
    room.write("", pool="later", queue="fast")
    assert room.faults(room.provider(), workPools=["later"], workQueues=["later/fast"]) == []


def test_a_pool_by_default_and_a_strict_stack(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    room.url = "http://127.0.0.1:9/api"
    (room.root / "prefect.yaml").write_text(
        "version: 3.0\ndeployments:\n- name: a\n  entrypoint: hello:hello\n  pull: []\n"
    )
    (fault,) = room.faults(room.provider(), workPools=["etl"])
    assert fault == "line 3: deployments[0].work_pool: it is required: name the work pool that runs the deployment"
    monkeypatch.setenv("PREFECT_DEFAULT_WORK_POOL_NAME", "etl")
    request = CheckRequest(URN + "Deployments::flows", new_inputs={"workPools": ["etl"]})
    assert room.provider().check(request).inputs["entries"]["hello/a"]["work_pool_name"] == "etl"
    said = "line 1: version: Prefect ignores this key; take it out"
    assert room.warnings[-1] == f"prefect.yaml: {said}"
    assert room.faults(room.provider(), workPools=["etl"], strict=True) == [
        f"{said} (a warning without `strict: true`)"
    ]
    there = room.faults(room.provider(), workPools=["other"], env={"PREFECT_DEFAULT_WORK_POOL_NAME": "other"})
    assert there == []


def test_what_the_projects_own_files_require_is_on_the_workers(room: Room) -> None:
    room.url = "http://127.0.0.1:9/api"
    (room.root / "far.py").write_text(FLOW.replace("from prefect", "import a_table_library\nfrom prefect", 1))
    room.write("", pool="etl")
    text = (room.root / "prefect.yaml").read_text()
    (room.root / "prefect.yaml").write_text(text.replace("hello.py", "far.py"))
    assert room.faults(room.provider(), workPools=["etl"]) == []
    assert "a_table_library'; Prefect reads the flow from its source" in room.warnings[-1]
    (room.root / "requirements.txt").write_text("A-Table_Library>=2\n")
    assert room.faults(room.provider(), workPools=["etl"], strict=True) == []
    assert room.warnings[-1].startswith(
        "prefect.yaml: line 3: deployments[0].entrypoint: a_table_library is not installed here (requirements.txt "
        "names it)"
    )
    (room.root / "requirements.txt").unlink()


def test_a_folder_of_this_machine_is_for_its_own_workers(room: Room) -> None:
    room.url = "https://prefect.example.com/api"
    provider = room.provider()
    declare(provider, room.tag, create=False)
    room.write("", pool=f"pool-{room.tag}")
    text = (room.root / "prefect.yaml").read_text()
    (room.root / "prefect.yaml").write_text(text.replace("  pull: []\n", ""))
    (fault,) = room.faults(provider)
    assert f"without a pull step its runs look for this machine's folder {room.root}" in fault
    assert f"no worker of this machine serves the pool 'pool-{room.tag}'" in fault
    worker = {"name": "w", "workPool": f"pool-{room.tag}", "directory": ".infra/dev/w"}
    assert provider.check(CheckRequest(URN + "ProcessWorker::w", new_inputs=worker)).failures == ()
    assert room.faults(provider) == []
    other = room.provider()
    declare(other, room.tag, create=False)
    assert room.faults(other, localPools=[f"pool-{room.tag}"]) == []


def test_secrets_that_the_program_hands_over(room: Room) -> None:
    room.url = "http://127.0.0.1:9/api"
    provider = room.provider()
    declare(provider, room.tag, create=False)
    room.write('  description: "{{ $SAFE }} {{ $API_TOKEN }}"\n', pool=f"pool-{room.tag}")
    (fault,) = room.faults(provider, env={"SAFE": "x", "API_TOKEN": "y"})
    assert "API_TOKEN is a secret by its name" in fault
    assert room.faults(provider, env={"SAFE": "x", "API_TOKEN": "y"}, plainText=["API_TOKEN"]) == []
    (fault,) = room.faults(
        provider, env={"SAFE": secret("a value of the stack"), "API_TOKEN": "y"}, plainText=["API_TOKEN"]
    )
    assert "SAFE holds a secret of this stack" in fault
    overrides = {"hello/a": {"description": secret("another value")}}
    (fault,) = room.faults(provider, overrides=overrides)
    assert "it holds a secret" in fault
    assert "another value" not in fault


def test_nothing_is_written_for_a_file_with_faults(fresh_room: Room) -> None:
    fresh_room.url = "http://127.0.0.1:9/api"
    provider = fresh_room.provider()
    declare(provider, fresh_room.tag, create=False)
    fresh_room.write("  parameters: {m: 1}\n", pool=f"pool-{fresh_room.tag}")
    assert len(fresh_room.faults(provider)) == 1
    assert not (fresh_room.root / ".infra").exists()
    fresh_room.write("", pool=f"pool-{fresh_room.tag}")
    assert fresh_room.faults(provider) == []
    assert len(list((fresh_room.root / ".infra" / "cache").iterdir())) == 1


def test_a_time_limit_of_imports(fresh_room: Room) -> None:
    fresh_room.url = "http://127.0.0.1:9/api"
    provider = fresh_room.provider()
    declare(provider, fresh_room.tag, create=False)
    (fresh_room.root / "hello.py").write_text(f"import time\n\ntime.sleep(60)\n{FLOW}")
    fresh_room.write("", pool=f"pool-{fresh_room.tag}")
    (fault,) = fresh_room.faults(provider, importSeconds=0.5)
    assert fault == (
        "line 3: deployments[0].entrypoint: it cannot be imported: its import took more than 0.5 s; fix it, or raise "
        "import_seconds"
    )
