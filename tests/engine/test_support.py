"""The table of what is supported: it names every method and flag of the SDK, and the engine does as it says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pulumi.runtime.proto import resource_pb2, resource_pb2_grpc

from prefect_pulumi.core.errors import UnsupportedError
from prefect_pulumi.engine.run.events import NullSink
from prefect_pulumi.engine.run.run_state import RunOptions, RunState
from prefect_pulumi.engine.sdk import capabilities
from prefect_pulumi.engine.sdk.monitor import InProcessMonitor, MonitorClosed
from prefect_pulumi.engine.update import StackContext
from prefect_pulumi.state.entries import Snapshot
from prefect_pulumi.state.file_store import FileStore

SERVICER = resource_pb2_grpc.ResourceMonitorServicer
METHODS = sorted(name for name in vars(SERVICER) if not name.startswith("_"))
FLAGS = sorted(resource_pb2.ResourceMonitorFeature.keys())


class Nothing:
    """Stands for a deployment that must not be asked for anything: it has a state, and nothing else."""

    def __init__(self) -> None:
        self.state = RunState(project="p", stack="dev", snapshot=Snapshot.empty(), options=RunOptions(), dry_run=True)


def test_every_method_of_the_sdk_is_in_the_table() -> None:
    assert sorted(item.name for item in capabilities.METHODS) == METHODS


def test_every_flag_of_the_sdk_is_in_the_table() -> None:
    assert sorted(capabilities.FEATURE_PREFIX + item.name for item in capabilities.FEATURES) == FLAGS


@pytest.mark.parametrize("name", METHODS)
def test_methods_are_there_or_refused_by_name(name: str) -> None:
    item = next(item for item in capabilities.METHODS if item.name == name)
    deployment: Any = Nothing()
    monitor = InProcessMonitor(deployment, Path())
    if item.supported:
        assert name in vars(InProcessMonitor)
        return
    with pytest.raises(MonitorClosed):
        getattr(monitor, name)(None)
    assert isinstance(deployment.state.errors[0], UnsupportedError)
    assert item.note in deployment.state.errors[0].message
    assert deployment.state.aborted


@pytest.mark.parametrize("flag", FLAGS)
def test_flags_are_announced_or_not(flag: str) -> None:
    item = next(item for item in capabilities.FEATURES if capabilities.FEATURE_PREFIX + item.name == flag)
    monitor = InProcessMonitor(Nothing(), Path())  # type: ignore[arg-type]
    number = resource_pb2.ResourceMonitorFeature.Value(flag)
    assert (number in monitor.GetDeploymentInfo(None).supportedFeatures) is item.supported
    words = item.name.lower().split("_")
    asked = resource_pb2.SupportsFeatureRequest(id=words[0] + "".join(word.title() for word in words[1:]))
    assert monitor.SupportsFeature(asked).hasSupport is item.supported


REFUSED = {
    "remote": {"remote": True},
    "transforms": {"transforms": [{"target": "x", "token": "y"}]},
    "hooks": {"hooks": {"before_create": ["x"]}},
    "replace_with": {"replace_with": ["urn:x"]},
    "replacement_trigger": {"replacement_trigger": {"string_value": "x"}},
    "packageRef": {"packageRef": "x"},
    "state_migrations": {},
    "envVarMappings": {"envVarMappings": {"A": "B"}},
    "snippetId": {"snippetId": "x"},
}


@pytest.mark.parametrize("field", [field for field, _, _ in capabilities.OPTIONS])
def test_options_are_refused_by_name(field: str) -> None:
    request = resource_pb2.RegisterResourceRequest(type="a:b:C", name="n", custom=True, **REFUSED[field])
    if field == "state_migrations":
        request.state_migrations.add()
    deployment: Any = Nothing()
    with pytest.raises(MonitorClosed):
        InProcessMonitor(deployment, Path()).RegisterResource(request)
    words = next(words for name, words, _ in capabilities.OPTIONS if name == field)
    assert words in deployment.state.errors[0].message


PROGRAM = """
import pulumi
class R(pulumi.CustomResource): pass
F = R("testbed:index:Thing", "first", {"x": 1})
def hooks():
    return pulumi.ResourceHookBinding(before_create=[pulumi.ResourceHook("h", lambda a: None, None)])
"""


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("pulumi.runtime.register_resource_transform(lambda a: None)", "transforms"),
        ("R('a:b:C', 'r', {}, pulumi.ResourceOptions(transforms=[lambda a: None]))", "transforms"),
        ("R('a:b:C', 'r', {}, pulumi.ResourceOptions(hooks=hooks()))", "hooks"),
        ("pulumi.ComponentResource('a:b:C', 'r', {}, None, True)", "remote components"),
        ("R('a:b:C', 'r', {}, pulumi.ResourceOptions(replacement_trigger='x'))", "replacement_trigger"),
        ("R('a:b:C', 'r', {}, pulumi.ResourceOptions(replace_with=[F]))", "ReplaceWith"),
        ("pulumi.runtime.register_invoke_transform(lambda a: None)", "invoke transforms"),
        ("pulumi.require_pulumi_version('>=3')", "require_pulumi_version"),
    ],
)
def test_programs_are_refused_before_anything_is_touched(line: str, words: str, tmp_path: Path) -> None:
    from prefect_pulumi.core.provider_protocol import CreateRequest
    from prefect_pulumi.engine import operations
    from prefect_pulumi.state.backend import StateBackend
    from prefect_pulumi.state.secrets import PassphraseManager

    touched: list[str] = []

    def load(package: str, version: str, url: str, checksums: Any) -> Any:
        from prefect_pulumi.engine.run.providers import UnconfiguredProvider

        class Watched(UnconfiguredProvider):
            def create(self, request: CreateRequest) -> Any:
                if not request.preview:
                    touched.append(request.urn)
                return super().create(request)

        return Watched()

    program = tmp_path / "infra"
    program.mkdir()
    (program / "__main__.py").write_text(f"{PROGRAM}{line}\n")
    context = StackContext(
        project="p",
        stack="dev",
        program=program,
        config={},
        secret_keys=frozenset(),
        backend=StateBackend(FileStore(tmp_path / "state"), "p"),
        manager=PassphraseManager.create("x"),
        loader=load,
        package_config=lambda _: {},
        sink=NullSink(),
    )
    with pytest.raises(UnsupportedError) as raised:
        operations.up(context, RunOptions())
    assert words in str(raised.value)
    assert "pulumi up" in raised.value.remedy
    assert touched == []
    assert not list((tmp_path / "state").rglob("dev.json"))
