"""The real executable, spoken to over gRPC as an engine does."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any
from uuid import uuid4

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, provider_pb2, provider_pb2_grpc, status_pb2

from prefect_pulumi.core.errors import PartialFailureError
from prefect_pulumi.core.values import Secret, from_struct, to_struct
from prefect_pulumi.models import KINDS
from prefect_pulumi.provider.rpc.main import main
from prefect_pulumi.provider.rpc.servicer import PrefectServicer, _partial
from tests.support.child import Child

START = [sys.executable, "-c", "import sys; from prefect_pulumi.provider.rpc.main import main; sys.exit(main())"]


def urn(kind: str, name: str = "thing") -> str:
    return f"urn:pulumi:dev::project::prefect:index:{kind}::{name}"


class Engine(engine_pb2_grpc.EngineServicer):
    def __init__(self) -> None:
        self.lines: list[Any] = []

    def Log(self, request: Any, context: grpc.ServicerContext) -> Empty:  # noqa: N802
        self.lines.append(request)
        return Empty()


@dataclass
class Plugin:
    process: subprocess.Popen[str]
    stub: Any
    channel: grpc.Channel


def start(folder: Path, *arguments: str, **environment: str) -> Plugin:
    source = Path(__file__).resolve().parents[2] / "src"
    process = subprocess.Popen(
        [*START, *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(source), **environment},
    )
    assert process.stdout is not None
    port = int(process.stdout.readline().strip())
    channel = grpc.insecure_channel(f"127.0.0.1:{port}")
    return Plugin(process, provider_pb2_grpc.ResourceProviderStub(channel), channel)


def end(plugin: Plugin) -> int:
    plugin.channel.close()
    if plugin.process.poll() is None:
        plugin.process.terminate()
    plugin.process.communicate(timeout=20)
    return plugin.process.returncode


@pytest.fixture
def plugin(tmp_path: Path) -> Iterator[Plugin]:
    (tmp_path / "Pulumi.yaml").write_text("name: project\nruntime: python\n")
    (tmp_path / "infra").mkdir()
    found = start(tmp_path / "infra")
    yield found
    end(found)


def configure(plugin: Plugin, url: str) -> None:
    request = provider_pb2.ConfigureRequest(args=to_struct({"apiUrl": url}), acceptSecrets=True)
    answer = plugin.stub.Configure(request)
    assert answer.acceptSecrets
    assert answer.supportsPreview


def test_life_over_the_wire(plugin: Plugin, prefect_server: str) -> None:
    stub = plugin.stub
    handshake = stub.Handshake(provider_pb2.ProviderHandshakeRequest(engine_address="", root_directory="/tmp"))
    assert handshake.accept_secrets
    configure(plugin, prefect_server)
    name = f"wire-{uuid4().hex[:8]}"
    news = to_struct({"name": name, "value": Secret({"user": "u", "n": 3})})

    checked = stub.Check(provider_pb2.CheckRequest(urn=urn("SecretBlock"), news=news))
    assert list(checked.failures) == []
    inputs = checked.inputs
    assert isinstance(from_struct(inputs)["value"], Secret)

    preview = stub.Create(provider_pb2.CreateRequest(urn=urn("SecretBlock"), properties=inputs, preview=True))
    assert preview.id == ""
    made = stub.Create(provider_pb2.CreateRequest(urn=urn("SecretBlock"), properties=inputs))
    outputs = from_struct(made.properties)
    assert outputs["value"] == Secret({"user": "u", "n": 3})

    def diff(news: Struct) -> Any:
        return stub.Diff(
            provider_pb2.DiffRequest(
                urn=urn("SecretBlock"), id=made.id, olds=made.properties, old_inputs=inputs, news=news
            )
        )

    assert diff(inputs).changes == provider_pb2.DiffResponse.DIFF_NONE
    other = to_struct({"name": name, "value": Secret({"user": "u", "n": 4})})
    changed = diff(other)
    assert changed.changes == provider_pb2.DiffResponse.DIFF_SOME
    assert changed.hasDetailedDiff
    assert dict(changed.detailedDiff) == {"value.n": provider_pb2.PropertyDiff(kind=provider_pb2.PropertyDiff.UPDATE)}
    assert list(changed.diffs) == ["value"]
    replaced = diff(to_struct({"name": "another", "value": Secret({"user": "u", "n": 3})}))
    assert list(replaced.replaces) == ["name"]
    assert replaced.deleteBeforeReplace

    updated = stub.Update(
        provider_pb2.UpdateRequest(
            urn=urn("SecretBlock"), id=made.id, olds=made.properties, old_inputs=inputs, news=other
        )
    )
    assert from_struct(updated.properties)["value"] == Secret({"user": "u", "n": 4})

    read = stub.Read(provider_pb2.ReadRequest(urn=urn("SecretBlock"), id=name))
    assert read.id == made.id
    assert from_struct(read.inputs) == {"name": name, "value": Secret({"user": "u", "n": 4})}

    delete = provider_pb2.DeleteRequest(urn=urn("SecretBlock"), id=made.id, properties=updated.properties)
    stub.Delete(delete)
    stub.Delete(delete)
    gone = stub.Read(provider_pb2.ReadRequest(urn=urn("SecretBlock"), id=made.id, properties=updated.properties))
    assert gone.id == ""
    assert not gone.HasField("properties")

    stub.Cancel(Empty())
    assert plugin.process.wait(timeout=20) == 0


def test_errors_are_clean_messages(plugin: Plugin) -> None:
    configure(plugin, "")
    request = provider_pb2.CreateRequest(urn=urn("Variable"), properties=to_struct({"name": "a", "value": 1}))
    with pytest.raises(grpc.RpcError) as caught:
        plugin.stub.Create(request)
    assert caught.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert "no Prefect API is configured" in caught.value.details()
    assert "Traceback" not in caught.value.details()
    with pytest.raises(grpc.RpcError, match="no resource type 'prefect:index:Nothing'"):
        plugin.stub.Check(provider_pb2.CheckRequest(urn=urn("Nothing"), news=Struct()))
    answer = plugin.stub.Invoke(provider_pb2.InvokeRequest(tok="prefect:index:nothing", args=Struct()))
    assert "no function" in answer.failures[0].reason


def test_config_is_checked_and_compared(plugin: Plugin) -> None:
    bad = plugin.stub.CheckConfig(provider_pb2.CheckRequest(urn="u", news=to_struct({"apiUrl": "nowhere", "x": "1"})))
    assert {failure.property for failure in bad.failures} == {"apiUrl", "x"}
    good = plugin.stub.CheckConfig(
        provider_pb2.CheckRequest(urn="u", news=to_struct({"apiUrl": "http://h/api", "version": "1.0.0"}))
    )
    assert list(good.failures) == []
    olds = to_struct({"apiUrl": "http://h/api"})
    for news, changes in (
        ({"apiUrl": "http://h/api"}, provider_pb2.DiffResponse.DIFF_NONE),
        ({"apiUrl": "http://other/api"}, provider_pb2.DiffResponse.DIFF_SOME),
    ):
        found = plugin.stub.DiffConfig(
            provider_pb2.DiffRequest(urn="u", olds=olds, old_inputs=olds, news=to_struct(news))
        )
        assert found.changes == changes
        assert not found.replaces


def test_older_form_of_configuration(plugin: Plugin) -> None:
    plugin.stub.Configure(provider_pb2.ConfigureRequest(variables={"prefect:config:apiUrl": "http://127.0.0.1:9/api"}))
    news = to_struct({"name": "a", "type": "prefect:managed"})
    (failure,) = plugin.stub.Check(provider_pb2.CheckRequest(urn=urn("WorkPool"), news=news)).failures
    assert "http://127.0.0.1:9/api is a self-hosted server" in failure.reason


def test_schema_and_info(plugin: Plugin) -> None:
    schema = json.loads(plugin.stub.GetSchema(provider_pb2.GetSchemaRequest()).schema)
    assert schema["name"] == "prefect"
    assert set(schema["resources"]) == set(KINDS)
    secret = schema["resources"]["prefect:index:SecretBlock"]
    assert secret["inputProperties"]["value"] == {
        "description": "The secret: a string or any JSON value.",
        "$ref": "pulumi.json#/Any",
        "secret": True,
    }
    assert secret["requiredInputs"] == ["value"]
    assert "fingerprints" not in schema["resources"]["prefect:index:Deployments"]["inputProperties"]
    assert plugin.stub.GetPluginInfo(Empty()).version == schema["version"]


def test_lines_reach_the_engine(plugin: Plugin) -> None:
    engine = Engine()
    server = grpc.server(ThreadPoolExecutor(2))
    engine_pb2_grpc.add_EngineServicer_to_server(engine, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        from prefect_pulumi.provider.rpc.servicer import EngineHost

        host = EngineHost()
        host.attach(f"127.0.0.1:{port}")
        host.log("warning", "look here", urn("Variable"))
        host.close()
        (line,) = engine.lines
        assert (line.severity, line.message, line.urn) == (engine_pb2.WARNING, "look here", urn("Variable"))
    finally:
        server.stop(None).wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_it_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    plugin = start(tmp_path)
    plugin.channel.close()
    plugin.process.send_signal(number)
    out, err = plugin.process.communicate(timeout=20)
    assert plugin.process.returncode == 0
    assert out == ""
    assert "Traceback" not in err


def test_prefect_is_never_imported(tmp_path: Path) -> None:
    code = (
        "import sys; import prefect_pulumi.provider.rpc.main, prefect_pulumi.provider.rpc.servicer;"
        "print('prefect' in sys.modules, 'httpx' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_partial_failure_carries_the_object() -> None:
    error = PartialFailureError("half done", id="id-1", outputs={"a": Secret(1)}, reasons=["second flow failed"])
    status = status_pb2.Status.FromString(_partial(error))
    detail = provider_pb2.ErrorResourceInitFailed()
    assert status.details[0].Unpack(detail)
    assert (detail.id, list(detail.reasons)) == ("id-1", ["second flow failed"])
    assert from_struct(detail.properties) == {"a": Secret(1)}


def test_root_is_the_folder_of_the_project_file(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").touch()
    (tmp_path / "a" / "b").mkdir(parents=True)
    servicer = PrefectServicer(tmp_path / "a" / "b")
    assert servicer.provider.root == tmp_path.resolve()
    servicer.close()


@pytest.mark.parametrize(("argument", "text"), [("--help", "the Prefect provider"), ("--version", "")])
def test_the_plugin_says_what_it_is_when_asked(
    argument: str, text: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["pulumi-resource-prefect", argument])
    assert main() == 0
    shown = capsys.readouterr().out
    assert text in shown
    assert shown.strip() == version("prefect-pulumi") or argument == "--help"


def test_on_a_terminal_it_says_how_to_end_it(tmp_path: Path) -> None:
    outer, inner = pty.openpty()
    with Child(START, cwd=tmp_path, stdin=inner, stdout=inner, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        assert b"the Prefect provider" in process.stderr.readline()
        assert os.read(outer, 100).strip().isdigit()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0
        assert b"Ctrl-C ends it" in process.stderr.read()
    os.close(outer)
    os.close(inner)
